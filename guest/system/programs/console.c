/* The console's output: whole pieces, one after the other. */

#include "../system.h"

int main(void)
{
	struct request request;

	system_begin();
	for (;;) {
		int client = recv(&request);
		if (client < 0)
			continue;
		if (request.kind == WRITE && request.value <= TEXT)
			console_write(request.text, (unsigned)request.value);
		request.result = 0;
		reply(client, &request);
	}
}
