/* A frame goes from the parent through the hands of three siblings, without the parent's doing. */

#include "callcheck.h"

#include "process.h"

#define SIBLINGS 3
#define PAGES 3

/* First comes who is next; then, from whoever is before us, the frame. */
static int pass_on(int number)
{
	struct message message;

	CHECK_RESULT(recv(&message), 0);
	int next = message.words[0];
	CHECK_OK(recv(&message));
	int f_id = message.words[0];
	char *seen = see(f_id, READ_WRITE);
	check_filled(seen, PAGES * PAGE_SIZE, (unsigned)number - 1);
	fill(seen, PAGES * PAGE_SIZE, (unsigned)number);
	if (next == 0) {
		CHECK_REFUSED(frame_give(f_id, 0), E_NOT_ALLOWED); /* up to the parent it goes otherwise */
		return 0;
	}
	CHECK_RESULT(frame_give(f_id, next), f_id);
	check_hole(seen);
	CHECK_REFUSED(frame_give(f_id, next), E_NO_FRAME);
	CHECK_OK(send(next, &message));
	return 0;
}

int main(void)
{
	int pids[SIBLINGS + 1] = {0}, f_id = take(PAGES);

	for (int i = 0; i < SIBLINGS; i++)
		pids[i] = CHECK_OK(process_run(pass_on, i + 1));
	for (int i = 0; i < SIBLINGS; i++)
		CHECK_OK(send(pids[i], &(struct message){{pids[i + 1]}}));
	fill(see(f_id, READ_WRITE), PAGES * PAGE_SIZE, 0);
	CHECK_OK(frame_give(f_id, pids[0]));
	CHECK_OK(send(pids[0], &(struct message){{f_id}}));
	for (int i = 0; i < SIBLINGS; i++)
		CHECK_OK(process_wait(pids[i]));
	/* The last had it when it ended, so it is ours again. */
	check_filled(see(f_id, READ_ONLY), PAGES * PAGE_SIZE, SIBLINGS);
	return check_passed("siblings");
}
