/* Networks that start alive: calibration, and what is suggested for a recording. */
#include <math.h>
#include <stdio.h>

#include "support.h"

enum { CHANNELS = 3, STEPS = 1500, NEURONS = 24, SEQUENCES = 3 };

static float recording[STEPS * CHANNELS];
static const size_t steps[SEQUENCES] = {500, 0, 1000};

static uint32_t drawn;
static float draw(void) {
  drawn = drawn * 1664525u + 1013904223u;
  return (float)(drawn >> 8) / 8388608.0f - 1;
}

enum { NOISE, SINES, WALK, KINDS };
static const char *const kinds[KINDS] = {"noise", "sines", "a slow walk"};

static void record(int kind) {
  float place[CHANNELS] = {0};
  drawn = 1;
  for (size_t t = 0; t < STEPS; t++) {
    for (size_t c = 0; c < CHANNELS; c++) {
      float value = draw();
      if (kind == SINES) value = sinf(6.2832f * (float)t / (c == 0 ? 20.0f : c == 1 ? 50.0f : 150.0f) + (float)c);
      if (kind == WALK) value = place[c] += 0.05f * value;
      recording[t * CHANNELS + c] = value;
    }
  }
}

#define refused(expected, words, call)                                                \
  do {                                                                                \
    assert_status(expected, call);                                                    \
    if (!strstr(hypr_builder_message(builder), words))                                \
      fail_msg("\"%s\" says not \"%s\"", hypr_builder_message(builder), words);       \
  } while (0)

static hypr_builder *two_layers(const char *neuron, int32_t reset) {
  hypr_builder *builder;
  hypr_layer_settings settings = HYPR_LAYER_SETTINGS;
  settings.reset = reset;
  assert_ok(hypr_builder_create(CHANNELS, &builder, NULL, 0));
  for (int layer = 0; layer < 2; layer++) assert_ok(hypr_builder_add_layer(builder, neuron, NEURONS, &settings));
  assert_ok(hypr_builder_set_readout(builder, 2, -1, 0));
  return builder;
}

static void *file_of(hypr_builder *builder, uint64_t seed, size_t *size) {
  assert_ok(hypr_builder_build(builder, seed, size));
  void *data = malloc(*size);
  assert_ok(hypr_builder_copy_file(builder, data, *size));
  return data;
}

static hypr_model *model_of(hypr_builder *builder) {
  size_t size;
  hypr_model *model;
  void *data = file_of(builder, 0, &size);
  assert_ok(hypr_model_load_buffer(data, size, &model, NULL, 0));
  free(data);
  return model;
}

/* Spikes per neuron and step of the layers, two at most, on the recording. */
static void rates_of(hypr_builder *builder, float rates[2]) {
  hypr_model *model = model_of(builder);
  hypr_session *session = make_session(model, SETTINGS({HYPR_OPTION_LEARNING, 0}));
  hypr_statistics statistics = {.struct_size = sizeof statistics, .spike_rates = rates,
                                .spike_rate_count = hypr_model_layer_count(model)};
  const float *samples = recording;
  for (size_t i = 0; i < SEQUENCES; i++) {
    assert_ok(hypr_session_reset(session));
    assert_ok(hypr_session_run(session, samples, steps[i], NULL));
    samples += steps[i] * CHANNELS;
  }
  assert_ok(hypr_session_statistics(session, &statistics));
  hypr_session_free(session);
  hypr_model_free(model);
}

/* Without leak and with a reset to 0, what is not pushed up does not come back: IF may be refused, and then says why. */
static int may_be_refused(const char *neuron) { return strcmp(neuron, "IF") == 0; }

static void every_spiking_model_reaches_the_rate(void **state) {
  (void)state;
  size_t reached = 0;
  for (size_t index = 0; index < hypr_neuron_count(); index++) {
    hypr_neuron neuron = {.struct_size = sizeof neuron};
    assert_ok(hypr_neuron_info(index, &neuron));
    if (!neuron.spiking) continue;
    for (int32_t reset = 0; reset <= (neuron.has_reset ? HYPR_SPIKE_RESET_DELAYED_SET : 0); reset++) {
      for (int kind = 0; kind < KINDS; kind++) {
        float rates[2];
        record(kind);
        hypr_builder *builder = two_layers(neuron.name, reset);
        hypr_status status = hypr_builder_calibrate(builder, recording, steps, SEQUENCES, 0.1, 1, 0);
        if (status == HYPR_ERROR_WRONG_STATE && may_be_refused(neuron.name)) {
          assert_non_null(strstr(hypr_builder_message(builder), "times per neuron and step"));
        } else {
          if (status) fail_msg("%s, reset %d, %s: %s", neuron.name, reset, kinds[kind], hypr_builder_message(builder));
          rates_of(builder, rates);
          for (int layer = 0; layer < 2; layer++)
            if (!(rates[layer] > 0.1f / 1.6f && rates[layer] < 0.1f * 1.6f))
              fail_msg("%s, reset %d, %s: layer %d spikes %g times", neuron.name, reset, kinds[kind], layer, (double)rates[layer]);
          reached++;
        }
        hypr_builder_free(builder);
      }
    }
  }
  assert_true(reached > 0);
}

static void a_seed_gives_the_same_bytes(void **state) {
  (void)state;
  void *files[3];
  size_t sizes[3];
  record(NOISE);
  for (int i = 0; i < 3; i++) {
    hypr_builder *builder = two_layers("se_adlif", 0);
    assert_ok(hypr_builder_calibrate(builder, recording, steps, SEQUENCES, 0.05, i < 2 ? 3 : 4, 0));
    /* The seed of the build does not matter any more. */
    files[i] = file_of(builder, (uint64_t)i, &sizes[i]);
    hypr_builder_free(builder);
  }
  assert_int_equal(sizes[0], sizes[1]);
  assert_memory_equal(files[0], files[1], sizes[0]);
  assert_true(sizes[0] != sizes[2] || memcmp(files[0], files[2], sizes[0]) != 0);
  for (int i = 0; i < 3; i++) free(files[i]);
}

static void what_was_given_stays(void **state) {
  (void)state;
  enum { COUNT = NEURONS * CHANNELS };
  float weight[COUNT], read[COUNT], rates[2];
  record(NOISE);
  for (size_t i = 0; i < COUNT; i++) weight[i] = 1e-3f * draw();
  hypr_builder *builder = two_layers("se_adlif", 0);
  assert_ok(hypr_builder_set_tensor(builder, "layer0.input_weight", weight, COUNT));
  /* Nothing comes out of the first layer, so that nothing wakes the second. */
  refused(HYPR_ERROR_WRONG_STATE, "layer1 spikes at best 0 times per neuron and step",
          hypr_builder_calibrate(builder, recording, steps, SEQUENCES, 0.05, 0, 0));
  refused(HYPR_ERROR_WRONG_STATE, "is not given", hypr_builder_get_tensor(builder, "layer1.input_weight", read, 1));
  assert_ok(hypr_builder_calibrate(builder, recording, steps, SEQUENCES, 0.05, 0, 1));
  /* The gain is one of the input: the weights are as they were. */
  assert_ok(hypr_builder_get_tensor(builder, "layer0.input_weight", read, COUNT));
  assert_memory_equal(read, weight, sizeof weight);
  rates_of(builder, rates);
  assert_true(rates[0] > 0.03f && rates[0] < 0.08f && rates[1] > 0.03f && rates[1] < 0.08f);
  hypr_builder_free(builder);
}

static void layers_without_spikes_are_left_alone(void **state) {
  (void)state;
  float rates[2];
  hypr_builder *builder;
  record(NOISE);
  assert_ok(hypr_builder_create(CHANNELS, &builder, NULL, 0));
  assert_ok(hypr_builder_add_layer(builder, "gru", NEURONS, NULL));
  assert_ok(hypr_builder_add_layer(builder, "lif", NEURONS, NULL));
  assert_ok(hypr_builder_set_readout(builder, 2, -1, 0));
  assert_ok(hypr_builder_calibrate(builder, recording, steps, SEQUENCES, 0.05, 0, 0));
  rates_of(builder, rates);
  assert_true(rates[0] == 0 && rates[1] > 0.03f && rates[1] < 0.08f);
  hypr_builder_free(builder);
}

static void wrong_samples_are_named(void **state) {
  (void)state;
  size_t none[] = {0, 0};
  hypr_builder *builder = two_layers("se_adlif", 0);
  record(NOISE);
#define calibrate(samples, lengths, count, rate) hypr_builder_calibrate(builder, samples, lengths, count, rate, 0, 0)
  refused(HYPR_ERROR_INVALID_ARGUMENT, "inputs is NULL", calibrate(NULL, steps, 1, 0.05));
  refused(HYPR_ERROR_INVALID_ARGUMENT, "steps is NULL", calibrate(recording, NULL, 1, 0.05));
  refused(HYPR_ERROR_SIZE_MISMATCH, "no steps", calibrate(recording, none, 2, 0.05));
  refused(HYPR_ERROR_SIZE_MISMATCH, "no steps", calibrate(recording, steps, 0, 0.05));
  refused(HYPR_ERROR_INVALID_ARGUMENT, "rate is 0, expected above 0", calibrate(recording, steps, SEQUENCES, 0));
  refused(HYPR_ERROR_INVALID_ARGUMENT, "rate is 0.75", calibrate(recording, steps, SEQUENCES, 0.75));
  refused(HYPR_ERROR_INVALID_ARGUMENT, "rate is", calibrate(recording, steps, SEQUENCES, NAN));
  refused(HYPR_ERROR_INVALID_ARGUMENT, "given is 2", hypr_builder_calibrate(builder, recording, steps, SEQUENCES, 0.05, 0, 2));
  recording[510 * CHANNELS + 1] = NAN;
  refused(HYPR_ERROR_NOT_FINITE, "sequence 2, step 10: input[1] is", calibrate(recording, steps, SEQUENCES, 0.05));
  for (size_t i = 0; i < STEPS * CHANNELS; i++) recording[i] = (float)(i % CHANNELS);
  refused(HYPR_ERROR_INVALID_ARGUMENT, "all 1500 samples are the same", calibrate(recording, steps, SEQUENCES, 0.05));
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_builder_calibrate(NULL, recording, steps, SEQUENCES, 0.05, 0, 0));
  hypr_builder_free(builder);
}

/* ---- Suggestions */

static int32_t labels[STEPS];
static char reasons[4096], message[256];

/* Three axes of a sensor: gravity, and an oscillation whose speed is the class. */
static hypr_recording shaken(float gravity) {
  record(NOISE);
  for (size_t t = 0; t < STEPS; t++) {
    labels[t] = (int32_t)(t / 250 % 3);
    for (size_t c = 0; c < CHANNELS; c++)
      recording[t * CHANNELS + c] = 0.2f * recording[t * CHANNELS + c] + gravity * (float)(c + 1) +
                                    sinf((0.3f + 0.3f * (float)labels[t]) * (float)t + (float)c);
  }
  return (hypr_recording){.struct_size = sizeof(hypr_recording), .inputs = recording, .steps = steps, .sequences = SEQUENCES,
                          .channels = CHANNELS, .labels = labels, .time_step = 0.01};
}

#define said(words)                                                                  \
  do {                                                                               \
    if (!strstr(reasons, words)) fail_msg("\"%s\" says not \"%s\"", reasons, words); \
  } while (0)

static hypr_builder *suggested(const hypr_recording *told) {
  hypr_builder *builder;
  hypr_status status = hypr_builder_create_suggested(told, &builder, reasons, sizeof reasons, message, sizeof message);
  if (status) fail_msg("%s", message);
  return builder;
}

static void a_suggestion_suits_the_recording(void **state) {
  (void)state;
  float rates[2];
  hypr_recording told = shaken(9.8f);
  hypr_builder *builder = suggested(&told);
  said("data: 2 sequences, 750 steps of 0.01 s in the mean, 3 channels, 3 outputs");
  said("input: high-pass of ");
  said("32 se_adlif neurons");
  said("an update after every window");
  assert_ok(hypr_builder_calibrate(builder, recording, steps, SEQUENCES, 0.1, 0, 0));
  rates_of(builder, rates);
  assert_true(rates[0] > 0.06f && rates[0] < 0.16f);
  hypr_model *model = model_of(builder);
  assert_int_equal(hypr_model_output_size(model), 3);
  assert_true(hypr_model_time_step(model) == 0.01f);
  hypr_model_free(model);
  hypr_builder_free(builder);

  told = shaken(0);
  hypr_builder_free(suggested(&told));
  said("none stands off zero");
  told = shaken(9.8f);
  told.time_step = 0;
  hypr_builder_free(suggested(&told));
  said("say the time step");

  /* Where the level is the class, it stays. */
  for (size_t t = 0; t < STEPS; t++) recording[t * CHANNELS] += 9.0f * (float)labels[t];
  told.time_step = 0.01;
  hypr_builder_free(suggested(&told));
  said("a high-pass would take away what tells the classes apart");

  /* One class for many steps of one channel. */
  const size_t halves[] = {750, 750};
  const int32_t classes[] = {0, 1};
  record(SINES);
  told = (hypr_recording){.struct_size = sizeof told, .inputs = recording, .steps = halves, .sequences = 2, .channels = 1,
                          .sequence_labels = classes};
  hypr_builder_free(suggested(&told));
  said("brf neurons");
  said("a GRU by PyTorch was");
}

static void reasons_are_whole_lines(void **state) {
  (void)state;
  hypr_builder *builder;
  hypr_recording told = shaken(9.8f);
  hypr_builder_free(suggested(&told));
  char small[4096];
  size_t most = 0;
  for (size_t size = 1; size < 400; size++) {
    memset(small, 'x', sizeof small);
    assert_ok(hypr_builder_create_suggested(&told, &builder, small, size, NULL, 0));
    hypr_builder_free(builder);
    assert_true(strlen(small) < size && small[size] == 'x');
    if (strlen(small) > most) most = strlen(small);
    for (char *line = strtok(small, "\n"); line; line = strtok(NULL, "\n")) {
      const char *place = strstr(reasons, line);
      assert_true(place && (place == reasons || place[-1] == '\n'));
      assert_true(place[strlen(line)] == '\n' || place[strlen(line)] == 0);
    }
  }
  assert_true(most > 100);
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_builder_create_suggested(NULL, &builder, NULL, 0, small, sizeof small));
  assert_null(builder);
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_builder_create_suggested(&told, NULL, NULL, 0, small, sizeof small));
  assert_ok(hypr_builder_create_suggested(&told, &builder, NULL, 0, NULL, 0));
  hypr_builder_free(builder);
}

#define not_suggested(expected, words)                                                                                \
  do {                                                                                                                \
    hypr_builder *builder = (hypr_builder *)reasons;                                                                  \
    assert_status(expected, hypr_builder_create_suggested(&told, &builder, reasons, sizeof reasons, message, sizeof message)); \
    assert_null(builder);                                                                                             \
    if (!strstr(message, words)) fail_msg("\"%s\" says not \"%s\"", message, words);                                  \
    told = shaken(1);                                                                                                 \
  } while (0)

static void wrong_recordings_are_named(void **state) {
  (void)state;
  hypr_recording told = shaken(1);
  told.inputs = NULL;
  not_suggested(HYPR_ERROR_INVALID_ARGUMENT, "inputs is NULL");
  told.sequence_labels = labels;
  not_suggested(HYPR_ERROR_INVALID_ARGUMENT, "expected one of them or none");
  told.channels = 0;
  not_suggested(HYPR_ERROR_INVALID_ARGUMENT, "recording.channels is 0");
  told.outputs = 2;
  not_suggested(HYPR_ERROR_INVALID_ARGUMENT, "labels go up to 2, expected below the 2 outputs");
  told.labels = NULL;
  not_suggested(HYPR_ERROR_INVALID_ARGUMENT, "outputs is 0");
  told.time_step = -1;
  not_suggested(HYPR_ERROR_INVALID_ARGUMENT, "time_step is -1");
  told.struct_size = 8;
  not_suggested(HYPR_ERROR_INVALID_ARGUMENT, "recording.struct_size is 8");
  for (size_t t = 0; t < STEPS; t++) labels[t] = 0;
  not_suggested(HYPR_ERROR_INVALID_ARGUMENT, "labels have 1 classes, expected two or more");
  recording[0] = INFINITY;
  not_suggested(HYPR_ERROR_NOT_FINITE, "sequence 0, step 0: input[0]");
  for (size_t i = 0; i < STEPS * CHANNELS; i++) recording[i] = 1;
  not_suggested(HYPR_ERROR_INVALID_ARGUMENT, "are the same");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_spiking_model_reaches_the_rate),
      cmocka_unit_test(a_seed_gives_the_same_bytes),
      cmocka_unit_test(what_was_given_stays),
      cmocka_unit_test(layers_without_spikes_are_left_alone),
      cmocka_unit_test(wrong_samples_are_named),
      cmocka_unit_test(a_suggestion_suits_the_recording),
      cmocka_unit_test(reasons_are_whole_lines),
      cmocka_unit_test(wrong_recordings_are_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
