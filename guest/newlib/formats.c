/* printf and sscanf, a table of formats each. */

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

static void print_integers(void)
{
	static const char *const formats[] = {
		"%d",      "%5d",  "%-5d|", "%05d", "%+d",    "% d",   "%.4d",   "%8.4d",
		"%-8.4d|", "%x",   "%#x",   "%#X",  "%o",     "%#o",   "%u",     "%hd",
		"%hhd",    "%hhu", "%hx",   "%c",   "%#010x", "%+.0d", "%-+6d|",
	};
	static const int values[] = { 0, 65, -66, 123456, INT_MAX, INT_MIN };

	for (unsigned i = 0; i < sizeof formats / sizeof *formats; i++) {
		printf("%s:", formats[i]);
		for (unsigned j = 0; j < sizeof values / sizeof *values; j++) {
			putchar(' ');
			printf(formats[i], values[j]);
		}
		putchar('\n');
	}
}

static void print_floats(void)
{
	static const char *const formats[] = {
		"%f", "%.0f", "%#.0f", "%.3f", "%10.2f", "%-10.2f|", "%010.2f", "%+.1f", "% .1f",
		"%e", "%.0e", "%.12E", "%g",   "%#g",    "%.3g",     "%.15g",   "%G",    "%20.10g",
	};
	static const double values[] = { 0,        -0.0, 1,         0.5,   1.5,     2.5,
					 -123.456, 1e-5, 123456789, 1e100, 1 / 3.0, 1e308 * 10 };

	for (unsigned i = 0; i < sizeof formats / sizeof *formats; i++) {
		printf("%s:", formats[i]);
		for (unsigned j = 0; j < sizeof values / sizeof *values; j++) {
			putchar(' ');
			printf(formats[i], values[j]);
		}
		putchar('\n');
	}
}

static void print_the_rest(void)
{
	static const char *volatile too_long = "longer than the buffer is";
	char text[16];
	int at;

	printf("[%s] [%10s] [%-10s] [%.3s] [%*s] [%-*.*s]\n", "string", "right", "left",
	       "cut short", 6, "star", 6, 2, "both");
	printf("%lld %llu %llx %ld %zu %td%%\n", LLONG_MIN, ULLONG_MAX, 0x123456789abcdefull, -1l,
	       sizeof text, &text[5] - text);
	printf("%2$s %1$s\n", "world", "hello");
	printf("%p %ls\n", (void *)0x1234, L"wide");
	printf("twelve chars%n", &at);
	printf(" %d\n", at);
	at = snprintf(text, sizeof text, "%s", too_long);
	printf("%d \"%s\" %d\n", at, text, snprintf(NULL, 0, "%05d", 7));
}

static void scan(void)
{
	int a = 0, b = 0, at = 0;
	unsigned x = 0;
	double d = 0;
	char word[16], set[16];
	long long big = 0;

	printf("%d", sscanf("12 -34 0x1f", "%d%d%x", &a, &b, &x));
	printf(" %d %d %u\n", a, b, x);
	printf("%d", sscanf("3.25e2,word;987654321012", "%lf,%15[a-z];%lld", &d, word, &big));
	printf(" %g %s %lld\n", d, word, big);
	printf("%d", sscanf("  skip 77abc]rest", "%*s %2d%15[^]]]%n", &a, set, &at));
	printf(" %d %s %d\n", a, set, at);
	printf("%d %d\n", sscanf("x", "%d", &a), sscanf("", "%d", &a));
	printf("%d", sscanf("010 010 010", "%i %o %d", &a, &x, &b));
	printf(" %d %u %d\n", a, x, b);
}

int main(void)
{
	print_integers();
	print_floats();
	print_the_rest();
	scan();
	return 0;
}
