/* The general form of learning sequences: classes, values and weights, and what is refused before the first step. */
#include <math.h>
#include <stdio.h>

#include "stream.h"

static const size_t lengths[] = {50, 0, 30, 40};
enum { SEQUENCES = 4 };

static const double updates[] = {HYPR_UPDATE_WINDOW, HYPR_UPDATE_SEQUENCE, HYPR_UPDATE_MANUAL};

static hypr_session *learner(double update, double reduction) {
  return make_session(model, SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, WINDOW}, {HYPR_OPTION_UPDATE, update},
                                      {HYPR_OPTION_REDUCTION, reduction}, {HYPR_OPTION_LEARNING_RATE, 0.01}));
}

static hypr_batch batch_of_samples(void) {
  return (hypr_batch){.struct_size = sizeof(hypr_batch), .inputs = samples, .steps = lengths, .sequences = SEQUENCES};
}

/* Targets of every output and step, to be freed. */
static float *random_values(void) {
  float *values = random_samples(STREAM_STEPS * CLASSES, 21);
  for (size_t i = 0; i < STREAM_STEPS * CLASSES; i++) values[i] *= 0.5f;
  return values;
}

static void assert_close(const float *one, const float *other, size_t count, float tolerance) {
  float largest = 0;
  for (size_t i = 0; i < count; i++) largest = fabsf(other[i]) > largest ? fabsf(other[i]) : largest;
  assert_true(largest > 0);
  for (size_t i = 0; i < count; i++) assert_true(fabsf(one[i] - other[i]) <= tolerance * largest);
}

static void the_short_forms_are_the_same(void **state) {
  (void)state;
  const int32_t classes[SEQUENCES] = {1, 0, -1, 2};
  for (int labelled = 0; labelled < 2; labelled++) {
    for (int update = 0; update < 3; update++) {
      hypr_session *one = learner(updates[update], 0), *other = learner(updates[update], 0);
      float outputs[STREAM_STEPS * CLASSES], expected[STREAM_STEPS * CLASSES];
      double loss, expected_loss;
      hypr_batch batch = batch_of_samples();
      for (int round = 0; round < 2; round++) {
        if (labelled) {
          batch.sequence_labels = classes;
          assert_ok(hypr_session_learn_labelled(other, samples, lengths, SEQUENCES, classes, expected, &expected_loss));
        } else {
          batch.labels = labels;
          assert_ok(hypr_session_learn_batch(other, samples, lengths, SEQUENCES, labels, expected, &expected_loss));
        }
        assert_ok(hypr_session_learn(one, &batch, outputs, &loss));
        assert_same_bits(outputs, expected, STREAM_STEPS * CLASSES);
        assert_true(loss == expected_loss && loss > 0);
        assert_true(same_parameters(one, other));
      }
      hypr_session_free(one);
      hypr_session_free(other);
    }
  }
}

/* Every step taught its values by hand, each sequence from a fresh state; values of steps with a weight of 0 are not looked at. */
static void values_are_those_that_are_taught_by_hand(void **state) {
  (void)state;
  float *values = random_values(), weights[STREAM_STEPS];
  for (size_t i = 0; i < STREAM_STEPS; i++) {
    weights[i] = labels[i] < 0 ? 0 : 1;
    if (labels[i] < 0) values[i * CLASSES + 1] = i % 2 ? NAN : INFINITY;
  }
  for (int update = 0; update < 3; update++) {
    hypr_session *one = learner(updates[update], 0), *other = learner(updates[update], 0);
    float outputs[STREAM_STEPS * CLASSES], expected[STREAM_STEPS * CLASSES];
    double loss, sum = 0, taught = 0;
    hypr_batch batch = batch_of_samples();
    batch.values = values, batch.weights = weights;
    assert_ok(hypr_session_learn(one, &batch, outputs, &loss));
    for (size_t sequence = 0, first = 0; sequence < SEQUENCES; first += lengths[sequence], sequence++) {
      /* With an update per sequence there is none between those of a batch. */
      if (update == 1) assert_ok(hypr_session_reset_parts(other, HYPR_RESET_STATE | HYPR_RESET_TRACES));
      else assert_ok(hypr_session_reset(other));
      for (size_t i = first; i < first + lengths[sequence]; i++) {
        assert_ok(hypr_session_step(other, samples + i * INPUTS, INPUTS, expected + i * CLASSES, CLASSES));
        if (weights[i] == 0) continue;
        assert_ok(hypr_session_teach_values(other, values + i * CLASSES, CLASSES));
        for (size_t k = 0; k < CLASSES; k++) {
          sum += pow((double)expected[i * CLASSES + k] - values[i * CLASSES + k], 2) / CLASSES;
        }
        taught++;
      }
    }
    assert_ok(hypr_session_reset(other));
    assert_same_bits(outputs, expected, STREAM_STEPS * CLASSES);
    assert_true(same_parameters(one, other));
    assert_int_equal(statistics_of(one).updates, statistics_of(other).updates);
    assert_int_equal(statistics_of(one).taught_steps, (size_t)taught);
    assert_true(fabs(loss - sum / taught) < 1e-6 * loss);
    hypr_session_free(one);
    hypr_session_free(other);
  }
  free(values);
}

/* The gradient of a batch, to be freed. */
static float *gradient(hypr_session *session, const hypr_batch *batch, double *loss) {
  assert_ok(hypr_session_learn(session, batch, NULL, loss));
  float *flat = gradients_of(session);
  hypr_session_free(session);
  return flat;
}

/* A target counts as often as its weight says: the gradient of all is the sum of what each has by itself. */
static void weights_scale_the_loss_of_their_targets(void **state) {
  (void)state;
  float *values = random_values();
  const int32_t classes[SEQUENCES] = {1, 0, 2, 2};
  for (int kind = 0; kind < 3; kind++) {
    size_t targets = kind == 1 ? SEQUENCES : STREAM_STEPS, count = hypr_model_parameter_count(model);
    float weights[STREAM_STEPS], halves[2][STREAM_STEPS];
    for (size_t i = 0; i < targets; i++) {
      weights[i] = i % 3 == 0 ? 0.25f : i % 3 == 1 ? 3 : 0;
      halves[0][i] = i % 2 ? weights[i] : 0;
      halves[1][i] = i % 2 ? 0 : weights[i];
    }
    hypr_batch batch = batch_of_samples();
    if (kind == 0) batch.labels = labels;
    if (kind == 1) batch.sequence_labels = classes;
    if (kind == 2) batch.values = values;
    double losses[3];
    float *parts[3];
    const float *const given[] = {weights, halves[0], halves[1]};
    for (int i = 0; i < 3; i++) {
      batch.weights = given[i];
      parts[i] = gradient(learner(HYPR_UPDATE_MANUAL, HYPR_REDUCTION_SUM), &batch, &losses[i]);
    }
    for (size_t i = 0; i < count; i++) parts[1][i] += parts[2][i];
    assert_close(parts[1], parts[0], count, 1e-4f);
    for (int i = 0; i < 3; i++) free(parts[i]);

    /* Equal weights make no difference to the weighted mean, and are a factor on the others; a power of two leaves the bits. */
    for (int reduction = HYPR_REDUCTION_MEAN; reduction <= HYPR_REDUCTION_MEAN_OVER_STEPS; reduction++) {
      for (size_t i = 0; i < targets; i++) weights[i] = 4;
      for (int i = 0; i < 2; i++) {
        batch.weights = i == 0 ? weights : NULL;
        parts[i] = gradient(learner(HYPR_UPDATE_MANUAL, reduction), &batch, &losses[i]);
      }
      for (size_t i = 0; i < count; i++) parts[1][i] *= reduction == HYPR_REDUCTION_MEAN ? 1 : 4;
      assert_same_bits(parts[0], parts[1], count);
      assert_true(losses[0] == losses[1]);
      free(parts[0]);
      free(parts[1]);
    }
  }
  free(values);
}

static void weights_of_targets_multiply_those_of_classes(void **state) {
  (void)state;
  const float of_classes[CLASSES] = {2, 0.5f, 0};
  float weights[STREAM_STEPS], ones[STREAM_STEPS];
  for (size_t i = 0; i < STREAM_STEPS; i++) {
    ones[i] = 1;
    weights[i] = labels[i] < 0 ? 1 : of_classes[labels[i]];
  }
  hypr_session *by_class = learner(HYPR_UPDATE_SEQUENCE, 0), *by_target = learner(HYPR_UPDATE_SEQUENCE, 0);
  hypr_batch batch = batch_of_samples();
  double loss, expected;
  batch.labels = labels, batch.weights = ones;
  assert_ok(hypr_session_set_class_weights(by_class, of_classes, CLASSES));
  assert_ok(hypr_session_learn(by_class, &batch, NULL, &expected));
  batch.weights = weights;
  assert_ok(hypr_session_learn(by_target, &batch, NULL, &loss));
  assert_true(same_parameters(by_class, by_target));
  assert_true(fabs(loss - expected) < 1e-12);
  hypr_session_free(by_class);
  hypr_session_free(by_target);
}

static void a_sum_of_softmax_has_one_weight(void **state) {
  (void)state;
  const size_t steps[] = {20, 15};
  const int32_t classes[] = {0, 2};
  const float weights[] = {0, 3};
  double loss, expected;
  hypr_session *pair[2];
  for (int i = 0; i < 2; i++) {
    pair[i] = make_session(model, SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, WINDOW}, {HYPR_OPTION_UPDATE, HYPR_UPDATE_MANUAL},
                                           {HYPR_OPTION_LOSS, HYPR_LOSS_SUM_OF_SOFTMAX}));
  }
  hypr_batch batch = {.struct_size = sizeof batch, .inputs = samples, .steps = steps, .sequences = 2,
                      .sequence_labels = classes, .weights = weights};
  assert_ok(hypr_session_learn(pair[0], &batch, NULL, &loss));
  assert_ok(hypr_session_learn_labelled(pair[1], samples + 20 * INPUTS, steps + 1, 1, classes + 1, NULL, &expected));
  float *one = gradients_of(pair[0]), *other = gradients_of(pair[1]);
  assert_true(fabs(loss - expected) < 1e-12 && loss > 0);
  assert_close(one, other, parameter_count(pair[0]), 1e-5f);
  free(one);
  free(other);
  hypr_session_free(pair[0]);
  hypr_session_free(pair[1]);
}

static void threads_share_any_batch(void **state) {
  (void)state;
  float *values = random_values(), weights[STREAM_STEPS];
  size_t count = hypr_model_parameter_count(model);
  for (size_t i = 0; i < STREAM_STEPS; i++) weights[i] = (float)(i % 4);
  hypr_batch batch = batch_of_samples();
  batch.values = values, batch.weights = weights;
  double losses[2];
  float *gradients[2];
  for (int threads = 1; threads <= 2; threads++) {
    hypr_session *session = make_session(
        model, SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, WINDOW}, {HYPR_OPTION_UPDATE, HYPR_UPDATE_MANUAL},
                        {HYPR_OPTION_THREADS, threads}));
    gradients[threads - 1] = gradient(session, &batch, &losses[threads - 1]);
  }
  assert_close(gradients[1], gradients[0], count, 1e-4f);
  assert_true(fabs(losses[0] - losses[1]) < 1e-9);
  free(gradients[0]);
  free(gradients[1]);
  free(values);
}

static void refuse(hypr_session *session, const hypr_batch *batch, hypr_status expected, const char *reason) {
  double loss = 42;
  float output = 42;
  assert_status(expected, hypr_session_learn(session, batch, &output, &loss));
  if (!strstr(hypr_session_message(session), reason)) fail_msg("%s: %s", reason, hypr_session_message(session));
  assert_true(loss == 42 && output == 42);
}

static void bad_batches_change_nothing(void **state) {
  (void)state;
  float *values = random_values(), weights[STREAM_STEPS];
  const int32_t classes[SEQUENCES] = {1, 0, CLASSES, 2};
  hypr_session *session = learner(HYPR_UPDATE_WINDOW, 0), *twin = learner(HYPR_UPDATE_WINDOW, 0);
  step_and_teach(session, model, samples, labels, 40, NULL);
  step_and_teach(twin, model, samples, labels, 40, NULL);

  const hypr_status invalid = HYPR_ERROR_INVALID_ARGUMENT;
  hypr_batch batch = batch_of_samples();
  refuse(session, &batch, invalid, "batch has 0 of labels, sequence_labels and values");
  batch.labels = labels, batch.values = values;
  refuse(session, &batch, invalid, "batch has 2 of");
  batch.sequence_labels = classes;
  refuse(session, &batch, invalid, "batch has 3 of");
  batch.labels = NULL, batch.values = NULL;
  refuse(session, &batch, invalid, "sequence_labels[2] is 3");

  batch.sequence_labels = NULL, batch.values = values;
  values[70 * CLASSES + 2] = NAN;
  refuse(session, &batch, HYPR_ERROR_NOT_FINITE, "step 70: values[212] is nan");
  batch.weights = weights;
  for (size_t i = 0; i < STREAM_STEPS; i++) weights[i] = 1;
  refuse(session, &batch, HYPR_ERROR_NOT_FINITE, "step 70: values[212] is nan");
  const float bad[] = {-1, 1e-7f, 1.1e6f, NAN, INFINITY, -INFINITY};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    weights[119] = bad[i];
    refuse(session, &batch, isfinite(bad[i]) ? invalid : HYPR_ERROR_NOT_FINITE, "weights[119] is");
  }

  /* Sizes whose product with that of a sample does not fit, one by one and together; no array is that large, so none is read. */
  const size_t huge[][2] = {{(size_t)1 << 61, 0}, {0, SIZE_MAX / 2}, {SIZE_MAX / 8, SIZE_MAX / 8}, {SIZE_MAX, 1}, {SIZE_MAX, SIZE_MAX}};
  batch.weights = NULL, batch.sequences = 2;
  for (size_t i = 0; i < sizeof huge / sizeof *huge; i++) {
    batch.steps = huge[i];
    refuse(session, &batch, invalid, "");
    assert_status(invalid, hypr_session_learn_batch(session, samples, huge[i], 2, labels, NULL, NULL));
    assert_status(invalid, hypr_session_learn_labelled(session, samples, huge[i], 2, labels, NULL, NULL));
  }
  assert_status(invalid, hypr_session_learn_sequence(session, samples, (size_t)1 << 61, labels, NULL, NULL));
  assert_non_null(strstr(hypr_session_message(session), "more than can be addressed"));
  assert_status(invalid, hypr_session_run(session, samples, (size_t)1 << 61, NULL));
  assert_non_null(strstr(hypr_session_message(session), "more than can be addressed"));
  batch.steps = lengths;
  const size_t too_many[] = {SIZE_MAX, SIZE_MAX / 2, SIZE_MAX / 8};
  for (int i = 0; i < 3; i++) {
    batch.sequences = too_many[i];
    refuse(session, &batch, invalid, "sequences is too large");
  }

  step_and_teach(session, model, samples + 40 * INPUTS, labels + 40, 40, NULL);
  step_and_teach(twin, model, samples + 40 * INPUTS, labels + 40, 40, NULL);
  assert_int_equal(statistics_of(session).steps, 80);
  assert_true(same_parameters(session, twin));
  free(values);
  hypr_session_free(session);
  hypr_session_free(twin);

  hypr_session *runner = make_session(model, NULL);
  batch = batch_of_samples();
  batch.labels = labels;
  refuse(runner, &batch, HYPR_ERROR_WRONG_STATE, "without learning");
  hypr_session_free(runner);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_short_forms_are_the_same),
      cmocka_unit_test(values_are_those_that_are_taught_by_hand),
      cmocka_unit_test(weights_scale_the_loss_of_their_targets),
      cmocka_unit_test(weights_of_targets_multiply_those_of_classes),
      cmocka_unit_test(a_sum_of_softmax_has_one_weight),
      cmocka_unit_test(threads_share_any_batch),
      cmocka_unit_test(bad_batches_change_nothing),
  };
  return cmocka_run_group_tests_name("batches", tests, set_up, tear_down);
}
