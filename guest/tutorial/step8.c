/* A frame goes to another process as it is: nothing is copied, and we have it no more. */

#include "console.h"
#include "frames.h"
#include "process.h"

static int read_it(int unused)
{
	struct message message;

	(void)unused;
	recv(&message);
	printf("%s\n", (char *)space_see(message.words[0], F_MAP_READ | F_MAP_NOEXEC));
	return 0;
}

int main(void)
{
	int page = frame_take(PAGE_SIZE, PAGE_SIZE), child = process_run(read_it, 0);
	char *text = space_see(page, F_MAP_READ | F_MAP_WRITE | F_MAP_NOEXEC);

	for (int i = 0; (text[i] = "a letter"[i]) != '\0'; i++)
		;
	frame_give(page, child);
	printf("it is ours no more: %s\n", error_name(frame_unmap(page, F_MAP_PAGE)));
	send(child, &(struct message){{page}});
	process_wait(child);
	return 0;
}
