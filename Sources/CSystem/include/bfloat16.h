// Numbers that learning keeps as bfloat16: the upper half of a float32, so the same range, with 8 bits of precision (Wang and Kanwar 2019,
// "BFloat16: the secret to high performance on Cloud TPUs").
//
// What is carried along from update to update is rounded up or down by chance, up with the probability with which it makes the mean
// exact (Gupta et al. 2015, arXiv 1502.02551): always to the nearest would keep a moment as it is that changes by less than half of its
// last bit, a 256th, at a time. Chance is a product of the upper half and a key, which is another one every time: equal numbers are
// rounded in the same way, wherever they lie.
#pragma once
#include <stdint.h>

#define BFLOAT16_INLINE static inline __attribute__((always_inline))
// Odd, of 2^32 divided by the golden ratio: products of neighbours are far apart.
#define BFLOAT16_FACTOR 0x9e3779b1u

BFLOAT16_INLINE float bfloat16_value(uint16_t half) { return __builtin_bit_cast(float, (uint32_t)half << 16); }

BFLOAT16_INLINE uint16_t bfloat16_rounded(float value, uint32_t key) {
  uint32_t bits = __builtin_bit_cast(uint32_t, value);
  return (uint16_t)((bits + (((bits >> 16) ^ key) * BFLOAT16_FACTOR >> 16)) >> 16);
}

// To the nearest, for numbers that are stored once; what no bfloat16 is as large as becomes the largest.
BFLOAT16_INLINE uint16_t bfloat16_nearest(float value) {
  uint32_t bits = __builtin_bit_cast(uint32_t, value), size = bits & 0x7fffffff;
  if (size > 0x7f7f0000 && size < 0x7f800000) return (uint16_t)(bits >> 16);
  return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}
