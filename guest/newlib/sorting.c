/* qsort and bsearch over numbers, strings and structs, against sorts written here. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT 1500

struct record {
	char name[12];
	int key;
	double weight;
};

static int by_number(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int by_weight_then_name(const void *a, const void *b)
{
	const struct record *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight < y->weight ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void fill(int *numbers)
{
	unsigned state = 12345;

	for (int i = 0; i < COUNT; i++) {
		state = state * 1103515245 + 12345;
		numbers[i] = (int)(state >> 8) % 2000 - 1000;
	}
}

static void sort_by_insertion(int *numbers, int count)
{
	for (int i = 1; i < count; i++) {
		int number = numbers[i], at = i;
		for (; at > 0 && numbers[at - 1] > number; at--)
			numbers[at] = numbers[at - 1];
		numbers[at] = number;
	}
}

/* The root of a heap is perhaps too small: let it sink. */
static void sink(int *heap, int root, int end)
{
	int number = heap[root];

	for (int child; (child = 2 * root + 1) < end; root = child) {
		if (child + 1 < end && heap[child + 1] > heap[child])
			child++;
		if (heap[child] <= number)
			break;
		heap[root] = heap[child];
	}
	heap[root] = number;
}

static void sort_by_heap(int *numbers, int count)
{
	for (int root = count / 2; root-- > 0;)
		sink(numbers, root, count);
	for (int end = count; end-- > 1;) {
		int largest = numbers[0];
		numbers[0] = numbers[end];
		numbers[end] = largest;
		sink(numbers, 0, end);
	}
}

static void sort_numbers(void)
{
	static int numbers[COUNT], others[COUNT];
	int found = 0;

	fill(numbers);
	memcpy(others, numbers, sizeof numbers);
	qsort(numbers, COUNT, sizeof *numbers, by_number);
	sort_by_insertion(others, COUNT);
	printf("insertion %s\n", memcmp(numbers, others, sizeof numbers) ? "differs" : "agrees");
	fill(others);
	sort_by_heap(others, COUNT);
	printf("heap %s\n", memcmp(numbers, others, sizeof numbers) ? "differs" : "agrees");
	for (int key = -1000; key < 1000; key++)
		found += bsearch(&key, numbers, COUNT, sizeof *numbers, by_number) != NULL;
	printf("from %d to %d, median %d, %d different\n", numbers[0], numbers[COUNT - 1],
	       numbers[COUNT / 2], found);
}

static void sort_words(void)
{
	char text[] = "the quick brown fox jumps over the lazy dog while Arm and Thumb take turns";
	char *words[20], *word = strtok(text, " ");
	int count = 0;

	for (; word != NULL; word = strtok(NULL, " "))
		words[count++] = word;
	qsort(words, (size_t)count, sizeof *words, by_text);
	for (int i = 0; i < count; i++)
		printf("%s%c", words[i], i < count - 1 ? ' ' : '\n');
}

static void sort_records(void)
{
	struct record records[40], key = { "r25", 0, 0.25 }, *found;

	for (int i = 0; i < 40; i++) {
		snprintf(records[i].name, sizeof records[i].name, "r%02d", i);
		records[i].key = i * i;
		records[i].weight = i * 7 % 8 / 4.0 - 1.5;
	}
	key.weight = records[25].weight;
	qsort(records, 40, sizeof *records, by_weight_then_name);
	for (int i = 0; i < 40; i += 3)
		printf("%s %d %g\n", records[i].name, records[i].key, records[i].weight);
	found = bsearch(&key, records, 40, sizeof *records, by_weight_then_name);
	printf("found %d\n", found != NULL ? found->key : -1);
}

int main(void)
{
	sort_numbers();
	sort_words();
	sort_records();
	return 0;
}
