/* The sixth design, which is the kernel: frame_table, mappings by the table's id, a tree of mappings. */

#include "workload.h"

/* --- The workload --- */

static struct program program;
static int table, pages[8];

static int start(int (*child)(int))
{
	CHECK_OK(program_copy_lent(&program, child, 0));
	int pid = CHECK_OK(program_start(&program, PROCESS_LENT));
	table = CHECK_OK(space_take_table(F_TABLE_L2, PAGE_SIZE));
	CHECK_OK(frame_map(program.space.l1, table, (void *)BUFFER, F_MAP_TABLE_L2));
	return pid;
}

static void lend(unsigned first, unsigned count)
{
	for (unsigned page = first; page < first + count; page++) {
		unsigned *seen = (unsigned *)pager_page(&pages[page]);
		number_pages(seen, page, 1);
		CHECK_OK(frame_map(table, pages[page], (void *)(BUFFER + page * PAGE_SIZE), F_MAP_PAGE | RW));
	}
}

static unsigned *take_back(unsigned first, unsigned count)
{
	unsigned va;
	int home = CHECK_OK(frame_find_place(count * PAGE_SIZE, &va));

	for (unsigned i = 0; i < count; i++)
		CHECK_OK(frame_map(home, pages[first + i], (void *)(va + i * PAGE_SIZE), F_MAP_PAGE | RW));
	return (unsigned *)va;
}

static const struct design design = {start, lend, take_back, NULL};

int main(void)
{
	return workload(&design, "kernel");
}
