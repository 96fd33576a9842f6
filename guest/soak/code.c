/* code N: code that is written anew that often, each time to be executed at once.
 *
 * A function in a page that may do everything; now and then the page is at another place. */

#include "callcheck.h"

#include "soak.h"

enum { PLACES = 8, STAYS = 8 }; /* calls enough to fill what is kept of them within the first tenth */

#define EVERYTHING (F_MAP_READ | F_MAP_WRITE)
#define MOVW_R0(value) (0xe3000000u | ((value) >> 12 & 0xf) << 16 | ((value) & 0xfff))
#define BX_LR 0xe12fff1eu

/* A function that returns the number, somewhere in the page. */
static void write_and_call(volatile unsigned *page, unsigned number)
{
	volatile unsigned *at = page + number % 97 * 8;
	unsigned value = number & 0xffff;

	at[0] = MOVW_R0(value);
	at[1] = BX_LR;
	CHECK(((unsigned (*)(void))(unsigned)at)() == value);
}

int main(int argc, char **argv)
{
	unsigned count = soak_count(argc, argv), va;
	int page = take(1), table;

	table = CHECK_OK(frame_find_place(PLACES * PAGE_SIZE, &va));
	CHECK_RESULT(frame_map(table, page, (void *)va, EVERYTHING), 0);
	for (unsigned i = 0; i < count; i++) {
		unsigned place = va + i / STAYS % PLACES * PAGE_SIZE;

		if (i % STAYS == 0 && i > 0) {
			CHECK_RESULT(frame_unmap(page, F_MAP_PAGE), 0);
			CHECK_RESULT(frame_map(table, page, (void *)place, EVERYTHING), 0);
		}
		write_and_call((volatile unsigned *)place, i);
		soak_line(i, count);
	}
	return check_passed("code");
}
