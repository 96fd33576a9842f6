/* Prints its arguments, one a line. */

#include "console.h"

int main(int argc, char **argv)
{
	printf("%d arguments\n", argc);
	for (int i = 0; i < argc; i++)
		printf("%d: <%s>\n", i, argv[i]);
	return argv[argc] != NULL;
}
