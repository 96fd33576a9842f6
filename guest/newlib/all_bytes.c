/* All byte values out and in: nothing between the program and its streams may change them. */

#include <stdio.h>
#include <unistd.h>

static unsigned char pattern[1024];

static int copy_input(void)
{
	unsigned char buffer[100];
	size_t len, total = 0;
	unsigned sum = 0;

	while ((len = fread(buffer, 1, sizeof buffer, stdin)) > 0) {
		for (size_t i = 0; i < len; i++) {
			sum = sum * 31 + buffer[i];
			buffer[i] ^= 0xff;
		}
		if (fwrite(buffer, 1, len, stdout) != len)
			return -1;
		total += len;
	}
	printf("\n%u bytes, sum %08x\n", (unsigned)total, sum);
	return (int)total;
}

int main(void)
{
	for (int i = 0; i < 256; i++)
		putchar(i);
	for (unsigned i = 0; i < sizeof pattern; i++)
		pattern[i] = (unsigned char)(i * i ^ i >> 3);
	fwrite(pattern, sizeof pattern, 1, stdout);
	for (int i = 255; i >= 0; i--)
		fputc(i, stdout);
	fflush(stdout);
	for (int i = 0; i < 256; i += 32)
		write(1, pattern + i, 32);
	return copy_input() & 0x7f;
}
