/* malloc, calloc, realloc and free in a long random sequence, each block's contents watched. */

#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCKS 200

static struct block {
	unsigned char *bytes;
	size_t len;
	unsigned char value;
} blocks[BLOCKS];

static unsigned state = 2463534242u;
static unsigned damaged, misaligned, unclear;

static unsigned next(unsigned below)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % below;
}

static void check(const struct block *block, size_t len)
{
	for (size_t i = 0; i < len; i++)
		damaged += block->bytes[i] != block->value;
	misaligned += (uintptr_t)block->bytes % 8 != 0;
}

static void fill(struct block *block, size_t len)
{
	if (block->bytes == NULL)
		abort();
	block->len = len;
	block->value = (unsigned char)next(256);
	memset(block->bytes, block->value, len);
}

static size_t some_length(void)
{
	static const unsigned scales[] = { 16, 100, 1000, 20000 };

	return next(scales[next(4)]) + 1;
}

static void make(struct block *block)
{
	size_t len = some_length();

	if (next(2)) {
		block->bytes = malloc(len);
	} else {
		block->bytes = calloc(1, len);
		for (size_t i = 0; i < len && block->bytes != NULL; i++)
			unclear += block->bytes[i] != 0;
	}
	fill(block, len);
}

static void resize(struct block *block)
{
	size_t len = some_length();

	block->bytes = realloc(block->bytes, len);
	check(block, len < block->len ? len : block->len);
	fill(block, len);
}

static void end(struct block *block)
{
	check(block, block->len);
	free(block->bytes);
	block->bytes = NULL;
}

int main(void)
{
	unsigned made = 0, resized = 0;

	for (int step = 0; step < 3000; step++) {
		struct block *block = &blocks[next(BLOCKS)];
		if (block->bytes == NULL)
			make(block), made++;
		else if (next(3) == 0)
			resize(block), resized++;
		else
			end(block);
	}
	for (int i = 0; i < BLOCKS; i++)
		if (blocks[i].bytes != NULL)
			end(&blocks[i]);
	printf("made %u, resized %u\n", made, resized);
	printf("damaged %u, misaligned %u, unclear %u\n", damaged, misaligned, unclear);
	void *aligned = memalign(4096, 100);
	printf("aligned %d, all free %d\n", (uintptr_t)aligned % 4096 == 0,
	       mallinfo().uordblks < 10000);
	free(aligned);
	return damaged + misaligned + unclear != 0;
}
