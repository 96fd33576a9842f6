/* Processes: filling address spaces with programs, starting them, and seeing them end. */
#ifndef PROCESS_H
#define PROCESS_H

#include "kernel.h"
#include "space.h"

/* The message that starts a process. */
struct start {
	unsigned pc; /* bit 0: Thumb */
	unsigned sp;
	unsigned r[4];
	unsigned unused[10];
};
_Static_assert(sizeof(struct start) == MESSAGE_SIZE, "the kernel's message");

/* Any other message. */
struct message {
	int words[MESSAGE_SIZE / sizeof(int)];
};

/* A process that does not run yet: its address space, and how it will start. */
struct program {
	struct space space;
	struct start start;
};

/* What a process is made of: two pages of memory, which show it its struct proc_info, or its L1
 * alone, its record being a kernel object.  Or two pages of memory on a vspace that is only lent: we go on
 * owning its tables, and seeing those that it does not see. */
enum process_form { PROCESS_OF_FRAME, PROCESS_OF_VSPACE, PROCESS_LENT };

/* Load a static Arm ELF file that lies in memory.  arguments: its command line, name first.
 * Returns 0 or an error; what was taken is then free memory again. */
int program_load(struct program *program, const void *elf, const char *arguments);

/* Copy this very program, as it is now, to begin in function(argument) and to exit with its result.
 * Code and data are where they are here; the stack is a new one. */
int program_copy(struct program *program, int (*function)(int), int argument);

/* The same, but the tables stay in our sight, for mapping more as the process runs: for PROCESS_LENT. */
int program_load_lent(struct program *program, const void *elf, const char *arguments);
int program_copy_lent(struct program *program, int (*function)(int), int argument);

/* Make a process of it, with some room for kernel objects if we have it, and start it.  Returns its pid,
 * or an error. */
int program_process(struct program *program, enum process_form form);
int program_start(struct program *program, enum process_form form);

/* The two together, as most processes want it: load or copy, then start. */
int process_load(const void *elf, const char *arguments);
int process_run(int (*function)(int), int argument);

/* Receive a message.  Children that end meanwhile are noted for process_wait; messages that came while
 * that waited come first.  Returns who sent it (with FAULT_BIT: whose fault it tells of), or an error. */
int process_recv(void *msg);

/* Wait until a child has ended, and say how in *death, which may be NULL.  Other children that end
 * meanwhile are noted, and messages kept for process_recv.  Returns 0, or an error: E_NO_PROCESS when there
 * is no such child, E_OUT_OF_RANGE when more has come than there is room to keep. */
int process_wait_for(int pid, struct death *death);
int process_wait(int pid);

/* Wait until a process that is no child of ours has ended, by sending to it until that fails: which no
 * ending escapes, before or while we wait.  So it must not wait for us, and if it still receives, gets
 * messages of zeros. */
int process_outlive(int pid);

/* End a child. */
int process_kill(int pid);

#endif
