/* The first design: parts of frames are mapped, frame_map(pid, f_id, offset, len, addr, flags), and each
 * mapping is a segment with an id.  The records of segments lie in frames that are given for that.
 *
 * Over the kernel each segment is a frame of its own, split off.  So a byte is in one segment at most.
 */

#include "workload.h"

/* --- The design's calls, over the kernel's --- */

#define SEGMENT_READ (1 << 1)
#define SEGMENT_WRITE (1 << 2)

struct segment {
	int s_id, f_id;
	size_t offset, len;
	void *va;
	int piece; /* the kernel's frame */
};

static struct program program;
static int child_pid;
static struct segment *records; /* in a frame of segment space */
static unsigned room, count;

/* Turns a frame into space for segment structures. */
static int frame_segment_space(int pid, int f_id)
{
	(void)pid;
	struct frame frame = look(f_id);

	records = space_see(f_id, RW);
	room = frame.len / sizeof *records;
	return records == NULL ? E_ENTRY_IN_USE : 0;
}

/* The piece of a frame that is [offset, offset + len), cut out of whatever piece holds it now. */
static int piece_of(int f_id, size_t offset, size_t len)
{
	struct frame whole = look(f_id), part;
	unsigned pa = whole.pa + offset;

	if (!frame_at(pa, &part) || frame_is_viewed(&part))
		return E_MAPPED;
	int piece = part.pa == pa ? part.f_id : frame_split(part.f_id, pa - part.pa);
	if (piece >= 0 && look(piece).len > len) {
		int rest = frame_split(piece, len);
		if (rest < 0)
			return rest;
	}
	return piece;
}

static int segment_map(int pid, int f_id, size_t offset, size_t len, void *addr, int flags)
{
	unsigned rights = RO | (flags & SEGMENT_WRITE ? F_MAP_WRITE : 0), va;

	if (count == room)
		return E_POOL_FULL;
	int piece = piece_of(f_id, offset, len);
	if (piece < 0)
		return piece;
	int result = pid == child_pid
	                     ? space_map(&program.space, piece, (unsigned)addr, rights)
	                     : frame_map(frame_find_place(len, &va), piece, addr, F_MAP_PAGE | rights);
	if (result < 0)
		return result;
	records[count] = (struct segment){(int)count, f_id, offset, len, addr, piece};
	return (int)count++;
}

static int segment_unmap(int pid, int s_id)
{
	(void)pid;
	return frame_unmap(records[s_id].piece, F_MAP_PAGE);
}

#define frame_map segment_map

/* --- The workload: one frame of eight pages, and segments of it --- */

static int buffer, first_half, second_half;

static int start(int (*child)(int))
{
	CHECK_OK(frame_segment_space(0, take(1)));
	buffer = take(8);
	CHECK_OK(program_copy_lent(&program, child, 0));
	return child_pid = CHECK_OK(program_start(&program, PROCESS_LENT));
}

static void lend(unsigned first, unsigned pages)
{
	size_t offset = first * PAGE_SIZE, len = pages * PAGE_SIZE;
	unsigned va;

	CHECK_OK(frame_find_place(len, &va));
	int ours = CHECK_OK(frame_map(0, buffer, offset, len, (void *)va, SEGMENT_READ | SEGMENT_WRITE));
	number_pages((unsigned *)va, first, pages);
	CHECK_OK(segment_unmap(0, ours));
	int s_id = CHECK_OK(frame_map(child_pid, buffer, offset, len, (void *)(BUFFER + offset),
	                              SEGMENT_READ | SEGMENT_WRITE));
	*(first == 0 ? &first_half : &second_half) = s_id;
}

/* A segment goes as a whole: what the child is to keep of it is mapped again. */
static unsigned *take_back(unsigned first, unsigned pages)
{
	size_t offset = first * PAGE_SIZE, len = pages * PAGE_SIZE;
	unsigned va;

	CHECK_OK(segment_unmap(child_pid, second_half));
	if (first > 0)
		second_half = CHECK_OK(frame_map(child_pid, buffer, 4 * PAGE_SIZE, offset - 4 * PAGE_SIZE,
		                                 (void *)(BUFFER + 4 * PAGE_SIZE), SEGMENT_READ | SEGMENT_WRITE));
	else
		CHECK_OK(segment_unmap(child_pid, first_half));
	CHECK_OK(frame_find_place(len, &va));
	if (first > 0) {
		CHECK_OK(frame_map(0, buffer, offset, len, (void *)va, SEGMENT_READ));
		return (unsigned *)va;
	}
	CHECK_OK(frame_map(0, buffer, 0, 4 * PAGE_SIZE, (void *)va, SEGMENT_READ));
	CHECK_OK(frame_map(0, buffer, 4 * PAGE_SIZE, len - 4 * PAGE_SIZE, (void *)(va + 4 * PAGE_SIZE), SEGMENT_READ));
	return (unsigned *)va;
}

static const struct design design = {start, lend, take_back, NULL};

int main(void)
{
	return workload(&design, "segments");
}
