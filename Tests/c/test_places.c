/* Where a model is saved to: long names and paths, links, owners and rights, folders that may not be written to, mount points, full
 * disks. What needs rights that this process has not got says that it is skipped. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

/* Nobody's number. */
enum { NOBODY = 65534 };

static hypr_model *model;
static hypr_session *session;
static char start[PATH_MAX];

/* A folder of its own for every test. */
static int set_up(void **state) {
  (void)state;
  assert_non_null(getcwd(start, sizeof start));
  model = load_model(BRF);
  session = make_session(model, NULL);
  assert_int_equal(system("rm -rf places"), 0);
  assert_int_equal(mkdir("places", 0777), 0);
  assert_int_equal(chmod("places", 0777), 0);
  return chdir("places");
}

static int tear_down(void **state) {
  (void)state;
  hypr_session_free(session);
  hypr_model_free(model);
  assert_int_equal(chdir(start), 0);
  return system("rm -rf places");
}

static void assert_saved(const char *path) {
  hypr_model *again;
  char message[512];
  hypr_status status = hypr_session_save_model(session, path);
  if (status != HYPR_OK) fail_msg("%s", hypr_session_message(session));
  status = hypr_model_load(path, &again, message, sizeof message);
  if (status != HYPR_OK) fail_msg("%s", message);
  hypr_model_free(again);
}

static void assert_not_saved(const char *path, int error, const char *advice) {
  assert_status(HYPR_ERROR_IO, hypr_session_save_model(session, path));
  const char *message = hypr_session_message(session);
  if (!strstr(message, strerror(error)) || !strstr(message, advice)) {
    fail_msg("\"%s\" does not say \"%s\" and \"%s\"", message, strerror(error), advice);
  }
}

static void write_text(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(text, file);
  assert_int_equal(fclose(file), 0);
}

/* Runs a test in a process of its own, which may give up its rights; 77: skipped. */
static int in_a_child(int (*work)(void)) {
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    int result = work();
    fflush(NULL);
    _exit(result);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  return WEXITSTATUS(status);
}

#define ASSERT_OR_SKIP(result, what)               \
  do {                                             \
    int ended = (result);                          \
    if (ended == 77) {                             \
      print_message("skipped: " what "\n");        \
      skip();                                      \
    }                                              \
    assert_int_equal(ended, 0);                    \
  } while (0)

static int become_nobody(void) { return geteuid() == 0 ? setgid(NOBODY) == 0 && setuid(NOBODY) == 0 : 1; }

/* ---- Names and paths */

static void names_may_be_as_long_as_the_file_system_allows(void **state) {
  (void)state;
  char name[NAME_MAX + 2];
  memset(name, 0, sizeof name);
  for (size_t length = 1; length <= NAME_MAX; length++) {
    name[length - 1] = 'n';
    assert_saved(name);
    assert_int_equal(files_in("."), 1);
    remove(name);
  }
  /* Characters of three bytes, which must not be cut. */
  for (size_t i = 0; i + 3 <= NAME_MAX; i += 3) memcpy(name + i, "\xe2\x82\xac", 3);
  assert_saved(name);
  /* All names that are cut alike, one after the other. */
  memset(name, '.', NAME_MAX);
  memcpy(name + NAME_MAX - 13, ".hypr-saving0", 13);
  assert_saved(name);
  assert_saved(name);
  name[NAME_MAX] = 'n';
  assert_not_saved(name, ENAMETOOLONG, name[0] == '.' ? "" : "n");
}

static void paths_may_be_as_long_as_the_system_allows(void **state) {
  (void)state;
  char path[PATH_MAX + 2] = "";
  while (strlen(path) + 2 + strlen("model") < PATH_MAX - 1) strcat(path, "./");
  strcat(path, "model");
  while (strlen(path) < PATH_MAX - 1) strcat(path, "m");
  assert_saved(path);
  strcat(path, "m");
  assert_not_saved(path, ENAMETOOLONG, "");
  assert_int_equal(files_in("."), 1);
}

/* A folder whose own path is longer than any path may be. */
static void folders_may_lie_deeper_than_paths_reach(void **state) {
  (void)state;
  char name[201] = "";
  memset(name, 'd', 200);
  for (int depth = 0; depth < 25; depth++) {
    assert_int_equal(mkdir(name, 0777), 0);
    assert_int_equal(chdir(name), 0);
  }
  assert_saved("model.hypr");
  assert_saved("./model.hypr");
}

/* ---- Links */

static void symbolic_links_stay_and_lead_to_the_new_file(void **state) {
  (void)state;
  assert_int_equal(mkdir("models", 0777), 0);
  write_text("models/one.hypr", "old");
  assert_int_equal(symlink("one.hypr", "models/latest.hypr"), 0);
  assert_int_equal(symlink("models/latest.hypr", "model.hypr"), 0);
  assert_saved("model.hypr");
  struct stat facts;
  assert_int_equal(lstat("model.hypr", &facts), 0);
  assert_true(S_ISLNK(facts.st_mode));
  assert_int_equal(lstat("models/latest.hypr", &facts), 0);
  assert_true(S_ISLNK(facts.st_mode));
  assert_int_equal(lstat("models/one.hypr", &facts), 0);
  assert_true(S_ISREG(facts.st_mode) && facts.st_size > 3);
  assert_int_equal(symlink("round", "round"), 0);
  assert_not_saved("round", ELOOP, "finding it");
}

/* In a folder such as /tmp others could have it lead to what only this user may write. */
static void a_link_of_another_user_is_not_followed_where_all_may_make_them(void **state) {
  (void)state;
  write_text("precious", "precious");
  assert_int_equal(mkdir("all", 0777), 0);
  assert_int_equal(chmod("all", 01777), 0);
  assert_int_equal(symlink("../own", "all/own"), 0);
  assert_int_equal(symlink("../precious", "all/model.hypr"), 0);
  assert_saved("all/own");
  if (lchown("all/model.hypr", NOBODY, NOBODY) != 0) {
    print_message("skipped: this process may not give files away\n");
    skip();
  }
  assert_not_saved("all/model.hypr", EACCES, "another user's link");
  size_t size;
  char *bytes = read_file("precious", &size);
  assert_int_equal(size, 8);
  free(bytes);
  /* Where not everybody may write, and of the folder's owner, they are followed. */
  assert_int_equal(chmod("all", 01775), 0);
  assert_saved("all/model.hypr");
  assert_int_equal(chmod("all", 01777) | chown("all", NOBODY, NOBODY), 0);
  assert_saved("all/model.hypr");
}

static void hard_links_keep_the_old_content(void **state) {
  (void)state;
  write_text("model.hypr", "old");
  assert_int_equal(link("model.hypr", "other"), 0);
  assert_saved("model.hypr");
  size_t size;
  char *bytes = read_file("other", &size);
  assert_int_equal(size, 3);
  free(bytes);
}

/* What lies under the temporary name may be linked to anything: it is removed, not written to. */
static void temporary_names_lead_nowhere(void **state) {
  (void)state;
  write_text("precious", "precious");
  assert_int_equal(link("precious", ".model.hypr.hypr-saving0"), 0);
  assert_int_equal(symlink("precious", ".model.hypr.hypr-saving1"), 0);
  assert_int_equal(mkfifo(".model.hypr.hypr-saving2", 0777), 0);
  assert_int_equal(mkdir(".model.hypr.hypr-saving3", 0777), 0);
  assert_saved("model.hypr");
  size_t size;
  char *bytes = read_file("precious", &size);
  assert_int_equal(size, 8);
  assert_memory_equal(bytes, "precious", 8);
  free(bytes);
}

/* ---- Owners and rights */

static void rights_are_kept(void **state) {
  (void)state;
  struct stat facts;
  static const mode_t modes[] = {0600, 0640, 0664, 0400, 0444};
  mode_t mask = umask(027);
  for (size_t i = 0; i < 5; i++) {
    write_text("model.hypr", "old");
    assert_int_equal(chmod("model.hypr", modes[i]), 0);
    assert_saved("model.hypr");
    assert_int_equal(stat("model.hypr", &facts), 0);
    assert_int_equal(facts.st_mode & 0777, modes[i]);
    remove("model.hypr");
  }
  assert_saved("model.hypr");
  assert_int_equal(stat("model.hypr", &facts), 0);
  assert_int_equal(facts.st_mode & 0777, 0640);
  umask(mask);
}

static void the_owner_is_kept(void **state) {
  (void)state;
  write_text("model.hypr", "old");
  if (chown("model.hypr", NOBODY, NOBODY) != 0) {
    print_message("skipped: only root may give files away\n");
    skip();
  }
  struct stat facts;
  assert_int_equal(chmod("model.hypr", 0640), 0);
  assert_saved("model.hypr");
  assert_int_equal(stat("model.hypr", &facts), 0);
  assert_int_equal(facts.st_uid, NOBODY);
  assert_int_equal(facts.st_gid, NOBODY);
  assert_int_equal(facts.st_mode & 0777, 0640);
}

/* One who may not give files away gets it, and no group gets rights that it had not. */
static int save_what_is_another_ones(void) {
  if (geteuid() != 0) return 77;
  write_text("model.hypr", "old");
  assert_int_equal(chmod("model.hypr", 0664), 0);
  assert_true(become_nobody());
  assert_saved("model.hypr");
  struct stat facts;
  assert_int_equal(stat("model.hypr", &facts), 0);
  assert_int_equal(facts.st_uid, NOBODY);
  assert_int_equal(facts.st_mode & 0777, 0644);
  return 0;
}

static void another_ones_file_gets_no_new_readers(void **state) {
  (void)state;
  ASSERT_OR_SKIP(in_a_child(save_what_is_another_ones), "only root can become another");
}

static int save_to_a_folder_that_is_read_only(void) {
  write_text("model.hypr", "old");
  assert_int_equal(chmod("model.hypr", 0666), 0);
  assert_int_equal(chmod(".", 0555), 0);
  assert_true(become_nobody());
  assert_not_saved("model.hypr", EACCES, "making a new file beside it");
  size_t size;
  char *bytes = read_file("model.hypr", &size);
  assert_int_equal(size, 3);
  free(bytes);
  return 0;
}

static void a_folder_that_is_read_only_is_named(void **state) {
  (void)state;
  assert_int_equal(in_a_child(save_to_a_folder_that_is_read_only), 0);
  assert_int_equal(chmod(".", 0777), 0);
}

/* A folder in which one may make files, and not look. */
static int save_to_a_folder_that_is_not_listed(void) {
  assert_int_equal(chmod(".", 0333), 0);
  assert_true(become_nobody());
  return hypr_session_save_model(session, "model.hypr") != HYPR_OK;
}

static void a_folder_need_not_be_listed(void **state) {
  (void)state;
  assert_int_equal(in_a_child(save_to_a_folder_that_is_not_listed), 0);
  assert_int_equal(chmod(".", 0777), 0);
  assert_int_equal(files_in("."), 1);
}

/* ---- Mounts */

static int may_mount(void) {
  return unshare(CLONE_NEWNS) == 0 && mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0;
}

static int save_to_a_mount_point(void) {
  write_text("outside", "old");
  write_text("model.hypr", "");
  if (!may_mount() || mount("outside", "model.hypr", "none", MS_BIND, NULL) != 0) return 77;
  assert_not_saved("model.hypr", EBUSY, "mount the folder that it is in");
  assert_int_equal(files_in("."), 2);
  size_t size;
  char *bytes = read_file("model.hypr", &size);
  assert_int_equal(size, 3);
  free(bytes);
  return 0;
}

static void a_mount_point_is_named_and_kept(void **state) {
  (void)state;
  ASSERT_OR_SKIP(in_a_child(save_to_a_mount_point), "this process may not mount");
}

static int save_to_a_full_disk(void) {
  static char size[32];
  assert_int_equal(mkdir("small", 0777), 0);
  if (!may_mount()) return 77;
  int saved = 0;
  for (int pages = 2; pages < 8; pages++) {
    snprintf(size, sizeof size, "size=%d", pages * 4096);
    if (mount("none", "small", "tmpfs", 0, size) != 0) return 77;
    write_text("small/model.hypr", "old");
    if (hypr_session_save_model(session, "small/model.hypr") == HYPR_OK) {
      saved++;
    } else {
      assert_not_saved("small/model.hypr", ENOSPC, "writing");
      size_t bytes;
      char *content = read_file("small/model.hypr", &bytes);
      assert_int_equal(bytes, 3);
      free(content);
    }
    assert_int_equal(chdir("small"), 0);
    assert_int_equal(files_in("."), 1);
    assert_int_equal(chdir(".."), 0);
    assert_int_equal(umount("small"), 0);
  }
  assert_in_range(saved, 1, 5);
  return 0;
}

static void a_full_disk_keeps_the_old_file(void **state) {
  (void)state;
  ASSERT_OR_SKIP(in_a_child(save_to_a_full_disk), "this process may not mount");
}

#define PLACE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      PLACE(names_may_be_as_long_as_the_file_system_allows),
      PLACE(paths_may_be_as_long_as_the_system_allows),
      PLACE(folders_may_lie_deeper_than_paths_reach),
      PLACE(symbolic_links_stay_and_lead_to_the_new_file),
      PLACE(a_link_of_another_user_is_not_followed_where_all_may_make_them),
      PLACE(hard_links_keep_the_old_content),
      PLACE(temporary_names_lead_nowhere),
      PLACE(rights_are_kept),
      PLACE(the_owner_is_kept),
      PLACE(another_ones_file_gets_no_new_readers),
      PLACE(a_folder_that_is_read_only_is_named),
      PLACE(a_folder_need_not_be_listed),
      PLACE(a_mount_point_is_named_and_kept),
      PLACE(a_full_disk_keeps_the_old_file),
  };
  return cmocka_run_group_tests_name("places", tests, NULL, NULL);
}
