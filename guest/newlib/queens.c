/* Queens that do not attack each other: bit masks for counting, an array for the boards. */

#include <stdio.h>
#include <stdlib.h>

/* Bits of columns and diagonals that are attacked; one level of recursion a row. */
static unsigned count(unsigned all, unsigned columns, unsigned left, unsigned right)
{
	unsigned solutions = 0;

	if (columns == all)
		return 1;
	for (unsigned free = all & ~(columns | left | right); free != 0; free &= free - 1) {
		unsigned bit = free & -free;
		solutions += count(all, columns | bit, (left | bit) << 1, (right | bit) >> 1);
	}
	return solutions;
}

static int fits(const int *board, int row, int column)
{
	for (int i = 0; i < row; i++)
		if (board[i] == column || abs(board[i] - column) == row - i)
			return 0;
	return 1;
}

static int place(int *board, int size, int row)
{
	if (row == size)
		return 1;
	for (board[row] = 0; board[row] < size; board[row]++)
		if (fits(board, row, board[row]) && place(board, size, row + 1))
			return 1;
	return 0;
}

static void print_board(const int *board, int size)
{
	for (int row = 0; row < size; row++) {
		for (int column = 0; column < size; column++)
			putchar(board[row] == column ? 'Q' : '.');
		putchar('\n');
	}
}

int main(void)
{
	int board[12];

	for (unsigned size = 1; size <= 9; size++)
		printf("%u queens: %u ways\n", size, count((1u << size) - 1, 0, 0, 0));
	for (int size = 3; size <= 12; size += 3) {
		if (!place(board, size, 0))
			printf("no way for %d\n", size);
		else
			print_board(board, size);
	}
	return 0;
}
