/* Targets: classes, values and errors of the host, in time and late. */
#include <math.h>

#include "stream.h"

static hypr_session *learner(void) {
  return make_session(model, SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, WINDOW}, {HYPR_OPTION_LEARNING_RATE, 0.01}));
}

static void steps(hypr_session *session, size_t first, size_t count, int teach) {
  step_and_teach(session, model, samples + first * INPUTS, teach ? labels + first : NULL, count, NULL);
}

static void teaching_needs_a_step_and_a_class(void **state) {
  (void)state;
  hypr_session *session = learner();
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_teach_class(session, 0));
  assert_string_equal(hypr_session_message(session), "there is no step to teach: make a step first");
  steps(session, 0, 5, 0);
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_session_teach_class(session, CLASSES));
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_session_teach_class(session, UINT32_MAX));
  assert_non_null(strstr(hypr_session_message(session), "label is -1, expected 0 to"));
  assert_ok(hypr_session_teach_class_at(session, 4, 0));
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_teach_class_at(session, 5, 0));
  assert_non_null(strstr(hypr_session_message(session), "steps_ago is 5, but the open windows hold 5 steps; the option "));
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_teach_class_at(session, SIZE_MAX, 0));
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_teach_class_at(session, SIZE_MAX / 2, 0));
  steps(session, 5, WINDOW - 5, 0);
  assert_ok(hypr_session_teach_class_at(session, WINDOW - 1, 1));
  steps(session, WINDOW, 1, 0);
  assert_ok(hypr_session_teach_class(session, 1));
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_teach_class_at(session, 1, 1));
  assert_ok(hypr_session_flush(session));
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_teach_class(session, 1));
  steps(session, 0, 1, 0);
  assert_ok(hypr_session_reset(session));
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_teach_class(session, 1));
  hypr_session_free(session);
}

static void sessions_without_learning_cannot_be_taught(void **state) {
  (void)state;
  hypr_session *session = make_session(model, NULL);
  double loss = 42;
  size_t count = parameter_count(session);
  float *flat = malloc(count * sizeof *flat);
  steps(session, 0, 5, 0);
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_teach_class(session, 0));
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_teach_class_at(session, 0, 0));
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_teach_values(session, samples, CLASSES));
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_teach_error(session, samples, CLASSES));
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_flush(session));
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_apply(session));
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_get_gradients(session, flat, count));
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_learn_sequence(session, samples, 1, labels, NULL, &loss));
  assert_string_not_equal(hypr_session_message(session), "");
  assert_true(loss == 42);
  assert_int_equal(statistics_of(session).steps, 5);
  free(flat);
  hypr_session_free(session);
}

static void late_labels_teach_the_same(void **state) {
  (void)state;
  hypr_session *in_time = learner(), *late = learner();
  for (size_t first = 0; first < 4 * WINDOW; first += WINDOW) {
    steps(in_time, first, WINDOW, 1);
    steps(late, first, WINDOW, 0);
    for (size_t ago = 0; ago < WINDOW; ago++) {
      int32_t label = labels[first + WINDOW - 1 - ago];
      if (label < 0) continue;
      assert_ok(hypr_session_teach_class_at(late, ago, ((uint32_t)label + 1) % CLASSES)); /* replaced by the next */
      assert_ok(hypr_session_teach_class_at(late, ago, (uint32_t)label));
    }
  }
  assert_ok(hypr_session_flush(in_time));
  assert_ok(hypr_session_flush(late));
  assert_int_equal(statistics_of(late).updates, 4);
  assert_true(same_parameters(in_time, late));
  hypr_session_free(in_time);
  hypr_session_free(late);
}

/* The softmax of one output is 1: classes would count as correct and teach nothing. */
static void one_output_has_no_classes(void **state) {
  (void)state;
  hypr_builder *builder;
  hypr_model *one;
  size_t size, steps = 5;
  const int32_t all[5] = {0, 0, 0, 0, 0};
  const float weight = 1, ends[] = {0, 1};
  double loss;
  assert_ok(hypr_builder_create(INPUTS, &builder, NULL, 0));
  assert_ok(hypr_builder_add_layer(builder, "gru", 4, NULL));
  assert_ok(hypr_builder_set_readout(builder, 1, -1, 0));
  assert_ok(hypr_builder_build(builder, 0, &size));
  void *file = malloc(size);
  assert_ok(hypr_builder_copy_file(builder, file, size));
  assert_ok(hypr_model_load_buffer(file, size, &one, NULL, 0));
  free(file);
  hypr_builder_free(builder);
  for (int loss_option = 0; loss_option < 3; loss_option++) {
    hypr_session *session = make_session(one, SETTINGS(LEARNING, {HYPR_OPTION_LOSS, loss_option}));
    float *before = parameters_of(session);
    assert_ok(hypr_session_run(session, samples, 3, NULL));
    const hypr_batch labelled = {.struct_size = sizeof labelled, .inputs = samples, .steps = &steps, .sequences = 1, .labels = all};
    const hypr_batch whole = {
        .struct_size = sizeof whole, .inputs = samples, .steps = &steps, .sequences = 1, .sequence_labels = all};
    const hypr_status refused[] = {
        hypr_session_teach_class(session, 0),
        hypr_session_teach_class_at(session, 1, 0),
        hypr_session_teach_sequence(session, 0),
        hypr_session_set_class_weights(session, &weight, 1),
        hypr_session_learn(session, &labelled, NULL, &loss),
        hypr_session_learn(session, &whole, NULL, &loss),
        hypr_session_learn_sequence(session, samples, 5, all, NULL, &loss),
        hypr_session_learn_batch(session, samples, &steps, 1, all, NULL, &loss),
        hypr_session_learn_labelled(session, samples, &steps, 1, all, NULL, &loss),
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) assert_status(HYPR_ERROR_INVALID_ARGUMENT, refused[i]);
    assert_non_null(strstr(hypr_session_message(session), "teach values, such as 0 and 1"));
    assert_int_equal(statistics_of(session).steps, 3);
    assert_ok(hypr_session_flush(session));
    assert_int_equal(statistics_of(session).taught_steps, 0);
    for (int i = 0; i < 2; i++) {
      assert_ok(hypr_session_run(session, samples, 1, NULL));
      assert_ok(hypr_session_teach_values(session, ends + i, 1));
    }
    assert_ok(hypr_session_flush(session));
    float *after = parameters_of(session);
    assert_memory_not_equal(before, after, parameter_count(session) * sizeof *after);
    free(after);
    free(before);
    hypr_session_free(session);
  }
  hypr_model_free(one);
}

/* What would leave a session without anything to learn is refused. */
static void nothing_to_learn_is_refused(void **state) {
  (void)state;
  hypr_session *session = learner();
  const float none[CLASSES] = {0, 0, 0}, some[CLASSES] = {0, 1, 0};
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_session_set_class_weights(session, none, CLASSES));
  assert_non_null(strstr(hypr_session_message(session), "all 0"));
  assert_ok(hypr_session_set_class_weights(session, some, CLASSES));
  hypr_session_free(session);

  const setting *const frozen[] = {
      SETTINGS(LEARNING, {HYPR_OPTION_TRAIN_MASK, 0}),
      SETTINGS(LEARNING, {HYPR_OPTION_TRAIN_MASK, HYPR_TRAIN_READOUT}, {HYPR_OPTION_RATE_READOUT, 0}),
      SETTINGS(LEARNING, {HYPR_OPTION_LEARNING_RATE, 1e-40}),
  };
  for (int i = 0; i < 3; i++) {
    hypr_options *options = make_options(frozen[i]);
    char message[400];
    assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_session_create(model, options, &session, message, sizeof message));
    assert_non_null(strstr(message, i < 2 ? "train_mask" : "learning_rate is 1e-40"));
    assert_null(session);
    hypr_options_free(options);
  }
}

typedef hypr_status teacher(hypr_session *, size_t, const float *, size_t);
static teacher *const teachers[] = {hypr_session_teach_values_at, hypr_session_teach_error_at};

static void bad_targets_teach_nothing(void **state) {
  (void)state;
  const float bad[] = {NAN, INFINITY, -INFINITY};
  for (int which = 0; which < 4; which++) { /* values and errors, of the last step and of an earlier one */
    hypr_session *session = learner(), *twin = learner();
    float target[CLASSES] = {0, 0, 0};
    assert_status(HYPR_ERROR_WRONG_STATE, teachers[which % 2](session, which / 2 * 3, target, CLASSES));
    steps(session, 0, 5, 1);
    steps(twin, 0, 5, 1);
    assert_status(HYPR_ERROR_SIZE_MISMATCH, teachers[which % 2](session, which / 2 * 3, target, CLASSES - 1));
    assert_status(HYPR_ERROR_SIZE_MISMATCH, teachers[which % 2](session, which / 2 * 3, target, CLASSES + 1));
    assert_status(HYPR_ERROR_SIZE_MISMATCH, teachers[which % 2](session, which / 2 * 3, target, 0));
    for (int kind = 0; kind < 3; kind++) {
      target[1] = bad[kind];
      assert_status(HYPR_ERROR_NOT_FINITE, teachers[which % 2](session, which / 2 * 3, target, CLASSES));
      assert_non_null(strstr(hypr_session_message(session), "[1]"));
    }
    assert_ok(hypr_session_flush(session));
    assert_ok(hypr_session_flush(twin));
    assert_int_equal(statistics_of(session).taught_steps, statistics_of(twin).taught_steps);
    assert_true(same_parameters(session, twin));
    hypr_session_free(session);
    hypr_session_free(twin);
  }
}

/* Values are taught by the mean squared error, whose derivative a host may as well give itself. */
static void values_teach_the_slope_of_the_squared_error(void **state) {
  (void)state;
  hypr_session *values = learner(), *errors = learner();
  double loss = 0;
  for (size_t i = 0; i < STREAM_STEPS; i++) {
    float output[CLASSES], target[CLASSES], error[CLASSES];
    assert_ok(hypr_session_step(values, samples + i * INPUTS, INPUTS, output, CLASSES));
    for (int k = 0; k < CLASSES; k++) {
      target[k] = k == 1 ? 0.5f : -0.25f;
      error[k] = 2 * (output[k] - target[k]) / CLASSES;
      loss += pow((double)output[k] - target[k], 2) / CLASSES / STREAM_STEPS;
    }
    assert_ok(hypr_session_teach_values(values, target, CLASSES));
    assert_ok(hypr_session_step(errors, samples + i * INPUTS, INPUTS, output, CLASSES));
    assert_ok(hypr_session_teach_class(errors, 0)); /* replaced by the next */
    assert_ok(hypr_session_teach_error(errors, error, CLASSES));
  }
  assert_ok(hypr_session_flush(values));
  assert_ok(hypr_session_flush(errors));
  assert_true(same_parameters(values, errors));
  hypr_statistics of_values = statistics_of(values), of_errors = statistics_of(errors);
  assert_int_equal(of_values.taught_steps, STREAM_STEPS);
  assert_int_equal(of_errors.taught_steps, STREAM_STEPS);
  assert_int_equal(of_values.correct_steps + of_errors.correct_steps, 0);
  assert_true(fabs(of_values.mean_loss - loss) < 1e-6 * loss);
  assert_true(of_errors.mean_loss == 0);
  hypr_session_free(values);
  hypr_session_free(errors);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(teaching_needs_a_step_and_a_class),
      cmocka_unit_test(sessions_without_learning_cannot_be_taught),
      cmocka_unit_test(late_labels_teach_the_same),
      cmocka_unit_test(one_output_has_no_classes),
      cmocka_unit_test(nothing_to_learn_is_refused),
      cmocka_unit_test(bad_targets_teach_nothing),
      cmocka_unit_test(values_teach_the_slope_of_the_squared_error),
  };
  return cmocka_run_group_tests_name("targets", tests, set_up, tear_down);
}
