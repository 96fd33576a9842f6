/* The mathematics library over a range of arguments. */

#include <complex.h>
#include <math.h>
#include <stdio.h>

#define FUNCTION(name) { #name, name, name##f }

static const struct function {
	const char *name;
	double (*function)(double);
	float (*single)(float);
} functions[] = {
	FUNCTION(sin),   FUNCTION(cos),   FUNCTION(tan),   FUNCTION(asin),   FUNCTION(acos),
	FUNCTION(atan),  FUNCTION(sinh),  FUNCTION(cosh),  FUNCTION(tanh),   FUNCTION(asinh),
	FUNCTION(acosh), FUNCTION(atanh), FUNCTION(exp),   FUNCTION(exp2),   FUNCTION(expm1),
	FUNCTION(log),   FUNCTION(log2),  FUNCTION(log10), FUNCTION(log1p),  FUNCTION(sqrt),
	FUNCTION(cbrt),  FUNCTION(erf),   FUNCTION(erfc),  FUNCTION(tgamma), FUNCTION(lgamma),
	FUNCTION(ceil),  FUNCTION(floor), FUNCTION(trunc), FUNCTION(round),  FUNCTION(rint),
	FUNCTION(fabs),
};
#define FUNCTIONS (sizeof functions / sizeof *functions)

static volatile double arguments[] = { -2.5, -1, -0.25, 0, 0.5, 1, 1.75, 10, 100 };
#define ARGUMENTS (sizeof arguments / sizeof *arguments)

/* The sign of a NaN is nobody's promise. */
static void print_value(double x, const char *format)
{
	if (isnan(x))
		printf(" nan");
	else
		printf(format, x);
}

static void print_function(const struct function *f)
{
	printf("%s:", f->name);
	for (unsigned i = 0; i < ARGUMENTS; i++) {
		print_value(f->function(arguments[i]), " %.13g");
		print_value((double)f->single((float)arguments[i]), " (%.6g)");
	}
	putchar('\n');
}

static void print_of_two(double x, double y)
{
	int exponent, quotient;
	double whole, fraction = modf(x, &whole);

	print_value(pow(x, y), "%.13g");
	print_value(atan2(x, y), " %.13g");
	print_value(hypot(x, y), " %.13g");
	print_value(fmod(x, y), " %.13g");
	print_value(remquo(x, y, &quotient), " %.13g");
	print_value(fma(x, y, 0.1), " %.13g");
	printf(" %g %g %g", copysign(x, y), fmax(x, y), fmin(x, y));
	printf(" %.13g", frexp(x, &exponent));
	printf("*2^%d %g+%g %.13g\n", exponent, whole, fraction, ldexp(y, 3));
}

static void print_complex(double complex z)
{
	double complex w = csqrt(z), e = cexp(z), q = z / (2 - I);

	printf("root %.12g%+.12gi exp %.12g%+.12gi quotient %.12g%+.12gi abs %.12g\n", creal(w),
	       cimag(w), creal(e), cimag(e), creal(q), cimag(q), cabs(z));
}

int main(void)
{
	for (unsigned i = 0; i < FUNCTIONS; i++)
		print_function(&functions[i]);
	for (unsigned i = 0; i < ARGUMENTS; i++)
		for (unsigned j = 0; j < ARGUMENTS; j++)
			print_of_two(arguments[i], arguments[j]);
	for (unsigned i = 0; i < ARGUMENTS - 1; i++)
		print_complex(arguments[i] + arguments[ARGUMENTS - 2 - i] * I);
	return 0;
}
