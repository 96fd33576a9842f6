/* Reads lines with fgets into a buffer that may be too small, and prints them turned around. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void turn(char *text, size_t len)
{
	for (size_t i = 0; i < len / 2; i++) {
		char kept = text[i];
		text[i] = text[len - 1 - i];
		text[len - 1 - i] = kept;
	}
}

static int by_length(const void *a, const void *b)
{
	const char *left = *(char *const *)a, *right = *(char *const *)b;
	size_t left_len = strlen(left), right_len = strlen(right);

	return left_len != right_len ? (left_len < right_len ? -1 : 1) : strcmp(left, right);
}

int main(int argc, char **argv)
{
	size_t size = argc > 1 ? strtoul(argv[1], NULL, 10) : 80;
	char *buffer = malloc(size), *kept[100];
	int count = 0, cut = 0;

	if (buffer == NULL || size < 2)
		return 2;
	while (fgets(buffer, (int)size, stdin) != NULL) {
		size_t len = strlen(buffer);
		if (len > 0 && buffer[len - 1] == '\n')
			buffer[--len] = '\0';
		else
			cut++;
		turn(buffer, len);
		printf("%3u %s\n", (unsigned)len, buffer);
		if (count < 100)
			kept[count++] = strdup(buffer);
	}
	qsort(kept, (size_t)count, sizeof *kept, by_length);
	printf("%d pieces, %d without an end of line\n", count, cut);
	for (int i = 0; i < count; i++) {
		printf("%s|", kept[i]);
		free(kept[i]);
	}
	putchar('\n');
	free(buffer);
	return 0;
}
