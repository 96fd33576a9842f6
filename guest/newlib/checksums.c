/* CRC-32 by bits, by a table and by slices, Adler-32 and Fletcher, over the same bytes. */

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define POLYNOMIAL 0xedb88320u

static uint32_t tables[4][256];
static uint8_t data[20000];

static uint32_t by_bits(const uint8_t *byte, size_t len)
{
	uint32_t crc = 0xffffffff;

	while (len-- > 0) {
		crc ^= *byte++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (POLYNOMIAL & -(crc & 1));
	}
	return ~crc;
}

static void make_tables(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t crc = i;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (POLYNOMIAL & -(crc & 1));
		tables[0][i] = crc;
	}
	for (int slice = 1; slice < 4; slice++)
		for (int i = 0; i < 256; i++)
			tables[slice][i] =
				tables[slice - 1][i] >> 8 ^ tables[0][tables[slice - 1][i] & 0xff];
}

static uint32_t by_table(const uint8_t *byte, size_t len)
{
	uint32_t crc = 0xffffffff;

	while (len-- > 0)
		crc = crc >> 8 ^ tables[0][(crc ^ *byte++) & 0xff];
	return ~crc;
}

/* Four bytes at a time; the rest one by one. */
static uint32_t by_slices(const uint8_t *byte, size_t len)
{
	uint32_t crc = 0xffffffff;

	for (; len >= 4; len -= 4, byte += 4) {
		uint32_t word;
		memcpy(&word, byte, sizeof word);
		crc ^= word;
		crc = tables[3][crc & 0xff] ^ tables[2][crc >> 8 & 0xff] ^
		      tables[1][crc >> 16 & 0xff] ^ tables[0][crc >> 24];
	}
	for (; len > 0; len--)
		crc = crc >> 8 ^ tables[0][(crc ^ *byte++) & 0xff];
	return ~crc;
}

static uint32_t adler(const uint8_t *byte, size_t len)
{
	uint32_t a = 1, b = 0;

	for (; len > 0; len--) {
		a = (a + *byte++) % 65521;
		b = (b + a) % 65521;
	}
	return b << 16 | a;
}

static uint16_t fletcher(const uint8_t *byte, size_t len)
{
	uint16_t a = 0, b = 0;

	for (; len > 0; len--) {
		a = (uint16_t)((a + *byte++) % 255);
		b = (uint16_t)((b + a) % 255);
	}
	return (uint16_t)(b << 8 | a);
}

static int print_all(const char *name, const uint8_t *bytes, size_t len)
{
	uint32_t crc = by_bits(bytes, len);

	printf("%s: %08x %08x %04x\n", name, (unsigned)crc, (unsigned)adler(bytes, len),
	       fletcher(bytes, len));
	return crc != by_table(bytes, len) || crc != by_slices(bytes, len);
}

int main(int argc, char **argv)
{
	int wrong = 0;
	char name[40];

	make_tables();
	for (int i = 1; i < argc; i++)
		wrong += print_all(argv[i], (const uint8_t *)argv[i], strlen(argv[i]));
	for (unsigned i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)(i * i >> 3 ^ i);
	for (unsigned offset = 0; offset < 5; offset++) {
		snprintf(name, sizeof name, "from byte %u", offset);
		wrong += print_all(name, data + offset, sizeof data - 7 * offset);
	}
	printf("wrong %d\n", wrong);
	return wrong;
}
