/* Memory by frames: best fit. */

#include "alloc.h"

#include <string.h>

#include "frames.h"

#define MOST 4096 /* free frames */

/* In order of addresses; no two touch. */
static struct piece {
	unsigned pa, len;
	int f_id;
} pieces[MOST];
static unsigned count;

static int reserve = NO_ID; /* a page to make room of when the account is full */
static bool begun;

/* The first piece at or above an address. */
static unsigned find(unsigned pa)
{
	unsigned low = 0, high = count;

	while (low < high) {
		unsigned middle = (low + high) / 2;
		if (pieces[middle].pa < pa)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void remove_at(unsigned at)
{
	memmove(&pieces[at], &pieces[at + 1], (--count - at) * sizeof pieces[0]);
}

/* Join the piece at an index to the one behind it, if they touch. */
static void join(unsigned at)
{
	struct piece *low = &pieces[at], *high = low + 1;

	if (at + 1 < count && low->pa + low->len == high->pa && frame_merge(low->f_id, high->f_id) >= 0) {
		low->len += high->len;
		remove_at(at + 1);
	}
}

static int insert(const struct frame *frame)
{
	unsigned at = find(frame->pa);

	if (count == MOST)
		return E_OUT_OF_RANGE;
	memmove(&pieces[at + 1], &pieces[at], (count++ - at) * sizeof pieces[0]);
	pieces[at] = (struct piece){frame->pa, frame->len, frame->f_id};
	join(at);
	if (at > 0)
		join(at - 1);
	return 0;
}

/* Split, if need be with room that the reserve is made into. */
static int split(int f_id, unsigned offset)
{
	int upper = frame_split(f_id, offset);

	if (upper == E_POOL_FULL && reserve != NO_ID && frame_pool(reserve) > 0) {
		reserve = NO_ID;
		upper = frame_split(f_id, offset);
	}
	return upper;
}

/* Where in a piece so many bytes lie, or its end where they do not fit. */
static unsigned place(const struct piece *piece, unsigned len, unsigned align)
{
	unsigned start = (piece->pa + align - 1) & ~(align - 1), end = piece->pa + piece->len;

	return start >= piece->pa && start < end && len <= end - start ? start : end;
}

/* The smallest piece that can hold it: an index, or count. */
static unsigned best(unsigned len, unsigned align)
{
	unsigned found = count;

	for (unsigned i = 0; i < count; i++)
		if (pieces[i].len >= len && (found == count || pieces[i].len < pieces[found].len)
		    && place(&pieces[i], len, align) < pieces[i].pa + pieces[i].len)
			found = i;
	return found;
}

/* Cut the bytes [pa, pa + len) out of a piece; what is left of it stays free. */
static int cut(unsigned at, unsigned pa, unsigned len)
{
	struct piece whole = pieces[at];
	unsigned before = pa - whole.pa, behind = whole.len - before - len;
	int taken = whole.f_id, upper = NO_ID;

	if (before > 0 && behind > 0 && count == MOST)
		return E_OUT_OF_RANGE;
	if (behind > 0 && (upper = split(whole.f_id, before + len)) < 0)
		return upper;
	if (before > 0 && (taken = split(whole.f_id, before)) < 0) {
		if (behind > 0)
			frame_merge(whole.f_id, upper);
		return taken;
	}
	remove_at(at);
	if (before > 0)
		insert(&(struct frame){.f_id = whole.f_id, .pa = whole.pa, .len = before});
	if (behind > 0)
		insert(&(struct frame){.f_id = upper, .pa = pa + len, .len = behind});
	return taken;
}

static int take(unsigned len, unsigned align)
{
	unsigned at = best(len, align);

	return at == count ? E_OUT_OF_RANGE : cut(at, place(&pieces[at], len, align), len);
}

static void begin(void)
{
	if (begun)
		return;
	begun = true;
	alloc_adopt_all();
}

int alloc_frame(unsigned len, unsigned align)
{
	begin();
	if (reserve == NO_ID) {
		int page = take(PAGE_SIZE, PAGE_SIZE);
		reserve = page < 0 ? NO_ID : page;
	}
	len = (len + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	return take(len, align < PAGE_SIZE ? PAGE_SIZE : align);
}

int alloc_adopt(int f_id)
{
	struct frame frame;
	int result = frame_lookup(f_id, &frame);

	if (result < 0)
		return result;
	if (frame.type != FRAME_MEM || !frame_is_table(&frame, F_TABLE_NO))
		return E_WRONG_TYPE;
	if (frame_is_viewed(&frame))
		return E_MAPPED;
	unsigned at = find(frame.pa);
	if (at < count && pieces[at].f_id == f_id)
		return E_ERR; /* it is free already */
	return insert(&frame);
}

int alloc_free(int f_id)
{
	begin();
	return alloc_adopt(f_id);
}

int alloc_adopt_all(void)
{
	struct frame frame;

	/* Joining takes frames out of the list, and others move down: until nothing new is found. */
	for (unsigned i = 0; frame_info(i, &frame) == 0; i++)
		if (frame.f_id != reserve && alloc_adopt(frame.f_id) == 0)
			i = (unsigned)-1;
	return 0;
}

struct alloc_state alloc_state(void)
{
	struct alloc_state state = {0, 0, count};

	for (unsigned i = 0; i < count; i++) {
		state.free += pieces[i].len;
		if (pieces[i].len > state.largest)
			state.largest = pieces[i].len;
	}
	return state;
}
