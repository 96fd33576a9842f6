/* A process that moves in, takes what it is given into use, and leaves: for spawn.c.
 *
 * Its argument is a number, which it adds to what it finds in each frame that it is given.
 */

#include "callcheck.h"

#include "process.h"
#include "tables.h"

static int number(const char *digits)
{
	int value = 0;

	for (; *digits >= '0' && *digits <= '9'; digits++)
		value = value * 10 + *digits - '0';
	return value;
}

/* Its tables are in its sight, and say of each frame what the kernel says. */
static void look_around(void)
{
	struct frame frame;
	unsigned tables = 0;

	for (unsigned i = 0; frame_info(i, &frame) == 0; i++) {
		if (frame_is_viewed(&frame))
			check_view(frame.f_id);
		if (!frame_is_table(&frame, F_TABLE_NO)) {
			CHECK(space_sees(&frame) && !(frame.v_flags & F_MAP_WRITE));
			tables++;
		}
	}
	CHECK(tables >= 2 && own_l1() != NULL);
}

/* A frame that has just been given: map it through our own tables, and change every word. */
static void use(int f_id, int step)
{
	volatile unsigned *words = see(f_id, READ_WRITE);
	unsigned count = look(f_id).len / sizeof *words;

	for (unsigned i = 0; i < count; i++)
		words[i] += (unsigned)step;
	check_view(f_id);
}

int main(int argc, char **argv)
{
	struct message message;

	CHECK(argc == 2);
	look_around();
	for (;;) {
		int landlord = CHECK_OK(recv(&message));
		if (message.words[0] == NO_ID)
			return 0;
		use(message.words[0], number(argv[1]));
		message.words[1] = frame_count();
		CHECK_OK(send(landlord, &message));
	}
}
