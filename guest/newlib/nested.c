/* Nested functions, GCC's: those whose address is taken run by way of code on the stack. */

#include <stdio.h>
#include <stdlib.h>

static int apply(int (*function)(int), int count)
{
	int sum = 0;

	for (int i = 0; i < count; i++)
		sum += function(i);
	return sum;
}

/* Each level of the recursion has its own, which finds that level's variables. */
static int nest(int depth, int (*outer)(int))
{
	int here = depth * 10;

	int inner(int value)
	{
		return here++ + (outer != NULL ? outer(value) : value);
	}

	if (depth == 0)
		return apply(inner, 3);
	return nest(depth - 1, inner) + here;
}

static void sort_by_distance(int *numbers, size_t count, int centre)
{
	int compare(const void *one, const void *other)
	{
		return abs(*(const int *)one - centre) - abs(*(const int *)other - centre);
	}

	qsort(numbers, count, sizeof *numbers, compare);
}

int main(void)
{
	int numbers[] = { 1, 5, 9, 14, 20, 33 };

	for (int depth = 0; depth < 6; depth++)
		printf("%d levels: %d\n", depth, nest(depth, NULL));
	sort_by_distance(numbers, sizeof numbers / sizeof *numbers, 15);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		printf(" %d", numbers[i]);
	puts("");
	return 0;
}
