/* Instructions that C has no operator for: bits, bytes, long products, conditions and flags. */

#include <stdint.h>
#include <stdio.h>

typedef uint32_t u32;

/* A function of one and of two registers that is the instruction. */
#define ONE(name, text)                                    \
	static u32 name(u32 a)                             \
	{                                                  \
		u32 r;                                     \
		__asm__ volatile(text : "=r"(r) : "r"(a)); \
		return r;                                  \
	}
#define TWO(name, text)                                                    \
	static u32 name(u32 a, u32 b)                                      \
	{                                                                  \
		u32 r;                                                     \
		__asm__ volatile(text : "=&r"(r) : "r"(a), "r"(b) : "cc"); \
		return r;                                                  \
	}

ONE(clz, "clz %0, %1")
ONE(rev, "rev %0, %1")
ONE(rev16, "rev16 %0, %1")
ONE(revsh, "revsh %0, %1")
ONE(rbit, "rbit %0, %1")
ONE(ubfx, "ubfx %0, %1, #5, #9")
ONE(sbfx, "sbfx %0, %1, #20, #7")
ONE(uxtb16, "uxtb16 %0, %1, ror #8")
ONE(sxth, "sxth %0, %1, ror #16")
ONE(rrx, "lsrs %0, %1, #1\n\trrx %0, %0")
ONE(movs, "mvns %0, %1, asr #3")
TWO(bfi, "mov %0, %1\n\tbfi %0, %2, #8, #12")
TWO(bfc, "bic %0, %1, %2, lsl #3\n\tbfc %0, #4, #4")
TWO(smmul, "smmulr %0, %1, %2")
TWO(smulbt, "smulbt %0, %1, %2")
TWO(smuad, "smuadx %0, %1, %2")
TWO(usad8, "usad8 %0, %1, %2")
TWO(pkhbt, "pkhbt %0, %1, %2, lsl #4")
TWO(sdiv, "sdiv %0, %1, %2")
TWO(udiv, "udiv %0, %1, %2")
TWO(mls, "mov %0, #100\n\tmls %0, %1, %2, %0")
TWO(larger, "cmp %1, %2\n\tite hi\n\tmovhi %0, %1\n\tmovls %0, %2")
TWO(classify,
    "cmp %1, %2\n\titett lt\n\tmovlt %0, #1\n\tmovge %0, #2\n\t"
    "addlt %0, %0, #8\n\taddlt %0, %0, #16")
TWO(carry, "adds %0, %1, %2\n\tmov %0, #0\n\tadc %0, %0, #0")
TWO(overflow, "subs %0, %1, %2\n\tite vs\n\tmovvs %0, #1\n\tmovvc %0, #0")
TWO(choose, "usub8 %0, %1, %2\n\tsel %0, %1, %2")
TWO(parallel, "uadd8 %0, %1, %2\n\tmrs %0, apsr\n\tubfx %0, %0, #16, #4")
TWO(by_register, "lsl %0, %1, %2\n\teor %0, %0, %1, ror #7")
TWO(uhadd, "uhadd8 %0, %1, %2")
TWO(sasx, "sasx %0, %1, %2")

#define ROW(name) { #name, name }

static const struct {
	const char *name;
	u32 (*run)(u32);
} ones[] = {
	ROW(clz),  ROW(rev),    ROW(rev16), ROW(revsh), ROW(rbit), ROW(ubfx),
	ROW(sbfx), ROW(uxtb16), ROW(sxth),  ROW(rrx),   ROW(movs),
};

static const struct {
	const char *name;
	u32 (*run)(u32, u32);
} twos[] = {
	ROW(bfi),      ROW(bfc),         ROW(smmul), ROW(smulbt),   ROW(smuad),
	ROW(usad8),    ROW(pkhbt),       ROW(sdiv),  ROW(udiv),     ROW(mls),
	ROW(larger),   ROW(classify),    ROW(carry), ROW(overflow), ROW(choose),
	ROW(parallel), ROW(by_register), ROW(uhadd), ROW(sasx),
};

static const u32 values[] = { 0,          1,          0x80,       0x7fffffff, 0x80000000,
			      0xffffffff, 0x12345678, 0xcafef00d, 33 };
#define VALUES (sizeof values / sizeof *values)

/* Products of 64 bits, and sums of them. */
static void print_long_products(u32 a, u32 b)
{
	u32 low, high;

	__asm__("umull %0, %1, %2, %3" : "=&r"(low), "=&r"(high) : "r"(a), "r"(b));
	printf("%08x*%08x: %08x%08x", (unsigned)a, (unsigned)b, (unsigned)high, (unsigned)low);
	__asm__("smlal %0, %1, %2, %3" : "+r"(low), "+r"(high) : "r"(a), "r"(b));
	printf(" %08x%08x", (unsigned)high, (unsigned)low);
	__asm__("umaal %0, %1, %2, %3" : "+r"(low), "+r"(high) : "r"(a), "r"(b));
	printf(" %08x%08x", (unsigned)high, (unsigned)low);
	__asm__("smlald %0, %1, %2, %3" : "+r"(low), "+r"(high) : "r"(a), "r"(b));
	printf(" %08x%08x\n", (unsigned)high, (unsigned)low);
}

int main(void)
{
	for (unsigned op = 0; op < sizeof ones / sizeof *ones; op++) {
		printf("%s:", ones[op].name);
		for (unsigned i = 0; i < VALUES; i++)
			printf(" %x", (unsigned)ones[op].run(values[i]));
		putchar('\n');
	}
	for (unsigned op = 0; op < sizeof twos / sizeof *twos; op++) {
		printf("%s:", twos[op].name);
		for (unsigned i = 0; i < VALUES * VALUES; i++)
			printf(" %x",
			       (unsigned)twos[op].run(values[i / VALUES], values[i % VALUES]));
		putchar('\n');
	}
	for (unsigned i = 0; i < VALUES * VALUES; i += 2)
		print_long_products(values[i / VALUES], values[i % VALUES]);
	return 0;
}
