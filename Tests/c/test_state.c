/* Saved state, which continues bit for bit, and resets of parts of a session. */
#include "stream.h"

enum { STEPS = STREAM_STEPS / 2, PARTS = HYPR_RESET_STATE | HYPR_RESET_TRACES | HYPR_RESET_OPTIMIZER };

static hypr_session *learner(double update, double window) {
  return make_session(model, SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, window}, {HYPR_OPTION_UPDATE, update},
                                      {HYPR_OPTION_LEARNING_RATE, 0.01}));
}

/* The first half of the samples, which ends inside a window, or the second. */
static void half(hypr_session *session, int second, float *outputs) {
  size_t first = second ? STEPS : 0;
  step_and_teach(session, model, samples + first * INPUTS, labels + first, STEPS, outputs);
}

static char *saved_state(const hypr_session *session, size_t *size) {
  assert_ok(hypr_session_state_size(session, size));
  char *saved = malloc(*size);
  assert_ok(hypr_session_save_state(session, saved, *size));
  return saved;
}

/* Both go on alike: outputs, parameters after a last update, statistics. */
static void assert_alike_from_now_on(hypr_session *one, hypr_session *other) {
  float outputs[STEPS * CLASSES], expected[STEPS * CLASSES];
  half(one, 1, expected);
  half(other, 1, outputs);
  assert_same_bits(outputs, expected, STEPS * CLASSES);
  assert_ok(hypr_session_reset(one));
  assert_ok(hypr_session_reset(other));
  assert_true(same_parameters(one, other));
  assert_int_equal(statistics_of(one).updates, statistics_of(other).updates);
}

/* ---- Saved state */

static void a_saved_session_continues_bit_for_bit(void **state) {
  (void)state;
  for (int update = HYPR_UPDATE_WINDOW; update <= HYPR_UPDATE_MANUAL; update++) {
    hypr_session *session = learner(update, WINDOW), *other = learner(update, WINDOW);
    half(session, 0, NULL);
    size_t size;
    char *saved = saved_state(session, &size);
    half(other, 1, NULL); /* whatever it was before */
    assert_ok(hypr_session_load_state(other, saved, size));
    memset(saved, 0x55, size);
    free(saved);
    assert_true(same_parameters(session, other));
    assert_alike_from_now_on(session, other);
    if (update == HYPR_UPDATE_MANUAL) {
      assert_ok(hypr_session_apply(session));
      assert_ok(hypr_session_apply(other));
      assert_true(same_parameters(session, other));
    }
    hypr_session_free(session);
    hypr_session_free(other);
  }
}

static void sessions_that_only_run_can_be_saved(void **state) {
  (void)state;
  hypr_session *session = make_session(model, NULL), *other = make_session(model, NULL);
  float outputs[STEPS * CLASSES], expected[STEPS * CLASSES];
  size_t size;
  assert_ok(hypr_session_run(session, samples, 31, NULL));
  char *saved = saved_state(session, &size);
  assert_ok(hypr_session_load_state(other, saved, size));
  assert_ok(hypr_session_run(session, samples, STEPS, expected));
  assert_ok(hypr_session_run(other, samples, STEPS, outputs));
  assert_same_bits(outputs, expected, STEPS * CLASSES);
  free(saved);
  hypr_session_free(session);
  hypr_session_free(other);
}

static void saving_needs_the_exact_room(void **state) {
  (void)state;
  hypr_session *session = learner(HYPR_UPDATE_WINDOW, WINDOW);
  half(session, 0, NULL);
  size_t size;
  char *saved = saved_state(session, &size), *again = malloc(size + 8);
  memset(again, '#', size + 8);
  assert_status(HYPR_ERROR_BUFFER_TOO_SMALL, hypr_session_save_state(session, again, size - 1));
  assert_status(HYPR_ERROR_BUFFER_TOO_SMALL, hypr_session_save_state(session, again, 0));
  assert_int_equal(again[0], '#');
  assert_ok(hypr_session_save_state(session, again, size + 8));
  assert_memory_equal(again, saved, size);
  for (size_t i = size; i < size + 8; i++) assert_int_equal(again[i], '#');
  free(saved);
  free(again);
  hypr_session_free(session);
}

/* What is refused leaves the session as it was; what is not, such as another weight, leaves it usable. */
static void bad_states_change_nothing(void **state) {
  (void)state;
  hypr_session *session = learner(HYPR_UPDATE_WINDOW, WINDOW), *twin = learner(HYPR_UPDATE_WINDOW, WINDOW);
  half(session, 0, NULL);
  size_t size, stride = getenv("HYPR_TEST_QUICK") ? 997 : 7;
  char *saved = saved_state(session, &size);
  half(twin, 0, NULL);
  for (size_t length = 0; length < size; length += length < 200 ? 1 : stride) {
    assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_session_load_state(session, saved, length));
    assert_string_not_equal(hypr_session_message(session), "");
  }
  hypr_session *victim = learner(HYPR_UPDATE_WINDOW, WINDOW);
  for (size_t i = 0; i < size; i += i < 200 ? 1 : stride) {
    saved[i] ^= (char)0x80;
    if (hypr_session_load_state(victim, saved, size) == HYPR_OK) {
      (void)hypr_session_run(victim, samples, 3, NULL);
      assert_ok(hypr_session_flush(victim));
    }
    saved[i] ^= (char)0x80;
  }
  hypr_session_free(victim);
  assert_alike_from_now_on(session, twin);
  free(saved);
  hypr_session_free(session);
  hypr_session_free(twin);
}

static void states_of_other_sessions_are_refused(void **state) {
  (void)state;
  hypr_session *session = learner(HYPR_UPDATE_WINDOW, WINDOW), *runner = make_session(model, NULL);
  hypr_session *longer = learner(HYPR_UPDATE_WINDOW, WINDOW + 1);
  hypr_model *another = load_model(BRF);
  hypr_session *foreign = make_session(another, SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, WINDOW}));
  half(session, 0, NULL);
  size_t size;
  char *saved = saved_state(session, &size);
  assert_status(HYPR_ERROR_STATE_MISMATCH, hypr_session_load_state(runner, saved, size));
  assert_status(HYPR_ERROR_STATE_MISMATCH, hypr_session_load_state(longer, saved, size));
  assert_status(HYPR_ERROR_STATE_MISMATCH, hypr_session_load_state(foreign, saved, size));
  assert_string_not_equal(hypr_session_message(foreign), "");
  free(saved);
  hypr_session_free(session);
  hypr_session_free(runner);
  hypr_session_free(longer);
  hypr_session_free(foreign);
  hypr_model_free(another);
}

/* ---- Resets */

static void assert_outputs_as_from_rest(hypr_session *session) {
  float outputs[STEPS * CLASSES], expected[STEPS * CLASSES];
  float *parameters = parameters_of(session);
  hypr_session *fresh = make_session(model, NULL);
  assert_ok(hypr_session_set_parameters(fresh, parameters, parameter_count(fresh)));
  assert_ok(hypr_session_run(fresh, samples, WINDOW, expected));
  assert_ok(hypr_session_run(session, samples, WINDOW, outputs));
  assert_same_bits(outputs, expected, WINDOW * CLASSES);
  hypr_session_free(fresh);
  free(parameters);
}

static void parts_are_reset_by_themselves(void **state) {
  (void)state;
  hypr_session *session = learner(HYPR_UPDATE_WINDOW, WINDOW);
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_session_reset_parts(session, PARTS + 1));
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_session_reset_parts(session, UINT32_MAX));
  half(session, 0, NULL);
  assert_ok(hypr_session_reset_parts(session, HYPR_RESET_STATE));
  assert_true(statistics_of(session).updates > 0);
  assert_outputs_as_from_rest(session);
  assert_ok(hypr_session_reset_parts(session, HYPR_RESET_OPTIMIZER));
  assert_int_equal(statistics_of(session).updates, 0);

  hypr_session *other = learner(HYPR_UPDATE_WINDOW, WINDOW);
  float *parameters = parameters_of(session);
  assert_ok(hypr_session_reset_parts(session, PARTS));
  assert_ok(hypr_session_set_parameters(other, parameters, parameter_count(other)));
  assert_alike_from_now_on(session, other);
  free(parameters);
  hypr_session_free(session);
  hypr_session_free(other);
}

static void layers_are_reset_by_themselves(void **state) {
  (void)state;
  hypr_session *session = learner(HYPR_UPDATE_WINDOW, WINDOW);
  const size_t layers = hypr_model_layer_count(model);
  float values[200];
  half(session, 0, NULL);
  for (size_t layer = 0; layer < layers; layer++) {
    size_t size = hypr_session_layer_state_size(session, layer);
    assert_ok(hypr_session_reset_layer(session, layer));
    assert_ok(hypr_session_get_layer_state(session, layer, values, size));
    for (size_t i = 0; i < size; i++) assert_true(values[i] == 0);
  }
  assert_ok(hypr_session_reset_layer(session, layers));
  assert_status(HYPR_ERROR_NOT_FOUND, hypr_session_reset_layer(session, layers + 1));
  assert_status(HYPR_ERROR_NOT_FOUND, hypr_session_reset_layer(session, SIZE_MAX));
  assert_outputs_as_from_rest(session);
  hypr_session_free(session);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_saved_session_continues_bit_for_bit),
      cmocka_unit_test(sessions_that_only_run_can_be_saved),
      cmocka_unit_test(saving_needs_the_exact_room),
      cmocka_unit_test(bad_states_change_nothing),
      cmocka_unit_test(states_of_other_sessions_are_refused),
      cmocka_unit_test(parts_are_reset_by_themselves),
      cmocka_unit_test(layers_are_reset_by_themselves),
  };
  return cmocka_run_group_tests_name("state", tests, set_up, tear_down);
}
