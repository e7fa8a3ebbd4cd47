/* Every bit of a model file is flipped, one at a time. Most such files are refused. What loads must be a network that can be saved:
 * the file that a session writes after it has learned loads again, says the same, and computes the same. */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>

#include "support.h"

enum { STEPS = 8 };

static size_t loaded;

/* Facts that are not parameters, which saving leaves as they are. */
static void assert_same_facts(const hypr_model *one, const hypr_model *other) {
  assert_string_equal(hypr_model_name(one), hypr_model_name(other));
  assert_int_equal(hypr_model_input_size(one), hypr_model_input_size(other));
  assert_int_equal(hypr_model_output_size(one), hypr_model_output_size(other));
  assert_int_equal(hypr_model_tensor_count(one), hypr_model_tensor_count(other));
  assert_int_equal(hypr_model_parameter_count(one), hypr_model_parameter_count(other));
  assert_int_equal(hypr_model_metadata_count(one), hypr_model_metadata_count(other));
  assert_int_equal(hypr_model_exemplar_count(one), hypr_model_exemplar_count(other));
  for (size_t i = 0; i < hypr_model_exemplar_count(one); i++) {
    hypr_exemplar_info first = {.struct_size = sizeof first}, second = first;
    assert_ok(hypr_model_exemplar_info(one, i, &first));
    assert_ok(hypr_model_exemplar_info(other, i, &second));
    assert_memory_equal(&first, &second, sizeof first);
  }
  for (size_t i = 0; i < hypr_model_metadata_count(one); i++) {
    assert_string_equal(hypr_model_metadata_key(one, i), hypr_model_metadata_key(other, i));
    assert_string_equal(hypr_model_metadata_value(one, i), hypr_model_metadata_value(other, i));
  }
}

/* From rest; the last element is the status. */
static float *outputs_of(const hypr_model *model, hypr_session *session) {
  size_t count = STEPS * hypr_model_output_size(model);
  float *samples = random_samples(STEPS * hypr_model_input_size(model), 9), *outputs = calloc(count + 1, sizeof *outputs);
  outputs[count] = (float)hypr_session_run(session, samples, STEPS, outputs);
  free(samples);
  return outputs;
}

/* A session that has learned, unless the numbers of the flipped file do not allow it. */
static hypr_session *changed_session(const hypr_model *model) {
  hypr_session *session = make_session(
      model, SETTINGS(LEARNING, {HYPR_OPTION_LEARNING_RATE, 0.1}, {HYPR_OPTION_WINDOW, 4}, {HYPR_OPTION_UPDATE, 0},
                      {HYPR_OPTION_OPTIMIZER, HYPR_OPTIMIZER_ADAM}, {HYPR_OPTION_CREDIT, 0}));
  float *samples = random_samples(STEPS * hypr_model_input_size(model), 5);
  int32_t labels[STEPS] = {0, 1, 0, 1, 1, 0, 1, 0};
  hypr_session_learn_sequence(session, samples, STEPS, labels, NULL, NULL);
  assert_ok(hypr_session_reset(session)); /* what closes a window may change parameters */
  free(samples);
  return session;
}

static void try_flip(const char *name, char *bytes, size_t size, size_t bit) {
  hypr_model *model, *again;
  char message[512];
  bytes[bit / 8] ^= (char)(1 << bit % 8);
  hypr_status status = hypr_model_load_buffer(bytes, size, &model, message, sizeof message);
  bytes[bit / 8] ^= (char)(1 << bit % 8);
  if (status != HYPR_OK) {
    assert_true(status == HYPR_ERROR_MODEL_INVALID || status == HYPR_ERROR_MODEL_UNSUPPORTED);
    assert_string_not_equal(message, "");
    return;
  }
  loaded++;
  hypr_session *session = changed_session(model);
  char *saved = malloc(size);
  assert_ok(hypr_session_save_model_buffer(session, saved, size));
  status = hypr_model_load_buffer(saved, size, &again, message, sizeof message);
  if (status != HYPR_OK) fail_msg("%s with bit %zu flipped is saved as what does not load: %s", name, bit, message);
  assert_same_facts(model, again);
  hypr_session *copy = make_session(again, NULL);
  float *expected = outputs_of(model, session), *outputs = outputs_of(again, copy);
  if (!same_parameters(session, copy) ||
      memcmp(expected, outputs, (STEPS * hypr_model_output_size(model) + 1) * sizeof *outputs) != 0) {
    fail_msg("%s with bit %zu flipped is saved as another network", name, bit);
  }
  free(expected);
  free(outputs);
  free(saved);
  hypr_session_free(copy);
  hypr_session_free(session);
  hypr_model_free(again);
  hypr_model_free(model);
}

static void flipped_files_are_refused_or_sound(void **state) {
  const char *name = *state;
  size_t size;
  char *bytes = read_file(model_path(name), &size);
  loaded = 0;
  for (size_t bit = 0; bit < 8 * size; bit++) try_flip(name, bytes, size, bit);
  assert_true(loaded > 0 && loaded < 8 * size);
  free(bytes);
}

#define FLIPS(name) {name, flipped_files_are_refused_or_sound, NULL, NULL, name}

int main(void) {
  const struct CMUnitTest quick[] = {FLIPS("feed_forward"), FLIPS(EXEMPLARS), FLIPS("neurons/li")};
  const struct CMUnitTest all[] = {FLIPS("feed_forward"), FLIPS(EXEMPLARS), FLIPS("neurons/li"), FLIPS("neurons/general_lif"),
                                   FLIPS("neurons/lstm"), FLIPS(SPARSE), FLIPS(TWO_LAYERS)};
  if (getenv("HYPR_TEST_QUICK")) return cmocka_run_group_tests_name("flips", quick, NULL, NULL);
  return cmocka_run_group_tests_name("flips", all, NULL, NULL);
}
