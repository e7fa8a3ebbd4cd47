/* Exemplars: what a builder takes in, how it stores it, which it keeps, and what a model says of them. */
#include <math.h>
#include <stdio.h>

#include "support.h"

enum { INPUTS = 3, OUTPUTS = 2, STEPS = 40 };

static float samples[STEPS * INPUTS], values[STEPS * OUTPUTS];
static int32_t labels[STEPS];

static int set_up(void **state) {
  (void)state;
  for (size_t i = 0; i < STEPS * INPUTS; i++) samples[i] = sinf((float)i) + (i % INPUTS == 1 ? 9.81f : 0);
  for (size_t i = 0; i < STEPS * OUTPUTS; i++) values[i] = (float)i;
  for (size_t i = 0; i < STEPS; i++) labels[i] = i < 10 ? -1 : i < 25;
  return 0;
}

static hypr_builder *builder_of(size_t inputs, size_t outputs) {
  hypr_builder *builder;
  assert_ok(hypr_builder_create(inputs, &builder, NULL, 0));
  assert_ok(hypr_builder_add_layer(builder, "lif", 4, NULL));
  assert_ok(hypr_builder_set_readout(builder, outputs, -1, 0));
  return builder;
}

/* The file of a builder, loaded; `size`, which may be NULL, is its size. */
static hypr_model *built(hypr_builder *builder, size_t *size) {
  size_t bytes;
  hypr_model *model;
  assert_ok(hypr_builder_build(builder, 3, &bytes));
  void *data = malloc(bytes);
  assert_ok(hypr_builder_copy_file(builder, data, bytes));
  assert_ok(hypr_model_load_buffer(data, bytes, &model, NULL, 0));
  free(data);
  if (size) *size = bytes;
  return model;
}

static hypr_exemplar_info info_of(const hypr_model *model, size_t index) {
  hypr_exemplar_info info = {.struct_size = sizeof info};
  assert_ok(hypr_model_exemplar_info(model, index, &info));
  return info;
}

static void what_was_added_is_there(void **state) {
  (void)state;
  size_t empty, full, bytes = 0;
  hypr_builder *builder = builder_of(INPUTS, OUTPUTS);
  hypr_model *model = built(builder, &empty);
  assert_int_equal(hypr_model_exemplar_count(model), 0);
  hypr_exemplar_info info = {.struct_size = sizeof info};
  assert_status(HYPR_ERROR_NOT_FOUND, hypr_model_exemplar_info(model, 0, &info));
  hypr_model_free(model);

  for (size_t i = 0; i < OUTPUTS; i++) values[7 * OUTPUTS + i] = NAN;
  assert_ok(hypr_builder_add_exemplar(builder, samples, STEPS, labels, NULL, 0));
  assert_ok(hypr_builder_add_exemplar(builder, samples, STEPS, NULL, values, 1));
  model = built(builder, &full);
  assert_int_equal(hypr_model_exemplar_count(model), 2);
  hypr_exemplar_info one = info_of(model, 0), two = info_of(model, 1);
  assert_true(one.steps == STEPS && one.taught_steps == 30 && one.label == 0 && one.starts_sequence == 0);
  assert_true(two.steps == STEPS && two.taught_steps == STEPS - 1 && two.label == -1 && two.starts_sequence == 1);
  bytes = one.bytes + two.bytes;
  /* A little less than that is true of the file, whose parts are aligned. */
  assert_in_range(full, empty + bytes - 100, empty + bytes);
  assert_status(HYPR_ERROR_NOT_FOUND, hypr_model_exemplar_info(model, 2, &info));
  hypr_model_free(model);

  assert_ok(hypr_builder_clear_exemplars(builder));
  model = built(builder, &full);
  assert_int_equal(hypr_model_exemplar_count(model), 0);
  assert_int_equal(full, empty);
  hypr_model_free(model);
  hypr_builder_free(builder);
}

/* Labels that are less than -1 are none, as everywhere. */
static void all_that_is_negative_is_no_target(void **state) {
  (void)state;
  int32_t mixed[STEPS];
  for (size_t i = 0; i < STEPS; i++) mixed[i] = i == 3 ? 1 : i % 2 ? -1 : INT32_MIN;
  hypr_builder *builder = builder_of(INPUTS, OUTPUTS);
  assert_ok(hypr_builder_add_exemplar(builder, samples, STEPS, mixed, NULL, 0));
  hypr_model *model = built(builder, NULL);
  hypr_exemplar_info info = info_of(model, 0);
  assert_true(info.taught_steps == 1 && info.label == 1);
  /* Three runs: -1, 1, -1. */
  assert_int_equal(info.bytes, 64 + STEPS * INPUTS + 8 * INPUTS + 3 * 8);
  hypr_model_free(model);
  hypr_builder_free(builder);
}

static void spikes_are_stored_where_they_are_smaller(void **state) {
  (void)state;
  enum { CHANNELS = 100 };
  static float spikes[STEPS * CHANNELS];
  for (size_t i = 0; i < STEPS; i++) spikes[i * CHANNELS + i] = 1;
  const size_t dense = 64 + STEPS * CHANNELS + 8 * CHANNELS + 2 * 8, sparse = 64 + 2 * (STEPS + STEPS) + 2 * 8;
  int32_t halves[STEPS];
  for (size_t i = 0; i < STEPS; i++) halves[i] = i < STEPS / 2;
  hypr_builder *builder = builder_of(CHANNELS, OUTPUTS);
  assert_ok(hypr_builder_add_exemplar(builder, spikes, STEPS, halves, NULL, 0));
  spikes[7] = 2;
  assert_ok(hypr_builder_add_exemplar(builder, spikes, STEPS, halves, NULL, 0));
  spikes[7] = 0;
  for (size_t i = 0; i < STEPS * CHANNELS * 3 / 4; i++) spikes[i] = 1;
  assert_ok(hypr_builder_add_exemplar(builder, spikes, STEPS, halves, NULL, 0));
  memset(spikes, 0, sizeof spikes);
  assert_ok(hypr_builder_add_exemplar(builder, spikes, STEPS, halves, NULL, 0));
  hypr_model *model = built(builder, NULL);
  assert_int_equal(info_of(model, 0).bytes, sparse);
  assert_int_equal(info_of(model, 1).bytes, dense);
  assert_int_equal(info_of(model, 2).bytes, dense);
  assert_int_equal(info_of(model, 3).bytes, sparse - 2 * STEPS);
  hypr_model_free(model);
  hypr_builder_free(builder);
}

/* How many of each class are kept. */
static void count_classes(hypr_builder *builder, size_t counts[3], size_t *bytes) {
  hypr_model *model = built(builder, NULL);
  memset(counts, 0, 3 * sizeof *counts);
  *bytes = 0;
  for (size_t i = 0; i < hypr_model_exemplar_count(model); i++) {
    hypr_exemplar_info info = info_of(model, i);
    counts[info.label]++;
    *bytes += info.bytes;
  }
  hypr_model_free(model);
}

static hypr_builder *with_classes(void) {
  /* Of class 0 there are many, of class 2 few. */
  hypr_builder *builder = builder_of(INPUTS, 3);
  int32_t one[STEPS];
  for (size_t k = 0; k < 60; k++) {
    for (size_t i = 0; i < STEPS; i++) one[i] = k < 40 ? 0 : k < 56 ? 1 : 2;
    samples[0] = (float)k;
    assert_ok(hypr_builder_add_exemplar(builder, samples, STEPS, one, NULL, 1));
  }
  return builder;
}

static void what_is_kept_is_balanced(void **state) {
  (void)state;
  size_t counts[3], bytes, first, second, size;
  const size_t each = 64 + STEPS * INPUTS + 8 * INPUTS + 8;
  hypr_builder *builder = with_classes();
  assert_ok(hypr_builder_keep_exemplars(builder, 12 * each + 5, 1));
  count_classes(builder, counts, &bytes);
  assert_true(counts[0] == 4 && counts[1] == 4 && counts[2] == 4 && bytes == 12 * each);
  /* Again: what is there already is enough. */
  assert_ok(hypr_builder_keep_exemplars(builder, 12 * each, 2));
  count_classes(builder, counts, &bytes);
  assert_int_equal(bytes, 12 * each);
  hypr_builder_free(builder);

  builder = with_classes();
  assert_ok(hypr_builder_keep_exemplars(builder, 30 * each, 1));
  count_classes(builder, counts, &bytes);
  assert_true(counts[0] == 13 && counts[1] == 13 && counts[2] == 4);
  hypr_builder_free(builder);

  /* The seed says which. */
  void *files[3];
  for (size_t i = 0; i < 3; i++) {
    builder = with_classes();
    assert_ok(hypr_builder_keep_exemplars(builder, 12 * each, i / 2));
    assert_ok(hypr_builder_build(builder, 3, &size));
    if (i == 0) first = size;
    if (i == 1) second = size;
    files[i] = malloc(size);
    assert_ok(hypr_builder_copy_file(builder, files[i], size));
    hypr_builder_free(builder);
  }
  assert_int_equal(first, second);
  assert_memory_equal(files[0], files[1], first);
  assert_true(size != first || memcmp(files[0], files[2], first) != 0);
  for (size_t i = 0; i < 3; i++) free(files[i]);
}

/* One that has several classes is of all of them. */
static void mixed_ones_are_balanced_by_steps(void **state) {
  (void)state;
  size_t counts[3], bytes;
  hypr_builder *builder = builder_of(INPUTS, 3);
  int32_t mixed[STEPS];
  for (size_t k = 0; k < 20; k++) {
    /* Much of class 0 in all, and in some, where they end, a little of class 2. */
    for (size_t i = 0; i < STEPS; i++) mixed[i] = k % 5 == 0 && i >= 36 ? 2 : 0;
    assert_ok(hypr_builder_add_exemplar(builder, samples, STEPS, mixed, NULL, 1));
  }
  const size_t each = 64 + STEPS * INPUTS + 8 * INPUTS + 2 * 8;
  assert_ok(hypr_builder_keep_exemplars(builder, 5 * each, 4));
  count_classes(builder, counts, &bytes);
  assert_int_equal(counts[2], 4);
  hypr_builder_free(builder);
}

static void wrong_ones_are_refused(void **state) {
  (void)state;
  hypr_builder *builder;
#define refused(expected, words, call)                                                             \
  do {                                                                                             \
    assert_status(expected, call);                                                                 \
    if (!strstr(hypr_builder_message(builder), words))                                             \
      fail_msg("\"%s\" says not \"%s\"", hypr_builder_message(builder), words);                    \
  } while (0)
  assert_ok(hypr_builder_create(INPUTS, &builder, NULL, 0));
  refused(HYPR_ERROR_WRONG_STATE, "no readout", hypr_builder_add_exemplar(builder, samples, STEPS, labels, NULL, 0));
  refused(HYPR_ERROR_WRONG_STATE, "no exemplars to choose from", hypr_builder_keep_exemplars(builder, 1000, 0));
  hypr_builder_free(builder);

  builder = builder_of(INPUTS, OUTPUTS);
  float wrong[STEPS * INPUTS];
  int32_t other[STEPS];
  memcpy(wrong, samples, sizeof wrong);
  memcpy(other, labels, sizeof other);
  refused(HYPR_ERROR_INVALID_ARGUMENT, "inputs is NULL", hypr_builder_add_exemplar(builder, NULL, STEPS, labels, NULL, 0));
  refused(HYPR_ERROR_INVALID_ARGUMENT, "are NULL", hypr_builder_add_exemplar(builder, samples, STEPS, NULL, NULL, 0));
  refused(HYPR_ERROR_INVALID_ARGUMENT, "are given", hypr_builder_add_exemplar(builder, samples, STEPS, labels, values, 0));
  refused(HYPR_ERROR_INVALID_ARGUMENT, "starts_sequence is 2",
          hypr_builder_add_exemplar(builder, samples, STEPS, labels, NULL, 2));
  refused(HYPR_ERROR_INVALID_ARGUMENT, "0 steps", hypr_builder_add_exemplar(builder, samples, 0, labels, NULL, 0));
  refused(HYPR_ERROR_INVALID_ARGUMENT, "65537 steps, expected 1 to 65536",
          hypr_builder_add_exemplar(builder, samples, 65537, labels, NULL, 0));
  wrong[7] = NAN;
  refused(HYPR_ERROR_NOT_FINITE, "inputs[2][1] is nan", hypr_builder_add_exemplar(builder, wrong, STEPS, labels, NULL, 0));
  other[12] = 2;
  refused(HYPR_ERROR_INVALID_ARGUMENT, "labels[12] is 2", hypr_builder_add_exemplar(builder, samples, STEPS, other, NULL, 0));
  for (size_t i = 0; i < STEPS; i++) other[i] = -1;
  refused(HYPR_ERROR_INVALID_ARGUMENT, "no target", hypr_builder_add_exemplar(builder, samples, STEPS, other, NULL, 0));
  wrong[7] = 0, wrong[9] = INFINITY;
  refused(HYPR_ERROR_NOT_FINITE, "values[4][1] is inf", hypr_builder_add_exemplar(builder, samples, 40, NULL, wrong, 0));
  wrong[9] = NAN;
  refused(HYPR_ERROR_NOT_FINITE, "values[4][1] is nan", hypr_builder_add_exemplar(builder, samples, 40, NULL, wrong, 0));
  wrong[8] = NAN, wrong[9] = 1;
  refused(HYPR_ERROR_NOT_FINITE, "values[4][1] is 1", hypr_builder_add_exemplar(builder, samples, 40, NULL, wrong, 0));
  hypr_model *model = built(builder, NULL);
  assert_int_equal(hypr_model_exemplar_count(model), 0);
  hypr_model_free(model);

  assert_ok(hypr_builder_add_exemplar(builder, samples, STEPS, labels, NULL, 0));
  refused(HYPR_ERROR_INVALID_ARGUMENT, "bytes is 5, expected at least", hypr_builder_keep_exemplars(builder, 5, 0));
  model = built(builder, NULL);
  assert_int_equal(hypr_model_exemplar_count(model), 1);
  hypr_model_free(model);
  /* Samples that overflow when they are read. */
  for (size_t i = 0; i < STEPS; i++) wrong[i * INPUTS] = i % 2 ? 3.4e38f : -3.4e38f, wrong[i * INPUTS + 2] = 1;
  wrong[8] = wrong[9] = 1;
  assert_ok(hypr_builder_add_exemplar(builder, wrong, STEPS, labels, NULL, 0));
  refused(HYPR_ERROR_MODEL_INVALID, "exemplars[1].value_scale[0]", hypr_builder_build(builder, 0, &(size_t){0}));
  /* With the readout goes what it was to be taught. */
  assert_ok(hypr_builder_remove_top(builder));
  assert_ok(hypr_builder_set_readout(builder, 1, -1, 0));
  model = built(builder, NULL);
  assert_int_equal(hypr_model_exemplar_count(model), 0);
  hypr_model_free(model);
  refused(HYPR_ERROR_INVALID_ARGUMENT, "one: expected values",
          hypr_builder_add_exemplar(builder, samples, STEPS, labels, NULL, 0));
  assert_ok(hypr_builder_add_exemplar(builder, samples, STEPS, NULL, values + OUTPUTS * 10, 0));
  hypr_builder_free(builder);
}

static void sessions_run_as_without_them(void **state) {
  (void)state;
  hypr_model *plain = load_model("feed_forward"), *model = load_model(EXEMPLARS);
  assert_int_equal(hypr_model_exemplar_count(model), 3);
  const setting *settings = SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, 10});
  hypr_session *one = make_session(plain, settings), *two = make_session(model, settings);
  size_t count = 50 * hypr_model_input_size(model), bytes, same;
  assert_ok(hypr_session_memory_size(plain, NULL, &bytes, NULL, NULL, 0));
  assert_ok(hypr_session_memory_size(model, NULL, &same, NULL, NULL, 0));
  assert_int_equal(bytes, same);
  float *inputs = random_samples(count, 1);
  int32_t *targets = random_labels(50, 2, 2);
  assert_ok(hypr_session_learn_sequence(one, inputs, 50, targets, NULL, NULL));
  assert_ok(hypr_session_learn_sequence(two, inputs, 50, targets, NULL, NULL));
  assert_true(same_parameters(one, two));
  free(targets);
  free(inputs);
  hypr_session_free(two);
  hypr_session_free(one);
  hypr_model_free(model);
  hypr_model_free(plain);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(what_was_added_is_there, set_up),
      cmocka_unit_test_setup(all_that_is_negative_is_no_target, set_up),
      cmocka_unit_test_setup(spikes_are_stored_where_they_are_smaller, set_up),
      cmocka_unit_test_setup(what_is_kept_is_balanced, set_up),
      cmocka_unit_test_setup(mixed_ones_are_balanced_by_steps, set_up),
      cmocka_unit_test_setup(wrong_ones_are_refused, set_up),
      cmocka_unit_test(sessions_run_as_without_them),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
