#include "files.h"

// There are none: models come from memory, and models and states are saved there.
int32_t system_file_open(const char *path, int32_t *descriptor, size_t *size) {
  (void)path;
  *descriptor = -1;
  *size = 0;
  return ENOSYS;
}

int32_t system_file_read(int32_t descriptor, size_t position, void *data, size_t size) {
  (void)descriptor, (void)position, (void)data, (void)size;
  return ENOSYS;
}

void system_file_close(int32_t descriptor) { (void)descriptor; }

void system_replacement_begin(system_replacement *file, const char *path) {
  (void)path;
  file->error = ENOSYS;
  file->step = "opening it";
}

void system_replacement_write(system_replacement *file, const void *data, size_t size) { (void)file, (void)data, (void)size; }

void system_replacement_check(system_replacement *file, const void *data, size_t size) { (void)file, (void)data, (void)size; }

int32_t system_replacement_end(system_replacement *file) { return file->error; }

void system_error_text(int32_t error, char *text, size_t size) {
  static const char reason[] = "there are no files here";
  (void)error;
  size_t length = 0;
  for (; length + 1 < size && reason[length] != 0; length++) text[length] = reason[length];
  if (size > 0) text[length] = 0;
}
