#include "memory.h"

// No heap, unless the firmware defines these two: then it has what allocates, too.
__attribute__((weak)) void *system_allocate(size_t size) {
  (void)size;
  return NULL;
}

__attribute__((weak)) void system_free(void *memory) { (void)memory; }
