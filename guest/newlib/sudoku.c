/* Sudoku by trial, with bit sets of what is still possible; grids are arguments. */

#include <stdio.h>
#include <string.h>

static unsigned short rows[9], columns[9], boxes[9];
static char grid[82];
static unsigned tried, solutions;

static int box_of(int at)
{
	return at / 27 * 3 + at % 9 / 3;
}

static unsigned possible(int at)
{
	return ~(unsigned)(rows[at / 9] | columns[at % 9] | boxes[box_of(at)]) & 0x1ff;
}

static void toggle(int at, unsigned bit)
{
	rows[at / 9] ^= (unsigned short)bit;
	columns[at % 9] ^= (unsigned short)bit;
	boxes[box_of(at)] ^= (unsigned short)bit;
}

/* The empty cell with the fewest possibilities, or -1. */
static int hardest(void)
{
	int best = -1, least = 10;

	for (int at = 0; at < 81; at++) {
		int count = grid[at] == '.' ? __builtin_popcount(possible(at)) : 10;
		if (count < least)
			best = at, least = count;
	}
	return best;
}

static void print_grid(void)
{
	for (int at = 0; at < 81; at++)
		printf("%c%s", grid[at], at % 9 == 8 ? "\n" : at % 3 == 2 ? " " : "");
}

static void solve(void)
{
	int at = hardest();

	if (at < 0) {
		if (solutions++ == 0)
			print_grid();
		return;
	}
	for (unsigned left = possible(at); left != 0 && solutions < 2; left &= left - 1) {
		unsigned bit = left & -left;
		tried++;
		toggle(at, bit);
		grid[at] = (char)('1' + __builtin_ctz(bit));
		solve();
		grid[at] = '.';
		toggle(at, bit);
	}
}

static int start(const char *given)
{
	memset(rows, 0, sizeof rows);
	memset(columns, 0, sizeof columns);
	memset(boxes, 0, sizeof boxes);
	memset(grid, '.', 81);
	tried = solutions = 0;
	for (int at = 0; at < 81; at++) {
		unsigned bit = 1u << (given[at] - '1') % 32;
		if (given[at] < '1' || given[at] > '9')
			continue;
		if ((possible(at) & bit) == 0)
			return 0;
		toggle(at, bit);
		grid[at] = given[at];
	}
	return 1;
}

int main(int argc, char **argv)
{
	static const char *const own[] = {
		/* Made by taking digits away from a shifted square. */
		"1.3.5.7.94.6.8.1.37.9.2.4.62.4.6.8.15.7.9.2.48.1.3.5.73.5.7.9.26.8.1.3.59.2.4.6.8",
		"12345678.........9...............................................................",
		"11...............................................................................",
	};
	static const char *const counts[] = { "no solution", "one solution", "several" };
	unsigned solved = 0;

	for (int i = 0; i < 3 + argc - 1; i++) {
		const char *given = i < 3 ? own[i] : argv[i - 2];
		if (strlen(given) != 81 || !start(given)) {
			printf("no grid\n");
			continue;
		}
		solve();
		solved += solutions > 0;
		printf("%s, %u tried\n", counts[solutions], tried);
	}
	return (int)solved;
}
