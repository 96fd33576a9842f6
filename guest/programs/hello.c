/* The first program: says where it woke up and what it has been given. */

#include "console.h"
#include "frames.h"
#include "start.h"

static void print_size(int width, unsigned bytes)
{
	if (bytes >= MIB)
		printf("%*u.%u MiB", width - 6, bytes / MIB, bytes % MIB * 10 / MIB);
	else
		printf("%*u KiB", width - 4, bytes / 1024);
}

static bool shows(const struct frame *frame, const void *thing)
{
	return frame_is_viewed(frame) && (unsigned)thing - frame->v_va < frame->len;
}

/* What a frame is to this program, told by what is seen through it. */
static const char *role(const struct frame *frame)
{
	static int variable;
	static const char constant[] = "constant";
	int local;

	if (frame_is_table(frame, F_TABLE_L1))
		return "my L1 table";
	if (frame_is_table(frame, F_TABLE_L2))
		return "L2 table";
	if (shows(frame, boot_info))
		return "boot information";
	if (shows(frame, (const void *)role))
		return "my code";
	if (shows(frame, constant))
		return "my constants";
	if (shows(frame, &variable))
		return "my variables";
	if (shows(frame, &local))
		return "my stack";
	return frame->type == FRAME_IO ? "device" : "free memory";
}

static void print_frame(const struct frame *frame)
{
	printf("%4d  %08x ", frame->f_id, frame->pa);
	print_size(11, frame->len);
	if (frame_is_viewed(frame))
		printf("  %08x %-2s ", frame->v_va, frame->v_flags & F_MAP_WRITE ? "rw" : "r");
	else
		printf("  %-12s", "nowhere");
	printf(" %s", role(frame));
	if (frame_is_table(frame, F_TABLE_L2))
		printf(" for %08x and up", frame->t_va);
	putchar('\n');
}

static unsigned total_memory(void)
{
	struct frame frame;
	unsigned total = 0;

	for (unsigned i = 0; frame_info(i, &frame) == 0; i++)
		if (frame.type == FRAME_MEM)
			total += frame.len;
	return total;
}

int main(void)
{
	struct frame frame;

	puts("Hello! I am the first process, and an Arm program like any other.");
	printf("The kernel keeps ");
	print_size(0, boot_info->kernel_len);
	printf(" of RAM. All the rest is mine: ");
	print_size(0, total_memory());
	printf(" in %d frames.\n\n", frame_count());
	puts("  id  physical        size  mapped       what it is");
	for (unsigned i = 0; frame_info(i, &frame) == 0; i++)
		print_frame(&frame);
	return 0;
}
