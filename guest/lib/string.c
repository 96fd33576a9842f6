/* The functions of <string.h> that freestanding C and these programs need. */

#include <string.h>

void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
	unsigned char *out = to;
	const unsigned char *in = from;

	while (len-- > 0)
		*out++ = *in++;
	return to;
}

void *memmove(void *to, const void *from, size_t len)
{
	unsigned char *out = to;
	const unsigned char *in = from;

	if (out <= in)
		return memcpy(to, from, len);
	while (len-- > 0)
		out[len] = in[len];
	return to;
}

void *memset(void *to, int value, size_t len)
{
	unsigned char *out = to;

	while (len-- > 0)
		*out++ = (unsigned char)value;
	return to;
}

int memcmp(const void *left, const void *right, size_t len)
{
	const unsigned char *a = left, *b = right;

	for (; len > 0; len--, a++, b++)
		if (*a != *b)
			return *a - *b;
	return 0;
}

size_t strlen(const char *text)
{
	size_t len = 0;

	while (text[len] != '\0')
		len++;
	return len;
}

int strcmp(const char *left, const char *right)
{
	while (*left != '\0' && *left == *right)
		left++, right++;
	return (unsigned char)*left - (unsigned char)*right;
}

char *strchr(const char *text, int c)
{
	for (; *text != (char)c; text++)
		if (*text == '\0')
			return NULL;
	return (char *)text;
}

int strncmp(const char *one, const char *other, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (one[i] != other[i] || one[i] == '\0')
			return (unsigned char)one[i] - (unsigned char)other[i];
	return 0;
}

char *strncpy(char *to, const char *from, size_t len)
{
	size_t i = 0;

	for (; i < len && from[i] != '\0'; i++)
		to[i] = from[i];
	for (; i < len; i++)
		to[i] = '\0';
	return to;
}

void *memchr(const void *at, int byte, size_t len)
{
	const unsigned char *bytes = at;

	for (size_t i = 0; i < len; i++)
		if (bytes[i] == (unsigned char)byte)
			return (void *)&bytes[i];
	return NULL;
}
