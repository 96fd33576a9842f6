/* Arithmetic on 8, 16 and 32 bits: division, remainders, shifts, signs and wrapping. */

#include <limits.h>
#include <stdint.h>
#include <stdio.h>

/* The interesting corners, out of the compiler's sight. */
static volatile int signed_corners[] = {
	0,   1,    -1,    2,      -2,    7,       -7,      10,          -10,
	255, -256, 32767, -32768, 65536, INT_MAX, INT_MIN, INT_MIN + 1,
};
#define CORNERS (sizeof signed_corners / sizeof *signed_corners)

static void print_quotients(int a, int b)
{
	if (b == 0 || (a == INT_MIN && b == -1))
		return;
	printf("%d / %d = %d rest %d; unsigned %u rest %u\n", a, b, a / b, a % b,
	       (unsigned)a / (unsigned)b, (unsigned)a % (unsigned)b);
}

/* Division by constants: the compiler multiplies by their inverses. */
static void print_by_constants(int a)
{
	unsigned u = (unsigned)a;

	printf("%d: /3 %d /7 %d /10 %d /1000 %d %%60 %d; u/3 %u u/7 %u u/10 %u u%%641 %u\n", a,
	       a / 3, a / 7, a / 10, a / 1000, a % 60, u / 3, u / 7, u / 10, u % 641);
}

static void print_shifts(int a)
{
	unsigned u = (unsigned)a;

	for (unsigned by = 0; by < 32; by += 5)
		printf("%x<<%u=%x >>%x a>>%x rot %x\n", u, by, u << by, u >> by,
		       (unsigned)(a >> by), u >> by | u << (-by & 31));
}

static void print_narrow(int a)
{
	int8_t byte = (int8_t)a;
	uint8_t ubyte = (uint8_t)a;
	int16_t half = (int16_t)a;
	uint16_t uhalf = (uint16_t)a;

	printf("%d: %d %d %d %d", a, byte, ubyte, half, uhalf);
	byte += 100;
	ubyte *= 3;
	half -= 30000;
	uhalf <<= 3;
	printf(" -> %d %d %d %d\n", byte, ubyte, half, uhalf);
}

static unsigned checksum(void)
{
	unsigned sum = 1;

	for (int i = 1; i < 20000; i++)
		sum = sum * 31 + (unsigned)(i * i) / (unsigned)(i % 97 + 1) -
		      (sum >> 7) % (unsigned)i;
	return sum;
}

int main(void)
{
	for (unsigned i = 0; i < CORNERS; i++) {
		for (unsigned j = 0; j < CORNERS; j++)
			print_quotients(signed_corners[i], signed_corners[j]);
		print_by_constants(signed_corners[i]);
		print_shifts(signed_corners[i]);
		print_narrow(signed_corners[i]);
	}
	printf("checksum %08x\n", checksum());
	return 0;
}
