/* An address space that one process has built becomes another's, by the hands of the parent of both; and a process that goes over into an
 * address space of its own making, as exec does elsewhere, clears the old one away behind it.
 */

#include "callcheck.h"

#include "console.h"
#include "process.h"

/* Told who the new process is: build an address space for it, and let our parent put it there, for it is
 * not ours to control. */
static int build_for_sibling(int unused)
{
	struct program program;
	struct message message;
	int tell_story(int);

	(void)unused;
	CHECK_RESULT(recv(&message), 0);
	int newborn = message.words[0];
	CHECK_OK(program_copy(&program, tell_story, newborn));
	CHECK_RESULT(vspace_swap(newborn, program.space.l1), E_NOT_ALLOWED);
	CHECK_RESULT(frame_give(program.space.l1, 0), program.space.l1);
	CHECK_RESULT(frame_lookup(program.space.l1, &(struct frame){0}), E_NO_FRAME);
	program.start.unused[0] = (unsigned)program.space.l1;
	CHECK_OK(send(0, &program.start));
	return 0;
}

/* Swap ourselves to a program that is only there, and begin it.  Nothing of here is needed after. */
static _Noreturn void become(int own_pid, const struct program *program)
{
	register int pid __asm__("r0") = own_pid;
	register int l1 __asm__("r1") = program->space.l1;
	register unsigned sp __asm__("r4") = program->start.sp;
	register unsigned pc __asm__("r5") = program->start.pc;
	register unsigned function __asm__("r6") = program->start.r[0];
	register unsigned argument __asm__("r7") = program->start.r[1];
	register int call __asm__("r12") = CALL_VSPACE_SWAP;

	__asm__ volatile("svc #0\n mov sp, r4\n mov r0, r6\n mov r1, r7\n bx r5"
	                 : "+r"(pid)
	                 : "r"(l1), "r"(sp), "r"(pc), "r"(function), "r"(argument), "r"(call)
	                 : "memory");
	__builtin_unreachable();
}

static int own_pid, old_l1;

extern const char _start[];

/* In the new address space: the old one is ours still, until we take it apart. */
static int clear_away(int unused)
{
	struct message message = {{0}};
	struct space old = {old_l1};
	struct frame table;

	(void)unused;
	CHECK(vspace_id() != old_l1);
	CHECK(look(old_l1).t_flags == F_TABLE_L1);
	CHECK(space_table(&old, (unsigned)_start, &table) && space_table(&old, SPACE_AREA, &table));
	int before = frame_count();
	space_drop(&old);
	/* It is memory, perhaps joined to other memory already. */
	CHECK(frame_lookup(old_l1, &table) == E_NO_FRAME || frame_is_free(&table));
	frame_merge_free();
	CHECK(frame_count() < before);
	message.words[0] = vspace_id();
	CHECK_OK(send(0, &message));
	return 0;
}

int tell_story(int pid);

/* In the address space that the sibling has built. */
int tell_story(int pid)
{
	struct program program;
	struct message message = {{vspace_id()}};

	CHECK(look(vspace_id()).t_flags == (F_TABLE_L1 | F_TABLE_MAPPED));
	CHECK_OK(send(0, &message));
	CHECK_RESULT(recv(&message), 0);
	own_pid = pid;
	old_l1 = vspace_id();
	CHECK_OK(program_copy(&program, clear_away, 0));
	become(pid, &program);
}

int main(void)
{
	struct message message = {{0}}, start;
	int builder = CHECK_OK(process_run(build_for_sibling, 0));
	int newborn = CHECK_OK(proc_new(take(2)));

	CHECK_OK(pool_give(newborn, 64));
	CHECK_OK(frame_give(CHECK_OK(frame_take(MIB, MIB)), builder));
	CHECK_OK(frame_allow(builder));
	CHECK_OK(send(builder, &(struct message){{newborn}}));
	CHECK_RESULT(recv(&start), builder);
	CHECK_OK(process_wait(builder));
	CHECK_OK(vspace_swap(newborn, start.words[6]));
	puts("the builder has ended; what it built has not");

	CHECK_OK(frame_give(CHECK_OK(frame_take(MIB, MIB)), newborn));
	CHECK_OK(send(newborn, &start)); /* we made it, so we start it */
	CHECK_RESULT(recv(&message), newborn);
	int first_l1 = message.words[0];
	CHECK_OK(send(newborn, &message));
	CHECK_RESULT(recv(&message), newborn);
	CHECK(message.words[0] != first_l1);
	puts("it has moved on to another, and cleared the first away");
	CHECK_OK(process_wait(newborn));
	frame_merge_free();
	return check_passed("move_vspace");
}
