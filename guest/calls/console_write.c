/* console_write: every byte, from anywhere that can be read, or none. */

#include "callcheck.h"

#include <string.h>

#include "console.h"

/* Two pages side by side that are far apart in memory. */
static char *two_distant_pages(void)
{
	unsigned va;
	int table = CHECK_OK(frame_find_place(2 * PAGE_SIZE, &va));
	int upper = take(1), between = take(2), lower = take(1);

	CHECK_OK(frame_map(table, lower, (void *)va, READ_WRITE));
	CHECK_OK(frame_map(table, upper, (void *)(va + PAGE_SIZE), READ_WRITE));
	CHECK(look(upper).pa != look(lower).pa + PAGE_SIZE);
	CHECK(look(between).pa != look(lower).pa);
	return (char *)va;
}

/* Two whole pages of lines. */
static void check_long(char *at)
{
	const char line[] = "a line of 32 characters, no. 000\n";

	for (unsigned i = 0; i < 2 * PAGE_SIZE / 32; i++) {
		memcpy(at + i * 32, line + 1, 32);
		at[i * 32 + 28] = (char)('0' + i / 100);
		at[i * 32 + 29] = (char)('0' + i / 10 % 10);
		at[i * 32 + 30] = (char)('0' + i % 10);
		at[i * 32 + 31] = '\n';
	}
	CHECK_RESULT(console_write(at, 2 * PAGE_SIZE), 2 * PAGE_SIZE);
}

int main(void)
{
	static const char constant[] = "from memory that is only read\n";
	static const char bytes[] = {'a', 0, 'b', '\r', '\t', (char)0xff, '\n'};
	char *across = two_distant_pages() + PAGE_SIZE - 7;

	CHECK_RESULT(console_write(constant, sizeof constant - 1), sizeof constant - 1);
	CHECK_RESULT(console_write(bytes, sizeof bytes), sizeof bytes);
	CHECK_RESULT(console_write("x\n", 1), 1);
	CHECK_RESULT(console_write("\n", 1), 1);

	memcpy(across, "across the end of a page\n", 25);
	CHECK_RESULT(console_write(across, 25), 25);
	check_long(across + 7 - PAGE_SIZE);

	CHECK_RESULT(console_write(constant, 0), 0);
	for (unsigned i = 0; i < BAD_TO_READ; i++) {
		void *bad = bad_pointer(i, 16);
		CHECK_REFUSED(console_write(bad, 16), E_BAD_POINTER);
		CHECK_REFUSED(console_write(bad, 0), 0);
	}
	CHECK_REFUSED(console_write(constant, 0x80000000), E_BAD_POINTER);
	CHECK_REFUSED(console_write(constant, 0xffffffff), E_BAD_POINTER);
	return check_passed("console_write");
}
