/* More than a hundred thousand bytes of output, in lines and in one piece. */

#include <stdio.h>
#include <string.h>

static char piece[40000];

int main(void)
{
	unsigned state = 1, sum = 0;

	for (int line = 0; line < 1200; line++) {
		state = state * 1103515245 + 12345;
		sum += (unsigned)printf("%04d %08x %-20.*s %10.4f\n", line, state,
					(int)(state >> 16) % 20, "abcdefghijklmnopqrst",
					(double)(int)state / 65536);
	}
	for (unsigned i = 0; i < sizeof piece; i++)
		piece[i] = i % 80 == 79 ? '\n' : (char)('!' + i * 7 % 94);
	sum += (unsigned)fwrite(piece, 1, sizeof piece, stdout);
	for (int i = 0; i < 10000; i++)
		sum += putchar('a' + i % 26) != EOF;
	printf("\n%u bytes\n", sum);
	return 0;
}
