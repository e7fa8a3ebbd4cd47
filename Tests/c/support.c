#define _POSIX_C_SOURCE 200809L

#include "support.h"

#include <dirent.h>
#include <stdio.h>

const char *model_path(int which) {
  static const char *const names[MODEL_COUNT] = {"brf", "se_adlif", "two_layers", "feed_forward", "gated", "sparse"};
  static char path[4096];
  const char *folder = getenv("HYPR_TEST_MODELS");
  assert_non_null(folder);
  snprintf(path, sizeof path, "%s/%s.hypr", folder, names[which]);
  return path;
}

hypr_model *load_model(int which) {
  hypr_model *model = NULL;
  char message[512];
  if (hypr_model_load_file_diagnosed(model_path(which), &model, message, sizeof message) != HYPR_OK) {
    fail_msg("%s: %s", model_path(which), message);
  }
  return model;
}

hypr_model *load_one_layer(const char *neuron) {
  const char *folder = getenv("HYPR_TEST_MODELS");
  assert_non_null(folder);
  DIR *files = opendir(folder);
  assert_non_null(files);
  hypr_model *smallest = NULL;
  for (struct dirent *file; (file = readdir(files));) {
    char path[4096];
    hypr_model *model;
    if (!strstr(file->d_name, ".hypr")) continue;
    snprintf(path, sizeof path, "%s/%s", folder, file->d_name);
    assert_ok(hypr_model_load(path, &model));
    if (hypr_model_layer_count(model) == 1 && strcmp(hypr_model_layer_neuron(model, 0), neuron) == 0 &&
        (!smallest || hypr_model_parameter_count(model) < hypr_model_parameter_count(smallest))) {
      hypr_model *other = smallest;
      smallest = model;
      model = other;
    }
    hypr_model_free(model);
  }
  closedir(files);
  if (!smallest) fail_msg("%s has no model with one layer of %s", folder, neuron);
  return smallest;
}

void *read_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  fseek(file, 0, SEEK_END);
  *size = (size_t)ftell(file);
  rewind(file);
  void *bytes = malloc(*size);
  assert_int_equal(fread(bytes, 1, *size, file), *size);
  fclose(file);
  return bytes;
}

hypr_options *make_options(const setting *settings) {
  hypr_options *options;
  assert_ok(hypr_options_create(&options));
  for (const setting *one = settings; one->key != 0; one++) assert_ok(hypr_options_set(options, one->key, one->value));
  return options;
}

hypr_session *make_session(const hypr_model *model, const setting *settings) {
  hypr_options *options = settings ? make_options(settings) : NULL;
  hypr_session *session;
  assert_ok(hypr_session_create(model, options, &session));
  hypr_options_free(options);
  return session;
}

static uint32_t next_random(uint32_t *state) {
  *state = *state * 1664525u + 1013904223u;
  return *state >> 8;
}

float *random_samples(size_t count, uint32_t seed) {
  float *samples = malloc(count * sizeof *samples);
  for (size_t i = 0; i < count; i++) {
    int silent = next_random(&seed) % 3 != 0;
    float value = (float)next_random(&seed) / (1 << 23) - 1;
    samples[i] = silent ? 0 : value;
  }
  return samples;
}

int32_t *random_labels(size_t count, size_t classes, uint32_t seed) {
  int32_t *labels = malloc(count * sizeof *labels);
  for (size_t i = 0; i < count; i++) {
    labels[i] = next_random(&seed) % 3 == 0 ? -1 : (int32_t)(next_random(&seed) % classes);
  }
  return labels;
}

size_t parameter_count(const hypr_session *session) {
  hypr_tensor_info last = {.struct_size = sizeof last};
  assert_ok(hypr_session_tensor_info(session, hypr_session_tensor_count(session) - 1, &last));
  return last.offset + last.size;
}

float *parameters_of(const hypr_session *session) {
  size_t count = parameter_count(session);
  float *flat = malloc(count * sizeof *flat);
  assert_ok(hypr_session_get_parameters(session, flat, count));
  return flat;
}

float *gradients_of(const hypr_session *session) {
  size_t count = parameter_count(session);
  float *flat = malloc(count * sizeof *flat);
  assert_ok(hypr_session_get_gradients(session, flat, count));
  return flat;
}

int same_parameters(const hypr_session *one, const hypr_session *other) {
  float *a = parameters_of(one), *b = parameters_of(other);
  int same = memcmp(a, b, parameter_count(one) * sizeof *a) == 0;
  free(a);
  free(b);
  return same;
}

hypr_statistics statistics_of(const hypr_session *session) {
  hypr_statistics statistics = {.struct_size = sizeof statistics};
  assert_ok(hypr_session_statistics(session, &statistics));
  return statistics;
}

void step_and_teach(hypr_session *session, const hypr_model *model, const float *samples, const int32_t *labels,
                    size_t steps, float *outputs) {
  size_t inputs = hypr_model_input_size(model), classes = hypr_model_output_size(model);
  for (size_t i = 0; i < steps; i++) {
    float *output = outputs ? outputs + i * classes : NULL;
    assert_ok(hypr_session_step(session, samples + i * inputs, inputs, output, outputs ? classes : 0));
    if (labels && labels[i] >= 0) assert_ok(hypr_session_teach_class(session, (uint32_t)labels[i]));
  }
}
