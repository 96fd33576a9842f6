/* Every call's stub, with known values in all registers before and the same expected after. */

#include <stdint.h>

#include "check.h"
#include "kernel.h"

struct registers {
	uint32_t r[13];
};

/* Call stub with these registers (r12 excepted) and store them as they are after it. */
void call_with(void *stub, const struct registers *before, struct registers *after);

__asm__(".text\n"
        ".balign 4\n"
        ".syntax unified\n"
        ".arm\n"
        ".global call_with\n"
        ".type call_with, %function\n"
        "call_with:\n"
        "	push	{r0, r2, r4-r11, r12, lr}\n" /* eight-byte aligned; r2 at sp + 4 */
        "	mov	lr, r1\n"
        "	ldm	lr, {r0-r11}\n"
        "	ldr	r12, [sp]\n"
        "	blx	r12\n"
        "	ldr	r12, [sp, #4]\n"
        "	stm	r12, {r0-r11}\n"
        "	pop	{r0, r2, r4-r11, r12, pc}\n"
        ".size call_with, . - call_with\n"
#ifdef __thumb__
        ".thumb\n"
#endif
);

/* The calls that come back, with arguments that each of them refuses or that harm nobody. */
static const struct {
	void *stub;
	uint32_t r0, r1;
	int result;
} calls[] = {
	{send, 0, 1, E_TO_SELF},
	{proc_new, 999, 0, E_NO_FRAME},
	{frame_split, 999, 0, E_NO_FRAME},
	{frame_merge, 999, 0, E_NO_FRAME},
	{frame_give, 999, 0, E_NO_FRAME},
	{frame_map, 999, 0, E_BAD_FLAGS},
	{frame_unmap, 999, 0, E_NO_FRAME},
	{frame_allow, 999, 0, E_NO_PROCESS},
	{frame_info, 999, 0, E_OUT_OF_RANGE},
	{frame_create, 0, 0, E_NO_CREATE},
	{frame_lookup, 999, 0, E_NO_FRAME},
	{frame_table, 999, 0, E_NO_FRAME},
	{vspace_swap, 999, 0, E_NO_PROCESS},
	{vspace_id, 0, 0, 0},
	{frame_pool, 999, 0, E_NO_FRAME},
	{proc_yield, 0, 0, 0},
	{console_write, 1, 1, E_BAD_POINTER},
	{console_read, 1, 1, E_BAD_POINTER},
};

static void check_call(unsigned i)
{
	struct registers before, after;

	for (unsigned j = 0; j < 12; j++)
		before.r[j] = 0xa5a50000 + j;
	before.r[0] = calls[i].r0;
	before.r[1] = calls[i].r1;
	call_with(calls[i].stub, &before, &after);
	CHECK_RESULT((int)after.r[0], calls[i].result);
	for (unsigned j = 1; j < 12; j++)
		CHECK(after.r[j] == before.r[j]);
}

/* Flags live through a call too: nothing between compare and branch but the SVC. */
static bool keeps_flags(void)
{
	uint32_t equal;

	__asm__ volatile("mov r12, %1\n"
	                 "cmp r12, r12\n"
	                 "svc #0\n"
	                 "mov %0, #0\n"
	                 "it eq\n"
	                 "moveq %0, #1\n"
	                 : "=r"(equal)
	                 : "I"(CALL_FRAME_COUNT)
	                 : "r0", "r12", "cc", "memory");
	return equal;
}

int main(void)
{
	for (unsigned i = 0; i < sizeof calls / sizeof calls[0]; i++)
		check_call(i);
	CHECK(frame_count() > 0);
	CHECK(keeps_flags());
	return check_passed("stubs");
}
