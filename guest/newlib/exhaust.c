/* Asks for memory until there is none, gives it all back and asks again. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB 0x100000u

/* Out of the compiler's sight, which would warn of them. */
static volatile size_t half_of_all = 0x7ffffff0, many = 0x10000;

struct piece {
	struct piece *next;
};

/* Takes pieces of this size until malloc refuses; the list of them, and how many. */
static struct piece *take_all(size_t size, unsigned *count)
{
	struct piece *all = NULL, *piece;

	for (*count = 0; (piece = malloc(size)) != NULL; ++*count) {
		piece->next = all;
		all = piece;
		memset((char *)piece + size - 16, 0x5a, 16);
	}
	return all;
}

static void free_all(struct piece *all)
{
	while (all != NULL) {
		struct piece *next = all->next;
		free(all);
		all = next;
	}
}

int main(void)
{
	unsigned first, second;
	struct piece *all;

	errno = 0;
	all = take_all(4 * MIB, &first);
	printf("refused with errno %s, %s\n", errno == ENOMEM ? "ENOMEM" : "something else",
	       first > 1 ? "after several" : "at once");
	free_all(all);
	all = take_all(4 * MIB, &second);
	printf("the second time %s\n", second == first ? "as many" : "another number");
	free_all(all);
	printf("too much: %d %d\n", malloc(half_of_all) == NULL, calloc(many, many / 2) == NULL);

	char *text = malloc(100);
	strcpy(text, "still alive");
	char *larger = realloc(text, half_of_all);
	if (larger == NULL)
		printf("kept: %s\n", text);
	return 0;
}
