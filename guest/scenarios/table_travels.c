/* A table full of pages goes from process to process.  Each installs it where it likes, and finds the pages
 * there, in their order and with what is in them. */

#include "callcheck.h"

#include "process.h"

#define PAGES 4

/* Pages here and there in a table's span. */
static const unsigned places[PAGES] = {1, 255, 256, 1023};

/* What is in the pages after so many have changed it. */
static void check_pages(const char *span, unsigned seed)
{
	for (unsigned i = 0; i < PAGES; i++)
		check_filled(span + places[i] * PAGE_SIZE, PAGE_SIZE, seed * PAGES + i);
}

static void fill_pages(char *span, unsigned seed)
{
	for (unsigned i = 0; i < PAGES; i++)
		fill(span + places[i] * PAGE_SIZE, PAGE_SIZE, seed * PAGES + i);
}

/* See a table that has come, and install it. */
static void install(int table, char *span)
{
	struct frame frame;
	unsigned pages = 0;

	see(table, READ_ONLY);
	CHECK_OK(frame_map(vspace_id(), table, span, F_MAP_TABLE_L2));
	for (unsigned i = 0; frame_info(i, &frame) == 0; i++) {
		if (frame.v_id != table)
			continue;
		CHECK(frame.v_va == (unsigned)span + places[pages] * PAGE_SIZE);
		check_view(frame.f_id);
		pages++;
	}
	CHECK(pages == PAGES);
}

/* A host needs to know whom the table goes to next: nobody, if NO_ID. */
static int host(int number)
{
	struct message message;
	char *span = (char *)(0x20000000 * (unsigned)number + MIB);

	CHECK_RESULT(recv(&message), 0);
	int next = message.words[0];
	CHECK_OK(recv(&message));
	int table = message.words[0];
	install(table, span);
	check_pages(span, (unsigned)number - 1);
	fill_pages(span, (unsigned)number);
	if (next == NO_ID)
		return 0;
	CHECK_OK(frame_give(table, next));
	check_hole(span + places[0] * PAGE_SIZE);
	CHECK_OK(send(next, &message));
	return 0;
}

static int fill_table(char *span)
{
	int table = take_table(F_TABLE_L2, 1);

	CHECK_OK(frame_map(vspace_id(), table, span, F_MAP_TABLE_L2));
	for (unsigned i = 0; i < PAGES; i++)
		CHECK_OK(frame_map(table, take(1), span + places[i] * PAGE_SIZE, READ_WRITE));
	fill_pages(span, 0);
	return table;
}

int main(void)
{
	char *span = (char *)0x10000000;
	int table = fill_table(span), before = frame_count();
	int first = CHECK_OK(process_run(host, 1)), second = CHECK_OK(process_run(host, 2));

	CHECK_OK(send(first, &(struct message){{second}}));
	CHECK_OK(send(second, &(struct message){{NO_ID}}));
	CHECK_OK(frame_give(table, first));
	CHECK(frame_count() < before);
	CHECK_OK(send(first, &(struct message){{table}}));
	CHECK_OK(process_wait(first));
	CHECK_OK(process_wait(second));
	CHECK(look(table).t_flags == F_TABLE_NO); /* from the second, which is no more */
	check_zero(see(table, READ_ONLY), PAGE_SIZE);
	return check_passed("table_travels");
}
