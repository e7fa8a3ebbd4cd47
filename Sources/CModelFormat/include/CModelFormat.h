// CModelFormat: reads .hypr model files (include/hypr.fbs).
//
// `format_open` verifies a file: after it every function here is safe for that file, whatever is in it; none allocates, reads
// outside the file or fails loudly. What the numbers mean is not checked here: absent tables, odd shapes, unknown enum values and
// NaNs are reported as they are, for the caller to judge.
//
// Pointers returned point into the file (or to constants) and live as long as the caller keeps its bytes. An index out of range
// and a name that the schema does not have yield "absent". Every function is pure and may be called from any thread.
#ifndef HYPR_CMODELFORMAT_H
#define HYPR_CMODELFORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __clang__
#pragma clang assume_nonnull begin
#define FORMAT_NULLABLE _Nullable
#else
#define FORMAT_NULLABLE
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------------------ opening */

/// A verified file.
typedef struct format_model format_model;

/// Bytes of a file's start that tell whether it is worth reading.
static const size_t FORMAT_HEAD_SIZE = 8;

/// Whether the bytes start like a .hypr file, for a better message than "damaged". Looks at the first FORMAT_HEAD_SIZE bytes;
/// `data` may be NULL.
bool format_has_identifier(const void *FORMAT_NULLABLE data, size_t size);

/// Where the root table is said to be, in bytes from the start of a file that has the identifier.
uint32_t format_root_offset(const void *data);

/// Verifies a whole file and returns its root, which lies inside `data`; NULL if anything about it is wrong, if it has 2 GiB or
/// more, or if `data` is NULL or not aligned to 8 bytes. Never reads outside `data[0 ..< size]`. Time and stack are bounded:
/// at most 1,000,000 tables, nested at most 64 deep.
const format_model *FORMAT_NULLABLE format_open(const void *FORMAT_NULLABLE data, size_t size);

/// What can be wrong with a file that the verifier accepts.
typedef int32_t format_fault_kind;
static const format_fault_kind FORMAT_FAULT_NONE = 0;
/// `place` and `other` share bytes, but are not one object that is only read.
static const format_fault_kind FORMAT_FAULT_SHARED = 1;
/// `place` does not lie in its table, or not in the file.
static const format_fault_kind FORMAT_FAULT_OUTSIDE = 2;
/// `place` is a string that is not UTF-8: `byte`, at `position`, begins no character.
static const format_fault_kind FORMAT_FAULT_TEXT = 3;
/// There are more references to objects than a file of this size has room for.
static const format_fault_kind FORMAT_FAULT_TOO_OFTEN = 4;

typedef struct format_fault {
  format_fault_kind kind;
  uint8_t byte;
  size_t position;
  /// Paths of fields, cut to their room: "layers[0].input_weight.data".
  char place[96], other[96];
} format_fault;

/// Where data must lie to be opened.
enum { FORMAT_ALIGNMENT = 8 };

/// The references to objects in a file that `format_open` accepts: at most half of its bytes, and much less in usual files. 0: there
/// is a fault, OUTSIDE or TOO_OFTEN.
size_t format_object_count(const void *data, size_t size, format_fault *fault);

/// Looks for what else the verifier does not see, in n log n time for the n objects that were counted; `keys` has room for them.
void format_check(const void *data, size_t size, uint64_t *keys, size_t count, format_fault *fault);

/// Told the bytes of one object from `start` to before `end`; false ends the visit.
typedef bool (*format_visitor)(const void *context, size_t start, size_t end);

/// Visits everything in the file that the schema knows but the elements of tensors and the scales of Int8; false if the visitor
/// ended it. Allocates nothing.
bool format_visit_structure(const void *data, size_t size, format_visitor visit, const void *context);

/// Sorts numbers, the least first, in n log n time without memory.
void format_sort(uint64_t *keys, size_t count);

/// The file's format_version; 0 if absent.
uint32_t format_version(const format_model *model);

/// The model's name; "" if absent.
const char *format_name(const format_model *model);

/// Seconds between two samples; 0 if unknown.
float format_time_step(const format_model *model);

/* ------------------------------------------------------------------------------------------------------------ tensors */

/// The schema's ElementType. Other values come from newer files.
typedef int32_t format_element_type;
static const format_element_type FORMAT_ELEMENT_FLOAT32 = 0;
static const format_element_type FORMAT_ELEMENT_FLOAT16 = 1;
static const format_element_type FORMAT_ELEMENT_INT8 = 2;

/// The schema's Layout. Other values come from newer files.
typedef int32_t format_layout;
static const format_layout FORMAT_LAYOUT_DENSE = 0;
static const format_layout FORMAT_LAYOUT_SPARSE_ROWS = 1;

/// One tensor, as the file states it: nothing here has been compared with anything else. A pointer is NULL if and only if its
/// count is 0.
typedef struct format_tensor {
  /// The elements. At least 4-byte aligned relative to the file; 64-byte aligned only if its writer saw to it.
  const void *FORMAT_NULLABLE data;
  /// Size of `data` in bytes.
  size_t byte_count;
  format_element_type element_type;
  format_layout layout;
  /// Number of dimensions as the file states it, above 4 too; 0 if absent.
  size_t rank;
  /// The first four dimensions, slowest first; 0 beyond `rank`.
  uint32_t shape[4];
  bool trainable;
  /// Quantisation scales.
  const float *FORMAT_NULLABLE scales;
  size_t scale_count;
  /// SparseRows: where each row starts in the stored elements.
  const uint32_t *FORMAT_NULLABLE row_offsets;
  size_t row_offset_count;
  /// SparseRows: the column of each stored element.
  const uint32_t *FORMAT_NULLABLE column_indices;
  size_t column_index_count;
} format_tensor;

/* -------------------------------------------------------------------------------------------------------------- input */

/// The input description. A pointer is NULL if and only if its count is 0.
typedef struct format_input_info {
  /// Channels of one sample.
  uint32_t size;
  size_t channel_name_count;
  /// value = (sample - offset) * scale.
  const float *FORMAT_NULLABLE scale;
  size_t scale_count;
  const float *FORMAT_NULLABLE offset;
  size_t offset_count;
  /// The union's raw value; 0: no encoding.
  int32_t encoding_type;
  /// Stages of conditioning.
  size_t conditioning_count;
  /// The range of the conditioned values in training.
  const float *FORMAT_NULLABLE trained_lower;
  size_t trained_lower_count;
  const float *FORMAT_NULLABLE trained_upper;
  size_t trained_upper_count;
} format_input_info;

/// The input description; false if the file has none (`out` is zeroed).
bool format_input(const format_model *model, format_input_info *out);

/// The name of a channel, or NULL.
const char *FORMAT_NULLABLE format_channel_name(const format_model *model, size_t index);

/// The schema's ConditioningKind. Other values come from newer files.
typedef int32_t format_conditioning_kind;
static const format_conditioning_kind FORMAT_CONDITIONING_HIGH_PASS = 1;
static const format_conditioning_kind FORMAT_CONDITIONING_RUNNING_NORMALIZATION = 2;
static const format_conditioning_kind FORMAT_CONDITIONING_CLIP = 3;
static const format_conditioning_kind FORMAT_CONDITIONING_RECTIFIED_DIFFERENCE = 4;

/// The schema's defaults.
static const float FORMAT_LARGEST_GAIN = 10, FORMAT_LIMIT = 10, FORMAT_CUTOFF = 0.01f;

/// A stage of conditioning: of the fields those that its kind has, the others are 0. A pointer is NULL if and only if its count is 0.
typedef struct format_conditioning {
  format_conditioning_kind kind;
  float largest_gain, limit;
  const float *FORMAT_NULLABLE time_constants;
  size_t time_constant_count;
  const float *FORMAT_NULLABLE deviations;
  size_t deviation_count;
  const float *FORMAT_NULLABLE lower;
  size_t lower_count;
  const float *FORMAT_NULLABLE upper;
  size_t upper_count;
} format_conditioning;

/// A stage of conditioning; false if there is no such stage, or if its table is absent or of a kind that this schema does not know
/// (`out` has the kind, and is 0 otherwise).
bool format_get_conditioning(const format_model *model, size_t index, format_conditioning *out);

/// The schema's SpikeEncoding. Other values come from newer files.
typedef int32_t format_encoding_kind;
static const format_encoding_kind FORMAT_ENCODING_NONE = 0;
static const format_encoding_kind FORMAT_ENCODING_LEVEL_CROSSING = 1;
static const format_encoding_kind FORMAT_ENCODING_DELTA = 2;
static const format_encoding_kind FORMAT_ENCODING_THRESHOLD_ACCUMULATION = 3;
static const format_encoding_kind FORMAT_ENCODING_RECEPTIVE_FIELDS = 4;

/// A spike encoding: of the fields those that its kind has, the others are 0. A pointer is NULL if and only if its count is 0.
typedef struct format_encoding {
  format_encoding_kind kind;
  /// The schema's LevelCrossingOutput, or ReceptiveFieldOutput.
  int32_t output;
  uint32_t fields;
  float cutoff;
  const float *FORMAT_NULLABLE thresholds;
  size_t threshold_count;
  const float *FORMAT_NULLABLE centers;
  size_t center_count;
  const float *FORMAT_NULLABLE widths;
  size_t width_count;
} format_encoding;

/// The spike encoding; false if there is none, or if its table is absent or of a kind that this schema does not know (`out` has the
/// kind, and is 0 otherwise).
bool format_get_encoding(const format_model *model, format_encoding *out);

/// The schema's name of an encoding's or a stage's kind ("LevelCrossing", "HighPass"); "" if there is no such kind.
const char *format_encoding_name(format_encoding_kind kind);
const char *format_conditioning_name(format_conditioning_kind kind);

/* ------------------------------------------------------------------------------------------------------------- layers */

/// The schema's SurrogateKind. Other values come from newer files.
typedef int32_t format_surrogate_kind;
static const format_surrogate_kind FORMAT_SURROGATE_MODEL_DEFAULT = 0;
static const format_surrogate_kind FORMAT_SURROGATE_DOUBLE_GAUSSIAN = 1;
static const format_surrogate_kind FORMAT_SURROGATE_SLAYER = 2;
static const format_surrogate_kind FORMAT_SURROGATE_TRIANGLE = 3;
static const format_surrogate_kind FORMAT_SURROGATE_FAST_SIGMOID = 4;
static const format_surrogate_kind FORMAT_SURROGATE_ARC_TANGENT = 5;
static const format_surrogate_kind FORMAT_SURROGATE_STRAIGHT_THROUGH = 6;

/// The schema's ResetKind. Other values come from newer files.
typedef int32_t format_reset_kind;
static const format_reset_kind FORMAT_RESET_MODEL_DEFAULT = 0;
static const format_reset_kind FORMAT_RESET_NONE = 1;
static const format_reset_kind FORMAT_RESET_SUBTRACT = 2;
static const format_reset_kind FORMAT_RESET_SET = 3;
static const format_reset_kind FORMAT_RESET_DELAYED_SUBTRACT = 4;
static const format_reset_kind FORMAT_RESET_DELAYED_SET = 5;

/// The schema's name of a surrogate's kind ("Slayer"); "" if there is no such kind, or it is ModelDefault.
const char *format_surrogate_name(format_surrogate_kind kind);

/// What a layer says about itself beside its tensors.
typedef struct format_layer_info {
  /// Never NULL after success; "" if absent.
  const char *FORMAT_NULLABLE name;
  /// The union's raw value; 0: no neuron model.
  int32_t neuron_type;
  /// The neuron model's name in the schema ("BRF"); NULL if there is none, if its table is absent, or if it is unknown
  /// (neuron_type is not 0 then).
  const char *FORMAT_NULLABLE neuron_name;
  /// Whether the layer has a surrogate table.
  bool has_surrogate;
  format_surrogate_kind surrogate_kind;
  bool has_surrogate_slope;
  float surrogate_slope;
  bool has_surrogate_scale;
  float surrogate_scale;
  format_reset_kind reset;
} format_layer_info;

/// Number of layers.
size_t format_layer_count(const format_model *model);

/// A layer; false if there is no such layer (`out` is zeroed).
bool format_layer(const format_model *model, size_t layer, format_layer_info *out);

/// A tensor of a layer by its name in the schema: "input_weight", "recurrent_weight" or "bias". False if absent (`out` is
/// zeroed).
bool format_layer_tensor(const format_model *model, size_t layer, const char *field_name, format_tensor *out);

/// A parameter of a layer's neuron model by its name in the schema ("tau_m"). False if absent (`out` is zeroed).
bool format_neuron_tensor(const format_model *model, size_t layer, const char *field_name, format_tensor *out);

/// A constant of a layer's neuron model by its name in the schema ("threshold"); enums and bools as their number. False if
/// absent: the default is the neuron model's own (`out` is 0).
bool format_neuron_constant(const format_model *model, size_t layer, const char *field_name, float *out);

/* ------------------------------------------------------------------------------------------------------------ readout */

/// The schema's ReadoutKind. Other values come from newer files.
typedef int32_t format_readout_kind;
static const format_readout_kind FORMAT_READOUT_LEAKY_INTEGRATOR = 0;

/// The readout's kind; false if the file has no readout (`out` is 0).
bool format_readout(const format_model *model, format_readout_kind *out);

/// A tensor of the readout by its name in the schema: "weight", "bias" or "tau". False if absent (`out` is zeroed).
bool format_readout_tensor(const format_model *model, const char *field_name, format_tensor *out);

/* -------------------------------------------------------------------------------------- labels, options and metadata */

/// Number of class labels.
size_t format_class_label_count(const format_model *model);

/// A class label, or NULL.
const char *FORMAT_NULLABLE format_class_label(const format_model *model, size_t index);

/// Number of recommended learning options.
size_t format_option_count(const format_model *model);

/// The name of a recommended option; "" if it has none, NULL if there is no such option.
const char *FORMAT_NULLABLE format_option_name(const format_model *model, size_t index);

/// The value of a recommended option; 0 if there is no such option.
double format_option_value(const format_model *model, size_t index);

/// Number of metadata entries.
size_t format_metadata_count(const format_model *model);

/// The key of a metadata entry; "" if it has none, NULL if there is no such entry.
const char *FORMAT_NULLABLE format_metadata_key(const format_model *model, size_t index);

/// The value of a metadata entry; "" if it has none, NULL if there is no such entry.
const char *FORMAT_NULLABLE format_metadata_value(const format_model *model, size_t index);

/* ---------------------------------------------------------------------------------------------------------- exemplars */

/// The schema's LabelRun.
typedef struct format_label_run {
  uint32_t steps;
  int32_t label;
} format_label_run;

/// An exemplar as the file states it: nothing here has been compared with anything else. A pointer is NULL if and only if its
/// count is 0; numbers lie aligned for their type.
typedef struct format_exemplar {
  const int8_t *FORMAT_NULLABLE values;
  size_t value_count;
  const float *FORMAT_NULLABLE value_scale;
  size_t value_scale_count;
  const float *FORMAT_NULLABLE value_offset;
  size_t value_offset_count;
  const uint16_t *FORMAT_NULLABLE spike_counts;
  size_t spike_count_count;
  const uint16_t *FORMAT_NULLABLE spike_channels;
  size_t spike_channel_count;
  const format_label_run *FORMAT_NULLABLE labels;
  size_t label_count;
  const float *FORMAT_NULLABLE targets;
  size_t target_count;
  bool starts_sequence;
} format_exemplar;

/// Number of exemplars.
size_t format_exemplar_count(const format_model *model);

/// An exemplar; false if there is no such exemplar (`out` is zeroed).
bool format_get_exemplar(const format_model *model, size_t index, format_exemplar *out);

#ifdef __cplusplus
}
#endif

#ifdef __clang__
#pragma clang assume_nonnull end
#endif

#endif
