/* The first program: says where it woke up and what it has been given. */

#include "console.h"
#include "frames.h"
#include "start.h"

static const char *const types[] = {
	[FRAME_IO] = "device", [FRAME_MEM] = "memory", [FRAME_PROC] = "process", [FRAME_POOL] = "pool",
};

static void print_size(unsigned bytes)
{
	if (bytes >= MIB)
		printf("%4u.%u MiB", bytes / MIB, bytes % MIB * 10 / MIB);
	else
		printf("%6u KiB", bytes / 1024);
}

/* What the frame is to us: a table, something we see, or free. */
static void print_use(const struct frame *frame)
{
	if (frame_is_table(frame, F_TABLE_L1))
		printf("  L1 table");
	else if (frame_is_table(frame, F_TABLE_L2) && frame_is_hung(frame))
		printf("  L2 table for %08x", frame->t_va);
	else if (!frame_is_viewed(frame))
		printf("  free");
	if (frame_is_viewed(frame))
		printf("  seen at %08x %s", frame->v_va, frame->v_flags & F_MAP_WRITE ? "rw" : "r");
}

static void print_frame(const struct frame *frame)
{
	printf("  %3d  %-8s %08x ", frame->f_id, types[frame->type], frame->pa);
	print_size(frame->len);
	print_use(frame);
	putchar('\n');
}

static unsigned total_memory(void)
{
	struct frame frame;
	unsigned total = 0;

	for (int i = 0; frame_info(i, &frame) == 0; i++)
		if (frame.type == FRAME_MEM)
			total += frame.len;
	return total;
}

int main(void)
{
	struct frame frame;

	puts("Hello from the first process.\n");
	printf("The kernel keeps ");
	print_size(boot_info->kernel_len);
	printf(" at %08x for itself.\nAll the rest, ", boot_info->kernel_start);
	print_size(total_memory());
	printf(", is mine, in %d frames:\n\n", frame_count());
	puts("   id  type     physical        size  use");
	for (int i = 0; frame_info(i, &frame) == 0; i++)
		print_frame(&frame);
	printf("\nMy address space is the L1 table in frame %d.\n", vspace_id());
	return 0;
}
