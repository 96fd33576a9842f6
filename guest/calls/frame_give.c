/* frame_give: a frame and all that is mapped in it go, whole and with what is in them. */

#include "callcheck.h"

#include "process.h"

/* A child that is told ids of frames it should own by now: it looks at each, and says what it sees.
 * Told NO_ID, it ends. */
static int look_at_gifts(int unused)
{
	struct message message;

	(void)unused;
	for (;;) {
		CHECK_RESULT(recv(&message), 0);
		if (message.words[0] == NO_ID)
			return 0;
		struct frame frame = look(message.words[0]), last;
		CHECK_OK(frame_info((unsigned)frame_count() - 1, &last));
		CHECK(last.f_id == frame.f_id); /* what came last is last */
		CHECK(!frame_is_viewed(&frame));
		check_filled(see(frame.f_id, READ_ONLY), frame.len, (unsigned)message.words[1]);
		CHECK_OK(send(0, &message));
	}
}

static void give_filled(int child, unsigned pages, bool viewed)
{
	int f_id = take(pages), count = frame_count();
	struct message message = {{f_id, (int)pages}};
	void *seen = see(f_id, READ_WRITE);

	fill(seen, pages * PAGE_SIZE, pages);
	if (!viewed)
		CHECK_OK(frame_unmap(f_id, F_MAP_PAGE));
	CHECK_RESULT(frame_give(f_id, child), f_id);
	CHECK_RESULT(frame_count(), count - 1);
	CHECK_RESULT(frame_lookup(f_id, &(struct frame){0}), E_NO_FRAME);
	check_hole(seen);
	check_hole((char *)seen + pages * PAGE_SIZE - 1);
	CHECK_REFUSED(frame_give(f_id, child), E_NO_FRAME);
	CHECK_OK(send(child, &message));
	CHECK_RESULT(recv(&message), child);
}

static void check_memory(void)
{
	struct message goodbye = {{NO_ID}};
	int child = CHECK_OK(process_run(look_at_gifts, 0));

	give_filled(child, 1, false);
	give_filled(child, 1, true);
	give_filled(child, 5, true);
	CHECK_OK(send(child, &goodbye));
	CHECK_OK(process_wait(child));
}

/* A process need not run, nor ask, to be given something. */
static int make_idle_child(void)
{
	return CHECK_OK(proc_new(take(2)));
}

static void check_refusals(int child)
{
	int page = take(1), pool = take(1);

	CHECK_REFUSED(frame_give(NO_SUCH_ID, child), E_NO_FRAME);
	CHECK_REFUSED(frame_give(NO_ID, NO_SUCH_ID), E_NO_FRAME);
	CHECK_REFUSED(frame_give(page, NO_SUCH_ID), E_NO_PROCESS);
	CHECK_REFUSED(frame_give(page, -1), E_NO_PROCESS);
	CHECK_REFUSED(frame_give(page, 0), E_TO_SELF);
	CHECK_REFUSED(frame_give(vspace_id(), child), E_TABLE_CURRENT);
	CHECK_OK(frame_pool(pool));
	CHECK_REFUSED(frame_give(pool, child), E_WRONG_TYPE);
}

/* An L2 with pages: what was installed and seen here no longer is. */
static void check_l2(int child)
{
	int table = take_table(F_TABLE_L2, 1), inside = take(2), outside = take(1);
	int count = frame_count();
	char *span = (char *)space_find_span((const unsigned *)look(vspace_id()).v_va, L2_SPAN);
	char *seen = (char *)look(table).v_va, *other = see(outside, READ_ONLY);

	CHECK_OK(frame_map(vspace_id(), table, span, F_MAP_TABLE_L2));
	CHECK_OK(frame_map(table, inside, span, READ_WRITE));
	fill(span, 2 * PAGE_SIZE, 1);
	CHECK_OK(frame_give(table, child));
	CHECK_RESULT(frame_count(), count - 2);
	CHECK_RESULT(frame_lookup(table, &(struct frame){0}), E_NO_FRAME);
	CHECK_RESULT(frame_lookup(inside, &(struct frame){0}), E_NO_FRAME);
	check_hole(span);
	check_hole(span + PAGE_SIZE);
	check_hole(seen);
	CHECK(look(outside).v_va == (unsigned)other);
	check_view(outside);
	for (unsigned i = 0; i < 4; i++)
		CHECK(((const unsigned *)look(vspace_id()).v_va)[(unsigned)span / MIB + i] == 0);
}

/* A whole address space, its tables seen partly from inside and partly from here. */
static void check_l1(int child)
{
	struct space space;
	struct frame low, high;
	int page = take(1), loose = take(1), count;

	CHECK_OK(space_begin(&space));
	CHECK_OK(space_map(&space, page, MIB, READ_WRITE));
	CHECK_OK(space_map(&space, loose, 2 * L2_SPAN, READ_ONLY));
	CHECK(space_table(&space, MIB, &low) && space_table(&space, 2 * L2_SPAN, &high));
	CHECK_OK(frame_map(low.f_id, high.f_id, (void *)(2 * MIB), READ_ONLY));
	count = frame_count();
	CHECK_OK(frame_give(loose, child)); /* out of the space, not with it */
	CHECK_OK(frame_give(space.l1, child));
	CHECK_RESULT(frame_count(), count - 5);
	CHECK_RESULT(frame_lookup(high.f_id, &(struct frame){0}), E_NO_FRAME);
}

/* From a child up to its parent nothing goes; to a sibling it does. */
static int give_up_and_across(int sibling)
{
	int frame = NO_ID;
	struct frame last;

	CHECK_OK(frame_info((unsigned)frame_count() - 1, &last));
	frame = last.f_id;
	CHECK_REFUSED(frame_give(frame, 0), E_NOT_ALLOWED);
	CHECK_RESULT(frame_give(frame, sibling), frame);
	return 0;
}

static void check_family(int idle)
{
	int child = CHECK_OK(process_run(give_up_and_across, idle));

	CHECK_OK(process_wait(child));
}

int main(void)
{
	int idle = make_idle_child();

	check_memory();
	check_refusals(idle);
	check_l2(idle);
	check_l1(idle);
	check_family(idle);
	return check_passed("frame_give");
}
