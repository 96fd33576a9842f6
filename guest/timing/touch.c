/* The first store to each of 4,096 pages that are mapped already.
 *
 * Lines: "start", and behind all of them "touch". */

#include "check.h"
#include "console.h"
#include "frames.h"

enum { PAGES = 4096 };

static volatile char memory[PAGES * PAGE_SIZE];

int main(void)
{
	puts("start");
	for (unsigned page = 0; page < PAGES; page++)
		memory[page * PAGE_SIZE] = 1;
	puts("touch");
	return check_passed("touch");
}
