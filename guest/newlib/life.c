/* Conway's Life, once by cells and once 32 cells a word at a time. */

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define ROWS 20

static uint32_t board[ROWS];

/* The row moved by one column to the left (1), to the right (-1) or not, around the edge. */
static uint32_t around(uint32_t row, int by)
{
	return row << (by & 31) | row >> (-by & 31);
}

static int cell(int row, int column)
{
	return board[(row + ROWS) % ROWS] >> ((column + 32) % 32) & 1;
}

static void step_by_cells(uint32_t *next)
{
	for (int row = 0; row < ROWS; row++) {
		next[row] = 0;
		for (int column = 0; column < 32; column++) {
			int count = -cell(row, column);
			for (int i = -1; i <= 1; i++)
				for (int j = -1; j <= 1; j++)
					count += cell(row + i, column + j);
			next[row] |= (uint32_t)(count == 3 || (count == 2 && cell(row, column)))
				     << column;
		}
	}
}

/* Each bit of low, middle and high counts the neighbours of its column. */
static void step_by_words(uint32_t *next)
{
	for (int row = 0; row < ROWS; row++) {
		uint32_t low = 0, middle = 0, high = 0;
		for (int i = -1; i <= 1; i++)
			for (int j = -1; j <= 1; j++) {
				if (i == 0 && j == 0)
					continue;
				uint32_t one = around(board[(row + i + ROWS) % ROWS], j),
					 carry = low & one;
				low ^= one;
				high |= middle & carry;
				middle ^= carry;
			}
		next[row] = ~high & middle & (low | board[row]);
	}
}

static void print_board(int generation)
{
	int alive = 0;

	for (int row = 0; row < ROWS; row++)
		alive += __builtin_popcount(board[row]);
	printf("generation %d, %d alive\n", generation, alive);
	for (int row = 0; row < ROWS; row++) {
		for (int column = 31; column >= 0; column--)
			putchar(cell(row, column) ? 'O' : '.');
		putchar('\n');
	}
}

int main(void)
{
	/* A glider, the R-pentomino and a blinker. */
	static const uint32_t start[] = { 0x40000000, 0x20000000, 0xe0000000, 0,
					  0,          0x0000000e, 0,          0,
					  0,          0x00018000, 0x00030000, 0x00010000 };
	uint32_t by_cells[ROWS], by_words[ROWS];
	int different = 0;

	memcpy(board, start, sizeof start);
	for (int generation = 0; generation <= 60; generation++) {
		if (generation % 30 == 0)
			print_board(generation);
		step_by_cells(by_cells);
		step_by_words(by_words);
		different += memcmp(by_cells, by_words, sizeof board) != 0;
		memcpy(board, by_cells, sizeof board);
	}
	printf("different %d\n", different);
	return different != 0;
}
