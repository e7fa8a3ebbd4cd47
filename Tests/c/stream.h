/* The fixture of tests that run and teach a stream: the two-layer model, samples and labels. */
#ifndef STREAM_H
#define STREAM_H

#include "support.h"

enum { STREAM_STEPS = 120, INPUTS = 9, CLASSES = 3, WINDOW = 25 };

static hypr_model *model;
static float *samples;
static int32_t *labels;

static int set_up(void **state) {
  (void)state;
  model = load_model(TWO_LAYERS);
  samples = random_samples(STREAM_STEPS * INPUTS, 11);
  labels = random_labels(STREAM_STEPS, CLASSES, 12);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  free(labels);
  free(samples);
  hypr_model_free(model);
  return 0;
}

#endif
