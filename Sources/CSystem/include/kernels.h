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

// How the first values of a parameter are usually drawn: uniformly from `first` to `second`, or normally with `first` as mean and
// `second` as standard deviation. Constants are not drawn.
enum { KERNEL_DISTRIBUTION_NONE = 0, KERNEL_DISTRIBUTION_UNIFORM = 1, KERNEL_DISTRIBUTION_NORMAL = 2 };
typedef struct kernel_distribution {
  int32_t kind;
  double first, second;
} kernel_distribution;

// A trainable parameter of a neuron model, or one of its constants (same for the whole layer).
// `absolute`: the model uses the magnitude, so the bounds hold for |value| and the sign is kept.
typedef struct kernel_quantity {
  const char *_Null_unspecified name;
  float lower, upper;
  float default_value;
  bool absolute;
  kernel_distribution distribution;
} kernel_quantity;

// The recurrent weights of a layer that holds only some of them: no rows of its matrix, but one synapse after the other. Weights and
// what the optimizer keeps of them lie by presynaptic neuron, so that a spike reads one piece; eligibilities by postsynaptic
// neuron, as in the model file, so that a block of neurons finds its own in one piece.
typedef struct kernel_synapses {
  intptr_t size;                   // neurons of the layer
  int32_t first;                   // presynaptic neurons that have rows; those of the layer itself come after them
  // By presynaptic neuron: the synapses of gate g from neuron j are offsets[i] to offsets[i + 1] - 1 with i = g * size + j.
  const int32_t *offsets;          // [gate_count * size + 1]
  const int32_t *targets;          // postsynaptic neurons
  const float *weights;
  float *_Nullable gradient;       // NULL: not learning, as the eligibilities
  // By postsynaptic neuron: the synapses of gate g onto neuron i are row_offsets[r] to row_offsets[r + 1] - 1 with r = g * size + i.
  const uint32_t *row_offsets;     // [gate_count * size + 1]
  const uint32_t *sources;         // presynaptic neurons of the layer
  const int32_t *places;           // of the same synapses in the order by presynaptic neuron
  float *_Nullable eligibility;    // [synapses][state_count]
  float *_Nullable output_eligibility;  // [synapses]; NULL: not carried
} kernel_synapses;

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
  const kernel_synapses *_Nullable synapses;  // NULL: all recurrent weights there are have rows
} kernel_layer;

// One backward sweep over steps `first` to `last` - 1 of the window, for one adjoint of the state per neuron.
typedef struct kernel_sweep {
  intptr_t first, last;
  const float *output_adjoint;            // [window][width], dL/dz of every step
  float *adjoint;                         // [state_count][width], in: after the last step, out: before the first
  float *current_adjoint;                 // [window][current_count][width], dL/dI
  bool instantaneous;                     // no path through the state: every step starts from a zero adjoint
  float *parameter_gradient;              // [parameter_count][width], added to
} kernel_sweep;

// One step of a layer: the input currents from its presynaptic events, then the neurons.
typedef struct kernel_step {
  intptr_t from, to;               // slots
  intptr_t record;                 // entry of the tape
  const float *weights;            // [presynaptic neurons that have rows][gate_count][width]
  const int32_t *indices;          // of the presynaptic neurons that are not zero, ascending
  const float *values;             // theirs
  intptr_t event_count;            // of those that have rows
  int32_t input_count;             // events below it are inputs
  intptr_t synapse_event_count;    // the events after those, which go through the layer's synapses
} kernel_step;

// The events of a whole window.
typedef struct kernel_history {
  const intptr_t *starts;          // [steps + 1], where each step's events start
  const int32_t *indices;
  const float *values;
} kernel_history;

// The same, grouped by presynaptic neuron and in the order of time: those of neuron j are offsets[j] to offsets[j + 1] - 1.
typedef struct kernel_groups {
  int32_t *offsets;                // [presynaptic neurons + 1]
  int32_t *times;                  // steps of the window
  float *values;
  // Presynaptic neurons that had an event since the traces were cleared: a flag each, and those flagged that have rows, ascending;
  // as ~index where the first event is in this window: what the row's eligibility holds is from before, and counts as zero.
  intptr_t row_count;              // how many have rows: the first ones
  bool *is_active;
  int32_t *active;
  intptr_t active_count;
} kernel_groups;

// The end of a window for a range of neurons, in one pass over the eligibility e and the gradient g of each row: with Φ the
// derivative of the states at the end with respect to those before the window, B that of the states with respect to a current,
// q' the loss adjoint of the states before the window and gI that of the currents,
//   g[row] += sum_k q'[k] e[row][k] + sum over the row's events of value * gI[time]      (when gradient is not NULL)
//   e[row][k] = sum_m Φ[k][m] e[row][m] + sum over the row's events of value * (Φ B)[time][k]
// and if outputs are carried too, the same for their eligibility, with the outputs of the window as they decay until its end:
//   g[row] += output_adjoint e_z[row]
//   e_z[row] = output_decay^steps e_z[row] + sum_m Φ_z[m] e[row][m] + sum over the events of value * (Φ_z B)[time], e from before
// and the same for the layer's synapses onto these neurons.
typedef struct kernel_carry {
  intptr_t first, last;            // the neurons to treat: `first` a multiple of 2 * lanes, `last` too or the width
  intptr_t size;                   // neurons of the layer that are not padding
  intptr_t steps;                  // in the window
  intptr_t presynaptic_count;      // that have rows
  int32_t input_count;
  const kernel_groups *events;
  // e: blocks of 2 * lanes neurons, and of `lanes` at the end if there are so many left, one after the other, each
  // [rows][state_count][neurons of the block] with presynaptic_count * gate_count + parameter_count rows.
  float *eligibility;
  float *_Nullable gradient;       // [rows][width]
  const float *adjoint;            // q' [state_count][width]
  const float *current_adjoint;    // gI [steps][current_count][width]
  const float *parameter_gradient; // [parameter_count][width], of the window
  float *_Nullable output_eligibility;    // e_z [rows][width]; NULL: not carried
  const float *_Nullable output_adjoint;  // [width]
  float output_decay;
  float *scratch;                  // `carry_scratch` floats
} kernel_carry;

// State variables of a neuron model: the carry keeps one sweep for each.
enum { KERNEL_MOST_STATES = 4 };

// The facts about one neuron model.
typedef struct kernel_neuron {
  const char *_Null_unspecified name;  // the member of the schema's union NeuronModel
  const char *_Nullable state_names[KERNEL_MOST_STATES];  // NULL past the last one
  int32_t state_count, parameter_count, constant_count, derived_count, tape_count;
  int32_t current_count;  // input currents
  int32_t gate_count;     // currents that one presynaptic event adds to: inputs to the first ones, the others to the last ones
  bool spiking;      // outputs are 0 or 1
  int32_t surrogate_kind;  // the model's own
  int32_t initialization;  // how the weights of a fresh layer are usually drawn: NeuronFacts.swift
} kernel_neuron;

// Rows of the derived values of a leaky integrator: how much of its state it keeps in a step, and how much of its input it takes.
enum { KERNEL_INTEGRATOR_DECAY = 0, KERNEL_INTEGRATOR_GAIN = 1 };

enum { KERNEL_RULE_GRADIENT_DESCENT = 0, KERNEL_RULE_ADAM = 1, KERNEL_RULE_MOMENTUM = 2 };

// One optimizer step of a run of parameters that share their bounds.
typedef struct kernel_update {
  int32_t rule;
  intptr_t count;
  float *_Null_unspecified parameters;
  float *_Null_unspecified gradients;  // zero afterwards
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

// Bit i: this build has the neuron model of number i in the registry (Package.swift). Known when compiling, so that the others are
// not linked.
#ifndef HYPR_NEURON_MASK
#define HYPR_NEURON_MASK UINT64_MAX
#endif
static inline bool kernel_has_neuron(int32_t neuron) { return (HYPR_NEURON_MASK >> (neuron & 63)) & 1; }

typedef struct kernel_table {
  int32_t level;   // of the x86-64 architecture: 1 (all of them), 3 (AVX2, FMA) or 4 (AVX-512); 1 on other architectures
  intptr_t lanes;  // every row is padded to a multiple of this

  // Neuron models, by index; false past the end, and without a name if this build leaves the model out. They are the same at every level: only the baseline has what is said of them and
  // their derived values.
  bool (*_Null_unspecified neuron)(int32_t neuron, kernel_neuron *facts);
  bool (*_Null_unspecified constant)(int32_t neuron, int32_t index, kernel_quantity *quantity);
  // Bounds may depend on the layer's constants.
  bool (*_Null_unspecified parameter)(int32_t neuron, int32_t index, const float *constants, kernel_quantity *quantity);
  // The surrogate of a kind with its standard slope and scale; false if there is no such kind.
  bool (*_Null_unspecified surrogate)(int32_t kind, kernel_surrogate *surrogate);
  void (*_Null_unspecified derive)(const kernel_layer *layer);
  // Makes a step; writes tape[record] if there is a tape. Returns false if a value of the new state is not finite.
  bool (*_Null_unspecified step)(const kernel_layer *layer, const kernel_step *step);
  void (*_Null_unspecified sweep)(const kernel_layer *layer, const kernel_sweep *sweep);
  void (*_Null_unspecified carry)(const kernel_layer *layer, const kernel_carry *carry);
  // Floats of working memory that `carry` needs.
  intptr_t (*_Null_unspecified carry_scratch)(int32_t neuron, intptr_t steps, bool has_synapses);

  // Writes index and value of those (sample[i] - offset[i]) * scale[i] that are not zero, ascending, and returns how many there
  // are, or -1 if one is not finite. There is room for all; the sample need not be aligned.
  intptr_t (*_Null_unspecified sample)(const float *sample, intptr_t count, const float *_Nullable offset,
                   const float *_Nullable scale, int32_t *indices, float *values);
  // Writes index (first + i) and value of the non-zero entries, ascending, and returns how many there are. There is room for all.
  intptr_t (*_Null_unspecified events)(const float *source, intptr_t count, int32_t first, int32_t *indices, float *values);
  void (*_Null_unspecified group)(const kernel_history *history, intptr_t steps, intptr_t presynaptic_count, kernel_groups *groups);
  // targets[t][j] = sum_i rows[j][i] sources[t][i] for i < width and j < count, then zeros up to a whole vector; rows are `width`
  // long, `scratch` has room for width * lanes floats.
  void (*_Null_unspecified project)(float *targets, intptr_t target_stride, const float *rows, intptr_t count, intptr_t width,
                  const float *sources, intptr_t source_stride, intptr_t steps, float *scratch);
  // The same for synapses and one step: targets[j] = sum over the synapses from neuron j of weight * adjoint of the current that they
  // add to, then zeros up to the width; adjoints is [gates][width].
  void (*_Null_unspecified project_synapses)(float *targets, const kernel_synapses *synapses, intptr_t gates, intptr_t width,
                  const float *adjoints);
  // probabilities = softmax(scores), count of them; returns the largest score and the sum of exp(score - largest).
  void (*_Null_unspecified softmax)(const float *scores, intptr_t count, float *probabilities, float *largest, float *sum);
  // True if every value is finite; they need not be aligned.
  bool (*_Null_unspecified finite)(const float *values, intptr_t count);
  // Sum of squares in double precision.
  double (*_Null_unspecified square_sum)(const float *values, intptr_t count);
  void (*_Null_unspecified optimize)(const kernel_update *update);
} kernel_table;

#ifdef __clang__
#pragma clang assume_nonnull end
#endif

// Fill the table with the kernels of one CPU level (Sources/HyprKernels/Table.swift, compiled once for each). The baseline fills
// everything; the others replace the loops.
void kernel_table_fill_baseline(kernel_table *_Nonnull table);
#if defined(__x86_64__)
void kernel_table_fill_v3(kernel_table *_Nonnull table);
void kernel_table_fill_v4(kernel_table *_Nonnull table);
#endif

// The highest level that this processor can run.
int32_t kernel_highest_level(void);
// Fills the table with the kernels of a level that the processor can run, or of the next lower one that there is.
void kernel_table_fill(kernel_table *_Nonnull table, int32_t level);
// The same with the highest level, or with HYPR_CPU_LEVEL in the environment if that is lower.
void kernel_table_select(kernel_table *_Nonnull table);
