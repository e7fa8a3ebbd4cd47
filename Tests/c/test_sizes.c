/* Sizes, counts and indices that nothing can have, for every parameter of hypr.h that is one: refused, never the end of the host.
 * The header itself (HYPR_HEADER) says which parameters there are. */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>

#include "stream.h"

enum { OUTPUTS = CLASSES, CHANNELS = INPUTS, ROOM = 1 << 20 };

static const size_t absurd[] = {SIZE_MAX,         SIZE_MAX - 1,      SIZE_MAX / 2,          SIZE_MAX / 2 + 1, SIZE_MAX / 2 + 2,
                                (size_t)1 << 62, ((size_t)1 << 62) + 1, (size_t)1 << 61, (size_t)1 << 60,  SIZE_MAX / 4};
/* Wrong where an exact size is meant, too; and one that is often right. */
static const size_t small[] = {0, 1, 2};

static hypr_session *session;
static hypr_options *options;
static hypr_builder *builder;
static const float ones[CHANNELS] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
static unsigned char *room;      /* ROOM bytes, aligned for a session; models and options are made in the second half */
static size_t state_size, file_size;

#define NUMBERS ((float *)room)
#define NAMES ((const char *const[]){"a", "b", "c", "d", "e", "f", "g", "h", "i"})

static int set_up_all(void **state) {
  size_t bytes, alignment;
  set_up(state);
  session = make_session(model, SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, 5}, {HYPR_OPTION_REHEARSAL_BYTES, 4096}));
  options = make_options(SETTINGS({HYPR_OPTION_WINDOW, 5}));
  assert_ok(hypr_session_memory_size(model, options, &bytes, &alignment, NULL, 0));
  assert_true(bytes <= ROOM);
  assert_int_equal(posix_memalign((void **)&room, alignment, ROOM), 0);
  memset(room, 0, ROOM);
  assert_ok(hypr_session_model_size(session, &file_size));
  assert_ok(hypr_session_state_size(session, &state_size));
  assert_ok(hypr_builder_create_from(model, &builder, NULL, 0));
  return 0;
}

static int tear_down_all(void **state) {
  hypr_builder_free(builder);
  hypr_options_free(options);
  hypr_session_free(session);
  free(room);
  return tear_down(state);
}

/* ---- A call with one absurd size, all else as it should be. What is not a status: OK if there is something. */

#define FOUND(thing) ((thing) ? HYPR_OK : HYPR_ERROR_NOT_FOUND)
#define ONE(type) ((type){.struct_size = sizeof(type)})

/* name of the parameter, whether it is room that the caller says to have (more than it is asked for is fine), call with `n` */
#define PARAMETERS(X)                                                                                                         \
  X(hypr_model_layer_size, layer, 0, FOUND(hypr_model_layer_size(model, n)))                                                  \
  X(hypr_model_layer_neuron, layer, 0, FOUND(hypr_model_layer_neuron(model, n)))                                              \
  X(hypr_model_input_name, channel, 0, FOUND(hypr_model_input_name(model, n)))                                                \
  X(hypr_model_class_label, output, 0, FOUND(hypr_model_class_label(model, n)))                                               \
  X(hypr_model_metadata_key, index, 0, FOUND(hypr_model_metadata_key(model, n)))                                              \
  X(hypr_model_metadata_value, index, 0, FOUND(hypr_model_metadata_value(model, n)))                                          \
  X(hypr_model_trained_range, count, 0, trained_range(n))                                                                     \
  X(hypr_session_step, input_size, 0, hypr_session_step(session, samples, n, NUMBERS, OUTPUTS))                               \
  X(hypr_session_step, output_size, 0, hypr_session_step(session, samples, INPUTS, NUMBERS, n))                               \
  X(hypr_session_step_spikes, count, 0, hypr_session_step_spikes(session, (uint32_t[]){0, 1}, n, NUMBERS, OUTPUTS))           \
  X(hypr_session_step_spikes, output_size, 0, hypr_session_step_spikes(session, (uint32_t[]){0}, 1, NUMBERS, n))              \
  X(hypr_session_run, steps, 0, hypr_session_run(session, samples, n, NUMBERS))                                               \
  X(hypr_session_teach_class_at, steps_ago, 0, hypr_session_teach_class_at(session, n, 0))                                    \
  X(hypr_session_set_class_weights, size, 0, hypr_session_set_class_weights(session, NUMBERS, n))                             \
  X(hypr_session_teach_values, size, 0, hypr_session_teach_values(session, samples, n))                                       \
  X(hypr_session_teach_error, size, 0, hypr_session_teach_error(session, samples, n))                                         \
  X(hypr_session_teach_values_at, steps_ago, 0, hypr_session_teach_values_at(session, n, samples, OUTPUTS))                   \
  X(hypr_session_teach_values_at, size, 0, hypr_session_teach_values_at(session, 0, samples, n))                              \
  X(hypr_session_teach_error_at, steps_ago, 0, hypr_session_teach_error_at(session, n, samples, OUTPUTS))                     \
  X(hypr_session_teach_error_at, size, 0, hypr_session_teach_error_at(session, 0, samples, n))                                \
  X(hypr_session_learn_sequence, steps, 0, hypr_session_learn_sequence(session, samples, n, labels, NUMBERS, NULL))           \
  X(hypr_session_learn_batch, sequences, 0, hypr_session_learn_batch(session, samples, lengths, n, labels, NULL, NULL))       \
  X(hypr_session_learn_batch, steps, 0, hypr_session_learn_batch(session, samples, &n, 1, labels, NULL, NULL))                \
  X(hypr_session_learn_labelled, sequences, 0, hypr_session_learn_labelled(session, samples, lengths, n, labels, NULL, NULL)) \
  X(hypr_session_learn_labelled, steps, 0, hypr_session_learn_labelled(session, samples, &n, 1, labels, NULL, NULL))          \
  X(hypr_batch, sequences, 0, learn_batch(lengths, n))                                                                        \
  X(hypr_batch, steps, 0, learn_batch(&n, 1))                                                                                 \
  X(hypr_batch, sum_of_steps, 0, learn_batch((size_t[]){5, n, 5}, 3))                                                         \
  X(hypr_batch, struct_size, 0, learn_sized(n))                                                                               \
  X(hypr_session_rehearsal_add, steps, 0, hypr_session_rehearsal_add(session, samples, n, labels, NULL, 1))                   \
  X(hypr_session_rehearse, windows, 1, rehearse_nothing(n))                                                                   \
  X(hypr_rehearsal, struct_size, 1, hypr_session_rehearsal(session, 0, &(hypr_rehearsal){.struct_size = n}))                  \
  X(hypr_session_save_model_buffer, size, 1, hypr_session_save_model_buffer(session, room, n))                                \
  X(hypr_session_save_state, size, 1, hypr_session_save_state(session, room, n))                                              \
  X(hypr_session_load_state, size, 1, load_state(n))                                                                          \
  X(hypr_session_get_update, size, 1, hypr_session_get_update(session, NULL, room, n))                                        \
  X(hypr_session_apply_update, size, 0, apply_update(n))                                                                      \
  X(hypr_update_settings, struct_size, 0, update_sized(n))                                                                    \
  X(hypr_session_reset_layer, layer, 0, hypr_session_reset_layer(session, n))                                                 \
  X(hypr_session_look_ahead, input_size, 0, hypr_session_look_ahead(session, samples, n, NUMBERS, OUTPUTS))                   \
  X(hypr_session_look_ahead, output_size, 0, hypr_session_look_ahead(session, samples, INPUTS, NUMBERS, n))                   \
  X(hypr_session_condition, steps, 0, hypr_session_condition(session, samples, n, NUMBERS))                                   \
  X(hypr_session_get_spikes, layer, 0, hypr_session_get_spikes(session, n, NUMBERS, 20))                                      \
  X(hypr_session_get_spikes, size, 0, hypr_session_get_spikes(session, 0, NUMBERS, n))                                        \
  X(hypr_session_get_layer_state, layer, 0, hypr_session_get_layer_state(session, n, NUMBERS, 60))                            \
  X(hypr_session_get_layer_state, size, 0, hypr_session_get_layer_state(session, 0, NUMBERS, n))                              \
  X(hypr_session_layer_state_size, layer, 0, FOUND(hypr_session_layer_state_size(session, n)))                                \
  X(hypr_session_set_spikes, layer, 0, hypr_session_set_spikes(session, n, NUMBERS, 20))                                      \
  X(hypr_session_set_spikes, size, 0, hypr_session_set_spikes(session, 0, NUMBERS, n))                                        \
  X(hypr_session_set_layer_state, layer, 0, hypr_session_set_layer_state(session, n, NUMBERS, 60))                            \
  X(hypr_session_set_layer_state, size, 0, hypr_session_set_layer_state(session, 0, NUMBERS, n))                              \
  X(hypr_model_tensor_info, index, 0, hypr_model_tensor_info(model, n, &ONE(hypr_tensor_info)))                               \
  X(hypr_model_tensor_values, index, 0, hypr_model_tensor_values(model, n, NUMBERS, 180))                                     \
  X(hypr_model_tensor_values, size, 0, hypr_model_tensor_values(model, 0, NUMBERS, n))                                        \
  X(hypr_model_exemplar_info, index, 0, hypr_model_exemplar_info(model, n, &ONE(hypr_exemplar_info)))                         \
  X(hypr_session_tensor_info, index, 0, hypr_session_tensor_info(session, n, &ONE(hypr_tensor_info)))                         \
  X(hypr_session_set_trainable, index, 0, hypr_session_set_trainable(session, n, 1))                                          \
  X(hypr_session_get_parameters, size, 0, hypr_session_get_parameters(session, NUMBERS, n))                                   \
  X(hypr_session_set_parameters, size, 0, hypr_session_set_parameters(session, NUMBERS, n))                                   \
  X(hypr_session_get_gradients, size, 0, hypr_session_get_gradients(session, NUMBERS, n))                                     \
  X(hypr_session_get_eligibility, index, 0, hypr_session_get_eligibility(session, n, NUMBERS, 540))                           \
  X(hypr_session_get_eligibility, size, 0, hypr_session_get_eligibility(session, 0, NUMBERS, n))                              \
  X(hypr_session_eligibility_size, index, 0, FOUND(hypr_session_eligibility_size(session, n)))                                \
  X(hypr_statistics, spike_rate_count, 0, statistics_with(n))                                                                 \
  X(hypr_statistics, struct_size, 1, hypr_session_statistics(session, &(hypr_statistics){.struct_size = n}))                  \
  X(hypr_session_layer_activity, layer, 0, hypr_session_layer_activity(session, n, &ONE(hypr_layer_activity)))                 \
  X(hypr_layer_activity, struct_size, 1, hypr_session_layer_activity(session, 0, &(hypr_layer_activity){.struct_size = n}))    \
  X(hypr_session_input_range, channel, 0, hypr_session_input_range(session, n, &ONE(hypr_input_range)))                       \
  X(hypr_input_range, struct_size, 1, hypr_session_input_range(session, 0, &(hypr_input_range){.struct_size = n}))            \
  X(hypr_session_diagnose, size, 1, hypr_session_diagnose(session, &(uint32_t){0}, (char *)room, n))                          \
  X(hypr_guard, struct_size, 1, hypr_session_guard(session, &(hypr_guard){.struct_size = n}))                                  \
  X(hypr_memory_report, struct_size, 1, hypr_session_memory_report(session, &(hypr_memory_report){.struct_size = n}))         \
  X(hypr_exemplar_info, struct_size, 1, exemplar_info(n))                                                                     \
  X(hypr_tensor_info, struct_size, 1, hypr_session_tensor_info(session, 0, &(hypr_tensor_info){.struct_size = n}))            \
  X(hypr_neuron, struct_size, 1, hypr_neuron_info(0, &(hypr_neuron){.struct_size = n}))                                       \
  X(hypr_quantity, struct_size, 1, hypr_neuron_parameter(0, 0, &(hypr_quantity){.struct_size = n}))                           \
  X(hypr_neuron_info, index, 0, hypr_neuron_info(n, &ONE(hypr_neuron)))                                                       \
  X(hypr_adaptation_profile, index, 0, FOUND(hypr_adaptation_profile(n)))                                                     \
  X(hypr_neuron_state, neuron, 0, FOUND(hypr_neuron_state(n, 0)))                                                             \
  X(hypr_neuron_state, index, 0, FOUND(hypr_neuron_state(0, n)))                                                              \
  X(hypr_neuron_parameter, neuron, 0, hypr_neuron_parameter(n, 0, &ONE(hypr_quantity)))                                       \
  X(hypr_neuron_parameter, index, 0, hypr_neuron_parameter(0, n, &ONE(hypr_quantity)))                                        \
  X(hypr_neuron_constant, neuron, 0, hypr_neuron_constant(n, 0, &ONE(hypr_quantity)))                                         \
  X(hypr_neuron_constant, index, 0, hypr_neuron_constant(0, n, &ONE(hypr_quantity)))                                          \
  X(hypr_builder_create, inputs, 0, create_builder(n))                                                                        \
  X(hypr_builder_set_input_scale, count, 0, hypr_builder_set_input_scale(builder, ones, n))                                   \
  X(hypr_builder_set_input_offset, count, 0, hypr_builder_set_input_offset(builder, samples, n))                              \
  X(hypr_builder_set_input_names, count, 0, hypr_builder_set_input_names(builder, NAMES, n))                                  \
  X(hypr_builder_set_level_crossing, count, 0, set_level_crossing(n))                                                         \
  X(hypr_builder_set_trained_range, count, 0, hypr_builder_set_trained_range(builder, ones, ones, n))                         \
  X(hypr_builder_fit_input, sequences, 0, fit_input(lengths, n))                                                              \
  X(hypr_builder_fit_input, steps, 0, fit_input(&n, 1))                                                                       \
  X(hypr_encoding, struct_size, 0, set_encoding(n, 1, 1, 1, HYPR_ENCODING_DELTA))                                             \
  X(hypr_encoding, threshold_count, 0, set_encoding(sizeof(hypr_encoding), n, 1, 1, HYPR_ENCODING_DELTA))                     \
  X(hypr_encoding, center_count, 0, set_encoding(sizeof(hypr_encoding), 1, n, 1, HYPR_ENCODING_RECEPTIVE_FIELDS))             \
  X(hypr_encoding, width_count, 0, set_encoding(sizeof(hypr_encoding), 1, 1, n, HYPR_ENCODING_RECEPTIVE_FIELDS))              \
  X(hypr_conditioning, struct_size, 0, add_stage(n, 1, 1, 1, 1, HYPR_CONDITIONING_CLIP))                                      \
  X(hypr_conditioning, time_constant_count, 0, add_stage(sizeof(hypr_conditioning), n, 1, 1, 1, HYPR_CONDITIONING_HIGH_PASS)) \
  X(hypr_conditioning, deviation_count, 0,                                                                                    \
    add_stage(sizeof(hypr_conditioning), 1, n, 1, 1, HYPR_CONDITIONING_RUNNING_NORMALIZATION))                                \
  X(hypr_conditioning, lower_count, 0, add_stage(sizeof(hypr_conditioning), 1, 1, n, 1, HYPR_CONDITIONING_CLIP))              \
  X(hypr_conditioning, upper_count, 0, add_stage(sizeof(hypr_conditioning), 1, 1, 1, n, HYPR_CONDITIONING_CLIP))              \
  X(hypr_builder_add_layer, size, 0, add_layer(n, NULL))                                                                      \
  X(hypr_layer_settings, struct_size, 0, add_layer(3, &(hypr_layer_settings){.struct_size = n}))                              \
  X(hypr_builder_set_readout, outputs, 0, set_readout(n))                                                                     \
  X(hypr_builder_set_tensor, count, 0, hypr_builder_set_tensor(builder, "readout.bias", NUMBERS, n))                          \
  X(hypr_builder_set_tensor_rows, row_offset_count, 0, set_rows(n, 2))                                                        \
  X(hypr_builder_set_tensor_rows, count, 0, set_rows(OUTPUTS + 1, n))                                                         \
  X(hypr_builder_tensor_info, index, 0, hypr_builder_tensor_info(builder, n, &ONE(hypr_tensor_info)))                         \
  X(hypr_builder_get_tensor, count, 0, hypr_builder_get_tensor(builder, "readout.weight", NUMBERS, n))                        \
  X(hypr_builder_set_class_labels, count, 0, hypr_builder_set_class_labels(builder, NAMES, n))                                \
  X(hypr_builder_add_exemplar, steps, 0, hypr_builder_add_exemplar(builder, samples, n, labels, NULL, 0))                     \
  X(hypr_builder_widen_trained_range, sequences, 0, widen_trained_range(lengths, n))                                          \
  X(hypr_builder_widen_trained_range, steps, 0, widen_trained_range(&n, 1))                                                   \
  X(hypr_builder_keep_exemplars, bytes, 1, keep_exemplars(n))                                                                 \
  X(hypr_builder_calibrate, sequences, 0, hypr_builder_calibrate(builder, samples, lengths, n, 0.05, 0, 1))                   \
  X(hypr_builder_calibrate, steps, 0, hypr_builder_calibrate(builder, samples, (size_t[]){n}, 1, 0.05, 0, 1))                 \
  X(hypr_recording, struct_size, 0, suggest((hypr_recording){.struct_size = n, .steps = lengths, .sequences = 1, .channels = CHANNELS}))\
  X(hypr_recording, sequences, 0, suggest((hypr_recording){.steps = lengths, .sequences = n, .channels = CHANNELS}))          \
  X(hypr_recording, channels, 0, suggest((hypr_recording){.steps = lengths, .sequences = 1, .channels = n}))                  \
  X(hypr_recording, outputs, 0, suggest((hypr_recording){.steps = lengths, .sequences = 1, .channels = CHANNELS, .outputs = n}))\
  X(hypr_builder_create_suggested, reasons_size, 0, hypr_builder_create_suggested(NULL, &(hypr_builder *){NULL}, (char *)room, n, NULL, 0))\
  X(hypr_builder_create_suggested, message_size, 0, hypr_builder_create_suggested(NULL, &(hypr_builder *){NULL}, NULL, 0, (char *)room, n))\
  X(hypr_builder_copy_file, size, 1, copy_file(n))                                                                            \
  X(hypr_model_load_buffer, size, 0, load_buffer(n))                                                                          \
  X(hypr_session_create_in, bytes, 1, create_in(n))                                                                           \
  X(hypr_model_memory_size, size, 0, model_memory_size(n))                                                                    \
  X(hypr_model_create_in, size, 0, model_create_in(n, ROOM / 2))                                                              \
  X(hypr_model_create_in, bytes, 1, model_create_in(file_size, n))                                                            \
  X(hypr_options_create_in, bytes, 1, options_create_in(n))                                                                   \
  X(hypr_model_memory_size, message_size, 0, hypr_model_memory_size("x", 1, &(size_t){0}, NULL, (char *)room, n))             \
  X(hypr_model_create_in, message_size, 0,                                                                                    \
    hypr_model_create_in("x", 1, room, 0, &(hypr_model *){NULL}, (char *)room, n))                                            \
  X(hypr_options_create_in, message_size, 0, hypr_options_create_in(room, 0, &(hypr_options *){NULL}, (char *)room, n))       \
  X(hypr_model_load, message_size, 0, hypr_model_load("no such file", &(hypr_model *){NULL}, (char *)room, n))                \
  X(hypr_model_load_buffer, message_size, 0, hypr_model_load_buffer("x", 1, &(hypr_model *){NULL}, (char *)room, n))          \
  X(hypr_session_create, message_size, 0, hypr_session_create(NULL, options, &(hypr_session *){NULL}, (char *)room, n))       \
  X(hypr_session_create_in, message_size, 0,                                                                                  \
    hypr_session_create_in(model, options, room, 0, &(hypr_session *){NULL}, (char *)room, n))                                \
  X(hypr_session_memory_size, message_size, 0, hypr_session_memory_size(NULL, options, &(size_t){0}, NULL, (char *)room, n))  \
  X(hypr_options_create, message_size, 0, hypr_options_create(NULL, (char *)room, n))                                         \
  X(hypr_builder_create, message_size, 0, hypr_builder_create(0, &(hypr_builder *){NULL}, (char *)room, n))                   \
  X(hypr_builder_create_from, message_size, 0, hypr_builder_create_from(NULL, &(hypr_builder *){NULL}, (char *)room, n))

static const size_t lengths[] = {20, SIZE_MAX / 2, SIZE_MAX / 2};

static hypr_status learn_batch(const size_t *steps, size_t sequences) {
  hypr_batch batch = {.struct_size = sizeof batch, .inputs = samples, .steps = steps, .sequences = sequences, .values = samples};
  return hypr_session_learn(session, &batch, NULL, NULL);
}

static hypr_status learn_sized(size_t struct_size) {
  union {
    hypr_batch batch;
    char bytes[8192];
  } one = {.batch = {.struct_size = struct_size, .inputs = samples, .steps = lengths, .sequences = 1, .labels = labels}};
  return hypr_session_learn(session, &one.batch, NULL, NULL);
}

/* As often as it may be: while nothing is kept that is at once. */
static hypr_status rehearse_nothing(size_t windows) {
  assert_ok(hypr_session_flush(session));
  assert_ok(hypr_session_rehearsal_clear(session));
  return hypr_session_rehearse(session, windows);
}

static hypr_status load_state(size_t size) {
  assert_ok(hypr_session_state_size(session, &state_size));
  assert_ok(hypr_session_save_state(session, room, state_size));
  return hypr_session_load_state(session, room, size);
}

static hypr_status apply_update(size_t size) {
  assert_ok(hypr_session_get_update(session, NULL, room, ROOM));
  return hypr_session_apply_update(session, room, size);
}

static hypr_status update_sized(size_t struct_size) {
  size_t size;
  union {
    hypr_update_settings settings;
    char bytes[8192];
  } one = {.settings = HYPR_UPDATE_SETTINGS};
  one.settings.struct_size = struct_size;
  return hypr_session_update_size(session, &one.settings, &size);
}

static hypr_status statistics_with(size_t count) {
  hypr_statistics statistics = {.struct_size = sizeof statistics, .spike_rates = NUMBERS, .spike_rate_count = count};
  return hypr_session_statistics(session, &statistics);
}

static hypr_status create_builder(size_t inputs) {
  hypr_builder *made;
  hypr_status status = hypr_builder_create(inputs, &made, NULL, 0);
  hypr_builder_free(made);
  return status;
}

static hypr_status set_level_crossing(size_t count) {
  hypr_builder *made;
  assert_ok(hypr_builder_create(CHANNELS, &made, NULL, 0));
  hypr_status status = hypr_builder_set_level_crossing(made, samples, count, HYPR_LEVEL_CROSSING_ON_OFF);
  hypr_builder_free(made);
  return status;
}

static hypr_status trained_range(size_t count) {
  size_t bytes;
  hypr_builder *made;
  hypr_model *loaded;
  assert_ok(hypr_builder_create_from(model, &made, NULL, 0));
  assert_ok(hypr_builder_set_trained_range(made, ones, ones, CHANNELS));
  assert_ok(hypr_builder_build(made, 1, &bytes));
  assert_true(bytes <= ROOM);
  assert_ok(hypr_builder_copy_file(made, room, bytes));
  assert_ok(hypr_model_load_buffer(room, bytes, &loaded, NULL, 0));
  float lower[CHANNELS], upper[CHANNELS];
  hypr_status status = hypr_model_trained_range(loaded, lower, upper, count);
  hypr_model_free(loaded);
  hypr_builder_free(made);
  return status;
}

static hypr_status fit_input(const size_t *steps, size_t sequences) {
  hypr_builder *made;
  assert_ok(hypr_builder_create(CHANNELS, &made, NULL, 0));
  hypr_status status = hypr_builder_fit_input(made, samples, steps, sequences);
  hypr_builder_free(made);
  return status;
}

/* The structs that may be said to be longer lie in room that is zero behind them. */
static hypr_status set_encoding(size_t struct_size, size_t thresholds, size_t centers, size_t widths, int32_t kind) {
  hypr_builder *made;
  union {
    hypr_encoding encoding;
    char bytes[8192];
  } one = {.encoding = HYPR_ENCODING(kind)};
  one.encoding.struct_size = struct_size;
  one.encoding.thresholds = one.encoding.centers = one.encoding.widths = ones;
  one.encoding.threshold_count = thresholds, one.encoding.center_count = centers, one.encoding.width_count = widths;
  one.encoding.fields = 1;
  assert_ok(hypr_builder_create(CHANNELS, &made, NULL, 0));
  hypr_status status = hypr_builder_set_encoding(made, &one.encoding);
  hypr_builder_free(made);
  return status;
}

static hypr_status add_stage(size_t struct_size, size_t taus, size_t deviations, size_t lower, size_t upper, int32_t kind) {
  static const float zeros[CHANNELS];
  hypr_builder *made;
  union {
    hypr_conditioning stage;
    char bytes[8192];
  } one = {.stage = HYPR_CONDITIONING(kind)};
  one.stage.struct_size = struct_size;
  one.stage.time_constants = one.stage.deviations = one.stage.upper = ones;
  one.stage.lower = zeros;
  one.stage.time_constant_count = taus, one.stage.deviation_count = deviations;
  one.stage.lower_count = lower, one.stage.upper_count = upper;
  assert_ok(hypr_builder_create(CHANNELS, &made, NULL, 0));
  assert_ok(hypr_builder_set_time_step(made, 0.01f));
  hypr_status status = hypr_builder_add_conditioning(made, &one.stage);
  hypr_builder_free(made);
  return status;
}

static hypr_status add_layer(size_t size, const hypr_layer_settings *settings) {
  hypr_builder *made;
  assert_ok(hypr_builder_create(CHANNELS, &made, NULL, 0));
  hypr_status status = hypr_builder_add_layer(made, "brf", size, settings);
  hypr_builder_free(made);
  return status;
}

static hypr_status set_readout(size_t outputs) {
  assert_ok(hypr_builder_remove_top(builder));
  hypr_status status = hypr_builder_set_readout(builder, outputs, 0, 0);
  if (!status) assert_ok(hypr_builder_remove_top(builder));
  assert_ok(hypr_builder_set_readout(builder, OUTPUTS, 1, 0));
  return status;
}

static hypr_status set_rows(size_t offsets, size_t count) {
  hypr_builder *made;
  assert_ok(hypr_builder_create_from(model, &made, NULL, 0));
  const uint32_t rows[OUTPUTS + 1] = {0, 1, 2, 2}, columns[] = {0, 1};
  hypr_status status = hypr_builder_set_tensor_rows(made, "readout.weight", rows, offsets, columns, count);
  hypr_builder_free(made);
  return status;
}

/* With the samples, and a struct_size unless one is given. */
static hypr_status suggest(hypr_recording recording) {
  hypr_builder *made;
  union {
    hypr_recording recording;
    char bytes[8192];
  } one = {.recording = recording};
  one.recording.inputs = samples;
  if (!one.recording.struct_size) one.recording.struct_size = sizeof recording;
  if (!one.recording.outputs) one.recording.outputs = OUTPUTS;
  hypr_status status = hypr_builder_create_suggested(&one.recording, &made, NULL, 0, NULL, 0);
  hypr_builder_free(made);
  return status;
}

static hypr_builder *builder_with_exemplars(void) {
  hypr_builder *made;
  assert_ok(hypr_builder_create_from(model, &made, NULL, 0));
  for (size_t i = 0; i < 3; i++) assert_ok(hypr_builder_add_exemplar(made, samples, 5, labels, NULL, 1));
  return made;
}

static hypr_status keep_exemplars(size_t bytes) {
  hypr_builder *made = builder_with_exemplars();
  hypr_status status = hypr_builder_keep_exemplars(made, bytes, 1);
  hypr_builder_free(made);
  return status;
}

static hypr_status widen_trained_range(const size_t *steps, size_t sequences) {
  hypr_builder *made;
  assert_ok(hypr_builder_create(CHANNELS, &made, NULL, 0));
  hypr_status status = hypr_builder_widen_trained_range(made, samples, steps, sequences);
  hypr_builder_free(made);
  return status;
}

static hypr_status exemplar_info(size_t struct_size) {
  size_t bytes;
  hypr_model *loaded;
  hypr_builder *made = builder_with_exemplars();
  assert_ok(hypr_builder_build(made, 1, &bytes));
  assert_true(bytes <= ROOM);
  assert_ok(hypr_builder_copy_file(made, room, bytes));
  assert_ok(hypr_model_load_buffer(room, bytes, &loaded, NULL, 0));
  hypr_status status = hypr_model_exemplar_info(loaded, 0, &(hypr_exemplar_info){.struct_size = struct_size});
  hypr_model_free(loaded);
  hypr_builder_free(made);
  return status;
}

static hypr_status copy_file(size_t size) {
  size_t bytes;
  hypr_builder *made;
  assert_ok(hypr_builder_create_from(model, &made, NULL, 0));
  assert_ok(hypr_builder_build(made, 1, &bytes));
  assert_true(bytes <= ROOM);
  hypr_status status = hypr_builder_copy_file(made, room, size);
  hypr_builder_free(made);
  return status;
}

static hypr_status load_buffer(size_t size) {
  hypr_model *made;
  assert_ok(hypr_session_save_model_buffer(session, room, file_size));
  hypr_status status = hypr_model_load_buffer(room, size, &made, NULL, 0);
  hypr_model_free(made);
  return status;
}

static hypr_status model_memory_size(size_t size) {
  size_t bytes;
  assert_ok(hypr_session_save_model_buffer(session, room, file_size));
  return hypr_model_memory_size(room, size, &bytes, NULL, NULL, 0);
}

static hypr_status model_create_in(size_t size, size_t bytes) {
  hypr_model *made;
  assert_ok(hypr_session_save_model_buffer(session, room, file_size));
  hypr_status status = hypr_model_create_in(room, size, room + ROOM / 2, bytes, &made, NULL, 0);
  hypr_model_free(made);
  return status;
}

static hypr_status options_create_in(size_t bytes) {
  hypr_options *made;
  hypr_status status = hypr_options_create_in(room + ROOM / 2, bytes, &made, NULL, 0);
  hypr_options_free(made);
  return status;
}

static hypr_status create_in(size_t bytes) {
  hypr_session *made;
  hypr_status status = hypr_session_create_in(model, options, room, bytes, &made, NULL, 0);
  hypr_session_free(made);
  return status;
}

#define CALL(function, parameter, is_room, call) \
  static hypr_status function##_##parameter(size_t n) { return call; }
PARAMETERS(CALL)

static const struct {
  const char *name;
  int is_room;
  hypr_status (*call)(size_t n);
} parameters[] = {
#define ENTRY(function, parameter, is_room, call) {#function "." #parameter, is_room, function##_##parameter},
    PARAMETERS(ENTRY)};

enum { PARAMETER_COUNT = sizeof parameters / sizeof *parameters };

static void absurd_sizes_are_refused(void **state) {
  (void)state;
  for (size_t i = 0; i < PARAMETER_COUNT; i++) {
    for (size_t k = 0; k < sizeof absurd / sizeof *absurd; k++) {
      hypr_status status = parameters[i].call(absurd[k]);
      if (status == HYPR_OK && !parameters[i].is_room) fail_msg("%s: %zu was accepted", parameters[i].name, absurd[k]);
    }
    for (size_t k = 0; k < sizeof small / sizeof *small; k++) parameters[i].call(small[k]);
  }
  /* And everything is as it was. */
  assert_ok(hypr_session_step(session, samples, INPUTS, NUMBERS, OUTPUTS));
  size_t bytes;
  assert_ok(hypr_builder_build(builder, 1, &bytes));
}

static void sizes_whose_sum_is_absurd_are_refused(void **state) {
  (void)state;
  hypr_builder *made;
  size_t bytes, most = (size_t)1 << 24;
  hypr_tensor_info info = {.struct_size = sizeof info};
  assert_ok(hypr_builder_create(most, &made, NULL, 0));
  hypr_status status = HYPR_OK;
  for (int layers = 0; status == HYPR_OK && layers < 10000; layers++) status = hypr_builder_add_layer(made, "lstm", most, NULL);
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, status);
  assert_ok(hypr_builder_set_readout(made, most, 1, 0));
  assert_ok(hypr_builder_tensor_info(made, hypr_builder_tensor_count(made) - 1, &info));
  assert_true(info.offset > (size_t)1 << 60);
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_builder_build(made, 1, &bytes));
  hypr_builder_free(made);
}

/* Every parameter of type size_t in the header has its entry. */
static void no_parameter_is_missing(void **state) {
  (void)state;
  size_t size, found = 0;
  char *header = read_file(HYPR_HEADER, &size), *text = malloc(size + 1);
  size_t length = 0;
  for (size_t i = 0; i < size; i++) {
    if (i + 1 < size && header[i] == '/' && header[i + 1] == '*') {
      while (header[i] != '*' || header[i + 1] != '/' || header[i - 1] == '/') i++;
      i++;
    } else {
      text[length++] = header[i];
    }
  }
  text[length] = 0;
  for (char *declaration = strstr(text, "\nHYPR_API "); declaration; declaration = strstr(declaration, "\nHYPR_API ")) {
    declaration++;
    char *end = strchr(declaration, ';'), *parenthesis = strchr(declaration, '('), *name = parenthesis;
    while (strchr("abcdefghijklmnopqrstuvwxyz_", name[-1])) name--;
    for (char *place = strstr(parenthesis, "size_t "); place && place < end; place = strstr(place, "size_t ")) {
      place += strlen("size_t ");
      if (*place == '*') continue;
      char expected[200];
      snprintf(expected, sizeof expected, "%.*s.%.*s", (int)(parenthesis - name), name, (int)strcspn(place, ",)"), place);
      size_t i = 0;
      while (i < PARAMETER_COUNT && strcmp(parameters[i].name, expected) != 0) i++;
      if (i == PARAMETER_COUNT) fail_msg("%s has no line here", expected);
      found++;
    }
    declaration = end;
  }
  assert_true(found > 70);
  free(header);
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(absurd_sizes_are_refused),
      cmocka_unit_test(sizes_whose_sum_is_absurd_are_refused),
      cmocka_unit_test(no_parameter_is_missing),
  };
  return cmocka_run_group_tests_name("sizes", tests, set_up_all, tear_down_all);
}
