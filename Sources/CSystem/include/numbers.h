// Numbers: libm where the core needs it, and text for messages.
#pragma once
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

static inline float system_exp(float x) { return expf(x); }
static inline float system_exp_minus_one(float x) { return expm1f(x); }
static inline double system_log_double(double x) { return log(x); }
static inline double system_exp_double(double x) { return exp(x); }
static inline double system_log_one_plus(double x) { return log1p(x); }
static inline double system_power(double x, double y) { return pow(x, y); }
static inline double system_cos(double x) { return cos(x); }
static inline double system_sin(double x) { return sin(x); }

// Writes `value` with as many digits as it needs, `digits` at most; returns the number of bytes, without the final NUL.
static inline int32_t system_format_number(char *_Nonnull text, size_t size, double value, int32_t digits) {
#if defined(__x86_64__)
  // C libraries round as the x87 is set, which has a control word of its own, or compute with it.
  char host[28];
  __asm__ volatile("fnstenv %0\n\tfninit" : "=m"(host) : : "memory");
#endif
  int32_t count = snprintf(text, size, "%.*g", (int)digits, value);
#if defined(__x86_64__)
  __asm__ volatile("fldenv %0" : : "m"(host) : "memory");
#endif
  return count;
}
