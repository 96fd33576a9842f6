/* The allocator of frames: best fit. */

#include "alloc.h"

#include <stdbool.h>
#include <string.h>

#include "frames.h"

#define MOST 512 /* free frames that are recorded; what is more waits for frame_merge_free */

/* In order of addresses; no two touch. */
static struct piece {
	unsigned pa, len;
	int f_id;
} pieces[MOST];
static unsigned count;

/* The vspace of the process whose free frames these are: a copy of a program begins with its parent's. */
static int home = NO_ID;
static int reserve = NO_ID; /* the page for frame_keep_room */

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

/* Join the piece at an index to the next, if they touch. */
static bool join(unsigned at)
{
	struct piece *low = &pieces[at], *high = low + 1;

	if (at + 1 >= count || low->pa + low->len != high->pa || frame_merge(low->f_id, high->f_id) < 0)
		return false;
	low->len += high->len;
	remove_at(at + 1);
	return true;
}

/* Record a piece of which nothing is recorded yet.  Its index, or MOST if there is no room. */
static unsigned insert(unsigned pa, unsigned len, int f_id)
{
	unsigned at = find(pa);

	if (count == MOST)
		return MOST;
	memmove(&pieces[at + 1], &pieces[at], (count++ - at) * sizeof pieces[0]);
	pieces[at] = (struct piece){pa, len, f_id};
	return at;
}

static void insert_joined(unsigned pa, unsigned len, int f_id)
{
	unsigned at = insert(pa, len, f_id);

	if (at == MOST)
		return;
	join(at);
	if (at > 0)
		join(at - 1);
}

/* Record the free frames anew as they are.  Whether there was room for all of them. */
static bool record_all(void)
{
	struct frame frame;

	count = 0;
	for (unsigned i = 0; frame_info(i, &frame) == 0; i++)
		if (frame_is_free(&frame) && insert(frame.pa, frame.len, frame.f_id) == MOST)
			return false;
	return true;
}

/* Join all pieces that touch.  Whether there were any. */
static bool join_all(void)
{
	unsigned before = count;

	for (unsigned at = 0; at < count; at++)
		while (join(at))
			;
	return count < before;
}

void frame_merge_free(void)
{
	bool all, joined;

	home = vspace_id();
	reserve = NO_ID;
	do {
		all = record_all();
		joined = join_all();
	} while (!all && joined);
}

/* Begin with what is free, if this process has not done so.  Whether that was now. */
static bool begin(void)
{
	if (home == vspace_id())
		return false;
	frame_merge_free();
	return true;
}

/* Where the last len bytes of a piece begin that are aligned.  False if it cannot hold them. */
static bool place(const struct piece *piece, unsigned len, unsigned align, unsigned *pa)
{
	*pa = (piece->pa + piece->len - len) & ~(align - 1);
	return piece->len >= len && *pa >= piece->pa;
}

/* The order in which pieces are tried: the smaller first, and the lower of two alike. */
static bool precedes(const struct piece *piece, const struct piece *other)
{
	return piece->len < other->len || (piece->len == other->len && piece->pa < other->pa);
}

/* The first piece after `last`, in that order, that can hold it: an index, or count. */
static unsigned next_best(const struct piece *last, unsigned len, unsigned align)
{
	unsigned found = count, pa;

	for (unsigned i = 0; i < count; i++)
		if (pieces[i].len >= len && precedes(last, &pieces[i])
		    && (found == count || precedes(&pieces[i], &pieces[found]))
		    && place(&pieces[i], len, align, &pa))
			found = i;
	return found;
}

/* Put the record of a piece right: a program may have cut or mapped the frame itself.  Not if the frame is
 * not ours, for a thread takes no frames of its owner's. */
static enum { CURRENT, CORRECTED, NOT_OURS } correct(unsigned at)
{
	struct frame frame;

	if (frame_lookup(pieces[at].f_id, &frame) < 0)
		return NOT_OURS;
	if (!frame_is_free(&frame)) {
		remove_at(at);
		return CORRECTED;
	}
	if (pieces[at].len == frame.len)
		return CURRENT;
	pieces[at].len = frame.len;
	return CORRECTED;
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

/* Cut the bytes [pa, pa + len) out of a piece; what is left of it stays free. */
static int cut(unsigned at, unsigned pa, unsigned len)
{
	struct piece whole = pieces[at];
	unsigned before = pa - whole.pa, after = whole.len - before - len;
	int taken = before > 0 ? split(whole.f_id, before) : whole.f_id;
	int rest = taken >= 0 && after > 0 ? split(taken, len) : taken;

	if (rest < 0) {
		if (taken >= 0 && before > 0)
			frame_merge(whole.f_id, taken);
		return rest;
	}
	remove_at(at);
	if (before > 0)
		insert(whole.pa, before, whole.f_id);
	if (after > 0)
		insert(pa + len, after, rest);
	return taken;
}

/* The smallest piece that can hold it and is what is recorded of it: an index, or count. */
static unsigned best(unsigned len, unsigned align)
{
	struct piece last = {.len = 0};
	unsigned at;

	while ((at = next_best(&last, len, align)) < count) {
		struct piece piece = pieces[at];
		int state = correct(at);
		if (state == CURRENT)
			break;
		if (state == NOT_OURS)
			last = piece;
	}
	return at;
}

int frame_take(unsigned len, unsigned align)
{
	unsigned size = (len + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1), pa;

	if (size == 0)
		return E_OUT_OF_RANGE;
	if (align < PAGE_SIZE)
		align = PAGE_SIZE;
	begin();
	unsigned at = best(size, align);
	if (at == count)
		return E_OUT_OF_RANGE;
	place(&pieces[at], size, align, &pa);
	return cut(at, pa, size);
}

void frame_keep_room(void)
{
	begin();
	if (reserve == NO_ID) {
		int page = frame_take(PAGE_SIZE, PAGE_SIZE);
		reserve = page < 0 ? NO_ID : page;
	}
}

int frame_free(int f_id)
{
	struct frame frame;
	int result = frame_lookup(f_id, &frame);

	if (result < 0)
		return result;
	if (frame.type != FRAME_MEM || !frame_is_table(&frame, F_TABLE_NO))
		return E_WRONG_TYPE;
	if (frame_is_viewed(&frame))
		return E_MAPPED;
	if (begin())
		return 0;
	unsigned at = find(frame.pa);
	if (f_id == reserve || (at < count && pieces[at].f_id == f_id))
		return E_ERR;
	insert_joined(frame.pa, frame.len, f_id);
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
