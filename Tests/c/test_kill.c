/* A process that learns is killed; another one goes on from the state that it had saved, bit for bit as if it had never
 * stopped: for every neuron model, every optimizer and every kind of credit.
 *
 * Both processes are this program again: `test_kill die|come_back MODEL OPTIMIZER CREDIT`. */
#define _POSIX_C_SOURCE 200809L

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

/* State is saved in the middle of a window, after updates, and with some still to come; so is the process killed. */
enum { WINDOW = 10, SAVED = 34, KILLED = 57, STEPS = 75 };

static const char state_file[] = "kill.state";
static const char *program;

/* A session with the stream that it learns from. */
typedef struct {
  hypr_model *model;
  hypr_session *session;
  float *samples;
  int32_t *labels;
} stream;

static stream open_stream(const char *name, int optimizer, int credit) {
  static const double rates[] = {[HYPR_OPTIMIZER_SGD] = 3,
                                 [HYPR_OPTIMIZER_MOMENTUM] = 1,
                                 [HYPR_OPTIMIZER_ADAM] = 0.01,
                                 [HYPR_OPTIMIZER_ADAMW] = 0.01};
  stream opened;
  opened.model = load_model(name);
  opened.session = make_session(
      opened.model, SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, WINDOW}, {HYPR_OPTION_OPTIMIZER, optimizer},
                             {HYPR_OPTION_CREDIT, credit}, {HYPR_OPTION_LEARNING_RATE, rates[optimizer]},
                             {HYPR_OPTION_WEIGHT_DECAY, 0.01}, {HYPR_OPTION_SCHEDULE, HYPR_SCHEDULE_COSINE},
                             {HYPR_OPTION_SCHEDULE_UPDATES, 50}));
  opened.samples = random_samples(STEPS * hypr_model_input_size(opened.model), 21);
  opened.labels = random_labels(STEPS, hypr_model_output_size(opened.model), 22);
  return opened;
}

static void close_stream(stream *opened) {
  free(opened->labels);
  free(opened->samples);
  hypr_session_free(opened->session);
  hypr_model_free(opened->model);
}

static void go_on(const stream *with, size_t from, size_t to, float *outputs) {
  step_and_teach(with->session, with->model, with->samples + from * hypr_model_input_size(with->model),
                 with->labels + from, to - from, outputs);
}

/* The outputs from SAVED on, and the parameters after the last window was closed: all that a continuation can get
 * wrong. */
static float *end_of(const stream *with, size_t *count) {
  size_t outputs = (STEPS - SAVED) * hypr_model_output_size(with->model), parameters = parameter_count(with->session);
  float *end = malloc((outputs + parameters) * sizeof *end);
  go_on(with, SAVED, STEPS, end);
  assert_ok(hypr_session_reset(with->session));
  assert_ok(hypr_session_get_parameters(with->session, end + outputs, parameters));
  *count = outputs + parameters;
  return end;
}

/* ---- The two processes. They answer on standard output. */

static void die(const stream *with) {
  go_on(with, 0, SAVED, NULL);
  size_t size;
  assert_ok(hypr_session_state_size(with->session, &size));
  char *saved = malloc(size);
  assert_ok(hypr_session_save_state(with->session, saved, size));
  FILE *file = fopen(state_file, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(saved, 1, size, file), size);
  assert_int_equal(fclose(file), 0);
  free(saved);
  go_on(with, SAVED, KILLED, NULL);
  assert_int_equal(write(STDOUT_FILENO, "!", 1), 1);
  alarm(60); /* whatever becomes of the parent */
  for (;;) go_on(with, 0, STEPS, NULL);
}

static void come_back(const stream *with) {
  size_t size, count;
  char *saved = read_file(state_file, &size);
  assert_ok(hypr_session_load_state(with->session, saved, size));
  free(saved);
  float *end = end_of(with, &count);
  assert_int_equal(fwrite(end, sizeof *end, count, stdout), count);
  assert_int_equal(fflush(stdout), 0);
  free(end);
}

/* Starts one of them. */
static pid_t start(const char *role, const char *name, int optimizer, int credit, FILE **answer) {
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    char numbers[2][12];
    snprintf(numbers[0], sizeof numbers[0], "%d", optimizer);
    snprintf(numbers[1], sizeof numbers[1], "%d", credit);
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    execl(program, program, role, name, numbers[0], numbers[1], (char *)NULL);
    _exit(127);
  }
  close(ends[1]);
  *answer = fdopen(ends[0], "rb");
  assert_non_null(*answer);
  return child;
}

/* ---- The test */

static double spike_rate(const hypr_session *session) {
  float rate;
  hypr_statistics statistics = {.struct_size = sizeof statistics, .spike_rates = &rate, .spike_rate_count = 1};
  assert_ok(hypr_session_statistics(session, &statistics));
  return rate;
}

/* The end of a stream that never stops. Before and after the state would be saved, neurons spike and every tensor
 * learns. */
static float *expected_end(const char *name, int optimizer, int credit, size_t *count) {
  stream whole = open_stream(name, optimizer, credit);
  float *first = parameters_of(whole.session);
  go_on(&whole, 0, SAVED, NULL);
  double rate = spike_rate(whole.session);
  float *middle = parameters_of(whole.session);
  assert_ok(hypr_session_clear_statistics(whole.session));
  float *end = end_of(&whole, count);
  if (layer_spikes(whole.model, 0)) assert_true(rate > 0.001 && rate < 0.9 && spike_rate(whole.session) > 0.001);
  const float *last = end + *count - parameter_count(whole.session);
  hypr_tensor_info tensor = {.struct_size = sizeof tensor};
  for (size_t i = 0; hypr_session_tensor_info(whole.session, i, &tensor) == HYPR_OK; i++) {
    size_t bytes = tensor.size * sizeof *last, at = tensor.offset;
    if (!tensor.trainable) continue;
    if (memcmp(first + at, middle + at, bytes) == 0 || memcmp(middle + at, last + at, bytes) == 0) {
      fail_msg("%s does not learn", tensor.name);
    }
  }
  free(first);
  free(middle);
  close_stream(&whole);
  return end;
}

static void assert_continues(const char *name, int optimizer, int credit) {
  size_t count;
  float *expected = expected_end(name, optimizer, credit, &count), *end = malloc((count + 1) * sizeof *end);
  FILE *answer;
  int status;

  remove(state_file);
  pid_t child = start("die", name, optimizer, credit, &answer);
  int said = fgetc(answer);
  kill(child, SIGKILL);
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(said, '!');
  assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  fclose(answer);

  child = start("come_back", name, optimizer, credit, &answer);
  size_t got = fread(end, sizeof *end, count + 1, answer);
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  fclose(answer);
  assert_int_equal(got, count);
  assert_same_bits(end, expected, count);
  free(expected);
  free(end);
}

static void a_killed_session_goes_on_bit_for_bit(void **state) {
  const char *name = *state;
  for (int optimizer = HYPR_OPTIMIZER_SGD; optimizer <= HYPR_OPTIMIZER_ADAMW; optimizer++) {
    for (int credit = HYPR_CREDIT_SPATIAL; credit <= HYPR_CREDIT_FILTERED; credit++) {
      assert_continues(name, optimizer, credit);
    }
  }
}

static int tear_down(void **state) {
  (void)state;
  return remove(state_file);
}

int main(int count, char **arguments) {
  program = arguments[0];
  if (count == 5) {
    stream with = open_stream(arguments[2], atoi(arguments[3]), atoi(arguments[4]));
    if (strcmp(arguments[1], "die") == 0) die(&with);
    come_back(&with);
    close_stream(&with);
    return 0;
  }
  const char *const *names = model_names("neurons/");
  size_t neurons = hypr_neuron_count();
  struct CMUnitTest *tests = malloc(neurons * sizeof *tests);
  for (size_t i = 0; i < neurons; i++) {
    if (!names[i]) return fprintf(stderr, "test_kill: not every neuron model of the library has a test model\n"), 1;
    tests[i] = (struct CMUnitTest){names[i], a_killed_session_goes_on_bit_for_bit, NULL, NULL, (void *)names[i]};
  }
  int failed = _cmocka_run_group_tests("kill", tests, neurons, NULL, tear_down);
  free(tests);
  return failed;
}
