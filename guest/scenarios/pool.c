/* A child fills the kernel's pool, pays for more room with a page, and uses that; after its end the page
 * is still the kernel's, and the room is everybody's. */

#include "callcheck.h"

#include "console.h"
#include "process.h"

#define OBJECTS_A_PAGE 64

static int grow_pool(int unused)
{
	(void)unused;
	CHECK_RESULT(recv(&(struct message){{0}}), 0);
	int page = take(1), cut = take(OBJECTS_A_PAGE + 2);
	CHECK(pool_fill() > 0);
	CHECK_RESULT(frame_split(cut, PAGE_SIZE), E_POOL_FULL);
	CHECK_RESULT(frame_pool(page), OBJECTS_A_PAGE);
	CHECK_REFUSED(frame_map(look(vspace_id()).v_id, page, (void *)SPACE_AREA, READ_ONLY), E_WRONG_TYPE);
	for (int i = 0; i < OBJECTS_A_PAGE; i++)
		cut = CHECK_OK(frame_split(cut, PAGE_SIZE));
	CHECK_RESULT(frame_split(cut, PAGE_SIZE), E_POOL_FULL);
	pool_empty();
	frame_merge_free();
	CHECK_OK(send(0, &(struct message){{page}}));
	return 0;
}

static unsigned room(void)
{
	unsigned objects = pool_fill();

	pool_empty();
	frame_merge_free();
	return objects;
}

int main(void)
{
	unsigned before = room();
	int frames = frame_count();
	int child = CHECK_OK(process_run(grow_pool, 0));
	struct message message = {{0}};

	CHECK_OK(frame_give(CHECK_OK(frame_take(12 * MIB, MIB)), child));
	CHECK_OK(send(child, &message));
	CHECK_RESULT(recv(&message), child);
	CHECK_OK(process_wait(child));
	frame_merge_free();

	CHECK(look(message.words[0]).type == FRAME_POOL);
	CHECK_REFUSED(frame_give(message.words[0], child), E_NO_PROCESS);
	CHECK_REFUSED(frame_pool(message.words[0]), E_WRONG_TYPE);
	unsigned more = (unsigned)(frame_count() - frames); /* around the pool's page memory is cut */
	CHECK(room() == before + OBJECTS_A_PAGE - more);
	return check_passed("pool");
}
