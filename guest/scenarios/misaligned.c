/* misaligned: accesses that must be aligned whatever SCTLR.A says fault when they are not.
 * A child makes them, one after the other; its handler looks at each and lets it go on behind. */

#include "callcheck.h"

#include "process.h"

__asm__(".fpu neon-vfpv4");

/* Each with r4 pointing two bytes behind a multiple of 32; where it goes from there; its access. */
#define ACCESSES(X) \
	X("ldm r4, {r0, r1}", 0, F_MAP_READ) \
	X("ldm r4!, {r0, r1}", 0, F_MAP_READ) \
	X("ldmdb r4!, {r0, r1}", -8, F_MAP_READ) \
	X("stm r4, {r0, r1}", 0, F_MAP_WRITE) \
	X("stmdb r4!, {r0, r1, r2}", -12, F_MAP_WRITE) \
	X("ldrd r0, r1, [r4]", 0, F_MAP_READ) \
	X("ldrd r0, r1, [r4, #8]!", 8, F_MAP_READ) \
	X("strd r0, r1, [r4], #-8", 0, F_MAP_WRITE) \
	X("vldr s0, [r4]", 0, F_MAP_READ) \
	X("vldr d0, [r4, #-16]", -16, F_MAP_READ) \
	X("vstr d0, [r4, #8]", 8, F_MAP_WRITE) \
	X("vldm r4!, {d0-d3}", 0, F_MAP_READ) \
	X("vstmdb r4!, {s0-s2}", -12, F_MAP_WRITE) \
	X("ldrex r0, [r4]", 0, F_MAP_READ) \
	X("ldrexd r0, r1, [r4]", 0, F_MAP_READ) \
	X("clrex\n strex r0, r1, [r4]", 0, F_MAP_WRITE) \
	X("ldrexb r0, [r4]\n strexd r0, r2, r3, [r4]", 0, F_MAP_WRITE) \
	X("vld1.8 {d0}, [r4:64]", 0, F_MAP_READ) \
	X("vst1.8 {d0, d1}, [r4:128]!", 0, F_MAP_WRITE) \
	X("vld1.32 {d0[1]}, [r4:32]!", 0, F_MAP_READ) \
	X("vld4.16 {d0[], d1[], d2[], d3[]}, [r4:64]", 0, F_MAP_READ)

static struct {
	int offset;
	unsigned rights;
} accesses[] = {
#define ROW(text, offset, rights) {offset, rights},
	ACCESSES(ROW)
};

enum { ACCESSED = sizeof accesses / sizeof *accesses, WORDS = 64 };

static unsigned words[WORDS] __attribute__((aligned(32)));

static unsigned odd(void)
{
	return (unsigned)&words[WORDS / 2] + 2;
}

/* Those that need not be aligned, or only to a halfword. */
static void access_all_the_same(unsigned base)
{
	register unsigned at __asm__("r4") = base;

	__asm__ volatile(
		"ldr r0, [r4]\n ldr r0, [r4, #1]\n ldrh r0, [r4, #1]\n str r0, [r4]\n ldrexh r0, [r4]\n"
		"vld1.64 {d0}, [r4]\n vst1.8 {d0}, [r4]\n vld1.16 {d0[1]}, [r4:16]\n"
		: : "r"(at) : "r0", "d0", "memory");
}

/* How many words have been changed, and bases lost: none. */
static int make_accesses(int unused)
{
	int lost = 0;

	(void)unused;
	CHECK_RESULT(fault_handler(0), 0);
	for (unsigned at = 0; at < WORDS; at++)
		words[at] = at;
#define MAKE(text, offset, rights) { \
		register unsigned base __asm__("r4") = odd(); \
		__asm__ volatile(text : "+r"(base) : \
			: "r0", "r1", "r2", "r3", "d0", "d1", "d2", "d3", "memory"); \
		lost += base != odd(); \
	}
	ACCESSES(MAKE)
	for (unsigned at = 0; at < WORDS; at++)
		lost += words[at] != at;
	access_all_the_same(odd());
	return lost;
}

static unsigned length_at(unsigned pc, unsigned thumb)
{
	return thumb && *(const unsigned short *)pc < 0xE800 ? 2 : 4;
}

static void check_access(int pid, int offset, unsigned rights)
{
	union {
		struct message message;
		struct fault fault;
		struct fault_answer answer;
	} news;

	CHECK_RESULT(recv(&news), pid | FAULT_BIT);
	struct fault fault = news.fault;
	CHECK(fault.kind == FAULT_MEMORY_ACCESS && fault.status == 1); /* alignment: DDI 0406C, B3.12.3 */
	CHECK(fault.va == odd() + (unsigned)offset && fault.rights == rights);
	CHECK(fault.r4 == odd());
	unsigned thumb = fault.cpsr >> 5 & 1;
	news.answer = (struct fault_answer){
		.answer = ANSWER_REDIRECT, .pc = (fault.pc + length_at(fault.pc, thumb)) | thumb, .sp = fault.sp,
		.r0 = fault.r0, .r1 = fault.r1, .r2 = fault.r2, .r3 = fault.r3, .r4 = fault.r4, .r5 = fault.r5,
		.r6 = fault.r6, .r7 = fault.r7,
	};
	CHECK_RESULT(send(pid, &news), 0);
}

int main(void)
{
	union {
		struct message message;
		struct death death;
	} news;
	int pid = CHECK_OK(process_run(make_accesses, 0));

	for (unsigned at = 0; at < ACCESSED; at++)
		check_access(pid, accesses[at].offset, accesses[at].rights);
	CHECK_RESULT(recv(&news), E_PEER_DIED);
	CHECK(news.death.pid == pid && news.death.how == DEATH_EXITED && news.death.status == 0);
	return check_passed("misaligned");
}
