/* stash NAME WORD...: the words, in a frame that goes to the files as it is, without being copied. */

#include "../system.h"

int main(int argc, char **argv)
{
	system_begin();
	if (argc < 3)
		return 2;
	int f_id = get_memory(1);
	char *page = f_id < 0 ? NULL : space_see(f_id, F_MAP_READ | F_MAP_WRITE | F_MAP_NOEXEC);
	if (page == NULL)
		return 1;
	unsigned len = 0;
	for (int i = 2; i < argc; i++) {
		memcpy(page + len, argv[i], strlen(argv[i]));
		len += strlen(argv[i]);
		page[len++] = i + 1 < argc ? ' ' : '\n';
	}
	struct stream file = open_file(argv[1], 1);
	if (frame_give(f_id, FILES) < 0)
		return 1;
	struct request request = {
		.kind = GIVE_FRAME, .handle = file.handle, .value = f_id, .argument = (int)len,
	};
	return ask(FILES, &request) < 0;
}
