/* Base64: encodes its arguments, decodes its input, and refuses what is not base64. */

#include <stdio.h>
#include <string.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void encode(char *to, const unsigned char *from, size_t len)
{
	for (size_t i = 0; i < len; i += 3, to += 4) {
		unsigned group = (unsigned)from[i] << 16;
		if (i + 1 < len)
			group |= (unsigned)from[i + 1] << 8;
		if (i + 2 < len)
			group |= from[i + 2];
		for (int j = 0; j < 4; j++)
			to[j] = letters[group >> (18 - 6 * j) & 63];
		if (i + 1 >= len)
			to[2] = '=';
		if (i + 2 >= len)
			to[3] = '=';
	}
	*to = '\0';
}

/* The number of bytes, or -1 if this is no base64. */
static int decode(unsigned char *to, const char *from)
{
	size_t len = strspn(from, letters), padding = strspn(from + len, "=");
	unsigned group = 0;
	int count = 0;

	if (from[len + padding] != '\0' || (len + padding) % 4 != 0 || padding > 2)
		return -1;
	for (size_t i = 0; i < len; i++) {
		group = group << 6 | (unsigned)(strchr(letters, from[i]) - letters);
		if (i % 4 != 0)
			to[count++] = (unsigned char)(group >> (6 - i % 4 * 2));
	}
	return count;
}

static int round_trips(void)
{
	unsigned char bytes[80], back[80];
	char text[120];
	int wrong = 0;

	for (size_t len = 0; len <= sizeof bytes; len++) {
		for (size_t i = 0; i < len; i++)
			bytes[i] = (unsigned char)(i * i * 5 + len);
		encode(text, bytes, len);
		wrong += decode(back, text) != (int)len || memcmp(bytes, back, len) != 0;
	}
	puts(text);
	return wrong;
}

int main(int argc, char **argv)
{
	unsigned char bytes[300];
	char text[400], line[400];
	int bad = 0;

	printf("wrong %d\n", round_trips());
	for (int i = 1; i < argc; i++) {
		encode(text, (const unsigned char *)argv[i], strlen(argv[i]));
		printf("%s = %s\n", argv[i], text);
	}
	while (fgets(line, sizeof line, stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		int len = decode(bytes, line);
		if (len < 0)
			printf("not base64: %s\n", line), bad++;
		else
			printf("%s = %.*s\n", line, len, (char *)bytes);
	}
	return bad;
}
