// How the library computes, whatever its host has set: to the nearest number, without exceptions, and with subnormal numbers as zero.
// What decays in silence ends among these, and processors take up to a hundred times as long for them.
#pragma once
#include <stdint.h>

#define FLOAT_CONTROL static inline __attribute__((always_inline))

#if defined(__x86_64__)
// Rounding, which exceptions end the process, subnormal numbers, and the flags of exceptions that happened.
typedef uint32_t system_float_control;

FLOAT_CONTROL void system_float_set(system_float_control control) {
  __asm__ volatile("ldmxcsr %0" : : "m"(control) : "memory");
}
// From here on this thread computes as the library does, until system_float_set with what this returns.
FLOAT_CONTROL system_float_control system_float_enter(void) {
  system_float_control host;
  __asm__ volatile("stmxcsr %0" : "=m"(host) : : "memory");
  system_float_set(0x9fc0);
  return host;
}

#elif defined(__aarch64__)
// FPCR, and above it FPSR, which has the flags.
typedef uint64_t system_float_control;

FLOAT_CONTROL void system_float_set(system_float_control control) {
  __asm__ volatile("msr fpcr, %0\n\tmsr fpsr, %1" : : "r"(control & UINT32_MAX), "r"(control >> 32) : "memory");
}
FLOAT_CONTROL system_float_control system_float_enter(void) {
  uint64_t control, flags;
  __asm__ volatile("mrs %0, fpcr\n\tmrs %1, fpsr" : "=r"(control), "=r"(flags) : : "memory");
  __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)1 << 24) : "memory");
  return control | flags << 32;
}

#elif defined(__arm__) && defined(__ARM_FP)
typedef uint32_t system_float_control;

FLOAT_CONTROL void system_float_set(system_float_control control) {
  __asm__ volatile("vmsr fpscr, %0" : : "r"(control) : "memory");
}
FLOAT_CONTROL system_float_control system_float_enter(void) {
  system_float_control host;
  __asm__ volatile("vmrs %0, fpscr" : "=r"(host) : : "memory");
  system_float_set(1 << 24);
  return host;
}

#elif defined(__riscv_flen)
// How numbers are rounded, and the flags of exceptions, of which none ends anything. Subnormal numbers are computed at full speed.
typedef uint32_t system_float_control;

FLOAT_CONTROL void system_float_set(system_float_control control) { __asm__ volatile("csrw fcsr, %0" : : "r"(control) : "memory"); }
FLOAT_CONTROL system_float_control system_float_enter(void) {
  system_float_control host;
  __asm__ volatile("csrrw %0, fcsr, zero" : "=r"(host) : : "memory");
  return host;
}

#else
// There is nothing to set, or programs compute what processors do elsewhere.
typedef uint32_t system_float_control;

FLOAT_CONTROL void system_float_set(system_float_control control) { (void)control; }
FLOAT_CONTROL system_float_control system_float_enter(void) { return 0; }
#endif
