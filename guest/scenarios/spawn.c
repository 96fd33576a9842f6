/* A hundred processes, one after the other, from an ELF file to the end; and then all is as before.
 *
 * Each gets an address space made from our memory, runs, gets more memory while it runs and maps that
 * itself, and ends.  spawn N: so many instead of a hundred.
 */

#include "callcheck.h"

#include "console.h"
#include "process.h"

extern const char tenant_elf[];

/* What must be the same before and after. */
struct possessions {
	int frames;
	unsigned bytes, pool;
	struct frame largest;
};

static struct possessions count_possessions(void)
{
	struct possessions now = {.frames = frame_count(), .bytes = 0};
	struct frame frame;

	for (unsigned i = 0; frame_info(i, &frame) == 0; i++)
		now.bytes += frame.len;
	CHECK(frame_largest_free(&now.largest));
	now.pool = pool_fill();
	pool_empty();
	frame_merge_free();
	return now;
}

static void check_same(const struct possessions *before, const struct possessions *after)
{
	CHECK(before->frames == after->frames);
	CHECK(before->bytes == after->bytes);
	CHECK(before->pool == after->pool);
	CHECK(before->largest.pa == after->largest.pa && before->largest.len == after->largest.len);
	CHECK(before->largest.f_id == after->largest.f_id);
}

/* Give it memory while it runs, and let it do with it what its number says. */
static void furnish(int tenant, int f_id)
{
	struct message message = {{f_id}};
	volatile unsigned *words = see(f_id, READ_WRITE);
	unsigned count = look(f_id).len / sizeof *words;

	for (unsigned i = 0; i < count; i++)
		words[i] = i;
	CHECK_OK(frame_give(f_id, tenant));
	CHECK_RESULT(frame_lookup(f_id, &(struct frame){0}), E_NO_FRAME);
	CHECK_OK(send(tenant, &message));
	CHECK_RESULT(recv(&message), tenant);
	CHECK(message.words[0] == f_id && message.words[1] > 5);
}

static void move_out(int tenant)
{
	struct message goodbye = {{NO_ID}};

	CHECK_OK(send(tenant, &goodbye));
	CHECK_OK(process_wait(tenant));
}

/* What it has left is ours again, as it left it. */
static void check_furniture(int f_id, unsigned number)
{
	const volatile unsigned *words = see(f_id, READ_ONLY);
	unsigned count = look(f_id).len / sizeof *words;

	for (unsigned i = 0; i < count; i++)
		CHECK(words[i] == i + number);
	CHECK_OK(frame_unmap(f_id, F_MAP_PAGE));
}

/* "tenant N", as its command line. */
static const char *command_line(unsigned number)
{
	static char line[] = "tenant 000";

	for (char *digit = line + sizeof line - 2; *digit != ' '; digit--, number /= 10)
		*digit = (char)('0' + number % 10);
	return line;
}

static void spawn(unsigned number)
{
	struct program program;
	int one = take(1), several = take(3);

	CHECK_OK(program_load(&program, tenant_elf, command_line(number)));
	enum process_form form = number % 2 ? PROCESS_OF_FRAME : PROCESS_OF_VSPACE;
	int tenant = CHECK_OK(program_start(&program, form));
	furnish(tenant, one);
	furnish(tenant, several);
	move_out(tenant);
	check_furniture(one, number);
	check_furniture(several, number);
	frame_merge_free();
}

int main(int argc, char **argv)
{
	unsigned count = argc > 1 ? (unsigned)(argv[1][0] - '0') : 100;
	struct possessions before = count_possessions();

	for (unsigned i = 0; i < count; i++)
		spawn(i);
	struct possessions after = count_possessions();
	check_same(&before, &after);
	printf("%u tenants have come and gone, and all is as before\n", count);
	return check_passed("spawn");
}
