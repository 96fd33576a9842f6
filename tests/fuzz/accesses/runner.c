/* Runs code under qemu-arm: reads it and all registers, notes and passes what faults, and writes
 * what it came to.  tests/fuzz/accesses/beside.py has the other end. */
#include <stdint.h>

enum { CODE = 0x10000, DATA = 0x40000, DATA_SIZE = 0x4000, LOG = 8192, ILL = 4, BUS = 7, SEGV = 11 };

static struct { uint32_t length, thumb, r[15], flags, fpscr; uint64_t d[32]; } in;
static struct { uint32_t noted; struct { uint32_t pc, signal, address; } log[LOG]; } noted;
static struct { uint32_t r[15], flags, fpscr, free; uint64_t d[32]; } out;
static uint8_t stack[65536] __attribute__((aligned(8)));

static long call(long number, long a, long b, long c, long d, long e, long f)
{
	register long r0 __asm__("r0") = a, r1 __asm__("r1") = b, r2 __asm__("r2") = c;
	register long r3 __asm__("r3") = d, r4 __asm__("r4") = e, r5 __asm__("r5") = f;
	register long r7 __asm__("r7") = number;
	__asm__ volatile("svc #0" : "+r"(r0) : "r"(r1), "r"(r2), "r"(r3), "r"(r4), "r"(r5), "r"(r7) : "memory");
	return r0;
}

static void transfer(long number, long file, void *at, uint32_t size)
{
	for (uint32_t done = 0; done < size;) {
		long some = call(number, file, (long)at + done, size - done, 0, 0, 0);
		if (some <= 0)
			call(1, 99, 0, 0, 0, 0, 0);
		done += some;
	}
}

static uint32_t advanced(uint32_t cpsr) /* past an instruction of an IT block: A2.5.2 */
{
	uint32_t it = (cpsr >> 8 & 0xFC) | (cpsr >> 25 & 3);
	it = it & 7 ? (it & 0xE0) | (it << 1 & 0x1F) : 0;
	return (cpsr & ~0x0600FC00u) | (it & 0xFC) << 8 | (it & 3) << 25;
}

static void caught(int signal, uint32_t *info, uint32_t *context)
{
	uint32_t *r = context + 8, pc = r[15], cpsr = context[24];
	if (pc >= CODE + in.length) {
		uint64_t *d = out.d;
		__asm__ volatile("vstm %0!, {d0-d15}\n vstm %0!, {d16-d31}" : "+r"(d) : : "memory");
		__asm__ volatile("vmrs %0, fpscr" : "=r"(out.fpscr));
		for (int n = 0; n < 15; n++)
			out.r[n] = r[n];
		out.flags = cpsr & 0xF80F0200;
		transfer(4, 1, &noted, 4 + 12 * noted.noted);
		transfer(4, 1, &out, sizeof out);
		transfer(4, 1, (void *)DATA, DATA_SIZE);
		call(1, 0, 0, 0, 0, 0, 0);
	}
	if (noted.noted == LOG)
		call(1, 98, 0, 0, 0, 0, 0);
	noted.log[noted.noted].pc = pc;
	noted.log[noted.noted].signal = signal;
	noted.log[noted.noted++].address = signal == ILL ? 0 : info[3];
	int is_long = !(cpsr & 0x20) || *(uint16_t *)pc >= 0xE800;
	r[15] = pc + (is_long ? 4 : 2);
	context[24] = advanced(cpsr);
}

__attribute__((naked)) static void restore(void) { __asm__("mov r7, #173\n svc #0"); }

void _start(void)
{
	uint32_t alternative[3] = {(uint32_t)stack, 0, sizeof stack};
	uint32_t action[5] = {(uint32_t)caught, 4 | 0x08000000 | 0x04000000 | 0x40000000, (uint32_t)restore, 0, 0};
	transfer(3, 0, &in, sizeof in);
	call(192, CODE, 0x10000, 7, 0x32, -1, 0);
	call(192, DATA, DATA_SIZE, 3, 0x32, -1, 0);
	transfer(3, 0, (void *)CODE, 0x10000);
	transfer(3, 0, (void *)DATA, DATA_SIZE);
	call(186, (long)alternative, 0, 0, 0, 0, 0);
	call(174, ILL, (long)action, 0, 8, 0, 0);
	call(174, BUS, (long)action, 0, 8, 0, 0);
	call(174, SEGV, (long)action, 0, 8, 0, 0);
	__asm__ volatile(
		"mov r0, %0\n add r1, r0, #80\n vldm r1!, {d0-d15}\n vldm r1!, {d16-d31}\n"
		"ldr r1, [r0, #72]\n vmsr fpscr, r1\n ldr r1, [r0, #68]\n msr APSR_nzcvqg, r1\n"
		"ldr sp, [r0, #60]\n ldr lr, [r0, #64]\n add r0, r0, #8\n ldm r0, {r0-r12}\n"
		"ldr pc, 1f\n1: .word %c1\n" : : "r"(&in), "i"(CODE));
}
