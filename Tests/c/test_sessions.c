/* Sessions: memory, steps in all their forms, refused input. */
#define _POSIX_C_SOURCE 200809L

#include <math.h>
#include <stdio.h>

#include "support.h"

enum { STEPS = 230 };

typedef struct {
  hypr_model *model;
  size_t inputs, outputs;
  float *samples;
} network;

static network load_network(const char *name) {
  network net = {.model = load_model(name)};
  net.inputs = hypr_model_input_size(net.model);
  net.outputs = hypr_model_output_size(net.model);
  net.samples = random_samples(STEPS * net.inputs, 7);
  return net;
}

static void free_network(network net) {
  free(net.samples);
  hypr_model_free(net.model);
}

/* The outputs of all steps by hypr_session_run, to be freed. */
static float *outputs_of(network net, hypr_session *session) {
  float *outputs = malloc(STEPS * net.outputs * sizeof *outputs);
  assert_ok(hypr_session_run(session, net.samples, STEPS, outputs));
  return outputs;
}

static float *expected_outputs(network net) {
  hypr_session *session = make_session(net.model, NULL);
  float *outputs = outputs_of(net, session);
  hypr_session_free(session);
  return outputs;
}

/* ---- Memory */

static void sessions_in_the_callers_memory(void **state) {
  (void)state;
  network net = load_network(TWO_LAYERS);
  hypr_options *options = make_options(SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, 11}));
  size_t bytes, alignment;
  assert_ok(hypr_session_memory_size(net.model, options, &bytes, &alignment, NULL, 0));
  assert_true(alignment > 0 && (alignment & (alignment - 1)) == 0);
  char *memory;
  assert_int_equal(posix_memalign((void **)&memory, alignment, bytes + alignment), 0);
  memset(memory, '#', bytes + alignment);

  hypr_session *session = (hypr_session *)"?";
  char message[256], expected_message[256];
  assert_status(HYPR_ERROR_BUFFER_TOO_SMALL,
                hypr_session_create_in(net.model, options, memory, bytes - 1, &session, message, sizeof message));
  assert_null(session);
  snprintf(expected_message, sizeof expected_message, "memory has %zu bytes, the session takes %zu", bytes - 1, bytes);
  assert_string_equal(message, expected_message);
  assert_status(HYPR_ERROR_BUFFER_TOO_SMALL, hypr_session_create_in(net.model, options, memory, 0, &session, NULL, 0));
  for (size_t shift = 1; shift < alignment; shift++) {
    assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_session_create_in(net.model, options, memory + shift, bytes, &session,
                                                                      message, sizeof message));
    snprintf(expected_message, sizeof expected_message, "memory is %zu bytes past a multiple of %zu", shift, alignment);
    assert_memory_equal(message, expected_message, strlen(expected_message));
  }
  for (size_t i = 0; i < bytes + alignment; i++) assert_int_equal(memory[i], '#');

  assert_ok(hypr_session_create_in(net.model, options, memory, bytes, &session, NULL, 0));
  float *outputs = outputs_of(net, session), *expected = expected_outputs(net);
  assert_same_bits(outputs, expected, STEPS * net.outputs);
  assert_ok(hypr_session_teach_class(session, 1));
  assert_ok(hypr_session_flush(session));
  for (size_t i = bytes; i < bytes + alignment; i++) assert_int_equal(memory[i], '#');
  hypr_session_free(session);
  free(memory);
  free(outputs);
  free(expected);
  hypr_options_free(options);
  free_network(net);
}

static void memory_reports_add_up(void **state) {
  (void)state;
  for (const char *const *name = model_names(""); *name; name++) {
    hypr_model *model = load_model(*name);
    for (int learning = 0; learning < 2; learning++) {
      for (int window = 1; window <= 1000; window *= 10) {
        const setting *settings = SETTINGS({HYPR_OPTION_LEARNING, learning}, {HYPR_OPTION_WINDOW, window});
        hypr_options *options = make_options(settings);
        hypr_session *session = make_session(model, settings);
        hypr_memory_report report = {.struct_size = sizeof report};
        size_t bytes;
        assert_ok(hypr_session_memory_report(session, &report));
        assert_ok(hypr_session_memory_size(model, options, &bytes, NULL, NULL, 0));
        assert_int_equal(report.total, bytes);
        assert_int_equal(report.parameters + report.state + report.traces + report.history + report.optimizer +
                             report.rehearsal + report.reference + report.scratch,
                         report.total);
        assert_true(report.parameters >= hypr_model_parameter_count(model) * sizeof(float));
        assert_int_equal(report.traces == 0, !learning);
        assert_int_equal(report.optimizer == 0, !learning);
        hypr_session_free(session);
        hypr_options_free(options);
      }
    }
    hypr_model_free(model);
  }
  hypr_model *model = load_model(BRF);
  hypr_session *session = make_session(model, NULL);
  hypr_memory_report report = {.struct_size = 0};
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_session_memory_report(session, &report));
  hypr_session_free(session);
  hypr_model_free(model);
}

static void sessions_outlive_their_model(void **state) {
  (void)state;
  network net = load_network(BRF);
  float *expected = expected_outputs(net);
  hypr_session *session = make_session(net.model, NULL);
  hypr_model_free(net.model);
  float *outputs = outputs_of(net, session);
  assert_same_bits(outputs, expected, STEPS * net.outputs);
  hypr_tensor_info info = {.struct_size = sizeof info};
  assert_ok(hypr_session_tensor_info(session, 0, &info));
  assert_string_equal(info.name, "layer0.input_weight");
  hypr_session_free(session);
  free(outputs);
  free(expected);
  free(net.samples);
}

/* ---- Steps */

static void all_ways_to_step_give_the_same_bits(void **state) {
  (void)state;
  for (const char *const *name = model_names(""); *name; name++) {
    network net = load_network(*name);
    uint32_t *indices = malloc(net.inputs * sizeof *indices);
    float *output = malloc(net.outputs * sizeof *output);
    for (size_t i = 0; i < STEPS * net.inputs; i++) net.samples[i] = net.samples[i] != 0;
    hypr_session *dense = make_session(net.model, NULL), *sparse = make_session(net.model, NULL);
    float *expected = expected_outputs(net);
    for (size_t i = 0; i < STEPS; i++) {
      const float *sample = net.samples + i * net.inputs;
      size_t count = 0;
      for (uint32_t channel = 0; channel < net.inputs; channel++) {
        if (sample[channel] != 0) indices[count++] = channel;
      }
      assert_ok(hypr_session_step(dense, sample, net.inputs, output, net.outputs));
      assert_same_bits(output, expected + i * net.outputs, net.outputs);
      assert_ok(hypr_session_step_spikes(sparse, indices, count, output, net.outputs));
      assert_same_bits(output, expected + i * net.outputs, net.outputs);
    }
    hypr_session_free(dense);
    hypr_session_free(sparse);
    free(indices);
    free(output);
    free(expected);
    free_network(net);
  }
}

/* Also the proof that the test models are not silent, which would make other tests mean little. */
static void networks_answer_to_their_input(void **state) {
  (void)state;
  for (const char *const *name = model_names(""); *name; name++) {
    network net = load_network(*name);
    hypr_session *session = make_session(net.model, NULL);
    float *outputs = outputs_of(net, session), rates[2];
    hypr_statistics statistics = {
        .struct_size = sizeof statistics, .spike_rates = rates, .spike_rate_count = hypr_model_layer_count(net.model)};
    assert_ok(hypr_session_statistics(session, &statistics));
    for (size_t layer = 0; layer < statistics.spike_rate_count; layer++) {
      assert_true(layer_spikes(net.model, layer) ? rates[layer] > 0.005f : rates[layer] == 0);
    }
    for (size_t i = 0; i < STEPS * net.outputs; i++) assert_true(isfinite(outputs[i]));

    assert_ok(hypr_session_reset(session));
    float *again = outputs_of(net, session);
    assert_same_bits(again, outputs, STEPS * net.outputs);
    hypr_session_free(session);
    free(outputs);
    free(again);
    free_network(net);
  }
}

/* Learning sessions compute the same as others until their parameters change, over any number of windows. */
static void learning_changes_nothing_before_the_first_update(void **state) {
  (void)state;
  for (const char *const *name = model_names(""); *name; name++) {
    network net = load_network(*name);
    float *expected = expected_outputs(net), *outputs = malloc(STEPS * net.outputs * sizeof *outputs);
    int32_t *labels = random_labels(STEPS, net.outputs, 3);
    for (int window = 1; window <= 1000; window *= 10) {
      hypr_session *untaught = make_session(net.model, SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, window}));
      float *before = parameters_of(untaught);
      step_and_teach(untaught, net.model, net.samples, NULL, STEPS, outputs);
      assert_same_bits(outputs, expected, STEPS * net.outputs);
      float *after = parameters_of(untaught);
      assert_same_bits(after, before, parameter_count(untaught));

      hypr_session *manual = make_session(
          net.model, SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, window}, {HYPR_OPTION_UPDATE, HYPR_UPDATE_MANUAL}));
      step_and_teach(manual, net.model, net.samples, labels, STEPS, outputs);
      assert_same_bits(outputs, expected, STEPS * net.outputs);

      size_t first = window < STEPS ? (size_t)window : STEPS;
      hypr_session *taught = make_session(net.model, SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, window}));
      step_and_teach(taught, net.model, net.samples, labels, first, outputs);
      assert_same_bits(outputs, expected, first * net.outputs);

      hypr_session_free(untaught);
      hypr_session_free(manual);
      hypr_session_free(taught);
      free(before);
      free(after);
    }
    free(labels);
    free(expected);
    free(outputs);
    free_network(net);
  }
}

static void running_never_changes_parameters(void **state) {
  (void)state;
  network net = load_network(TWO_LAYERS);
  hypr_session *session = make_session(net.model, NULL);
  float *before = parameters_of(session);
  free(outputs_of(net, session));
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_teach_class(session, 0));
  assert_ok(hypr_session_reset(session));
  float *after = parameters_of(session);
  assert_same_bits(after, before, parameter_count(session));
  hypr_session_free(session);
  free(before);
  free(after);
  free_network(net);
}

/* ---- Refused input: the session is then where a twin is that never saw it. */

static void wrong_sizes_and_indices(void **state) {
  (void)state;
  network net = load_network(BRF);
  hypr_session *session = make_session(net.model, NULL);
  float input[8] = {0}, output[8];
  for (size_t size = 0; size <= 8; size++) {
    if (size != 4) assert_status(HYPR_ERROR_SIZE_MISMATCH, hypr_session_step(session, input, size, output, 6));
    if (size != 6 && size != 0) {
      assert_status(HYPR_ERROR_SIZE_MISMATCH, hypr_session_step(session, input, 4, output, size));
      assert_status(HYPR_ERROR_SIZE_MISMATCH, hypr_session_step_spikes(session, NULL, 0, output, size));
    }
  }
  assert_status(HYPR_ERROR_SIZE_MISMATCH, hypr_session_step(session, input, SIZE_MAX, output, 6));
  assert_status(HYPR_ERROR_SIZE_MISMATCH, hypr_session_step(session, input, 4, output, SIZE_MAX));
  const uint32_t bad[][2] = {{4, 5}, {0, 4}, {0, UINT32_MAX}, {1, 0}, {2, 2}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_session_step_spikes(session, bad[i], 2, output, 6));
    assert_string_not_equal(hypr_session_message(session), "");
  }
  assert_int_not_equal(hypr_session_step_spikes(session, bad[0], SIZE_MAX, output, 6), HYPR_OK);
  assert_int_equal(statistics_of(session).steps, 0);
  float *outputs = outputs_of(net, session), *expected = expected_outputs(net);
  assert_same_bits(outputs, expected, STEPS * net.outputs);
  hypr_session_free(session);
  free(outputs);
  free(expected);
  free_network(net);
}

/* Steps through all samples with refused ones in between: the outputs are those of a session that never saw those. */
static void assert_refused_between_steps(network net, hypr_session *session, const float *bad, const float *expected) {
  float *output = malloc(net.outputs * sizeof *output);
  for (size_t i = 0; i < STEPS; i++) {
    assert_status(HYPR_ERROR_NOT_FINITE, hypr_session_step(session, bad, net.inputs, output, net.outputs));
    assert_string_not_equal(hypr_session_message(session), "");
    assert_ok(hypr_session_step(session, net.samples + i * net.inputs, net.inputs, output, net.outputs));
    assert_same_bits(output, expected + i * net.outputs, net.outputs);
  }
  assert_int_equal(statistics_of(session).steps, STEPS);
  free(output);
}

static void inputs_that_are_not_finite(void **state) {
  (void)state;
  const float never[] = {NAN, INFINITY, -INFINITY};
  for (const char *const *name = model_names(""); *name; name++) {
    network net = load_network(*name);
    float *expected = expected_outputs(net), *bad = calloc(net.inputs, sizeof *bad);
    for (int learning = 0; learning < 2; learning++) {
      for (int kind = 0; kind < 3; kind++) {
        hypr_session *session =
            make_session(net.model, SETTINGS({HYPR_OPTION_LEARNING, learning}, {HYPR_OPTION_WINDOW, 7}));
        bad[net.inputs - 1] = never[kind];
        assert_refused_between_steps(net, session, bad, expected);
        hypr_session_free(session);
      }
    }
    free(bad);
    free(expected);
    free_network(net);
  }
}

/* Finite input that would bring the state out of the finite numbers, with huge weights on tiny samples. */
static void states_that_would_not_be_finite(void **state) {
  (void)state;
  for (const char *const *name = model_names(""); *name; name++) {
    /* Gates saturate: their state stays finite whatever the currents are. */
    if (strcmp(*name, GATED) == 0 || strcmp(*name, QUANTIZED_GATED) == 0) continue;
    network net = load_network(*name);
    float *bad = malloc(net.inputs * sizeof *bad);
    for (size_t i = 0; i < net.inputs; i++) bad[i] = 1e20f;
    for (size_t i = 0; i < STEPS * net.inputs; i++) net.samples[i] *= 1e-30f;
    for (int learning = 0; learning < 2; learning++) {
      const setting *settings = SETTINGS({HYPR_OPTION_LEARNING, learning}, {HYPR_OPTION_WINDOW, 7});
      hypr_session *session = make_session(net.model, settings), *twin = make_session(net.model, settings);
      hypr_tensor_info weight = {.struct_size = sizeof weight};
      assert_ok(hypr_session_tensor_info(session, 0, &weight));
      float *parameters = parameters_of(session);
      for (size_t i = 0; i < weight.size; i++) parameters[weight.offset + i] *= 1e30f;
      assert_ok(hypr_session_set_parameters(session, parameters, parameter_count(session)));
      assert_ok(hypr_session_set_parameters(twin, parameters, parameter_count(session)));
      float *expected = outputs_of(net, twin);
      assert_refused_between_steps(net, session, bad, expected);
      hypr_session_free(session);
      hypr_session_free(twin);
      free(parameters);
      free(expected);
    }
    free(bad);
    free_network(net);
  }
}

static void a_run_stops_at_the_first_bad_step(void **state) {
  (void)state;
  network net = load_network(SE_ADLIF);
  float *expected = expected_outputs(net), *outputs = malloc(STEPS * net.outputs * sizeof *outputs);
  hypr_session *session = make_session(net.model, NULL);
  float good = net.samples[30 * net.inputs + 2];
  net.samples[30 * net.inputs + 2] = NAN;
  assert_status(HYPR_ERROR_NOT_FINITE, hypr_session_run(session, net.samples, STEPS, outputs));
  assert_non_null(strstr(hypr_session_message(session), "30"));
  assert_same_bits(outputs, expected, 30 * net.outputs);
  assert_int_equal(statistics_of(session).steps, 30);
  net.samples[30 * net.inputs + 2] = good;
  assert_ok(hypr_session_run(session, net.samples + 30 * net.inputs, STEPS - 30, outputs));
  assert_same_bits(outputs, expected + 30 * net.outputs, (STEPS - 30) * net.outputs);
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_session_run(session, net.samples, SIZE_MAX, NULL));
  hypr_session_free(session);
  free(outputs);
  free(expected);
  free_network(net);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sessions_in_the_callers_memory),
      cmocka_unit_test(memory_reports_add_up),
      cmocka_unit_test(sessions_outlive_their_model),
      cmocka_unit_test(all_ways_to_step_give_the_same_bits),
      cmocka_unit_test(networks_answer_to_their_input),
      cmocka_unit_test(learning_changes_nothing_before_the_first_update),
      cmocka_unit_test(running_never_changes_parameters),
      cmocka_unit_test(wrong_sizes_and_indices),
      cmocka_unit_test(inputs_that_are_not_finite),
      cmocka_unit_test(states_that_would_not_be_finite),
      cmocka_unit_test(a_run_stops_at_the_first_bad_step),
  };
  return cmocka_run_group_tests_name("sessions", tests, NULL, NULL);
}
