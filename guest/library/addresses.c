/* Our own address space: frames mapped wherever there is room, large and small, many and again. */

#include "callcheck.h"

#include "console.h"

enum { MANY = 100 };

static void *places[MANY];

static void check_many(void)
{
	for (unsigned i = 0; i < MANY; i++) {
		unsigned len = (1 + i % 5) * PAGE_SIZE;
		places[i] = space_new(len, NULL);
		CHECK(places[i] != NULL);
		check_zero(places[i], len);
		fill(places[i], len, i);
	}
	for (unsigned i = 0; i < MANY; i++)
		check_filled(places[i], (1 + i % 5) * PAGE_SIZE, i);
	for (unsigned i = 0; i < MANY; i += 2)
		CHECK_RESULT(space_free(places[i]), 0);
	for (unsigned i = 1; i < MANY; i += 2)
		check_filled(places[i], (1 + i % 5) * PAGE_SIZE, i);
	/* Freed addresses and freed memory are used again. */
	void *again = space_new(PAGE_SIZE, NULL);
	CHECK(again <= places[MANY - 1]);
	CHECK_RESULT(space_free(again), 0);
	for (unsigned i = 1; i < MANY; i += 2)
		CHECK_RESULT(space_free(places[i]), 0);
	CHECK(space_unmap(places[1]) == E_NOT_MAPPED);
}

/* Larger than what one page of table spans. */
static void check_large(void)
{
	int f_id;
	unsigned len = 9 * MIB;
	unsigned *at = space_new(len, &f_id);

	CHECK(at != NULL && look(f_id).len == len);
	for (unsigned i = 0; i < len / sizeof *at; i += PAGE_SIZE / sizeof *at)
		at[i] = i;
	for (unsigned i = 0; i < len / sizeof *at; i += PAGE_SIZE / sizeof *at)
		CHECK(at[i] == i);
	CHECK_RESULT(space_unmap(at), f_id);
	CHECK(space_see(f_id, READ_ONLY) != NULL);
}

/* At an address of our choice, across the end of a table. */
static void check_at(void)
{
	struct space own = space_own();
	unsigned va = space_reserve(2 * L2_SPAN);
	int f_id = take(4);
	char *at = (char *)(va + L2_SPAN - 2 * PAGE_SIZE);

	CHECK(va != 0);
	CHECK_RESULT(space_map(&own, f_id, (unsigned)at, READ_WRITE), 0);
	fill(at, 4 * PAGE_SIZE, 3);
	check_filled(at, 4 * PAGE_SIZE, 3);
	CHECK_RESULT(space_map(&own, take(1), (unsigned)at, READ_WRITE), E_ENTRY_IN_USE);
}

/* Only a whole frame is unmapped, at its own address. */
static void check_unmap(void)
{
	int f_id, state;
	char *at = space_new(3 * PAGE_SIZE, &f_id);

	CHECK(at != NULL);
	fill(at, 3 * PAGE_SIZE, 5);
	state = (int)visible_state();
	CHECK_RESULT(space_unmap(at + PAGE_SIZE), E_NOT_MAPPED);
	CHECK_RESULT(space_free(at + 2 * PAGE_SIZE), E_NOT_MAPPED);
	CHECK_RESULT(space_unmap(at + 4), E_NOT_MAPPED);
	CHECK_RESULT(space_unmap(at + 3 * PAGE_SIZE), E_NOT_MAPPED);
	CHECK((int)visible_state() == state);
	check_view(f_id);
	check_filled(at, 3 * PAGE_SIZE, 5);
	CHECK_RESULT(space_free(at), 0);
	check_hole(at);
	CHECK_RESULT(space_unmap(at), E_NOT_MAPPED);
}

/* With every object of the account used, there is room for one that the library cuts. */
static void check_kept_room(void)
{
	CHECK_OK(frame_take(PAGE_SIZE, PAGE_SIZE));
	frame_keep_room();
	pool_fill();
	CHECK(space_new(PAGE_SIZE, NULL) != NULL);
}

int main(void)
{
	check_many();
	check_large();
	check_at();
	check_unmap();
	check_kept_room();
	return check_passed("addresses");
}
