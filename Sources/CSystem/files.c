#define _GNU_SOURCE
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory.h"

static int32_t read_all(int descriptor, char *data, size_t size) {
  size_t done = 0;
  while (done < size) {
    ssize_t got = read(descriptor, data + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    if (got == 0) return EIO;  // the file shrank while it was read
    done += (size_t)got;
  }
  return 0;
}

int32_t system_file_read(const char *path, void **data, size_t *size) {
  *data = NULL;
  *size = 0;
  // Not blocking: opening a pipe that nobody writes to would hang.
  int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return errno;
  struct stat facts;
  int32_t error = 0;
  void *memory = NULL;
  if (fstat(descriptor, &facts) != 0) {
    error = errno;
  } else if (S_ISDIR(facts.st_mode)) {
    error = EISDIR;
  } else if (!S_ISREG(facts.st_mode)) {
    error = EINVAL;  // a pipe or a device has no size to read
  } else if (facts.st_size >= SYSTEM_FILE_MAXIMUM) {
    error = EFBIG;
  } else if ((memory = system_allocate((size_t)facts.st_size)) == NULL) {
    error = ENOMEM;
  } else {
    error = read_all(descriptor, memory, (size_t)facts.st_size);
  }
  close(descriptor);
  if (error != 0) {
    system_free(memory);
    return error;
  }
  *data = memory;
  *size = (size_t)facts.st_size;
  return 0;
}

// A new file beside the target, with the rights that any new file would get.
static int open_temporary(system_replacement *file, const char *target) {
  for (unsigned attempt = 0; attempt < 1000; attempt++) {
    int length = snprintf(file->temporary, sizeof file->temporary, "%s.%ld-%u", target, (long)getpid(), attempt);
    if (length < 0 || (size_t)length >= sizeof file->temporary) {
      errno = ENAMETOOLONG;
      return -1;
    }
    int descriptor = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor >= 0 || errno != EEXIST) return descriptor;
  }
  return -1;
}

void system_replacement_begin(system_replacement *file, const char *path) {
  file->descriptor = -1;
  file->error = 0;
  // Writing through a symbolic link replaces what it points to, not the link.
  char resolved[PATH_MAX];
  struct stat facts;
  bool exists = lstat(path, &facts) == 0;
  if (exists && realpath(path, resolved) == NULL) {
    file->error = errno;
    return;
  }
  const char *target = exists ? resolved : path;
  int length = snprintf(file->path, sizeof file->path, "%s", target);
  if (length < 0 || (size_t)length >= sizeof file->path) {
    file->error = ENAMETOOLONG;
    return;
  }
  exists = stat(file->path, &facts) == 0;
  if (exists && !S_ISREG(facts.st_mode)) {
    file->error = S_ISDIR(facts.st_mode) ? EISDIR : EINVAL;  // a device must not become a file
    return;
  }
  file->descriptor = open_temporary(file, target);
  if (file->descriptor < 0 || (exists && fchmod(file->descriptor, facts.st_mode & 0777) != 0)) file->error = errno;
}

void system_replacement_write(system_replacement *file, const void *data, size_t size) {
  const char *bytes = data;
  while (file->error == 0 && size > 0) {
    ssize_t put = write(file->descriptor, bytes, size);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) {
      file->error = errno;
      return;
    }
    bytes += put;
    size -= (size_t)put;
  }
}

// Makes the rename itself survive a power cut. The file is in place already: where a folder cannot be opened or synchronised
// there is nothing to undo or to report.
static void sync_folder_of(const char *path) {
  char copy[SYSTEM_PATH_MAXIMUM];
  snprintf(copy, sizeof copy, "%s", path);
  int descriptor = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  fsync(descriptor);
  close(descriptor);
}

int32_t system_replacement_end(system_replacement *file) {
  if (file->descriptor < 0) return file->error;
  if (file->error == 0 && fsync(file->descriptor) != 0) file->error = errno;
  if (close(file->descriptor) != 0 && file->error == 0) file->error = errno;
  file->descriptor = -1;
  if (file->error == 0 && rename(file->temporary, file->path) != 0) file->error = errno;
  if (file->error != 0) {
    unlink(file->temporary);
    return file->error;
  }
  sync_folder_of(file->path);
  return 0;
}

void system_error_text(int32_t error, char *text, size_t size) {
#if defined(__GLIBC__)
  snprintf(text, size, "%s", strerror_r(error, text, size));
#else
  if (strerror_r(error, text, size) != 0) snprintf(text, size, "error %d", (int)error);
#endif
}
