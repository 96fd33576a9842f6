/* Arithmetic that stops at the end of the range, its Q flag, and a sound mixer that uses it. */

#include <limits.h>
#include <stdint.h>
#include <stdio.h>

static unsigned q_flag(void)
{
	unsigned apsr;

	__asm__ volatile("mrs %0, apsr" : "=r"(apsr));
	return apsr >> 27 & 1;
}

static void clear_q(void)
{
	__asm__ volatile("msr apsr_nzcvq, %0" : : "r"(0) : "cc");
}

#define INSTRUCTION(name, text)                                     \
	static int name(int a, int b)                               \
	{                                                           \
		int r;                                              \
		__asm__ volatile(text : "=&r"(r) : "r"(a), "r"(b)); \
		return r;                                           \
	}

INSTRUCTION(qadd, "qadd %0, %1, %2")
INSTRUCTION(qsub, "qsub %0, %1, %2")
INSTRUCTION(qdadd, "qdadd %0, %1, %2")
INSTRUCTION(qdsub, "qdsub %0, %1, %2")
INSTRUCTION(qadd16, "qadd16 %0, %1, %2")
INSTRUCTION(qsub8, "qsub8 %0, %1, %2")
INSTRUCTION(uqadd8, "uqadd8 %0, %1, %2")
INSTRUCTION(uqsub16, "uqsub16 %0, %1, %2")
INSTRUCTION(ssat, "ssat %0, #12, %1\n\teor %0, %0, %2")
INSTRUCTION(usat, "usat %0, #9, %1, asr #4\n\tadd %0, %0, %2")
INSTRUCTION(ssat16, "ssat16 %0, #6, %1\n\tadd %0, %0, %2")
INSTRUCTION(usat16, "usat16 %0, #7, %1\n\tadd %0, %0, %2")
INSTRUCTION(smlabb, "smlabb %0, %1, %2, %2")

static const struct {
	const char *name;
	int (*run)(int, int);
} instructions[] = {
	{ "qadd", qadd },     { "qsub", qsub },   { "qdadd", qdadd },   { "qdsub", qdsub },
	{ "qadd16", qadd16 }, { "qsub8", qsub8 }, { "uqadd8", uqadd8 }, { "uqsub16", uqsub16 },
	{ "ssat", ssat },     { "usat", usat },   { "ssat16", ssat16 }, { "usat16", usat16 },
	{ "smlabb", smlabb },
};

static const int values[] = { 0,           1,          -1,         INT_MAX, INT_MIN, 0x40000000,
			      -0x40000001, 0x7fff8000, 0x12f4e680, 2047,    -2049 };
#define VALUES (sizeof values / sizeof *values)

/* Two voices of 16 bits added without wrapping, by saturating halves, and in plain C. */
static void mix(void)
{
	static int16_t left[256], right[256];
	unsigned different = 0, clipped = 0;

	for (int i = 0; i < 256; i++) {
		left[i] = (int16_t)(i * 499 - 20000);
		right[i] = (int16_t)(32000 - i * i);
	}
	for (int i = 0; i < 256; i++) {
		int sum = left[i] + right[i];
		int wanted = sum > 32767 ? 32767 : sum < -32768 ? -32768 : sum;
		different += (int16_t)qadd16(left[i], right[i]) != wanted;
		clipped += sum != wanted;
	}
	printf("mixed: %u clipped, %u different\n", clipped, different);
}

int main(void)
{
	for (unsigned op = 0; op < sizeof instructions / sizeof *instructions; op++) {
		printf("%s:", instructions[op].name);
		for (unsigned i = 0; i < VALUES * VALUES; i++) {
			clear_q();
			int result = instructions[op].run(values[i / VALUES], values[i % VALUES]);
			printf(" %x%s", (unsigned)result, q_flag() ? "Q" : "");
		}
		putchar('\n');
	}
	mix();
	return 0;
}
