/* Code that is written, run, written anew and run again: at once, at other addresses, by others, and where
 * the kernel has put it.  What runs is always what was written last.
 *
 * On a processor with caches there would be maintenance between writing and running; this machine has none.
 */

#include "callcheck.h"

#include "console.h"
#include "process.h"

#define CODE (F_MAP_READ | F_MAP_WRITE)

/* In Arm code: mov r0, #value; bx lr. */
static void write_function(volatile unsigned *at, unsigned value)
{
	at[0] = 0xe3a00000 | value;
	at[1] = 0xe12fff1e;
}

static unsigned run(const volatile void *at)
{
	return ((unsigned (*)(void))(unsigned)at)();
}

/* Again and again at one place; also in the middle of what has run. */
static void rewrite(volatile unsigned *at)
{
	for (unsigned i = 0; i < 50; i++) {
		write_function(at, i);
		CHECK(run(at) == i);
	}
	for (unsigned i = 0; i < 8; i++)
		write_function(at + 2 * i, 100 + i);
	for (unsigned i = 0; i < 8; i++)
		CHECK(run(at + 2 * i) == 100 + i);
	at[0] = 0xe1a00000; /* nop: what runs next is the second half */
	at[1] = 0xe1a00000;
	CHECK(run(at) == 101);
}

/* Two frames take turns at one address, and one frame at two. */
static void remap(void)
{
	int first = take(1), second = take(1);
	volatile unsigned *here = see(first, CODE), *there = see(second, CODE);
	int table = look(first).v_id;

	write_function(here, 1);
	write_function(there, 2);
	CHECK(run(here) == 1 && run(there) == 2);
	CHECK_OK(frame_unmap(second, F_MAP_PAGE));
	for (int i = 0; i < 3; i++) {
		CHECK_OK(frame_unmap(first, F_MAP_PAGE));
		CHECK_OK(frame_map(table, second, (void *)here, CODE));
		CHECK(run(here) == 2);
		CHECK_OK(frame_map(table, first, (void *)there, F_MAP_READ));
		CHECK(run(there) == 1);
		CHECK_OK(frame_unmap(second, F_MAP_PAGE));
		CHECK_OK(frame_map(table, first, (void *)here, F_MAP_READ));
		CHECK(run(here) == 1);
	}
}

/* A message that is a program: the kernel writes where code has run before. */
static int send_function(int value)
{
	unsigned words[MESSAGE_SIZE / sizeof(unsigned)];

	write_function(words, (unsigned)value);
	CHECK_OK(send(0, words));
	return 0;
}

static void receive_functions(void)
{
	volatile unsigned *at = see(take(1), CODE);

	write_function(at, 3);
	CHECK(run(at) == 3);
	for (int value = 10; value < 13; value++) {
		int sender = CHECK_OK(process_run(send_function, value));
		CHECK_RESULT(recv((void *)at), sender);
		CHECK(run(at) == (unsigned)value);
		CHECK_OK(process_wait(sender));
	}
}

/* Run what comes at two addresses, write it anew, and pass it on to a sibling, if there is one. */
static int run_gift(int number)
{
	struct message message;

	CHECK_RESULT(recv(&message), 0);
	int sibling = message.words[0];
	CHECK_OK(recv(&message));
	volatile unsigned *at = see(message.words[0], CODE);
	CHECK(run(at) == (unsigned)number);
	int table = look(message.words[0]).v_id;
	at += 4 * PAGE_SIZE / sizeof *at;
	CHECK_OK(frame_map(table, message.words[0], (void *)at, CODE));
	CHECK(run(at) == (unsigned)number);
	write_function(at, (unsigned)number + 1);
	CHECK(run(at) == (unsigned)number + 1);
	if (sibling == NO_ID)
		return 0;
	CHECK_OK(frame_give(message.words[0], sibling));
	CHECK_OK(send(sibling, &message));
	return 0;
}

static void give_code_away(void)
{
	int f_id = take(1);
	int first = CHECK_OK(process_run(run_gift, 20)), second = CHECK_OK(process_run(run_gift, 21));

	CHECK_OK(send(first, &(struct message){{second}}));
	CHECK_OK(send(second, &(struct message){{NO_ID}}));
	volatile unsigned *at = see(f_id, CODE);
	write_function(at, 20);
	CHECK(run(at) == 20);
	CHECK_OK(frame_give(f_id, first));
	CHECK_OK(send(first, &(struct message){{f_id}}));
	CHECK_OK(process_wait(first));
	CHECK_OK(process_wait(second));
	CHECK(run(see(f_id, F_MAP_READ)) == 22);
}

int main(void)
{
	rewrite(see(take(1), CODE));
	remap();
	receive_functions();
	give_code_away();
	return check_passed("code_travels");
}
