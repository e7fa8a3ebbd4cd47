#include <stdlib.h>

#include "kernels.h"
#include "platform.h"

#if defined(__x86_64__)
#include <cpuid.h>

// Whether the operating system saves these parts of the processor's state when it switches tasks.
static bool saves_state(uint32_t parts) {
  uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low & parts) == parts;
}

// By the processor itself, not __builtin_cpu_supports: that brings a model of every processor there is.
int32_t kernel_highest_level(void) {
  enum {
    vector_state = 0x06,       // xmm and upper halves of ymm
    wide_vector_state = 0xe0,  // masks, upper halves of zmm, and the upper sixteen of these
  };
  const uint32_t first = bit_SSE3 | bit_SSSE3 | bit_FMA | bit_CMPXCHG16B | bit_SSE41 | bit_SSE42 | bit_MOVBE | bit_POPCNT |
                         bit_OSXSAVE | bit_AVX | bit_F16C;
  const uint32_t extended = bit_LAHF_LM | bit_LZCNT;
  const uint32_t level3 = bit_BMI | bit_AVX2 | bit_BMI2;
  const uint32_t level4 = bit_AVX512F | bit_AVX512DQ | bit_AVX512CD | bit_AVX512BW | bit_AVX512VL;
  uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || (c & first) != first || !saves_state(vector_state)) return 1;
  if (!__get_cpuid(0x80000001, &a, &b, &c, &d) || (c & extended) != extended) return 1;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (b & level3) != level3) return 1;
  return (b & level4) == level4 && saves_state(wide_vector_state) ? 4 : 3;
}
#else
int32_t kernel_highest_level(void) { return 1; }
#endif

int32_t kernel_lowest_level(void) { return __builtin_ctz(HYPR_LEVEL_MASK); }

void kernel_table_fill(kernel_table *table, int32_t level) {
  kernel_table_fill_baseline(table);
#if defined(__x86_64__)
  if (kernel_has_level(4) && level >= 4) return kernel_table_fill_v4(table);
  if (kernel_has_level(3) && level >= 3) return kernel_table_fill_v3(table);
#else
  (void)level;
#endif
}

void kernel_table_select(kernel_table *table) {
  const char *cap = system_environment("HYPR_CPU_LEVEL");
  int32_t highest = kernel_highest_level();
  kernel_table_fill(table, cap && *cap && atoi(cap) < highest ? atoi(cap) : highest);
}
