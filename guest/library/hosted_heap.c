/* A heap of 64 MiB in small pieces: the library's malloc, over frames mapped as it grows. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOTAL (64u << 20)

struct piece {
	struct piece *next;
	unsigned number, len;
	unsigned char bytes[];
};

static struct piece *allocate(unsigned number, struct piece *next)
{
	unsigned len = 24 + number * 7 % 200;
	struct piece *piece = malloc(sizeof *piece + len);

	if (piece == NULL)
		return NULL;
	*piece = (struct piece){next, number, len};
	memset(piece->bytes, (int)number, len);
	return piece;
}

static int is_good(const struct piece *piece)
{
	for (unsigned i = 0; i < piece->len; i++)
		if (piece->bytes[i] != (unsigned char)piece->number)
			return 0;
	return 1;
}

int main(void)
{
	struct piece *all = NULL;
	unsigned total = 0, count = 0;

	while (total < TOTAL) {
		struct piece *piece = allocate(count++, all);
		if (piece == NULL)
			return printf("no more after %u bytes\n", total), 1;
		all = piece;
		total += piece->len;
	}
	for (struct piece *piece = all; piece != NULL; piece = piece->next)
		if (!is_good(piece))
			return printf("piece %u is damaged\n", piece->number), 1;
	/* Every second one is freed, and as many are had again without more memory. */
	for (struct piece *piece = all; piece != NULL && piece->next != NULL; piece = piece->next) {
		struct piece *gone = piece->next;
		piece->next = gone->next;
		free(gone);
	}
	for (unsigned i = 0; i < count / 2; i++)
		if ((all = allocate(i, all)) == NULL)
			return puts("freed memory is not used again"), 1;
	void *all_there_is = malloc(1u << 30);
	printf("%u pieces, %u bytes; a gigabyte is %s\n", count, total, all_there_is ? "there" : "refused");
	puts("PASS heap");
	return 0;
}
