/* VFP instructions by name: rounding modes, exception flags, fixed point, moves and lists. */

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { NEAREST, UP, DOWN, TO_ZERO };
static const char *const modes[] = { "nearest", "up", "down", "to zero" };

static void set_fpscr(uint32_t value)
{
	__asm__ volatile("vmsr fpscr, %0" : : "r"(value) : "memory");
}

static unsigned fpscr(void)
{
	unsigned value;

	__asm__ volatile("vmrs %0, fpscr" : "=r"(value) : : "memory");
	return value;
}

static double divide(double a, double b)
{
	double result;

	__asm__ volatile("vdiv.f64 %P0, %P1, %P2" : "=w"(result) : "w"(a), "w"(b));
	return result;
}

static int convert(double a)
{
	float half;
	int result;

	__asm__ volatile("vcvtr.s32.f64 %0, %P1" : "=t"(half) : "w"(a));
	memcpy(&result, &half, sizeof result);
	return result;
}

static void print_rounding(void)
{
	static volatile double values[] = { 0.5, 1.5, -0.5, -2.5, 2.4999, 1e10, -1e10 };

	for (unsigned mode = NEAREST; mode <= TO_ZERO; mode++) {
		set_fpscr(mode << 22);
		double third = divide(1, 3), minus = divide(-2, 3);
		int results[7];
		for (int i = 0; i < 7; i++)
			results[i] = convert(values[i]);
		set_fpscr(0);
		printf("%s: %.17g %.17g", modes[mode], third, minus);
		for (int i = 0; i < 7; i++)
			printf(" %d", results[i]);
		putchar('\n');
	}
}

/* The sticky flags: invalid, division by zero, overflow, underflow, inexact. */
static void print_flags(const char *name, double a, double b)
{
	set_fpscr(0);
	double result = divide(a, b);
	unsigned flags = fpscr();

	set_fpscr(0);
	printf("%s: %g flags %x\n", name, result == result ? result : 0, flags & 0x9f);
}

static void print_comparison(double a, double b)
{
	unsigned flags;

	__asm__ volatile("vcmp.f64 %P1, %P2\n\tvmrs APSR_nzcv, fpscr\n\tmrs %0, apsr"
			 : "=r"(flags) : "w"(a), "w"(b) : "cc");
	printf("%g and %g: nzcv %x\n", a, b, flags >> 28);
}

static void print_moves(void)
{
	float a = 6.5f, b = -1.25f, root, product = 100;
	double wide, fixed = 10.625;
	unsigned low, high;

	__asm__("vsqrt.f32 %0, %1" : "=t"(root) : "t"(a));
	__asm__("vmls.f32 %0, %1, %2" : "+t"(product) : "t"(a), "t"(b));
	__asm__("vcvt.f64.f32 %P0, %1" : "=w"(wide) : "t"(root));
	__asm__("vmov %0, %1, %P2" : "=r"(low), "=r"(high) : "w"(wide));
	printf("%.9g %.9g %.17g %08x:%08x\n", (double)root, (double)product, wide, high, low);
	__asm__("vcvt.s32.f64 %P0, %P0, #8" : "+w"(fixed));
	__asm__("vmov %0, %1, %P2" : "=r"(low), "=r"(high) : "w"(fixed));
	printf("fixed %d\n", (int)low);
	__asm__("vfnms.f32 %0, %1, %2" : "+t"(product) : "t"(a), "t"(b));
	__asm__("vnmul.f32 %0, %1, %2" : "=t"(root) : "t"(a), "t"(b));
	printf("%g %g\n", (double)product, (double)root);
}

/* Stores and loads of many registers, with the address written back. */
static void print_multiple(void)
{
	double in[6] = { 1, 2, 3, 4, 5, 6 }, out[6] = { 0 };
	const double *from = in;
	double *to = out + 6;

	__asm__ volatile(
		"vldmia %0!, {d0-d5}\n\tvadd.f64 d1, d0, d5\n\t"
		"vdiv.f64 d4, d4, d2\n\tvstmdb %1!, {d0-d5}"
		: "+r"(from), "+r"(to)
		:
		: "d0", "d1", "d2", "d3", "d4", "d5", "memory");
	printf("%d %d:", (int)(from - in), (int)(to - out));
	for (int i = 0; i < 6; i++)
		printf(" %g", out[i]);
	putchar('\n');
}

int main(void)
{
	print_rounding();
	print_flags("exact", 6, 3);
	print_flags("inexact", 1, 3);
	print_flags("zero", 1, 0);
	print_flags("invalid", 0, 0);
	print_flags("overflow", 1e308, 1e-10);
	print_flags("underflow", 1e-308, 1e10);
	print_comparison(1, 2);
	print_comparison(2, 2);
	print_comparison(3, 2);
	print_comparison(__builtin_nan(""), 2);
	print_moves();
	print_multiple();
	return 0;
}
