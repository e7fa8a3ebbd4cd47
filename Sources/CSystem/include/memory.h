// Memory that reports failure, and the one atomic counter that the library needs.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// 64-byte aligned; NULL when there is none. Freed with system_free.
void *_Nullable system_allocate(size_t size);
void system_free(void *_Nullable memory);

static inline void system_retain(int64_t *_Nonnull references) {
  __atomic_add_fetch(references, 1, __ATOMIC_RELAXED);
}
// Returns what is left.
static inline int64_t system_release(int64_t *_Nonnull references) {
  return __atomic_sub_fetch(references, 1, __ATOMIC_ACQ_REL);
}

#ifdef __cplusplus
}
#endif
