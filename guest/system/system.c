/* The first process of the small system: it has all memory, starts the servers and the shell, starts what the
 * shell asks for from the archive that is linked into it, and sees to it that all memory comes back.
 *
 * It is the pager of what it starts, too: stacks grow as they are used.
 */

#include "check.h"
#include "console.h"
#include "paging.h"
#include "system.h"

#include <stdlib.h>

struct program_image {
	const char *name;
	const void *elf;
};
extern const struct program_image archive[];

#define STACK_MOST (512 * 1024u)
#define RW (F_MAP_READ | F_MAP_WRITE | F_MAP_NOEXEC)
enum { MOST = 24 };

/* A program that runs, or has ended and was not waited for. */
static struct job {
	int pid, waiter, status;
	bool lives, owns; /* its tables are its own */
	struct stream streams[2];
	struct program program;
} jobs[MOST];

static struct job *job_of(int pid)
{
	for (int i = 0; i < MOST; i++)
		if (jobs[i].pid == pid)
			return &jobs[i];
	return NULL;
}

static const void *find(const char *line)
{
	for (const struct program_image *at = archive; at->name != NULL; at++) {
		size_t len = strlen(at->name);
		if (strncmp(line, at->name, len) == 0 && (line[len] == ' ' || line[len] == '\0'))
			return at->elf;
	}
	return NULL;
}

/* Programs that map what they are given own their tables; we map nothing in them. */
static bool is_owner(const char *line)
{
	static const char *const names[] = {"stash", "unstash", "stress"};

	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strncmp(line, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

/* Start a program on its streams.  Mostly it runs on tables of ours, so that we can map in them. */
static int start(const char *line, const struct stream streams[2])
{
	struct request begin = {.streams = {streams[0], streams[1]}};
	struct job *job = job_of(0);
	const void *elf = find(line);

	if (elf == NULL || job == NULL)
		return elf == NULL ? E_NO_FRAME : E_OUT_OF_RANGE;
	bool owns = is_owner(line);
	int result = owns ? program_load(&job->program, elf, line)
	                  : program_load_lent(&job->program, elf, line);
	int pid = result < 0 ? result
	                     : program_start(&job->program, owns ? PROCESS_OF_VSPACE : PROCESS_LENT);
	if (pid < 0)
		return pid;
	*job = (struct job){.pid = pid, .waiter = NO_ID, .lives = true, .owns = owns, .streams = {streams[0], streams[1]},
	                    .program = job->program};
	return send(pid, &begin) < 0 ? E_PEER_DIED : pid;
}

static void answer(int pid, struct request *request, int result)
{
	request->result = result;
	reply(pid, request);
}

/* The tables of a program that has ended were ours, or are memory already; what else it had is ours again. */
static void drop(struct job *job)
{
	if (!job->owns)
		space_drop(&job->program.space);
	frame_merge_free();
}

/* A program has ended: its tables are memory again, and who waits for it hears of that. */
static void bury(const struct death *death)
{
	struct job *job = job_of(death->pid);
	struct request request = {.kind = WAIT};

	if (job == NULL)
		return;
	drop(job);
	for (int i = 0; i < 2; i++)
		if (job->streams[i].server == FILES)
			stream_close(job->streams[i], i);
	job->lives = false;
	job->status = death->how == DEATH_EXITED ? death->status : 128 + death->status;
	if (job->waiter == NO_ID)
		return;
	answer(job->waiter, &request, job->status);
	job->pid = 0;
}

static void wait_for(int waiter, struct request *request)
{
	struct job *job = request->value == 0 ? NULL : job_of(request->value);

	if (job == NULL) {
		answer(waiter, request, E_NO_PROCESS);
	} else if (job->lives) {
		job->waiter = waiter;
	} else {
		answer(waiter, request, job->status);
		job->pid = 0;
	}
}

static void list(int pid, struct request *request)
{
	int left = request->value;
	const struct program_image *at = archive;

	while (at->name != NULL && left-- > 0)
		at++;
	if (at->name != NULL)
		strncpy(request->text, at->name, TEXT);
	answer(pid, request, at->name == NULL ? 0 : (int)strlen(at->name));
}

/* Memory for who asks: pages, given away until it ends. */
static int give_memory(int pid, int pages)
{
	int f_id = pages < 1 || pages > 256 ? E_OUT_OF_RANGE : frame_take((unsigned)pages * 4096, 4096);

	return f_id < 0 ? f_id : frame_give(f_id, pid);
}

/* A stack that is used further down than it goes is made longer. */
static void handle(int pid, const struct fault *fault)
{
	unsigned top = SPACE_AREA + L2_SPAN;
	struct job *job = job_of(pid);
	int f_id;

	if (job != NULL && fault->kind == FAULT_MEMORY_ACCESS && fault->va < top
	    && fault->va >= top - STACK_MOST && fault->va + 4096 >= fault->sp && pager_page(&f_id) != NULL
	    && pager_show(&job->program.space, f_id, fault->va, RW) == 0)
		pager_retry(pid);
	else
		pager_end(pid);
}

/* Serve until the shell says that all is over. */
static void serve(void)
{
	struct event event;

	for (;;) {
		CHECK_OK(pager_next(&event));
		struct request *request = (struct request *)&event.message;
		if (event.kind == EVENT_DEATH)
			bury(&event.death);
		else if (event.kind == EVENT_FAULT)
			handle(event.pid, &event.fault);
		else if (request->kind == SPAWN)
			answer(event.pid, request, start(request->text, request->streams));
		else if (request->kind == WAIT)
			wait_for(event.pid, request);
		else if (request->kind == MEMORY)
			answer(event.pid, request, give_memory(event.pid, request->value));
		else if (request->kind == LIST)
			list(event.pid, request);
		else if (request->kind == STOP)
			return;
	}
}

static unsigned all_memory(unsigned *free)
{
	struct frame frame;
	unsigned total = *free = 0;

	for (unsigned i = 0; frame_info(i, &frame) == 0; i++) {
		total += frame.type == FRAME_MEM ? frame.len : 0;
		if (frame.type == FRAME_MEM && !frame_is_viewed(&frame))
			*free += frame.len;
	}
	return total;
}

int main(void)
{
	unsigned free_before, free_after, before = all_memory(&free_before);
	const struct stream none = {INIT, 0}, screen = {CONSOLE, 0}, keys = {KEYBOARD, 0};

	CHECK_RESULT(start("console", (struct stream[]){none, none}), CONSOLE);
	CHECK_RESULT(start("keyboard", (struct stream[]){none, none}), KEYBOARD);
	CHECK_RESULT(start("files", (struct stream[]){none, none}), FILES);
	CHECK_RESULT(start("shell", (struct stream[]){keys, screen}), SHELL);
	serve();
	for (int i = 0; i < MOST; i++) {
		if (jobs[i].pid == 0 || !jobs[i].lives)
			continue;
		/* Who has just ended by itself is told of, as ever. */
		if (proc_end(jobs[i].pid, 0) == E_NO_PROCESS)
			CHECK_OK(process_wait(jobs[i].pid));
		drop(&jobs[i]);
	}
	frame_merge_free();
	CHECK(all_memory(&free_after) == before);
	printf("all memory is accounted for: %u KiB, of which %u are free\n", before / 1024,
	       free_after / 1024);
	CHECK(free_after + 64 * 1024 >= free_before);
	return 0;
}
