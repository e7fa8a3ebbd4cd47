/* Transfer: what one session has become goes on in another, of an equal model or of one with more outputs. */
#include "stream.h"

enum { STEPS = STREAM_STEPS / 2, MORE = CLASSES + 1 };

static hypr_session *learner(const hypr_model *of, double update) {
  return make_session(of, SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, WINDOW}, {HYPR_OPTION_UPDATE, update},
                                   {HYPR_OPTION_LEARNING_RATE, 0.01}));
}

/* The first half of the samples, which ends inside a window, or the second. */
static void half(hypr_session *session, const hypr_model *of, int second, float *outputs) {
  size_t first = second ? STEPS : 0;
  step_and_teach(session, of, samples + first * INPUTS, labels + first, STEPS, outputs);
}

/* The model with another readout on its layers. */
static hypr_model *with_outputs(size_t outputs) {
  char why[200];
  hypr_builder *builder;
  hypr_model *made;
  size_t size;
  assert_ok(hypr_builder_create_from(model, &builder, why, sizeof why));
  assert_ok(hypr_builder_remove_top(builder));
  assert_ok(hypr_builder_set_readout(builder, outputs, -1, 0));
  assert_ok(hypr_builder_build(builder, 7, &size));
  char *file = malloc(size);
  assert_ok(hypr_builder_copy_file(builder, file, size));
  assert_ok(hypr_model_load_buffer(file, size, &made, why, sizeof why));
  hypr_builder_free(builder);
  free(file);
  return made;
}

static char *saved_state(const hypr_session *session, size_t *size) {
  assert_ok(hypr_session_state_size(session, size));
  char *saved = malloc(*size);
  assert_ok(hypr_session_save_state(session, saved, *size));
  return saved;
}

static void equal_sessions_go_on_bit_for_bit(void **state) {
  (void)state;
  for (int update = HYPR_UPDATE_WINDOW; update <= HYPR_UPDATE_MANUAL; update++) {
    hypr_session *from = learner(model, update), *session = learner(model, update);
    float outputs[STEPS * CLASSES], expected[STEPS * CLASSES];
    half(from, model, 0, NULL);
    half(session, model, 1, NULL); /* whatever it was before */
    assert_ok(hypr_session_transfer(session, from));
    half(from, model, 1, expected);
    half(session, model, 1, outputs);
    assert_same_bits(outputs, expected, STEPS * CLASSES);
    assert_ok(hypr_session_reset(from));
    assert_ok(hypr_session_reset(session));
    assert_int_equal(statistics_of(session).updates, statistics_of(from).updates);
    assert_true(same_parameters(session, from));
    hypr_session_free(from);
    hypr_session_free(session);
  }
}

static void a_class_is_added(void **state) {
  (void)state;
  hypr_model *larger = with_outputs(MORE);
  hypr_session *from = learner(model, HYPR_UPDATE_WINDOW), *session = learner(larger, HYPR_UPDATE_WINDOW);
  hypr_session *runner = make_session(larger, NULL);
  half(from, model, 0, NULL);
  assert_ok(hypr_session_transfer(session, from));
  assert_ok(hypr_session_transfer(runner, from));
  hypr_session_free(from); /* nothing of it is needed any more */
  from = learner(model, HYPR_UPDATE_WINDOW);
  half(from, model, 0, NULL);
  assert_ok(hypr_session_flush(from));
  assert_int_equal(statistics_of(session).updates, statistics_of(from).updates);
  for (int i = 0; i < 20; i++) {
    float outputs[MORE], same[MORE], expected[CLASSES];
    const float *sample = samples + (STEPS + i) * INPUTS;
    assert_ok(hypr_session_step(from, sample, INPUTS, expected, CLASSES));
    assert_ok(hypr_session_step(session, sample, INPUTS, outputs, MORE));
    assert_ok(hypr_session_step(runner, sample, INPUTS, same, MORE));
    assert_same_bits(outputs, expected, CLASSES);
    assert_same_bits(outputs, same, MORE);
  }
  assert_ok(hypr_session_teach_class(session, CLASSES));
  assert_ok(hypr_session_flush(session));
  assert_int_equal(statistics_of(session).updates, statistics_of(from).updates + 1);
  hypr_session_free(from);
  hypr_session_free(session);
  hypr_session_free(runner);
  hypr_model_free(larger);
}

/* The state is of the old model: it is loaded there, and goes from there to the model that was saved. */
static void a_saved_model_takes_the_state_that_belongs_to_it(void **state) {
  (void)state;
  hypr_session *learned = learner(model, HYPR_UPDATE_WINDOW), *former = learner(model, HYPR_UPDATE_WINDOW);
  hypr_model *saved_model;
  size_t size, bytes;
  half(learned, model, 0, NULL);
  char *saved = saved_state(learned, &size);
  assert_ok(hypr_session_model_size(learned, &bytes));
  char *file = malloc(bytes);
  assert_ok(hypr_session_save_model_buffer(learned, file, bytes));
  assert_ok(hypr_model_load_buffer(file, bytes, &saved_model, NULL, 0));
  hypr_session *session = learner(saved_model, HYPR_UPDATE_WINDOW);
  assert_status(HYPR_ERROR_STATE_MISMATCH, hypr_session_load_state(session, saved, size));
  assert_ok(hypr_session_load_state(former, saved, size));
  assert_ok(hypr_session_transfer(session, former));
  assert_ok(hypr_session_flush(learned)); /* as the transfer did */
  float outputs[STEPS * CLASSES], expected[STEPS * CLASSES];
  half(learned, model, 1, expected);
  half(session, saved_model, 1, outputs);
  assert_same_bits(outputs, expected, STEPS * CLASSES);
  assert_true(same_parameters(session, learned));
  free(saved);
  free(file);
  hypr_session_free(learned);
  hypr_session_free(former);
  hypr_session_free(session);
  hypr_model_free(saved_model);
}

static void assert_refused(hypr_session *session, hypr_session *from, hypr_status status, const char *message) {
  size_t size, from_size, now;
  char *before = saved_state(session, &size), *from_before = saved_state(from, &from_size);
  assert_status(status, hypr_session_transfer(session, from));
  assert_string_equal(hypr_session_message(session), message);
  char *after = saved_state(session, &now);
  assert_int_equal(now, size);
  assert_memory_equal(after, before, size);
  free(after);
  after = saved_state(from, &now);
  assert_int_equal(now, from_size);
  assert_memory_equal(after, from_before, from_size);
  free(after);
  free(before);
  free(from_before);
}

static void what_does_not_fit_is_refused(void **state) {
  (void)state;
  hypr_model *fewer = with_outputs(CLASSES - 1), *another = load_model(BRF), *gated = load_model(GATED);
  hypr_session *from = learner(model, HYPR_UPDATE_WINDOW), *session = learner(fewer, HYPR_UPDATE_WINDOW);
  hypr_session *foreign = learner(another, HYPR_UPDATE_WINDOW), *cells = learner(gated, HYPR_UPDATE_WINDOW);
  half(from, model, 0, NULL);
  assert_ok(hypr_session_run(session, samples, 7, NULL));
  assert_ok(hypr_session_teach_class(session, 1));
  assert_refused(session, from, HYPR_ERROR_STATE_MISMATCH, "readout.weight is [2, 13], expected at least [3, 13] as in from");
  assert_refused(foreign, from, HYPR_ERROR_STATE_MISMATCH, "the model has 1 layers, expected 2 as in from");
  assert_refused(cells, from, HYPR_ERROR_STATE_MISMATCH, "layer 0 is GRU, expected BRF as in from");
  assert_refused(from, from, HYPR_ERROR_INVALID_ARGUMENT, "from is the session itself, expected another one");
  hypr_session_free(from);
  hypr_session_free(session);
  hypr_session_free(foreign);
  hypr_session_free(cells);
  hypr_model_free(fewer);
  hypr_model_free(another);
  hypr_model_free(gated);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equal_sessions_go_on_bit_for_bit),
      cmocka_unit_test(a_class_is_added),
      cmocka_unit_test(a_saved_model_takes_the_state_that_belongs_to_it),
      cmocka_unit_test(what_does_not_fit_is_refused),
  };
  return cmocka_run_group_tests_name("transfer", tests, set_up, tear_down);
}
