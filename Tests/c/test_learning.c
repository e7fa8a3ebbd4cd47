/* Sequences, windows and updates: what learning promises whatever the numbers are. */
#include <math.h>
#include <stdio.h>

#include "stream.h"

static hypr_session *learner(double update) {
  return make_session(model, SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, WINDOW}, {HYPR_OPTION_UPDATE, update},
                                      {HYPR_OPTION_LEARNING_RATE, 0.01}));
}

static void steps(hypr_session *session, size_t first, size_t count, int teach) {
  step_and_teach(session, model, samples + first * INPUTS, teach ? labels + first : NULL, count, NULL);
}

static int is_zero(float *flat, size_t count) {
  int zero = 1;
  for (size_t i = 0; i < count; i++) zero = zero && flat[i] == 0;
  free(flat);
  return zero;
}

static int has_gradient(const hypr_session *session) { return !is_zero(gradients_of(session), parameter_count(session)); }

/* ---- Sequences */

static void sequences_equal_their_steps(void **state) {
  (void)state;
  for (int update = HYPR_UPDATE_WINDOW; update <= HYPR_UPDATE_MANUAL; update++) {
    hypr_session *whole = learner(update), *stepped = learner(update);
    float expected[STREAM_STEPS * CLASSES], outputs[STREAM_STEPS * CLASSES];
    for (int round = 0; round < 3; round++) {
      double loss;
      assert_ok(hypr_session_clear_statistics(stepped));
      assert_ok(hypr_session_reset(stepped));
      step_and_teach(stepped, model, samples, labels, STREAM_STEPS, expected);
      assert_ok(hypr_session_reset(stepped));
      assert_ok(hypr_session_learn_sequence(whole, samples, STREAM_STEPS, labels, outputs, &loss));
      assert_same_bits(outputs, expected, STREAM_STEPS * CLASSES);
      assert_true(same_parameters(whole, stepped));
      assert_true(fabs(loss - statistics_of(stepped).mean_loss) < 1e-9 && loss > 0);
      if (update == HYPR_UPDATE_MANUAL) {
        assert_ok(hypr_session_apply(whole));
        assert_ok(hypr_session_apply(stepped));
      }
    }
    assert_int_equal(statistics_of(whole).updates, statistics_of(stepped).updates);
    hypr_session_free(whole);
    hypr_session_free(stepped);
  }
}

static void bad_sequences_change_nothing(void **state) {
  (void)state;
  hypr_session *session = learner(HYPR_UPDATE_WINDOW), *twin = learner(HYPR_UPDATE_WINDOW);
  double loss = 42;
  steps(session, 0, 40, 1);
  steps(twin, 0, 40, 1);
  float good = samples[99 * INPUTS];
  samples[99 * INPUTS] = INFINITY;
  assert_status(HYPR_ERROR_NOT_FINITE, hypr_session_learn_sequence(session, samples, STREAM_STEPS, labels, NULL, &loss));
  assert_non_null(strstr(hypr_session_message(session), "99"));
  samples[99 * INPUTS] = good;
  int32_t label = labels[98];
  labels[98] = CLASSES;
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_session_learn_sequence(session, samples, STREAM_STEPS, labels, NULL, &loss));
  assert_non_null(strstr(hypr_session_message(session), "98"));
  labels[98] = INT32_MAX;
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_session_learn_sequence(session, samples, STREAM_STEPS, labels, NULL, &loss));
  labels[98] = label;
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_session_learn_sequence(session, samples, SIZE_MAX, labels, NULL, &loss));
  assert_true(loss == 42);
  steps(session, 40, 40, 1);
  steps(twin, 40, 40, 1);
  assert_int_equal(statistics_of(session).steps, 80);
  assert_true(same_parameters(session, twin));
  hypr_session_free(session);
  hypr_session_free(twin);
}

static void sequences_without_labels_teach_nothing(void **state) {
  (void)state;
  hypr_session *session = learner(HYPR_UPDATE_SEQUENCE), *fresh = learner(HYPR_UPDATE_SEQUENCE);
  const int32_t none[4] = {-1, -1, -5, INT32_MIN};
  double loss = 42;
  assert_ok(hypr_session_learn_sequence(session, samples, 4, none, NULL, &loss));
  assert_true(loss == 0);
  assert_ok(hypr_session_learn_sequence(session, samples, 0, none, NULL, &loss));
  assert_true(loss == 0);
  assert_int_equal(statistics_of(session).updates, 0);
  assert_true(same_parameters(session, fresh));
  hypr_session_free(session);
  hypr_session_free(fresh);
}

/* ---- Updates */

static void updates_after_every_taught_window(void **state) {
  (void)state;
  hypr_session *session = learner(HYPR_UPDATE_WINDOW), *fresh = learner(HYPR_UPDATE_WINDOW);
  steps(session, 0, WINDOW, 1);
  assert_int_equal(statistics_of(session).updates, 0);
  assert_true(same_parameters(session, fresh));
  steps(session, WINDOW, 1, 0);
  assert_int_equal(statistics_of(session).updates, 1);
  assert_false(same_parameters(session, fresh));
  assert_false(has_gradient(session));
  steps(session, WINDOW + 1, 2 * WINDOW, 0); /* nothing taught, nothing updated */
  assert_int_equal(statistics_of(session).updates, 1);
  steps(session, 0, 3, 1);
  assert_ok(hypr_session_teach_class(session, 0));
  assert_ok(hypr_session_flush(session));
  assert_int_equal(statistics_of(session).updates, 2);
  assert_ok(hypr_session_flush(session)); /* the window is empty */
  assert_int_equal(statistics_of(session).updates, 2);
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_apply(session));
  steps(session, 0, 1, 0);
  assert_ok(hypr_session_teach_class(session, 0));
  assert_ok(hypr_session_reset(session));
  assert_int_equal(statistics_of(session).updates, 3);
  hypr_session_free(session);
  hypr_session_free(fresh);
}

static void updates_at_the_end_of_a_sequence(void **state) {
  (void)state;
  hypr_session *session = learner(HYPR_UPDATE_SEQUENCE), *fresh = learner(HYPR_UPDATE_SEQUENCE);
  steps(session, 0, STREAM_STEPS, 1);
  assert_ok(hypr_session_flush(session));
  assert_true(has_gradient(session));
  assert_true(same_parameters(session, fresh));
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_apply(session));
  assert_ok(hypr_session_reset(session));
  assert_int_equal(statistics_of(session).updates, 1);
  assert_false(same_parameters(session, fresh));
  assert_false(has_gradient(session));
  assert_ok(hypr_session_reset(session));
  assert_int_equal(statistics_of(session).updates, 1);
  hypr_session_free(session);
  hypr_session_free(fresh);
}

static void updates_by_hand(void **state) {
  (void)state;
  hypr_session *session = learner(HYPR_UPDATE_MANUAL), *fresh = learner(HYPR_UPDATE_MANUAL);
  assert_ok(hypr_session_apply(session));
  assert_int_equal(statistics_of(session).updates, 0);
  steps(session, 0, STREAM_STEPS, 1);
  assert_ok(hypr_session_reset(session));
  assert_true(has_gradient(session));
  assert_true(same_parameters(session, fresh));
  assert_ok(hypr_session_apply(session));
  assert_int_equal(statistics_of(session).updates, 1);
  assert_false(same_parameters(session, fresh));
  assert_false(has_gradient(session));
  float *before = parameters_of(session);
  assert_ok(hypr_session_apply(session)); /* nothing was taught since */
  assert_int_equal(statistics_of(session).updates, 1);
  float *after = parameters_of(session);
  assert_same_bits(after, before, parameter_count(session));
  steps(session, 0, 3, 0);
  assert_ok(hypr_session_teach_class(session, 0));
  assert_ok(hypr_session_apply(session)); /* closes the open window */
  assert_int_equal(statistics_of(session).updates, 2);
  free(before);
  free(after);
  hypr_session_free(session);
  hypr_session_free(fresh);
}

/* The loss of a task that the network can solve falls, whatever the neurons, the optimizer and the window: the class is the
 * channel that is active. */
static void the_loss_falls(void **state) {
  (void)state;
  enum { CHANNELS = 4 };
  float inputs[STREAM_STEPS * CHANNELS] = {0};
  int32_t targets[STREAM_STEPS];
  for (int i = 0; i < STREAM_STEPS; i++) {
    targets[i] = i / (STREAM_STEPS / CHANNELS);
    inputs[i * CHANNELS + targets[i]] = i % 3 == 0 ? 1 : 0;
  }
  static const char *const names[] = {BRF, SE_ADLIF};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    hypr_model *network = load_model(names[i]);
    for (int window = 1; window <= 100; window *= 10) {
      for (int optimizer = HYPR_OPTIMIZER_SGD; optimizer <= HYPR_OPTIMIZER_NLMS; optimizer++) {
        static const double rates[] = {1, 0.01, 0.1, 0.01, 0.3};
        hypr_session *session = make_session(
            network, SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, window}, {HYPR_OPTION_OPTIMIZER, optimizer},
                              {HYPR_OPTION_UPDATE, HYPR_UPDATE_SEQUENCE}, {HYPR_OPTION_LEARNING_RATE, rates[optimizer]}));
        double first, loss = 0;
        assert_ok(hypr_session_learn_sequence(session, inputs, STREAM_STEPS, targets, NULL, &first));
        for (int epoch = 0; epoch < 100; epoch++) {
          assert_ok(hypr_session_learn_sequence(session, inputs, STREAM_STEPS, targets, NULL, &loss));
        }
        if (!(loss < 0.6 * first)) {
          fail_msg("%s, window %d, optimizer %d: loss from %g to %g", hypr_model_layer_neuron(network, 0), window,
              optimizer, first, loss);
        }
        hypr_session_free(session);
      }
    }
    hypr_model_free(network);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sequences_equal_their_steps),
      cmocka_unit_test(bad_sequences_change_nothing),
      cmocka_unit_test(sequences_without_labels_teach_nothing),
      cmocka_unit_test(updates_after_every_taught_window),
      cmocka_unit_test(updates_at_the_end_of_a_sequence),
      cmocka_unit_test(updates_by_hand),
      cmocka_unit_test(the_loss_falls),
  };
  return cmocka_run_group_tests_name("learning", tests, set_up, tear_down);
}
