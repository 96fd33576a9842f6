/* The fourth design: frame_map(table, f_id, va, flags), where the table is named by the address at which the
 * caller sees it. */

#include "workload.h"

#include "tables.h"

/* --- The design's calls, over the kernel's --- */

#define A_MAP_READ (1 << 0)
#define A_MAP_WRITE (1 << 1)
#define A_MAP_TABLE_L2 (1 << 2)
#define A_MAP_PAGE (2 << 2)

/* The frame that is seen at an address: the tables that we see say where it is. */
static int frame_seen_at(const void *va)
{
	struct entry entry;
	struct frame frame;

	if (!find_entry((unsigned)va, &entry) || !frame_at(entry.pa, &frame))
		return E_NO_FRAME;
	return frame.f_id;
}

static int addressed_map(const void *table, int f_id, void *va, int flags)
{
	int t_id = frame_seen_at(table);

	if (t_id < 0)
		return t_id;
	if ((flags & A_MAP_TABLE_L2) && !(flags & A_MAP_PAGE))
		return frame_map(t_id, f_id, va, F_MAP_TABLE_L2);
	return frame_map(t_id, f_id, va, F_MAP_PAGE | RO | (flags & A_MAP_WRITE ? F_MAP_WRITE : 0));
}

#define frame_map addressed_map

/* --- The workload --- */

static struct program program;
static const void *table;
static int pages[8];

static int start(int (*child)(int))
{
	CHECK_OK(program_copy_lent(&program, child, 0));
	int pid = CHECK_OK(program_start(&program, PROCESS_LENT));
	int l2 = CHECK_OK(space_take_table(F_TABLE_L2, PAGE_SIZE));

	CHECK_OK(frame_map((void *)look(program.space.l1).v_va, l2, (void *)BUFFER, A_MAP_TABLE_L2));
	table = (void *)look(l2).v_va;
	return pid;
}

static void lend(unsigned first, unsigned count)
{
	for (unsigned page = first; page < first + count; page++) {
		number_pages((unsigned *)pager_page(&pages[page]), page, 1);
		CHECK_OK(frame_map(table, pages[page], (void *)(BUFFER + page * PAGE_SIZE),
		                   A_MAP_PAGE | A_MAP_READ | A_MAP_WRITE));
	}
}

static unsigned *take_back(unsigned first, unsigned count)
{
	unsigned va;
	const void *home = (void *)look(CHECK_OK(frame_find_place(count * PAGE_SIZE, &va))).v_va;

	for (unsigned i = 0; i < count; i++)
		CHECK_OK(frame_map(home, pages[first + i], (void *)(va + i * PAGE_SIZE), A_MAP_PAGE | A_MAP_READ));
	return (unsigned *)va;
}

static const struct design design = {start, lend, take_back, NULL};

int main(void)
{
	return workload(&design, "addressed");
}
