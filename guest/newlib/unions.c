/* One piece of memory seen as several types: byte order, the parts of floats, tagged values. */

#include <stdint.h>
#include <stdio.h>

union word {
	uint32_t whole;
	uint16_t halves[2];
	uint8_t bytes[4];
	int8_t signs[4];
	float number;
};

union number {
	double value;
	uint64_t bits;
	struct {
		uint64_t fraction : 52, exponent : 11, sign : 1;
	};
};

/* A value with its type, as an interpreter keeps it. */
struct value {
	enum { NOTHING, INTEGER, REAL, TEXT, PAIR } type;
	union {
		int integer;
		double real;
		const char *text;
		const struct value *pair[2];
	};
};

static void print_value(const struct value *value)
{
	switch (value->type) {
	case NOTHING:
		printf("()");
		break;
	case INTEGER:
		printf("%d", value->integer);
		break;
	case REAL:
		printf("%g", value->real);
		break;
	case TEXT:
		printf("\"%s\"", value->text);
		break;
	case PAIR:
		putchar('(');
		print_value(value->pair[0]);
		printf(" . ");
		print_value(value->pair[1]);
		putchar(')');
		break;
	}
}

static void print_word(uint32_t whole)
{
	union word word = { whole };

	printf("%08x: %04x %04x, %02x %02x %02x %02x, %d, %g", (unsigned)word.whole, word.halves[0],
	       word.halves[1], word.bytes[0], word.bytes[1], word.bytes[2], word.bytes[3],
	       word.signs[3], (double)word.number);
	word.bytes[0] = 0xff;
	word.halves[1] ^= 0x8000;
	printf(" -> %08x\n", (unsigned)word.whole);
}

static void print_number(double value)
{
	union number number = { value };

	printf("%g: sign %u exponent %d fraction %llx", value, (unsigned)number.sign,
	       (int)number.exponent - 1023, (unsigned long long)number.fraction);
	number.exponent += 3;
	number.sign = !number.sign;
	printf(", times -8 %g", number.value);
	number.bits++;
	printf(", and the next %.17g\n", number.value);
}

/* The well known estimate of 1/sqrt(x), by the bits of a float. */
static float inverse_root(float x)
{
	union word word = { .number = x };

	word.whole = 0x5f3759df - (word.whole >> 1);
	for (int i = 0; i < 3; i++)
		word.number *= 1.5f - 0.5f * x * word.number * word.number;
	return word.number;
}

int main(void)
{
	static const uint32_t words[] = { 0x01020304, 0x3f800000, 0xc2f70000, 0x80000000,
					  0x7f7fffff };
	static const double numbers[] = { 1, -0.1, 1024.5, 3e-300 };
	struct value nothing = { NOTHING, { 0 } }, integer = { INTEGER, { -7 } },
		     real = { REAL, { .real = 2.5 } };
	struct value text = { TEXT, { .text = "text" } };
	struct value end = { PAIR, { .pair = { &text, &nothing } } },
		     middle = { PAIR, { .pair = { &real, &end } } };
	struct value list = { PAIR, { .pair = { &integer, &middle } } };

	for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
		print_word(words[i]);
	for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++)
		print_number(numbers[i]);
	for (float x = 0.25f; x < 1000; x *= 4.5f)
		printf("%g: %.7g\n", (double)x, (double)inverse_root(x));
	print_value(&list);
	putchar('\n');
	return 0;
}
