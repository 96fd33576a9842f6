/* allocator [N]: N random operations on the frame allocator, a million if not told; nothing is lost, and
 * memory is never in more pieces than it must be.
 *
 * The bounds that are checked after every operation: free and used bytes are together all there ever were;
 * there are at most as many free pieces as frames in use, and one more, since two that touched would
 * be one; and what was refused fitted into none of them.  Now and then all of memory is looked at.
 */

#include "callcheck.h"

#include <stdbool.h>
#include <stdint.h>

#include "console.h"
#include "frames.h"

enum { MOST = 300 };

static struct used {
	int f_id;
	unsigned len;
} used[MOST];
static unsigned used_count, used_bytes;

static uint32_t random_word(void)
{
	static uint32_t state = 12345;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

/* Mostly small, some large. */
static unsigned random_len(void)
{
	unsigned pages = 1 + random_word() % 8;

	switch (random_word() % 16) {
	case 0:
		pages = 1 + random_word() % 600;
		break;
	case 1:
	case 2:
		pages = 1 + random_word() % 64;
		break;
	}
	return pages * PAGE_SIZE;
}

static void take_one(void)
{
	unsigned len = random_len(), align = PAGE_SIZE << (random_word() % 8 == 0 ? random_word() % 6 : 0);
	int f_id = frame_take(len, align);

	if (f_id == E_OUT_OF_RANGE) {
		if (align == PAGE_SIZE)
			CHECK(alloc_state().largest < len);
		return;
	}
	CHECK_OK(f_id);
	used[used_count++] = (struct used){f_id, len};
	used_bytes += len;
	if (random_word() % 64 == 0) {
		struct frame frame = look(f_id);
		CHECK(frame.len == len && frame.pa % align == 0);
	}
}

static void free_one(void)
{
	unsigned at = random_word() % used_count;

	CHECK_RESULT(frame_free(used[at].f_id), 0);
	used_bytes -= used[at].len;
	used[at] = used[--used_count];
}

/* Of all frames that we own, those in use are as long as they were, and the rest are the free ones. */
static void look_at_everything(unsigned total)
{
	struct frame frame;
	unsigned free = 0, in_use = 0;

	for (unsigned i = 0; frame_info(i, &frame) == 0; i++)
		if (frame.type == FRAME_MEM && !frame_is_viewed(&frame) && frame_is_table(&frame, F_TABLE_NO))
			free += frame.len;
	for (unsigned i = 0; i < used_count; i++) {
		CHECK(look(used[i].f_id).len == used[i].len);
		in_use += used[i].len;
	}
	CHECK(in_use == used_bytes);
	CHECK(free >= total && free <= total + PAGE_SIZE); /* with the page that is kept for room */
}

int main(int argc, char **argv)
{
	unsigned operations = 1000000, refused = 0;

	if (argc > 1)
		for (operations = 0; *argv[1] >= '0' && *argv[1] <= '9'; argv[1]++)
			operations = operations * 10 + (unsigned)(*argv[1] - '0');
	frame_keep_room();
	int first = CHECK_OK(frame_take(PAGE_SIZE, PAGE_SIZE));

	CHECK_RESULT(frame_free(first), 0);
	CHECK(frame_free(first) < 0); /* it is free already, or no more */
	unsigned total = alloc_state().free, most = 0;
	for (unsigned i = 0; i < operations; i++) {
		unsigned before = used_count;
		/* In phases memory fills and empties. */
		bool fill = (unsigned)(random_word() % 100) < (i / 2000 % 2 == 0 ? 65u : 35u);
		if (used_count == 0 || (fill && used_count < MOST))
			take_one();
		else
			free_one();
		refused += used_count == before;
		struct alloc_state state = alloc_state();
		CHECK(state.free + used_bytes == total);
		CHECK(state.pieces <= used_count + 2); /* the page kept for room lies between two, too */
		if (state.pieces > most)
			most = state.pieces;
		if (i % 20000 == 0)
			look_at_everything(total);
	}
	while (used_count > 0)
		free_one();
	struct alloc_state state = alloc_state();
	CHECK(state.free == total && state.pieces <= 2);
	printf("%u operations, %u refused, at most %u free pieces\n", operations, refused, most);
	return check_passed("allocator");
}
