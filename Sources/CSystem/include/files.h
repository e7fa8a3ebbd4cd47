// Files: reading one, and replacing one atomically. Nothing here allocates.
#pragma once
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// FlatBuffers of 2 GiB or more cannot be read.
#define SYSTEM_FILE_MAXIMUM 2147483647L

// Opens a regular file. Returns 0 or an errno value: EFBIG at SYSTEM_FILE_MAXIMUM.
int32_t system_file_open(const char *_Nonnull path, int32_t *_Nonnull descriptor, size_t *_Nonnull size);
// Reads `size` bytes from `position` on. Returns 0 or an errno value: EIO if there are less.
int32_t system_file_read(int32_t descriptor, size_t position, void *_Nonnull data, size_t size);
void system_file_close(int32_t descriptor);

// A file being replaced: the new content goes to a temporary file in the same folder, which takes the old one's place only when it
// is complete, read back and on disk. At any moment, power cuts included, the path holds either the whole old content or the whole
// new one. A process that is killed leaves the temporary file behind; who replaces the same file next removes it.
typedef struct system_replacement {
  int32_t folder, descriptor;
  int32_t error;              // first errno met, 0 while all is well
  const char *_Nullable step; // what met it
  size_t written, checked;    // bytes
  char name[256], temporary[256];
} system_replacement;

void system_replacement_begin(system_replacement *_Nonnull file, const char *_Nonnull path);
void system_replacement_write(system_replacement *_Nonnull file, const void *_Nonnull data, size_t size);
// Compares what was written with what it shall be; all of it, in order.
void system_replacement_check(system_replacement *_Nonnull file, const void *_Nonnull data, size_t size);
// Ends it; returns 0, or the errno met, with the old file untouched and the temporary one removed.
int32_t system_replacement_end(system_replacement *_Nonnull file);

// The system's text for an errno value, copied into `text`.
void system_error_text(int32_t error, char *_Nonnull text, size_t size);
