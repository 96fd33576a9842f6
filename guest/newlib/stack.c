/* Several hundred KiB of stack: deep recursion with arrays, alloca and a variable length array. */

#include <alloca.h>
#include <stdio.h>
#include <string.h>

/* Each level owns a KiB, and must find it as it left it. */
__attribute__((noinline)) static unsigned descend(int depth)
{
	unsigned char own[1024];
	unsigned sum = 0;

	memset(own, depth & 0xff, sizeof own);
	if (depth > 0)
		sum = descend(depth - 1);
	for (unsigned i = 0; i < sizeof own; i++)
		sum = sum * 3 + (own[i] == (depth & 0xff));
	return sum;
}

__attribute__((noinline)) static unsigned fill_large(unsigned seed)
{
	unsigned numbers[64 * 1024], sum = 0;

	for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++)
		numbers[i] = seed = seed * 1664525 + 1013904223;
	for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i += 4096 / sizeof *numbers)
		sum ^= numbers[i];
	return sum;
}

__attribute__((noinline)) static unsigned vary(int len)
{
	short triangle[len][len];
	unsigned sum = 0;

	for (int i = 0; i < len; i++)
		triangle[0][i] = triangle[i][0] = 1;
	for (int row = 1; row < len; row++)
		for (int i = 1; i < len; i++)
			triangle[row][i] = (short)(triangle[row - 1][i] + triangle[row][i - 1]);
	for (int i = 0; i < len; i++)
		sum += (unsigned short)triangle[i][len - 1 - i];
	return sum;
}

__attribute__((noinline)) static unsigned chain(int links)
{
	struct link { struct link *next; int value; char rest[500]; } *first = NULL;
	unsigned sum = 0;

	for (int i = 0; i < links; i++) {
		struct link *link = alloca(sizeof *link);
		link->next = first;
		link->value = i * i;
		memset(link->rest, i, sizeof link->rest);
		first = link;
	}
	for (; first != NULL; first = first->next)
		sum = sum * 7 + (unsigned)first->value + (unsigned)first->rest[499];
	return sum;
}

int main(void)
{
	printf("recursion %08x\n", descend(300));
	printf("256 KiB %08x\n", fill_large(1));
	for (int len = 1; len < 400; len = len * 3 + 1)
		printf("%d by %d: %u\n", len, len, vary(len));
	printf("alloca %08x\n", chain(400));
	printf("recursion again %08x\n", descend(300));
	return 0;
}
