// The vector that every kernel works on, one neuron per lane, as wide as the instruction set it is compiled for makes it; Swift sees
// a SIMD type. Products and sums may be fused: rounded once instead of twice where the processor can do that.
#pragma once
#include <stdint.h>

#ifndef LANES_COUNT
#if defined(__AVX512F__)
#define LANES_COUNT 16
#elif defined(__x86_64__) || defined(__aarch64__) || defined(__ARM_NEON)
#define LANES_COUNT 8
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

LANES_INLINE lanes lanes_square_root(lanes values) { return __builtin_elementwise_sqrt(values); }

// Half of the lanes are added to the others until one is left. Not the standard library's sum: a generic function that is not inlined
// would be shared by the CPU levels.
LANES_INLINE float lanes_sum(lanes values) {
  for (int half = LANES_COUNT / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; i++) values[i] += values[i + half];
  }
  return values[0];
}

LANES_INLINE float lanes_largest(lanes values) {
  for (int half = LANES_COUNT / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; i++) values[i] = values[i] > values[i + half] ? values[i] : values[i + half];
  }
  return values[0];
}

// 0, 1, 2, ...
LANES_INLINE lanes lanes_places(void) {
  lanes places;
  for (int i = 0; i < LANES_COUNT; i++) places[i] = (float)i;
  return places;
}

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

LANES_INLINE void lanes_prefetch(const float *_Nonnull place) { __builtin_prefetch(place, 1); }

#pragma clang diagnostic pop
