/* A program for the kernel, with newlib.  kernel.h has all the calls. */

#include <stdio.h>

#include "frames.h"
#include "kernel.h"

int main(int argc, char **argv)
{
	printf("Hello, %s\n", argc > 1 ? argv[1] : "world");

	/* All that a program owns are frames. */
	int count = frame_count();
	unsigned total = 0;
	for (int index = 0; index < count; index++) {
		struct frame frame;
		if (frame_info(index, &frame) == 0 && frame.type == FRAME_MEM)
			total += frame.len;
	}
	printf("%d frames, %u KiB of memory\n", count, total / 1024);
	return 0;
}
