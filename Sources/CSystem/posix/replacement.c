#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"

// A folder that may not be listed may be written to.
#ifndef O_PATH
#define O_PATH O_RDONLY
#endif

// As many may save the same file at once.
enum { PLACES = 8, MOST_LINKS = 40 };

static bool fails(system_replacement *file, int32_t error, const char *step) {
  file->error = error;
  file->step = step;
  return false;
}

static int open_in(int folder, const char *name, int flags, mode_t mode) {
  int descriptor;
  do descriptor = openat(folder, name, flags | O_CLOEXEC, mode);
  while (descriptor < 0 && errno == EINTR);
  return descriptor;
}

// Finds the folder and the name of what shall be replaced: of that which a symbolic link leads to, not the link.
__attribute__((noinline)) static bool locate(system_replacement *file, const char *path, struct stat *old, bool *exists) {
  static const char step[] = "finding it";
  char text[PATH_MAX];
  size_t length = strlen(path);
  if (length >= sizeof text) return fails(file, ENAMETOOLONG, step);
  memcpy(text, path, length + 1);
  for (int links = 0; links <= MOST_LINKS; links++) {
    char *slash = strrchr(text, '/');
    const char *name = slash ? slash + 1 : text;
    if (strlen(name) >= sizeof file->name) return fails(file, ENAMETOOLONG, step);
    if (*name == 0) return fails(file, slash ? EISDIR : ENOENT, step);
    strcpy(file->name, name);
    if (slash) slash[slash == text] = 0;
    int from = file->folder < 0 ? AT_FDCWD : file->folder;
    int folder = open_in(from, slash ? text : ".", O_PATH | O_DIRECTORY, 0);
    if (folder < 0) return fails(file, errno, "opening its folder");
    if (file->folder >= 0) close(file->folder);
    file->folder = folder;
    *exists = fstatat(folder, file->name, old, AT_SYMLINK_NOFOLLOW) == 0;
    if (!*exists) return errno == ENOENT || fails(file, errno, step);
    if (!S_ISLNK(old->st_mode)) {
      // A device must not become a file.
      return S_ISREG(old->st_mode) || fails(file, S_ISDIR(old->st_mode) ? EISDIR : EINVAL, step);
    }
    struct stat parent;
    if (fstat(folder, &parent) != 0) return fails(file, errno, step);
    // Where everybody may make links, as in /tmp, that of another user may lead to what only this one may write. (The kernel's own
    // rule, fs.protected_symlinks, holds for links that it follows.)
    if ((~parent.st_mode & (S_ISVTX | S_IWOTH)) == 0 && old->st_uid != geteuid() && old->st_uid != parent.st_uid) {
      return fails(file, EACCES, "following another user's link");
    }
    ssize_t got = readlinkat(folder, file->name, text, sizeof text);
    if (got < 0) return fails(file, errno, step);
    if ((size_t)got >= sizeof text) return fails(file, ENAMETOOLONG, step);
    text[got] = 0;
  }
  return fails(file, ELOOP, step);
}

// ".NAME.hypr-saving0": as much of the name, in whole characters, as the file system has room for. False if that is NAME itself.
static bool name_temporary(system_replacement *file, int place) {
  static const char suffix[] = ".hypr-saving";
  long limit = fpathconf(file->folder, _PC_NAME_MAX);
  size_t most = limit > 0 && limit < (long)sizeof file->temporary ? (size_t)limit : sizeof file->temporary - 1;
  size_t length = strlen(file->name), room = most > sizeof suffix + 1 ? most - sizeof suffix - 1 : 0;
  if (length > room) {
    for (length = room; length > 0 && (file->name[length] & 0xC0) == 0x80;) length--;
  }
  char *end = file->temporary;
  *end++ = '.';
  memcpy(end, file->name, length);
  end += length;
  memcpy(end, suffix, sizeof suffix - 1);
  end += sizeof suffix - 1;
  *end++ = (char)('0' + place);
  *end = 0;
  return strcmp(file->temporary, file->name) != 0;
}

// Locks the file that the temporary name stands for; 0, or why not: EWOULDBLOCK, another has it; ENOENT, it is no longer that file.
// Whoever saves has it locked until it has its own name, so that one which nobody has locked was left behind; the kernel unlocks it
// when a process ends, however it ends.
static int32_t take(system_replacement *file, int descriptor) {
  struct stat opened, named;
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0 || fstat(descriptor, &opened) != 0 ||
      fstatat(file->folder, file->temporary, &named, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno;
  }
  return opened.st_dev == named.st_dev && opened.st_ino == named.st_ino ? 0 : ENOENT;
}

// Removes what a process that was killed left behind. It is not used again: who put it there may have linked it to anything.
static void remove_left_behind(system_replacement *file) {
  int descriptor = open_in(file->folder, file->temporary, O_RDWR | O_NONBLOCK | O_NOFOLLOW, 0);
  if (descriptor < 0) return;
  if (take(file, descriptor) == 0) unlinkat(file->folder, file->temporary, 0);
  close(descriptor);
}

// A new file beside the old one.
static bool open_temporary(system_replacement *file, mode_t mode) {
  static const char step[] = "making a new file beside it";
  for (int place = 0; place < PLACES; place++) {
    if (name_temporary(file, place)) remove_left_behind(file);
  }
  for (int place = 0; place < PLACES; place++) {
    if (!name_temporary(file, place)) continue;
    int descriptor = open_in(file->folder, file->temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    if (descriptor < 0 && errno == EEXIST) continue;
    if (descriptor < 0) return fails(file, errno, step);
    int32_t error = take(file, descriptor);
    if (error == 0) {
      file->descriptor = descriptor;
      return true;
    }
    close(descriptor);
    // Another one took it for left behind before it was locked.
    if (error == EWOULDBLOCK || error == ENOENT) continue;
    unlinkat(file->folder, file->temporary, 0);
    return fails(file, error, "locking the new file beside it");
  }
  return fails(file, EBUSY, step);
}

// The rights and, as far as this process may give them away, the owner and the group of the old file.
static bool keep_rights(system_replacement *file, const struct stat *old) {
  struct stat new;
  mode_t mode = old->st_mode & 0777;
  if (fstat(file->descriptor, &new) != 0) return fails(file, errno, "keeping its rights");
  bool same = new.st_uid == old->st_uid && new.st_gid == old->st_gid;
  if (!same && fchown(file->descriptor, old->st_uid, old->st_gid) != 0 &&
      fchown(file->descriptor, (uid_t)-1, old->st_gid) != 0) {
    // Another group must not get what was for the old one.
    mode &= ~(mode_t)070 | (mode & 07) << 3;
  }
  return fchmod(file->descriptor, mode) == 0 || fails(file, errno, "keeping its rights");
}

void system_replacement_begin(system_replacement *file, const char *path) {
  file->folder = file->descriptor = -1;
  file->error = 0;
  file->step = "";
  file->written = file->checked = 0;
  struct stat old;
  bool exists = false;
  // Until it has the rights of the old one, nobody else may read it.
  if (locate(file, path, &old, &exists) && open_temporary(file, exists ? 0600 : 0666) && exists) keep_rights(file, &old);
}

void system_replacement_write(system_replacement *file, const void *data, size_t size) {
  const char *bytes = data;
  while (file->error == 0 && size > 0) {
    ssize_t put = write(file->descriptor, bytes, size);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) {
      fails(file, put < 0 ? errno : EIO, "writing");
      return;
    }
    bytes += put;
    size -= (size_t)put;
    file->written += (size_t)put;
  }
}

void system_replacement_check(system_replacement *file, const void *data, size_t size) {
  const char *bytes = data;
  char found[512];
  while (file->error == 0 && size > 0) {
    size_t count = size < sizeof found ? size : sizeof found;
    int32_t error = system_file_read(file->descriptor, file->checked, found, count);
    if (error == 0 && memcmp(found, bytes, count) != 0) error = EIO;
    if (error != 0) fails(file, error, "reading back what was written");
    bytes += count;
    size -= count;
    file->checked += count;
  }
}

static bool synchronised(int descriptor) {
  int result;
  do result = fsync(descriptor);
  while (result != 0 && errno == EINTR);
  return result == 0;
}

// Makes the rename itself survive a power cut. The file is in place already: where a folder cannot be opened or synchronised
// there is nothing to undo or to report.
static void synchronise_folder(int folder) {
  int descriptor = open_in(folder, ".", O_RDONLY | O_DIRECTORY, 0);
  if (descriptor < 0) return;
  synchronised(descriptor);
  close(descriptor);
}

int32_t system_replacement_end(system_replacement *file) {
  if (file->error == 0 && file->checked != file->written) fails(file, EIO, "reading back what was written");
  if (file->error == 0 && !synchronised(file->descriptor)) fails(file, errno, "synchronising it to disk");
  if (file->error == 0 && renameat(file->folder, file->temporary, file->folder, file->name) != 0) {
    fails(file, errno, "taking the old one's place");
  }
  if (file->error == 0) synchronise_folder(file->folder);
  if (file->descriptor >= 0) {
    if (file->error != 0) unlinkat(file->folder, file->temporary, 0);
    close(file->descriptor);
  }
  if (file->folder >= 0) close(file->folder);
  file->folder = file->descriptor = -1;
  return file->error;
}
