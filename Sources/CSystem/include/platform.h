// What runs the library: the one place that says how platforms differ. What the library needs of one is declared in memory.h,
// threads.h, files.h and numbers.h; the folder of a platform has it.
//   posix/       an operating system: what is taken for granted
//   bare_metal/  nothing beneath (-DHYPR_BARE_METAL): a microcontroller without heap, files and threads
// A build for any other platform leaves both folders out, and the linker names the functions that it must supply.
// (How a processor computes is in floating_point.h, how wide its vectors are in lanes.h.)
#pragma once
#include <stdint.h>

#ifndef HYPR_BARE_METAL
#include <pthread.h>
#include <stdlib.h>
#include <sys/types.h>

// Of blocks of memory, and of the pieces that they are divided into: a cache line, and the widest vector.
#define SYSTEM_ALIGNMENT 64

// What threads count together.
typedef uint64_t system_counter;

// A variable of the environment; NULL: it is not set.
static inline const char *_Nullable system_environment(const char *_Nonnull name) { return getenv(name); }

#else

// A double, and the vector of two floats.
#define SYSTEM_ALIGNMENT 8

// No atomic instruction is wider. There is one thread, and a call makes fewer steps.
typedef uint32_t system_counter;

static inline const char *_Nullable system_environment(const char *_Nonnull name) {
  (void)name;
  return 0;
}
#endif
