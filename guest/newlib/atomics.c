/* Atomic operations of 1, 2, 4 and 8 bytes: LDREX and STREX, alone and by the compiler's names. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

static atomic_uint_fast32_t counter;
static _Atomic uint8_t small = 250;
static _Atomic int16_t half = -2;
static _Atomic uint64_t wide = 0xfffffffe;
static atomic_flag flag = ATOMIC_FLAG_INIT;

static void print_fetches(void)
{
	for (int i = 0; i < 1000; i++)
		atomic_fetch_add(&counter, 3);
	printf("%u", (unsigned)atomic_fetch_sub(&counter, 1000));
	printf(" %u", (unsigned)atomic_fetch_or(&counter, 0xf000));
	printf(" %u", (unsigned)atomic_fetch_and_explicit(&counter, 0xff0f, memory_order_relaxed));
	printf(" %u", (unsigned)atomic_exchange(&counter, 7));
	printf(" %u\n", (unsigned)atomic_fetch_xor(&counter, 2));
	for (int i = 0; i < 10; i++) {
		atomic_fetch_add(&small, 1);
		atomic_fetch_sub(&half, 7000);
		atomic_fetch_add(&wide, 0x80000001);
	}
	printf("%u %u %d %llx\n", (unsigned)counter, small, half, (unsigned long long)wide);
}

static void print_exchanges(void)
{
	uint_fast32_t expected = 5;
	uint64_t wide_expected = wide;
	bool done = atomic_compare_exchange_strong(&counter, &expected, 50);

	printf("%d %u", done, (unsigned)expected);
	done = atomic_compare_exchange_strong(&counter, &expected, 50);
	printf("; %d %u", done, (unsigned)counter);
	printf("; %d", atomic_compare_exchange_strong(&wide, &wide_expected, 1ull << 60));
	done = atomic_compare_exchange_strong(&wide, &wide_expected, 0);
	printf(" %d %llx\n", done, (unsigned long long)wide_expected);
	printf("flag %d", atomic_flag_test_and_set(&flag));
	printf(" %d", atomic_flag_test_and_set(&flag));
	atomic_flag_clear(&flag);
	printf(" %d\n", atomic_flag_test_and_set(&flag));
}

/* A stack without locks, as several threads would use it. */
static struct node {
	struct node *next;
	int value;
} nodes[20];
static struct node *_Atomic top;

static void push(struct node *node)
{
	node->next = atomic_load(&top);
	while (!atomic_compare_exchange_weak(&top, &node->next, node))
		;
}

static struct node *pop(void)
{
	struct node *node = atomic_load(&top);

	while (node != NULL && !atomic_compare_exchange_weak(&top, &node, node->next))
		;
	return node;
}

static void print_stack(void)
{
	for (int i = 0; i < 20; i++) {
		nodes[i].value = i;
		push(&nodes[i]);
		if (i % 3 == 2)
			printf("%d ", pop()->value);
	}
	for (struct node *node; (node = pop()) != NULL;)
		printf("%d ", node->value);
	putchar('\n');
}

/* The monitor itself: a store succeeds after its load, and fails after CLREX or without a load. */
static void print_monitor(void)
{
	static uint32_t word = 10;
	uint32_t old, pair_low, pair_high, first, second, cleared;
	static uint64_t pair = 0x1122334455667788;

	__asm__ volatile(
		"dmb\n\tldrex %0, [%3]\n\tadd %0, %0, #1\n\t"
		"strex %1, %0, [%3]\n\tstrex %2, %0, [%3]\n\tdmb"
		: "=&r"(old), "=&r"(first), "=&r"(second)
		: "r"(&word)
		: "memory");
	printf("%u %u %u", (unsigned)word, (unsigned)first, (unsigned)second);
	__asm__ volatile("ldrexb %0, [%2]\n\tclrex\n\tstrexb %1, %0, [%2]"
			 : "=&r"(old), "=&r"(cleared)
			 : "r"(&word)
			 : "memory");
	printf(" %u", (unsigned)cleared);
	register uint32_t low __asm__("r2"), high __asm__("r3");
	__asm__ volatile("ldrexd r2, r3, [%3]\n\teor r2, r2, r3\n\tstrexd %0, r2, r3, [%3]"
			 : "=&r"(first), "=&r"(low), "=&r"(high) : "r"(&pair) : "memory");
	pair_low = low, pair_high = high;
	printf(" %u %08x %08x %016llx\n", (unsigned)first, (unsigned)pair_low, (unsigned)pair_high,
	       (unsigned long long)pair);
}

int main(void)
{
	print_fetches();
	print_exchanges();
	print_stack();
	print_monitor();
	return 0;
}
