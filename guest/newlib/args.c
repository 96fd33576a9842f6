/* Prints its arguments, but not its own name: where that file is differs from place to place. */

#include <stdio.h>
#include <string.h>

static int is_number(const char *text)
{
	return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

int main(int argc, char **argv)
{
	unsigned letters = 0;
	int numbers = 0;

	printf("%d arguments\n", argc - 1);
	for (int i = 1; i < argc; i++) {
		printf("%d: %s (%u)\n", i, argv[i], (unsigned)strlen(argv[i]));
		letters += strlen(argv[i]);
		numbers += is_number(argv[i]);
	}
	printf("%u letters, %d numbers, %s at the end\n", letters, numbers,
	       argv[argc] == NULL ? "NULL" : "SOMETHING");
	return argc - 1;
}
