/* A page of memory: cut off a frame, and mapped in a table. */

#include "console.h"
#include "space.h"

int main(void)
{
	struct frame rest;
	unsigned va;

	frame_largest_free(&rest);
	int page = frame_split(rest.f_id, rest.len - PAGE_SIZE);
	int table = frame_find_place(PAGE_SIZE, &va);
	printf("frame_map: %d\n", frame_map(table, page, (void *)va, F_MAP_PAGE | F_MAP_READ | F_MAP_WRITE));
	*(int *)va = 42;
	printf("at %x there is %d\n", va, *(int *)va);
	return 0;
}
