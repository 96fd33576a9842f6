/* Mistake: a list is followed one step too far. */

#include "console.h"

struct item {
	int value;
	struct item *next;
};

static int value_after(const struct item *item)
{
	return item->next->value;
}

int main(void)
{
	struct item last = {.value = 2, .next = NULL};
	struct item first = {.value = 1, .next = &last};

	printf("after the first comes %d\n", value_after(&first));
	printf("after the last comes %d\n", value_after(&last));
	return 0;
}
