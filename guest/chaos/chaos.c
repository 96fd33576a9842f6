/* An interpreter of random operations: what a guest can do to its machine, sensible or not.
 *
 * tests/fuzz/chaos.py writes the operations over ``program``, and its names are the names here.  All
 * results go into a hash, which is printed now and then: where two machines differ, it shows.
 */

#include <stdint.h>

#include "console.h"
#include "frames.h"
#include "process.h"

enum { SLOTS = 32, OPERATIONS = 400 };

enum kind {
	OP_END,
	OP_CALL,  /* slot = call number(x, y, z, w) */
	OP_LOAD,  /* slot = what is at x + y, in the way number */
	OP_STORE, /* z to x + y */
	OP_WRITE, /* the code z, w at x + y */
	OP_RUN,   /* slot = the code at x + y, called with z */
	OP_EXCLUSIVE, /* LDREX, some of yield and a store, STREX of z, at x + y */
	OP_SEMIHOSTING, /* slot = operation x with block y */
	OP_SPAWN, /* slot = a child, which begins at operation x */
	OP_SPIN,  /* compute for x rounds */
	OP_FIND,  /* slots: id and view of our x-th frame; 22 its length, 23 its table */
	OP_TAKE,  /* slots: id and view of x new bytes, seen with y */
	OP_MOVE,  /* slot = another place for the view of frame x, with rights y */
	OP_SET,   /* slot = x + y */
	OP_KEEP,  /* registers of all kinds through a yield and x rounds */
	OP_PRINT,
};

/* number: of a call, or a way to do it.  slot: where the result goes.  from: a bit for each
 * argument that is a slot's value. */
struct operation {
	uint8_t kind, number, slot, from;
	uint32_t x, y, z, w;
};

struct operation program[OPERATIONS] = {{'C', 'H', 'A', 'O', 0x534f4148, 0x43534f41, 0x48434f53, 1}};

static uint32_t slots[SLOTS];
static uint32_t hash = 0x811c9dc5;
static struct message message;
static uint8_t scratch[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

static void fold(uint32_t value)
{
	hash = (hash ^ value) * 0x01000193;
	hash ^= hash >> 15;
}

static int svc(unsigned number, uint32_t x, uint32_t y, uint32_t z, uint32_t w)
{
	register uint32_t r0 __asm__("r0") = x;
	register uint32_t r1 __asm__("r1") = y;
	register uint32_t r2 __asm__("r2") = z;
	register uint32_t r3 __asm__("r3") = w;
	register uint32_t r12 __asm__("r12") = number;

	__asm__ volatile("svc #0" : "+r"(r0) : "r"(r1), "r"(r2), "r"(r3), "r"(r12) : "memory");
	return (int)r0;
}

static int semihosting(uint32_t operation, uint32_t block)
{
	register uint32_t r0 __asm__("r0") = operation;
	register uint32_t r1 __asm__("r1") = block;

#ifdef __thumb__
	__asm__ volatile("svc #0xab" : "+r"(r0) : "r"(r1) : "memory");
#else
	__asm__ volatile("svc #0x123456" : "+r"(r0) : "r"(r1) : "memory");
#endif
	return (int)r0;
}

static uint32_t load(unsigned way, uint32_t at)
{
	uint32_t a = 0, b = 0;

	switch (way % 8) {
	case 0: __asm__ volatile("ldrb %0, [%1]" : "=r"(a) : "r"(at) : "memory"); break;
	case 1: __asm__ volatile("ldrsh %0, [%1]" : "=r"(a) : "r"(at) : "memory"); break;
	case 2: __asm__ volatile("ldrh %0, [%1]" : "=r"(a) : "r"(at) : "memory"); break;
	case 3: __asm__ volatile("ldrd r2, r3, [%2]\n mov %0, r2\n mov %1, r3"
		: "=&r"(a), "=&r"(b) : "r"(at) : "r2", "r3", "memory"); break;
	case 4: __asm__ volatile("ldm %2, {r2, r3, r4, r5}\n add %0, r2, r3\n add %1, r4, r5"
		: "=&r"(a), "=&r"(b) : "r"(at) : "r2", "r3", "r4", "r5", "memory"); break;
	case 5: __asm__ volatile("vld1.8 {d0-d1}, [%2]\n vmov %0, %1, d1"
		: "=&r"(a), "=&r"(b) : "r"(at) : "d0", "d1", "memory"); break;
	default: __asm__ volatile("ldr %0, [%1]" : "=r"(a) : "r"(at) : "memory"); break;
	}
	fold(b);
	return a;
}

static void store(unsigned way, uint32_t at, uint32_t value)
{
	switch (way % 8) {
	case 0: __asm__ volatile("strb %0, [%1]" :: "r"(value), "r"(at) : "memory"); break;
	case 1: case 2: __asm__ volatile("strh %0, [%1]" :: "r"(value), "r"(at) : "memory"); break;
	case 3: __asm__ volatile("mov r2, %0\n mvn r3, %0\n strd r2, r3, [%1]"
		:: "r"(value), "r"(at) : "r2", "r3", "memory"); break;
	case 4: __asm__ volatile("mov r2, %0\n mvn r3, %0\n stm %1, {r2, r3}"
		:: "r"(value), "r"(at) : "r2", "r3", "memory"); break;
	case 5: __asm__ volatile("vdup.32 q0, %0\n vst1.8 {d0-d1}, [%1]"
		:: "r"(value), "r"(at) : "d0", "d1", "memory"); break;
	default: __asm__ volatile("str %0, [%1]" :: "r"(value), "r"(at) : "memory"); break;
	}
}

static uint32_t exclusive(unsigned way, uint32_t at, uint32_t value)
{
	uint32_t old, failed;

	__asm__ volatile("ldrex %0, [%1]" : "=r"(old) : "r"(at) : "memory");
	if (way & 1)
		proc_yield();
	if (way & 2)
		*(volatile uint32_t *)at = old + 1;
	__asm__ volatile("strex %0, %2, [%1]" : "=&r"(failed) : "r"(at), "r"(value) : "memory");
	fold(old);
	return failed;
}

static void spin(uint32_t rounds)
{
	for (volatile uint32_t i = 0; i < rounds; i++)
		;
}

/* Registers that must come back as they were, whoever ran meanwhile. */
static void keep(unsigned way, uint32_t rounds, uint32_t value)
{
	uint32_t flags, low, high;

	__asm__ volatile(
		"vdup.32 q3, %3\n vmov d31, %3, %3\n vmsr fpscr, %6\n mov r0, %3\n"
		"mov r4, %3\n mvn r5, %3\n mov r8, %4\n"
		"cmp %5, #0\n beq 1f\n mov r12, %7\n svc #0\n"
		"1: subs r8, r8, #1\n bpl 1b\n"
		"eor r4, r4, r5\n vmrs %0, fpscr\n vmov %1, %2, d31\n add %0, %0, r4\n"
		: "=&r"(flags), "=&r"(low), "=&r"(high)
		: "r"(value), "r"(rounds), "r"(way & 1), "r"(value & 0x07c00000), "I"(CALL_YIELD)
		: "r0", "r4", "r5", "r8", "r12", "d6", "d7", "d31", "cc", "memory");
	uint32_t wanted = (value & 0x07c00000) - 1; /* of fpscr what was set; all of r4 ^ r5 */

	if (flags != wanted || low != value || high != value)
		printf("registers lost: %x %x %x of %x\n", (unsigned)flags, (unsigned)low, (unsigned)high,
		       (unsigned)value);
}

static void look(const struct operation *op, uint32_t x)
{
	struct frame frame;

	fold((uint32_t)frame_info(x, &frame));
	slots[op->slot % SLOTS] = (uint32_t)frame.f_id;
	slots[(op->slot + 1) % SLOTS] = frame.v_va;
	slots[22] = frame.len;
	slots[23] = (uint32_t)frame.v_id;
}

static void take(const struct operation *op, uint32_t x, uint32_t y)
{
	int f_id = frame_take(x, PAGE_SIZE);

	slots[op->slot % SLOTS] = (uint32_t)f_id;
	slots[(op->slot + 1) % SLOTS] = f_id < 0 ? 0 : (uint32_t)space_see(f_id, y);
	fold(slots[(op->slot + 1) % SLOTS]);
}

static int interpret(int index);

static uint32_t perform(const struct operation *op, const uint32_t *v)
{
	switch (op->kind) {
	case OP_CALL: return (uint32_t)svc(op->number, v[0], v[1], v[2], v[3]);
	case OP_LOAD: return load(op->number, v[0] + v[1]);
	case OP_STORE: store(op->number, v[0] + v[1], v[2]); return 0;
	case OP_WRITE:
		((volatile uint32_t *)(v[0] + v[1]))[0] = v[2];
		((volatile uint32_t *)(v[0] + v[1]))[1] = v[3];
		return 0;
	case OP_RUN: return ((uint32_t (*)(uint32_t))(v[0] + v[1]))(v[2]);
	case OP_EXCLUSIVE: return exclusive(op->number, v[0] + v[1], v[2]);
	case OP_SEMIHOSTING: return (uint32_t)semihosting(v[0], v[1]);
	case OP_SPAWN: return (uint32_t)process_run(interpret, (int)v[0]);
	case OP_SPIN: spin(v[0]); return 0;
	case OP_MOVE: return (uint32_t)space_see((int)v[0], v[1]);
	case OP_SET: return v[0] + v[1];
	case OP_KEEP: keep(op->number, v[0], v[1]); return 0;
	default: return 0;
	}
}

static int interpret(int index)
{
	slots[0] = (uint32_t)&message;
	slots[1] = (uint32_t)program;
	for (unsigned i = 5; i < 20 && index == 0; i += 2)
		slots[i] = (uint32_t)scratch;
	for (const struct operation *op = program + index; op->kind != OP_END; op++) {
		uint32_t v[] = {op->x, op->y, op->z, op->w};

		for (unsigned i = 0; i < 4; i++)
			if (op->from >> i & 1)
				v[i] = slots[v[i] % SLOTS];
		if ((op->from & 1) && op->kind != OP_CALL && op->kind != OP_MOVE && v[0] + 1 <= 1)
			v[0] = (uint32_t)scratch; /* a view that there is not: to go on tells more */
		if (op->kind == OP_FIND) {
			look(op, v[0]);
		} else if (op->kind == OP_TAKE) {
			take(op, v[0], v[1]);
		} else if (op->kind == OP_PRINT) {
			printf("%x\n", (unsigned)hash);
		} else {
			uint32_t result = perform(op, v);

			slots[op->slot % SLOTS] = result;
			fold(result);
		}
	}
	printf("end %d %x\n", index, (unsigned)hash);
	return (int)(hash & 0x7f);
}

int main(void)
{
	return interpret(0);
}
