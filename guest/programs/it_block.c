/* The first touch of a page from inside an IT block: the block is over when it is over.
 *
 * An emulator that looks up a translation in the middle of an IT block can let its condition leak into
 * what runs next.  In Arm code the same instructions are conditional one by one.
 */

#include <stdint.h>

#include "check.h"

#define PAGES 8

static uint32_t fresh[3 * PAGES][1024];

/* Each touches memory under a condition that holds and then goes on where it does not hold any more:
 * the first instruction of the next block sets the result to 7, unless it is skipped. */
#define TOUCH(instruction)                  \
	"cmp	%1, %1\n"                       \
	"ite	eq\n"                           \
	instruction                             \
	"movne	%0, #1\n"                       \
	"cmp	%1, #0\n"                       \
	"bne	1f\n"                           \
	"mov	%0, #2\n"                       \
	"1:	mov	%0, #7\n"

static uint32_t store(uint32_t *word)
{
	uint32_t result = 0, value = 5;

	__asm__ volatile(TOUCH("streq %2, [%1]\n")
	                 : "+&r"(result)
	                 : "r"(word), "r"(value)
	                 : "cc", "memory");
	return result;
}

static uint32_t load(uint32_t *word)
{
	uint32_t result = 0, value = 5;

	__asm__ volatile(TOUCH("ldreq %2, [%1]\n")
	                 : "+&r"(result), "+&r"(word), "+&r"(value)
	                 :
	                 : "cc", "memory");
	return value == 0 ? result : 99;
}

static uint32_t load_many(uint32_t *word)
{
	uint32_t result = 0;

	__asm__ volatile(TOUCH("ldmeq %1, {r4, r5}\n")
	                 : "+&r"(result), "+&r"(word)
	                 :
	                 : "r4", "r5", "cc", "memory");
	return result;
}

/* An IT block whose condition does not hold, begun in one page and ended in the next. */
int straddle(int value);

__asm__(".section .text.straddle, \"ax\", %progbits\n"
        ".syntax unified\n"
#ifdef __thumb__
        ".thumb\n"
#else
        ".arm\n"
#endif
        ".balign 4096\n"
        ".space 4092\n"
        ".type straddle, %function\n"
        "straddle:\n"
        "	cmp	r0, r0\n"
        "	itt	ne\n"
        "	movne	r0, #1\n"
        "	addne	r0, #1\n"
        "	bx	lr\n"
        ".size straddle, . - straddle\n"
        ".text\n");

int main(void)
{
	CHECK(straddle(7) == 7);
	for (unsigned i = 0; i < PAGES; i++) {
		CHECK(store(&fresh[i][0]) == 7);
		CHECK(fresh[i][0] == 5);
		CHECK(load(&fresh[PAGES + i][1]) == 7);
		CHECK(load_many(&fresh[2 * PAGES + i][1022]) == 7);
	}
	return check_passed("it_block");
}
