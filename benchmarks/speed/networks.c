#define _POSIX_C_SOURCE 200809L
#include "networks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum { BINARY, SIGNED, ANALOG } input_kind;

static const struct {
  const char *net;
  long steps;
  input_kind kind;
  double density;
  const char *text;
} sizes[] = {
    {"4-36-6", 1300, SIGNED, 0.08, "8 % in {-1, 1}"},
    {"700-128-20", 250, BINARY, 0.03, "3 % in {1}"},
    {"1-256-10", 784, ANALOG, 1, "all in [0, 1]"},
    {"64-512-10", 1000, BINARY, 0.05, "5 % in {1}"},
};
static const char *const neurons[] = {"brf", "se_adlif"};

enum { SIZES = sizeof sizes / sizeof *sizes };

void check(hypr_status status, const char *what) {
  if (status == HYPR_OK) return;
  fprintf(stderr, "bench: %s: %s\n", what, hypr_status_name(status));
  exit(1);
}

static void *allocate(size_t size) {
  void *memory = malloc(size);
  if (!memory) check(HYPR_ERROR_OUT_OF_MEMORY, "memory");
  return memory;
}

static double uniform(uint32_t *state) {
  *state = *state * 1664525u + 1013904223u;
  return (*state >> 8) / (double)(1 << 24);
}

static float sample(uint32_t *state, input_kind kind, double density) {
  if (uniform(state) >= density) return 0;
  if (kind == ANALOG) return (float)uniform(state);
  return kind == SIGNED && uniform(state) < 0.5 ? -1 : 1;
}

const char *network_name(int index) {
  static char name[64];
  snprintf(name, sizeof name, "%s/%s", neurons[index / SIZES], sizes[index % SIZES].net);
  return name;
}

static hypr_session *session_of(const network *network, int window, int deferred, double rehearsal_bytes) {
  hypr_options *options;
  hypr_session *session;
  check(hypr_options_create(&options, NULL, 0), "options");
  if (window >= 0) {
    check(hypr_options_set(options, HYPR_OPTION_LEARNING, 1), "learning");
    check(hypr_options_set(options, HYPR_OPTION_WINDOW, window), "window");
    check(hypr_options_set(options, HYPR_OPTION_LEARNING_RATE, 0), "learning rate");
    check(hypr_options_set(options, HYPR_OPTION_DEFERRED, deferred), "deferred");
    check(hypr_options_set(options, HYPR_OPTION_REHEARSAL_BYTES, rehearsal_bytes), "rehearsal");
  }
  check(hypr_session_create(network->model, options, &session, NULL, 0), "session");
  hypr_options_free(options);
  return session;
}

hypr_session *network_session(const network *network, int window) { return session_of(network, window, 0, 0); }

hypr_session *network_deferred(const network *network, int window) { return session_of(network, window, 1, 0); }

hypr_session *network_rehearsing(const network *network, int window) {
  hypr_session *session = session_of(network, window, 0, 1 << 24);
  double stretch;
  check(hypr_session_get_option(session, HYPR_OPTION_REHEARSAL_STRETCH, &stretch), "stretch");
  size_t steps = (size_t)stretch < (size_t)network->steps ? (size_t)stretch : (size_t)network->steps;
  int32_t *labels = allocate(steps * sizeof *labels);
  for (size_t label = 0; label < network->output_size; label++) {
    for (size_t i = 0; i < steps; i++) labels[i] = (int32_t)label;
    check(hypr_session_rehearsal_add(session, network->inputs, steps, labels, NULL, 0), "stretch");
  }
  free(labels);
  return session;
}

static double measured_spike_rate(const network *network, hypr_session *session) {
  float rate;
  hypr_statistics statistics = {.struct_size = sizeof statistics, .spike_rates = &rate, .spike_rate_count = 1};
  check(hypr_session_reset(session), "reset");
  check(hypr_session_clear_statistics(session), "clear");
  check(hypr_session_run(session, network->inputs, (size_t)network->steps, NULL), "run");
  check(hypr_session_statistics(session, &statistics), "statistics");
  return rate;
}

/* Scales the input weights up until enough neurons spike, and takes the result as the model. */
static void make_lively(network *network, double wanted) {
  hypr_session *session = network_session(network, -1);
  size_t count = hypr_model_parameter_count(network->model);
  hypr_tensor_info weight = {.struct_size = sizeof weight};
  check(hypr_session_tensor_info(session, 0, &weight), "layer0.input_weight");
  float *flat = allocate(count * sizeof *flat);
  check(hypr_session_get_parameters(session, flat, count), "parameters");
  for (int attempt = 0; attempt < 400; attempt++) {
    network->spike_rate = measured_spike_rate(network, session);
    if (network->spike_rate >= wanted) break;
    for (size_t i = 0; i < weight.size; i++) flat[weight.offset + i] *= 1.05f;
    check(hypr_session_set_parameters(session, flat, count), "parameters");
  }
  free(flat);

  char path[] = "/tmp/hypr-bench-XXXXXX";
  int descriptor = mkstemp(path);
  if (descriptor < 0) check(HYPR_ERROR_IO, path);
  check(hypr_session_save_model(session, path), path);
  hypr_session_free(session);
  hypr_model_free(network->model);
  check(hypr_model_load(path, &network->model, NULL, 0), path);
  remove(path);
}

network network_load(const char *folder, int index, const char *variant, double wanted_spike_rate) {
  int size = index % SIZES;
  network network = {
      .neuron = neurons[index / SIZES], .net = sizes[size].net, .steps = sizes[size].steps, .inputs_text = sizes[size].text};
  char path[4096];
  snprintf(path, sizeof path, "%s/%s-%s%s.hypr", folder, network.neuron, network.net, variant);
  check(hypr_model_load(path, &network.model, NULL, 0), path);
  network.input_size = hypr_model_input_size(network.model);
  network.neurons = hypr_model_layer_size(network.model, 0);
  network.output_size = hypr_model_output_size(network.model);
  size_t count = (size_t)network.steps * network.input_size;
  network.inputs = allocate(count * sizeof *network.inputs);
  network.labels = allocate((size_t)network.steps * sizeof *network.labels);
  uint32_t state = 1;
  for (size_t i = 0; i < count; i++) {
    network.inputs[i] = sample(&state, sizes[size].kind, sizes[size].density);
    network.input_rate += network.inputs[i] != 0 ? 1.0 / (double)count : 0;
  }
  for (long i = 0; i < network.steps; i++) network.labels[i] = (int32_t)((size_t)i % network.output_size);
  make_lively(&network, wanted_spike_rate);
  return network;
}

void network_free(network *network) {
  free(network->inputs);
  free(network->labels);
  hypr_model_free(network->model);
}

static void write_file(const char *folder, const network *network, const char *ending, const void *data, size_t size) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s-%s.%s", folder, network->neuron, network->net, ending);
  FILE *file = fopen(path, "wb");
  if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0) check(HYPR_ERROR_IO, path);
}

void network_save(const network *network, const char *folder) {
  char path[4096];
  hypr_session *session = network_session(network, -1);
  snprintf(path, sizeof path, "%s/%s-%s.hypr", folder, network->neuron, network->net);
  check(hypr_session_save_model(session, path), path);
  hypr_session_free(session);
  size_t steps = (size_t)network->steps;
  write_file(folder, network, "inputs.f32", network->inputs, steps * network->input_size * sizeof *network->inputs);
  write_file(folder, network, "labels.i32", network->labels, steps * sizeof *network->labels);
}
