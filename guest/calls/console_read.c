/* console_read: what there is of the input, never more than asked for, and 0 at its end. */

#include "callcheck.h"

#include <string.h>

#include "console.h"

#define INPUT "0123456789abcdefghijklmnopqrstuvwxyz\nsecond line\n"

/* Read exactly len bytes, in as many pieces as they come. */
static void read_exactly(char *at, int len)
{
	while (len > 0) {
		int got = CHECK_OK(console_read(at, (size_t)len));
		CHECK(got > 0 && got <= len);
		at += got;
		len -= got;
	}
}

int main(void)
{
	char text[sizeof INPUT + 8];
	char *page = see(take(2), READ_WRITE);

	memset(text, '*', sizeof text);
	CHECK_RESULT(console_read(text, 0), 0);
	CHECK(text[0] == '*');
	read_exactly(text, 10);
	CHECK(memcmp(text, "0123456789******", 16) == 0);

	/* A refused read takes nothing of the input. */
	for (unsigned i = 0; i < BAD_TO_WRITE; i++) {
		void *bad = bad_pointer(i, 16);
		CHECK_REFUSED(console_read(bad, 16), E_BAD_POINTER);
		CHECK_REFUSED(console_read(bad, 0), 0);
	}
	CHECK_REFUSED(console_read(text, 0x80000000), E_BAD_POINTER);

	fill(page, 2 * PAGE_SIZE, 1);
	read_exactly(page + PAGE_SIZE - 8, 16);
	CHECK(memcmp(page + PAGE_SIZE - 8, "abcdefghijklmnop", 16) == 0);
	check_filled(page, PAGE_SIZE - 8, 1);

	/* What is asked for beyond what there is stays as it was. */
	int got = CHECK_OK(console_read(text, sizeof text));
	CHECK(got == 11 && memcmp(text, "qrstuvwxyz\n******", 16) == 0);
	read_exactly(text, 12);
	CHECK(memcmp(text, "second line\n", 12) == 0);
	CHECK_RESULT(console_read(text, sizeof text), 0);
	CHECK_RESULT(console_read(text, 1), 0); /* and it stays at the end */
	CHECK(memcmp(text, "second line\n", 12) == 0);
	return check_passed("console_read");
}
