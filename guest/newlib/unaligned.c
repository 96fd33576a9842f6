/* Loads and stores of 2, 4 and 8 bytes at every address, across cache lines and pages. */

#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct __attribute__((packed, may_alias)) record {
	uint8_t kind;
	uint32_t id;
	uint16_t len;
	uint64_t when;
	float weight;
	double price;
	int16_t change;
};

#define ANYWHERE __attribute__((packed, may_alias))
struct ANYWHERE u16 { uint16_t value; };
struct ANYWHERE u32 { uint32_t value; };
struct ANYWHERE u64 { uint64_t value; };

/* More than two pages, so that some accesses cross from one to the next. */
static uint8_t area[3 * 4096] __attribute__((aligned(4096)));

static void print_records(void)
{
	struct record *records = (struct record *)(area + 1);

	for (int i = 0; i < 5; i++)
		records[i] = (struct record){
			(uint8_t)i, i * 0x1010101u, (uint16_t)(i * 700), 1ull << (i * 13),
			i / 4.0f, i / 3.0, (int16_t)-i,
		};
	records[3].price += records[4].weight;
	records[2].when *= records[1].id;
	printf("size %u\n", (unsigned)sizeof *records);
	for (int i = 0; i < 5; i++)
		printf("%u %08x %u %llx %g %.10g %d\n", records[i].kind, (unsigned)records[i].id,
		       records[i].len, (unsigned long long)records[i].when,
		       (double)records[i].weight, records[i].price, records[i].change);
}

/* By single bytes, for comparison. */
static uint64_t bytes_at(const uint8_t *at, int count)
{
	uint64_t value = 0;

	while (count-- > 0)
		value = value << 8 | at[count];
	return value;
}

static int wrong_at(uint8_t *at)
{
	int wrong = 0;

	wrong += ((struct u16 *)at)->value != bytes_at(at, 2);
	wrong += ((struct u32 *)at)->value != bytes_at(at, 4);
	wrong += ((struct u64 *)at)->value != bytes_at(at, 8);
	((struct u32 *)at)->value += 0x01234567;
	((struct u16 *)at)->value ^= 0x5aa5;
	((struct u64 *)at)->value *= 5;
	wrong += ((struct u32 *)at)->value != bytes_at(at, 4);
	return wrong;
}

/* LDR, LDRH, LDRSH, STR and STRH by name: unlike LDM and LDRD they take any address. */
static uint32_t by_instruction(uint8_t *at)
{
	uint32_t word, half, sign;

	__asm__ volatile(
		"ldr %0, [%3]\n\tldrh %1, [%3, #3]\n\tldrsh %2, [%3, #5]\n\t"
		"str %2, [%3, #2]\n\tstrh %0, [%3, #7]"
		: "=&r"(word), "=&r"(half), "=&r"(sign)
		: "r"(at)
		: "memory");
	return word ^ half * 3 ^ sign * 5;
}

int main(void)
{
	unsigned sum = 0, wrong = 0;

	print_records();
	for (unsigned i = 0; i < sizeof area; i++)
		area[i] = (uint8_t)(i * 167 + (i >> 5));
	for (int page = 1; page < 3; page++)
		for (int offset = -70; offset < 70; offset++)
			wrong += (unsigned)wrong_at(area + 4096 * page - 70 + offset);
	for (int offset = 4096 - 20; offset < 4096 + 8; offset++)
		sum = sum * 33 + by_instruction(area + offset);
	printf("wrong %u\n", wrong);
	for (unsigned i = 0; i < sizeof area; i++)
		sum = sum * 31 + area[i];
	printf("sum %08x %08x\n", sum, (unsigned)bytes_at(area + 4093, 4));
	return wrong != 0;
}
