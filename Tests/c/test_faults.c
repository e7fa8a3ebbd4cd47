/* Whatever call to the system fails while a model is saved, and wherever the process is killed: the path holds the old file or the
 * new one, the message says what happened, and the next save leaves nothing else in the folder. This program stands before the
 * system calls that the library makes, and lets them fail. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

static const char folder[] = "faults", path[] = "faults/model.hypr";

/* ---- Calls that fail on demand */

typedef enum { NONE, OPEN, READ, WRITE, SYNC, RENAME, OWNER, RIGHTS, UNLINK, CLOSE, ANY } call;
typedef enum { FAIL, ONCE, SHORT, DAMAGE, KILL_BEFORE, KILL_AFTER } way;

static struct {
  call which;
  way how;
  int error;
  long after; /* calls that succeed before */
  int happened;
} fault;

/* Whether this call is the one. */
static int is_due(call which) {
  if (fault.which == NONE || (fault.which != which && fault.which != ANY)) return 0;
  if (fault.how == FAIL && fault.happened) return 0;
  if (fault.after-- != 0) return 0;
  fault.happened = 1;
  if (fault.how == KILL_BEFORE) kill(getpid(), SIGKILL);
  return 1;
}

/* The result of a call that may have failed. */
static long end_of_call(int due, long result) {
  if (due && fault.how == KILL_AFTER) kill(getpid(), SIGKILL);
  return result;
}

#define FAILS(due) ((due) && (fault.how == FAIL || fault.how == ONCE) && (errno = fault.error))

int openat(int at, const char *name, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  unsigned mode = va_arg(rest, unsigned);
  va_end(rest);
  int due = is_due(OPEN);
  return FAILS(due) ? -1 : (int)end_of_call(due, syscall(SYS_openat, at, name, flags, mode));
}

ssize_t pread(int descriptor, void *data, size_t size, off_t position) {
  int due = is_due(READ);
  if (FAILS(due)) return -1;
  if (due && fault.how == SHORT && size > 1) size = 1;
  long got = syscall(SYS_pread64, descriptor, data, size, position);
  if (due && fault.how == DAMAGE && got > 0) *(char *)data ^= 1;
  return end_of_call(due, got);
}

ssize_t write(int descriptor, const void *data, size_t size) {
  int due = is_due(WRITE);
  if (FAILS(due)) return -1;
  if (due && fault.how == SHORT && size > 1) size = 1;
  return end_of_call(due, syscall(SYS_write, descriptor, data, size));
}

int fsync(int descriptor) {
  int due = is_due(SYNC);
  return FAILS(due) ? -1 : (int)end_of_call(due, syscall(SYS_fsync, descriptor));
}

int renameat(int from, const char *name, int to, const char *other) {
  int due = is_due(RENAME);
  return FAILS(due) ? -1 : (int)end_of_call(due, syscall(SYS_renameat2, from, name, to, other, 0));
}

int fchown(int descriptor, uid_t owner, gid_t group) {
  int due = is_due(OWNER);
  return FAILS(due) ? -1 : (int)end_of_call(due, syscall(SYS_fchown, descriptor, owner, group));
}

int fchmod(int descriptor, mode_t mode) {
  int due = is_due(RIGHTS);
  return FAILS(due) ? -1 : (int)end_of_call(due, syscall(SYS_fchmod, descriptor, mode));
}

int unlinkat(int at, const char *name, int flags) {
  int due = is_due(UNLINK);
  return FAILS(due) ? -1 : (int)end_of_call(due, syscall(SYS_unlinkat, at, name, flags));
}

int close(int descriptor) {
  int due = is_due(CLOSE);
  long result = syscall(SYS_close, descriptor);
  return FAILS(due) ? -1 : (int)end_of_call(due, result);
}

/* ---- The file and its folder */

typedef struct {
  hypr_model *model;
  hypr_session *old, *session;
  char *bytes[2]; /* of the old file and of the new one */
  size_t size;
} saving;

static char *bytes_of(const hypr_session *session, size_t *size) {
  assert_ok(hypr_session_model_size(session, size));
  char *bytes = malloc(*size);
  assert_ok(hypr_session_save_model_buffer(session, bytes, *size));
  return bytes;
}

static int set_up(void **state) {
  static saving with;
  mkdir(folder, 0777);
  with.model = load_model(TWO_LAYERS);
  with.old = make_session(with.model, NULL);
  with.session = make_session(with.model, NULL);
  size_t count = parameter_count(with.session);
  float *parameters = parameters_of(with.session);
  for (size_t i = 0; i < 20; i++) parameters[i] += 1;
  assert_ok(hypr_session_set_parameters(with.session, parameters, count));
  free(parameters);
  with.bytes[0] = bytes_of(with.old, &with.size);
  with.bytes[1] = bytes_of(with.session, &with.size);
  assert_memory_not_equal(with.bytes[0], with.bytes[1], with.size);
  *state = &with;
  return 0;
}

static int tear_down(void **state) {
  saving *with = *state;
  free(with->bytes[0]);
  free(with->bytes[1]);
  hypr_session_free(with->old);
  hypr_session_free(with->session);
  hypr_model_free(with->model);
  remove(path);
  return rmdir(folder);
}

/* 0: the path holds the old file; 1: the new one. */
static int what_is_there(const saving *with) {
  size_t size;
  char *bytes = read_file(path, &size);
  assert_int_equal(size, with->size);
  int is_new = memcmp(bytes, with->bytes[1], size) == 0;
  assert_memory_equal(bytes, with->bytes[is_new], size);
  free(bytes);
  return is_new;
}

static void put_old_file(const saving *with) {
  memset(&fault, 0, sizeof fault);
  assert_ok(hypr_session_save_model(with->old, path));
  assert_int_equal(what_is_there(with), 0);
  assert_int_equal(files_in(folder), 1);
}

static hypr_status save(const saving *with, call which, way how, int error, long after) {
  fault.which = which, fault.how = how, fault.error = error, fault.after = after;
  hypr_status status = hypr_session_save_model(with->session, path);
  fault.which = NONE;
  return status;
}

/* ---- The tests */

/* The n-th call fails, for every n until all succeed. `tolerated`: what fails is not needed for saving. */
static void every_call_may_fail(const saving *with, call which, int error, int tolerated, const char *step) {
  int failures = 0;
  for (long n = 0;; n++) {
    put_old_file(with);
    hypr_status status = save(with, which, FAIL, error, n);
    const char *message = hypr_session_message(with->session);
    if (!fault.happened) {
      assert_ok(status);
      assert_true(n > 0);
      break;
    }
    if (status == HYPR_OK) {
      assert_int_equal(what_is_there(with), 1);
    } else {
      failures++;
      assert_status(HYPR_ERROR_IO, status);
      assert_int_equal(what_is_there(with), 0);
      assert_int_equal(files_in(folder), 1);
      assert_non_null(strstr(message, path));
      assert_non_null(strstr(message, strerror(error)));
      if (!strstr(message, step)) fail_msg("\"%s\" does not say \"%s\"", message, step);
    }
  }
  assert_true(tolerated ? failures == 0 : failures > 0);
}

static void calls_that_fail_keep_the_old_file(void **state) {
  const saving *with = *state;
  every_call_may_fail(with, OPEN, EMFILE, 0, "");
  every_call_may_fail(with, READ, EIO, 0, "reading back what was written");
  every_call_may_fail(with, WRITE, ENOSPC, 0, "writing");
  every_call_may_fail(with, SYNC, EIO, 0, "synchronising it to disk");
  every_call_may_fail(with, RENAME, EBUSY, 0, "taking the old one's place");
  every_call_may_fail(with, RENAME, EBUSY, 0, "mount the folder");
  every_call_may_fail(with, RIGHTS, EPERM, 0, "keeping its rights");
  every_call_may_fail(with, CLOSE, EIO, 1, "");
}

/* Signals and small buffers are no failures. */
static void interrupted_and_short_calls_go_on(void **state) {
  const saving *with = *state;
  static const call interrupted[] = {OPEN, READ, WRITE, SYNC}, shortened[] = {READ, WRITE};
  for (size_t i = 0; i < 4; i++) {
    for (long n = 0; n == 0 || fault.happened; n++) {
      put_old_file(with);
      assert_ok(save(with, interrupted[i], ONCE, EINTR, n));
      assert_int_equal(what_is_there(with), 1);
    }
  }
  for (size_t i = 0; i < 2; i++) {
    for (long n = 0; n == 0 || fault.happened; n++) {
      put_old_file(with);
      assert_ok(save(with, shortened[i], SHORT, 0, n));
      assert_int_equal(what_is_there(with), 1);
    }
  }
}

/* A disk that does not give back what it was given. */
static void what_reads_back_otherwise_does_not_take_the_place(void **state) {
  const saving *with = *state;
  for (long n = 0;; n++) {
    put_old_file(with);
    hypr_status status = save(with, READ, DAMAGE, 0, n);
    if (!fault.happened) break;
    assert_status(HYPR_ERROR_IO, status);
    assert_non_null(strstr(hypr_session_message(with->session), "reading back what was written"));
    assert_int_equal(what_is_there(with), 0);
    assert_int_equal(files_in(folder), 1);
  }
}

/* What cannot be removed is, by the next save. */
static void a_left_file_is_removed_by_the_next_save(void **state) {
  const saving *with = *state;
  put_old_file(with);
  fault.which = NONE;
  chmod(path, 0640);
  for (int saves = 0; saves < 20; saves++) {
    pid_t child = fork();
    if (child == 0) {
      save(with, RENAME, KILL_BEFORE, 0, 0);
      _exit(1);
    }
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(files_in(folder), 2);
  }
  put_old_file(with);
}

/* Killed before and after every call: a child is, for each. */
static void kills_leave_the_old_file_or_the_new(void **state) {
  const saving *with = *state;
  int seen[2] = {0, 0}, most = 0;
  for (int how = KILL_BEFORE; how <= KILL_AFTER; how++) {
    for (long n = 0;; n++) {
      put_old_file(with);
      pid_t child = fork();
      if (child == 0) _exit(save(with, ANY, (way)how, 0, n) != HYPR_OK);
      int status, files;
      assert_int_equal(waitpid(child, &status, 0), child);
      seen[what_is_there(with)]++;
      if ((files = files_in(folder)) > most) most = files;
      if (!WIFSIGNALED(status)) {
        assert_int_equal(WEXITSTATUS(status), 0);
        break;
      }
    }
  }
  assert_true(seen[0] > 10 && seen[1] > 2);
  assert_int_equal(most, 2);
  put_old_file(with);
}

/* Several processes save the same file at once, and are killed at any time. */
static void who_saves_at_once_does_not_meet(void **state) {
  const saving *with = *state;
  enum { SAVERS = 3 };
  int rounds = getenv("HYPR_TEST_QUICK") ? 10 : 100;
  put_old_file(with);
  for (int round = 0; round < rounds; round++) {
    pid_t children[SAVERS];
    for (int i = 0; i < SAVERS; i++) {
      if ((children[i] = fork()) == 0) {
        for (int k = 0; k < 1000; k++) {
          if (hypr_session_save_model(k % 2 ? with->old : with->session, path) != HYPR_OK) _exit(1);
        }
        _exit(0);
      }
    }
    for (int k = 0; k < 5; k++) {
      what_is_there(with);
      usleep((useconds_t)(round * 37 % 1000));
    }
    for (int i = 0; i < SAVERS; i++) {
      int status;
      kill(children[i], SIGKILL);
      waitpid(children[i], &status, 0);
      assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    }
    what_is_there(with);
    assert_in_range(files_in(folder), 1, 1 + SAVERS);
    put_old_file(with);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(calls_that_fail_keep_the_old_file),
      cmocka_unit_test(interrupted_and_short_calls_go_on),
      cmocka_unit_test(what_reads_back_otherwise_does_not_take_the_place),
      cmocka_unit_test(a_left_file_is_removed_by_the_next_save),
      cmocka_unit_test(kills_leave_the_old_file_or_the_new),
      cmocka_unit_test(who_saves_at_once_does_not_meet),
  };
  return cmocka_run_group_tests_name("faults", tests, set_up, tear_down);
}
