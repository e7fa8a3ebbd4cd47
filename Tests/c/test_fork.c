/* fork(): a child goes on with the sessions of its parent, whose threads it does not have. A child that waits for them is killed by
 * its alarm, and the test fails. */
#define _DEFAULT_SOURCE

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

enum { STEPS = 40, SEQUENCES = 4, INPUTS = 8, NEURONS = 400, CLASSES = 4, PATIENCE = 60, STATE_SIZE = 1 << 24 };

static hypr_model *model;
static float *samples;
static int32_t *labels;
/* What a child leaves to its parent. */
static unsigned char *shared;

/* Large enough for its windows and updates to be split. */
static int set_up(void **state) {
  (void)state;
  hypr_builder *builder;
  size_t size;
  assert_ok(hypr_builder_create(INPUTS, &builder, NULL, 0));
  const float scale = 20;
  assert_ok(hypr_builder_set_input_scale(builder, &scale, 1));
  assert_ok(hypr_builder_add_layer(builder, "brf", NEURONS, NULL));
  assert_ok(hypr_builder_set_readout(builder, CLASSES, -1, 0));
  assert_ok(hypr_builder_build(builder, 1, &size));
  void *file = malloc(size);
  assert_ok(hypr_builder_copy_file(builder, file, size));
  assert_ok(hypr_model_load_buffer(file, size, &model, NULL, 0));
  hypr_builder_free(builder);
  free(file);
  samples = random_samples(STEPS * INPUTS, 1);
  labels = random_labels(STEPS, CLASSES, 2);
  shared = mmap(NULL, STATE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  assert_true(shared != MAP_FAILED);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  munmap(shared, STATE_SIZE);
  free(samples);
  free(labels);
  hypr_model_free(model);
  return 0;
}

static hypr_session *learner(int threads, int update) {
  return make_session(model, SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, 10}, {HYPR_OPTION_THREADS, threads},
                                      {HYPR_OPTION_UPDATE, update}, {HYPR_OPTION_LEARNING_RATE, 0.01}));
}

/* Everything that threads have a part in. The assertions of cmocka belong to the parent: 0 is good. */
static int learn(hypr_session *session) {
  const size_t lengths[SEQUENCES] = {10, 5, 15, 10};
  double loss;
  hypr_status status = hypr_session_learn_batch(session, samples, lengths, SEQUENCES, labels, NULL, &loss);
  for (int i = 0; !status && i < STEPS; i++) {
    status = hypr_session_step(session, samples + i * INPUTS, INPUTS, NULL, 0);
    if (!status && labels[i] >= 0) status = hypr_session_teach_class(session, (uint32_t)labels[i]);
  }
  if (!status) status = hypr_session_reset(session);
  return status;
}

/* The state of a session; its size, 0 if there is none. */
static size_t save(const hypr_session *session, unsigned char *bytes) {
  size_t size;
  if (hypr_session_state_size(session, &size) || size > STATE_SIZE) return 0;
  return hypr_session_save_state(session, bytes, size) ? 0 : size;
}

/* Runs `work` in a child, which must end well. */
static void in_child(int (*work)(hypr_session *), hypr_session *session) {
  fflush(NULL);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    alarm(PATIENCE);
    _exit(work(session));
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  if (WIFSIGNALED(status)) fail_msg("the child was ended by signal %d%s", WTERMSIG(status),
                                    WTERMSIG(status) == SIGALRM ? ": it hung" : "");
  assert_int_equal(WEXITSTATUS(status), 0);
}

static int learn_save_and_free(hypr_session *session) {
  if (learn(session) || save(session, shared) == 0) return 1;
  hypr_session_free(session);
  hypr_model_free(model);
  return 0;
}

static int only_free(hypr_session *session) {
  hypr_session_free(session);
  hypr_model_free(model);
  return 0;
}

static int let_a_grandchild_learn(hypr_session *session) {
  pid_t child = fork();
  if (child == 0) _exit(learn_save_and_free(session));
  int status;
  return child < 0 || waitpid(child, &status, 0) != child || status != 0;
}

/* The child's session ends with the bits that the parent's then ends with, which nothing of it has disturbed. */
static void a_child_goes_on_with_the_same_bits(void **state) {
  (void)state;
  unsigned char *own = malloc(STATE_SIZE);
  int (*const works[])(hypr_session *) = {learn_save_and_free, let_a_grandchild_learn};
  for (int threads = 1; threads <= 3; threads++) {
    for (int update = HYPR_UPDATE_WINDOW; update <= HYPR_UPDATE_MANUAL; update++) {
      hypr_session *session = learner(threads, update);
      assert_int_equal(learn(session), 0);
      memset(shared, 0, STATE_SIZE);
      in_child(only_free, session);
      in_child(works[update % 2], session);
      assert_int_equal(learn(session), 0);
      size_t size = save(session, own);
      assert_true(size > 0);
      assert_same_bits(own, shared, size);
      hypr_session_free(session);
    }
  }
  free(own);
}

static int count_threads(void) {
  DIR *folder = opendir("/proc/self/task");
  int count = 0;
  for (struct dirent *entry; folder && (entry = readdir(folder)) != NULL;) count += entry->d_name[0] != '.';
  if (folder) closedir(folder);
  return count;
}

static hypr_session *create(int threads) {
  hypr_options *options = NULL;
  hypr_session *session = NULL;
  if (hypr_options_create(&options, NULL, 0) == HYPR_OK && hypr_options_set(options, HYPR_OPTION_LEARNING, 1) == HYPR_OK &&
      hypr_options_set(options, HYPR_OPTION_THREADS, threads) == HYPR_OK) {
    hypr_session_create(model, options, &session, NULL, 0);
  }
  hypr_options_free(options);
  return session;
}

/* Beside the one of its parent, which has none here; and a grandchild has both and no thread. */
static int create_one(hypr_session *parents) {
  if (count_threads() != 1) return 1;
  hypr_session *own = create(3);
  if (!own || count_threads() != 3) return 2;
  if (learn(own) || learn(parents)) return 3;
  pid_t child = fork();
  if (child == 0) {
    alarm(PATIENCE);
    int failed = count_threads() != 1 || learn(own) || learn(parents);
    hypr_session_free(own);
    hypr_session_free(parents);
    _exit(failed);
  }
  int status;
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0) return 4;
  if (learn(own)) return 5;
  hypr_session_free(own);
  hypr_session_free(parents);
  /* A joined thread may be seen for a moment longer. */
  for (int i = 0; i < 1000 && count_threads() > 1; i++) usleep(1000);
  return count_threads() == 1 ? 0 : 6;
}

static void a_child_may_have_threads_of_its_own(void **state) {
  (void)state;
  hypr_session *session = learner(2, HYPR_UPDATE_WINDOW);
  assert_int_equal(learn(session), 0);
  in_child(create_one, session);
  assert_int_equal(learn(session), 0);
  hypr_session_free(session);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_child_goes_on_with_the_same_bits),
      cmocka_unit_test(a_child_may_have_threads_of_its_own),
  };
  return cmocka_run_group_tests_name("fork", tests, set_up, tear_down);
}
