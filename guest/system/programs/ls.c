/* ls: the programs there are, and the files. */

#include "../system.h"

static void list(int server)
{
	for (int i = 0;; i++) {
		struct request request = {.kind = LIST, .value = i};
		if (ask(server, &request) <= 0)
			return;
		request.text[TEXT - 1] = '\0';
		print(request.text);
		print(server == INIT ? "*\n" : "\n");
	}
}

int main(void)
{
	system_begin();
	list(INIT);
	list(FILES);
	return 0;
}
