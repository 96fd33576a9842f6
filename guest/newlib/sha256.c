/* SHA-256 of its arguments and of its input, and of a hundred thousand times "a". */

#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct sha256 {
	uint32_t state[8];
	uint64_t len;
	uint8_t block[64];
};

static const uint32_t rounds[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

static uint32_t rotate(uint32_t x, int by)
{
	return x >> by | x << (32 - by);
}

static void expand(uint32_t w[64], const uint8_t *block)
{
	for (int i = 0; i < 16; i++, block += 4)
		w[i] = (uint32_t)block[0] << 24 | (uint32_t)block[1] << 16 |
		       (uint32_t)block[2] << 8 | block[3];
	for (int i = 16; i < 64; i++) {
		uint32_t s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
		uint32_t s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
		w[i] = w[i - 16] + s0 + w[i - 7] + s1;
	}
}

static void compress(struct sha256 *sha)
{
	uint32_t w[64], s[8];

	expand(w, sha->block);
	memcpy(s, sha->state, sizeof s);
	for (int i = 0; i < 64; i++) {
		uint32_t s1 = rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25);
		uint32_t t1 = s[7] + s1 + ((s[4] & s[5]) ^ (~s[4] & s[6])) + rounds[i] + w[i];
		uint32_t s0 = rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22);
		uint32_t t2 = s0 + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
		memmove(s + 1, s, 7 * sizeof *s);
		s[4] += t1;
		s[0] = t1 + t2;
	}
	for (int i = 0; i < 8; i++)
		sha->state[i] += s[i];
}

static void add(struct sha256 *sha, uint8_t byte)
{
	sha->block[sha->len++ % 64] = byte;
	if (sha->len % 64 == 0)
		compress(sha);
}

static struct sha256 start(void)
{
	return (struct sha256){
		{ 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c,
		  0x1f83d9ab, 0x5be0cd19 },
		0,
		{ 0 },
	};
}

static void finish(struct sha256 *sha, const char *name)
{
	uint64_t bits = sha->len * 8;

	add(sha, 0x80);
	while (sha->len % 64 != 56)
		add(sha, 0);
	for (int shift = 56; shift >= 0; shift -= 8)
		add(sha, (uint8_t)(bits >> shift));
	for (int i = 0; i < 8; i++)
		printf("%08x", (unsigned)sha->state[i]);
	printf("  %s\n", name);
}

int main(int argc, char **argv)
{
	struct sha256 sha;

	for (int i = 1; i < argc; i++) {
		sha = start();
		for (const char *c = argv[i]; *c != '\0'; c++)
			add(&sha, (uint8_t)*c);
		finish(&sha, argv[i]);
	}
	sha = start();
	for (int c; (c = getchar()) != EOF;)
		add(&sha, (uint8_t)c);
	finish(&sha, "(input)");
	sha = start();
	for (int i = 0; i < 100000; i++)
		add(&sha, 'a');
	finish(&sha, "(a, a hundred thousand times)");
	return 0;
}
