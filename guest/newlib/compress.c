/* Compression by LZ77 there and back, and by Huffman's codes, of texts more and less regular. */

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define MAX 4000

static uint8_t text[MAX], packed[2 * MAX], back[MAX];

/* A literal is 0, byte; a copy is its length, and how far back in two bytes. */
static int pack(int len)
{
	int out = 0;

	for (int at = 0; at < len;) {
		int best = 0, best_from = 0;
		for (int from = at > 400 ? at - 400 : 0; from < at; from++) {
			int same = 0;
			while (at + same < len && same < 255 &&
			       text[from + same] == text[at + same])
				same++;
			if (same > best)
				best = same, best_from = from;
		}
		packed[out++] = (uint8_t)(best > 3 ? best : 0);
		if (best > 3) {
			packed[out++] = (uint8_t)((at - best_from) >> 8);
			packed[out++] = (uint8_t)(at - best_from);
			at += best;
		} else {
			packed[out++] = text[at++];
		}
	}
	return out;
}

static int unpack(int packed_len)
{
	int out = 0;

	for (int at = 0; at < packed_len;) {
		int len = packed[at++];
		if (len == 0) {
			back[out++] = packed[at++];
			continue;
		}
		int distance = packed[at] << 8 | packed[at + 1];
		at += 2;
		for (; len > 0; len--, out++)
			back[out] = back[out - distance];
	}
	return out;
}

/* Huffman's tree: nodes 0 to 255 are the bytes. */
static struct { unsigned weight; int parent; } nodes[511];

static int lightest(int count)
{
	int best = -1;

	for (int i = 0; i < count; i++)
		if (nodes[i].weight > 0 && nodes[i].parent < 0 &&
		    (best < 0 || nodes[i].weight < nodes[best].weight))
			best = i;
	return best;
}

/* The bits that all of the text takes in these codes. */
static unsigned huffman_bits(int len)
{
	unsigned bits = 0;

	memset(nodes, 0, sizeof nodes);
	for (int i = 0; i < 511; i++)
		nodes[i].parent = -1;
	for (int i = 0; i < len; i++)
		nodes[text[i]].weight++;
	for (int next = 256; next < 511; next++) {
		int a = lightest(next);
		nodes[a].parent = next;
		int b = lightest(next);
		if (b < 0)
			break;
		nodes[b].parent = next;
		nodes[next].weight = nodes[a].weight + nodes[b].weight;
	}
	for (int i = 0; i < len; i++)
		for (int node = text[i];
		     nodes[node].parent >= 0 && nodes[nodes[node].parent].weight > 0;
		     node = nodes[node].parent)
			bits++;
	return bits;
}

static int compress(const char *name, int len)
{
	int packed_len = pack(len), back_len;

	memset(back, 0, sizeof back);
	back_len = unpack(packed_len);
	printf("%s: %d to %d, by Huffman to %u bits, %s\n", name, len, packed_len,
	       huffman_bits(len),
	       back_len == len && memcmp(text, back, (size_t)len) == 0 ? "same" : "DIFFERENT");
	return back_len != len;
}

int main(void)
{
	int wrong = 0, len = 0;
	unsigned state = 5;

	memset(text, 'z', MAX);
	wrong += compress("one letter", MAX);
	for (int i = 0; len < MAX - 40; i++)
		len += sprintf((char *)text + len, "%d squared is %d.\n", i, i * i);
	wrong += compress("sentences", len);
	for (int i = 0; i < 3000; i++)
		text[i] = (uint8_t)((state = state * 69069 + 1) >> 24);
	wrong += compress("noise", 3000);
	for (int i = 0; i < 3000; i++)
		text[i] = (uint8_t)('a' + __builtin_popcount((state = state * 69069 + 1) >> 20));
	wrong += compress("uneven noise", 3000);
	wrong += compress("nothing", 0);
	return wrong;
}
