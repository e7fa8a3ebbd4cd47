#include <stdlib.h>

#include "kernels.h"

int32_t kernel_highest_level(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v4")) return 4;
  if (__builtin_cpu_supports("x86-64-v3")) return 3;
#endif
  return 1;
}

void kernel_table_fill(kernel_table *table, int32_t level) {
  kernel_table_fill_baseline(table);
#if defined(__x86_64__)
  if (level >= 4) return kernel_table_fill_v4(table);
  if (level >= 3) return kernel_table_fill_v3(table);
#endif
}

void kernel_table_select(kernel_table *table) {
  const char *cap = getenv("HYPR_CPU_LEVEL");
  int32_t highest = kernel_highest_level();
  kernel_table_fill(table, cap && *cap && atoi(cap) < highest ? atoi(cap) : highest);
}
