/* The towers of Hanoi, moved recursively and checked, then by counting. */

#include <assert.h>
#include <stdio.h>

#define DISCS 12

struct tower {
	int height;
	int discs[DISCS];
};

static struct tower towers[3];
static unsigned moves;

static void start(void)
{
	for (int i = 0; i < 3; i++)
		towers[i].height = 0;
	for (int disc = DISCS; disc > 0; disc--)
		towers[0].discs[towers[0].height++] = disc;
	moves = 0;
}

static int top(const struct tower *tower)
{
	return tower->height > 0 ? tower->discs[tower->height - 1] : DISCS + 1;
}

static void move(int from, int to)
{
	int disc = top(&towers[from]);

	assert(disc < top(&towers[to]));
	towers[from].height--;
	towers[to].discs[towers[to].height++] = disc;
	moves++;
}

static void solve(int discs, int from, int to)
{
	if (discs == 0)
		return;
	solve(discs - 1, from, 3 - from - to);
	move(from, to);
	if (moves % 512 == 0)
		printf("after %4u moves: %d %d %d\n", moves, towers[0].height, towers[1].height,
		       towers[2].height);
	solve(discs - 1, 3 - from - to, to);
}

/* The iterative rule: in move n the disc is the number of zeros n ends with. */
static void solve_by_counting(void)
{
	for (unsigned n = 1; n < 1u << DISCS; n++) {
		int from = (int)((n & (n - 1)) % 3), to = (int)(((n | (n - 1)) + 1) % 3);
		move(from, to);
	}
}

int main(void)
{
	start();
	solve(DISCS, 0, 2);
	printf("%u moves; heights %d %d %d\n", moves, towers[0].height, towers[1].height,
	       towers[2].height);
	start();
	solve_by_counting();
	printf("%u moves; heights %d %d %d\n", moves, towers[0].height, towers[1].height,
	       towers[2].height);
	return 0;
}
