/* What we own: all memory, as frames. */

#include "console.h"
#include "kernel.h"

int main(void)
{
	struct frame frame;

	for (int i = 0; frame_info((unsigned)i, &frame) == 0; i++)
		printf("frame %d: %u KiB\n", frame.f_id, frame.len / 1024);
	return 0;
}
