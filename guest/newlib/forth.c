/* A small Forth: words, definitions, conditions and loops, read from the input. */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX 200

static int stack[MAX], top, loops[MAX], loop_top;
static struct word { char name[16]; char *body; } words[MAX];
static int word_count;

static _Noreturn void fail(const char *why, const char *word)
{
	printf("\n%s: %s\n", word, why);
	exit(1);
}

static void push(int x)
{
	if (top == MAX)
		fail("stack overflow", "push");
	stack[top++] = x;
}

static int pop(void)
{
	if (top == 0)
		fail("stack underflow", "pop");
	return stack[--top];
}

static int take(void) { return pop(); }
static void add(void) { int b = take(); push(pop() + b); }
static void subtract(void) { int b = take(); push(pop() - b); }
static void multiply(void) { int b = take(); push(pop() * b); }
static void modulo(void)
{
	int b = take();
	if (b == 0)
		fail("division by zero", "mod");
	push(pop() % b);
}
static void divide(void)
{
	int b = take();
	if (b == 0)
		fail("division by zero", "/");
	push(pop() / b);
}
static void less(void) { int b = take(); push(pop() < b ? -1 : 0); }
static void equal(void) { int b = take(); push(pop() == b ? -1 : 0); }
static void dup(void) { int a = pop(); push(a); push(a); }
static void drop(void) { pop(); }
static void swap(void) { int b = pop(), a = pop(); push(b); push(a); }
static void over(void) { int b = pop(), a = pop(); push(a); push(b); push(a); }
static void print(void) { printf("%d ", pop()); }
static void newline(void) { putchar('\n'); }
static void emit(void) { putchar(pop()); }
static void index_of_loop(void) { push(loops[loop_top - 1]); }

static const struct {
	const char *name;
	void (*run)(void);
} primitives[] = {
	{ "+", add },      { "-", subtract }, { "*", multiply },      { "mod", modulo },
	{ "/", divide },   { "<", less },     { "=", equal },         { "dup", dup },
	{ "drop", drop },  { "swap", swap },  { "over", over },       { ".", print },
	{ "cr", newline }, { "emit", emit },  { "i", index_of_loop },
};

/* The next word of the text, or NULL. */
static char *next_word(const char **text, char *word)
{
	size_t len;

	while (isspace((unsigned char)**text))
		++*text;
	for (len = 0; **text != '\0' && !isspace((unsigned char)**text) && len < 15; len++)
		word[len] = *(*text)++;
	word[len] = '\0';
	return len > 0 ? word : NULL;
}

/* Skip to the word that closes, or at the same depth to the other. */
static void skip_to(const char **text, const char *open, const char *close, const char *other)
{
	char word[16];

	for (int depth = 0; next_word(text, word) != NULL;) {
		if (depth == 0 && (strcmp(word, close) == 0 || strcmp(word, other) == 0))
			return;
		depth += (strcmp(word, open) == 0) - (strcmp(word, close) == 0);
	}
	fail("not closed", open);
}

static void define(const char **text)
{
	struct word *word = &words[word_count];
	const char *start;

	if (word_count == MAX || next_word(text, word->name) == NULL)
		fail("no name", ":");
	start = *text;
	skip_to(text, ":", ";", ";");
	word->body = strndup(start, (size_t)(*text - start - 1));
	word_count++;
}

static void run(const char *text);

static void loop(const char **text)
{
	const char *body = *text;
	int start = pop(), limit = pop();
	char *copy;

	skip_to(text, "do", "loop", "loop");
	copy = strndup(body, (size_t)(*text - body - 4));
	for (loops[loop_top++] = start; loops[loop_top - 1] < limit; loops[loop_top - 1]++)
		run(copy);
	loop_top--;
	free(copy);
}

static void run_word(const char *word)
{
	char *end;

	for (int i = word_count - 1; i >= 0; i--)
		if (strcmp(words[i].name, word) == 0)
			return run(words[i].body);
	for (unsigned i = 0; i < sizeof primitives / sizeof *primitives; i++)
		if (strcmp(primitives[i].name, word) == 0)
			return primitives[i].run();
	push((int)strtol(word, &end, 0));
	if (*end != '\0')
		fail("unknown", word);
}

static void run(const char *text)
{
	char word[16];

	while (next_word(&text, word) != NULL) {
		if (strcmp(word, ":") == 0)
			define(&text);
		else if (strcmp(word, "do") == 0)
			loop(&text);
		else if (strcmp(word, "else") == 0)
			skip_to(&text, "if", "then", "then");
		else if (strcmp(word, "if") == 0 && !pop())
			skip_to(&text, "if", "then", "else");
		else if (strcmp(word, "if") != 0 && strcmp(word, "then") != 0)
			run_word(word);
	}
}

int main(void)
{
	static char program[4096];

	program[fread(program, 1, sizeof program - 1, stdin)] = '\0';
	run(program);
	printf("\n%d left\n", top);
	return top;
}
