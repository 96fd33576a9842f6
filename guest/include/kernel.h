/* Written by `make header` from kernel_model. Changes here are lost. */
#ifndef KERNEL_H
#define KERNEL_H

/* The number of each call, in r12 at `svc #0`; for assembly programs, too. */
#define CALL_SEND 0
#define CALL_RECV 1
#define CALL_PROC_NEW 2
#define CALL_FRAME_SPLIT 3
#define CALL_FRAME_MERGE 4
#define CALL_FRAME_GIVE 5
#define CALL_FRAME_MAP 6
#define CALL_FRAME_UNMAP 7
#define CALL_FRAME_ALLOW 8
#define CALL_FRAME_COUNT 9
#define CALL_FRAME_INFO 10
#define CALL_FRAME_CREATE 11
#define CALL_FRAME_LOOKUP 12
#define CALL_FRAME_TABLE 13
#define CALL_VSPACE_SWAP 14
#define CALL_VSPACE_ID 15
#define CALL_FRAME_POOL 16
#define CALL_YIELD 17
#define CALL_EXIT 18
#define CALL_CONSOLE_WRITE 19
#define CALL_CONSOLE_READ 20
#define CALL_FAULT_HANDLER 21
#define CALL_PROC_END 23
#define CALL_VSPACE_LEND 24
#define CALL_CALL 25
#define CALL_REPLY 26
#define CALL_POOL_GIVE 27
#define CALL_FRAME_UNPOOL 28
#define CALL_THREAD_POINTER 30

#ifndef __ASSEMBLER__ /* the rest is C */

#include <stddef.h>

#define MESSAGE_SIZE 64
#define NO_ID (-1) /* no frame, no process */
#define KERNEL_VA 0xf0000000u /* the kernel's part begins here */

/* struct frame, type */
enum {
	FRAME_IO = 0x1,
	FRAME_MEM = 0x2,
	FRAME_PROC = 0x3,
	FRAME_POOL = 0x4,
};

/* frame_map's flags and frame_unmap's kind: what a frame is mapped as */
enum {
	F_MAP_PAGE = 0x0,
	F_MAP_SECTION = 0x4,
	F_MAP_TABLE_L1 = 0x8,
	F_MAP_TABLE_L2 = 0xc,
};

/* frame_table's type, and bits 1-2 of t_flags */
enum {
	F_TABLE_NO = 0x0,
	F_TABLE_L1 = 0x2,
	F_TABLE_L2 = 0x4,
};

/* struct proc_info, state */
enum {
	PROC_NEW = 0x0,
	PROC_READY = 0x1,
	PROC_SENDING = 0x2,
	PROC_RECEIVING = 0x3,
	PROC_DEAD = 0x4,
	PROC_CALLING = 0x5,
	PROC_AWAITING = 0x6,
	PROC_FAULTED = 0x7,
	PROC_STOPPED = 0x8,
	PROC_READING = 0x9,
};

/* struct death, how: by exit, or by a fault; then status is a kind of fault */
enum {
	DEATH_EXITED = 0x1,
	DEATH_FAULTED = 0x2,
};

/* struct fault, kind: what the processor refused */
enum {
	FAULT_MEMORY_ACCESS = 0x1,
	FAULT_UNDEFINED_INSTRUCTION = 0x2,
	FAULT_BREAKPOINT_INSTRUCTION = 0x3,
};

/* struct fault_answer, answer: try again, end, or go on as told */
enum {
	ANSWER_RETRY = 0x0,
	ANSWER_END = 0x1,
	ANSWER_REDIRECT = 0x2,
};

enum {
	F_MAP_READ = 0x1, /* frame_map's flags: the view may be read */
	F_MAP_WRITE = 0x2, /* frame_map's flags: the view may be written */
	F_MAP_NOEXEC = 0x40, /* frame_map's flags: nothing in the view is ever executed */
	F_MAP_KIND_MASK = 0x3c, /* the bits of the flags that hold the kind */
	FAULT_BIT = 0x40000000, /* bit of what recv returns: the message is the fault of that process */
	F_TABLE_MAPPED = 0x1, /* bit of t_flags: the table is installed in another or is a current vspace */
};

/* Results below zero: the rule that a call would have broken. */
enum error {
	E_ERR = -1, /* an error with no name of its own */
	E_NO_CALL = -2, /* no call has this number */
	E_NO_FRAME = -3, /* the caller owns no frame with this id */
	E_NO_PROCESS = -4, /* no living process has this pid */
	E_BAD_POINTER = -5, /* the caller could not make this access itself */
	E_UNALIGNED = -6, /* an address, offset or length is not aligned as this call needs */
	E_OUT_OF_RANGE = -7, /* an offset, index or address is outside what it points into */
	E_POOL_FULL = -8, /* the account has no room for that many kernel objects */
	E_WRONG_TYPE = -9, /* a frame of this type cannot be used so */
	E_IS_TABLE = -10, /* the frame is a table */
	E_NOT_TABLE = -11, /* the frame is not a table of the level this call needs */
	E_TABLE_NOT_VISIBLE = -12, /* the table has no read-only page view in the caller's vspace */
	E_TABLE_NOT_HUNG = -13, /* the L2 table is installed in no L1 table */
	E_TABLE_HUNG = -14, /* the table is already installed in an L1 table */
	E_TABLE_CURRENT = -15, /* the table is some process's current vspace */
	E_TABLE_NOT_EMPTY = -16, /* the table still has entries */
	E_TABLE_WRITABLE = -17, /* a table, or a process's frame, is never viewed writable */
	E_NOT_VIEWED_READ_ONLY = -18, /* the frame has no read-only view in the caller's vspace */
	E_NOT_MAPPED = -19, /* the frame has no mapping of this kind */
	E_MAPPED = -20, /* the frame is mapped */
	E_ENTRY_IN_USE = -21, /* a table entry that this call would fill is not empty */
	E_KERNEL_SPACE = -22, /* the addresses reach into the kernel's part */
	E_PAGE_ZERO = -23, /* page 0 is never mapped */
	E_BAD_FLAGS = -24, /* these flags do not go together or do not exist */
	E_BAD_KIND = -25, /* there is no such kind of mapping or table for this call */
	E_NOT_ADJACENT = -26, /* the second frame does not start where the first ends */
	E_NOT_ALIKE = -27, /* the frames' types or views differ */
	E_NOT_ALLOWED = -28, /* the caller may not give to this process, or it is no child of the caller */
	E_BAD_SIZE = -29, /* the frame does not have the size that this call needs */
	E_NO_VSPACE = -30, /* the process has no vspace to run in */
	E_TO_SELF = -31, /* a process cannot be its own partner in this call */
	E_PEER_DIED = -32, /* the process waited for has ended */
	E_NO_CREATE = -33, /* frames are created only by proc0 after a device-tree boot */
	E_OVERLAP = -34, /* the range overlaps a frame or the kernel */
	E_CONSOLE = -35, /* the console failed */
	E_NO_ID_LEFT = -36, /* all ids of this kind have been used */
	E_NOT_CALLING = -37, /* the process does not wait for a reply of the caller */
	E_PEER_FAULTED = -38, /* the process has faulted: the caller, its handler, must receive that */
};

/* A frame, its place as a table (t_) and its page view (v_); absent ids are NO_ID. */
struct frame {
	int f_id;
	unsigned type;
	unsigned pa;
	unsigned len;
	int t_id;
	unsigned t_va;
	unsigned t_flags;
	int v_id;
	unsigned v_va;
	unsigned v_flags;
};
_Static_assert(sizeof(struct frame) == 40, "the kernel's layout of frame");

/* The start of a process's information page. */
struct proc_info {
	int pid;
	int parent;
	int l1;
	unsigned frames;
	unsigned state;
	unsigned calls;
	unsigned sent;
	unsigned received;
};
_Static_assert(sizeof(struct proc_info) == 32, "the kernel's layout of proc_info");

/* What recv tells with E_PEER_DIED: a child has ended. */
struct death {
	int pid;
	unsigned how;
	int status;
};
_Static_assert(sizeof(struct death) == 12, "the kernel's layout of death");

/* What recv tells with FAULT_BIT: a process has faulted and waits for our answer. va, rights
 * (F_MAP_READ, F_MAP_WRITE or 4: execution) and status (as in DFSR) are of its access. */
struct fault {
	unsigned kind;
	unsigned va;
	unsigned pc;
	unsigned cpsr;
	unsigned rights;
	unsigned status;
	unsigned sp;
	unsigned lr;
	unsigned r0;
	unsigned r1;
	unsigned r2;
	unsigned r3;
	unsigned r4;
	unsigned r5;
	unsigned r6;
	unsigned r7;
};
_Static_assert(sizeof(struct fault) == 64, "the kernel's layout of fault");

/* What a handler sends back. The rest counts for ANSWER_REDIRECT alone. */
struct fault_answer {
	unsigned answer;
	unsigned pc;
	unsigned sp;
	unsigned r0;
	unsigned r1;
	unsigned r2;
	unsigned r3;
	unsigned r4;
	unsigned r5;
	unsigned r6;
	unsigned r7;
};
_Static_assert(sizeof(struct fault_answer) == 44, "the kernel's layout of fault_answer");

/* The start of the page whose address the first process gets in r0. */
struct boot_info {
	unsigned kernel_start;
	unsigned kernel_len;
	unsigned dtb_start;
	unsigned dtb_len;
	unsigned intc_phandle;
	char boot_args[256];
};
_Static_assert(sizeof(struct boot_info) == 276, "the kernel's layout of boot_info");

/* send 64 bytes, wait until received; a parent's first message starts its child */
int send(int pid, const void *msg);

/* wait for 64 bytes; returns the sender's pid */
int recv(void *msg);

/* make a process of a frame or of an L1 table */
int proc_new(int f_id);

/* cut a frame in two; returns the upper part */
int frame_split(int f_id, size_t offset);

/* join f2 to the end of f1; returns f1 */
int frame_merge(int f1, int f2);

/* give a frame, and all mapped in it, to a process */
int frame_give(int f_id, int pid);

/* map a frame in a table, or install an L2 table in an L1 */
int frame_map(int t_id, int f_id, void *va, unsigned flags);

/* remove a page view, or remove a table */
int frame_unmap(int f_id, unsigned kind);

/* allow one more process to give frames to the caller; -1: none */
int frame_allow(int pid);

/* how many frames the caller owns */
int frame_count(void);

/* describe the caller's index-th frame */
int frame_info(unsigned index, struct frame *frame);

/* make a frame of a physical range (device-tree boot, proc0) */
int frame_create(size_t start, size_t len, unsigned type);

/* describe a frame */
int frame_lookup(int f_id, struct frame *frame);

/* turn a frame into a table, or a table back into memory */
int frame_table(int f_id, unsigned type);

/* make an L1 table the current vspace of a process */
int vspace_swap(int pid, int f_id);

/* the caller's L1 table */
int vspace_id(void);

/* turn a frame into room for kernel objects; returns how many */
int frame_pool(int f_id);

/* let other processes run (the call yield) */
int proc_yield(void);

/* end the caller (the call exit) */
_Noreturn void proc_exit(int status);

/* write to the console; returns how many bytes */
int console_write(const void *ptr, size_t len);

/* read from the console; returns how many bytes, 0 at the end */
int console_read(void *ptr, size_t len);

/* name the process that receives the caller's faults and answers them; -1: none */
int fault_handler(int pid);

/* end a child */
int proc_end(int pid, int status);

/* make an L1 table, which the caller goes on owning, the vspace of a child */
int vspace_lend(int pid, int f_id);

/* send 64 bytes and wait for that process's reply, which replaces them */
int call(int pid, void *msg);

/* answer a call with 64 bytes; never blocks */
int reply(int pid, const void *msg);

/* give a process room for kernel objects */
int pool_give(int pid, unsigned count);

/* turn pool memory back into memory, zeroed */
int frame_unpool(int f_id);

/* set the caller's TPIDRURO, where its thread-local variables are */
int thread_pointer(void *va);

/* The name of an error, e.g. E_NO_FRAME; never NULL. */
const char *error_name(int error);

#endif /* __ASSEMBLER__ */
#endif
