/* The third design: frame_table(f_id, m_addr, type) makes a table, seen at m_addr; frame_map(f_id, va, flags)
 * maps as a table, as pages or as sections, always into the caller's own address space. */

#include "selfmap.h"

/* --- The design's calls, over the kernel's --- */

#define T_TABLE_L1 1
#define T_TABLE_L2 2
#define T_MAP_READ (1 << 0)
#define T_MAP_WRITE (1 << 1)
#define T_MAP_TABLE (0 << 2)
#define T_MAP_PAGE (1 << 2)
#define T_MAP_SECTION (2 << 2)

/* The L2 of ours that spans an address. */
static int table_over(unsigned va)
{
	struct frame frame;

	for (unsigned i = 0; frame_info(i, &frame) == 0; i++)
		if (frame_is_table(&frame, F_TABLE_L2) && frame.t_id == vspace_id()
		    && va - frame.t_va < frame.len / PAGE_SIZE * L2_SPAN)
			return frame.f_id;
	return E_TABLE_NOT_HUNG;
}

static int typed_table(int f_id, void *m_addr, int type)
{
	int result = frame_map(table_over((unsigned)m_addr), f_id, m_addr, F_MAP_PAGE | RO);

	return result < 0 ? result : frame_table(f_id, type == T_TABLE_L1 ? F_TABLE_L1 : F_TABLE_L2);
}

static int typed_map(int f_id, void *va, int flags)
{
	unsigned rights = RO | (flags & T_MAP_WRITE ? F_MAP_WRITE : 0);

	if (flags & T_MAP_SECTION)
		return frame_map(vspace_id(), f_id, va, F_MAP_SECTION | rights);
	if (flags & T_MAP_PAGE)
		return frame_map(table_over((unsigned)va), f_id, va, F_MAP_PAGE | rights);
	return frame_map(vspace_id(), f_id, va, F_MAP_TABLE_L2);
}

#define frame_table typed_table
#define frame_map typed_map

/* --- The workload --- */

static int start(int (*child)(int))
{
	return selfmap_start(CHECK_OK(process_run(child, 0)));
}

/* In the child. */
static void extra(const struct order *order)
{
	int f_id = (int)order->argument;
	void *va = (void *)(BUFFER + order->first * PAGE_SIZE);
	unsigned place;

	if (order->count == SELF_TABLE) {
		CHECK_OK(frame_find_place(PAGE_SIZE, &place));
		CHECK_OK(frame_table(f_id, (void *)place, T_TABLE_L2));
		CHECK_OK(frame_map(f_id, (void *)BUFFER, T_MAP_TABLE));
	} else if (order->count == SELF_MAP) {
		CHECK_OK(frame_map(f_id, va, T_MAP_PAGE | T_MAP_READ | T_MAP_WRITE));
	} else {
		CHECK_OK(frame_unmap(f_id, F_MAP_PAGE));
		CHECK_OK(frame_give(f_id, 0));
	}
}

static const struct design design = {start, selfmap_lend, selfmap_take_back, extra};

int main(void)
{
	return workload(&design, "typed");
}
