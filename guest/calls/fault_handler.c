/* fault_handler: who is told of a fault, and what may come of it. */

#include "callcheck.h"

#include <string.h>

#include "process.h"

#define HOLE 0x60000000u

/* A message as what recv told it is. */
union news {
	struct message message;
	struct fault fault;
	struct death death;
};

static void answer(int pid, struct fault_answer answer)
{
	union {
		struct message message;
		struct fault_answer answer;
	} reply_to = {{{0}}};

	reply_to.answer = answer;
	CHECK_RESULT(send(pid, &reply_to), 0);
}

/* Reads the hole, and ends with what is there. */
static int read_hole(int unused)
{
	(void)unused;
	CHECK_RESULT(fault_handler(0), 0);
	return *(volatile int *)HOLE;
}

static struct fault hear_of(int pid, unsigned kind)
{
	union news news;

	CHECK_RESULT(recv(&news), pid | FAULT_BIT);
	CHECK(news.fault.kind == kind);
	return news.fault;
}

static int ends_with(int pid, unsigned how)
{
	union news news;

	CHECK_RESULT(recv(&news), E_PEER_DIED);
	CHECK(news.death.pid == pid && news.death.how == how);
	return news.death.status;
}

/* A program of ours whose tables we keep, so that we can map in them. */
static int start_lent(struct program *program, int (*function)(int), int argument)
{
	CHECK_OK(program_copy(program, function, argument));
	int pid = CHECK_OK(proc_new(take(2)));
	CHECK_RESULT(vspace_lend(pid, program->space.l1), 0);
	CHECK_OK(pool_give(pid, 16));
	CHECK_OK(send(pid, &program->start));
	return pid;
}

/* The access is tried again, and is good now. */
static void check_retry(void)
{
	struct program program;
	int page = take(1);
	int *seen = see(page, READ_WRITE);

	*seen = 4711;
	CHECK_OK(program_copy(&program, read_hole, 0));
	/* See its tables again, so that we can map there. */
	int pid = CHECK_OK(proc_new(take(2)));
	CHECK_RESULT(vspace_lend(pid, program.space.l1), 0);
	CHECK_OK(send(pid, &program.start));
	struct fault fault = hear_of(pid, FAULT_MEMORY_ACCESS);
	CHECK(fault.va == HOLE && fault.rights == F_MAP_READ && fault.status != 0);
	CHECK(fault.sp != 0 && (fault.cpsr & 0x1f) == 0x10);

	int l2 = take_table(F_TABLE_L2, 1);
	CHECK_OK(space_see(program.space.l1, READ_ONLY) == NULL ? E_ERR : 0);
	CHECK_OK(frame_map(program.space.l1, l2, (void *)HOLE, F_MAP_TABLE_L2));
	CHECK_OK(frame_map(l2, page, (void *)HOLE, F_MAP_PAGE | READ_ONLY));
	answer(pid, (struct fault_answer){.answer = ANSWER_RETRY});
	CHECK(ends_with(pid, DEATH_EXITED) == 4711);
}

static int undefined(int kind)
{
	register int seven __asm__("r7") = 70;

	CHECK_RESULT(fault_handler(0), 0);
	if (kind == FAULT_UNDEFINED_INSTRUCTION)
		__asm__ volatile("udf #0" : "+r"(seven) : : "memory", "cc", "r0", "r1", "r2", "r3", "r4", "r5", "r6");
	else
		__asm__ volatile("bkpt #0" : "+r"(seven) : : "memory", "cc", "r0", "r1", "r2", "r3", "r4", "r5", "r6");
	return seven;
}

/* It goes on behind the instruction, with a register changed. */
static void check_redirect(unsigned kind)
{
	struct program program;
	int pid = start_lent(&program, undefined, (int)kind);
	struct fault fault = hear_of(pid, kind);
	unsigned thumb = fault.cpsr >> 5 & 1;

	CHECK(fault.va == 0 && fault.rights == 0 && fault.r7 == 70);
	answer(pid, (struct fault_answer){
		.answer = ANSWER_REDIRECT, .pc = (fault.pc + (thumb ? 2 : 4)) | thumb, .sp = fault.sp,
		.r0 = fault.r0, .r1 = fault.r1, .r2 = fault.r2, .r3 = fault.r3, .r4 = fault.r4, .r5 = fault.r5,
		.r6 = fault.r6, .r7 = 99,
	});
	CHECK(ends_with(pid, DEATH_EXITED) == 99);
}

static void check_end(void)
{
	int pid = CHECK_OK(process_run(read_hole, 0));

	hear_of(pid, FAULT_MEMORY_ACCESS);
	CHECK_RESULT(send(pid, &(struct message){{3}}), E_BAD_KIND);
	CHECK_RESULT(call(pid, &(struct message){{0}}), E_PEER_FAULTED);
	answer(pid, (struct fault_answer){.answer = ANSWER_END});
	CHECK(ends_with(pid, DEATH_FAULTED) == FAULT_MEMORY_ACCESS);
}

/* A handler that answers nothing and ends: who waits for it ends, too. */
static int handle_nothing(int unused)
{
	union news news;

	(void)unused;
	CHECK_RESULT(recv(&news), 0);
	CHECK(recv(&news) == (news.message.words[0] | FAULT_BIT) || news.fault.kind == FAULT_MEMORY_ACCESS);
	return 0;
}

static int read_hole_for(int handler)
{
	CHECK_RESULT(fault_handler(handler), 0);
	return *(volatile int *)HOLE;
}

static void check_dead_handler(void)
{
	int handler = CHECK_OK(process_run(handle_nothing, 0));
	int pid = CHECK_OK(process_run(read_hole_for, handler));

	CHECK_OK(send(handler, &(struct message){{pid}}));
	CHECK(ends_with(handler, DEATH_EXITED) == 0);
	CHECK(ends_with(pid, DEATH_FAULTED) == FAULT_MEMORY_ACCESS);
}

/* A handler that faults itself is subject to its own: us.  Then it goes on. */
static int handle_badly(int unused)
{
	union news news;

	(void)unused;
	CHECK_RESULT(fault_handler(0), 0);
	int pid = CHECK_OK(recv(&news)) & ~FAULT_BIT;
	int value = *(volatile int *)(HOLE + 4);
	answer(pid, (struct fault_answer){.answer = ANSWER_END});
	return value;
}

static void check_faulting_handler(void)
{
	struct program program;
	int handler = start_lent(&program, handle_badly, 0);
	int pid = CHECK_OK(process_run(read_hole_for, handler));
	struct fault fault = hear_of(handler, FAULT_MEMORY_ACCESS);

	CHECK(fault.va == HOLE + 4);
	unsigned thumb = fault.cpsr >> 5 & 1;
	answer(handler, (struct fault_answer){
		.answer = ANSWER_REDIRECT, .pc = (fault.pc + (thumb ? 2 : 4)) | thumb, .sp = fault.sp,
		.r0 = fault.r0, .r1 = fault.r1, .r2 = fault.r2, .r3 = fault.r3, .r4 = fault.r4, .r5 = fault.r5,
		.r6 = fault.r6, .r7 = fault.r7,
	});
	CHECK(ends_with(pid, DEATH_FAULTED) == FAULT_MEMORY_ACCESS);
	ends_with(handler, DEATH_EXITED);
}

/* Two at once are heard of one after the other. */
static void check_two(void)
{
	int first = CHECK_OK(process_run(read_hole, 0)), second = CHECK_OK(process_run(read_hole, 0));

	for (int i = 0; i < 40; i++)
		proc_yield();
	hear_of(first, FAULT_MEMORY_ACCESS);
	hear_of(second, FAULT_MEMORY_ACCESS);
	answer(second, (struct fault_answer){.answer = ANSWER_END});
	answer(first, (struct fault_answer){.answer = ANSWER_END});
	ends_with(second, DEATH_FAULTED);
	ends_with(first, DEATH_FAULTED);
}

/* We wait for the very process that faults: our message comes back, and the fault is told. */
static int read_hole_soon(int unused)
{
	(void)unused;
	CHECK_RESULT(fault_handler(0), 0);
	for (int i = 0; i < 5; i++)
		proc_yield();
	return *(volatile int *)HOLE;
}

static void check_fault_while_a_message_waits(void)
{
	int pid = CHECK_OK(process_run(read_hole_soon, 0));

	proc_yield();
	proc_yield();
	CHECK_RESULT(send(pid, &(struct message){{0}}), E_PEER_FAULTED);
	CHECK_RESULT(send(pid, &(struct message){{0}}), E_PEER_FAULTED); /* we have not heard of it yet */
	hear_of(pid, FAULT_MEMORY_ACCESS);
	answer(pid, (struct fault_answer){.answer = ANSWER_END});
	ends_with(pid, DEATH_FAULTED);
}

/* Our nephew and our grandchild: neither has asked for our faults, or for those of its uncle. */
static int name_for(int pid)
{
	CHECK_REFUSED(fault_handler(pid), E_NOT_ALLOWED);
	return 0;
}

static int have_a_child(int unused)
{
	struct message message;

	(void)unused;
	CHECK_RESULT(recv(&message), 0);
	int pid = CHECK_OK(proc_new(message.words[0])); /* it never starts */
	CHECK_OK(send(0, &(struct message){{pid}}));
	CHECK_OK(recv(&message));
	CHECK_OK(proc_end(pid, 0));
	return 0;
}

static void check_consent(void)
{
	struct message message;
	int parent = CHECK_OK(process_run(have_a_child, 0));
	int record = CHECK_OK(frame_take(2 * PAGE_SIZE, PAGE_SIZE));

	CHECK_OK(frame_give(record, parent));
	CHECK_OK(send(parent, &(struct message){{record}}));
	CHECK_RESULT(recv(&message), parent);
	CHECK_REFUSED(fault_handler(message.words[0]), E_NOT_ALLOWED);
	CHECK(ends_with(CHECK_OK(process_run(name_for, message.words[0])), DEATH_EXITED) == 0);
	CHECK_RESULT(fault_handler(parent), 0); /* our child's */
	CHECK_RESULT(fault_handler(NO_ID), 0);
	CHECK_OK(send(parent, &message));
	CHECK(ends_with(parent, DEATH_EXITED) == 0);
}

static void check_refusals(void)
{
	CHECK_REFUSED(fault_handler(0), E_TO_SELF);
	CHECK_REFUSED(fault_handler(NO_SUCH_ID), E_NO_PROCESS);
	CHECK_REFUSED(fault_handler(-2), E_NO_PROCESS);
	CHECK_RESULT(fault_handler(NO_ID), 0);
}

int main(void)
{
	check_refusals();
	check_retry();
	check_redirect(FAULT_UNDEFINED_INSTRUCTION);
	check_redirect(FAULT_BREAKPOINT_INSTRUCTION);
	check_end();
	check_dead_handler();
	check_faulting_handler();
	check_two();
	check_fault_while_a_message_waits();
	check_consent();
	return check_passed("fault_handler");
}
