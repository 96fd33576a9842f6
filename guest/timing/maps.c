/* Mapping and unmapping a batch of pages while 1, 16, 256, 1024, 4096 and 16384 others are mapped already.
 *
 * Lines: "start", then after all maps of a batch "map N", after touching what was mapped "touch N", and
 * after all unmaps "unmap N", N being how many others there are.  Arguments: batches for each N, the
 * largest N. */

#include "check.h"
#include "console.h"
#include "frames.h"
#include "space.h"
#include "tables.h"
#include "timing.h"

enum { BATCH = 64, MOST = 16384, TABLE_PAGES = 17, POOL_SIZE = 2 * (int)MIB };

#define READ_WRITE (F_MAP_READ | F_MAP_WRITE | F_MAP_NOEXEC)

static const unsigned levels[] = {1, 16, 256, 1024, 4096, MOST};

static int table;   /* spans the batch and, above it, the others */
static char *batch; /* where the batch is mapped */
static int frames[BATCH];

/* Room for a frame a page, and a table for all of them. */
static void prepare(unsigned most)
{
	unsigned span = TABLE_PAGES * L2_SPAN;

	CHECK_OK(frame_pool(CHECK_OK(frame_take(POOL_SIZE, PAGE_SIZE))));
	table = CHECK_OK(space_take_table(F_TABLE_L2, TABLE_PAGES * PAGE_SIZE));
	batch = (char *)space_find_span(own_l1(), span);
	CHECK(batch != NULL && (BATCH + most) * PAGE_SIZE <= span);
	CHECK_RESULT(frame_map(vspace_id(), table, batch, F_MAP_TABLE_L2), 0);
}

/* The page cut off the end of a frame that gets shorter so. */
static int cut_page(int f_id, unsigned *len)
{
	*len -= PAGE_SIZE;
	return CHECK_OK(frame_split(f_id, *len));
}

static void map_page(int f_id, char *va)
{
	CHECK_RESULT(frame_map(table, f_id, va, F_MAP_PAGE | READ_WRITE), 0);
}

static void say(const char *what, unsigned others)
{
	printf("%s %u\n", what, others);
}

static void time_batch(unsigned others)
{
	puts("start");
	for (unsigned i = 0; i < BATCH; i++)
		map_page(frames[i], batch + i * PAGE_SIZE);
	say("map", others);
	for (unsigned i = 0; i < BATCH; i++)
		*(volatile unsigned *)(batch + i * PAGE_SIZE) = i;
	say("touch", others);
	for (unsigned i = 0; i < BATCH; i++)
		CHECK_RESULT(frame_unmap(frames[i], F_MAP_PAGE), 0);
	say("unmap", others);
}

int main(int argc, char **argv)
{
	unsigned batches = argument(argc, argv, 1, 1);
	unsigned most = argument(argc, argv, 2, MOST);
	unsigned others = 0;

	prepare(most);
	unsigned len = (BATCH + most) * PAGE_SIZE;
	int memory = CHECK_OK(frame_take(len + PAGE_SIZE, PAGE_SIZE));
	len += PAGE_SIZE;
	for (unsigned i = 0; i < BATCH; i++)
		frames[i] = cut_page(memory, &len);
	for (unsigned level = 0; level < sizeof levels / sizeof levels[0] && levels[level] <= most; level++) {
		for (; others < levels[level]; others++) {
			char *va = batch + (BATCH + others) * PAGE_SIZE;
			map_page(cut_page(memory, &len), va);
			*(volatile unsigned *)va = others;
		}
		for (unsigned i = 0; i < batches; i++)
			time_batch(others);
	}
	return check_passed("maps");
}
