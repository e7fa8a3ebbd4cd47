// Files: reading a whole one, and replacing one atomically. Nothing here allocates but system_file_read.
#pragma once
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYSTEM_PATH_MAXIMUM 4096

// FlatBuffers of 2 GiB or more cannot be read.
#define SYSTEM_FILE_MAXIMUM 2147483647L

// Reads a whole file into system_allocate memory. Returns 0 or an errno value: EFBIG at SYSTEM_FILE_MAXIMUM.
int32_t system_file_read(const char *_Nonnull path, void *_Nullable *_Nonnull data, size_t *_Nonnull size);

// A file being replaced: the new content goes to a temporary file in the same folder, which takes the
// old one's place only when it is complete and on disk. At any moment, power cuts included, the path
// holds either the whole old content or the whole new one.
typedef struct system_replacement {
  int32_t descriptor;
  int32_t error;  // first errno met, 0 while all is well
  char path[SYSTEM_PATH_MAXIMUM];
  char temporary[SYSTEM_PATH_MAXIMUM];
} system_replacement;

void system_replacement_begin(system_replacement *_Nonnull file, const char *_Nonnull path);
void system_replacement_write(system_replacement *_Nonnull file, const void *_Nonnull data, size_t size);
// Ends it; returns 0, or the errno met, with the old file untouched and the temporary one removed.
int32_t system_replacement_end(system_replacement *_Nonnull file);

// The system's text for an errno value, copied into `text`.
void system_error_text(int32_t error, char *_Nonnull text, size_t size);
