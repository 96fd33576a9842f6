/* Mistake: a mapping that can be written and not read, which there is not. */

#include "console.h"
#include "space.h"

static int map_for_writing(int f_id)
{
	unsigned va;
	int table = frame_find_place(PAGE_SIZE, &va);

	return frame_map(table, f_id, (void *)va, F_MAP_PAGE | F_MAP_WRITE);
}

int main(void)
{
	int result = map_for_writing(frame_take(PAGE_SIZE, PAGE_SIZE));

	printf("map_for_writing: %s\n", error_name(result));
	return result != 0;
}
