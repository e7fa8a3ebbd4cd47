/* Every function of hypr.h, called as a host calls it that has set its own floating-point control: what each call gives is
 * written down, and whether the control word came back as it was. Needs no test framework, so that it runs anywhere. */
#ifndef EVERY_CALL_H
#define EVERY_CALL_H

#include <hypr.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control_word.h"

/* ---- What the calls gave */

typedef struct {
  unsigned char bytes[1 << 20];
  size_t count;
  char lost[256]; /* the first call that did not give the control word back; "": none */
} call_log;

static call_log *the_log;
static control_word host_word, plain_word, given_word;

static void note(const void *bytes, size_t count) {
  if (the_log->count + count > sizeof the_log->bytes) abort();
  memcpy(the_log->bytes + the_log->count, bytes, count);
  the_log->count += count;
}

/* Around each call: the host's word only in it. */
static void before(void) {
  write_control(host_word);
  given_word = read_control(); /* what the processor kept of it */
}
static void after(const char *call) {
  control_word left = read_control();
  write_control(plain_word);
  if (!same_control(left, given_word) && !*the_log->lost) snprintf(the_log->lost, sizeof the_log->lost, "%s", call);
}
static hypr_status status_of(hypr_status status, const char *call) {
  after(call);
  note(&status, sizeof status);
  return status;
}
static size_t size_of(size_t size, const char *call) {
  after(call);
  note(&size, sizeof size);
  return size;
}
static float number_of(float number, const char *call) {
  after(call);
  note(&number, sizeof number);
  return number;
}
static const char *text_of(const char *text, const char *call) {
  after(call);
  if (text) note(text, strlen(text));
  return text;
}
#define STATUS(call) status_of((before(), (call)), #call)
#define SIZE(call) size_of((before(), (call)), #call)
#define NUMBER(call) number_of((before(), (call)), #call)
#define TEXT(call) text_of((before(), (call)), #call)
#define VOID(call) (before(), (call), after(#call))

static void need(int holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "every call: %s\n", what);
  abort();
}
#define OK(call) need(STATUS(call) == HYPR_OK, "this failed: " #call)
#define FAILS(call) need(STATUS(call) != HYPR_OK, "this did not fail: " #call)

enum { CALL_INPUTS = 3, CALL_OUTPUTS = 2, CALL_STEPS = 60, CALL_NEURONS = 40 };

static float samples_of_calls[CALL_STEPS * CALL_INPUTS];
static int32_t labels_of_calls[CALL_STEPS];
static char why[400];

static void call_simple(void) {
  double lower, upper, standard;
  hypr_option key;
  size_t index;
  hypr_neuron neuron = {.struct_size = sizeof neuron};
  hypr_quantity quantity;
  uint32_t version = (before(), hypr_version_number());
  size_of(version, "hypr_version_number()");
  TEXT(hypr_version_string());
  TEXT(hypr_status_name(HYPR_ERROR_IO));
  OK(hypr_option_bounds(HYPR_OPTION_EPSILON, &lower, &upper, &standard));
  note(&standard, sizeof standard);
  TEXT(hypr_option_name(HYPR_OPTION_EPSILON));
  OK(hypr_option_find("beta1", &key));
  TEXT(hypr_adaptation_profile(0));
  TEXT(hypr_option_suggest("lr"));
  for (size_t i = 0; i < SIZE(hypr_neuron_count()); i++) {
    OK(hypr_neuron_info(i, &neuron));
    OK(hypr_neuron_find(neuron.name, &index));
    TEXT(hypr_neuron_state(i, 0));
    for (size_t k = 0; k < neuron.parameter_count + neuron.constant_count; k++) {
      memset(&quantity, 0, sizeof quantity);
      quantity.struct_size = sizeof quantity;
      if (k < neuron.parameter_count) OK(hypr_neuron_parameter(i, k, &quantity));
      else OK(hypr_neuron_constant(i, k - neuron.parameter_count, &quantity));
      note(&quantity.lower, sizeof quantity.lower);
      note(&quantity.upper, sizeof quantity.upper);
      note(&quantity.second, sizeof quantity.second);
    }
  }
}

/* A model with a layer of each kind of drawing, sparse weights and an encoding; to be freed. */
static void *call_builder(size_t *bytes, const char *file) {
  hypr_builder *builder, *changed;
  hypr_model *model;
  hypr_layer_settings settings = HYPR_LAYER_SETTINGS;
  hypr_encoding encoding = HYPR_ENCODING(HYPR_ENCODING_DELTA);
  hypr_conditioning stage = HYPR_CONDITIONING(HYPR_CONDITIONING_HIGH_PASS);
  hypr_tensor_info info = {.struct_size = sizeof info};
  const size_t steps = CALL_STEPS;
  const float scale = 40.1f, offset[] = {0.1f, 0.2f, 1e-41f}, threshold = 0.3f;
  const char *names[] = {"a", "b", "c"};
  const uint32_t offsets[] = {0, 2, 3, 4}, columns[] = {0, 2, 1, 0};
  float weight[] = {0.5f, -0.25f, 0.3f, 1e-41f}, read[4];
  FAILS(hypr_builder_create(0, &builder, why, sizeof why));
  note(why, strlen(why));
  OK(hypr_builder_create(CALL_INPUTS, &builder, why, sizeof why));
  OK(hypr_builder_set_name(builder, "every call"));
  OK(hypr_builder_set_time_step(builder, 0.1f));
  FAILS(hypr_builder_set_time_step(builder, -1.1f));
  TEXT(hypr_builder_message(builder));
  OK(hypr_builder_set_input_scale(builder, &scale, 1));
  OK(hypr_builder_set_input_offset(builder, offset, 3));
  OK(hypr_builder_set_input_names(builder, names, 3));
  OK(hypr_builder_set_level_crossing(builder, &threshold, 1, HYPR_LEVEL_CROSSING_SIGNED));
  OK(hypr_builder_set_level_crossing(builder, NULL, 0, HYPR_LEVEL_CROSSING_SIGNED));
  encoding.thresholds = &threshold;
  encoding.threshold_count = 1;
  OK(hypr_builder_set_encoding(builder, &encoding));
  encoding.threshold_count = 2;
  FAILS(hypr_builder_set_encoding(builder, &encoding));
  encoding.kind = HYPR_ENCODING_NONE;
  OK(hypr_builder_set_encoding(builder, &encoding));
  stage.time_constants = &threshold;
  stage.time_constant_count = 1;
  OK(hypr_builder_add_conditioning(builder, &stage));
  OK(hypr_builder_fit_input(builder, samples_of_calls, &steps, 1));
  OK(hypr_builder_clear_conditioning(builder));
  OK(hypr_builder_set_input_scale(builder, &scale, 1));
  OK(hypr_builder_set_input_offset(builder, offset, 3));
  OK(hypr_builder_set_trained_range(builder, offset, offset, 3));
  settings.recurrent_density = 0.3;
  OK(hypr_builder_add_layer(builder, "brf", CALL_NEURONS, &settings));
  OK(hypr_builder_add_layer(builder, "gru", 7, NULL));
  settings.recurrent_density = 1;
  settings.surrogate_slope = 1.7f;
  OK(hypr_builder_add_layer(builder, "se_adlif", 3, &settings));
  settings.input_density = 4.0 / 3;
  FAILS(hypr_builder_add_layer(builder, "se_adlif", 3, &settings));
  TEXT(hypr_builder_message(builder));
  OK(hypr_builder_set_constant(builder, "layer0.threshold", 0.013f));
  OK(hypr_builder_set_constant(builder, "layer2.threshold", 0.05f));
  OK(hypr_builder_set_tensor_rows(builder, "layer2.recurrent_weight", offsets, 4, columns, 4));
  OK(hypr_builder_set_tensor(builder, "layer2.recurrent_weight", weight, 4));
  OK(hypr_builder_get_tensor(builder, "layer2.recurrent_weight", read, 4));
  note(read, sizeof read);
  OK(hypr_builder_draw_tensor(builder, "layer0.omega", 0.1, 0.7));
  FAILS(hypr_builder_draw_tensor(builder, "layer0.omega", 0.7, NAN));
  OK(hypr_builder_set_readout(builder, 5, 1, 0));
  OK(hypr_builder_remove_top(builder));
  OK(hypr_builder_set_readout(builder, CALL_OUTPUTS, 1, 7.3));
  OK(hypr_builder_set_trainable(builder, "readout.tau", 1));
  OK(hypr_builder_set_element_type(builder, NULL, HYPR_ELEMENT_INT8));
  OK(hypr_builder_set_element_type(builder, "layer0.input_weight", HYPR_ELEMENT_FLOAT16));
  FAILS(hypr_builder_set_element_type(builder, "layer0.omega", HYPR_ELEMENT_INT8));
  OK(hypr_builder_set_class_labels(builder, names, CALL_OUTPUTS));
  OK(hypr_builder_recommend(builder, HYPR_OPTION_LEARNING_RATE, 0.01));
  FAILS(hypr_builder_recommend(builder, HYPR_OPTION_LEARNING_RATE, NAN));
  OK(hypr_builder_set_metadata(builder, "key", "value"));
  for (size_t i = 0; i < SIZE(hypr_builder_tensor_count(builder)); i++) OK(hypr_builder_tensor_info(builder, i, &info));
  for (size_t i = 0; i < 3; i++) OK(hypr_builder_add_exemplar(builder, samples_of_calls, CALL_STEPS, labels_of_calls, NULL, 1));
  const size_t steps_of_range = CALL_STEPS;
  OK(hypr_builder_widen_trained_range(builder, samples_of_calls, &steps_of_range, 1));
  FAILS(hypr_builder_keep_exemplars(builder, 1, 5));
  OK(hypr_builder_keep_exemplars(builder, 1600, 5));
  FAILS(hypr_builder_calibrate(builder, samples_of_calls, &(size_t){CALL_STEPS}, 1, 2, 11, 0));
  OK(hypr_builder_calibrate(builder, samples_of_calls, &(size_t){CALL_STEPS}, 1, 0.05, 11, 1));
  OK(hypr_builder_build(builder, 11, bytes));
  void *data = malloc(*bytes);
  OK(hypr_builder_copy_file(builder, data, *bytes));
  note(data, *bytes);
  OK(hypr_builder_save_file(builder, file));
  VOID(hypr_builder_free(builder));

  OK(hypr_model_load(file, &model, why, sizeof why));
  OK(hypr_builder_create_from(model, &changed, why, sizeof why));
  OK(hypr_builder_clear_exemplars(changed));
  OK(hypr_builder_build(changed, 11, &(size_t){0}));
  VOID(hypr_builder_free(changed));

  hypr_recording recording = {.struct_size = sizeof recording, .inputs = samples_of_calls, .steps = &(size_t){CALL_STEPS},
                              .sequences = 1, .channels = CALL_INPUTS, .labels = labels_of_calls, .time_step = 0.01};
  OK(hypr_builder_create_suggested(&recording, &changed, why, sizeof why, NULL, 0));
  note(why, strlen(why));
  VOID(hypr_builder_free(changed));
  VOID(hypr_model_free(model));
  return data;
}

static void call_model(const hypr_model *model) {
  static float values[1 << 16];
  hypr_tensor_info info = {.struct_size = sizeof info};
  size_t index;
  SIZE(hypr_model_input_size(model));
  SIZE(hypr_model_output_size(model));
  SIZE(hypr_model_layer_count(model));
  SIZE(hypr_model_parameter_count(model));
  SIZE(hypr_model_layer_size(model, 0));
  TEXT(hypr_model_layer_neuron(model, 0));
  TEXT(hypr_model_name(model));
  NUMBER(hypr_model_time_step(model));
  TEXT(hypr_model_input_name(model, 0));
  TEXT(hypr_model_class_label(model, 0));
  SIZE(hypr_model_first_layer_inputs(model));
  OK(hypr_model_trained_range(model, values, values + CALL_INPUTS, CALL_INPUTS));
  note(values, 2 * CALL_INPUTS * sizeof *values);
  SIZE(hypr_model_metadata_count(model));
  TEXT(hypr_model_metadata_key(model, 0));
  TEXT(hypr_model_metadata_value(model, 0));
  OK(hypr_model_find_tensor(model, "readout.weight", &index));
  for (size_t i = 0; i < SIZE(hypr_model_tensor_count(model)); i++) {
    OK(hypr_model_tensor_info(model, i, &info));
    OK(hypr_model_tensor_values(model, i, values, info.size));
    note(values, info.size * sizeof *values);
  }
  for (size_t i = 0; i < SIZE(hypr_model_exemplar_count(model)); i++) {
    hypr_exemplar_info exemplar = {.struct_size = sizeof exemplar};
    OK(hypr_model_exemplar_info(model, i, &exemplar));
    note(&exemplar, sizeof exemplar);
  }
}

static hypr_options *call_options(const double (*set)[2]) {
  hypr_options *options;
  double value;
  OK(hypr_options_create(&options, why, sizeof why));
  for (; (*set)[0] != 0; set++) OK(hypr_options_set(options, (hypr_option)(*set)[0], (*set)[1]));
  FAILS(hypr_options_set(options, HYPR_OPTION_BETA1, 1 + 1.0 / 3));
  TEXT(hypr_options_message(options));
  FAILS(hypr_options_set(options, HYPR_OPTION_BETA1, NAN));
  OK(hypr_options_set(options, HYPR_OPTION_WEIGHT_DECAY, 1e-310)); /* subnormal: none */
  OK(hypr_options_get(options, HYPR_OPTION_LEARNING_RATE, &value));
  note(&value, sizeof value);
  return options;
}

/* A block that is aligned as the library wants it, from `block`, which is to be freed. */
static void *aligned(size_t bytes, size_t alignment, char **block) {
  *block = malloc(bytes + alignment);
  return *block + (alignment - (uintptr_t)*block % alignment) % alignment;
}

/* A model in place and options in a block of the host's. */
static void call_in_place(const void *data, size_t size) {
  size_t bytes, alignment;
  char *block;
  hypr_model *model;
  hypr_options *options;
  OK(hypr_model_memory_size(data, size, &bytes, &alignment, why, sizeof why));
  void *memory = aligned(bytes, alignment, &block);
  FAILS(hypr_model_create_in(data, size, memory, bytes - 1, &model, why, sizeof why));
  OK(hypr_model_create_in(data, size, memory, bytes, &model, why, sizeof why));
  VOID(hypr_model_free(model));
  free(block);
  OK(hypr_options_memory_size(&bytes, &alignment));
  memory = aligned(bytes, alignment, &block);
  OK(hypr_options_create_in(memory, bytes, &options, why, sizeof why));
  VOID(hypr_options_free(options));
  free(block);
}

/* Everything that a session can be asked, which ends what it was doing. */
static void call_inspection(hypr_session *session, const char *file) {
  static float flat[1 << 16];
  static unsigned char bytes[1 << 19];
  float rates[3];
  hypr_statistics statistics = {.struct_size = sizeof statistics, .spike_rates = rates, .spike_rate_count = 3};
  hypr_memory_report report = {.struct_size = sizeof report};
  hypr_tensor_info info = {.struct_size = sizeof info};
  double value;
  size_t index, count = 0, size;
  OK(hypr_session_statistics(session, &statistics));
  note(&statistics.mean_loss, 3 * sizeof(double));
  note(&statistics.steps, 5 * sizeof(uint64_t));
  note(rates, sizeof rates);
  hypr_layer_activity activity = {.struct_size = sizeof activity};
  OK(hypr_session_layer_activity(session, 0, &activity));
  note(&activity.spike_rate, sizeof activity.spike_rate);
  hypr_input_range range = {.struct_size = sizeof range};
  OK(hypr_session_input_range(session, 1, &range));
  note(&range.lowest, 2 * sizeof(float));
  uint32_t findings;
  char text[256];
  OK(hypr_session_diagnose(session, &findings, text, sizeof text));
  note(&findings, sizeof findings);
  OK(hypr_session_memory_report(session, &report));
  OK(hypr_session_get_option(session, HYPR_OPTION_LEARNING_RATE, &value));
  OK(hypr_session_find_tensor(session, "layer2.p_u", &index));
  for (size_t i = 0; i < SIZE(hypr_session_tensor_count(session)); i++) {
    OK(hypr_session_tensor_info(session, i, &info));
    count = info.offset + info.size;
    size = SIZE(hypr_session_eligibility_size(session, i));
    if (STATUS(hypr_session_get_eligibility(session, i, flat, size)) == HYPR_OK) note(flat, size * sizeof *flat);
  }
  for (size_t layer = 0; layer < 4; layer++) {
    size = SIZE(hypr_session_layer_state_size(session, layer));
    OK(hypr_session_get_layer_state(session, layer, flat, size));
    note(flat, size * sizeof *flat);
    OK(hypr_session_set_layer_state(session, layer, flat, size));
    flat[0] = NAN;
    FAILS(hypr_session_set_layer_state(session, layer, flat, size));
    size = layer == 0 ? CALL_NEURONS : layer == 1 ? 7 : layer == 2 ? 3 : CALL_OUTPUTS;
    OK(hypr_session_get_spikes(session, layer, flat, size));
    OK(hypr_session_set_spikes(session, layer, flat, size));
    flat[0] = 1.0f / 3;
    if (layer == 0) FAILS(hypr_session_set_spikes(session, layer, flat, size));
    TEXT(hypr_session_message(session));
  }
  if (STATUS(hypr_session_get_gradients(session, flat, count)) == HYPR_OK) note(flat, count * sizeof *flat);
  OK(hypr_session_get_parameters(session, flat, count));
  note(flat, count * sizeof *flat);
  for (size_t i = 0; i < 5; i++) flat[i] = 1e-41f; /* subnormal */
  OK(hypr_session_set_parameters(session, flat, count));
  OK(hypr_session_save_model(session, file));
  OK(hypr_session_model_size(session, &size));
  OK(hypr_session_save_model_buffer(session, bytes, sizeof bytes));
  note(bytes, size);
  OK(hypr_session_tensor_info(session, index, &info));
  flat[info.offset] = 4.0f / 3; /* at most 1 */
  FAILS(hypr_session_set_parameters(session, flat, count));
  TEXT(hypr_session_message(session));
  hypr_update_settings update = HYPR_UPDATE_SETTINGS;
  update.element_type = HYPR_ELEMENT_INT8;
  update.share = 0.3;
  if (STATUS(hypr_session_update_size(session, &update, &size)) == HYPR_OK) {
    OK(hypr_session_get_update(session, &update, bytes, sizeof bytes));
    note(bytes, size);
    OK(hypr_session_apply_update(session, bytes, size));
    bytes[size / 2] ^= 1;
  }
  FAILS(hypr_session_get_update(session, &update, bytes, 1));
  FAILS(hypr_session_apply_update(session, bytes, size));
  TEXT(hypr_session_message(session));
  OK(hypr_session_state_size(session, &size));
  OK(hypr_session_save_state(session, bytes, sizeof bytes));
  note(bytes, size);
  OK(hypr_session_load_state(session, bytes, size));
  bytes[size / 2] ^= 1;
  FAILS(hypr_session_load_state(session, bytes, size));
  OK(hypr_session_clear_statistics(session));
}

static void call_running(hypr_session *session) {
  float output[CALL_OUTPUTS], outputs[CALL_STEPS * CALL_OUTPUTS], bad[CALL_INPUTS] = {0, NAN, 1}, values[CALL_INPUTS];
  const float huge[CALL_INPUTS] = {3e38f, -3e38f, 3e38f}, tiny[CALL_INPUTS] = {1e-41f, -1e-41f, 1e-38f};
  const uint32_t spikes[] = {0, 2}, wrong[] = {2, 1};
  for (size_t i = 0; i < CALL_STEPS; i++) {
    OK(hypr_session_step(session, samples_of_calls + i * CALL_INPUTS, CALL_INPUTS, output, CALL_OUTPUTS));
    note(output, sizeof output);
    STATUS(hypr_session_teach_class(session, (uint32_t)i % CALL_OUTPUTS));
  }
  OK(hypr_session_step(session, tiny, CALL_INPUTS, output, CALL_OUTPUTS));
  OK(hypr_session_step_spikes(session, spikes, 2, output, CALL_OUTPUTS));
  note(output, sizeof output);
  FAILS(hypr_session_step_spikes(session, wrong, 2, output, CALL_OUTPUTS));
  OK(hypr_session_look_ahead(session, tiny, CALL_INPUTS, output, CALL_OUTPUTS));
  note(output, sizeof output);
  OK(hypr_session_condition(session, tiny, 1, values));
  note(values, sizeof values);
  OK(hypr_session_run(session, samples_of_calls, CALL_STEPS, outputs));
  note(outputs, sizeof outputs);
  FAILS(hypr_session_step(session, bad, CALL_INPUTS, output, CALL_OUTPUTS));
  TEXT(hypr_session_message(session));
  FAILS(hypr_session_step(session, huge, CALL_INPUTS, output, CALL_OUTPUTS));
  TEXT(hypr_session_message(session));
  FAILS(hypr_session_look_ahead(session, huge, CALL_INPUTS, output, CALL_OUTPUTS));
  FAILS(hypr_session_step(session, huge, 1, output, CALL_OUTPUTS));
}

/* The host's own code in the middle of a call. */
static int32_t look_at_control(void *context, uint64_t steps) {
  if (!same_control(read_control(), given_word) && !*the_log->lost) snprintf(the_log->lost, sizeof the_log->lost, "hypr_progress");
  *(uint64_t *)context = steps;
  return 1;
}

static void call_long(hypr_session *session) {
  enum { LONG = 5000 };
  static const float silence[LONG * CALL_INPUTS];
  uint64_t done = 0;
  OK(hypr_session_set_progress(session, look_at_control, &done));
  FAILS(hypr_session_run(session, silence, LONG, NULL));
  need(done > 0, "the progress callback was not called");
  note(&done, sizeof done);
  OK(hypr_session_set_progress(session, NULL, NULL));
  OK(hypr_session_reset(session)); /* what is taught next lies in one window */
}

static void call_learning(hypr_session *session) {
  const float values[CALL_OUTPUTS] = {0.3f, -1e-40f}, bad[CALL_OUTPUTS] = {NAN, 1}, weights[CALL_OUTPUTS] = {0.3f, 2};
  const float largest[CALL_OUTPUTS] = {3e38f, -3e38f};
  const size_t steps[] = {CALL_STEPS / 2, CALL_STEPS / 3, CALL_STEPS - CALL_STEPS / 2 - CALL_STEPS / 3};
  float targets[CALL_STEPS * CALL_OUTPUTS], outputs[CALL_STEPS * CALL_OUTPUTS];
  double loss;
  for (size_t i = 0; i < CALL_STEPS * CALL_OUTPUTS; i++) targets[i] = (float)i / 100;
  OK(hypr_session_set_class_weights(session, weights, CALL_OUTPUTS));
  FAILS(hypr_session_set_class_weights(session, bad, CALL_OUTPUTS));
  OK(hypr_session_run(session, samples_of_calls, 3, NULL));
  OK(hypr_session_teach_class_at(session, 1, 1));
  OK(hypr_session_teach_values(session, values, CALL_OUTPUTS));
  FAILS(hypr_session_teach_values(session, bad, CALL_OUTPUTS));
  TEXT(hypr_session_message(session));
  OK(hypr_session_teach_error(session, values, CALL_OUTPUTS));
  OK(hypr_session_teach_values_at(session, 1, values, CALL_OUTPUTS));
  OK(hypr_session_teach_error_at(session, 2, values, CALL_OUTPUTS));
  STATUS(hypr_session_teach_sequence(session, 1));
  hypr_guard guard = {.struct_size = sizeof guard};
  OK(hypr_session_flush(session));
  STATUS(hypr_session_apply(session));
  uint64_t work_left = 0;
  STATUS(hypr_session_work(session, 1000, &work_left));
  note(&work_left, sizeof work_left);
  STATUS(hypr_session_guard(session, &guard));
  note(&guard, sizeof guard);
  STATUS(hypr_session_accept(session));
  OK(hypr_session_run(session, samples_of_calls, 3, NULL));
  OK(hypr_session_teach_error(session, largest, CALL_OUTPUTS)); /* an update that is dropped */
  OK(hypr_session_reset(session));
  OK(hypr_session_set_trainable(session, 0, 0));
  OK(hypr_session_set_trainable(session, 0, 1));
  OK(hypr_session_learn_sequence(session, samples_of_calls, CALL_STEPS, labels_of_calls, outputs, &loss));
  note(&loss, sizeof loss);
  OK(hypr_session_learn_batch(session, samples_of_calls, steps, 3, labels_of_calls, outputs, &loss));
  note(outputs, sizeof outputs);
  OK(hypr_session_learn_labelled(session, samples_of_calls, steps, 3, labels_of_calls, outputs, &loss));
  note(&loss, sizeof loss);
  hypr_batch batch = {.struct_size = sizeof batch, .inputs = samples_of_calls, .steps = steps, .sequences = 3,
                      .values = targets};
  OK(hypr_session_learn(session, &batch, outputs, &loss));
  note(&loss, sizeof loss);
  targets[1] = INFINITY;
  FAILS(hypr_session_learn(session, &batch, outputs, &loss));
  TEXT(hypr_session_message(session));
  OK(hypr_session_reset_parts(session, HYPR_RESET_TRACES));
  OK(hypr_session_reset_layer(session, 3));
}

static void call_transfer(hypr_session *session, hypr_session *from) {
  float output[CALL_OUTPUTS];
  for (size_t i = 0; i < 5; i++) OK(hypr_session_step(from, samples_of_calls + i * CALL_INPUTS, CALL_INPUTS, NULL, 0));
  OK(hypr_session_copy_parameters(session, from));
  FAILS(hypr_session_copy_parameters(session, session));
  TEXT(hypr_session_message(session));
  OK(hypr_session_transfer(session, from));
  FAILS(hypr_session_transfer(session, session));
  TEXT(hypr_session_message(session));
  OK(hypr_session_step(session, samples_of_calls, CALL_INPUTS, output, CALL_OUTPUTS));
  note(output, sizeof output);
}

/* With a memory for stretches, and without one, where all but one are refused. */
static void call_rehearsal(hypr_session *session) {
  hypr_rehearsal rehearsal = {.struct_size = sizeof rehearsal};
  float values[5 * CALL_OUTPUTS];
  for (size_t i = 0; i < 5 * CALL_OUTPUTS; i++) values[i] = i < CALL_OUTPUTS ? NAN : (float)i / 7;
  STATUS(hypr_session_rehearsal_add(session, samples_of_calls, 20, labels_of_calls, NULL, 0));
  STATUS(hypr_session_rehearsal_add(session, samples_of_calls, 5, NULL, values, 1));
  FAILS(hypr_session_rehearsal_add(session, samples_of_calls, 21, labels_of_calls, NULL, 0));
  TEXT(hypr_session_message(session));
  values[CALL_OUTPUTS] = INFINITY;
  FAILS(hypr_session_rehearsal_add(session, samples_of_calls, 5, NULL, values, 1));
  TEXT(hypr_session_message(session));
  STATUS(hypr_session_rehearse(session, 7));
  for (int32_t label = HYPR_REHEARSAL_NO_CLASS; label < CALL_OUTPUTS; label++) {
    STATUS(hypr_session_rehearsal(session, label, &rehearsal));
    note(&rehearsal, sizeof rehearsal);
    SIZE(hypr_session_rehearsal_count(session, label));
  }
  STATUS(hypr_session_rehearsal_clear(session));
  STATUS(hypr_session_rehearsal_add(session, samples_of_calls, 12, labels_of_calls, NULL, 1));
}

/* Calls everything with a host's word; a file of this name is made. */
static void call_everything(call_log *log, int word, const char *file) {
  static const double none[][2] = {{0, 0}};
  static const double learning[][2] = {{HYPR_OPTION_LEARNING, 1}, {HYPR_OPTION_WINDOW, 13}, {HYPR_OPTION_REHEARSAL_BYTES, 3000},
                                       {HYPR_OPTION_REHEARSAL_STRETCH, 20}, {HYPR_OPTION_REHEARSAL_STEPS, 9},
                                       {HYPR_OPTION_REHEARSAL_LEAD_IN, 3}, {0, 0}};
  static const double threads[][2] = {{HYPR_OPTION_LEARNING, 1}, {HYPR_OPTION_UPDATE, HYPR_UPDATE_SEQUENCE},
                                      {HYPR_OPTION_THREADS, 3}, {HYPR_OPTION_WINDOW, 40}, {HYPR_OPTION_WEIGHT_DECAY, 0.1},
                                      {HYPR_OPTION_LOSS, HYPR_LOSS_SUM_OF_SOFTMAX}, {HYPR_OPTION_CREDIT, HYPR_CREDIT_RECURRENT},
                                      {HYPR_OPTION_SCHEDULE, HYPR_SCHEDULE_COSINE}, {HYPR_OPTION_ANCHOR_STRENGTH, 0.1},
                                      {HYPR_OPTION_SPIKE_RATE_PENALTY, 0.3}, {HYPR_OPTION_LABEL_SMOOTHING, 0.1},
                                      {HYPR_OPTION_SPIKE_RATE_LOWER, 0.3}, {0, 0}};
  const double (*const kinds[])[2] = {none, learning, threads};
  hypr_model *model;
  size_t bytes;
  plain_word = read_control();
  the_log = log;
  the_log->count = 0;
  the_log->lost[0] = 0;
  host_word = host_words[word];
  for (size_t i = 0; i < CALL_STEPS * CALL_INPUTS; i++) samples_of_calls[i] = i % 3 ? (float)((i * 7919) % 100) / 37 - 1 : 0;
  for (size_t i = 0; i < CALL_STEPS; i++) labels_of_calls[i] = (int32_t)(i % 3) - 1;
  call_simple();
  void *data = call_builder(&bytes, file);
  OK(hypr_model_load_buffer(data, bytes, &model, why, sizeof why));
  call_in_place(data, bytes);
  memset((char *)data + bytes / 2, 0xff, 8); /* not a number */
  hypr_model *bad = NULL;
  STATUS(hypr_model_load_buffer(data, bytes, &bad, why, sizeof why));
  note(why, strlen(why));
  VOID(hypr_model_free(bad));
  free(data);
  call_model(model);
  for (int kind = 0; kind < 3; kind++) {
    hypr_options *options = call_options(kinds[kind]);
    hypr_session *session, *lent;
    size_t alignment;
    OK(hypr_session_create(model, options, &session, why, sizeof why));
    OK(hypr_session_memory_size(model, options, &bytes, &alignment, why, sizeof why));
    char *block, *memory = aligned(bytes, alignment, &block);
    FAILS(hypr_session_create_in(model, options, memory, bytes - 1, &lent, why, sizeof why));
    OK(hypr_session_create_in(model, options, memory, bytes, &lent, why, sizeof why));
    hypr_session *both[] = {session, lent};
    for (int i = 0; i < 2; i++) {
      call_running(both[i]);
      call_long(both[i]);
      if (kind > 0) call_learning(both[i]), call_rehearsal(both[i]);
      call_inspection(both[i], file);
    }
    call_transfer(session, lent);
    for (int i = 0; i < 2; i++) VOID(hypr_session_free(both[i]));
    VOID(hypr_options_free(options));
    free(block);
  }
  VOID(hypr_model_free(model));
  remove(file);
}

/* What went wrong with a host's word, or NULL: a call that changed it, or gave other bits than with the usual word. */
static const char *problem_of_word(int word, const char *file) {
  static call_log usual, found;
  static char problem[400];
  call_everything(&usual, 0, file);
  call_everything(&found, word, file);
  if (*found.lost) {
    snprintf(problem, sizeof problem, "word %d is not as it was after %s", word, found.lost);
    return problem;
  }
  if (found.count == usual.count && memcmp(found.bytes, usual.bytes, usual.count) == 0) return NULL;
  size_t at = 0;
  while (at < found.count && found.bytes[at] == usual.bytes[at]) at++;
  snprintf(problem, sizeof problem, "word %d: byte %zu of %zu that the calls gave differs", word, at, usual.count);
  return problem;
}

#endif
