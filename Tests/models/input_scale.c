/* Prints the input scale with which a network of one layer answers to its input: `input_scale MODEL`.
 *
 * Of the powers of two from 1 on it is the first with which the outputs of the layer, spikes or not, have a mean magnitude of at
 * least 0.1 over random samples: then a tenth of the neurons spikes at a step. Some networks never do that: then three quarters of
 * the largest magnitude is enough. Exit 1, with a message, if that one is less than 0.01. */
#include <hypr.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { STEPS = 100, EXPONENTS = 21 };
static const double WANTED = 0.1, LEAST = 0.01;

static void check(hypr_status status, const char *what) {
  if (status == HYPR_OK) return;
  fprintf(stderr, "input_scale: %s: %s\n", what, hypr_status_name(status));
  exit(1);
}

/* -1 to 1, two of three are 0, as the tests have them. */
static float sample(uint32_t *state) {
  uint32_t numbers[2];
  for (int i = 0; i < 2; i++) numbers[i] = (*state = *state * 1664525u + 1013904223u) >> 8;
  return numbers[0] % 3 != 0 ? 0 : (float)numbers[1] / (1 << 23) - 1;
}

/* 0 with inputs that are too large for the network. */
static double mean_output(hypr_session *session, size_t inputs, size_t neurons, double scale) {
  float *input = malloc(inputs * sizeof *input), *outputs = malloc(neurons * sizeof *outputs);
  uint32_t state = 1;
  double sum = 0;
  if (!input || !outputs) check(HYPR_ERROR_OUT_OF_MEMORY, "memory");
  check(hypr_session_reset(session), "reset");
  for (int step = 0; step < STEPS; step++) {
    for (size_t i = 0; i < inputs; i++) input[i] = (float)(scale * sample(&state));
    hypr_status status = hypr_session_run(session, input, 1, NULL);
    if (status == HYPR_ERROR_NOT_FINITE) {
      sum = 0;
      break;
    }
    check(status, "step");
    check(hypr_session_get_spikes(session, 0, outputs, neurons), "spikes");
    for (size_t i = 0; i < neurons; i++) sum += fabs(outputs[i]);
  }
  free(input);
  free(outputs);
  return sum / STEPS / (double)neurons;
}

int main(int count, char **arguments) {
  hypr_model *model;
  hypr_session *session;
  if (count != 2) {
    fprintf(stderr, "usage: input_scale MODEL\n");
    return 2;
  }
  check(hypr_model_load(arguments[1], &model, NULL, 0), arguments[1]);
  check(hypr_session_create(model, NULL, &session, NULL, 0), "session");
  size_t inputs = hypr_model_input_size(model), neurons = hypr_model_layer_size(model, 0);
  double means[EXPONENTS], largest = 0;
  for (int exponent = 0; exponent < EXPONENTS; exponent++) {
    means[exponent] = mean_output(session, inputs, neurons, ldexp(1, exponent));
    largest = fmax(largest, means[exponent]);
  }
  hypr_session_free(session);
  hypr_model_free(model);
  if (largest < LEAST) {
    fprintf(stderr, "input_scale: %s is nearly silent whatever the scale of its input\n", arguments[1]);
    return 1;
  }
  int exponent = 0;
  while (means[exponent] < fmin(WANTED, 0.75 * largest)) exponent++;
  printf("%g\n", ldexp(1, exponent));
  return 0;
}
