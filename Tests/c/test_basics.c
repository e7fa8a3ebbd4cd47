/* Version, status names, options. */
#include <float.h>
#include <math.h>
#include <stdio.h>

#include "support.h"

static void version_is_that_of_the_header(void **state) {
  (void)state;
  char text[32];
  snprintf(text, sizeof text, "%d.%d.%d", HYPR_VERSION_MAJOR, HYPR_VERSION_MINOR, HYPR_VERSION_PATCH);
  assert_int_equal(hypr_version_number(), HYPR_VERSION_NUMBER);
  assert_string_equal(hypr_version_string(), text);
}

static void every_status_has_its_name(void **state) {
  (void)state;
#define assert_named(status) assert_string_equal(hypr_status_name(status), #status)
  assert_named(HYPR_OK);
  assert_named(HYPR_ERROR_INVALID_ARGUMENT);
  assert_named(HYPR_ERROR_SIZE_MISMATCH);
  assert_named(HYPR_ERROR_NOT_FINITE);
  assert_named(HYPR_ERROR_WRONG_STATE);
  assert_named(HYPR_ERROR_BUFFER_TOO_SMALL);
  assert_named(HYPR_ERROR_NOT_FOUND);
  assert_named(HYPR_ERROR_STOPPED);
  assert_named(HYPR_ERROR_MODEL_INVALID);
  assert_named(HYPR_ERROR_MODEL_UNSUPPORTED);
  assert_named(HYPR_ERROR_STATE_MISMATCH);
  assert_named(HYPR_ERROR_OUT_OF_MEMORY);
  assert_named(HYPR_ERROR_IO);
  const hypr_status unknown[] = {-1, 8, 19, 23, 42, 1000, INT32_MAX, INT32_MIN};
  for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
    assert_string_equal(hypr_status_name(unknown[i]), "HYPR_ERROR_UNKNOWN");
  }
}

/* hypr.h as a table. */
static const struct {
  hypr_option key;
  const char *name;
  double lower, upper, standard;
  int whole;
} facts[] = {
    {HYPR_OPTION_LEARNING, "learning", 0, 1, 0, 1},
    {HYPR_OPTION_WINDOW, "window", 0, 65536, 100, 1},
    {HYPR_OPTION_CREDIT, "credit", HYPR_CREDIT_SPATIAL, HYPR_CREDIT_FILTERED, HYPR_CREDIT_WINDOW, 1},
    {HYPR_OPTION_UPDATE, "update", HYPR_UPDATE_WINDOW, HYPR_UPDATE_MANUAL, HYPR_UPDATE_WINDOW, 1},
    {HYPR_OPTION_REDUCTION, "reduction", HYPR_REDUCTION_MEAN, HYPR_REDUCTION_MEAN_OVER_STEPS, HYPR_REDUCTION_MEAN, 1},
    {HYPR_OPTION_TRAIN_MASK, "train_mask", 0, HYPR_TRAIN_ALL, HYPR_TRAIN_ALL, 1},
    {HYPR_OPTION_LABEL_SMOOTHING, "label_smoothing", 0, 0.999999, 0, 0},
    {HYPR_OPTION_LOSS, "loss", HYPR_LOSS_EVERY_STEP, HYPR_LOSS_SUM_OF_SOFTMAX, HYPR_LOSS_EVERY_STEP, 1},
    {HYPR_OPTION_LOSS_STEPS, "loss_steps", 1, 65536, 1, 1},
    {HYPR_OPTION_LABEL_DELAY, "label_delay", 0, 65536, 0, 1},
    {HYPR_OPTION_DEFERRED, "deferred", 0, 1, 0, 1},
    {HYPR_OPTION_LEARNING_MEMORY_TYPE, "learning_memory_type", HYPR_LEARNING_MEMORY_TYPE_FLOAT32,
     HYPR_LEARNING_MEMORY_TYPE_BFLOAT16, HYPR_LEARNING_MEMORY_TYPE_FLOAT32, 1},
    {HYPR_OPTION_SPIKE_RATE_PENALTY, "spike_rate_penalty", 0, 1e6, 0, 0},
    {HYPR_OPTION_SPIKE_RATE_LOWER, "spike_rate_lower", 0, 1, 0, 0},
    {HYPR_OPTION_SPIKE_RATE_UPPER, "spike_rate_upper", 0, 1, 1, 0},
    {HYPR_OPTION_OPTIMIZER, "optimizer", HYPR_OPTIMIZER_SGD, HYPR_OPTIMIZER_NLMS, HYPR_OPTIMIZER_ADAM, 1},
    {HYPR_OPTION_LEARNING_RATE, "learning_rate", 0, 1000, 0.001, 0},
    {HYPR_OPTION_BETA1, "beta1", 0, 0.999999, 0.9, 0},
    {HYPR_OPTION_BETA2, "beta2", 0, 0.999999, 0.999, 0},
    {HYPR_OPTION_EPSILON, "epsilon", 1e-12, 1, 1e-8, 0},
    {HYPR_OPTION_GRADIENT_CLIP, "gradient_clip", 0, 1e30, 1, 0},
    {HYPR_OPTION_VALUE_CLIP, "value_clip", 0, 1e30, 0, 0},
    {HYPR_OPTION_WEIGHT_DECAY, "weight_decay", 0, 1000, 0, 0},
    {HYPR_OPTION_ANCHOR_STRENGTH, "anchor_strength", 0, 1000, 0, 0},
    {HYPR_OPTION_SCHEDULE, "schedule", HYPR_SCHEDULE_CONSTANT, HYPR_SCHEDULE_COSINE, HYPR_SCHEDULE_CONSTANT, 1},
    {HYPR_OPTION_SCHEDULE_UPDATES, "schedule_updates", 1, 1e12, 10000, 1},
    {HYPR_OPTION_WARM_UP_UPDATES, "warm_up_updates", 0, 1e12, 0, 1},
    {HYPR_OPTION_RATE_INPUT_WEIGHTS, "rate_input_weights", 0, 1000, 1, 0},
    {HYPR_OPTION_RATE_RECURRENT_WEIGHTS, "rate_recurrent_weights", 0, 1000, 1, 0},
    {HYPR_OPTION_RATE_BIASES, "rate_biases", 0, 1000, 1, 0},
    {HYPR_OPTION_RATE_NEURON_PARAMETERS, "rate_neuron_parameters", 0, 1000, 1, 0},
    {HYPR_OPTION_RATE_READOUT, "rate_readout", 0, 1000, 1, 0},
    {HYPR_OPTION_RATE_READOUT_TAU, "rate_readout_tau", 0, 1000, 1, 0},
    {HYPR_OPTION_THREADS, "threads", 1, 64, 1, 1},
    {HYPR_OPTION_REHEARSAL_BYTES, "rehearsal_bytes", 0, 1073741824, 0, 1},
    {HYPR_OPTION_REHEARSAL_SHARE, "rehearsal_share", 0, 0.999, 0, 0},
    {HYPR_OPTION_REHEARSAL_STEPS, "rehearsal_steps", 0, 65536, 30, 1},
    {HYPR_OPTION_REHEARSAL_WINDOWS, "rehearsal_windows", 1, 1e9, 10, 1},
    {HYPR_OPTION_REHEARSAL_STRETCH, "rehearsal_stretch", 1, 65536, 200, 1},
    {HYPR_OPTION_REHEARSAL_LEAD_IN, "rehearsal_lead_in", 0, 65535, 50, 1},
    {HYPR_OPTION_REHEARSAL_SEED, "rehearsal_seed", 0, 4294967295, 0, 1},
    {HYPR_OPTION_REHEARSAL_BITS, "rehearsal_bits", 2, 8, 4, 1},
    {HYPR_OPTION_HOLD_UNTAUGHT, "hold_untaught", 0, 1000, 0.3, 0},
    {HYPR_OPTION_GUARD, "guard", 0, 1e9, 0, 1},
    {HYPR_OPTION_GUARD_ANSWER, "guard_answer", 0, 1, 0, 1},
    {HYPR_OPTION_GUARD_MARGIN, "guard_margin", 0, 1e6, 0.05, 0},
    {HYPR_OPTION_ROUNDING_SEED, "rounding_seed", 0, 4294967295, 0, 1},
};
enum { OPTION_COUNT = sizeof facts / sizeof *facts };

static void options_are_what_the_header_says(void **state) {
  (void)state;
  for (int i = 0; i < OPTION_COUNT; i++) {
    double lower, upper, standard;
    hypr_option found = 0;
    assert_string_equal(hypr_option_name(facts[i].key), facts[i].name);
    assert_ok(hypr_option_find(facts[i].name, &found));
    assert_int_equal(found, facts[i].key);
    assert_ok(hypr_option_bounds(facts[i].key, &lower, &upper, &standard));
    assert_true(lower == facts[i].lower && upper == facts[i].upper && standard == facts[i].standard);
    assert_ok(hypr_option_bounds(facts[i].key, NULL, NULL, NULL));
  }
}

/* Every profile can be set, and a session learns with it. */
static void profiles_are_options(void **state) {
  (void)state;
  size_t count = 0;
  for (const char *profile; (profile = hypr_adaptation_profile(count)); count++) {
    hypr_options *options;
    hypr_option previous = 0;
    assert_ok(hypr_options_create(&options, NULL, 0));
    while (*profile) {
      char name[64];
      int length = 0;
      double value = -1;
      hypr_option key = 0;
      assert_int_equal(sscanf(profile, "%63[a-z_0-9]=%lf%n", name, &value, &length), 2);
      assert_ok(hypr_option_find(name, &key));
      assert_int_not_equal(key, previous);
      assert_ok(hypr_options_set(options, key, value));
      previous = key;
      profile += length;
      if (*profile) assert_int_equal(*profile++, ' ');
    }
    hypr_options_free(options);
  }
  assert_true(count >= 2);
  assert_string_equal(hypr_adaptation_profile(0), "learning_rate=0");
  assert_null(hypr_adaptation_profile(SIZE_MAX));
}

static int is_known(hypr_option key) {
  for (int i = 0; i < OPTION_COUNT; i++) {
    if (facts[i].key == key) return 1;
  }
  return 0;
}

static void assert_unknown(hypr_options *options, hypr_option key) {
  double value = 42;
  assert_null(hypr_option_name(key));
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_option_bounds(key, &value, NULL, NULL));
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_options_set(options, key, 0));
  assert_string_not_equal(hypr_options_message(options), "");
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_options_get(options, key, &value));
  assert_true(value == 42);
}

static void unknown_options_are_refused(void **state) {
  (void)state;
  hypr_options *options = make_options(SETTINGS({0, 0}));
  for (hypr_option candidate = -100; candidate < 1000; candidate++) {
    if (!is_known(candidate)) assert_unknown(options, candidate);
  }
  assert_unknown(options, INT32_MAX);
  assert_unknown(options, INT32_MIN);
  hypr_option key = 42;
  const char *const names[] = {"", "windo", "windows", "Window", "learning rate"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    assert_status(HYPR_ERROR_NOT_FOUND, hypr_option_find(names[i], &key));
  }
  assert_int_equal(key, 42);
  assert_string_equal(hypr_option_suggest("lr"), "learning_rate");
  assert_null(hypr_option_suggest(""));
  assert_null(hypr_option_suggest("izhikevich"));
  hypr_options_free(options);
}

static void assert_refused(hypr_options *options, int option, double value) {
  double before, after;
  assert_ok(hypr_options_get(options, facts[option].key, &before));
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_options_set(options, facts[option].key, value));
  assert_non_null(strstr(hypr_options_message(options), facts[option].name));
  assert_ok(hypr_options_get(options, facts[option].key, &after));
  assert_true(before == after);
}

static void options_keep_their_bounds(void **state) {
  (void)state;
  hypr_options *options = make_options(SETTINGS({0, 0}));
  assert_string_equal(hypr_options_message(options), "");
  for (int i = 0; i < OPTION_COUNT; i++) {
    double value;
    assert_ok(hypr_options_get(options, facts[i].key, &value));
    assert_true(value == facts[i].standard);
    const double bounds[] = {facts[i].lower, facts[i].upper};
    for (int end = 0; end < 2; end++) {
      assert_ok(hypr_options_set(options, facts[i].key, bounds[end]));
      assert_ok(hypr_options_get(options, facts[i].key, &value));
      assert_true(value == bounds[end]);
    }
    /* Subnormal numbers count as zero. */
    assert_refused(options, i, facts[i].lower == 0 ? -DBL_MIN : nextafter(facts[i].lower, -INFINITY));
    assert_refused(options, i, nextafter(facts[i].upper, INFINITY));
    const double never[] = {NAN, INFINITY, -INFINITY, -1, 1e300, -1e300};
    for (int bad = 0; bad < 6; bad++) assert_refused(options, i, never[bad]);
    if (facts[i].whole) assert_refused(options, i, facts[i].lower + 0.5);
  }
  hypr_options_free(options);
}

static void sessions_copy_their_options(void **state) {
  (void)state;
  hypr_model *model = load_model(BRF);
  hypr_options *options = make_options(SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, 7}));
  hypr_session *session;
  assert_ok(hypr_session_create(model, options, &session, NULL, 0));
  assert_ok(hypr_options_set(options, HYPR_OPTION_WINDOW, 8));
  hypr_options_free(options);
  double value;
  assert_ok(hypr_session_get_option(session, HYPR_OPTION_WINDOW, &value));
  assert_true(value == 7);
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_session_get_option(session, 1000, &value));
  assert_non_null(strstr(hypr_session_message(session), "1000"));
  assert_true(value == 7);
  hypr_session_free(session);

  session = make_session(model, NULL);
  assert_ok(hypr_session_get_option(session, HYPR_OPTION_LEARNING, &value));
  assert_true(value == 0);
  hypr_session_free(session);
  hypr_model_free(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(version_is_that_of_the_header), cmocka_unit_test(every_status_has_its_name),
      cmocka_unit_test(options_are_what_the_header_says), cmocka_unit_test(profiles_are_options),
      cmocka_unit_test(unknown_options_are_refused),
      cmocka_unit_test(options_keep_their_bounds), cmocka_unit_test(sessions_copy_their_options),
  };
  return cmocka_run_group_tests_name("basics", tests, NULL, NULL);
}
