/* Store-heavy: a bit of everything that small devices do, in the proportions of the usual mix: lists,
 * small matrices, a state machine over text, and check sums. */

#include "bench.h"

enum { NODES = 256, SIZE = 12, TEXT = 512 };

struct node {
	struct node *next;
	short key, data;
};

static struct node nodes[NODES];
static short a[SIZE][SIZE], b[SIZE][SIZE];
static int product[SIZE][SIZE];
static char text[TEXT];

static unsigned short crc16(unsigned short crc, unsigned value)
{
	for (int bit = 0; bit < 16; bit++, value >>= 1)
		crc = (unsigned short)((crc ^ value) & 1 ? crc >> 1 ^ 0xa001 : crc >> 1);
	return crc;
}

static struct node *merge(struct node *one, struct node *other)
{
	struct node head, *last = &head;

	while (one != 0 && other != 0) {
		struct node **from = one->key <= other->key ? &one : &other;

		last = last->next = *from;
		*from = last->next;
	}
	last->next = one != 0 ? one : other;
	return head.next;
}

static struct node *sort_list(struct node *list, unsigned length)
{
	struct node *middle = list, *second;

	if (length < 2)
		return list;
	for (unsigned i = 1; i < length / 2; i++)
		middle = middle->next;
	second = middle->next;
	middle->next = 0;
	return merge(sort_list(list, length / 2), sort_list(second, length - length / 2));
}

static struct node *reverse(struct node *list)
{
	struct node *reversed = 0;

	while (list != 0) {
		struct node *next = list->next;

		list->next = reversed;
		reversed = list;
		list = next;
	}
	return reversed;
}

static unsigned short lists(unsigned *state, unsigned short crc)
{
	for (unsigned i = 0; i < NODES; i++) {
		nodes[i].next = i + 1 < NODES ? &nodes[i + 1] : 0;
		nodes[i].key = (short)(next_random(state) & 0x7fff);
		nodes[i].data = (short)i;
	}
	for (struct node *node = reverse(sort_list(nodes, NODES)); node != 0; node = node->next)
		crc = (unsigned short)(crc * 31 + node->data);
	return crc16(crc, crc);
}

static unsigned short matrices(unsigned *state, unsigned short crc)
{
	int sum = 0;

	for (unsigned i = 0; i < SIZE * SIZE; i++) {
		a[i / SIZE][i % SIZE] = (short)next_random(state);
		b[i / SIZE][i % SIZE] = (short)(i * 7);
		product[i / SIZE][i % SIZE] = 0;
	}
	for (unsigned i = 0; i < SIZE; i++)
		for (unsigned k = 0; k < SIZE; k++)
			for (unsigned j = 0; j < SIZE; j++)
				product[i][j] += a[i][k] * b[k][j] >> 4;
	for (unsigned i = 0; i < SIZE * SIZE; i++)
		sum += product[i / SIZE][i % SIZE];
	return crc16(crc, (unsigned)sum);
}

enum state { START, INTEGER, POINT, FRACTION, WORD, STATES };

/* Count what the text has of each kind, character by character. */
static unsigned short machine(unsigned *random, unsigned short crc)
{
	unsigned seen[STATES] = {0};
	enum state state = START;

	for (unsigned i = 0; i < TEXT; i++)
		text[i] = "0123456789.,+-eE ab"[next_random(random) % 19];
	for (unsigned i = 0; i < TEXT; i++) {
		char c = text[i];

		if (c == ',' || c == ' ')
			state = START;
		else if (c >= '0' && c <= '9')
			state = state == POINT || state == FRACTION ? FRACTION : state == WORD ? WORD : INTEGER;
		else
			state = c == '.' && state == INTEGER ? POINT : WORD;
		seen[state]++;
		text[i] ^= (char)state;
	}
	for (unsigned i = 0; i < STATES; i++)
		crc = crc16(crc, seen[i]);
	return crc;
}

unsigned kernel(unsigned rounds)
{
	unsigned short crc = 0xffff;
	unsigned state = 1;

	for (unsigned round = 0; round < rounds; round++) {
		crc = lists(&state, crc);
		crc = matrices(&state, crc);
		crc = machine(&state, crc);
	}
	return crc;
}
