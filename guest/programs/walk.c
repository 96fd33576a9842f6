/* Reads its own address space out of the tables that the kernel lets it see. */

#include "check.h"
#include "console.h"
#include "frames.h"
#include "tables.h"

static const char *const kinds[] = {
	[ENTRY_SECTION] = "sections", [ENTRY_SUPERSECTION] = "supersections",
	[ENTRY_LARGE_PAGE] = "large pages", [ENTRY_SMALL_PAGE] = "small pages",
};

static void print_run(const struct run *run)
{
	printf("%08x-%08x -> %08x  %c%c%c  %s\n", run->va, run->va + run->len - 1, run->pa,
	       run->flags & F_MAP_READ ? 'r' : '-', run->flags & F_MAP_WRITE ? 'w' : '-',
	       run->flags & F_MAP_NOEXEC ? '-' : 'x', kinds[run->kind]);
}

static void check_page(const struct frame *frame, unsigned at)
{
	unsigned va = frame->v_va + at;
	struct entry entry;

	CHECK(find_entry(va, &entry));
	CHECK(entry.pa + va % entry.size == frame->pa + at);
	CHECK((entry.flags & F_MAP_WRITE) == (frame->v_flags & F_MAP_WRITE));
}

/* Both ends of every frame that frame_info says we see are where the tables say they are. */
static void check_frames_agree(void)
{
	struct frame frame;

	for (unsigned i = 0; frame_info(i, &frame) == 0; i++) {
		if (frame_is_viewed(&frame)) {
			check_page(&frame, 0);
			check_page(&frame, frame.len - PAGE_SIZE);
		}
	}
}

int main(void)
{
	struct run run;
	unsigned pages = 0;

	for (unsigned va = 0; find_run(va, &run); va = run.va + run.len) {
		print_run(&run);
		pages += run.len / PAGE_SIZE;
	}
	printf("%u pages\n", pages);
	check_frames_agree();
	return check_passed("walk");
}
