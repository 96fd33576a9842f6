/* Structures by value: in registers, on the stack, split between them, and as sets of floats. */

#include <stdio.h>

struct byte { signed char a; };
struct pair { short a, b; };
struct odd { char text[3]; };
struct two { int a, b; };
struct five { int a[5]; };
struct large { int a[50]; };
struct wide { int a; long long b; };
struct floats { float x, y, z; };
struct doubles { double x, y, z, w; };
struct mixed { int a; float x; };
union either { int a; float x; double d; };

#define CALLED __attribute__((noinline, noclone))

CALLED static struct byte add_bytes(struct byte x, struct byte y)
{
	return (struct byte){ x.a + y.a };
}
CALLED static struct pair swap(struct pair x) { return (struct pair){ x.b, x.a }; }
CALLED static struct two add_two(int n, struct two x, struct two y)
{
	return (struct two){ n + x.a * y.b, n - x.b * y.a };
}
CALLED static struct odd turn(struct odd x)
{
	return (struct odd){ { x.text[2], x.text[0], x.text[1] } };
}
/* x is in r1 to r3 and on the stack. */
CALLED static struct five split(int n, struct five x, int m)
{
	for (int i = 0; i < 5; i++)
		x.a[i] = x.a[i] * n + m;
	return x;
}
CALLED static struct large sum_large(struct large x, struct large y)
{
	for (int i = 0; i < 50; i++)
		x.a[i] += y.a[49 - i];
	y.a[0] = -1;
	return x;
}
/* b must be aligned to 8: r1 stays unused. */
CALLED static struct wide align(int n, struct wide x) { return (struct wide){ x.a + n, x.b * n }; }
CALLED static struct floats cross(struct floats a, struct floats b)
{
	return (struct floats){ a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z,
				a.x * b.y - a.y * b.x };
}
CALLED static struct doubles mix(float f, struct doubles a, int n, double d, struct doubles b,
				 float g)
{
	return (struct doubles){ a.x + b.w * f, a.y - b.z * n, a.z * b.y + d, a.w / b.x + g };
}
CALLED static struct mixed both(struct mixed m, struct floats f, double d)
{
	return (struct mixed){ m.a * 2 + (int)f.z, m.x + (float)d };
}
CALLED static union either choose(union either u, int as_float)
{
	return as_float ? (union either){ .x = u.x * 2 } : (union either){ .a = u.a * 2 };
}

static void print_integers(void)
{
	struct large large = { { 0 } }, sum;
	struct pair pair = swap((struct pair){ -3, 300 });
	struct two two = add_two(7, (struct two){ 2, 3 }, (struct two){ 5, 11 });
	struct five five = split(3, (struct five){ { 1, 2, 3, 4, 5 } }, -1);
	struct wide wide = align(3, (struct wide){ 4, 1ll << 40 });

	printf("%d %d %d %d %d\n", add_bytes((struct byte){ 100 }, (struct byte){ 100 }).a, pair.a,
	       pair.b, two.a, two.b);
	printf("%.3s %d %d %d %lld\n", turn((struct odd){ "abc" }).text, five.a[0], five.a[4],
	       wide.a, wide.b);
	for (int i = 0; i < 50; i++)
		large.a[i] = i * i;
	sum = sum_large(large, large);
	printf("%d %d %d, untouched %d\n", sum.a[0], sum.a[25], sum.a[49], large.a[0]);
}

int main(void)
{
	struct floats product = cross((struct floats){ 1, 2, 3 }, (struct floats){ -4, 0.5f, 6 });
	struct doubles doubles = { 1.5, 2.5, 3.5, 4.5 };
	struct mixed mixed = both((struct mixed){ 21, 0.5f }, product, 0.125);

	print_integers();
	printf("%g %g %g\n", (double)product.x, (double)product.y, (double)product.z);
	doubles = mix(2, doubles, 3, 0.25, doubles, -1);
	printf("%.15g %.15g %.15g %.15g\n", doubles.x, doubles.y, doubles.z, doubles.w);
	printf("%d %g\n", mixed.a, (double)mixed.x);
	printf("%d %g\n", choose((union either){ 4 }, 0).a,
	       (double)choose((union either){ .x = 4 }, 1).x);
	return 0;
}
