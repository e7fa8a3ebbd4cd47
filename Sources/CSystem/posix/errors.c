// Without _GNU_SOURCE: glibc's own strerror_r is not that of POSIX, and a library built for it gets NULL from musl's.
#undef _GNU_SOURCE
#undef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <string.h>

#include "files.h"

void system_error_text(int32_t error, char *text, size_t size) {
  if (strerror_r(error, text, size) != 0) snprintf(text, size, "error %d", (int)error);
}
