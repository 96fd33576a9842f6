/* Floating point and NEON: results that are exact, so any mistake shows. */

#include <arm_neon.h>
#include <stdint.h>

#include "check.h"

static float root(float x)
{
	float result;

	__asm__("vsqrt.f32 %0, %1" : "=t"(result) : "t"(x));
	return result;
}

/* The golden ratio by Newton's method on x*x - x - 1. */
static double golden_ratio(void)
{
	double x = 1;

	for (int i = 0; i < 10; i++)
		x -= (x * x - x - 1) / (2 * x - 1);
	return x;
}

static int32_t dot_product(const int32_t *a, const int32_t *b, int len)
{
	int32x4_t sum = vdupq_n_s32(0);

	for (int i = 0; i < len; i += 4)
		sum = vmlaq_s32(sum, vld1q_s32(a + i), vld1q_s32(b + i));
	int32x2_t half = vadd_s32(vget_low_s32(sum), vget_high_s32(sum));
	return vget_lane_s32(vpadd_s32(half, half), 0);
}

/* Nothing here is known to the compiler. */
static volatile float two = 2, sixteen = 16;
static int32_t numbers[16];

int main(void)
{
	for (int i = 0; i < 16; i++)
		numbers[i] = i + 1;
	CHECK(root(sixteen) == 4);
	CHECK(root(two) == 0x1.6a09e6p+0f);
	CHECK(golden_ratio() == 0x1.9e3779b97f4a8p+0);
	CHECK(dot_product(numbers, numbers, 16) == 16 * 17 * 33 / 6);
	CHECK((int64_t)(1e18 / two) == 500000000000000000);

	float32x4_t x = vmulq_n_f32(vdupq_n_f32(two), sixteen);
	CHECK(vgetq_lane_f32(vrecpsq_f32(x, x), 3) == 2 - 32.0f * 32.0f);
	return check_passed("float");
}
