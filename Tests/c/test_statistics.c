/* Statistics, learning rate schedules, and what can be seen of the layers. */
#include <math.h>

#include "support.h"

enum { STEPS = 150, INPUTS = 9, CLASSES = 3, LAYERS = 2 };

static double cross_entropy(const float *output, int32_t label) {
  double top = output[0], sum = 0;
  for (int i = 1; i < CLASSES; i++) top = output[i] > top ? output[i] : top;
  for (int i = 0; i < CLASSES; i++) sum += exp(output[i] - top);
  return log(sum) + top - output[label];
}

static int is_largest(const float *output, int32_t label) {
  for (int i = 0; i < CLASSES; i++) {
    if (output[i] > output[label] || (output[i] == output[label] && i < label)) return 0;
  }
  return 1;
}

static void statistics_are_those_of_the_outputs(void **state) {
  (void)state;
  hypr_model *model = load_model(TWO_LAYERS);
  hypr_session *session =
      make_session(model, SETTINGS(LEARNING, {HYPR_OPTION_UPDATE, HYPR_UPDATE_MANUAL}, {HYPR_OPTION_WINDOW, 50}));
  float *samples = random_samples(STEPS * INPUTS, 5), spikes[20], rates[LAYERS], output[CLASSES];
  int32_t *labels = random_labels(STEPS, CLASSES, 6);
  double loss = 0, spiked[LAYERS] = {0, 0};
  uint64_t taught = 0, correct = 0;
  for (size_t i = 0; i < STEPS; i++) {
    assert_ok(hypr_session_step(session, samples + i * INPUTS, INPUTS, output, CLASSES));
    for (size_t layer = 0; layer < LAYERS; layer++) {
      size_t size = hypr_model_layer_size(model, layer);
      assert_ok(hypr_session_get_spikes(session, layer, spikes, size));
      for (size_t neuron = 0; neuron < size; neuron++) {
        assert_true(spikes[neuron] == 0 || spikes[neuron] == 1);
        spiked[layer] += spikes[neuron] / ((double)size * STEPS);
      }
    }
    if (labels[i] < 0) continue;
    assert_ok(hypr_session_teach_class(session, (uint32_t)labels[i]));
    taught++;
    correct += (uint64_t)is_largest(output, labels[i]);
    loss += cross_entropy(output, labels[i]);
  }
  assert_ok(hypr_session_flush(session));

  hypr_statistics statistics = {.struct_size = sizeof statistics, .spike_rates = rates, .spike_rate_count = LAYERS};
  assert_ok(hypr_session_statistics(session, &statistics));
  assert_int_equal(statistics.steps, STEPS);
  assert_int_equal(statistics.taught_steps, taught);
  assert_int_equal(statistics.correct_steps, correct);
  assert_int_equal(statistics.updates, 0);
  assert_int_equal(statistics.skipped_updates, 0);
  assert_true(fabs(statistics.mean_loss - loss / (double)taught) < 1e-5);
  assert_true(statistics.learning_rate == 0.001);
  assert_true(statistics.spike_rates == rates && statistics.spike_rate_count == LAYERS);
  for (size_t layer = 0; layer < LAYERS; layer++) {
    assert_true(rates[layer] > 0 && fabs(rates[layer] - spiked[layer]) < 1e-6);
  }

  assert_ok(hypr_session_apply(session));
  assert_ok(hypr_session_clear_statistics(session));
  assert_ok(hypr_session_statistics(session, &statistics));
  assert_int_equal(statistics.steps + statistics.taught_steps + statistics.correct_steps, 0);
  assert_true(statistics.mean_loss == 0 && rates[0] == 0 && rates[1] == 0);
  assert_int_equal(statistics.updates, 1);
  assert_true(statistics.gradient_norm > 0);
  free(samples);
  free(labels);
  hypr_session_free(session);
  hypr_model_free(model);
}

/* Counted by the host, in steps of a network some of whose neurons never spike and some nearly always. */
static void activity_is_that_of_the_layers(void **state) {
  (void)state;
  hypr_model *model = load_model(TWO_LAYERS);
  hypr_session *session = make_session(model, NULL);
  const size_t scales[] = {1, 1000};
  float *samples = random_samples(STEPS * INPUTS, 5), spikes[20];
  for (int i = 0; i < 2; i++) {
    size_t counts[LAYERS][20] = {{0}};
    assert_ok(hypr_session_clear_statistics(session));
    for (size_t j = 0; j < STEPS * INPUTS; j++) samples[j] = (float)scales[i] * fabsf(samples[j]);
    for (size_t step = 0; step < STEPS; step++) {
      assert_ok(hypr_session_step(session, samples + step * INPUTS, INPUTS, NULL, 0));
      for (size_t layer = 0; layer < LAYERS; layer++) {
        size_t size = hypr_model_layer_size(model, layer);
        assert_ok(hypr_session_get_spikes(session, layer, spikes, size));
        for (size_t neuron = 0; neuron < size; neuron++) counts[layer][neuron] += spikes[neuron] != 0;
      }
    }
    for (size_t layer = 0; layer < LAYERS; layer++) {
      size_t size = hypr_model_layer_size(model, layer), silent = 0, saturated = 0, sum = 0;
      for (size_t neuron = 0; neuron < size; neuron++) {
        silent += counts[layer][neuron] == 0;
        saturated += counts[layer][neuron] > STEPS / 2;
        sum += counts[layer][neuron];
      }
      hypr_layer_activity activity = {.struct_size = sizeof activity};
      assert_ok(hypr_session_layer_activity(session, layer, &activity));
      assert_int_equal(activity.neurons, size);
      assert_int_equal(activity.silent_neurons, silent);
      assert_int_equal(activity.saturated_neurons, saturated);
      assert_true(fabs(activity.spike_rate - (double)sum / ((double)size * STEPS)) < 1e-12);
    }
  }
  hypr_layer_activity activity = {.struct_size = sizeof activity};
  assert_ok(hypr_session_layer_activity(session, 0, &activity));
  assert_true(activity.saturated_neurons > 0);
  assert_status(HYPR_ERROR_NOT_FOUND, hypr_session_layer_activity(session, LAYERS, &activity));
  assert_non_null(strstr(hypr_session_message(session), "the model has 2"));
  free(samples);
  hypr_session_free(session);
  hypr_model_free(model);
}

static void ranges_are_those_of_the_inputs(void **state) {
  (void)state;
  hypr_model *model = load_model(TWO_LAYERS);
  hypr_session *session = make_session(model, NULL);
  float *samples = random_samples(STEPS * INPUTS, 5), *values = malloc(STEPS * INPUTS * sizeof *values);
  assert_int_equal(hypr_model_first_layer_inputs(model), INPUTS);
  assert_ok(hypr_session_condition(session, samples, STEPS, values));
  hypr_input_range range = {.struct_size = sizeof range};
  for (int times = 0; times < 2; times++) {
    assert_ok(hypr_session_input_range(session, 3, &range));
    assert_true(range.samples == 0 && range.lowest == 0 && range.highest == 0);
    assert_ok(hypr_session_run(session, samples, STEPS, NULL));
    float output[CLASSES], huge[INPUTS] = {0, 0, 0, 1e6f};
    assert_ok(hypr_session_look_ahead(session, huge, INPUTS, output, CLASSES));
    for (size_t channel = 0; channel < INPUTS; channel++) {
      float lowest = values[channel], highest = values[channel];
      size_t looked = 0;
      for (size_t step = 0; step < STEPS; step++) {
        if (step >= 64 && (step * 0x9E3779B97F4A7C15u) >> 59) continue; /* one in 32, drawn from its number */
        looked++;
        lowest = fminf(lowest, values[step * INPUTS + channel]);
        highest = fmaxf(highest, values[step * INPUTS + channel]);
      }
      assert_ok(hypr_session_input_range(session, channel, &range));
      assert_int_equal(range.samples, looked);
      assert_true(range.lowest == lowest && range.highest == highest);
      assert_true(isnan(range.trained_lower) && isnan(range.trained_upper) && range.outside == 0);
    }
    assert_ok(hypr_session_clear_statistics(session));
  }
  assert_status(HYPR_ERROR_NOT_FOUND, hypr_session_input_range(session, INPUTS, &range));
  free(values);
  free(samples);
  hypr_session_free(session);
  hypr_model_free(model);
}

/* The entropy of what was taught, with weights and smoothing. */
static void chance_is_the_loss_of_guessing(void **state) {
  (void)state;
  hypr_model *model = load_model(TWO_LAYERS);
  float *samples = random_samples(STEPS * INPUTS, 5);
  const float weights[] = {1, 2, 0.5f};
  const double smoothings[] = {0, 0.3};
  for (int i = 0; i < 2; i++) {
    hypr_session *session = make_session(
        model, SETTINGS(LEARNING, {HYPR_OPTION_LABEL_SMOOTHING, smoothings[i]}, {HYPR_OPTION_WINDOW, 10}));
    assert_ok(hypr_session_set_class_weights(session, weights, CLASSES));
    assert_true(statistics_of(session).chance_loss == 0);
    double counts[CLASSES] = {0}, sum = 0, chance = 0;
    for (size_t step = 0; step < STEPS; step++) {
      const uint32_t label = step % 4 == 0 ? 0 : step % 4 == 1 ? 1 : 2;
      assert_ok(hypr_session_step(session, samples + step * INPUTS, INPUTS, NULL, 0));
      assert_ok(hypr_session_teach_class(session, label));
      counts[label] += weights[label];
      sum += weights[label];
    }
    assert_ok(hypr_session_flush(session));
    for (int label = 0; label < CLASSES; label++) {
      const double share = (1 - smoothings[i]) * counts[label] / sum + smoothings[i] / CLASSES;
      chance -= share * log(share);
    }
    assert_true(fabs(statistics_of(session).chance_loss - chance) < 1e-6);
    const float values[CLASSES] = {0};
    assert_ok(hypr_session_step(session, samples, INPUTS, NULL, 0));
    assert_ok(hypr_session_teach_values(session, values, CLASSES));
    assert_ok(hypr_session_flush(session));
    assert_true(statistics_of(session).chance_loss == 0);
    assert_ok(hypr_session_clear_statistics(session));
    assert_true(statistics_of(session).chance_loss == 0);
    hypr_session_free(session);
  }
  free(samples);
  hypr_model_free(model);
}

/* Variance of the values by output, in the mean; of windows, and however they are put together. */
static void guessing_of_values(void **state) {
  (void)state;
  hypr_model *model = load_model(TWO_LAYERS);
  float *samples = random_samples(STEPS * INPUTS, 5);
  hypr_session *session = make_session(model, SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, 10}));
  double sums[CLASSES] = {0}, squares[CLASSES] = {0}, chance = 0;
  for (size_t step = 0; step < STEPS; step++) {
    float values[CLASSES];
    for (int i = 0; i < CLASSES; i++) {
      values[i] = 3 * (float)i + samples[step * INPUTS + (size_t)i % INPUTS];
      sums[i] += values[i];
      squares[i] += (double)values[i] * values[i];
    }
    assert_ok(hypr_session_step(session, samples + step * INPUTS, INPUTS, NULL, 0));
    assert_ok(hypr_session_teach_values(session, values, CLASSES));
  }
  assert_ok(hypr_session_flush(session));
  for (int i = 0; i < CLASSES; i++) chance += (squares[i] / STEPS - sums[i] / STEPS * sums[i] / STEPS) / CLASSES;
  assert_true(fabs(statistics_of(session).chance_loss - chance) < 1e-3 * chance);
  assert_ok(hypr_session_step(session, samples, INPUTS, NULL, 0));
  assert_ok(hypr_session_teach_class(session, 1));
  assert_ok(hypr_session_flush(session));
  assert_true(statistics_of(session).chance_loss == 0);
  free(samples);
  hypr_session_free(session);
  hypr_model_free(model);
}

static void a_dead_network_is_found(void **state) {
  (void)state;
  hypr_model *model = load_model(TWO_LAYERS);
  hypr_session *session = make_session(model, NULL);
  float *samples = random_samples(STEPS * INPUTS, 5);
  for (size_t i = 0; i < STEPS * INPUTS; i++) samples[i] *= 1e-6f;
  uint32_t findings = 42;
  char text[256], shorter[8];
  assert_ok(hypr_session_diagnose(session, &findings, text, sizeof text));
  assert_true(findings == 0 && text[0] == 0);
  assert_ok(hypr_session_run(session, samples, STEPS, NULL));
  assert_ok(hypr_session_diagnose(session, &findings, text, sizeof text));
  assert_int_equal(findings, HYPR_FINDING_SILENT_LAYER);
  assert_ptr_equal(strstr(text, "layer0 never spiked in 150 steps: the largest input of the network is "), text);
  assert_null(strchr(text, '\n'));
  findings = 0;
  assert_ok(hypr_session_diagnose(session, &findings, NULL, 0));
  assert_int_equal(findings, HYPR_FINDING_SILENT_LAYER);
  assert_ok(hypr_session_diagnose(session, &findings, shorter, sizeof shorter));
  assert_string_equal(shorter, "layer0 ");
  assert_ok(hypr_session_clear_statistics(session));
  assert_ok(hypr_session_diagnose(session, &findings, text, sizeof text));
  assert_true(findings == 0 && text[0] == 0);
  free(samples);
  hypr_session_free(session);
  hypr_model_free(model);
}

static void statistics_that_are_refused(void **state) {
  (void)state;
  hypr_model *model = load_model(TWO_LAYERS);
  hypr_session *session = make_session(model, NULL);
  float rates[4] = {42, 42, 42, 42};
  hypr_statistics statistics = {.struct_size = 0, .spike_rates = rates, .spike_rate_count = LAYERS};
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_session_statistics(session, &statistics));
  statistics.struct_size = sizeof statistics;
  const size_t wrong[] = {0, 1, 3, SIZE_MAX};
  for (int i = 0; i < 4; i++) {
    statistics.spike_rate_count = wrong[i];
    assert_status(HYPR_ERROR_SIZE_MISMATCH, hypr_session_statistics(session, &statistics));
  }
  assert_true(rates[0] == 42 && rates[3] == 42);
  statistics.spike_rates = NULL;
  assert_ok(hypr_session_statistics(session, &statistics));
  hypr_session_free(session);
  hypr_model_free(model);
}

/* Whatever keeps the parameters where they are. */
static void updates_that_change_nothing_are_counted(void **state) {
  (void)state;
  enum { UPDATES = 20 };
  hypr_model *model = load_model(TWO_LAYERS);
  const size_t count = hypr_model_parameter_count(model);
  float *samples = random_samples(UPDATES * INPUTS, 5), *before = malloc(count * sizeof *before);
  const setting *const settings[] = {
      SETTINGS(LEARNING, {HYPR_OPTION_LEARNING_RATE, 0.01}), /* the usual */
      SETTINGS(LEARNING, {HYPR_OPTION_OPTIMIZER, HYPR_OPTIMIZER_SGD}, {HYPR_OPTION_VALUE_CLIP, 1e-30}),
      SETTINGS(LEARNING, {HYPR_OPTION_OPTIMIZER, HYPR_OPTIMIZER_SGD}, {HYPR_OPTION_GRADIENT_CLIP, 1e-30}),
      SETTINGS(LEARNING, {HYPR_OPTION_OPTIMIZER, HYPR_OPTIMIZER_MOMENTUM}, {HYPR_OPTION_LEARNING_RATE, 1e-12}),
      SETTINGS(LEARNING, {HYPR_OPTION_WARM_UP_UPDATES, 1e12}, {HYPR_OPTION_LEARNING_RATE, 1e-6}),
      SETTINGS(LEARNING, {HYPR_OPTION_LEARNING_RATE, 0.01}), /* and every tensor frozen */
      SETTINGS(LEARNING, {HYPR_OPTION_LEARNING_RATE, 0}),
  };
  for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
    hypr_session *session = make_session(model, settings[i]);
    for (size_t tensor = 0; i == 5 && tensor < hypr_session_tensor_count(session); tensor++) {
      assert_ok(hypr_session_set_trainable(session, tensor, 0));
    }
    uint64_t unchanged = 0;
    for (size_t update = 0; update < UPDATES; update++) {
      assert_ok(hypr_session_get_parameters(session, before, count));
      assert_ok(hypr_session_step(session, samples + update * INPUTS, INPUTS, NULL, 0));
      assert_ok(hypr_session_teach_class(session, update % CLASSES));
      assert_ok(hypr_session_flush(session));
      float *after = parameters_of(session);
      unchanged += memcmp(before, after, count * sizeof *after) == 0;
      free(after);
    }
    if (i == 0) assert_int_equal(unchanged, 0);
    if (i >= 5) assert_int_equal(unchanged, UPDATES);
    assert_int_equal(statistics_of(session).updates, UPDATES);
    assert_int_equal(statistics_of(session).unchanged_updates, unchanged);
    assert_ok(hypr_session_reset_parts(session, HYPR_RESET_OPTIMIZER));
    assert_int_equal(statistics_of(session).unchanged_updates, 0);
    hypr_session_free(session);
  }
  free(before);
  free(samples);
  hypr_model_free(model);
}

static void learning_rates_follow_their_schedule(void **state) {
  (void)state;
  hypr_model *model = load_model(TWO_LAYERS);
  float *samples = random_samples(INPUTS, 5);
  const double pi = 3.14159265358979323846;
  for (int schedule = HYPR_SCHEDULE_CONSTANT; schedule <= HYPR_SCHEDULE_COSINE; schedule++) {
    hypr_session *session = make_session(
        model, SETTINGS(LEARNING, {HYPR_OPTION_SCHEDULE, schedule}, {HYPR_OPTION_SCHEDULE_UPDATES, 10},
                        {HYPR_OPTION_LEARNING_RATE, 0.5}));
    for (int update = 0; update < 13; update++) {
      double progress = update < 10 ? update / 10.0 : 1;
      double factor = schedule == HYPR_SCHEDULE_LINEAR   ? 1 - progress
                      : schedule == HYPR_SCHEDULE_COSINE ? (1 + cos(pi * progress)) / 2
                                                         : 1;
      assert_true(fabs(statistics_of(session).learning_rate - 0.5 * factor) < 1e-12);
      assert_ok(hypr_session_step(session, samples, INPUTS, NULL, 0));
      assert_ok(hypr_session_teach_class(session, 0));
      assert_ok(hypr_session_flush(session));
      assert_int_equal(statistics_of(session).updates, update + 1);
    }
    hypr_session_free(session);
  }
  free(samples);
  hypr_model_free(model);
}

static void layers_can_be_seen(void **state) {
  (void)state;
  hypr_model *model = load_model(TWO_LAYERS);
  hypr_session *session = make_session(model, NULL);
  float *samples = random_samples(STEPS * INPUTS, 5), values[200];
  assert_ok(hypr_session_run(session, samples, STEPS, NULL));
  for (size_t layer = 0; layer < LAYERS; layer++) {
    size_t size = hypr_session_layer_state_size(session, layer), neurons = hypr_model_layer_size(model, layer);
    assert_true(size > 0 && size % neurons == 0 && size <= 200);
    assert_ok(hypr_session_get_layer_state(session, layer, values, size));
    float largest = 0;
    for (size_t i = 0; i < size; i++) {
      assert_true(isfinite(values[i]));
      largest = fabsf(values[i]) > largest ? fabsf(values[i]) : largest;
    }
    assert_true(largest > 0);
    assert_status(HYPR_ERROR_SIZE_MISMATCH, hypr_session_get_layer_state(session, layer, values, size - 1));
    assert_status(HYPR_ERROR_SIZE_MISMATCH, hypr_session_get_spikes(session, layer, values, neurons + 1));
  }
  assert_ok(hypr_session_reset(session));
  assert_ok(hypr_session_get_layer_state(session, 0, values, hypr_session_layer_state_size(session, 0)));
  for (size_t i = 0; i < hypr_session_layer_state_size(session, 0); i++) assert_true(values[i] == 0);
  assert_int_equal(hypr_session_layer_state_size(session, LAYERS), CLASSES); /* the readout */
  float output[CLASSES];
  assert_ok(hypr_session_step(session, samples, INPUTS, output, CLASSES));
  assert_ok(hypr_session_get_layer_state(session, LAYERS, values, CLASSES));
  assert_same_bits(values, output, CLASSES);
  assert_ok(hypr_session_get_spikes(session, LAYERS, values, CLASSES));
  assert_same_bits(values, output, CLASSES);
  const size_t missing[] = {LAYERS + 1, SIZE_MAX / 2, SIZE_MAX};
  for (int i = 0; i < 3; i++) {
    assert_int_equal(hypr_session_layer_state_size(session, missing[i]), 0);
    assert_status(HYPR_ERROR_NOT_FOUND, hypr_session_get_layer_state(session, missing[i], values, 3));
    assert_status(HYPR_ERROR_NOT_FOUND, hypr_session_get_spikes(session, missing[i], values, 3));
  }
  free(samples);
  hypr_session_free(session);
  hypr_model_free(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(statistics_are_those_of_the_outputs),
      cmocka_unit_test(activity_is_that_of_the_layers),
      cmocka_unit_test(ranges_are_those_of_the_inputs),
      cmocka_unit_test(chance_is_the_loss_of_guessing),
      cmocka_unit_test(guessing_of_values),
      cmocka_unit_test(a_dead_network_is_found),
      cmocka_unit_test(statistics_that_are_refused),
      cmocka_unit_test(updates_that_change_nothing_are_counted),
      cmocka_unit_test(learning_rates_follow_their_schedule),
      cmocka_unit_test(layers_can_be_seen),
  };
  return cmocka_run_group_tests_name("statistics", tests, NULL, NULL);
}
