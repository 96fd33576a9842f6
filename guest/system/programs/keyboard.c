/* The console's input, for whoever asks first.  It waits for people, and for it alone the others do not. */

#include "../system.h"

int main(void)
{
	struct request request;

	system_begin();
	for (;;) {
		int client = recv(&request);
		if (client < 0)
			continue;
		request.result = 0;
		if (request.kind == READ)
			request.result = console_read(request.text, TEXT);
		reply(client, &request);
	}
}
