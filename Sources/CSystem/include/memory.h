// Memory that reports failure, and the one atomic counter that the library needs.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "platform.h"

#ifdef __cplusplus
extern "C" {
#endif

// Aligned to SYSTEM_ALIGNMENT; NULL when there is none. Freed with system_free.
void *_Nullable system_allocate(size_t size);
void system_free(void *_Nullable memory);

static inline void system_retain(intptr_t *_Nonnull references) {
  __atomic_add_fetch(references, 1, __ATOMIC_RELAXED);
}
// Returns what is left.
static inline intptr_t system_release(intptr_t *_Nonnull references) {
  return __atomic_sub_fetch(references, 1, __ATOMIC_ACQ_REL);
}

#ifdef __cplusplus
}
#endif
