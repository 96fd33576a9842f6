/* Arguments without a prototype: ints, doubles and 64-bit numbers in registers and on the stack. */

#include <stdarg.h>
#include <stdio.h>

struct point {
	int x, y, z;
};

/* Sum what the letters of types say: i int, l long long, d double, p struct point, s string. */
static double sum(const char *types, va_list args)
{
	double total = 0;

	for (; *types != '\0'; types++) {
		switch (*types) {
		case 'i':
			total += va_arg(args, int);
			break;
		case 'l':
			total += (double)va_arg(args, long long);
			break;
		case 'd':
			total += va_arg(args, double);
			break;
		case 'p': {
			struct point point = va_arg(args, struct point);
			total += point.x + point.y * 100 + point.z * 10000;
			break;
		}
		case 's':
			total += va_arg(args, const char *)[0];
			break;
		}
	}
	return total;
}

/* Goes through the arguments twice: a va_list can be copied. */
__attribute__((noinline)) static void print_sums(const char *types, ...)
{
	va_list args, again;

	va_start(args, types);
	va_copy(again, args);
	double first = sum(types, args);
	double second = sum(types, again);
	va_end(again);
	va_end(args);
	printf("%s: %.3f %s\n", types, first, first == second ? "twice" : "DIFFERS");
}

__attribute__((noinline, format(printf, 3, 4)))
static int put_framed(char *to, size_t size, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(to, size, format, args);
	va_end(args);
	printf("|%s| %d\n", to, len);
	return len;
}

int main(void)
{
	char text[32];
	struct point point = { 1, 2, 3 };

	print_sums("");
	print_sums("i", -4);
	print_sums("iiiii", 1, 2, 3, 4, 5);
	print_sums("il", 1, 0x100000000ll);
	print_sums("li", 0x100000000ll, 1);
	print_sums("ididid", 1, 0.5, 2, 0.25, 3, 0.125);
	print_sums("dl", 1.5, -10ll);
	print_sums("pip", point, 7, point);
	print_sums("sdpls", "A", 2.5, point, 1ll << 40, "Z");
	print_sums("iiidddlllsss", 1, 2, 3, 4., 5., 6., 7ll, 8ll, 9ll, "a", "b", "c");
	put_framed(text, sizeof text, "%d %s %.2f", 42, "and", 3.14159);
	put_framed(text, sizeof text, "%c%c%c%c%lld%5.1f", 'a', 'b', 'c', 'd', -1ll, 9.96);
	put_framed(text, 8, "cut off at %d", 8);
	return 0;
}
