#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int32_t system_file_open(const char *path, int32_t *descriptor, size_t *size) {
  *size = 0;
  // Not blocking: opening a pipe that nobody writes to would hang.
  do *descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  while (*descriptor < 0 && errno == EINTR);
  if (*descriptor < 0) return errno;
  struct stat facts;
  int32_t error = 0;
  if (fstat(*descriptor, &facts) != 0) {
    error = errno;
  } else if (S_ISDIR(facts.st_mode)) {
    error = EISDIR;
  } else if (!S_ISREG(facts.st_mode)) {
    error = EINVAL;  // a pipe or a device has no size to read
  } else if (facts.st_size >= SYSTEM_FILE_MAXIMUM) {
    error = EFBIG;
  } else {
    *size = (size_t)facts.st_size;
    return 0;
  }
  system_file_close(*descriptor);
  return error;
}

int32_t system_file_read(int32_t descriptor, size_t position, void *data, size_t size) {
  char *bytes = data;
  while (size > 0) {
    ssize_t got = pread(descriptor, bytes, size, (off_t)position);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    if (got == 0) return EIO;  // the file shrank while it was read
    bytes += got;
    position += (size_t)got;
    size -= (size_t)got;
  }
  return 0;
}

void system_file_close(int32_t descriptor) { close(descriptor); }
