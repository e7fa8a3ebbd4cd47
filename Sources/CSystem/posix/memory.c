#include "memory.h"

#include <stdlib.h>

void *system_allocate(size_t size) {
  void *memory = NULL;
  return posix_memalign(&memory, SYSTEM_ALIGNMENT, size ? size : 1) == 0 ? memory : NULL;
}

void system_free(void *memory) { free(memory); }
