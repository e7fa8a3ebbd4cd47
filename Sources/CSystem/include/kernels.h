// The contract between the core and the kernels of one CPU level.
//
// The core never imports a kernel module: it calls through this table, so that the kernels can be
// compiled several times for different instruction sets. All arrays are float32, 64-byte aligned,
// and every row is `width` floats long: the number of neurons rounded up to whole vectors. Padding
// neurons hold valid parameters and zero weights; they never fire and get zero gradients.
//
// A neuron has one input current, a gated cell several: I[current][width]. A presynaptic event adds to `gate_count` of them in a
// row, so that the weights of one presynaptic neuron are `gate_count` rows, one after the other.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#ifdef __clang__
#pragma clang assume_nonnull begin
#else
#define _Nullable
#define _Null_unspecified
#define _Nonnull
#endif

// The surrogate derivative of the spike: kinds as numbered in the schema's enum SurrogateKind.
typedef struct kernel_surrogate {
  int32_t kind;
  float slope, scale;
} kernel_surrogate;

// A trainable parameter of a neuron model, or one of its constants (same for the whole layer).
// `absolute`: the model uses the magnitude, so the bounds hold for |value| and the sign is kept.
typedef struct kernel_quantity {
  const char *_Null_unspecified name;
  float lower, upper;
  float default_value;
  bool absolute;
} kernel_quantity;

// The arrays of one layer as its neuron model sees them.
// A slot is the state of the whole layer after one step: slot 0 is the state a window starts from.
typedef struct kernel_layer {
  int32_t neuron;                  // index of the neuron model
  intptr_t width;
  const float *constants;          // [constant_count]
  const float *parameters;         // [parameter_count][width]
  float *derived;                  // [derived_count][width], computed from the parameters by `derive`
  float *states;                   // [slots][state_count][width]
  float *outputs;                  // [slots][width], spikes or analog values
  float *current;                  // [current_count][width], total input currents of the step being made
  float *_Nullable tape;           // [window][tape_count][width], what the backward sweep needs; NULL: not learning
  kernel_surrogate surrogate;
} kernel_layer;

// One backward sweep over steps `first` to `last` - 1 of the window, for one adjoint of the state per neuron.
typedef struct kernel_sweep {
  intptr_t first, last;
  const float *_Nullable output_adjoint;  // [window][width], dL/dz of every step; NULL: zero
  float *adjoint;                         // [state_count][width], in: after the last step, out: before the first
  float *current_adjoint;                 // dL/dI[c] of step t at current_adjoint + (t * current_count + c) * current_stride
  intptr_t current_stride;
  bool instantaneous;                     // no path through the state: every step starts from a zero adjoint
  float *parameter_gradient;              // [parameter_count][width], added to
  intptr_t parameter_stride;              // from one parameter's row to the next
} kernel_sweep;

// The dense pass at the end of a window over rows of the eligibility e and of the gradient g:
//   g[row] += sum_k adjoint[k] * e[row][k]        (when gradient is not NULL)
//   e[row][k] = sum_m transition[k][m] * e[row][m]
// and, if outputs are carried too, the same for their eligibility:
//   g[row] += output_adjoint * e_z[row]
//   e_z[row] = output_decay * e_z[row] + sum_m output_transition[m] * e[row][m], with e from before
typedef struct kernel_carry {
  intptr_t width;
  const int32_t *rows;                // the rows to treat
  intptr_t row_count;
  float *eligibility;                 // [all rows][state_count][width]
  const float *transition;            // [state_count][state_count][width]
  float *_Nullable gradient;          // [all rows][width]
  const float *_Nullable adjoint;     // [state_count][width]
  float *_Nullable output_eligibility;         // e_z [all rows][width]; NULL: not carried
  const float *_Nullable output_transition;    // [state_count][width]
  const float *_Nullable output_adjoint;       // [width]
  float output_decay;
} kernel_carry;

// The facts about one neuron model.
typedef struct kernel_neuron {
  const char *_Null_unspecified name;  // the member of the schema's union NeuronModel
  int32_t state_count, parameter_count, constant_count, derived_count, tape_count;
  int32_t current_count;  // input currents
  int32_t gate_count;     // currents that one presynaptic event adds to: inputs to the first ones, the others to the last ones
  bool spiking;      // outputs are 0 or 1
  int32_t surrogate_kind;  // the model's own
} kernel_neuron;

// Rows of the derived values of a leaky integrator: how much of its state it keeps in a step, and how much of its input it takes.
enum { KERNEL_INTEGRATOR_DECAY = 0, KERNEL_INTEGRATOR_GAIN = 1 };

enum { KERNEL_RULE_GRADIENT_DESCENT = 0, KERNEL_RULE_ADAM = 1, KERNEL_RULE_MOMENTUM = 2 };

// One optimizer step of a run of parameters that share their bounds.
typedef struct kernel_update {
  int32_t rule;
  intptr_t count;
  float *_Null_unspecified parameters;
  const float *_Null_unspecified gradients;
  float *_Nullable moment1;        // Adam and momentum
  float *_Nullable moment2;        // Adam
  float gradient_scale;            // brings the gathered sum to the clipped mean
  float value_limit;               // of one element of the gradient
  float learning_rate;
  float beta1, beta2, epsilon;
  float complement1, complement2;  // 1 - beta
  float correction1, correction2;  // 1 / (1 - beta^updates)
  float coupled_decay;             // added to the gradient, times the parameter
  float decoupled_decay;           // taken from the parameter directly (AdamW)
  const float *_Nullable anchor;   // the values that the parameters are pulled to
  float anchor_strength;
  float lower, upper;
  bool absolute;
} kernel_update;

typedef struct kernel_table {
  intptr_t lanes;  // every row is padded to a multiple of this

  // Neuron models, by index; false past the end.
  bool (*_Null_unspecified neuron)(int32_t neuron, kernel_neuron *facts);
  bool (*_Null_unspecified constant)(int32_t neuron, int32_t index, kernel_quantity *quantity);
  bool (*_Null_unspecified parameter)(int32_t neuron, int32_t index, const float *constants, kernel_quantity *quantity);
  // The surrogate of a kind with its standard slope and scale; false if there is no such kind.
  bool (*_Null_unspecified surrogate)(int32_t kind, kernel_surrogate *surrogate);
  void (*_Null_unspecified derive)(const kernel_layer *layer);
  // Advances every neuron from slot `from` to slot `to`; writes tape[tape_index] if there is a tape.
  // Returns false if any value is not finite.
  bool (*_Null_unspecified step)(const kernel_layer *layer, intptr_t from, intptr_t to, intptr_t tape_index);
  void (*_Null_unspecified sweep)(const kernel_layer *layer, const kernel_sweep *sweep);
  void (*_Null_unspecified carry)(int32_t neuron, const kernel_carry *carry);

  // target[i] += sum over events of value * rows[index * stride + i], i < width
  void (*_Null_unspecified gather)(float *target, intptr_t width, const float *rows, intptr_t stride,
                 const int32_t *indices, const float *values, intptr_t count);
  // rows[index * stride + i] += value * source[i], i < width, for every event
  void (*_Null_unspecified scatter)(float *rows, intptr_t stride, const float *source, intptr_t width,
                  const int32_t *indices, const float *values, intptr_t count);
  // target[j] = sum_i rows[j * width + i] * vector[i], j < count
  void (*_Null_unspecified project)(float *target, const float *rows, intptr_t count, const float *vector, intptr_t width);
  // Writes index (first + i) and value of the non-zero entries and returns how many there are; there is room for all.
  intptr_t (*_Null_unspecified events)(const float *source, intptr_t count, int32_t first, int32_t *indices, float *values);
  // True if every value is finite.
  bool (*_Null_unspecified finite)(const float *values, intptr_t count);
  // Sum of squares in double precision.
  double (*_Null_unspecified square_sum)(const float *values, intptr_t count);
  void (*_Null_unspecified optimize)(const kernel_update *update);
} kernel_table;

#ifdef __clang__
#pragma clang assume_nonnull end
#endif

// Fills the table with the kernels of one CPU level; implemented in Swift (Sources/HyprKernels/Table.swift).
void kernel_table_fill_baseline(kernel_table *_Nonnull table);
