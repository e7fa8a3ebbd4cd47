// Numbers: libm where the core needs it, and text for messages.
#pragma once
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline float system_exp(float x) { return expf(x); }
static inline float system_exp_minus_one(float x) { return expm1f(x); }
static inline double system_log_double(double x) { return log(x); }
static inline double system_exp_double(double x) { return exp(x); }
static inline double system_exp_minus_one_double(double x) { return expm1(x); }
static inline double system_log_one_plus(double x) { return log1p(x); }
static inline double system_power(double x, double y) { return pow(x, y); }
static inline double system_cos(double x) { return cos(x); }
static inline double system_sin(double x) { return sin(x); }

// Writes `value` and a NUL with as many digits as tell it from its neighbours, among floats or doubles: the same in every locale.
void system_format_number(char *_Nonnull text, size_t size, double value, bool is_float);

// The same with three digits.
void system_format_rounded(char *_Nonnull text, size_t size, double value);
