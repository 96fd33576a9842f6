/* The same start-up and calls beneath newlib: printf, malloc and qsort as on any system. */

#include <stdio.h>
#include <stdlib.h>

#include "kernel.h"

static int by_length(const void *left, const void *right)
{
	const struct frame *a = left, *b = right;

	return (a->len > b->len) - (a->len < b->len);
}

int main(void)
{
	enum { MOST = 100 };
	struct frame *frames = malloc(MOST * sizeof *frames);
	int count = frame_count(); /* with the frames that the heap has become */
	double total = 0;

	if (frames == NULL || count > MOST)
		return EXIT_FAILURE;
	for (int i = 0; i < count; i++) {
		if (frame_info((unsigned)i, &frames[i]) != 0)
			return EXIT_FAILURE;
		total += frames[i].len;
	}
	qsort(frames, (size_t)count, sizeof *frames, by_length);
	printf("%d frames from %u to %u bytes, %.3f MiB in all\n", count, frames[0].len,
	       frames[count - 1].len, total / (1 << 20));
	free(frames);
	return EXIT_SUCCESS;
}
