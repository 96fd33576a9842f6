/* Mistake: an L2 table is hung at an address that is no multiple of 1 MiB. */

#include "console.h"
#include "space.h"

static int hang_table(unsigned va)
{
	int table = space_take_table(F_TABLE_L2, 0x1000);

	return frame_map(vspace_id(), table, (void *)va, F_MAP_TABLE_L2);
}

int main(void)
{
	int result = hang_table(0x40080000);

	printf("hang_table: %s\n", error_name(result));
	return result != 0;
}
