/* stress: thousands of frames cut off, seen, written, found as they were, and joined again. */

#include "../system.h"

enum { ROUNDS = 3000, KEPT = 16 };

int main(void)
{
	int kept[KEPT];
	unsigned *seen[KEPT], random = 7, made = 0;

	system_begin();
	int memory = get_memory(64);
	if (memory < 0)
		return 1;
	for (int i = 0; i < KEPT; i++)
		kept[i] = NO_ID;
	for (unsigned round = 0; round < ROUNDS; round++) {
		random = random * 1664525 + 1013904223;
		unsigned at = random >> 28;
		struct frame rest;
		if (kept[at] == NO_ID && frame_lookup(memory, &rest) == 0 && rest.len > 0x1000) {
			kept[at] = frame_split(memory, rest.len - 0x1000);
			seen[at] = kept[at] < 0 ? NULL : space_see(kept[at], F_MAP_READ | F_MAP_WRITE | F_MAP_NOEXEC);
			if (seen[at] == NULL)
				return 1;
			seen[at][100] = random;
			seen[at][101] = at;
			made++;
		} else if (kept[at] != NO_ID) {
			if (seen[at][101] != at || frame_unmap(kept[at], F_MAP_PAGE) < 0)
				return 1;
			/* Only what lies next to the rest can be joined to it; the others wait in a row. */
			frame_merge_free();
			kept[at] = NO_ID;
			for (unsigned i = 0; frame_info(i, &rest) == 0; i++)
				if (rest.type == FRAME_MEM && !frame_is_viewed(&rest) && rest.t_flags == 0
				    && rest.len > 0x1000)
					memory = rest.f_id;
		}
	}
	print_number(made);
	print(" frames came and went\n");
	return 0;
}
