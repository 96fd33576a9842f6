/* echo WORD...: the words, and the end of a line. */

#include "../system.h"

int main(int argc, char **argv)
{
	system_begin();
	for (int i = 1; i < argc; i++) {
		print(argv[i]);
		print(i + 1 < argc ? " " : "\n");
	}
	return 0;
}
