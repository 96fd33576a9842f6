/* Bit-fields of all widths: packing, signs, and what neighbours a store leaves alone. */

#include <stdio.h>
#include <string.h>

/* A small page descriptor of the Arm architecture, as the manual draws it. */
struct page {
	unsigned never : 1, small : 1, b : 1, c : 1, ap : 2, tex : 3, ap2 : 1, s : 1, ng : 1,
		base : 20;
};

struct narrow {
	signed a : 1, b : 3, c : 5;
	unsigned d : 7, e : 9;
};

struct across {
	unsigned long long a : 20, b : 30, c : 14;
};

struct __attribute__((packed)) tight {
	unsigned char tag;
	unsigned a : 13, b : 17, c : 2;
	short last;
};

static volatile unsigned seed = 1;

static unsigned next(void)
{
	return seed = seed * 69069 + 1;
}

static unsigned word(struct page page)
{
	unsigned value;

	memcpy(&value, &page, sizeof value);
	return value;
}

static void print_page(void)
{
	struct page page = { .small = 1, .ap = 3, .c = 1, .base = 0x80123 };

	printf("%08x", word(page));
	page.never = 1;
	page.ap2 = 1;
	page.base += 0xfffff;
	printf(" %08x", word(page));
	page.tex--;
	page.ap ^= 1;
	printf(" %08x tex %u ap %u\n", word(page), page.tex, page.ap);
}

static void print_narrow(void)
{
	struct narrow x = { 0, 0, 0, 0, 0 };

	for (int i = 0; i < 8; i++) {
		x.a = (next() >> 16 & 1) ? -1 : 0;
		x.b = (int)(next() >> 8);
		x.c = (int)(next() >> 8);
		x.d += next() >> 9;
		x.e -= x.d * 3u;
		printf("%d %d %d %u %u\n", x.a, x.b, x.c, x.d, x.e);
	}
}

static void print_across(void)
{
	struct across x = { 0, 0, 0 };
	unsigned long long bits;

	for (int i = 0; i < 4; i++) {
		x.a += next();
		x.b = x.a * (unsigned long long)next();
		x.c ^= x.b >> 7;
		memcpy(&bits, &x, sizeof bits);
		printf("%05x %08x %04x = %016llx\n", (unsigned)x.a, (unsigned)x.b, (unsigned)x.c,
		       bits);
	}
}

static void print_tight(void)
{
	struct tight row[3];
	const unsigned char *bytes = (const unsigned char *)row;

	memset(row, 0, sizeof row);
	for (int i = 0; i < 3; i++)
		row[i] = (struct tight){ (unsigned char)i, next() & 0x1fff, next() & 0x1ffff, 2,
					 (short)(i - 5) };
	row[1].b = 0;
	row[2].a = 0x1fff;
	for (unsigned i = 0; i < sizeof row; i++)
		printf("%02x%c", bytes[i], i % sizeof *row == sizeof *row - 1 ? '\n' : ' ');
}

int main(void)
{
	printf("sizes %u %u %u %u\n", (unsigned)sizeof(struct page),
	       (unsigned)sizeof(struct narrow), (unsigned)sizeof(struct across),
	       (unsigned)sizeof(struct tight));
	print_page();
	print_narrow();
	print_across();
	print_tight();
	return 0;
}
