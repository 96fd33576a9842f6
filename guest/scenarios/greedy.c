/* Children that take all they can get: each harms nobody but itself, and ending it needs no kernel object. */

#include "callcheck.h"

#include "console.h"
#include "process.h"

enum { VICTIM = 1 };

/* --- Children: each is given memory, and does its worst until it is ended or can do no more. --- */

static void wait_for_end(void)
{
	struct message message;

	for (;;)
		recv(&message);
}

static int split_all(int memory)
{
	while (memory >= 0)
		memory = frame_split(memory, PAGE_SIZE);
	CHECK(memory == E_POOL_FULL);
	wait_for_end();
	return 0;
}

/* Pays for room with memory, and fills that, too. */
static int pool_and_split(int memory)
{
	int upper = CHECK_OK(frame_split(memory, PAGE_SIZE));

	CHECK_OK(frame_pool(memory));
	while (upper >= 0)
		upper = frame_split(upper, PAGE_SIZE);
	wait_for_end();
	return 0;
}

static int pool_all(int memory)
{
	CHECK_OK(frame_pool(memory));
	wait_for_end();
	return 0;
}

/* Buries a sibling in frames: they are the giver's to pay for. */
static int flood_with_frames(int memory)
{
	int upper;

	while ((upper = frame_split(memory, PAGE_SIZE)) >= 0) {
		CHECK_OK(frame_give(memory, VICTIM));
		memory = upper;
	}
	CHECK(upper == E_POOL_FULL);
	wait_for_end();
	return 0;
}

/* One message at a time is all that anybody can leave. */
static int flood_with_messages(int memory)
{
	struct message message = {{memory}};

	for (;;)
		CHECK_OK(send(VICTIM, &message));
	return 0;
}

/* Asks, and does not wait for the answer: the server answers all the same, and goes on. */
static int ask_and_turn_away(int unused)
{
	struct message message = {{0}};

	(void)unused;
	for (int i = 0; i < 3; i++)
		CHECK_OK(send(VICTIM, &message));
	for (;;)
		proc_yield();
	return 0;
}

static int make_processes(int memory)
{
	int upper, made = 0;

	while ((upper = frame_split(memory, 2 * PAGE_SIZE)) >= 0 && proc_new(memory) >= 0) {
		memory = upper;
		made++;
	}
	CHECK(made > 0);
	wait_for_end();
	return 0;
}

/* --- The victim: a server that answers whoever asks, and can still make objects. --- */

static int serve(int spare)
{
	struct message message;

	for (;;) {
		int client = CHECK_OK(process_recv(&message));
		int upper = CHECK_OK(frame_split(spare, PAGE_SIZE));
		CHECK_RESULT(frame_merge(spare, upper), spare);
		message.words[0] = 0x600d;
		reply(client, &message);
	}
	return 0;
}

static void check_victim(void)
{
	struct message message = {{0}};

	CHECK_OK(call(VICTIM, &message));
	CHECK(message.words[0] == 0x600d);
}

struct deed {
	const char *name;
	int (*commit)(int);
};

static const struct deed deeds[] = {
	{"splits all it has", split_all},
	{"pays for room, and fills that", pool_and_split},
	{"makes pool memory of everything", pool_all},
	{"floods a sibling with frames", flood_with_frames},
	{"floods it with messages", flood_with_messages},
	{"asks, and never receives", ask_and_turn_away},
	{"makes processes of everything", make_processes},
};

static int start_with_memory(int (*function)(int), unsigned len)
{
	struct program program;
	int memory = CHECK_OK(frame_take(len, PAGE_SIZE));

	CHECK_OK(program_copy(&program, function, memory));
	int pid = CHECK_OK(program_process(&program, PROCESS_OF_VSPACE));
	CHECK_OK(frame_give(memory, pid));
	CHECK_OK(send(pid, &program.start));
	return pid;
}

static unsigned memory_for_objects(void)
{
	struct frame frame;
	unsigned total = 0;

	for (unsigned i = 0; frame_info(i, &frame) == 0; i++)
		total += frame.type == FRAME_POOL ? frame.len : 0;
	return total;
}

/* What a child has pooled comes back, as memory. */
static void unpool_all(void)
{
	struct frame frame;

	for (unsigned i = 0; frame_info(i, &frame) == 0; i++)
		if (frame.type == FRAME_POOL)
			CHECK_OK(frame_unpool(frame.f_id));
}

static void watch(const struct deed *deed)
{
	int pid = start_with_memory(deed->commit, MIB / 2), spare = take(2);

	for (int i = 0; i < 500; i++)
		proc_yield();
	check_victim();
	CHECK_OK(frame_split(spare, PAGE_SIZE)); /* we have room as ever */

	unsigned objects = pool_fill();
	CHECK_OK(proc_end(pid, 0)); /* with none at all */
	pool_empty();
	CHECK(objects > 100);
	frame_merge_free();
	unpool_all();
	CHECK(memory_for_objects() == 0);
	printf("%s: no harm\n", deed->name);
}

int main(void)
{
	CHECK_RESULT(start_with_memory(serve, MIB / 2), VICTIM);
	check_victim();
	for (unsigned i = 0; i < sizeof deeds / sizeof deeds[0]; i++)
		watch(&deeds[i]);
	check_victim();
	return check_passed("greedy");
}
