#define _POSIX_C_SOURCE 200809L
#include "machine.h"

#include <stdlib.h>
#include <time.h>

double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

int cpu_level(void) {
  int level = 1;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) level = 3;
  if (level == 3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")) level = 4;
#endif
  const char *cap = getenv("HYPR_CPU_LEVEL");
  return cap && *cap && atoi(cap) < level ? atoi(cap) : level;
}

/* One pair of loops per level. The sums are independent and enough to hide the latency; the empty assembly keeps each step. */
#define EACH(DO) DO(s0) DO(s1) DO(s2) DO(s3) DO(s4) DO(s5) DO(s6) DO(s7) DO(s8) DO(s9) DO(s10) DO(s11)
#define STEP(SUM)             \
  SUM = SUM * factor + term;  \
  __asm__ volatile("" : "+x"(SUM));
#define DEFINE(SUM) SUM = factor,

#define LOOPS(NAME, TARGET, WIDTH)                                                                 \
  typedef float NAME##_vector __attribute__((vector_size(4 * WIDTH), may_alias));                  \
  TARGET static void NAME##_multiply_add(long rounds) {                                            \
    NAME##_vector factor = {0}, term = {0};                                                        \
    __asm__ volatile("" : "+x"(factor), "+x"(term));                                               \
    NAME##_vector EACH(DEFINE) end = factor;                                                       \
    for (long round = 0; round < rounds; round++) {                                                \
      EACH(STEP)                                                                                   \
    }                                                                                              \
    __asm__ volatile("" : "+x"(end));                                                              \
  }                                                                                                \
  TARGET static void NAME##_update(float *data, size_t count) {                                    \
    NAME##_vector factor = {0};                                                                    \
    __asm__ volatile("" : "+x"(factor));                                                           \
    for (size_t i = 0; i + 4 * WIDTH <= count; i += 4 * WIDTH) {                                   \
      _Pragma("GCC unroll 4") for (int part = 0; part < 4; part++) {                               \
        NAME##_vector *place = (NAME##_vector *)(data + i + (size_t)part * WIDTH);                 \
        *place = *place * factor;                                                                  \
      }                                                                                            \
    }                                                                                              \
  }

#if defined(__x86_64__)
LOOPS(level1, , 4)
LOOPS(level3, __attribute__((target("avx2,fma"))), 8)
LOOPS(level4, __attribute__((target("avx512f"))), 16)
#define PICK(LEVEL, WHAT) ((LEVEL) >= 4 ? level4_##WHAT : (LEVEL) >= 3 ? level3_##WHAT : level1_##WHAT)
#else
#define x w
LOOPS(level1, , 4)
#define PICK(LEVEL, WHAT) level1_##WHAT
#endif

double multiply_add_rate(int level) {
  const long rounds = 3000000;
  double lanes = level >= 4 ? 16 : level >= 3 ? 8 : 4, sums = 12;
  double best = 1e9;
  for (int turn = 0; turn < 5; turn++) {
    double start = now();
    PICK(level, multiply_add)(rounds);
    double time = now() - start;
    if (time < best) best = time;
  }
  return (double)rounds * sums * lanes / best;
}

double update_bandwidth(size_t size, int level) {
  size = size / 1024 * 1024 + 1024;
  float *data = aligned_alloc(64, size);
  if (!data) return 1;
  for (size_t i = 0; i < size / 4; i++) data[i] = 1;
  long rounds = 1 + (long)(50000000 / size);
  double best = 1e9;
  for (int turn = 0; turn < 5; turn++) {
    double start = now();
    for (long round = 0; round < rounds; round++) PICK(level, update)(data, size / 4);
    double time = now() - start;
    if (time < best) best = time;
  }
  free(data);
  return 2.0 * (double)size * (double)rounds / best;
}
