/* Sparse weights from the builder over learning and saving to the next builder. */
#include <stdio.h>

#include "support.h"

/* The file, to be freed. */
static void *build(hypr_builder *builder, size_t *size) {
  if (hypr_builder_build(builder, 2, size) != HYPR_OK) fail_msg("%s", hypr_builder_message(builder));
  void *file = malloc(*size);
  assert_ok(hypr_builder_copy_file(builder, file, *size));
  return file;
}

/* A file with every weight sparse: loaded, learned, saved, loaded again, it has the same places and goes on as the session does. */
static void sparse_models_learn_and_are_saved(void **state) {
  (void)state;
  hypr_layer_settings settings = HYPR_LAYER_SETTINGS;
  settings.input_density = 0.5;
  settings.recurrent_density = 0.3;
  float scale = 60;
  hypr_builder *builder, *again;
  uint32_t offsets[] = {0, 6, 6, 12}, columns[] = {0, 1, 2, 3, 4, 5, 2, 4, 6, 8, 10, 12};
  size_t size, saved_size;
  assert_ok(hypr_builder_create(4, &builder, NULL, 0));
  assert_ok(hypr_builder_set_input_scale(builder, &scale, 1));
  assert_ok(hypr_builder_add_layer(builder, "se_adlif", 24, &settings));
  assert_ok(hypr_builder_add_layer(builder, "gru", 13, &settings));
  assert_ok(hypr_builder_set_readout(builder, 3, -1, 0));
  assert_ok(hypr_builder_set_tensor_rows(builder, "readout.weight", offsets, 4, columns, 12));
  hypr_model *model, *learned;
  void *file = build(builder, &size);
  assert_ok(hypr_model_load_buffer(file, size, &model, NULL, 0));
  free(file);
  hypr_session *session = make_session(model, SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, 10}, {HYPR_OPTION_LEARNING_RATE, 0.01}));
  float *samples = random_samples(60 * 4, 5), *before = parameters_of(session), output[3], expected[3];
  int32_t *labels = random_labels(50, 3, 6);
  step_and_teach(session, model, samples, labels, 50, NULL);
  assert_ok(hypr_session_reset(session));
  assert_ok(hypr_session_save_model(session, "sparse-learned.hypr"));
  assert_ok(hypr_model_load("sparse-learned.hypr", &learned, NULL, 0));
  assert_int_equal(remove("sparse-learned.hypr"), 0);
  hypr_session *other = make_session(learned, NULL);
  assert_true(same_parameters(session, other));
  float *after = parameters_of(other);
  hypr_tensor_info tensor = {.struct_size = sizeof tensor};
  for (size_t i = 0; hypr_model_tensor_info(learned, i, &tensor) == HYPR_OK; i++) {
    if (!strstr(tensor.name, "weight")) continue;
    assert_int_equal(tensor.rank, 1);
    assert_memory_not_equal(before + tensor.offset, after + tensor.offset, tensor.size * sizeof *after);
  }
  for (size_t i = 0; i < 10; i++) {
    assert_ok(hypr_session_step(session, samples + 200 + 4 * i, 4, expected, 3));
    assert_ok(hypr_session_step(other, samples + 200 + 4 * i, 4, output, 3));
    assert_same_bits(expected, output, 3);
  }
  /* A builder takes all of it over. */
  assert_ok(hypr_builder_create_from(learned, &again, NULL, 0));
  file = build(again, &size);
  assert_ok(hypr_session_model_size(other, &saved_size));
  void *saved = malloc(saved_size);
  assert_ok(hypr_session_save_model_buffer(other, saved, saved_size));
  assert_int_equal(size, saved_size);
  assert_memory_equal(file, saved, size);
  free(file), free(saved), free(samples), free(labels), free(before), free(after);
  hypr_builder_free(again);
  hypr_builder_free(builder);
  hypr_session_free(session);
  hypr_session_free(other);
  hypr_model_free(model);
  hypr_model_free(learned);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(sparse_models_learn_and_are_saved)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
