/* One mistake, by its letter, made by the process itself or, with a second argument, by a thread of it (t),
 * by a child (c), or by a child on a lent address space of its own, whose faults this process handles (p). */
#include <stdlib.h>

#include "frames.h"
#include "kernel.h"
#include "paging.h"
#include "process.h"
#include "space.h"
#include "tables.h"
#include "thread.h"

enum mistake {
	WRITE_CONSTANT, WRITE_CODE, OVERFLOW, JUMP_TO_DATA, BIG_LOCAL, BIG_LOCAL_OF_CALLER, WILD_BELOW_STACK,
	WILD_IN_BIG_LOCAL, NULL_POINTER, MISALIGNED, RUN_OFF, RETURN, WRITE_TABLE, AFTER_UNMAP, AFTER_GIVE, MISSING_L2,
	READ_INTO_CONSTANT, WRITE_FROM_NOWHERE, WRITE_AFTER_UNMAP, SEND_TO_DEAD, UNMAP_UNKNOWN,
	BIG_LOCAL_OVER_READ_ONLY,
};

#define BIG (9u << 20)
#define NOWHERE ((volatile int *)0x30000000)

static const int constant[4] = {1, 2, 3, 4};
static int nothing[4];
static volatile char *place = (volatile char *)0x50000000; /* where nobody else maps anything */
static int dead, nobody = 0x7000;

__attribute__((noinline)) static int deeper(int n)
{
	volatile char local[900];

	local[0] = (char)n;
	return n < 0 ? 0 : deeper(n + 1) + local[0];
}

__attribute__((noinline)) static void put(volatile char *to)
{
	*to = 1;
}

__attribute__((noinline)) static int big_local(int n)
{
	volatile char local[BIG];

	local[n] = 1;
	return local[n];
}

__attribute__((noinline)) static int big_local_of_caller(int n)
{
	volatile char local[BIG];

	put(&local[n]);
	return local[n];
}

/* What it writes to is far below its own locals. */
__attribute__((noinline)) static int wild_in_big_local(void)
{
	volatile char local[BIG];

	put((volatile char *)NOWHERE);
	return local[0];
}

static int mistake(void *which)
{
	volatile char local = 0;

	switch ((enum mistake)which) {
	case WRITE_CONSTANT:
		*(volatile int *)constant = 1;
		break;
	case WRITE_CODE:
		*(volatile int *)((unsigned)mistake & ~3u) = 1;
		break;
	case OVERFLOW:
		return deeper(0);
	case JUMP_TO_DATA:
		((void (*)(void))nothing)();
		break;
	case BIG_LOCAL:
	case BIG_LOCAL_OVER_READ_ONLY:
		return big_local(5);
	case BIG_LOCAL_OF_CALLER:
		return big_local_of_caller(5);
	case WILD_BELOW_STACK:
		put(&local - BIG);
		break;
	case WILD_IN_BIG_LOCAL:
		return wild_in_big_local();
	case NULL_POINTER:
		put(NULL);
		break;
	case MISALIGNED:
		__asm__ volatile("ldrd r2, r3, [%0]" : : "r"((char *)nothing + 2) : "r2", "r3");
		break;
	case RUN_OFF: /* zeros are instructions that do nothing */
		((void (*)(void))(place + PAGE_SIZE - 8))();
		break;
	case RETURN:
		__asm__ volatile("mov lr, #0\n\tbx lr");
		break;
	case WRITE_TABLE:
	case AFTER_UNMAP:
	case AFTER_GIVE:
		put(place);
		break;
	case MISSING_L2:
		*NOWHERE = 7;
		break;
	case READ_INTO_CONSTANT:
		return recv((void *)constant);
	case WRITE_FROM_NOWHERE:
		return console_write((const char *)NOWHERE, 4);
	case WRITE_AFTER_UNMAP:
		return console_write((const char *)place, 4);
	case SEND_TO_DEAD:
		return send(dead, &(char[MESSAGE_SIZE]){0});
	case UNMAP_UNKNOWN:
		return frame_unmap(nobody, F_MAP_PAGE);
	}
	return local;
}

static int wait_for_message(int unused)
{
	char message[MESSAGE_SIZE];

	(void)unused;
	return recv(message);
}

static int return_at_once(int status)
{
	return status;
}

static int map_place(unsigned len, unsigned rights)
{
	struct space own = space_own();
	int f_id = frame_take(len, PAGE_SIZE);

	space_map(&own, f_id, (unsigned)place, rights);
	return f_id;
}

/* What the process that owns the address space does before the mistake. */
static void prepare(enum mistake which)
{
	unsigned unused, va = (unsigned)constant;

	switch (which) {
	case RUN_OFF:
		map_place(PAGE_SIZE, F_MAP_READ);
		break;
	case WRITE_TABLE:
		place = (char *)frame_view(l1_entry(own_l1()[va / MIB]).pa) + va % MIB / PAGE_SIZE * 4;
		break;
	case SEND_TO_DEAD:
		dead = process_run(return_at_once, 0);
		process_wait(dead);
		break;
	case AFTER_UNMAP:
	case WRITE_AFTER_UNMAP:
		frame_unmap(map_place(PAGE_SIZE, F_MAP_READ | F_MAP_WRITE | F_MAP_NOEXEC), F_MAP_PAGE);
		break;
	case AFTER_GIVE:
		frame_give(map_place(PAGE_SIZE, F_MAP_READ | F_MAP_WRITE | F_MAP_NOEXEC), process_run(wait_for_message, 0));
		break;
	case BIG_LOCAL_OVER_READ_ONLY:
		place = (volatile char *)(((unsigned)&unused - BIG) & ~(PAGE_SIZE - 1)) - PAGE_SIZE;
		map_place(2 * PAGE_SIZE, F_MAP_READ);
		break;
	case MISSING_L2:
		frame_map(frame_find_place(PAGE_SIZE, &unused), frame_take(PAGE_SIZE, PAGE_SIZE), (void *)NOWHERE,
			F_MAP_READ | F_MAP_WRITE);
		break;
	default:
		break;
	}
}

static int child(int which)
{
	return mistake((void *)which);
}

static int client(int which)
{
	fault_handler(0);
	return child(which);
}

/* The client's first fault is its last. */
static int page_for(int which)
{
	struct program program;
	struct event event;

	program_copy_lent(&program, client, which);
	int pid = program_start(&program, PROCESS_LENT);
	do {
		pager_next(&event);
		if (event.kind == EVENT_FAULT)
			pager_end(pid);
	} while (event.kind != EVENT_DEATH);
	return 0;
}

int main(int argc, char **argv)
{
	int which = argv[1][0] - 'a';

	prepare((enum mistake)which);
	if (argc == 2)
		return mistake((void *)which);
	if (*argv[2] == 'p')
		return page_for(which);
	if (*argv[2] == 'c')
		return process_wait(process_run(child, which));
	return thread_join(thread_create(mistake, (void *)which), NULL);
}
