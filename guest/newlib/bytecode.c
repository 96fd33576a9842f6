/* Brainfuck compiled to bytecode, run by computed goto and by a switch, with the same results. */

#include <stdio.h>
#include <string.h>

enum opcode { ADD, MOVE, PUT, SKIP, BACK, CLEAR, END };

struct instruction {
	enum opcode opcode;
	int operand;
};

static const char *const sources[] = {
	/* The alphabet: 26 times the next letter. */
	"+++++[>+++++<-]>+>++++++++[>++++++++<-]<[>>+.<<-]>++++++++++.",
	/* 20 rows of stars, each longer by one. */
	"++++[>+++++<-]++++++[>>+++++++<<-]>>>++++++++++<<"
	"[>>>+[>+>+<<-]>>[<<+>>-]<[<<<.>>>-]<<.<<-]",
	/* 100 * 7 * 7, counted one by one, is a dollar sign modulo 256. */
	"++++++++++[>++++++++++<-]>[>+++++++[>+++++++[>+<-]<-]<-]>>>.[-]++++++++++.",
};
#define SOURCES (sizeof sources / sizeof *sources)

static struct instruction program[600];
static unsigned char cells[400];
static char printed[2][6000];
static size_t printed_len[2];

/* How often the character at text repeats. */
static int run_length(const char *text)
{
	int len = 1;

	while (text[len] == *text)
		len++;
	return len;
}

static void emit(int *at, enum opcode opcode, int operand)
{
	program[(*at)++] = (struct instruction){ opcode, operand };
}

static void compile(const char *text)
{
	int at = 0, open[50], depth = 0, len;

	for (; *text != '\0'; text += len) {
		len = 1;
		if (strncmp(text, "[-]", 3) == 0) {
			emit(&at, CLEAR, 0);
			len = 3;
		} else if (*text == '+' || *text == '-') {
			len = run_length(text);
			emit(&at, ADD, *text == '+' ? len : -len);
		} else if (*text == '>' || *text == '<') {
			len = run_length(text);
			emit(&at, MOVE, *text == '>' ? len : -len);
		} else if (*text == '.') {
			emit(&at, PUT, 0);
		} else if (*text == '[') {
			open[depth++] = at;
			emit(&at, SKIP, 0);
		} else if (*text == ']') {
			int start = open[--depth];
			program[start].operand = at;
			emit(&at, BACK, start);
		}
	}
	emit(&at, END, 0);
}

static void put(int way, char c)
{
	if (printed_len[way] < sizeof printed[way])
		printed[way][printed_len[way]++] = c;
}

static unsigned run_by_goto(void)
{
	static const void *const labels[] = { &&add,  &&move,  &&put_cell, &&skip,
					      &&back, &&clear, &&end };
	const struct instruction *pc = program;
	unsigned char *cell = cells + 20;
	unsigned count = 0;

#define NEXT() do { count++; goto *labels[pc->opcode]; } while (0)
	NEXT();
add:
	*cell += (unsigned char)pc++->operand;
	NEXT();
move:
	cell += pc++->operand;
	NEXT();
put_cell:
	put(0, (char)*cell);
	pc++;
	NEXT();
skip:
	pc = *cell == 0 ? program + pc->operand + 1 : pc + 1;
	NEXT();
back:
	pc = *cell != 0 ? program + pc->operand + 1 : pc + 1;
	NEXT();
clear:
	*cell = 0;
	pc++;
	NEXT();
end:
	return count;
}

static unsigned run_by_switch(void)
{
	unsigned char *cell = cells + 20;

	for (unsigned pc = 0, count = 1;; pc++, count++) {
		int operand = program[pc].operand;
		switch (program[pc].opcode) {
		case ADD: *cell += (unsigned char)operand; break;
		case MOVE: cell += operand; break;
		case PUT: put(1, (char)*cell); break;
		case SKIP: pc = *cell == 0 ? (unsigned)operand : pc; break;
		case BACK: pc = *cell != 0 ? (unsigned)operand : pc; break;
		case CLEAR: *cell = 0; break;
		case END: return count;
		}
	}
}

int main(void)
{
	int wrong = 0;

	for (unsigned i = 0; i < SOURCES; i++) {
		compile(sources[i]);
		memset(cells, 0, sizeof cells);
		unsigned by_goto = run_by_goto();
		memset(cells, 0, sizeof cells);
		unsigned by_switch = run_by_switch();
		printf("%u and %u instructions\n", by_goto, by_switch);
		wrong += by_goto != by_switch;
	}
	fwrite(printed[0], 1, printed_len[0], stdout);
	wrong += printed_len[0] != printed_len[1] ||
		 memcmp(printed[0], printed[1], printed_len[0]) != 0;
	printf("\nwrong %d\n", wrong);
	return wrong;
}
