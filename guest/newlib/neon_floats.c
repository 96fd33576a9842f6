/* NEON on floats: sums, estimates, conversions, and a filter checked against plain C. */

#include <arm_neon.h>
#include <stdio.h>

#define COUNT 64

static float signal[COUNT + 8], filtered[COUNT], plain[COUNT];
static const float taps[8] = { 0.5f, -0.25f, 0.125f, 1, 1, 0.125f, -0.25f, 0.5f };

static void print_vector(const char *name, float32x4_t x)
{
	float out[4];

	vst1q_f32(out, x);
	printf("%s: %.9g %.9g %.9g %.9g\n", name, (double)out[0], (double)out[1], (double)out[2],
	       (double)out[3]);
}

#define PRINT(expression) print_vector(#expression, expression)

static float total(float32x4_t x)
{
	float32x2_t half = vadd_f32(vget_low_f32(x), vget_high_f32(x));

	return vget_lane_f32(vpadd_f32(half, half), 0);
}

static void print_operations(void)
{
	static const float values[] = { 1.5f, -2.25f, 1e10f, 0.1f, 3, 4.75f, -1e-3f, 7 };
	float32x4_t a = vld1q_f32(values), b = vld1q_f32(values + 4);

	PRINT(vaddq_f32(a, b));
	PRINT(vmulq_f32(a, b));
	PRINT(vmlsq_f32(a, a, b));
	PRINT(vfmaq_f32(a, a, b));
	PRINT(vmaxq_f32(a, b));
	PRINT(vabdq_f32(a, b));
	PRINT(vnegq_f32(vabsq_f32(a)));
	PRINT(vrecpeq_f32(a));
	PRINT(vrecpsq_f32(a, vrecpeq_f32(a)));
	PRINT(vrsqrteq_f32(vabsq_f32(a)));
	PRINT(vrsqrtsq_f32(b, b));
	PRINT(vcvtq_f32_s32(vcvtq_s32_f32(a)));
	PRINT(vcvtq_n_f32_s32(vcvtq_n_s32_f32(b, 8), 4));
	PRINT(vcvtq_f32_u32(vcgeq_f32(a, b)));
	PRINT(vmulq_lane_f32(a, vget_low_f32(b), 1));
	printf("total %.9g\n", (double)total(b));
}

/* The same products are added in the same order, so the results are the same to the last bit. */
static int filter(void)
{
	int different = 0;

	for (int i = 0; i < COUNT + 8; i++)
		signal[i] = (float)(i * i % 37) - 18;
	for (int i = 0; i < COUNT; i += 4) {
		float32x4_t sum = vdupq_n_f32(0);
		for (int tap = 0; tap < 8; tap++)
			sum = vmlaq_n_f32(sum, vld1q_f32(signal + i + tap), taps[tap]);
		vst1q_f32(filtered + i, sum);
	}
	for (int i = 0; i < COUNT; i++) {
		for (int tap = 0; tap < 8; tap++)
			plain[i] += signal[i + tap] * taps[tap];
		different += plain[i] != filtered[i];
	}
	return different;
}

static void multiply_matrices(void)
{
	float32x4_t rows[4], product[4];

	for (int i = 0; i < 4; i++)
		rows[i] = vld1q_f32(signal + 4 * i);
	for (int i = 0; i < 4; i++) {
		product[i] = vmulq_n_f32(rows[0], vgetq_lane_f32(rows[i], 0));
		product[i] = vmlaq_n_f32(product[i], rows[1], vgetq_lane_f32(rows[i], 1));
		product[i] = vmlaq_n_f32(product[i], rows[2], vgetq_lane_f32(rows[i], 2));
		product[i] = vmlaq_n_f32(product[i], rows[3], vgetq_lane_f32(rows[i], 3));
	}
	for (int i = 0; i < 4; i++)
		print_vector("row", product[i]);
}

int main(void)
{
	print_operations();
	printf("filter: %d differences, %g %g %g\n", filter(), (double)filtered[0],
	       (double)filtered[31], (double)filtered[63]);
	multiply_matrices();
	return 0;
}
