/* vm: frames mapped wherever there is room, large and small, many and again. */

#include "callcheck.h"

#include "alloc.h"
#include "console.h"
#include "vm.h"

enum { MANY = 100 };

static void *places[MANY];

static void check_many(void)
{
	for (unsigned i = 0; i < MANY; i++) {
		unsigned len = (1 + i % 5) * PAGE_SIZE;
		places[i] = vm_new(len, NULL);
		CHECK(places[i] != NULL);
		check_zero(places[i], len);
		fill(places[i], len, i);
	}
	for (unsigned i = 0; i < MANY; i++)
		check_filled(places[i], (1 + i % 5) * PAGE_SIZE, i);
	for (unsigned i = 0; i < MANY; i += 2)
		CHECK_RESULT(vm_free(places[i]), 0);
	for (unsigned i = 1; i < MANY; i += 2)
		check_filled(places[i], (1 + i % 5) * PAGE_SIZE, i);
	/* Freed addresses and freed memory are used again. */
	void *again = vm_new(PAGE_SIZE, NULL);
	CHECK(again <= places[MANY - 1]);
	CHECK_RESULT(vm_free(again), 0);
	for (unsigned i = 1; i < MANY; i += 2)
		CHECK_RESULT(vm_free(places[i]), 0);
	CHECK(vm_unmap(places[1]) == E_NOT_MAPPED);
}

/* Larger than what one page of table spans. */
static void check_large(void)
{
	int f_id;
	unsigned len = 9 * MIB;
	unsigned *at = vm_new(len, &f_id);

	CHECK(at != NULL && look(f_id).len == len);
	for (unsigned i = 0; i < len / sizeof *at; i += PAGE_SIZE / sizeof *at)
		at[i] = i;
	for (unsigned i = 0; i < len / sizeof *at; i += PAGE_SIZE / sizeof *at)
		CHECK(at[i] == i);
	CHECK_RESULT(vm_unmap(at), f_id);
	CHECK(vm_map(f_id, READ_ONLY) != NULL);
}

/* At an address of our choice, across the end of a table. */
static void check_at(void)
{
	unsigned va = vm_reserve(2 * L2_SPAN);
	int f_id = CHECK_OK(alloc_frame(4 * PAGE_SIZE, PAGE_SIZE));
	char *at = (char *)(va + L2_SPAN - 2 * PAGE_SIZE);

	CHECK(va != 0);
	CHECK_RESULT(vm_map_at(f_id, at, READ_WRITE), 0);
	fill(at, 4 * PAGE_SIZE, 3);
	check_filled(at, 4 * PAGE_SIZE, 3);
	CHECK_RESULT(vm_map_at(CHECK_OK(alloc_frame(PAGE_SIZE, PAGE_SIZE)), at, READ_WRITE), E_ENTRY_IN_USE);
}

int main(void)
{
	check_many();
	check_large();
	check_at();
	return check_passed("addresses");
}
