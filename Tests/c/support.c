#define _POSIX_C_SOURCE 200809L
#include "support.h"

#include <dirent.h>
#include <glob.h>
#include <stdio.h>

static const char *models_folder(void) {
  const char *folder = getenv("HYPR_TEST_MODELS");
  assert_non_null(folder);
  return folder;
}

const char *model_path(const char *name) {
  static char path[4096];
  snprintf(path, sizeof path, "%s/%s.hypr", models_folder(), name);
  return path;
}

const char *const *model_names(const char *part) {
  static glob_t found;
  char pattern[4096];
  snprintf(pattern, sizeof pattern, "%s/%s*.hypr", models_folder(), part);
  globfree(&found);
  assert_int_equal(glob(pattern, 0, NULL, &found), 0);
  for (size_t i = 0; i < found.gl_pathc; i++) {
    char *name = found.gl_pathv[i] + strlen(models_folder()) + 1;
    name[strlen(name) - strlen(".hypr")] = 0;
    memmove(found.gl_pathv[i], name, strlen(name) + 1);
  }
  return (const char *const *)found.gl_pathv;
}

hypr_model *load_model(const char *name) {
  hypr_model *model = NULL;
  char message[512];
  if (hypr_model_load(model_path(name), &model, message, sizeof message) != HYPR_OK) {
    fail_msg("%s: %s", model_path(name), message);
  }
  return model;
}

int files_in(const char *folder) {
  DIR *open = opendir(folder);
  assert_non_null(open);
  int count = -2; /* itself and the one that it is in */
  while (readdir(open)) count++;
  closedir(open);
  return count;
}

int layer_spikes(const hypr_model *model, size_t layer) {
  size_t index;
  hypr_neuron neuron = {.struct_size = sizeof neuron};
  assert_ok(hypr_neuron_find(hypr_model_layer_neuron(model, layer), &index));
  assert_ok(hypr_neuron_info(index, &neuron));
  return neuron.spiking;
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
  assert_ok(hypr_options_create(&options, NULL, 0));
  for (const setting *one = settings; one->key != 0; one++) assert_ok(hypr_options_set(options, one->key, one->value));
  return options;
}

hypr_session *make_session(const hypr_model *model, const setting *settings) {
  hypr_options *options = settings ? make_options(settings) : NULL;
  hypr_session *session;
  assert_ok(hypr_session_create(model, options, &session, NULL, 0));
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
