// The vector that every kernel works on, one neuron per lane, as wide as the instruction set it is compiled for makes it; Swift sees
// a SIMD type. Products and sums may be fused: rounded once instead of twice where the processor can do that.
#pragma once
#include "bfloat16.h"
#include <stdint.h>

#ifndef LANES_COUNT
#if defined(__AVX512F__)
#define LANES_COUNT 16
#elif defined(__AVX__) || defined(__aarch64__) || defined(__ARM_NEON)
#define LANES_COUNT 8
#elif defined(__arm__) || (defined(__riscv) && !defined(__riscv_vector))
// There are no vectors: two numbers leave enough of the registers for what a neuron model computes with.
#define LANES_COUNT 2
#else
#define LANES_COUNT 4
#endif
#endif

typedef float lanes __attribute__((ext_vector_type(LANES_COUNT)));
typedef uint32_t lane_bits __attribute__((ext_vector_type(LANES_COUNT)));

#define LANES_INLINE static inline __attribute__((always_inline))

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpsabi"

LANES_INLINE lanes lanes_add(lanes one, lanes other) {
#pragma clang fp contract(fast)
  return one + other;
}

LANES_INLINE lanes lanes_subtract(lanes one, lanes other) {
#pragma clang fp contract(fast)
  return one - other;
}

LANES_INLINE lanes lanes_multiply(lanes one, lanes other) {
#pragma clang fp contract(fast)
  return one * other;
}

LANES_INLINE lanes lanes_divide(lanes one, lanes other) { return one / other; }

// The smaller and the larger of two lanes; that of the second vector if one is not a number.
LANES_INLINE lanes lanes_smaller(lanes one, lanes other) { return one < other ? one : other; }
LANES_INLINE lanes lanes_larger(lanes one, lanes other) { return one > other ? one : other; }

// The other half of each group of 2 * `half` lanes. Not the standard library's reductions: a generic function that is not inlined would
// be shared by the CPU levels.
#if LANES_COUNT == 16
#define LANES_SWAP(values, half) __builtin_shufflevector(values, values, 0 ^ half, 1 ^ half, 2 ^ half, 3 ^ half, 4 ^ half, \
    5 ^ half, 6 ^ half, 7 ^ half, 8 ^ half, 9 ^ half, 10 ^ half, 11 ^ half, 12 ^ half, 13 ^ half, 14 ^ half, 15 ^ half)
#elif LANES_COUNT == 8
#define LANES_SWAP(values, half) __builtin_shufflevector(values, values, 0 ^ half, 1 ^ half, 2 ^ half, 3 ^ half, 4 ^ half, \
    5 ^ half, 6 ^ half, 7 ^ half)
#elif LANES_COUNT == 4
#define LANES_SWAP(values, half) __builtin_shufflevector(values, values, 0 ^ half, 1 ^ half, 2 ^ half, 3 ^ half)
#elif LANES_COUNT == 2
#define LANES_SWAP(values, half) __builtin_shufflevector(values, values, 0 ^ half, 1 ^ half)
#endif

LANES_INLINE float lanes_sum(lanes values) {
#if LANES_COUNT > 8
  values += LANES_SWAP(values, 8);
#endif
#if LANES_COUNT > 4
  values += LANES_SWAP(values, 4);
#endif
#if LANES_COUNT > 2
  values += LANES_SWAP(values, 2);
#endif
  values += LANES_SWAP(values, 1);
  return values[0];
}

LANES_INLINE float lanes_largest(lanes values) {
#if LANES_COUNT > 8
  values = lanes_larger(values, LANES_SWAP(values, 8));
#endif
#if LANES_COUNT > 4
  values = lanes_larger(values, LANES_SWAP(values, 4));
#endif
#if LANES_COUNT > 2
  values = lanes_larger(values, LANES_SWAP(values, 2));
#endif
  values = lanes_larger(values, LANES_SWAP(values, 1));
  return values[0];
}

LANES_INLINE lanes lanes_square_root(lanes values) { return __builtin_elementwise_sqrt(values); }

// 0, 1, 2, ...
LANES_INLINE lanes lanes_places(void) {
  lanes places;
  for (int i = 0; i < LANES_COUNT; i++) places[i] = (float)i;
  return places;
}

// Small whole numbers.
LANES_INLINE lanes lanes_of_integers(lane_bits numbers) { return __builtin_convertvector(numbers, lanes); }

// Bit i is set if lane i is not zero.
LANES_INLINE uint32_t lanes_nonzero(lanes values) {
  typedef _Bool mask __attribute__((ext_vector_type(LANES_COUNT)));
  union {
    mask lanes;
    uint8_t bytes[sizeof(mask)];
  } found = {__builtin_convertvector(values != 0, mask)};
  uint32_t bits = 0;
  for (unsigned i = 0; i < sizeof(mask); i++) bits |= (uint32_t)found.bytes[i] << (8 * i);
  return bits & ((1u << LANES_COUNT) - 1);
}

// bfloat16, as `bfloat16_value` and `bfloat16_rounded`.
typedef uint16_t lane_halves __attribute__((ext_vector_type(LANES_COUNT), aligned(2)));

LANES_INLINE lanes lanes_of_bfloat16(const uint16_t *_Nonnull place) {
  return __builtin_bit_cast(lanes, __builtin_convertvector(*(const lane_halves *)place, lane_bits) << 16);
}

LANES_INLINE void lanes_store_bfloat16(uint16_t *_Nonnull place, lanes values, uint32_t key) {
  lane_bits bits = __builtin_bit_cast(lane_bits, values);
  bits += ((bits >> 16) ^ key) * BFLOAT16_FACTOR >> 16;
  *(lane_halves *)place = __builtin_convertvector(bits >> 16, lane_halves);
}

LANES_INLINE void lanes_prefetch(const float *_Nonnull place) { __builtin_prefetch(place, 1); }

#pragma clang diagnostic pop
