/* Matrices: products, an inverse, a determinant and powers, of doubles, floats and ints. */

#include <math.h>
#include <stdio.h>
#include <string.h>

#define N 24

typedef double matrix[N][N];

static matrix a, b, c, d;

static void fill(matrix m, int seed)
{
	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++)
			m[i][j] = (i * 7 + j * 13 + seed) % 11 - 5 + (i == j ? 20 : 0);
}

static void multiply(matrix to, matrix x, matrix y)
{
	memset(to, 0, sizeof(matrix));
	for (int i = 0; i < N; i++)
		for (int k = 0; k < N; k++)
			for (int j = 0; j < N; j++)
				to[i][j] += x[i][k] * y[k][j];
}

static void multiply_in_blocks(matrix to, matrix x, matrix y)
{
	memset(to, 0, sizeof(matrix));
	for (int i0 = 0; i0 < N; i0 += 8)
		for (int j0 = 0; j0 < N; j0 += 8)
			for (int k = 0; k < N; k++)
				for (int i = i0; i < i0 + 8; i++)
					for (int j = j0; j < j0 + 8; j++)
						to[i][j] += x[i][k] * y[k][j];
}

static double trace(matrix m)
{
	double sum = 0;

	for (int i = 0; i < N; i++)
		sum += m[i][i];
	return sum;
}

/* Gauss and Jordan: m becomes the unit matrix, inverse its inverse; the determinant. */
static double invert(matrix m, matrix inverse)
{
	double determinant = 1;

	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++)
			inverse[i][j] = i == j;
	for (int k = 0; k < N; k++) {
		double pivot = m[k][k];
		determinant *= pivot;
		for (int j = 0; j < N; j++)
			m[k][j] /= pivot, inverse[k][j] /= pivot;
		for (int i = 0; i < N; i++) {
			double factor = m[i][k];
			for (int j = 0; j < N && i != k; j++)
				m[i][j] -= factor * m[k][j],
					inverse[i][j] -= factor * inverse[k][j];
		}
	}
	return determinant;
}

static double distance_from_unit(matrix m)
{
	double worst = 0;

	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++)
			worst = fmax(worst, fabs(m[i][j] - (i == j)));
	return worst;
}

static void print_float_product(void)
{
	static float x[N][N], y[N], z[N];

	for (int i = 0; i < N; i++) {
		y[i] = 1.0f / (float)(i + 1);
		for (int j = 0; j < N; j++)
			x[i][j] = (float)a[i][j] / 8;
	}
	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++)
			z[i] += x[i][j] * y[j];
	printf("floats %.5f %.5f %.5f\n", (double)z[0], (double)z[N / 2], (double)z[N - 1]);
}

/* Fibonacci's numbers by the powers of a matrix, modulo 2^32. */
static void print_fibonacci(unsigned n)
{
	unsigned x[4] = { 1, 1, 1, 0 }, power[4] = { 1, 0, 0, 1 };

	for (; n > 0; n /= 2) {
		unsigned old[4] = { power[0], power[1], power[2], power[3] }, square[4];
		for (int i = 0; i < 4; i++) {
			square[i] = x[i & 2] * x[i & 1] + x[(i & 2) + 1] * x[2 + (i & 1)];
			if (n & 1)
				power[i] =
					old[i & 2] * x[i & 1] + old[(i & 2) + 1] * x[2 + (i & 1)];
		}
		memcpy(x, square, sizeof x);
	}
	printf(" %u", power[1]);
}

int main(void)
{
	fill(a, 0);
	fill(b, 3);
	multiply(c, a, b);
	multiply_in_blocks(d, a, b);
	printf("trace %g, %s, corner %g\n", trace(c),
	       memcmp(c, d, sizeof c) ? "blocks differ" : "blocks agree", c[N - 1][0]);
	multiply(c, b, a);
	printf("the other way %g, corner %g\n", trace(c), c[N - 1][0]);
	print_float_product();
	memcpy(b, a, sizeof a);
	printf("determinant %.6e\n", invert(b, c));
	multiply(d, a, c);
	printf("inverse %s\n", distance_from_unit(d) < 1e-12 ? "good" : "bad");
	printf("fibonacci");
	for (unsigned n = 1; n < 1000; n = n * 2 + 1)
		print_fibonacci(n);
	putchar('\n');
	return 0;
}
