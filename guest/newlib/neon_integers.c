/* NEON on integers: saturation, widening, shifts, shuffles and loads that take structures apart. */

#include <arm_neon.h>
#include <stdint.h>
#include <stdio.h>

static uint8_t bytes[64];
static int16_t halves[32];
static int32_t words[16];

static void fill(void)
{
	unsigned state = 7;

	for (int i = 0; i < 64; i++) {
		state = state * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(state >> 24);
		halves[i / 2] = (int16_t)(state >> 9);
		words[i / 4] = (int32_t)state;
	}
}

static void print_bytes(const char *name, uint8x16_t x)
{
	uint8_t out[16];

	vst1q_u8(out, x);
	printf("%s:", name);
	for (int i = 0; i < 16; i++)
		printf(" %02x", out[i]);
	putchar('\n');
}

#define PRINT(expression) print_bytes(#expression, (uint8x16_t)(expression))

static void print_arithmetic(void)
{
	uint8x16_t a = vld1q_u8(bytes), b = vld1q_u8(bytes + 17);
	int16x8_t c = vld1q_s16(halves), d = vld1q_s16(halves + 9);
	int32x4_t e = vld1q_s32(words), f = vld1q_s32(words + 5);

	PRINT(vqaddq_u8(a, b));
	PRINT(vqsubq_u8(a, b));
	PRINT(vhaddq_u8(a, b));
	PRINT(vabdq_u8(a, b));
	PRINT(vmaxq_u8(a, b));
	PRINT(vcntq_u8(a));
	PRINT(vclzq_u8(b));
	PRINT(vqaddq_s16(c, d));
	PRINT(vqdmulhq_s16(c, d));
	PRINT(vmlaq_s16(c, c, d));
	PRINT(vpaddlq_s16(c));
	PRINT(vmulq_s32(e, f));
	PRINT(vqabsq_s32(vsetq_lane_s32(INT32_MIN, e, 2)));
	PRINT(vmull_s32(vget_low_s32(e), vget_high_s32(f)));
	PRINT(vaddw_s32(vmovl_s32(vget_low_s32(e)), vget_low_s32(f)));
	PRINT(vcombine_s16(vqmovn_s32(e), vqmovn_s32(f)));
	PRINT(vcombine_u8(vqmovun_s16(c), vqmovun_s16(d)));
	PRINT(vcgtq_s32(e, f));
	PRINT(vtstq_s16(c, d));
}

static void print_shifts_and_shuffles(void)
{
	uint8x16_t a = vld1q_u8(bytes), b = vld1q_u8(bytes + 32);
	int16x8_t c = vld1q_s16(halves);
	uint64x2_t g = vreinterpretq_u64_u8(a);

	PRINT(vshlq_n_u8(a, 3));
	PRINT(vrshrq_n_s16(c, 5));
	PRINT(vsraq_n_u64(g, vreinterpretq_u64_u8(b), 13));
	PRINT(vsliq_n_u64(g, g, 40));
	PRINT(vqshlq_s16(c, vdupq_n_s16(3)));
	PRINT(vrshlq_s16(c, vdupq_n_s16(-3)));
	PRINT(vextq_u8(a, b, 5));
	PRINT(vrev64q_u8(a));
	PRINT(vrev16q_u8(a));
	PRINT(vzipq_u8(a, b).val[1]);
	PRINT(vuzpq_u8(a, b).val[0]);
	PRINT(vtrnq_u16(vreinterpretq_u16_u8(a), vreinterpretq_u16_u8(b)).val[1]);
	PRINT(vbslq_u8(vcgtq_u8(a, b), a, b));
	PRINT(vcombine_u8(
		vtbl2_u8((uint8x8x2_t){ { vget_low_u8(a), vget_high_u8(a) } },
			 vand_u8(vget_low_u8(b), vdup_n_u8(31))),
		vtbx1_u8(vget_low_u8(a), vget_low_u8(b), vand_u8(vget_low_u8(a), vdup_n_u8(15)))));
	PRINT(veorq_u8(vornq_u8(a, b), vbicq_u8(b, a)));
	PRINT(vreinterpretq_u8_p16(vmull_p8(vget_low_p8(vreinterpretq_p8_u8(a)),
					    vget_low_p8(vreinterpretq_p8_u8(b)))));
}

/* The usual picture: red, green and blue interleaved; grey is a weighted sum. */
static void print_grey(void)
{
	uint8_t grey[16];
	uint8x8x3_t first = vld3_u8(bytes), second = vld3_u8(bytes + 24);
	uint8x8x4_t back;

	for (int half = 0; half < 2; half++) {
		uint8x8x3_t p = half ? second : first;
		uint16x8_t sum = vmull_u8(p.val[0], vdup_n_u8(77));
		sum = vmlal_u8(sum, p.val[1], vdup_n_u8(151));
		sum = vmlal_u8(sum, p.val[2], vdup_n_u8(28));
		vst1_u8(grey + 8 * half, vshrn_n_u16(sum, 8));
		back.val[2 * half] = back.val[2 * half + 1] = vrshrn_n_u16(sum, 8);
	}
	print_bytes("grey", vld1q_u8(grey));
	vst4_u8(bytes, back);
	print_bytes("stored by fours", vld1q_u8(bytes + 3));
	print_bytes("one lane",
		    vreinterpretq_u8_s32(vld1q_lane_s32(words + 3, vld1q_dup_s32(words), 2)));
}

int main(void)
{
	fill();
	print_arithmetic();
	print_shifts_and_shuffles();
	print_grey();
	return 0;
}
