/* The interface of hypr.h as it was accepted last, without comments. Made by `make abi-baseline`; docs/abi.md */
#ifndef HYPR_H
#define HYPR_H
#include <stddef.h>
#include <stdint.h>
#ifndef HYPR_API
#define HYPR_API
#endif
#ifdef __cplusplus
extern "C" {
#endif
#define HYPR_VERSION_MAJOR 0
#define HYPR_VERSION_MINOR 1
#define HYPR_VERSION_PATCH 0
#define HYPR_VERSION_NUMBER (HYPR_VERSION_MAJOR * 10000 + HYPR_VERSION_MINOR * 100 + HYPR_VERSION_PATCH)
HYPR_API uint32_t hypr_version_number(void);
HYPR_API const char *hypr_version_string(void);
typedef int32_t hypr_status;
enum {
  HYPR_OK = 0,
  HYPR_ERROR_INVALID_ARGUMENT = 1,
  HYPR_ERROR_SIZE_MISMATCH = 2,
  HYPR_ERROR_NOT_FINITE = 3,
  HYPR_ERROR_WRONG_STATE = 4,
  HYPR_ERROR_BUFFER_TOO_SMALL = 5,
  HYPR_ERROR_NOT_FOUND = 6,
  HYPR_ERROR_STOPPED = 7,
  HYPR_ERROR_MODEL_INVALID = 20,
  HYPR_ERROR_MODEL_UNSUPPORTED = 21,
  HYPR_ERROR_STATE_MISMATCH = 22,
  HYPR_ERROR_OUT_OF_MEMORY = 40,
  HYPR_ERROR_IO = 41
};
HYPR_API const char *hypr_status_name(hypr_status status);
typedef struct hypr_model hypr_model;
HYPR_API hypr_status hypr_model_load(const char *path, hypr_model **out, char *message, size_t message_size);
HYPR_API hypr_status hypr_model_load_buffer(const void *data, size_t size, hypr_model **out, char *message,
                                            size_t message_size);
HYPR_API hypr_status hypr_model_memory_size(const void *data, size_t size, size_t *bytes, size_t *alignment, char *message,
                                            size_t message_size);
HYPR_API hypr_status hypr_model_create_in(const void *data, size_t size, void *memory, size_t bytes, hypr_model **out,
                                          char *message, size_t message_size);
HYPR_API void hypr_model_free(hypr_model *model);
HYPR_API size_t hypr_model_input_size(const hypr_model *model);
HYPR_API size_t hypr_model_output_size(const hypr_model *model);
HYPR_API size_t hypr_model_layer_count(const hypr_model *model);
HYPR_API size_t hypr_model_parameter_count(const hypr_model *model);
HYPR_API size_t hypr_model_layer_size(const hypr_model *model, size_t layer);
HYPR_API const char *hypr_model_layer_neuron(const hypr_model *model, size_t layer);
HYPR_API const char *hypr_model_name(const hypr_model *model);
HYPR_API float hypr_model_time_step(const hypr_model *model);
HYPR_API const char *hypr_model_input_name(const hypr_model *model, size_t channel);
HYPR_API const char *hypr_model_class_label(const hypr_model *model, size_t output);
HYPR_API size_t hypr_model_first_layer_inputs(const hypr_model *model);
HYPR_API size_t hypr_model_metadata_count(const hypr_model *model);
HYPR_API const char *hypr_model_metadata_key(const hypr_model *model, size_t index);
HYPR_API const char *hypr_model_metadata_value(const hypr_model *model, size_t index);
HYPR_API hypr_status hypr_model_trained_range(const hypr_model *model, float *lower, float *upper, size_t count);
typedef struct hypr_session hypr_session;
typedef struct hypr_options hypr_options;
HYPR_API hypr_status hypr_session_create(const hypr_model *model, const hypr_options *options, hypr_session **out,
                                         char *message, size_t message_size);
HYPR_API void hypr_session_free(hypr_session *session);
HYPR_API const char *hypr_session_message(const hypr_session *session);
HYPR_API hypr_status hypr_session_step(hypr_session *session, const float *input, size_t input_size, float *output,
                                       size_t output_size);
HYPR_API hypr_status hypr_session_step_spikes(hypr_session *session, const uint32_t *indices, size_t count,
                                              float *output, size_t output_size);
HYPR_API hypr_status hypr_session_run(hypr_session *session, const float *inputs, size_t steps, float *outputs);
HYPR_API hypr_status hypr_session_reset(hypr_session *session);
typedef int32_t hypr_option;
enum {
  HYPR_OPTION_LEARNING = 1,
  HYPR_OPTION_WINDOW = 2,
  HYPR_OPTION_CREDIT = 3,
  HYPR_OPTION_UPDATE = 4,
  HYPR_OPTION_REDUCTION = 5,
  HYPR_OPTION_TRAIN_MASK = 6,
  HYPR_OPTION_LABEL_SMOOTHING = 7,
  HYPR_OPTION_LOSS = 8,
  HYPR_OPTION_LOSS_STEPS = 9,
  HYPR_OPTION_LABEL_DELAY = 13,
  HYPR_OPTION_DEFERRED = 14,
  HYPR_OPTION_LEARNING_MEMORY_TYPE = 15,
  HYPR_OPTION_SPIKE_RATE_PENALTY = 10,
  HYPR_OPTION_SPIKE_RATE_LOWER = 11,
  HYPR_OPTION_SPIKE_RATE_UPPER = 12,
  HYPR_OPTION_OPTIMIZER = 20,
  HYPR_OPTION_LEARNING_RATE = 21,
  HYPR_OPTION_BETA1 = 22,
  HYPR_OPTION_BETA2 = 23,
  HYPR_OPTION_EPSILON = 24,
  HYPR_OPTION_GRADIENT_CLIP = 25,
  HYPR_OPTION_VALUE_CLIP = 26,
  HYPR_OPTION_WEIGHT_DECAY = 27,
  HYPR_OPTION_ANCHOR_STRENGTH = 28,
  HYPR_OPTION_SCHEDULE = 40,
  HYPR_OPTION_SCHEDULE_UPDATES = 41,
  HYPR_OPTION_WARM_UP_UPDATES = 42,
  HYPR_OPTION_RATE_INPUT_WEIGHTS = 60,
  HYPR_OPTION_RATE_RECURRENT_WEIGHTS = 61,
  HYPR_OPTION_RATE_BIASES = 62,
  HYPR_OPTION_RATE_NEURON_PARAMETERS = 63,
  HYPR_OPTION_RATE_READOUT = 64,
  HYPR_OPTION_RATE_READOUT_TAU = 65,
  HYPR_OPTION_THREADS = 80,
  HYPR_OPTION_REHEARSAL_BYTES = 100,
  HYPR_OPTION_REHEARSAL_SHARE = 101,
  HYPR_OPTION_REHEARSAL_STEPS = 102,
  HYPR_OPTION_REHEARSAL_WINDOWS = 107,
  HYPR_OPTION_REHEARSAL_STRETCH = 103,
  HYPR_OPTION_REHEARSAL_LEAD_IN = 104,
  HYPR_OPTION_REHEARSAL_BITS = 108,
  HYPR_OPTION_REHEARSAL_SEED = 105,
  HYPR_OPTION_HOLD_UNTAUGHT = 106,
  HYPR_OPTION_GUARD = 110,
  HYPR_OPTION_GUARD_ANSWER = 111,
  HYPR_OPTION_GUARD_MARGIN = 112,
  HYPR_OPTION_ROUNDING_SEED = 120
};
enum {
  HYPR_CREDIT_SPATIAL = 0,
  HYPR_CREDIT_WINDOW = 1,
  HYPR_CREDIT_RECURRENT = 2,
  HYPR_CREDIT_FILTERED = 3
};
enum {
  HYPR_LEARNING_MEMORY_TYPE_FLOAT32 = 0,
  HYPR_LEARNING_MEMORY_TYPE_BFLOAT16 = 1
};
enum {
  HYPR_LOSS_EVERY_STEP = 0,
  HYPR_LOSS_LAST_STEPS = 1,
  HYPR_LOSS_SUM_OF_SOFTMAX = 2
};
enum {
  HYPR_UPDATE_WINDOW = 0,
  HYPR_UPDATE_SEQUENCE = 1,
  HYPR_UPDATE_MANUAL = 2
};
enum {
  HYPR_REDUCTION_MEAN = 0,
  HYPR_REDUCTION_SUM = 1,
  HYPR_REDUCTION_MEAN_OVER_STEPS = 2
};
enum {
  HYPR_TRAIN_INPUT_WEIGHTS = 1,
  HYPR_TRAIN_RECURRENT_WEIGHTS = 2,
  HYPR_TRAIN_BIASES = 4,
  HYPR_TRAIN_NEURON_PARAMETERS = 8,
  HYPR_TRAIN_READOUT = 16,
  HYPR_TRAIN_READOUT_TAU = 32,
  HYPR_TRAIN_ALL = 63
};
enum {
  HYPR_OPTIMIZER_SGD = 0,
  HYPR_OPTIMIZER_ADAM = 1,
  HYPR_OPTIMIZER_MOMENTUM = 2,
  HYPR_OPTIMIZER_ADAMW = 3,
  HYPR_OPTIMIZER_NLMS = 4
};
enum {
  HYPR_SCHEDULE_CONSTANT = 0,
  HYPR_SCHEDULE_LINEAR = 1,
  HYPR_SCHEDULE_COSINE = 2
};
HYPR_API hypr_status hypr_options_create(hypr_options **out, char *message, size_t message_size);
HYPR_API void hypr_options_free(hypr_options *options);
HYPR_API hypr_status hypr_options_memory_size(size_t *bytes, size_t *alignment);
HYPR_API hypr_status hypr_options_create_in(void *memory, size_t bytes, hypr_options **out, char *message,
                                            size_t message_size);
HYPR_API hypr_status hypr_options_set(hypr_options *options, hypr_option key, double value);
HYPR_API hypr_status hypr_options_get(const hypr_options *options, hypr_option key, double *value);
HYPR_API const char *hypr_options_message(const hypr_options *options);
HYPR_API hypr_status hypr_option_bounds(hypr_option key, double *lower, double *upper, double *default_value);
HYPR_API const char *hypr_option_name(hypr_option key);
HYPR_API hypr_status hypr_option_find(const char *name, hypr_option *key);
HYPR_API const char *hypr_option_suggest(const char *name);
HYPR_API const char *hypr_adaptation_profile(size_t index);
HYPR_API hypr_status hypr_session_get_option(const hypr_session *session, hypr_option key, double *value);
HYPR_API hypr_status hypr_session_teach_class(hypr_session *session, uint32_t label);
HYPR_API hypr_status hypr_session_teach_class_at(hypr_session *session, size_t steps_ago, uint32_t label);
HYPR_API hypr_status hypr_session_teach_sequence(hypr_session *session, uint32_t label);
HYPR_API hypr_status hypr_session_set_class_weights(hypr_session *session, const float *weights, size_t size);
HYPR_API hypr_status hypr_session_teach_values(hypr_session *session, const float *target, size_t size);
HYPR_API hypr_status hypr_session_teach_values_at(hypr_session *session, size_t steps_ago, const float *target, size_t size);
HYPR_API hypr_status hypr_session_teach_error(hypr_session *session, const float *dloss_doutput, size_t size);
HYPR_API hypr_status hypr_session_teach_error_at(hypr_session *session, size_t steps_ago, const float *dloss_doutput,
                                                 size_t size);
enum {
  HYPR_REHEARSAL_ALL = -1,
  HYPR_REHEARSAL_NO_CLASS = -2
};
typedef struct hypr_rehearsal {
  size_t struct_size;
  size_t stretches;
  size_t offered_stretches;
  uint64_t taught_steps;
  uint64_t correct_steps;
  double mean_loss;
} hypr_rehearsal;
HYPR_API hypr_status hypr_session_rehearsal(const hypr_session *session, int32_t label, hypr_rehearsal *rehearsal);
HYPR_API size_t hypr_session_rehearsal_count(const hypr_session *session, int32_t label);
HYPR_API hypr_status hypr_session_rehearse(hypr_session *session, size_t windows);
HYPR_API hypr_status hypr_session_rehearsal_clear(hypr_session *session);
HYPR_API hypr_status hypr_session_rehearsal_add(hypr_session *session, const float *inputs, size_t steps, const int32_t *labels,
                                                const float *values, int32_t starts_sequence);
typedef struct hypr_guard {
  size_t struct_size;
  int32_t reference_ahead;
  double loss;
  double reference_loss;
  double accuracy;
  double reference_accuracy;
  uint64_t compared_steps;
  uint64_t returns;
  uint64_t last_return;
} hypr_guard;
HYPR_API hypr_status hypr_session_guard(const hypr_session *session, hypr_guard *guard);
HYPR_API hypr_status hypr_session_accept(hypr_session *session);
typedef struct hypr_batch {
  size_t struct_size;
  const float *inputs;
  const size_t *steps;
  size_t sequences;
  const int32_t *labels;
  const int32_t *sequence_labels;
  const float *values;
  const float *weights;
} hypr_batch;
HYPR_API hypr_status hypr_session_learn(hypr_session *session, const hypr_batch *batch, float *outputs,
                                        double *mean_loss);
HYPR_API hypr_status hypr_session_learn_sequence(hypr_session *session, const float *inputs, size_t steps,
                                                 const int32_t *labels, float *outputs, double *mean_loss);
HYPR_API hypr_status hypr_session_learn_batch(hypr_session *session, const float *inputs, const size_t *steps,
                                              size_t sequences, const int32_t *labels, float *outputs,
                                              double *mean_loss);
HYPR_API hypr_status hypr_session_learn_labelled(hypr_session *session, const float *inputs, const size_t *steps,
                                                 size_t sequences, const int32_t *sequence_labels, float *outputs,
                                                 double *mean_loss);
HYPR_API hypr_status hypr_session_flush(hypr_session *session);
HYPR_API hypr_status hypr_session_apply(hypr_session *session);
HYPR_API hypr_status hypr_session_work(hypr_session *session, uint64_t budget, uint64_t *left);
typedef struct hypr_statistics {
  size_t struct_size;
  uint64_t steps;
  uint64_t taught_steps;
  uint64_t correct_steps;
  uint64_t updates;
  uint64_t skipped_updates;
  double mean_loss;
  double gradient_norm;
  double learning_rate;
  float *spike_rates;
  size_t spike_rate_count;
  uint64_t unchanged_updates;
  double chance_loss;
} hypr_statistics;
HYPR_API hypr_status hypr_session_statistics(const hypr_session *session, hypr_statistics *statistics);
HYPR_API hypr_status hypr_session_clear_statistics(hypr_session *session);
typedef struct hypr_layer_activity {
  size_t struct_size;
  size_t neurons;
  size_t silent_neurons;
  size_t saturated_neurons;
  double spike_rate;
} hypr_layer_activity;
HYPR_API hypr_status hypr_session_layer_activity(const hypr_session *session, size_t layer, hypr_layer_activity *activity);
typedef struct hypr_input_range {
  size_t struct_size;
  uint64_t samples;
  uint64_t outside;
  float lowest;
  float highest;
  float trained_lower;
  float trained_upper;
} hypr_input_range;
HYPR_API hypr_status hypr_session_input_range(const hypr_session *session, size_t channel, hypr_input_range *range);
enum {
  HYPR_FINDING_DIVERGED = 1,
  HYPR_FINDING_SILENT_LAYER = 2,
  HYPR_FINDING_SATURATED_LAYER = 4,
  HYPR_FINDING_INPUT_FAR_OUTSIDE = 8,
  HYPR_FINDING_NO_CHANGE = 16,
  HYPR_FINDING_CHANCE = 32,
  HYPR_FINDING_INPUT_OUTSIDE = 64,
  HYPR_FINDING_SILENT_NEURONS = 128,
  HYPR_FINDING_INPUT_SMALLER = 256,
  HYPR_FINDINGS_CANNOT_WORK = 31
};
HYPR_API hypr_status hypr_session_diagnose(const hypr_session *session, uint32_t *findings, char *text, size_t size);
HYPR_API hypr_status hypr_session_save_model(const hypr_session *session, const char *path);
HYPR_API hypr_status hypr_session_model_size(const hypr_session *session, size_t *bytes);
HYPR_API hypr_status hypr_session_save_model_buffer(const hypr_session *session, void *buffer, size_t size);
HYPR_API hypr_status hypr_session_state_size(const hypr_session *session, size_t *bytes);
HYPR_API hypr_status hypr_session_save_state(const hypr_session *session, void *buffer, size_t size);
HYPR_API hypr_status hypr_session_load_state(hypr_session *session, const void *buffer, size_t size);
HYPR_API hypr_status hypr_session_transfer(hypr_session *session, hypr_session *from);
typedef struct hypr_update_settings {
  size_t struct_size;
  int32_t element_type;
  double share;
  const uint8_t *tensors;
  float *residual;
} hypr_update_settings;
#define HYPR_UPDATE_SETTINGS {sizeof(hypr_update_settings), HYPR_ELEMENT_FLOAT32, 1, NULL, NULL}
HYPR_API hypr_status hypr_session_update_size(const hypr_session *session, const hypr_update_settings *settings, size_t *bytes);
HYPR_API hypr_status hypr_session_get_update(const hypr_session *session, const hypr_update_settings *settings, void *buffer,
                                             size_t size);
HYPR_API hypr_status hypr_session_apply_update(hypr_session *session, const void *buffer, size_t size);
enum {
  HYPR_RESET_STATE = 1,
  HYPR_RESET_TRACES = 2,
  HYPR_RESET_OPTIMIZER = 4
};
HYPR_API hypr_status hypr_session_reset_parts(hypr_session *session, uint32_t parts);
HYPR_API hypr_status hypr_session_reset_layer(hypr_session *session, size_t layer);
typedef int32_t (*hypr_progress)(void *context, uint64_t steps);
HYPR_API hypr_status hypr_session_set_progress(hypr_session *session, hypr_progress callback, void *context);
HYPR_API hypr_status hypr_session_look_ahead(hypr_session *session, const float *input, size_t input_size,
                                             float *output, size_t output_size);
HYPR_API hypr_status hypr_session_condition(hypr_session *session, const float *inputs, size_t steps, float *values);
HYPR_API hypr_status hypr_session_get_spikes(const hypr_session *session, size_t layer, float *out, size_t size);
HYPR_API hypr_status hypr_session_get_layer_state(const hypr_session *session, size_t layer, float *out, size_t size);
HYPR_API size_t hypr_session_layer_state_size(const hypr_session *session, size_t layer);
HYPR_API hypr_status hypr_session_set_spikes(hypr_session *session, size_t layer, const float *spikes, size_t size);
HYPR_API hypr_status hypr_session_set_layer_state(hypr_session *session, size_t layer, const float *state, size_t size);
enum {
  HYPR_ELEMENT_FLOAT32 = 0,
  HYPR_ELEMENT_FLOAT16 = 1,
  HYPR_ELEMENT_INT8 = 2
};
typedef struct hypr_tensor_info {
  size_t struct_size;
  const char *name;
  size_t rank;
  size_t shape[4];
  size_t offset;
  size_t size;
  int32_t trainable;
  int32_t element_type;
} hypr_tensor_info;
HYPR_API size_t hypr_model_tensor_count(const hypr_model *model);
HYPR_API hypr_status hypr_model_tensor_info(const hypr_model *model, size_t index, hypr_tensor_info *info);
HYPR_API hypr_status hypr_model_find_tensor(const hypr_model *model, const char *name, size_t *index);
HYPR_API hypr_status hypr_model_tensor_values(const hypr_model *model, size_t index, float *out, size_t size);
HYPR_API size_t hypr_session_tensor_count(const hypr_session *session);
HYPR_API hypr_status hypr_session_tensor_info(const hypr_session *session, size_t index, hypr_tensor_info *info);
HYPR_API hypr_status hypr_session_find_tensor(const hypr_session *session, const char *name, size_t *index);
HYPR_API hypr_status hypr_session_set_trainable(hypr_session *session, size_t index, int32_t trainable);
HYPR_API hypr_status hypr_session_get_parameters(const hypr_session *session, float *flat, size_t size);
HYPR_API hypr_status hypr_session_set_parameters(hypr_session *session, const float *flat, size_t size);
HYPR_API hypr_status hypr_session_copy_parameters(hypr_session *session, const hypr_session *from);
HYPR_API hypr_status hypr_session_get_gradients(const hypr_session *session, float *flat, size_t size);
HYPR_API hypr_status hypr_session_get_eligibility(const hypr_session *session, size_t index, float *out, size_t size);
HYPR_API size_t hypr_session_eligibility_size(const hypr_session *session, size_t index);
typedef struct hypr_exemplar_info {
  size_t struct_size;
  size_t steps;
  size_t taught_steps;
  size_t bytes;
  int32_t label;
  int32_t starts_sequence;
} hypr_exemplar_info;
HYPR_API size_t hypr_model_exemplar_count(const hypr_model *model);
HYPR_API hypr_status hypr_model_exemplar_info(const hypr_model *model, size_t index, hypr_exemplar_info *info);
typedef int32_t hypr_initialization;
enum {
  HYPR_INITIALIZATION_XAVIER = 0,
  HYPR_INITIALIZATION_ORTHOGONAL = 1,
  HYPR_INITIALIZATION_GATED = 2
};
typedef int32_t hypr_distribution;
enum {
  HYPR_DISTRIBUTION_NONE = 0,
  HYPR_DISTRIBUTION_UNIFORM = 1,
  HYPR_DISTRIBUTION_NORMAL = 2
};
typedef struct hypr_neuron {
  size_t struct_size;
  const char *name;
  size_t state_count;
  size_t parameter_count;
  size_t constant_count;
  size_t gate_count;
  int32_t spiking;
  int32_t has_reset;
  const char *surrogate;
  hypr_initialization initialization;
} hypr_neuron;
typedef struct hypr_quantity {
  size_t struct_size;
  const char *name;
  float lower;
  float upper;
  float default_value;
  int32_t absolute;
  hypr_distribution distribution;
  double first;
  double second;
} hypr_quantity;
HYPR_API size_t hypr_neuron_count(void);
HYPR_API hypr_status hypr_neuron_info(size_t index, hypr_neuron *neuron);
HYPR_API hypr_status hypr_neuron_find(const char *name, size_t *index);
HYPR_API const char *hypr_neuron_state(size_t neuron, size_t index);
HYPR_API hypr_status hypr_neuron_parameter(size_t neuron, size_t index, hypr_quantity *quantity);
HYPR_API hypr_status hypr_neuron_constant(size_t neuron, size_t index, hypr_quantity *quantity);
typedef struct hypr_builder hypr_builder;
HYPR_API hypr_status hypr_builder_create(size_t inputs, hypr_builder **out, char *message, size_t message_size);
HYPR_API hypr_status hypr_builder_create_from(const hypr_model *model, hypr_builder **out, char *message, size_t message_size);
typedef struct hypr_recording {
  size_t struct_size;
  const float *inputs;
  const size_t *steps;
  size_t sequences;
  size_t channels;
  size_t outputs;
  const int32_t *labels;
  const int32_t *sequence_labels;
  double time_step;
} hypr_recording;
HYPR_API hypr_status hypr_builder_create_suggested(const hypr_recording *recording, hypr_builder **out, char *reasons,
                                                   size_t reasons_size, char *message, size_t message_size);
HYPR_API void hypr_builder_free(hypr_builder *builder);
HYPR_API const char *hypr_builder_message(const hypr_builder *builder);
HYPR_API hypr_status hypr_builder_set_name(hypr_builder *builder, const char *name);
HYPR_API hypr_status hypr_builder_set_time_step(hypr_builder *builder, float seconds);
HYPR_API hypr_status hypr_builder_set_input_scale(hypr_builder *builder, const float *scale, size_t count);
HYPR_API hypr_status hypr_builder_set_input_offset(hypr_builder *builder, const float *offset, size_t count);
HYPR_API hypr_status hypr_builder_set_input_names(hypr_builder *builder, const char *const *names, size_t count);
enum {
  HYPR_LEVEL_CROSSING_SIGNED = 0,
  HYPR_LEVEL_CROSSING_ON_OFF = 1
};
HYPR_API hypr_status hypr_builder_set_level_crossing(hypr_builder *builder, const float *thresholds, size_t count, int32_t output);
enum {
  HYPR_ENCODING_NONE = 0,
  HYPR_ENCODING_LEVEL_CROSSING = 1,
  HYPR_ENCODING_DELTA = 2,
  HYPR_ENCODING_THRESHOLD_ACCUMULATION = 3,
  HYPR_ENCODING_RECEPTIVE_FIELDS = 4
};
enum {
  HYPR_RECEPTIVE_FIELDS_GRADED = 0,
  HYPR_RECEPTIVE_FIELDS_SPIKES = 1
};
typedef struct hypr_encoding {
  size_t struct_size;
  const float *thresholds;
  size_t threshold_count;
  const float *centers;
  size_t center_count;
  const float *widths;
  size_t width_count;
  int32_t kind;
  int32_t output;
  int32_t fields;
  float cutoff;
} hypr_encoding;
#define HYPR_ENCODING(kind) {sizeof(hypr_encoding), NULL, 0, NULL, 0, NULL, 0, (kind), 0, 0, 0}
HYPR_API hypr_status hypr_builder_set_encoding(hypr_builder *builder, const hypr_encoding *encoding);
enum {
  HYPR_CONDITIONING_HIGH_PASS = 1,
  HYPR_CONDITIONING_RUNNING_NORMALIZATION = 2,
  HYPR_CONDITIONING_CLIP = 3,
  HYPR_CONDITIONING_RECTIFIED_DIFFERENCE = 4
};
typedef struct hypr_conditioning {
  size_t struct_size;
  const float *time_constants;
  size_t time_constant_count;
  const float *deviations;
  size_t deviation_count;
  const float *lower;
  size_t lower_count;
  const float *upper;
  size_t upper_count;
  int32_t kind;
  float largest_gain;
  float limit;
} hypr_conditioning;
#define HYPR_CONDITIONING(kind) {sizeof(hypr_conditioning), NULL, 0, NULL, 0, NULL, 0, NULL, 0, (kind), 0, 0}
HYPR_API hypr_status hypr_builder_add_conditioning(hypr_builder *builder, const hypr_conditioning *stage);
HYPR_API hypr_status hypr_builder_clear_conditioning(hypr_builder *builder);
HYPR_API hypr_status hypr_builder_set_trained_range(hypr_builder *builder, const float *lower, const float *upper, size_t count);
HYPR_API hypr_status hypr_builder_fit_input(hypr_builder *builder, const float *inputs, const size_t *steps, size_t sequences);
HYPR_API hypr_status hypr_builder_widen_trained_range(hypr_builder *builder, const float *inputs, const size_t *steps,
                                                      size_t sequences);
enum {
  HYPR_SPIKE_RESET_MODEL_DEFAULT = 0,
  HYPR_SPIKE_RESET_NONE = 1,
  HYPR_SPIKE_RESET_SUBTRACT = 2,
  HYPR_SPIKE_RESET_SET = 3,
  HYPR_SPIKE_RESET_DELAYED_SUBTRACT = 4,
  HYPR_SPIKE_RESET_DELAYED_SET = 5
};
enum {
  HYPR_SURROGATE_MODEL_DEFAULT = 0,
  HYPR_SURROGATE_DOUBLE_GAUSSIAN = 1,
  HYPR_SURROGATE_SLAYER = 2,
  HYPR_SURROGATE_TRIANGLE = 3,
  HYPR_SURROGATE_FAST_SIGMOID = 4,
  HYPR_SURROGATE_ARC_TANGENT = 5,
  HYPR_SURROGATE_STRAIGHT_THROUGH = 6
};
typedef struct hypr_layer_settings {
  size_t struct_size;
  const char *name;
  int32_t recurrent;
  int32_t bias;
  double input_density;
  double recurrent_density;
  int32_t reset;
  int32_t surrogate;
  float surrogate_slope;
  float surrogate_scale;
} hypr_layer_settings;
#define HYPR_LAYER_SETTINGS {sizeof(hypr_layer_settings), NULL, 1, -1, 1, 1, 0, 0, 0, 0}
HYPR_API hypr_status hypr_builder_add_layer(hypr_builder *builder, const char *neuron, size_t size,
                                            const hypr_layer_settings *settings);
HYPR_API hypr_status hypr_builder_set_readout(hypr_builder *builder, size_t outputs, int32_t bias, double tau);
HYPR_API hypr_status hypr_builder_remove_top(hypr_builder *builder);
HYPR_API hypr_status hypr_builder_set_constant(hypr_builder *builder, const char *name, float value);
HYPR_API hypr_status hypr_builder_set_tensor(hypr_builder *builder, const char *name, const float *values, size_t count);
HYPR_API hypr_status hypr_builder_draw_tensor(hypr_builder *builder, const char *name, double low, double high);
HYPR_API hypr_status hypr_builder_set_tensor_rows(hypr_builder *builder, const char *name, const uint32_t *row_offsets,
                                         size_t row_offset_count, const uint32_t *column_indices, size_t count);
HYPR_API hypr_status hypr_builder_set_trainable(hypr_builder *builder, const char *name, int32_t trainable);
HYPR_API hypr_status hypr_builder_set_element_type(hypr_builder *builder, const char *name, int32_t element_type);
HYPR_API size_t hypr_builder_tensor_count(const hypr_builder *builder);
HYPR_API hypr_status hypr_builder_tensor_info(const hypr_builder *builder, size_t index, hypr_tensor_info *info);
HYPR_API hypr_status hypr_builder_get_tensor(const hypr_builder *builder, const char *name, float *values, size_t count);
HYPR_API hypr_status hypr_builder_set_class_labels(hypr_builder *builder, const char *const *labels, size_t count);
HYPR_API hypr_status hypr_builder_recommend(hypr_builder *builder, hypr_option key, double value);
HYPR_API hypr_status hypr_builder_set_metadata(hypr_builder *builder, const char *key, const char *value);
HYPR_API hypr_status hypr_builder_add_exemplar(hypr_builder *builder, const float *inputs, size_t steps, const int32_t *labels,
                                               const float *values, int32_t starts_sequence);
HYPR_API hypr_status hypr_builder_keep_exemplars(hypr_builder *builder, size_t bytes, uint64_t seed);
HYPR_API hypr_status hypr_builder_clear_exemplars(hypr_builder *builder);
HYPR_API hypr_status hypr_builder_calibrate(hypr_builder *builder, const float *inputs, const size_t *steps, size_t sequences,
                                            double rate, uint64_t seed, int32_t given);
HYPR_API hypr_status hypr_builder_build(hypr_builder *builder, uint64_t seed, size_t *bytes);
HYPR_API hypr_status hypr_builder_copy_file(const hypr_builder *builder, void *buffer, size_t size);
HYPR_API hypr_status hypr_builder_save_file(const hypr_builder *builder, const char *path);
HYPR_API hypr_status hypr_session_memory_size(const hypr_model *model, const hypr_options *options, size_t *bytes,
                                              size_t *alignment, char *message, size_t message_size);
HYPR_API hypr_status hypr_session_create_in(const hypr_model *model, const hypr_options *options, void *memory,
                                            size_t bytes, hypr_session **out, char *message, size_t message_size);
typedef struct hypr_memory_report {
  size_t struct_size;
  size_t parameters;
  size_t state;
  size_t traces;
  size_t history;
  size_t optimizer;
  size_t scratch;
  size_t total;
  size_t rehearsal;
  size_t reference;
} hypr_memory_report;
HYPR_API hypr_status hypr_session_memory_report(const hypr_session *session, hypr_memory_report *report);
#ifdef __cplusplus
}
#endif
#endif
