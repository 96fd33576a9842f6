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

/* Every page of every frame that frame_info says we see is where the tables say it is. */
static void check_frames_agree(void)
{
	struct frame frame;
	struct entry entry;

	for (unsigned i = 0; frame_info(i, &frame) == 0; i++) {
		for (unsigned at = 0; frame_is_viewed(&frame) && at < frame.len; at += PAGE_SIZE) {
			unsigned va = frame.v_va + at;
			CHECK(find_entry(va, &entry));
			CHECK(entry.pa + va % entry.size == frame.pa + at);
			CHECK((entry.flags & F_MAP_WRITE) == (frame.v_flags & F_MAP_WRITE));
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
