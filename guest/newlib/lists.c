/* Linked lists: built, turned, sorted by merging, filtered, made a ring, and all given back. */

#include <stdio.h>
#include <stdlib.h>

struct node {
	struct node *next;
	int value;
};

static int alive;

static struct node *cons(int value, struct node *next)
{
	struct node *node = malloc(sizeof *node);

	if (node == NULL)
		abort();
	*node = (struct node){ next, value };
	alive++;
	return node;
}

static void print(const char *name, const struct node *list)
{
	int count = 0;

	printf("%s:", name);
	for (; list != NULL; list = list->next)
		if (count++ < 15)
			printf(" %d", list->value);
	printf(" (%d)\n", count);
}

static struct node *turn(struct node *list)
{
	struct node *turned = NULL;

	while (list != NULL) {
		struct node *next = list->next;
		list->next = turned;
		turned = list;
		list = next;
	}
	return turned;
}

static struct node *merge(struct node *a, struct node *b)
{
	struct node *merged = NULL, **end = &merged;

	while (a != NULL && b != NULL) {
		struct node **least = a->value <= b->value ? &a : &b;
		*end = *least;
		end = &(*least)->next;
		*least = *end;
	}
	*end = a != NULL ? a : b;
	return merged;
}

static struct node *sort(struct node *list)
{
	struct node *slow = list, *fast = list;

	if (list == NULL || list->next == NULL)
		return list;
	while (fast->next != NULL && fast->next->next != NULL) {
		slow = slow->next;
		fast = fast->next->next;
	}
	fast = slow->next;
	slow->next = NULL;
	return merge(sort(list), sort(fast));
}

/* Free the nodes that the test is true for. */
static void drop(struct node **list, int (*test)(int))
{
	while (*list != NULL) {
		struct node *node = *list;
		if (!test(node->value)) {
			list = &node->next;
			continue;
		}
		*list = node->next;
		free(node);
		alive--;
	}
}

static int is_odd(int x) { return x % 2 != 0; }
static int is_any(int x) { return (void)x, 1; }

/* Josephus's problem: of count in a ring every step-th goes; the last. */
static int last_of_ring(int count, int step)
{
	struct node *last = cons(count, NULL), *ring = last;

	for (int i = count - 1; i > 0; i--)
		ring = cons(i, ring);
	last->next = ring;
	for (; last->next != last; count--) {
		for (int i = 1; i < step; i++)
			last = last->next;
		struct node *gone = last->next;
		last->next = gone->next;
		free(gone);
		alive--;
	}
	int value = last->value;
	free(last);
	alive--;
	return value;
}

int main(void)
{
	struct node *list = NULL;
	unsigned state = 99;

	for (int i = 0; i < 3000; i++) {
		state = state * 1103515245 + 12345;
		list = cons((int)(state >> 16) % 10000, list);
	}
	print("made", list);
	list = turn(list);
	print("turned", list);
	list = sort(list);
	print("sorted", list);
	drop(&list, is_odd);
	print("even", list);
	list = turn(list);
	print("downwards", list);
	drop(&list, is_any);
	printf("last of the ring: %d %d\n", last_of_ring(41, 3), last_of_ring(1000, 7));
	printf("%d alive\n", alive);
	return alive;
}
