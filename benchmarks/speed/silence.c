/* Steps in activity and after a minute of silence, of a network of every neuron model that the library has. */
#include "silence.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "machine.h"
#include "networks.h"

enum { INPUTS = 4, NEURONS = 128, OUTPUTS = 6, STEPS = 1000, TURNS = 9, SILENCE = 60000 };

static float samples[STEPS * INPUTS], zeros[STEPS * INPUTS];

/* What the neuron model does not draw itself has its default. */
static hypr_model *make_model(const hypr_neuron *neuron, size_t number) {
  hypr_builder *builder;
  hypr_model *model;
  size_t size;
  char name[64];
  check(hypr_builder_create(INPUTS, &builder, NULL, 0), "builder");
  check(hypr_builder_add_layer(builder, neuron->name, NEURONS, NULL), neuron->name);
  check(hypr_builder_set_readout(builder, OUTPUTS, -1, 0), "readout");
  for (size_t i = 0; i < neuron->parameter_count; i++) {
    hypr_quantity quantity = {.struct_size = sizeof quantity};
    check(hypr_neuron_parameter(number, i, &quantity), neuron->name);
    if (quantity.distribution != HYPR_DISTRIBUTION_NONE) continue;
    snprintf(name, sizeof name, "layer0.%s", quantity.name);
    check(hypr_builder_draw_tensor(builder, name, quantity.default_value, quantity.default_value), name);
  }
  check(hypr_builder_build(builder, 0, &size), neuron->name);
  void *file = malloc(size);
  check(file ? hypr_builder_copy_file(builder, file, size) : HYPR_ERROR_OUT_OF_MEMORY, neuron->name);
  check(hypr_model_load_buffer(file, size, &model, NULL, 0), neuron->name);
  free(file);
  hypr_builder_free(builder);
  return model;
}

/* Random samples, scaled until the layer's mean output is 0.05, or as large as it becomes. */
static void make_samples(hypr_session *session) {
  float outputs[NEURONS];
  double best = -1, best_scale = 1;
  for (double scale = 1; scale <= 1 << 16 && best < 0.05; scale *= 2) {
    uint32_t state = 1;
    double sum = 0;
    for (size_t i = 0; i < STEPS * INPUTS; i++) {
      state = state * 1664525u + 1013904223u;
      samples[i] = (float)(scale * ((double)(state >> 8) / (1 << 23) - 1));
    }
    check(hypr_session_reset(session), "reset");
    for (size_t i = 0; i < STEPS; i++) {
      if (hypr_session_run(session, samples + i * INPUTS, 1, NULL) != HYPR_OK) break;
      check(hypr_session_get_spikes(session, 0, outputs, NEURONS), "spikes");
      for (size_t k = 0; k < NEURONS; k++) sum += fabs(outputs[k]) / STEPS / NEURONS;
    }
    if (sum > best) best = sum, best_scale = scale;
  }
  uint32_t state = 1;
  for (size_t i = 0; i < STEPS * INPUTS; i++) {
    state = state * 1664525u + 1013904223u;
    samples[i] = (float)(best_scale * ((double)(state >> 8) / (1 << 23) - 1));
  }
  check(hypr_session_reset(session), "reset");
}

/* STEPS steps; with a target each if the session learns. */
static void run(hypr_session *session, const float *inputs, int learns) {
  for (size_t i = 0; i < STEPS; i++) {
    check(hypr_session_step(session, inputs + i * INPUTS, INPUTS, NULL, 0), "step");
    if (learns) check(hypr_session_teach_class(session, (uint32_t)(i % OUTPUTS)), "teach");
  }
}

static int ascending(const void *one, const void *other) {
  double a = *(const double *)one, b = *(const double *)other;
  return (a > b) - (a < b);
}

/* Nanoseconds per step of two sessions, medians of runs in turn: the first hears samples, the other nothing for long. */
static void measure(hypr_session *sessions[2], int learns, double times[2]) {
  double turns[2][TURNS];
  run(sessions[0], samples, learns);
  run(sessions[1], samples, learns);
  for (long done = 0; done < SILENCE; done += STEPS) run(sessions[1], zeros, learns);
  for (int turn = 0; turn < TURNS; turn++) {
    for (int silent = 0; silent < 2; silent++) {
      double start = now();
      for (int i = 0; i < 4; i++) run(sessions[silent], silent ? zeros : samples, learns);
      turns[silent][turn] = (now() - start) / (4 * STEPS);
    }
  }
  for (int silent = 0; silent < 2; silent++) {
    qsort(turns[silent], TURNS, sizeof(double), ascending);
    times[silent] = 1e9 * turns[silent][TURNS / 2];
  }
}

void print_silence(void) {
  printf("\nNanoseconds per step in activity and after a minute of silence (%d steps of zeros), %d-%d-%d, single calls;\n"
         "learning for windows of 100 with a target at every step.\n\n", SILENCE, INPUTS, NEURONS, OUTPUTS);
  printf("                    inference                    learning\n");
  printf("neuron              active  silence  ratio       active  silence  ratio\n");
  for (size_t number = 0; number < hypr_neuron_count(); number++) {
    hypr_neuron neuron = {.struct_size = sizeof neuron};
    check(hypr_neuron_info(number, &neuron), "neuron");
    network network = {.neuron = neuron.name, .model = make_model(&neuron, number)};
    printf("%-18s", neuron.name);
    for (int learns = 0; learns < 2; learns++) {
      double times[2];
      hypr_session *sessions[2];
      for (int i = 0; i < 2; i++) sessions[i] = network_session(&network, learns ? 100 : -1);
      if (!learns) make_samples(sessions[0]);
      measure(sessions, learns, times);
      printf("%s%8.0f%9.0f%7.2f", learns ? "     " : "", times[0], times[1], times[1] / times[0]);
      for (int i = 0; i < 2; i++) hypr_session_free(sessions[i]);
    }
    printf("\n");
    fflush(stdout);
    hypr_model_free(network.model);
  }
}
