/* Mistake: a frame is given to a child and then written to. */

#include <string.h>

#include "console.h"
#include "frames.h"
#include "process.h"
#include "space.h"

static int wait_for_message(int unused)
{
	char message[MESSAGE_SIZE];

	(void)unused;
	return recv(message);
}

int main(void)
{
	int child = process_run(wait_for_message, 0);
	int f_id = frame_take(PAGE_SIZE, PAGE_SIZE);
	char *text = space_see(f_id, F_MAP_READ | F_MAP_WRITE | F_MAP_NOEXEC);

	memcpy(text, "for you", 8);
	frame_give(f_id, child);
	memcpy(text, "and more", 9);
	puts(text);
	return 0;
}
