// CModelWriter: makes the bytes of .hypr model files (include/hypr.fbs).
//
// A writer is told a model twice, by the same calls in the same order. In the first pass nothing is written: it measures. Then
// `writer_begin` allocates once what the file takes, and the second pass writes. So nothing can fail for want of memory in between.
// Tensors come first, then what refers to them by their handle. Neuron models, their constants and their parameters go by the names
// of the schema, whatever those are, and the schema can be asked for them. A function that returns bool or a handle returns false or
// 0 where an argument is not acceptable, and then has changed nothing. Equal calls give equal bytes. Strings are UTF-8 and are
// copied.
#ifndef HYPR_CMODELWRITER_H
#define HYPR_CMODELWRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "CModelFormat.h"

#ifdef __clang__
#pragma clang assume_nonnull begin
#define WRITER_NULLABLE _Nullable
#else
#define WRITER_NULLABLE
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------------- the schema */

/// Number of neuron models in the schema.
size_t writer_schema_neuron_count(void);

/// The name of a neuron model, in the schema's order; NULL if out of range.
const char *WRITER_NULLABLE writer_schema_neuron_name(size_t index);

/// Number of constants and parameters of a neuron model; 0 if it is unknown.
size_t writer_schema_field_count(const char *neuron_name);

/// The name of a constant (`is_tensor` false) or parameter (true), in the schema's order; NULL if out of range.
const char *WRITER_NULLABLE writer_schema_field_name(const char *neuron_name, size_t index, bool *is_tensor);

/* ------------------------------------------------------------------------------------------------------- the writer */

/// A file in the making.
typedef struct writer writer;

/// A new, empty writer in its first pass; NULL: no memory.
writer *WRITER_NULLABLE writer_create(void);

/// Frees a writer and what it wrote. NULL is fine.
void writer_free(writer *WRITER_NULLABLE writer);

/// What may keep a file from being written.
typedef int32_t writer_status;
static const writer_status WRITER_OK = 0;
static const writer_status WRITER_OUT_OF_MEMORY = 1;
static const writer_status WRITER_TOO_LARGE = 2;  // The file would pass 2 GiB.

/// Ends the first pass and begins the second. If it fails, only `writer_free` may be called.
writer_status writer_begin(writer *writer);

/// The format version; 1 if never called.
void writer_set_format_version(writer *writer, uint32_t version);

/// The model's name.
void writer_set_name(writer *writer, const char *name);

/// Seconds between two samples; 0: unknown.
void writer_set_time_step(writer *writer, float seconds);

/* ------------------------------------------------------------------------------------------------------------ tensors */

/// A tensor already told; 0: none.
typedef uint32_t writer_tensor;

/// Which elements a sparse tensor stores (the schema's SparseRows). What they say is not checked.
typedef struct writer_rows {
  const uint32_t *WRITER_NULLABLE offsets;
  size_t offset_count;
  const uint32_t *WRITER_NULLABLE columns;
  size_t column_count;
} writer_rows;

/// The elements of a tensor, row-major, and how each is stored.
typedef struct writer_elements {
  format_element_type type;
  const void *WRITER_NULLABLE data;
  /// Numbers, not bytes.
  size_t count;
  /// Of Int8.
  const float *WRITER_NULLABLE scales;
  size_t scale_count;
} writer_elements;

/// Adds a tensor; `rows` NULL: all elements are stored. 0 if the shape has more than 8 sizes, if all are stored and their count is
/// not the product of the shape, or if the schema does not have their type.
writer_tensor writer_add_tensor(writer *writer, const writer_elements *elements, const uint32_t *WRITER_NULLABLE shape,
                                size_t rank, bool trainable, const writer_rows *WRITER_NULLABLE rows);

/* -------------------------------------------------------------------------------------------------------------- input */

/// Describes the input: `size` channels; scale and offset are NULL or have `size` numbers.
void writer_set_input(writer *writer, uint32_t size, const float *WRITER_NULLABLE scale, const float *WRITER_NULLABLE offset);

/// Appends a channel name to the input.
void writer_add_channel_name(writer *writer, const char *name);

/// Appends a stage of conditioning to the input; of a kind that the schema does not have, none.
void writer_add_conditioning(writer *writer, const format_conditioning *stage);

/// Gives the input an encoding; of a kind that the schema does not have, none.
void writer_set_encoding(writer *writer, const format_encoding *encoding);

/// The range of conditioned values in training, `count` numbers each.
void writer_set_trained_range(writer *writer, const float *lower, const float *upper, size_t count);

/* ------------------------------------------------------------------------------------------------------------- layers */

/// Opens the neuron model of the next layer, dropping one that was not used. False if the schema does not have it.
bool writer_begin_neuron(writer *writer, const char *neuron_name);

/// Sets a constant of the open neuron model. False if it has no such constant, or if the constant is set already.
bool writer_neuron_constant(writer *writer, const char *field_name, float value);

/// Sets a parameter of the open neuron model. False if it has no such parameter, or if the parameter is set already.
bool writer_neuron_parameter(writer *writer, const char *field_name, writer_tensor tensor);

/// What a layer has beside its neuron model.
typedef struct writer_layer {
  const char *WRITER_NULLABLE name;
  writer_tensor input_weight;
  writer_tensor recurrent_weight;
  writer_tensor bias;
  /// Whether to write a surrogate table.
  bool has_surrogate;
  /// The schema's SurrogateKind.
  uint8_t surrogate_kind;
  bool has_surrogate_slope;
  float surrogate_slope;
  bool has_surrogate_scale;
  float surrogate_scale;
  /// The schema's ResetKind.
  uint8_t reset;
} writer_layer;

/// Appends a layer with the open neuron model and closes that. False if there is no input weight or no open neuron model.
bool writer_add_layer(writer *writer, const writer_layer *layer);

/// Describes the readout; `kind` is the schema's ReadoutKind. False if there is no weight.
bool writer_set_readout(writer *writer, uint8_t kind, writer_tensor weight, writer_tensor bias, writer_tensor tau);

/* ------------------------------------------------------------------------------- labels, options, metadata, exemplars */

/// Appends a class label.
void writer_add_class_label(writer *writer, const char *label);

/// Appends a recommended learning option, by its name in hypr.h.
void writer_add_option(writer *writer, const char *name, double value);

/// Appends a metadata entry.
void writer_add_metadata(writer *writer, const char *key, const char *value);

/// Appends an exemplar, as the reader gives it. What it says is not checked.
void writer_add_exemplar(writer *writer, const format_exemplar *exemplar);

/* -------------------------------------------------------------------------------------------------------------- bytes */

/// Finishes the file after the second pass: its bytes, which the caller frees with `system_free`, and their count. NULL if the second
/// pass was not that of the first. No other function may be called after it but `writer_free`.
void *WRITER_NULLABLE writer_finish(writer *writer, size_t *size);

#ifdef __cplusplus
}
#endif

#ifdef __clang__
#pragma clang assume_nonnull end
#endif

#endif
