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
