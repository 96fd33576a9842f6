/* Two processes each wait until the other receives.  Nobody can go on, and the machine says so. */

#include "callcheck.h"

#include "console.h"
#include "process.h"

static int send_to_parent(int unused)
{
	(void)unused;
	return send(0, &(struct message){{0}});
}

int main(void)
{
	int child = CHECK_OK(process_run(send_to_parent, 0));

	puts("now we wait for each other");
	send(child, &(struct message){{0}});
	puts("FAIL: not for ever");
	return 0;
}
