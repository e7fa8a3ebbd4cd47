#include <sys/stat.h>

// glibc before 2.33 exports these under other names only, with the number of its struct stat, which every 64-bit Linux still has.
#if defined(__GLIBC__) && (defined(__x86_64__) || defined(__aarch64__))
#if defined(__x86_64__)
enum { stat_version = 1 };
#else
enum { stat_version = 0 };
#endif

int __fxstat(int version, int descriptor, struct stat *facts);
int __fxstatat(int version, int folder, const char *path, struct stat *facts, int flags);

#define HIDDEN __attribute__((visibility("hidden")))
HIDDEN int fstat(int descriptor, struct stat *facts) { return __fxstat(stat_version, descriptor, facts); }
HIDDEN int fstatat(int folder, const char *path, struct stat *facts, int flags) {
  return __fxstatat(stat_version, folder, path, facts, flags);
}
#endif
