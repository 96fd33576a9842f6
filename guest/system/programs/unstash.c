/* unstash NAME: what was stashed there, from the very frame. */

#include "../system.h"

int main(int argc, char **argv)
{
	system_begin();
	struct stream file = open_file(argc > 1 ? argv[1] : "", 0);
	struct request request = {.kind = TAKE_FRAME, .handle = file.handle};
	int f_id = file.handle < 0 ? file.handle : ask(FILES, &request);
	if (f_id < 0) {
		print("nothing is stashed there\n");
		return 1;
	}
	const char *page = space_see(f_id, F_MAP_READ | F_MAP_NOEXEC);
	return page == NULL || stream_write(standard_out, page, (unsigned)request.argument) < 0;
}
