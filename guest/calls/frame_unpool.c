/* frame_unpool: what was paid for room comes back, zeroed, when nothing needs the room. */

#include "callcheck.h"

#include "process.h"

#define OBJECTS_A_PAGE 64

static void check_there_and_back(void)
{
	int f_id = take(3);

	fill(see(f_id, READ_WRITE), 3 * PAGE_SIZE, 9);
	CHECK_OK(frame_unmap(f_id, F_MAP_PAGE));
	CHECK_RESULT(frame_pool(f_id), 3 * OBJECTS_A_PAGE);
	CHECK_RESULT(frame_unpool(f_id), 0);
	CHECK(look(f_id).type == FRAME_MEM && look(f_id).len == 3 * PAGE_SIZE);
	check_zero(see(f_id, READ_WRITE), 3 * PAGE_SIZE);
	CHECK_REFUSED(frame_unpool(f_id), E_WRONG_TYPE);
}

static void check_refusals(void)
{
	int memory = take(1), device = device_frame();

	CHECK_REFUSED(frame_unpool(NO_SUCH_ID), E_NO_FRAME);
	CHECK_REFUSED(frame_unpool(NO_ID), E_NO_FRAME);
	CHECK_REFUSED(frame_unpool(memory), E_WRONG_TYPE);
	CHECK_REFUSED(frame_unpool(vspace_id()), E_WRONG_TYPE);
	CHECK_REFUSED(frame_unpool(device), E_WRONG_TYPE);
}

/* Not while the room is used; one object too many is one too many. */
static void check_used_room(void)
{
	int spare = take(1), cut = take(2);

	CHECK_OK(frame_pool(spare));
	pool_fill();
	pool_release(OBJECTS_A_PAGE - 1);
	CHECK_REFUSED(frame_unpool(spare), E_POOL_FULL);
	pool_release(1);
	CHECK_OK(frame_unpool(spare));
	CHECK_REFUSED(frame_split(cut, PAGE_SIZE), E_POOL_FULL);
	pool_empty();
}

/* A child burns its memory for kernel objects and ends: its parent gets the memory back. */
static int burn(int unused)
{
	struct message message;

	(void)unused;
	CHECK_RESULT(recv(&message), 0);
	CHECK_OK(frame_pool(message.words[0]));
	return 0;
}

static void check_inheritance(void)
{
	int child = CHECK_OK(process_run(burn, 0)), memory = take(16);

	CHECK_OK(frame_give(memory, child));
	CHECK_OK(send(child, &(struct message){{memory}}));
	CHECK_OK(process_wait(child));
	CHECK(look(memory).type == FRAME_POOL);
	CHECK_OK(frame_unpool(memory));
	CHECK(look(memory).type == FRAME_MEM);
}

int main(void)
{
	check_refusals();
	check_there_and_back();
	check_used_room();
	check_inheritance();
	return check_passed("frame_unpool");
}
