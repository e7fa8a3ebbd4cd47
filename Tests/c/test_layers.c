/* States and outputs of layers, as a host reads and sets them. */
#include <math.h>

#include "support.h"

enum { STEPS = 80, WINDOW = 9 };

static void copy_layers(const hypr_model *model, const hypr_session *from, hypr_session *to) {
  float values[512];
  size_t layers = hypr_model_layer_count(model);
  for (size_t layer = 0; layer <= layers; layer++) {
    size_t neurons = layer < layers ? hypr_model_layer_size(model, layer) : hypr_model_output_size(model);
    size_t size = hypr_session_layer_state_size(from, layer);
    assert_true(size > 0 && size <= 512);
    assert_ok(hypr_session_get_layer_state(from, layer, values, size));
    assert_ok(hypr_session_set_layer_state(to, layer, values, size));
    assert_ok(hypr_session_get_spikes(from, layer, values, neurons));
    assert_ok(hypr_session_set_spikes(to, layer, values, neurons));
  }
}

/* States and outputs of all layers are all that a network remembers. */
static void a_session_goes_on_from_another_ones_layers(void **state) {
  (void)state;
  for (const char *const *name = model_names(""); *name; name++) {
    hypr_model *model = load_model(*name);
    size_t inputs = hypr_model_input_size(model), outputs = hypr_model_output_size(model);
    float *samples = random_samples(2 * STEPS * inputs, 3), *output = malloc(STEPS * outputs * sizeof *output);
    float *expected = malloc(STEPS * outputs * sizeof *expected);
    for (int learning = 0; learning < 2; learning++) {
      hypr_session *first = make_session(model, NULL);
      hypr_session *second =
          make_session(model, SETTINGS({HYPR_OPTION_LEARNING, learning}, {HYPR_OPTION_WINDOW, WINDOW}));
      assert_ok(hypr_session_run(first, samples, STEPS, NULL));
      assert_ok(hypr_session_run(second, samples, 13, NULL)); /* in the middle of a window */
      copy_layers(model, first, second);
      assert_ok(hypr_session_run(first, samples + STEPS * inputs, STEPS, expected));
      assert_ok(hypr_session_run(second, samples + STEPS * inputs, STEPS, output));
      assert_same_bits(output, expected, STEPS * outputs);
      hypr_session_free(first);
      hypr_session_free(second);
    }
    free(samples);
    free(output);
    free(expected);
    hypr_model_free(model);
  }
}

static void setting_closes_the_window_without_an_update(void **state) {
  (void)state;
  hypr_model *model = load_model(BRF);
  float *samples = random_samples(STEPS * 4, 3), values[200];
  for (int which = 0; which < 2; which++) {
    hypr_session *session = make_session(model, SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, WINDOW}));
    size_t size = hypr_session_layer_state_size(session, 0), traces = hypr_session_eligibility_size(session, 0);
    float *before = malloc(traces * sizeof *before), *after = malloc(traces * sizeof *after);
    step_and_teach(session, model, samples, NULL, 5, NULL);
    assert_ok(hypr_session_teach_class(session, 1));
    assert_ok(hypr_session_get_layer_state(session, 0, values, size));
    if (which == 0) assert_ok(hypr_session_set_layer_state(session, 0, values, size));
    assert_ok(hypr_session_get_spikes(session, 0, values, 36));
    if (which == 1) assert_ok(hypr_session_set_spikes(session, 0, values, 36));
    assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_teach_class(session, 1)); /* the window is closed */
    assert_int_equal(statistics_of(session).updates, 0);
    assert_int_equal(statistics_of(session).taught_steps, 1);

    /* Once it is closed, setting leaves the eligibility as it is. */
    assert_ok(hypr_session_get_eligibility(session, 0, before, traces));
    memset(values, 0, sizeof values);
    assert_ok(hypr_session_set_layer_state(session, 0, values, size));
    assert_ok(hypr_session_set_spikes(session, 0, values, 36));
    assert_ok(hypr_session_get_eligibility(session, 0, after, traces));
    assert_same_bits(after, before, traces);
    float largest = 0;
    for (size_t i = 0; i < traces; i++) largest = fabsf(after[i]) > largest ? fabsf(after[i]) : largest;
    assert_true(largest > 0);
    free(before);
    free(after);
    hypr_session_free(session);
  }
  free(samples);
  hypr_model_free(model);
}

static void states_that_are_refused(void **state) {
  (void)state;
  hypr_model *model = load_model(GATED); /* a GRU below a spiking layer */
  hypr_session *session = make_session(model, SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, WINDOW}));
  hypr_session *twin = make_session(model, SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, WINDOW}));
  size_t layers = hypr_model_layer_count(model), inputs = hypr_model_input_size(model);
  float *samples = random_samples(STEPS * inputs, 3), values[200] = {0};
  step_and_teach(session, model, samples, NULL, 5, NULL);
  step_and_teach(twin, model, samples, NULL, 5, NULL);
  for (size_t layer = 0; layer < layers; layer++) {
    size_t neurons = hypr_model_layer_size(model, layer), size = hypr_session_layer_state_size(session, layer);
    assert_status(HYPR_ERROR_SIZE_MISMATCH, hypr_session_set_layer_state(session, layer, values, size - 1));
    assert_status(HYPR_ERROR_SIZE_MISMATCH, hypr_session_set_layer_state(session, layer, values, SIZE_MAX));
    assert_status(HYPR_ERROR_SIZE_MISMATCH, hypr_session_set_spikes(session, layer, values, neurons + 1));
    const float bad[] = {NAN, INFINITY, -INFINITY};
    for (int kind = 0; kind < 3; kind++) {
      values[7] = bad[kind];
      assert_status(HYPR_ERROR_NOT_FINITE, hypr_session_set_layer_state(session, layer, values, size));
      assert_non_null(strstr(hypr_session_message(session), "state[7] is "));
      assert_status(HYPR_ERROR_NOT_FINITE, hypr_session_set_spikes(session, layer, values, neurons));
      assert_non_null(strstr(hypr_session_message(session), "spikes[7] is "));
    }
    values[7] = 0;
  }
  values[7] = 0.5f;
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_session_set_spikes(session, 1, values, hypr_model_layer_size(model, 1)));
  assert_non_null(strstr(hypr_session_message(session), "0 or 1"));
  const size_t missing[] = {layers + 1, SIZE_MAX / 2, SIZE_MAX};
  for (int i = 0; i < 3; i++) {
    assert_status(HYPR_ERROR_NOT_FOUND, hypr_session_set_layer_state(session, missing[i], values, 3));
    assert_status(HYPR_ERROR_NOT_FOUND, hypr_session_set_spikes(session, missing[i], values, 3));
  }
  assert_ok(hypr_session_teach_class(session, 0)); /* the window is still open */
  assert_ok(hypr_session_teach_class(twin, 0));
  assert_ok(hypr_session_flush(session));
  assert_ok(hypr_session_flush(twin));
  assert_true(same_parameters(session, twin));
  free(samples);
  hypr_session_free(session);
  hypr_session_free(twin);
  hypr_model_free(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_session_goes_on_from_another_ones_layers),
      cmocka_unit_test(setting_closes_the_window_without_an_update),
      cmocka_unit_test(states_that_are_refused),
  };
  return cmocka_run_group_tests_name("layers", tests, NULL, NULL);
}
