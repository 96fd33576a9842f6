/* Children that misbehave, each in a way of its own.  Each is stopped or refused, and harms nobody: its
 * memory comes back to its parent, and a bystander goes on with its memory as it was.
 */

#include "callcheck.h"

#include <stdint.h>
#include <string.h>

#include "console.h"
#include "process.h"
#include "tables.h"

/* The first two processes after us. */
enum { BYSTANDER = 1, BYSTANDERS_CHILD = 2 };

/* --- Children.  What returns here was not stopped: the result of a call, or 0. --- */

static __attribute__((noinline)) int read_at(unsigned va)
{
	return *(volatile int *)va & 0;
}

static __attribute__((noinline)) int write_at(unsigned va)
{
	*(volatile int *)va = 0;
	return 0;
}

static __attribute__((noinline)) int call_at(unsigned va)
{
	((void (*)(void))va)();
	return 0;
}

static int read_null(void) { return read_at(0); }
static int write_null(void) { return write_at(4); }
static int call_null(void) { return call_at(0); }
static int read_kernel(void) { return read_at(KERNEL_VA); }
static int write_kernel(void) { return write_at(KERNEL_VA + 64); }
static int call_kernel(void) { return call_at(KERNEL_VA); }
static int write_window(void) { return write_at(0xfff00000); }
static int read_last_word(void) { return read_at(0xfffffffc); }
static int read_unmapped(void) { return read_at(0x70000000); }
static int call_unmapped(void) { return call_at(0x70000000); }

static int write_own_code(void) { return write_at((unsigned)write_own_code & ~3u); }

static int write_constant(void)
{
	static const char constant[] = "constant";

	return write_at((unsigned)constant & ~3u);
}

static int write_own_l1(void) { return write_at(look(vspace_id()).v_va); }

/* The table that maps this very program. */
static int write_own_l2(void)
{
	unsigned l1_word = own_l1()[(unsigned)write_own_l2 / MIB];

	return write_at((unsigned)frame_view(l1_entry(l1_word).pa));
}

#define ARM_BX_LR 0xe12fff1e

static int execute_data(void)
{
	static volatile unsigned code = ARM_BX_LR;

	return call_at((unsigned)&code);
}

static int execute_stack(void)
{
	volatile unsigned code = ARM_BX_LR;

	return call_at((unsigned)&code);
}

static int overflow_stack(void)
{
	static volatile bool deeper = true;
	volatile char room[512];

	room[0] = deeper;
	return deeper ? overflow_stack() + room[0] : 0;
}

/* Registers are not what they were, to be sure, but we do not come back. */
#define INSTRUCTION(name, text) \
	static int name(void) \
	{ \
		unsigned word = 0; \
		__asm__ volatile(text : "+r"(word) : : "memory", "cc"); \
		return 0; \
	}

INSTRUCTION(undefined, "udf #0")
INSTRUCTION(breakpoint, "bkpt #0")
INSTRUCTION(read_system_control, "mrc p15, 0, %0, c1, c0, 0")
INSTRUCTION(write_system_control, "mcr p15, 0, %0, c1, c0, 0")
INSTRUCTION(write_table_base, "mcr p15, 0, %0, c2, c0, 0")
INSTRUCTION(write_domains, "mcr p15, 0, %0, c3, c0, 0")
INSTRUCTION(invalidate_tlb, "mcr p15, 0, %0, c8, c7, 0")
INSTRUCTION(call_monitor, ".arch_extension sec\n smc #0")
INSTRUCTION(call_hypervisor, ".arch_extension virt\n hvc #0")
INSTRUCTION(return_from_exception, "rfeia %0")

/* In user mode these two do nothing (Arm ARM B9.3.2, B9.3.12): we are as powerless as before. */
INSTRUCTION(change_mode, "cps #0x13")
INSTRUCTION(change_status, "mov %0, #0xd3\n msr cpsr_c, %0")

static int change_mode_and_read_kernel(void)
{
	change_mode();
	change_status();
	return read_at(KERNEL_VA);
}

static int hand_out_bad_pointers(void)
{
	for (unsigned i = 0; i < BAD_TO_WRITE; i++) {
		void *bad = bad_pointer(i, sizeof(struct frame));
		CHECK_REFUSED(frame_info(0, bad), E_BAD_POINTER);
		CHECK_REFUSED(frame_lookup(vspace_id(), bad), E_BAD_POINTER);
		bad = bad_pointer(i, MESSAGE_SIZE);
		CHECK_REFUSED(recv(bad), E_BAD_POINTER);
		CHECK_REFUSED(console_read(bad, MESSAGE_SIZE), E_BAD_POINTER);
		if (i >= BAD_TO_READ)
			continue;
		CHECK_REFUSED(send(0, bad), E_BAD_POINTER);
		CHECK_REFUSED(console_write(bad, MESSAGE_SIZE), E_BAD_POINTER);
	}
	return E_BAD_POINTER;
}

/* Every id there may be, but for our own. */
static int use_foreign_frames(void)
{
	struct frame frame;
	unsigned state = visible_state();
	int l1 = vspace_id(), l2 = look(l1).v_id, own = take(2), parent = 0;

	CHECK_OK(frame_split(own, PAGE_SIZE));
	state = visible_state();
	for (int f_id = -2; f_id < 200; f_id++) {
		if (frame_lookup(f_id, &frame) == 0)
			continue;
		CHECK_RESULT(frame_map(l2, f_id, (void *)SPACE_AREA, READ_WRITE), E_NO_FRAME);
		CHECK_RESULT(frame_map(f_id, own, (void *)SPACE_AREA, READ_WRITE), E_NO_FRAME);
		CHECK_RESULT(frame_unmap(f_id, F_MAP_PAGE), E_NO_FRAME);
		CHECK_RESULT(frame_split(f_id, PAGE_SIZE), E_NO_FRAME);
		CHECK_RESULT(frame_merge(own, f_id), E_NO_FRAME);
		CHECK_RESULT(frame_give(f_id, parent), E_NO_FRAME);
		CHECK_RESULT(frame_table(f_id, F_TABLE_L2), E_NO_FRAME);
		CHECK_RESULT(frame_table(f_id, F_TABLE_NO), E_NO_FRAME);
		CHECK_RESULT(vspace_swap(parent, f_id), E_NO_FRAME);
		CHECK_RESULT(frame_pool(f_id), E_NO_FRAME);
		CHECK_RESULT(proc_new(f_id), E_NO_FRAME);
	}
	CHECK(visible_state() == state);
	return E_NO_FRAME;
}

static int give_to_strangers(void)
{
	int page = take(1);

	CHECK_REFUSED(frame_give(page, 0), E_NOT_ALLOWED); /* nor to our parent */
	return frame_give(page, BYSTANDERS_CHILD);
}

static int make_own_table_writable(void)
{
	struct frame l1 = look(vspace_id());

	return frame_map(l1.v_id, l1.f_id, (void *)l1.v_va, READ_WRITE);
}

static int map_over_own_table(void)
{
	struct frame l1 = look(vspace_id());

	return frame_map(l1.v_id, take(1), (void *)l1.v_va, READ_WRITE);
}

static int map_page_zero(void)
{
	int l1 = take_table(F_TABLE_L1, L1_SIZE / PAGE_SIZE), l2 = take_table(F_TABLE_L2, 1);

	CHECK_OK(frame_map(l1, l2, NULL, F_MAP_TABLE_L2));
	return frame_map(l2, take(1), NULL, READ_WRITE);
}

static int map_over_kernel(void)
{
	return frame_map(vspace_id(), CHECK_OK(frame_take(MIB, MIB)), (void *)KERNEL_VA,
	                 F_MAP_SECTION | READ_WRITE);
}

static int create_frame(void) { return frame_create(0x80000000, PAGE_SIZE, FRAME_MEM); }

static int call_nobody(void)
{
	register int number __asm__("r12") = 999;
	register int result __asm__("r0") = 0;

	__asm__ volatile("svc #0" : "+r"(result) : "r"(number) : "memory");
	return result;
}

/* Take away what we stand on. */
static int unmap_own_code(void)
{
	struct frame frame;

	for (unsigned i = 0; frame_info(i, &frame) == 0; i++)
		if ((unsigned)unmap_own_code - frame.v_va < frame.len)
			return frame_unmap(frame.f_id, F_MAP_PAGE);
	return 0;
}

static int remove_own_stack(void)
{
	return frame_unmap(look(vspace_id()).v_id, F_MAP_TABLE_L2);
}

static int own_pid;

static int swap_to_nothing(void)
{
	return vspace_swap(own_pid, take_table(F_TABLE_L1, L1_SIZE / PAGE_SIZE));
}

static int swap_parents_vspace(void)
{
	return vspace_swap(0, take_table(F_TABLE_L1, L1_SIZE / PAGE_SIZE));
}

struct misdeed {
	const char *name;
	int (*commit)(void);
};

static const struct misdeed misdeeds[] = {
	{"reads through a null pointer", read_null},
	{"writes through a null pointer", write_null},
	{"calls a null pointer", call_null},
	{"reads the kernel's memory", read_kernel},
	{"writes the kernel's memory", write_kernel},
	{"jumps into the kernel", call_kernel},
	{"writes the kernel's window on tables", write_window},
	{"reads the last word of all", read_last_word},
	{"reads where nothing is mapped", read_unmapped},
	{"jumps to where nothing is mapped", call_unmapped},
	{"writes its own code", write_own_code},
	{"writes a constant", write_constant},
	{"writes its L1 table", write_own_l1},
	{"writes its L2 table", write_own_l2},
	{"executes data", execute_data},
	{"executes its stack", execute_stack},
	{"overflows its stack", overflow_stack},
	{"executes an undefined instruction", undefined},
	{"executes a breakpoint", breakpoint},
	{"reads the system control register", read_system_control},
	{"writes the system control register", write_system_control},
	{"writes the translation table base", write_table_base},
	{"writes the domain register", write_domains},
	{"invalidates the TLB", invalidate_tlb},
	{"calls the secure monitor", call_monitor},
	{"calls a hypervisor", call_hypervisor},
	{"returns from an exception", return_from_exception},
	{"changes the processor mode", change_mode},
	{"changes the status register", change_status},
	{"changes both and reads the kernel's memory", change_mode_and_read_kernel},
	{"hands bad pointers to calls", hand_out_bad_pointers},
	{"uses frames of others", use_foreign_frames},
	{"gives a frame to strangers", give_to_strangers},
	{"maps its L1 table for writing", make_own_table_writable},
	{"maps memory over its L1 table", map_over_own_table},
	{"maps page 0", map_page_zero},
	{"maps memory over the kernel", map_over_kernel},
	{"creates a frame of kernel memory", create_frame},
	{"makes a call that there is not", call_nobody},
	{"unmaps its own code", unmap_own_code},
	{"removes the table of its stack", remove_own_stack},
	{"swaps to an address space with nothing in it", swap_to_nothing},
	{"swaps its parent to another address space", swap_parents_vspace},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Once told to, do it; asked afterwards, say what came of it. */
static int misbehave(int which)
{
	struct message message;

	CHECK_RESULT(recv(&message), 0);
	own_pid = message.words[0];
	int result = misdeeds[which].commit();
	CHECK_RESULT(recv(&message), 0);
	message.words[0] = result;
	CHECK_OK(send(0, &message));
	return 0;
}

/* --- The bystander: says, whenever asked, how it is. --- */

#define BYSTANDERS_WORDS 2000

static unsigned bystanders_words[BYSTANDERS_WORDS];

static int stand_by(int unused)
{
	struct message message;
	unsigned state = 0;

	(void)unused;
	fill(bystanders_words, sizeof bystanders_words, 77);
	while (recv(&message) == 0) {
		if (state == 0) { /* the first time: some memory is here now */
			CHECK_RESULT(proc_new(take(2)), BYSTANDERS_CHILD);
			state = visible_state();
		}
		check_filled(bystanders_words, sizeof bystanders_words, 77);
		message.words[0] = visible_state() == state;
		CHECK_OK(send(0, &message));
	}
	return 1;
}

static void check_bystander(void)
{
	struct message message = {{0}};

	CHECK_RESULT(send(BYSTANDER, &message), 0);
	CHECK_RESULT(recv(&message), BYSTANDER);
	CHECK(message.words[0] == true);
}

/* --- The parent. --- */

static unsigned total_memory(void)
{
	struct frame frame;
	unsigned total = 0;

	for (unsigned i = 0; frame_info(i, &frame) == 0; i++)
		total += frame.len;
	return total;
}

/* Some memory to misbehave with. */
static void equip(int child)
{
	CHECK_OK(frame_give(CHECK_OK(frame_take(2 * MIB, MIB)), child));
}

/* "stopped", "nothing came of it", or the name of the error. */
static const char *outcome(int child)
{
	struct message message = {{child}};

	/* Who sends learns of the other's end, whether it comes before or while we wait. */
	CHECK_RESULT(send(child, &message), 0);
	int result = send(child, &message);
	if (result == E_PEER_DIED || result == E_NO_PROCESS) {
		CHECK_OK(process_wait(child));
		return "stopped";
	}
	CHECK_RESULT(result, 0);
	CHECK_RESULT(recv(&message), child);
	CHECK_OK(process_wait(child));
	return message.words[0] < 0 ? error_name(message.words[0]) : "nothing came of it";
}

static void watch(unsigned which)
{
	int frames = frame_count();
	unsigned total = total_memory();
	int child = CHECK_OK(process_run(misbehave, (int)which));

	equip(child);
	printf("%s: %s\n", misdeeds[which].name, outcome(child));
	frame_merge_free();
	CHECK(frame_count() == frames && total_memory() == total);
	check_bystander();
}

int main(void)
{
	CHECK_RESULT(process_run(stand_by, 0), BYSTANDER);
	equip(BYSTANDER);
	check_bystander();
	for (unsigned i = 0; i < COUNT(misdeeds); i++)
		watch(i);
	return check_passed("misbehave");
}
