/* frame_lookup: what each word says, for a frame in each of its roles. */

#include "callcheck.h"

#include <string.h>

static void check_absent_roles(const struct frame *frame)
{
	CHECK(frame->v_id == NO_ID && frame->v_va == 0 && frame->v_flags == 0);
	CHECK(frame->t_id == NO_ID && frame->t_va == 0 && frame->t_flags == F_TABLE_NO);
}

static void check_memory(void)
{
	int f_id = take(3);
	struct frame frame = look(f_id);

	CHECK(frame.f_id == f_id && frame.type == FRAME_MEM && frame.len == 3 * PAGE_SIZE);
	CHECK(frame.pa % PAGE_SIZE == 0);
	check_absent_roles(&frame);

	char *seen = see(f_id, READ_WRITE);
	frame = look(f_id);
	CHECK(frame.v_va == (unsigned)seen && frame.v_flags == (F_MAP_PAGE | READ_WRITE));
	CHECK(frame_is_table(&(struct frame){.t_flags = look(frame.v_id).t_flags}, F_TABLE_L2));
	CHECK(look(frame.v_id).t_id == vspace_id());
	check_view(f_id);
	CHECK_OK(frame_unmap(f_id, F_MAP_PAGE));
	frame = look(f_id);
	check_absent_roles(&frame);
}

/* Both roles at once, and each alone. */
static void check_table(void)
{
	int f_id = take_table(F_TABLE_L2, 1);
	unsigned span = space_find_span((const unsigned *)look(vspace_id()).v_va, L2_SPAN);

	CHECK(look(f_id).t_flags == F_TABLE_L2 && look(f_id).t_id == NO_ID);
	CHECK_OK(frame_map(vspace_id(), f_id, (void *)span, F_MAP_TABLE_L2));
	CHECK(look(f_id).t_flags == (F_TABLE_L2 | F_TABLE_MAPPED));
	CHECK(look(f_id).t_id == vspace_id() && look(f_id).t_va == span);
	CHECK(look(f_id).v_flags == (F_MAP_PAGE | READ_ONLY));
	CHECK_OK(frame_unmap(f_id, F_MAP_PAGE));
	CHECK(look(f_id).v_id == NO_ID && look(f_id).t_id == vspace_id());
	CHECK_OK(frame_unmap(f_id, F_MAP_TABLE_L2));
	CHECK_OK(frame_table(f_id, F_TABLE_NO));
	struct frame frame = look(f_id);
	check_absent_roles(&frame);
}

static void check_other_types(void)
{
	struct frame l1 = look(vspace_id()), device = look(device_frame());
	int pool = take(1);

	CHECK(l1.len == L1_SIZE && l1.pa % L1_SIZE == 0 && l1.t_id == NO_ID);
	CHECK(l1.t_flags == (F_TABLE_L1 | F_TABLE_MAPPED));
	CHECK(device.type == FRAME_IO);
	check_absent_roles(&device);
	CHECK_OK(frame_pool(pool));
	CHECK(look(pool).type == FRAME_POOL);
}

/* The answer may lie across a page's end, and is ten words and no more. */
static void check_answer_across_pages(void)
{
	int f_id = take(2);
	char *seen = see(f_id, READ_WRITE);
	struct frame *across = (struct frame *)(seen + PAGE_SIZE - 20), wanted;

	fill(seen, 2 * PAGE_SIZE, 1);
	CHECK_OK(frame_lookup(f_id, across));
	wanted = look(f_id);
	CHECK(memcmp(across, &wanted, sizeof wanted) == 0);
	check_filled(seen, PAGE_SIZE - 20, 1);
	fill(across, sizeof *across, 2);
	check_filled(across, sizeof *across, 2);
}

int main(void)
{
	static const int strangers[] = {NO_SUCH_ID, -1, -2, 0x7fffffff, (int)0x80000000};
	struct frame frame;

	for (unsigned i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
		CHECK_REFUSED(frame_lookup(strangers[i], &frame), E_NO_FRAME);
		CHECK_REFUSED(frame_lookup(strangers[i], NULL), E_NO_FRAME);
	}
	for (unsigned i = 0; i < BAD_TO_WRITE; i++) {
		struct frame *bad = bad_pointer(i, sizeof *bad);
		CHECK_REFUSED(frame_lookup(vspace_id(), bad), E_BAD_POINTER);
	}
	check_memory();
	check_table();
	check_other_types();
	check_answer_across_pages();
	return check_passed("frame_lookup");
}
