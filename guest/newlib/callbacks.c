/* Function pointers: tables of them, in structs, as arguments and as results. */

#include <stdio.h>
#include <string.h>

typedef double operation(double, double);

static double add(double a, double b) { return a + b; }
static double subtract(double a, double b) { return a - b; }
static double multiply(double a, double b) { return a * b; }
static double divide(double a, double b) { return a / b; }

static operation *find(char symbol)
{
	static const struct {
		char symbol;
		operation *perform;
	} table[] = { { '+', add }, { '-', subtract }, { '*', multiply }, { '/', divide } };

	for (unsigned i = 0; i < sizeof table / sizeof *table; i++)
		if (table[i].symbol == symbol)
			return table[i].perform;
	return NULL;
}

/* Reverse Polish notation with one digit numbers. */
static double evaluate(const char *text)
{
	double stack[16];
	int top = 0;

	for (; *text != '\0'; text++) {
		operation *perform = find(*text);
		if (perform != NULL) {
			double right = stack[--top], left = stack[--top];
			stack[top++] = perform(left, right);
		} else if (*text != ' ') {
			stack[top++] = *text - '0';
		}
	}
	return stack[0];
}

/* Objects with methods. */
struct shape {
	const struct shape_class *class;
	double a, b;
};

struct shape_class {
	const char *name;
	double (*area)(const struct shape *);
	void (*grow)(struct shape *, double by);
};

static double rectangle_area(const struct shape *shape) { return shape->a * shape->b; }
static double circle_area(const struct shape *shape) { return 3.14159 * shape->a * shape->a; }
static void grow_both(struct shape *shape, double by) { shape->a *= by, shape->b *= by; }
static void grow_first(struct shape *shape, double by) { shape->a *= by; }

static const struct shape_class rectangle = { "rectangle", rectangle_area, grow_both };
static const struct shape_class circle = { "circle", circle_area, grow_first };
static const struct shape_class ribbon = { "ribbon", rectangle_area, grow_first };

static int fold(const int *numbers, int count, int (*combine)(int, int), int start)
{
	while (count-- > 0)
		start = combine(start, *numbers++);
	return start;
}

static int sum(int a, int b) { return a + b; }
static int largest(int a, int b) { return a > b ? a : b; }
static int alternate(int a, int b) { return b - a; }

int main(void)
{
	static const char *const formulas[] = { "12+3*", "9 3 / 2 -", "123*+4-5/", "84/ 2/ 2/" };
	static const int numbers[] = { 3, 1, 4, 1, 5, 9, 2, 6 };
	struct shape shapes[] = { { &rectangle, 2, 3 }, { &circle, 2, 0 }, { &ribbon, 2, 5 } };

	for (unsigned i = 0; i < sizeof formulas / sizeof *formulas; i++)
		printf("%s = %g\n", formulas[i], evaluate(formulas[i]));
	for (unsigned i = 0; i < 3; i++) {
		struct shape *shape = &shapes[i];
		printf("%s %g", shape->class->name, shape->class->area(shape));
		shape->class->grow(shape, 1.5);
		printf(" grown %g\n", shape->class->area(shape));
	}
	printf("%d %d %d\n", fold(numbers, 8, sum, 0), fold(numbers, 8, largest, 0),
	       fold(numbers, 8, alternate, 0));
	return 0;
}
