/* A program that is loaded page by page, when it is touched: nothing of it is there when it starts.
 *
 * What is mapped at the start is one page of three instructions, which name us as the fault handler and jump
 * to the program's entry point.  That faults, and so it begins.
 */

#include "callcheck.h"

#include <stdint.h>
#include <string.h>

#include "console.h"
#include "paging.h"

extern const unsigned char large_elf[];

#define STARTER 0x50000000u
#define INFO 0x50001000u
#define STACK_TOP 0x50010000u
#define STACK_LEN 0x4000u
#define RO (F_MAP_READ | F_MAP_NOEXEC)
#define RW (RO | F_MAP_WRITE)

/* Arm code: r0 is our pid; r1 the entry point, r2 what it shall find in r0. */
static const unsigned starter[] = {
	0xe1a04001,                          /* mov r4, r1 */
	0xe1a05002,                          /* mov r5, r2 */
	0xe3a0c000 | CALL_FAULT_HANDLER,     /* mov r12, #fault_handler */
	0xef000000,                          /* svc #0 */
	0xe1a00005,                          /* mov r0, r5 */
	0xe12fff14,                          /* bx r4 */
};

/* Of the ELF-32 specification: where the segments are. */
struct header {
	unsigned char ident[16];
	uint16_t type, machine;
	uint32_t version, entry, phoff, shoff, flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct segment {
	uint32_t type, offset, vaddr, paddr, filesz, memsz, flags, align;
};

static const struct header *header = (const struct header *)large_elf;

/* The segment that a page belongs to; each has pages of its own. */
static const struct segment *segment_of(unsigned page)
{
	const struct segment *at = (const struct segment *)(large_elf + header->phoff);

	for (unsigned i = 0; i < header->phnum; i++, at++)
		if (at->type == 1 && page + PAGE_SIZE > at->vaddr && page < at->vaddr + at->memsz)
			return at;
	return NULL;
}

/* Put into a page what the file has for it: a segment may begin and end inside a page. */
static void fill_page(char *seen, unsigned page, const struct segment *segment)
{
	unsigned from = page > segment->vaddr ? page : segment->vaddr;
	unsigned file_end = segment->vaddr + segment->filesz;
	unsigned to = page + PAGE_SIZE < file_end ? page + PAGE_SIZE : file_end;

	if (to > from)
		memcpy(seen + (from - page), large_elf + segment->offset + (from - segment->vaddr), to - from);
}

static unsigned rights_of(const struct segment *segment)
{
	return F_MAP_READ | (segment->flags & 2 ? F_MAP_WRITE : 0) | (segment->flags & 1 ? 0 : F_MAP_NOEXEC);
}

static struct space space;
static unsigned loaded;

static bool handle(const struct fault *fault)
{
	unsigned page = fault->va & ~(PAGE_SIZE - 1), rights = RW;
	const struct segment *segment = segment_of(page);
	int f_id;

	if (fault->kind != FAULT_MEMORY_ACCESS
	    || (segment == NULL && STACK_TOP - 1 - fault->va >= STACK_LEN))
		return false;
	char *seen = pager_page(&f_id);
	CHECK(seen != NULL);
	if (segment != NULL) {
		fill_page(seen, page, segment);
		rights = rights_of(segment);
		loaded++;
	}
	CHECK_OK(pager_show(&space, f_id, page, rights));
	return true;
}

static int start(void)
{
	struct start start = {.pc = STARTER, .sp = STACK_TOP, .r = {0, header->entry, INFO}};
	int f_id, pid;

	CHECK_OK(space_begin(&space));
	memcpy(pager_page(&f_id), starter, sizeof starter);
	CHECK_OK(pager_show(&space, f_id, STARTER, F_MAP_READ));
	struct boot_info *info = (struct boot_info *)pager_page(&f_id);
	memcpy(info->boot_args, "large x", 8);
	CHECK_OK(pager_show(&space, f_id, INFO, RO));
	pid = CHECK_OK(proc_new(CHECK_OK(frame_take(2 * PAGE_SIZE, PAGE_SIZE))));
	CHECK_OK(vspace_lend(pid, space.l1));
	CHECK_OK(send(pid, &start));
	return pid;
}

static unsigned pages_of_program(void)
{
	unsigned pages = 0;

	for (unsigned page = 0; page < 0x01000000; page += PAGE_SIZE)
		pages += segment_of(page) != NULL;
	return pages;
}

int main(void)
{
	struct event event;
	int pid = start();

	for (;;) {
		CHECK_OK(pager_next(&event));
		if (event.kind == EVENT_DEATH)
			break;
		CHECK_OK(handle(&event.fault) ? pager_retry(pid) : pager_end(pid));
	}
	CHECK(event.death.how == DEATH_EXITED && event.death.status == 42);
	printf("%u of %u pages were loaded\n", loaded, pages_of_program());
	CHECK(loaded < 16 && pages_of_program() > 128);
	return check_passed("load");
}
