/* Mistake: memory is used at an address for which there is no L2 table; nobody looked at the result
 * of the call that should have mapped it. */

#include "console.h"
#include "space.h"

#define BUFFER ((volatile int *)0x40000000)

static void map_buffer(int table)
{
	int f_id = frame_take(PAGE_SIZE, PAGE_SIZE);

	frame_map(table, f_id, (void *)BUFFER, F_MAP_READ | F_MAP_WRITE);
}

static void fill(volatile int *buffer, int value)
{
	for (unsigned i = 0; i < PAGE_SIZE / sizeof *buffer; i++)
		buffer[i] = value;
}

int main(void)
{
	unsigned unused;

	map_buffer(frame_find_place(PAGE_SIZE, &unused));
	fill(BUFFER, 7);
	return 0;
}
