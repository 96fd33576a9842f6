/* Counts the bytes, words and lines of its input, and which bytes there were, by getchar. */

#include <ctype.h>
#include <stdio.h>

static unsigned seen[256];

static void print_seen(void)
{
	int column = 0;

	for (int c = 0; c < 256; c++) {
		if (seen[c] == 0)
			continue;
		if (isgraph(c))
			printf("   %c %-5u", c, seen[c]);
		else
			printf("\\x%02x %-5u", c, seen[c]);
		if (++column % 8 == 0)
			putchar('\n');
	}
	putchar('\n');
}

int main(void)
{
	unsigned bytes = 0, words = 0, lines = 0, longest = 0, column = 0;
	int inside = 0;

	for (int c; (c = getchar()) != EOF; bytes++) {
		seen[c]++;
		words += !inside && !isspace(c);
		inside = !isspace(c);
		lines += c == '\n';
		column = c == '\n' ? 0 : column + 1;
		if (column > longest)
			longest = column;
	}
	printf("%u bytes, %u words, %u lines, the longest of %u\n", bytes, words, lines, longest);
	print_seen();
	if (!feof(stdin) || ferror(stdin))
		return 2;
	clearerr(stdin);
	printf("after the end %s\n", getchar() == EOF ? "is the end" : "comes more");
	return bytes == 0;
}
