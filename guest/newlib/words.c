/* How often each word is in the input: a hash table that grows, printed by number. */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	char *word;
	unsigned count;
};

static struct entry *table;
static size_t size, used;

static unsigned hash(const char *word)
{
	unsigned value = 5381;

	while (*word != '\0')
		value = value * 33 + (unsigned char)*word++;
	return value;
}

static struct entry *find(const char *word)
{
	size_t at = hash(word) & (size - 1);

	while (table[at].word != NULL && strcmp(table[at].word, word) != 0)
		at = (at + 1) & (size - 1);
	return &table[at];
}

static void grow(void)
{
	struct entry *old = table;
	size_t old_size = size;

	size = size == 0 ? 4 : size * 2;
	table = calloc(size, sizeof *table);
	if (table == NULL)
		abort();
	for (size_t i = 0; i < old_size; i++)
		if (old[i].word != NULL)
			*find(old[i].word) = old[i];
	free(old);
}

static void count(const char *word)
{
	if (used * 2 >= size)
		grow();
	struct entry *entry = find(word);
	if (entry->word == NULL) {
		entry->word = strdup(word);
		used++;
	}
	entry->count++;
}

static int by_count(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	if (x->word == NULL || y->word == NULL)
		return 0;
	return strcmp(x->word, y->word);
}

static int read_word(char *word, size_t max)
{
	size_t len = 0;
	int c;

	while ((c = getchar()) != EOF && !isalpha(c))
		;
	for (; c != EOF && isalpha(c); c = getchar())
		if (len < max - 1)
			word[len++] = (char)tolower(c);
	word[len] = '\0';
	return len > 0;
}

int main(void)
{
	char word[20];
	unsigned total = 0;

	for (; read_word(word, sizeof word); total++)
		count(word);
	for (int i = 0; i < 60; i++) {
		snprintf(word, sizeof word, "w%d", i * i % 101);
		count(word);
	}
	qsort(table, size, sizeof *table, by_count);
	printf("%u words, %u different, table of %u\n", total, (unsigned)used, (unsigned)size);
	for (size_t i = 0; i < size && i < 20 && table[i].word != NULL; i++)
		printf("%4u %s\n", table[i].count, table[i].word);
	return 0;
}
