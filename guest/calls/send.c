/* send: 64 bytes to a process, once it takes them; and the first of them start a child. */

#include "callcheck.h"

#include "console.h"
#include "process.h"

/* A child that takes what comes, checks that it is the fill of its first word, and says so. */
static int receive_fills(int count)
{
	unsigned words[MESSAGE_SIZE / sizeof(unsigned)];

	for (int i = 0; i < count; i++) {
		CHECK_RESULT(recv(words), 0);
		check_filled(words, sizeof words, (unsigned)i);
	}
	return 0;
}

/* From anywhere that can be read, across a page's end, and at no particular alignment. */
static void check_contents(void)
{
	static unsigned words[MESSAGE_SIZE / sizeof(unsigned)];
	int child = CHECK_OK(process_run(receive_fills, 4));
	int two = take(2), page = take(1);
	char *across = (char *)see(two, READ_WRITE) + PAGE_SIZE - 24, *unwritable;

	fill(words, sizeof words, 0);
	CHECK_RESULT(send(child, words), 0);
	fill(across, MESSAGE_SIZE, 1);
	CHECK_RESULT(send(child, across), 0);

	unwritable = see(page, READ_WRITE);
	fill(unwritable + PAGE_SIZE - MESSAGE_SIZE, MESSAGE_SIZE, 2);
	unwritable = see(page, READ_ONLY);
	CHECK_RESULT(send(child, unwritable + PAGE_SIZE - MESSAGE_SIZE), 0);

	fill(words, sizeof words, 3);
	__builtin_memcpy(across + 1, words, sizeof words);
	CHECK_RESULT(send(child, across + 1), 0);
	CHECK_OK(process_wait(child));
}

static void check_refusals(void)
{
	struct message message = {{0}};
	int child = CHECK_OK(proc_new(take(2)));

	CHECK_REFUSED(send(NO_SUCH_ID, &message), E_NO_PROCESS);
	CHECK_REFUSED(send(-1, &message), E_NO_PROCESS);
	CHECK_REFUSED(send((int)0x80000000, NULL), E_NO_PROCESS);
	CHECK_REFUSED(send(0, &message), E_TO_SELF);
	CHECK_REFUSED(send(child, &message), E_NO_VSPACE);
	for (unsigned i = 0; i < BAD_TO_READ; i++) {
		void *bad = bad_pointer(i, MESSAGE_SIZE);
		CHECK_REFUSED(send(child, bad), E_BAD_POINTER);
	}
}

/* The start message's words are pc, sp, and the first four registers. */
static _Noreturn void begin_with(int r0, int r1, int r2, int r3)
{
	char *frame = __builtin_frame_address(0);
	struct message message = {{r0, r1, r2, r3, (int)frame}};

	CHECK_OK(send(0, &message));
	proc_exit(0);
}

static void check_start(void)
{
	struct program program;
	struct message message;

	CHECK_OK(program_copy(&program, NULL, 0));
	program.start.pc = (unsigned)begin_with;
	for (unsigned i = 0; i < 4; i++)
		program.start.r[i] = 0xf00d0000 + i;
	int child = CHECK_OK(program_start(&program, PROCESS_OF_VSPACE));
	CHECK_RESULT(recv(&message), child);
	for (unsigned i = 0; i < 4; i++)
		CHECK(message.words[i] == (int)(0xf00d0000 + i));
	CHECK(program.start.sp - (unsigned)message.words[4] <= 256);
	CHECK_OK(process_wait(child));
}

/* send returns when the message has been received, not before. */
static int receive_late(int turns)
{
	struct message message;

	puts("child: not yet");
	while (turns-- > 0)
		proc_yield();
	puts("child: now");
	CHECK_RESULT(recv(&message), 0);
	return 0;
}

static void check_blocks(void)
{
	struct message message = {{0}};
	int child = CHECK_OK(process_run(receive_late, 3));

	CHECK_RESULT(send(child, &message), 0);
	puts("parent: sent");
	CHECK_OK(process_wait(child));
}

/* Only its parent starts a process; what others send waits until it receives. */
static int send_to(int pid)
{
	struct message message = {{0x5ee}};

	CHECK_RESULT(send(pid, &message), 0);
	return 0;
}

static int expect_sibling(int unused)
{
	struct message message;

	(void)unused;
	CHECK(recv(&message) > 0);
	CHECK(message.words[0] == 0x5ee);
	puts("child: started by the parent, heard from the sibling");
	return 0;
}

static void check_only_parent_starts(void)
{
	struct program program;

	CHECK_OK(program_copy(&program, expect_sibling, 0));
	int newborn = CHECK_OK(program_process(&program, PROCESS_OF_VSPACE));
	int sibling = CHECK_OK(process_run(send_to, newborn));
	for (int i = 0; i < 4; i++)
		proc_yield();
	puts("parent: starts the child");
	CHECK_RESULT(send(newborn, &program.start), 0);
	CHECK_OK(process_wait(newborn));
	CHECK_OK(process_wait(sibling));
}

/* Whom we wait for may end instead. */
static int end_late(int turns)
{
	struct message message;

	CHECK_RESULT(recv(&message), 0);
	while (turns-- > 0)
		proc_yield();
	return 0;
}

static void check_peer_dies(void)
{
	struct message message = {{0}};
	int child = CHECK_OK(process_run(end_late, 4));

	CHECK_RESULT(send(child, &message), 0);
	CHECK_RESULT(send(child, &message), E_PEER_DIED);
	CHECK_REFUSED(send(child, &message), E_NO_PROCESS);
}

int main(void)
{
	check_contents();
	check_refusals();
	check_start();
	check_blocks();
	check_only_parent_starts();
	check_peer_dies();
	return check_passed("send");
}
