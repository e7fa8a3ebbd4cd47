/* Measures the time of one step at the C ABI, for inference and for learning with windows of 1, 10 and 100 steps.
 *
 *   bench MODELS      MODELS: the folder with <neuron>-<inputs>-<neurons>-<outputs>.hypr
 *
 * Learning means: a target at every step, and an update by Adam after every window. Fresh networks are nearly silent, which would
 * flatter the numbers: their input weights are scaled until enough neurons spike. Each number is the median of several runs, one
 * after the other on one core; the runs of a net take turns, so that a slow moment of the machine hits them all. */
#define _POSIX_C_SOURCE 200809L

#include <hypr.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RUNS = 7, PERIOD = 512, MODES = 4 };

static const double seconds_per_run = 0.05, wanted_spike_rate = 0.08;

/* Inputs that are not zero at `density` of the places: 1, or as `kind` says. */
typedef enum { BINARY, SIGNED, ANALOG } input_kind;

static const struct {
  const char *net;
  input_kind kind;
  double density;
  const char *inputs;
} cases[] = {
    {"4-36-6", SIGNED, 0.08, "8 % in {-1, 1}"},
    {"700-128-20", BINARY, 0.03, "3 % in {1}"},
    {"1-256-10", ANALOG, 1, "all in [0, 1]"},
    {"64-512-10", BINARY, 0.05, "5 % in {1}"},
};
static const char *const neurons[] = {"brf", "se_adlif"};
static const int windows[MODES] = {0, 1, 10, 100}; /* 0: inference */

static void check(hypr_status status, const char *what) {
  if (status == HYPR_OK) return;
  fprintf(stderr, "bench: %s: %s\n", what, hypr_status_name(status));
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static double uniform(void) {
  static uint32_t state = 1;
  state = state * 1664525u + 1013904223u;
  return (state >> 8) / (double)(1 << 24);
}

static float sample(input_kind kind, double density) {
  if (uniform() >= density) return 0;
  if (kind == ANALOG) return (float)uniform();
  return kind == SIGNED && uniform() < 0.5 ? -1 : 1;
}

static hypr_session *make_session(const hypr_model *model, int window) {
  hypr_options *options;
  hypr_session *session;
  check(hypr_options_create(&options), "options");
  if (window > 0) {
    check(hypr_options_set(options, HYPR_OPTION_LEARNING, 1), "learning");
    check(hypr_options_set(options, HYPR_OPTION_WINDOW, window), "window");
    check(hypr_options_set(options, HYPR_OPTION_LEARNING_RATE, 0), "learning rate"); /* the spike rate stays */
  }
  check(hypr_session_create(model, options, &session), "session");
  hypr_options_free(options);
  return session;
}

/* Seconds for `steps` steps. */
static double run(hypr_session *session, const hypr_model *model, const float *inputs, int learning, long steps) {
  float output[64];
  size_t input_size = hypr_model_input_size(model), output_size = hypr_model_output_size(model);
  double start = now();
  for (long i = 0; i < steps; i++) {
    const float *input = inputs + (size_t)(i % PERIOD) * input_size;
    check(hypr_session_step(session, input, input_size, output, output_size), "step");
    if (learning) check(hypr_session_teach_class(session, (uint32_t)((size_t)i % output_size)), "teach");
  }
  return now() - start;
}

static int ascending(const void *one, const void *other) {
  double a = *(const double *)one, b = *(const double *)other;
  return (a > b) - (a < b);
}

static float spike_rate(const hypr_session *session) {
  float rate;
  hypr_statistics statistics = {.struct_size = sizeof statistics, .spike_rates = &rate, .spike_rate_count = 1};
  check(hypr_session_statistics(session, &statistics), "statistics");
  return rate;
}

/* Parameters with which enough neurons spike, to be freed: the model's own with larger input weights. */
static float *lively_parameters(const hypr_model *model, const float *inputs) {
  hypr_session *session = make_session(model, 0);
  size_t count = hypr_model_parameter_count(model);
  hypr_tensor_info weight = {.struct_size = sizeof weight};
  check(hypr_session_tensor_info(session, 0, &weight), "layer0.input_weight");
  float *flat = malloc(count * sizeof *flat);
  check(hypr_session_get_parameters(session, flat, count), "parameters");
  for (int attempt = 0; attempt < 100; attempt++) {
    check(hypr_session_reset(session), "reset");
    check(hypr_session_clear_statistics(session), "clear");
    check(hypr_session_run(session, inputs, PERIOD, NULL), "run");
    if (spike_rate(session) >= wanted_spike_rate) break;
    for (size_t i = 0; i < weight.size; i++) flat[weight.offset + i] *= 1.2f;
    check(hypr_session_set_parameters(session, flat, count), "parameters");
  }
  hypr_session_free(session);
  return flat;
}

/* One line of the table: a net and its inputs. */
static void measure(const char *folder, const char *neuron, int which) {
  char path[4096];
  hypr_model *model;
  snprintf(path, sizeof path, "%s/%s-%s.hypr", folder, neuron, cases[which].net);
  check(hypr_model_load(path, &model), path);
  size_t count = PERIOD * hypr_model_input_size(model);
  float *inputs = malloc(count * sizeof *inputs);
  for (size_t i = 0; i < count; i++) inputs[i] = sample(cases[which].kind, cases[which].density);

  hypr_session *sessions[MODES];
  double times[MODES][RUNS];
  long steps[MODES];
  float *parameters = lively_parameters(model, inputs);
  for (int mode = 0; mode < MODES; mode++) {
    sessions[mode] = make_session(model, windows[mode]);
    check(hypr_session_set_parameters(sessions[mode], parameters, hypr_model_parameter_count(model)), "parameters");
    double warm_up = run(sessions[mode], model, inputs, mode > 0, PERIOD);
    steps[mode] = 1 + (long)(seconds_per_run * PERIOD / warm_up);
  }
  for (int turn = 0; turn < RUNS; turn++) {
    for (int mode = 0; mode < MODES; mode++) {
      times[mode][turn] = run(sessions[mode], model, inputs, mode > 0, steps[mode]) / (double)steps[mode];
    }
  }
  printf("%-9s%-12s%-16s%5.1f %%", neuron, cases[which].net, cases[which].inputs, 100 * spike_rate(sessions[0]));
  for (int mode = 0; mode < MODES; mode++) {
    qsort(times[mode], RUNS, sizeof(double), ascending);
    printf("%9.2f", 1e6 * times[mode][RUNS / 2]);
    if (mode > 0) printf(" %4.1fx", times[mode][RUNS / 2] / times[0][RUNS / 2]);
    hypr_session_free(sessions[mode]);
  }
  printf("\n");
  fflush(stdout);
  free(parameters);
  free(inputs);
  hypr_model_free(model);
}

int main(int count, char **arguments) {
  if (count != 2) {
    fprintf(stderr, "usage: bench MODELS\n");
    return 1;
  }
  printf("hypr %s: microseconds per step, one thread (median of %d runs), and how many times that of inference\n\n",
         hypr_version_string(), RUNS);
  printf("neuron   net         inputs          spikes  inference    learning, window 1      window 10      window 100\n");
  for (size_t neuron = 0; neuron < sizeof neurons / sizeof *neurons; neuron++) {
    for (size_t which = 0; which < sizeof cases / sizeof *cases; which++) {
      measure(arguments[1], neurons[neuron], (int)which);
    }
  }
  return 0;
}
