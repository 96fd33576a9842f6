/* Text to numbers and back: strtol and its family, with what they leave and what they refuse. */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const integers[] = {
	"0", "42", "  -17 apples", "+0x1F", "0755", "zz", "2147483647", "2147483648", "-2147483648",
	"-2147483649", "99999999999999999999", "18446744073709551615", "", "-", "0x", "1e3",
	"\t\n 7", "--3",
};

static const char *const floats[] = {
	"0", "-0", "1", "3.14159265358979323846", "1e10", "1E-10", ".5", "5.", "-2.5e+3kg", "1e400",
	"-1e400", "1e-400", "4.9e-324", "2.2250738585072011e-308", "1.7976931348623157e308", "inf",
	"-INFINITY", "0.1", "123456789012345678901234567890", "e5", ".", "9007199254740993",
	"8.41e21",
};

static const char *rest_name(const char *rest)
{
	return *rest == '\0' ? "all" : rest;
}

static void read_integer(const char *text)
{
	static const int bases[] = { 0, 2, 8, 10, 16, 36 };
	char *rest;

	printf("\"%s\":", text);
	for (unsigned i = 0; i < sizeof bases / sizeof *bases; i++) {
		errno = 0;
		long number = strtol(text, &rest, bases[i]);
		printf(" %ld%s", number, errno == ERANGE ? "!" : "");
	}
	printf(" rest %s\n", rest_name(rest));
	printf("  unsigned %lu, 64 bits %lld %llu", strtoul(text, &rest, 0), strtoll(text, NULL, 0),
	       strtoull(text, NULL, 10));
	printf(", rest %s, atoi %d\n", rest_name(rest), atoi(text));
}

static void read_float(const char *text)
{
	char *rest;
	unsigned long long bits;

	errno = 0;
	double number = strtod(text, &rest);
	memcpy(&bits, &number, sizeof bits);
	printf("\"%s\": %.17g %016llx%s rest %s;", text, number, bits, errno == ERANGE ? " !" : "",
	       rest_name(rest));
	printf(" float %.9g\n", (double)strtof(text, NULL));
}

/* Every double that is written with 17 digits is read as the same double. */
static int round_trips(int count)
{
	unsigned long long bits = 0x123456789abcdef;
	char text[40];
	int wrong = 0;

	for (int i = 0; i < count; i++) {
		double number;
		bits = bits * 6364136223846793005 + 1442695040888963407;
		unsigned long long finite = bits & ~(1ull << 62);
		memcpy(&number, &finite, sizeof number);
		snprintf(text, sizeof text, "%.17g", number);
		wrong += strtod(text, NULL) != number;
	}
	return wrong;
}

int main(void)
{
	for (unsigned i = 0; i < sizeof integers / sizeof *integers; i++)
		read_integer(integers[i]);
	for (unsigned i = 0; i < sizeof floats / sizeof *floats; i++)
		read_float(floats[i]);
	printf("wrong round trips: %d\n", round_trips(100));
	div_t parts = div(-17, 5);
	lldiv_t long_parts = lldiv(-1000000000007, 1000);
	printf("%d %d %lld %lld\n", parts.quot, parts.rem, long_parts.quot, long_parts.rem);
	return 0;
}
