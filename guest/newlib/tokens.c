/* A calculator: a tokeniser whose switch becomes a jump table, and a parser by precedence. */

#include <ctype.h>
#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum token {
	NUMBER, NAME, PLUS, MINUS, TIMES, DIVIDE, POWER, OPEN, CLOSE, COMMA, ASSIGN, LESS, END,
	UNKNOWN,
};

static const char *at;
static enum token token;
static double number;
static char name[8];
static double variables[26];
static jmp_buf nonsense;

static void read_name(void)
{
	size_t len = 0;

	for (at--; isalpha((unsigned char)*at); at++)
		if (len < sizeof name - 1)
			name[len++] = *at;
	name[len] = '\0';
}

static enum token next(void)
{
	char *end;

	while (*at == ' ')
		at++;
	switch (*at++) {
	case '+': return PLUS;
	case '-': return MINUS;
	case '*': return TIMES;
	case '/': return DIVIDE;
	case '^': return POWER;
	case '(': return OPEN;
	case ')': return CLOSE;
	case ',': return COMMA;
	case '=': return ASSIGN;
	case '<': return LESS;
	case '\0': case '\n': return at--, END;
	case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8':
	case '9': case '.':
		number = strtod(at - 1, &end);
		at = end;
		return NUMBER;
	default:
		if (!isalpha((unsigned char)at[-1]))
			return UNKNOWN;
		read_name();
		return NAME;
	}
}

static double expression(int precedence);

static void expect(enum token wanted)
{
	if (token != wanted)
		longjmp(nonsense, wanted + 1);
	token = next();
}

static double call(const char *function)
{
	double x = expression(0);

	if (strcmp(function, "max") == 0) {
		expect(COMMA);
		x = fmax(x, expression(0));
	} else if (strcmp(function, "sqrt") == 0) {
		x = sqrt(x);
	} else if (strcmp(function, "ln") == 0) {
		x = log(x);
	}
	expect(CLOSE);
	return x;
}

static double primary(void)
{
	char called[8];
	double x = number;

	switch (token) {
	case NUMBER:
		token = next();
		return x;
	case MINUS:
		token = next();
		return -expression(3);
	case OPEN:
		token = next();
		return call("");
	case NAME:
		strcpy(called, name);
		token = next();
		if (token == OPEN) {
			token = next();
			return call(called);
		}
		return variables[tolower((unsigned char)*called) - 'a'];
	default:
		longjmp(nonsense, token + 100);
	}
}

static int precedence_of(enum token operation)
{
	switch (operation) {
	case LESS: return 1;
	case PLUS: case MINUS: return 2;
	case TIMES: case DIVIDE: return 3;
	case POWER: return 4;
	default: return 0;
	}
}

static double apply(enum token operation, double a, double b)
{
	switch (operation) {
	case PLUS: return a + b;
	case MINUS: return a - b;
	case TIMES: return a * b;
	case DIVIDE: return a / b;
	case POWER: return pow(a, b);
	default: return a < b;
	}
}

/* Everything that binds more than this precedence. */
static double expression(int precedence)
{
	double value = primary();

	while (precedence_of(token) > precedence) {
		enum token operation = token;
		token = next();
		value = apply(operation, value,
			      expression(precedence_of(operation) - (operation == POWER)));
	}
	return value;
}

static double statement(void)
{
	const char *start = at;

	token = next();
	if (token == NAME && (token = next()) == ASSIGN) {
		int variable = tolower((unsigned char)*name) - 'a';
		token = next();
		variables[variable] = expression(0);
		expect(END);
		return variables[variable];
	}
	at = start;
	token = next();
	double value = expression(0);
	expect(END);
	return value;
}

int main(void)
{
	char line[100];
	volatile int bad = 0;

	while (fgets(line, sizeof line, stdin) != NULL) {
		int error = setjmp(nonsense);
		at = line;
		if (error == 0)
			printf("%.10g\n", statement());
		else
			printf("nonsense %d: %s", error, line), bad++;
	}
	return bad;
}
