/* Large numbers: factorials, powers, Fibonacci's numbers, and many digits of e. */

#include <stdint.h>
#include <stdio.h>

#define WORDS 64
#define BASE 1000000000u

/* Nine decimal digits a word, the lowest first. */
struct big {
	int len;
	uint32_t words[WORDS];
};

static struct big from_int(uint32_t x)
{
	return (struct big){ 1, { x } };
}

static void carry(struct big *big, uint64_t rest)
{
	for (; rest > 0; rest /= BASE)
		big->words[big->len++] = (uint32_t)(rest % BASE);
}

static void multiply_by(struct big *big, uint32_t by)
{
	uint64_t rest = 0;

	for (int i = 0; i < big->len; i++) {
		rest += (uint64_t)big->words[i] * by;
		big->words[i] = (uint32_t)(rest % BASE);
		rest /= BASE;
	}
	carry(big, rest);
}

static void add(struct big *to, const struct big *other)
{
	uint32_t rest = 0;
	int len = to->len > other->len ? to->len : other->len;

	for (int i = 0; i < len; i++) {
		rest += (i < to->len ? to->words[i] : 0) + (i < other->len ? other->words[i] : 0);
		to->words[i] = rest % BASE;
		rest /= BASE;
	}
	to->len = len;
	carry(to, rest);
}

static struct big multiply(const struct big *a, const struct big *b)
{
	struct big product = { a->len + b->len, { 0 } };

	for (int i = 0; i < a->len; i++) {
		uint64_t rest = 0;
		for (int j = 0; j < b->len || rest > 0; j++) {
			rest += product.words[i + j] +
				(uint64_t)a->words[i] * (j < b->len ? b->words[j] : 0);
			product.words[i + j] = (uint32_t)(rest % BASE);
			rest /= BASE;
		}
	}
	while (product.len > 1 && product.words[product.len - 1] == 0)
		product.len--;
	return product;
}

static void print(const char *name, const struct big *big)
{
	printf("%s = %u", name, (unsigned)big->words[big->len - 1]);
	for (int i = big->len - 2; i >= 0; i--)
		printf("%09u", (unsigned)big->words[i]);
	putchar('\n');
}

static void print_factorials(void)
{
	struct big factorial = from_int(1);
	char name[8];

	for (uint32_t i = 1; i <= 150; i++) {
		multiply_by(&factorial, i);
		if (i % 30 == 0) {
			snprintf(name, sizeof name, "%u!", (unsigned)i);
			print(name, &factorial);
		}
	}
}

static void print_powers(void)
{
	struct big power = from_int(3), a = from_int(0), b = from_int(1), next;

	for (int i = 0; i < 9; i++)
		power = multiply(&power, &power);
	print("3^512", &power);
	for (int i = 0; i < 1000; i++) {
		next = a;
		add(&next, &b);
		a = b;
		b = next;
	}
	print("fibonacci(1000)", &a);
}

/* The spigot for e: its digits in the base of factorials are all 1. */
static void print_e(int digits)
{
	static int rest[300];
	int count = digits / 2 + 30;

	for (int i = 0; i < count; i++)
		rest[i] = 1;
	printf("e = 2.");
	for (int digit = 0; digit < digits; digit++) {
		int carried = 0;
		for (int i = count - 1; i >= 0; i--) {
			carried += rest[i] * 10;
			rest[i] = carried % (i + 2);
			carried /= i + 2;
		}
		putchar('0' + carried);
	}
	putchar('\n');
}

int main(void)
{
	print_factorials();
	print_powers();
	print_e(200);
	return 0;
}
