/* A stack that grows: it begins with a page, gets more as it is used, and has an end.
 *
 * What tells a growing stack from a stray pointer is sp: a stack is touched at sp or above it.
 */

#include "callcheck.h"

#include "console.h"
#include "paging.h"

#define TOP 0x70000000u
#define MOST (256 * 1024u)
#define RW (F_MAP_READ | F_MAP_WRITE | F_MAP_NOEXEC)

static __attribute__((noinline)) unsigned deep(unsigned depth)
{
	volatile char room[1000];

	room[0] = (char)depth;
	room[999] = 1;
	return depth == 0 ? 0 : deep(depth - 1) + (unsigned)room[999] + (unsigned)(room[0] - (char)depth);
}

static int recurse(int depth)
{
	return (int)deep((unsigned)depth);
}

/* Call function(depth) on another stack.  r0 to r3 are as a call needs them. */
int call_on(int depth, int (*function)(int), unsigned sp);

__asm__(".syntax unified\n"
        ".text\n"
        ".balign 4\n"
        ".arm\n"
        ".global call_on\n"
        ".type call_on, %function\n"
        "call_on:\n"
        "	push	{r4, lr}\n"
        "	mov	r4, sp\n"
        "	mov	sp, r2\n"
        "	blx	r1\n"
        "	mov	sp, r4\n"
        "	pop	{r4, pc}\n"
        ".size call_on, . - call_on\n"
#ifdef __thumb__
        ".thumb\n"
#endif
);

/* A child begins on the stack that it was given, and goes over to the one that grows. */
static int use_stack(int depth)
{
	CHECK_OK(fault_handler(0));
	return call_on(depth, recurse, TOP);
}

static bool is_stack(const struct fault *fault)
{
	return fault->kind == FAULT_MEMORY_ACCESS && fault->va < TOP && fault->va >= TOP - MOST
	       && fault->va >= fault->sp - 1024;
}

static struct death serve(int depth, unsigned *pages)
{
	struct program client;
	struct event event;
	int f_id;

	CHECK_OK(program_copy_lent(&client, use_stack, depth));
	int pid = CHECK_OK(program_start(&client, PROCESS_LENT));
	for (*pages = 0;; ++*pages) {
		CHECK_OK(pager_next(&event));
		if (event.kind == EVENT_DEATH)
			return event.death;
		if (!is_stack(&event.fault)) {
			CHECK_OK(pager_end(pid));
			continue;
		}
		CHECK(pager_page(&f_id) != NULL);
		CHECK_OK(pager_show(&client.space, f_id, event.fault.va, RW));
		CHECK_OK(pager_retry(pid));
	}
}

int main(void)
{
	unsigned pages;
	struct death death = serve(10, &pages);

	CHECK(death.how == DEATH_EXITED && death.status == 10 && pages <= 4);
	death = serve(200, &pages);
	CHECK(death.how == DEATH_EXITED && death.status == 200 && pages >= 50 && pages < 64);
	puts("a stack of one page grew to more than fifty");
	death = serve(100000, &pages);
	CHECK(death.how == DEATH_FAULTED && pages == MOST / PAGE_SIZE + 1);
	puts("one without end was ended at its limit");
	return check_passed("stack");
}
