/* The calling convention: number in r12, result in r0, and everything else as it was. */

#include "callcheck.h"

#include <stdint.h>
#include <string.h>

/* What a call must not touch: r1-r12, the flags, and d0-d31. sp shows by itself. */
struct registers {
	uint32_t r[13], flags;
	uint64_t d[32];
};

/* Load everything from before, make the call, store everything to after.  From convention_code.S: from
 * Arm code and from Thumb code. */
int call_from_arm(const struct registers *before, struct registers *after);
int call_from_thumb(const struct registers *before, struct registers *after);

typedef int caller(const struct registers *, struct registers *);

static struct registers before, after;

/* The result; that of everything else nothing has changed. */
static int checked(caller *make_call, unsigned number, unsigned r0, unsigned r1, unsigned r2, unsigned r3)
{
	const unsigned arguments[] = {r0, r1, r2, r3};

	fill(before.r, sizeof before.r, number);
	fill(before.d, sizeof before.d, number + 1);
	memcpy(before.r, arguments, sizeof arguments);
	before.r[12] = number;
	before.flags = 0xa0000000; /* N and C, neither Z nor V */
	memset(&after, 0, sizeof after);
	int result = make_call(&before, &after);
	CHECK(memcmp(before.r + 1, after.r + 1, sizeof before.r - sizeof before.r[0]) == 0);
	CHECK((after.flags & 0xf8000000) == before.flags); /* NZCVQ */
	CHECK(memcmp(before.d, after.d, sizeof before.d) == 0);
	return result;
}

static void check_from(caller *make_call)
{
	static const unsigned no_calls[] = {22, 29, 255, 256, 0x10000, 0x123456, 0x7fffffff, 0x80000000,
	                                    0xffffffff};
	struct frame frame;

	for (unsigned i = 0; i < sizeof no_calls / sizeof no_calls[0]; i++)
		CHECK_REFUSED(checked(make_call, no_calls[i], 1, 2, 3, 4), E_NO_CALL);
	CHECK_RESULT(checked(make_call, CALL_FRAME_COUNT, 5, 6, 7, 8), frame_count());
	CHECK_RESULT(checked(make_call, CALL_VSPACE_ID, 0, 0, 0, 0), vspace_id());
	CHECK_RESULT(checked(make_call, CALL_YIELD, 1, 2, 3, 4), 0);
	CHECK_RESULT(checked(make_call, CALL_FRAME_INFO, 0, (unsigned)&frame, 0, 0), 0);
	CHECK(frame.f_id == look(frame.f_id).f_id);
	CHECK_RESULT(checked(make_call, CALL_FRAME_INFO, 0, 0, 0, 0), E_BAD_POINTER);
	CHECK_RESULT(checked(make_call, CALL_FRAME_MAP, 0x12345, 0, 0, 0), E_BAD_FLAGS);
	CHECK_RESULT(checked(make_call, CALL_CONSOLE_WRITE, (unsigned)"", 0, 0, 0), 0);
}

int main(void)
{
	check_from(call_from_arm);
	check_from(call_from_thumb);
	return check_passed("convention");
}
