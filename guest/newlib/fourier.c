/* The fast Fourier transform against the slow one; convolution and the peaks of a signal. */

#include <complex.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define N 256
#define PI 3.14159265358979323846

static double complex signal[N], spectrum[N], slow[N];

static void transform(double complex *x, int n, int stride, double complex *to, int sign)
{
	if (n == 1) {
		to[0] = x[0];
		return;
	}
	transform(x, n / 2, 2 * stride, to, sign);
	transform(x + stride, n / 2, 2 * stride, to + n / 2, sign);
	for (int k = 0; k < n / 2; k++) {
		double complex even = to[k], odd = to[k + n / 2] * cexp(sign * 2 * PI * I * k / n);
		to[k] = even + odd;
		to[k + n / 2] = even - odd;
	}
}

static void transform_slowly(int every)
{
	double complex unit = cexp(-2 * PI * I / N);

	for (int k = 0; k < N; k += every) {
		double complex turn = cpow(unit, k), power = 1;
		slow[k] = 0;
		for (int i = 0; i < N; i++, power *= turn)
			slow[k] += signal[i] * power;
	}
}

static double worst_difference(int every)
{
	double worst = 0;

	for (int k = 0; k < N; k += every)
		worst = fmax(worst, cabs(slow[k] - spectrum[k]));
	return worst;
}

static void print_peaks(void)
{
	for (int k = 0; k < N / 2; k++)
		if (cabs(spectrum[k]) > 20)
			printf("peak at %d: %.6f, phase %.6f\n", k, cabs(spectrum[k]) * 2 / N,
			       carg(spectrum[k]));
}

/* Products of polynomials are products of values: (1 + x)^10 by squaring. */
static void print_binomials(void)
{
	double complex a[16] = { 1, 1 }, values[16], power[16];

	transform(a, 16, 1, values, -1);
	for (int i = 0; i < 16; i++)
		power[i] = cpow(values[i], 10);
	memset(a, 0, sizeof a);
	transform(power, 16, 1, a, 1);
	for (int i = 0; i <= 10; i++)
		printf("%ld%c", lround(creal(a[i]) / 16), i < 10 ? ' ' : '\n');
}

int main(void)
{
	for (int i = 0; i < N; i++)
		signal[i] = 3 * cos(2 * PI * 5 * i / N) + sin(2 * PI * 31 * i / N + 1) +
			    0.5 * cos(2 * PI * 100 * i / N);
	transform(signal, N, 1, spectrum, -1);
	transform_slowly(7);
	printf("%s\n", worst_difference(7) < 1e-9 ? "fast and slow agree" : "fast and slow differ");
	print_peaks();
	transform(spectrum, N, 1, slow, 1);
	for (int i = 0; i < N; i++)
		spectrum[i] = signal[i], slow[i] /= N;
	printf("%s\n", worst_difference(1) < 1e-12 ? "back again" : "not back");
	print_binomials();
	return 0;
}
