/* Looking ahead: what the next step gives, and nothing of the session changes. */
#include <math.h>

#include "support.h"

enum { STEPS = 60, WINDOW = 7 };

static char *saved_state(const hypr_session *session, size_t *size) {
  assert_ok(hypr_session_state_size(session, size));
  char *saved = malloc(*size);
  assert_ok(hypr_session_save_state(session, saved, *size));
  return saved;
}

/* Looks ahead, and compares the whole session with what it was before. */
static hypr_status look(hypr_session *session, const float *sample, size_t inputs, float *output, size_t outputs) {
  size_t size, size_after;
  char *before = saved_state(session, &size);
  hypr_status status = hypr_session_look_ahead(session, sample, inputs, output, outputs);
  char *after = saved_state(session, &size_after);
  assert_int_equal(size, size_after);
  assert_memory_equal(after, before, size);
  free(before);
  free(after);
  return status;
}

/* With updates by hand a full window changes no parameter, so that every look is what the step then gives; also of others. */
static void a_look_is_what_the_step_gives(void **state) {
  (void)state;
  for (const char *const *name = model_names(""); *name; name++) {
    hypr_model *model = load_model(*name);
    size_t inputs = hypr_model_input_size(model), outputs = hypr_model_output_size(model);
    float *samples = random_samples((STEPS + 1) * inputs, 3);
    int32_t *labels = random_labels(STEPS, outputs, 4);
    for (int credit = -1; credit <= HYPR_CREDIT_FILTERED; credit++) { /* -1: without learning */
      const setting *settings =
          SETTINGS({HYPR_OPTION_LEARNING, credit >= 0}, {HYPR_OPTION_CREDIT, credit >= 0 ? credit : 0},
                   {HYPR_OPTION_WINDOW, WINDOW}, {HYPR_OPTION_UPDATE, HYPR_UPDATE_MANUAL});
      hypr_session *session = make_session(model, settings), *twin = make_session(model, settings);
      float expected[16], output[16], other[16];
      for (size_t i = 0; i < STEPS; i++) {
        const float *sample = samples + i * inputs;
        assert_ok(look(session, samples + (i + 1) * inputs, inputs, other, outputs));
        assert_ok(look(session, sample, inputs, expected, outputs));
        assert_ok(look(session, sample, inputs, NULL, 0));
        assert_ok(hypr_session_step(session, sample, inputs, output, outputs));
        assert_same_bits(output, expected, outputs);
        assert_ok(hypr_session_step(twin, sample, inputs, expected, outputs));
        assert_same_bits(output, expected, outputs);
        if (credit < 0 || labels[i] < 0) continue;
        assert_ok(hypr_session_teach_class(session, (uint32_t)labels[i]));
        assert_ok(hypr_session_teach_class(twin, (uint32_t)labels[i]));
      }
      if (credit >= 0) {
        assert_ok(hypr_session_apply(session));
        assert_ok(hypr_session_apply(twin));
        assert_true(same_parameters(session, twin));
      }
      assert_int_equal(statistics_of(session).steps, STEPS);
      hypr_session_free(session);
      hypr_session_free(twin);
    }
    free(samples);
    free(labels);
    hypr_model_free(model);
  }
}

/* A full window is closed by the step, not by the look: that has the parameters before the update. */
static void a_full_window_stays_open(void **state) {
  (void)state;
  hypr_model *model = load_model(BRF);
  hypr_session *session = make_session(model, SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, WINDOW},
                                                       {HYPR_OPTION_LEARNING_RATE, 0.1}));
  hypr_session *flushed = make_session(model, SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, WINDOW},
                                                       {HYPR_OPTION_LEARNING_RATE, 0.1}));
  hypr_session *runner = make_session(model, NULL);
  float *samples = random_samples((WINDOW + 1) * 4, 3), output[6], expected[6];
  const float *next = samples + WINDOW * 4;
  int32_t classes[WINDOW];
  for (int i = 0; i < WINDOW; i++) classes[i] = 2;
  step_and_teach(session, model, samples, classes, WINDOW, NULL);
  step_and_teach(flushed, model, samples, classes, WINDOW, NULL);
  assert_ok(hypr_session_run(runner, samples, WINDOW, NULL));

  assert_ok(look(session, next, 4, output, 6));
  assert_ok(hypr_session_step(runner, next, 4, expected, 6));
  assert_same_bits(output, expected, 6);
  assert_int_equal(statistics_of(session).updates, 0);

  assert_ok(hypr_session_flush(flushed));
  assert_ok(look(flushed, next, 4, expected, 6));
  assert_ok(hypr_session_step(session, next, 4, output, 6));
  assert_same_bits(output, expected, 6);
  assert_int_equal(statistics_of(session).updates, 1);
  assert_true(memcmp(output, samples, sizeof output) != 0);
  free(samples);
  hypr_session_free(session);
  hypr_session_free(flushed);
  hypr_session_free(runner);
  hypr_model_free(model);
}

static void looks_that_are_refused(void **state) {
  (void)state;
  hypr_model *model = load_model(TWO_LAYERS);
  hypr_session *session = make_session(model, SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, WINDOW}));
  hypr_session *twin = make_session(model, SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, WINDOW}));
  float *samples = random_samples(STEPS * 9, 3), sample[9] = {0}, output[3] = {42, 42, 42};
  step_and_teach(session, model, samples, NULL, 5, NULL);
  step_and_teach(twin, model, samples, NULL, 5, NULL);
  assert_status(HYPR_ERROR_SIZE_MISMATCH, look(session, sample, 8, output, 3));
  assert_status(HYPR_ERROR_SIZE_MISMATCH, look(session, sample, 9, output, 2));
  sample[4] = NAN;
  assert_status(HYPR_ERROR_NOT_FINITE, look(session, sample, 9, output, 3));
  assert_non_null(strstr(hypr_session_message(session), "input[4] is nan"));
  assert_true(output[0] == 42 && output[2] == 42);
  float outputs[20 * 3], expected[20 * 3];
  step_and_teach(session, model, samples + 5 * 9, NULL, 20, outputs);
  step_and_teach(twin, model, samples + 5 * 9, NULL, 20, expected);
  assert_same_bits(outputs, expected, 20 * 3);

  /* A state that the next step would take beyond all numbers, in the upper layer: the lower one has made its part by then. */
  float edge[200];
  size_t size = hypr_session_layer_state_size(session, 1);
  for (size_t i = 0; i < size; i++) edge[i] = i < 13 ? -3.4e38f : 3.4e38f;
  step_and_teach(session, model, samples, NULL, 3, NULL);
  assert_ok(hypr_session_set_layer_state(session, 1, edge, size));
  assert_status(HYPR_ERROR_NOT_FINITE, look(session, samples, 9, output, 3));
  assert_non_null(strstr(hypr_session_message(session), "layer 1"));
  assert_true(output[0] == 42 && output[2] == 42);
  assert_status(HYPR_ERROR_NOT_FINITE, hypr_session_step(session, samples, 9, output, 3));
  free(samples);
  hypr_session_free(session);
  hypr_session_free(twin);
  hypr_model_free(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_look_is_what_the_step_gives),
      cmocka_unit_test(a_full_window_stays_open),
      cmocka_unit_test(looks_that_are_refused),
  };
  return cmocka_run_group_tests_name("look ahead", tests, NULL, NULL);
}
