/* Gives a model exemplars of every kind: dense and sparse ones, with classes and with values, from the middle of a stream and from
 * its beginning.
 *
 *   exemplars MODEL OUT */
#include <hypr.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { STEPS = 6 };

static hypr_builder *builder;

static void check(hypr_status status) {
  if (!status) return;
  fprintf(stderr, "exemplars: %s\n", hypr_builder_message(builder));
  exit(1);
}

int main(int count, char **arguments) {
  hypr_model *model;
  char why[256];
  size_t bytes;
  if (count != 3) return 2;
  if (hypr_model_load(arguments[1], &model, why, sizeof why)) return fprintf(stderr, "exemplars: %s\n", why), 1;
  size_t channels = hypr_model_input_size(model), outputs = hypr_model_output_size(model);
  check(hypr_builder_create_from(model, &builder, why, sizeof why));
  float *dense = calloc(STEPS * channels, sizeof *dense), *sparse = calloc(STEPS * channels, sizeof *sparse);
  float *values = calloc(STEPS * outputs, sizeof *values);
  int32_t labels[STEPS] = {-1, 0, 0, 1, 1, 1};
  for (size_t i = 0; i < STEPS * channels; i++) {
    dense[i] = sinf((float)i);
    sparse[i] = i % 7 == 0;
  }
  for (size_t i = 0; i < STEPS * outputs; i++) values[i] = i < outputs ? NAN : (float)i / 8;
  check(hypr_builder_add_exemplar(builder, dense, STEPS, labels, NULL, 0));
  check(hypr_builder_add_exemplar(builder, sparse, STEPS, labels, NULL, 1));
  check(hypr_builder_add_exemplar(builder, dense, STEPS, NULL, values, 1));
  check(hypr_builder_build(builder, 0, &bytes));
  check(hypr_builder_save_file(builder, arguments[2]));
  free(values);
  free(sparse);
  free(dense);
  hypr_builder_free(builder);
  hypr_model_free(model);
  return 0;
}
