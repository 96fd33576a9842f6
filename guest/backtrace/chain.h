/* A chain of calls of every shape, which ends in a fault: main, by_pointer, recurse (three times),
 * with_array, with_floats, fault_here. */
#ifndef CHAIN_H
#define CHAIN_H

#define NOINLINE __attribute__((noinline, noclone))

NOINLINE int fault_here(volatile int *nowhere);
NOINLINE int with_floats(float x, int n);
NOINLINE int with_array(unsigned size);
NOINLINE int recurse(int n);
NOINLINE int by_pointer(int (*function)(int), int a, int b, int c, int d, int e);

static volatile float float_sink;
static volatile int sink;

NOINLINE int fault_here(volatile int *nowhere)
{
	return *nowhere + 1;
}

/* Registers d8 and above are the callee's to keep. */
NOINLINE int with_floats(float x, int n)
{
	float a = x * 3, b = x * x, c = x + 7;

	float_sink = x;
	int result = fault_here((volatile int *)n);
	float_sink = a + b + c;
	return result + n;
}

/* A frame of a size that only the running program knows. */
NOINLINE int with_array(unsigned size)
{
	volatile char array[size];

	array[0] = (char)size;
	array[size - 1] = (char)size;
	int result = with_floats(array[0], 16);
	return result + array[size - 1];
}

NOINLINE int recurse(int n)
{
	volatile int big[200];

	big[n] = n;
	int result = n == 0 ? with_array((unsigned)sink + 100) : recurse(n - 1);
	return result + big[n];
}

/* Keeps much in registers, and is called with arguments on the stack. */
NOINLINE int by_pointer(int (*function)(int), int a, int b, int c, int d, int e)
{
	int result = function(2);

	return result + a * b + b * c + c * d + d * e + e * a;
}

int main(void)
{
	return by_pointer(recurse, sink, sink, sink, sink, sink) + 1;
}

#endif
