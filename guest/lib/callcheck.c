/* What the programs that check the kernel's calls share. */

#include "callcheck.h"

#include <stdint.h>

#include "tables.h"

/* FNV-1a, a word at a time. */
static unsigned mix(unsigned hash, const unsigned *words, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		hash = (hash ^ words[i]) * 16777619u;
	return hash;
}

unsigned visible_state(void)
{
	struct frame frame;
	unsigned hash = 2166136261u;

	for (unsigned i = 0; frame_info(i, &frame) == 0; i++) {
		hash = mix(hash, (const unsigned *)&frame, sizeof frame / sizeof(unsigned));
		if (!frame_is_table(&frame, F_TABLE_NO) && space_sees(&frame))
			hash = mix(hash, (const unsigned *)frame.v_va, frame.len / sizeof(unsigned));
	}
	return hash;
}

struct frame look(int f_id)
{
	struct frame frame;

	CHECK_OK(frame_lookup(f_id, &frame));
	return frame;
}

int take(unsigned pages)
{
	return CHECK_OK(frame_take(pages * PAGE_SIZE, PAGE_SIZE));
}

void *see(int f_id, unsigned rights)
{
	void *seen = space_see(f_id, rights);

	CHECK(seen != NULL);
	return seen;
}

int take_table(unsigned type, unsigned pages)
{
	return CHECK_OK(space_take_table(type, pages * PAGE_SIZE));
}

static uint32_t pattern(unsigned seed, size_t i)
{
	return (seed + 1) * 2654435761u + (uint32_t)i * 40503u;
}

void fill(void *at, size_t len, unsigned seed)
{
	volatile uint32_t *words = at;

	for (size_t i = 0; i < len / sizeof *words; i++)
		words[i] = pattern(seed, i);
}

void check_filled(const void *at, size_t len, unsigned seed)
{
	const volatile uint32_t *words = at;

	for (size_t i = 0; i < len / sizeof *words; i++)
		CHECK(words[i] == pattern(seed, i));
}

void check_zero(const void *at, size_t len)
{
	const volatile uint32_t *words = at;

	for (size_t i = 0; i < len / sizeof *words; i++)
		CHECK(words[i] == 0);
}

void check_view(int f_id)
{
	const unsigned rights = F_MAP_READ | F_MAP_WRITE | F_MAP_NOEXEC;
	struct frame frame = look(f_id);
	struct run run;

	CHECK(frame_is_viewed(&frame));
	CHECK(find_run(frame.v_va, &run));
	CHECK(run.va == frame.v_va && run.pa == frame.pa && run.len >= frame.len);
	CHECK(run.flags == (frame.v_flags & rights));
	CHECK(run.kind == (frame.v_flags & F_MAP_SECTION ? ENTRY_SECTION : ENTRY_SMALL_PAGE));
}

void check_hole(const void *va)
{
	struct entry entry;

	CHECK(!find_entry((unsigned)va, &entry));
	CHECK_RESULT(console_write(va, 1), E_BAD_POINTER);
}

/* A page with nothing mapped behind it. */
static char *page_before_hole(void)
{
	static char *seen;
	unsigned va;

	if (seen == NULL) {
		int table = CHECK_OK(frame_find_place(2 * PAGE_SIZE, &va));
		CHECK_OK(frame_map(table, take(1), (void *)va, READ_WRITE));
		seen = (char *)va;
	}
	return seen;
}

void *bad_pointer(unsigned which, size_t len)
{
	static const char constant[] = "nobody writes here";

	switch (which) {
	case 0:
		return NULL;
	case 1:
		return (void *)KERNEL_VA;
	case 2: /* from the stack's last bytes into the kernel */
		return (void *)(KERNEL_VA - len / 2);
	case 3: /* once round the address space */
		return (void *)(0u - len / 2);
	case 4:
		return page_before_hole() + PAGE_SIZE - len + 1;
	case 5:
		return page_before_hole() + PAGE_SIZE;
	case 6:
		return (void *)((unsigned)bad_pointer & ~1u);
	case 7:
		return (void *)constant;
	default:
		return (void *)look(vspace_id()).v_va;
	}
}

/* What the pool was filled with: a large frame cut to pages from below, the last being the rest. */
static int pieces[2048];
static unsigned piece_count;

unsigned pool_fill(void)
{
	int result = take(sizeof pieces / sizeof pieces[0]);

	do {
		pieces[piece_count++] = result;
		result = frame_split(result, PAGE_SIZE);
	} while (result >= 0);
	CHECK_RESULT(result, E_POOL_FULL);
	return piece_count - 1;
}

void pool_release(unsigned count)
{
	for (; count > 0; count--) {
		CHECK(piece_count > 1);
		piece_count--;
		CHECK_OK(frame_merge(pieces[piece_count - 1], pieces[piece_count]));
	}
}

void pool_empty(void)
{
	pool_release(piece_count - 1);
	piece_count = 0;
}

int device_frame(void)
{
	struct frame frame;

	for (unsigned i = 0; frame_info(i, &frame) == 0; i++)
		if (frame.type == FRAME_IO)
			return frame.f_id;
	return NO_ID;
}
