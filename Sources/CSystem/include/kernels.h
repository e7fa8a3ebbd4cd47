// The contract between the core and the kernels of one CPU level.
//
// The core never imports a kernel module: it calls through these tables, so that the kernels can be compiled several times for
// different instruction sets. All arrays are float32, 64-byte aligned, and every row is `width` floats long: the number of neurons
// rounded up to whole vectors. Padding neurons hold valid parameters and zero weights; they never fire and get zero gradients.
//
// A layer is neurons and projections. A projection is a matrix of weights from the outputs of a source (the input, a layer, or the
// constant one of a bias) to one input current of the layer's neurons. A gated cell has several currents I[current][width], and
// as many projections from a source as it has gates.
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

// What a source of events gave in every step that is kept: its outputs that are not zero. A slot is one step.
typedef struct kernel_source {
  intptr_t size;                   // outputs; also the room of a slot
  intptr_t *counts;                // [slots], events of each
  int32_t *indices;                // [slots][size], ascending
  float *values;                   // [slots][size]
} kernel_source;

// Compressed rows: which weights of a projection there are, in two orders. Weights, gradients and what an optimizer keeps lie by
// presynaptic neuron, so that an event reads one piece; eligibilities by postsynaptic neuron, as in the model file, so that a block
// of neurons finds its own in one piece.
typedef struct kernel_compressed {
  // By presynaptic neuron: those of neuron j are offsets[j] to offsets[j + 1] - 1.
  const int32_t *offsets;          // [source size + 1]
  const int32_t *targets;          // postsynaptic neurons
  // By postsynaptic neuron: those onto neuron i are row_offsets[i] to row_offsets[i + 1] - 1.
  const uint32_t *row_offsets;     // [neurons + 1]
  const uint32_t *sources;         // presynaptic neurons
  const int32_t *places;           // of the same weights in the order by presynaptic neuron
} kernel_compressed;

// The derivative of every state variable by every element of some rows of parameters: [rows][state_count][width] in blocks of
// neurons that lie one after the other, so that a pass over all rows of a block reads straight on. A block is [rows][state_count]
// [neurons of the block]; the last one may be shorter.
typedef struct kernel_eligibility {
  void *_Null_unspecified values;
  intptr_t element_size;           // bytes: 4 float32, 2 bfloat16
  intptr_t rows, states, width;
  intptr_t block;                  // neurons of a block
} kernel_eligibility;

// How many neurons the block of `neuron`, the first one of a block, has.
static inline intptr_t kernel_eligibility_neurons(kernel_eligibility eligibility, intptr_t neuron) {
  intptr_t left = eligibility.width - neuron;
  return left < eligibility.block ? left : eligibility.block;
}

// The block of `neuron`, the first one of a block.
static inline void *_Nonnull kernel_eligibility_block(kernel_eligibility eligibility, intptr_t neuron) {
  return (char *)eligibility.values + neuron * eligibility.rows * eligibility.states * eligibility.element_size;
}

// The events of a source in a window, grouped by presynaptic neuron and in the order of time: those of neuron j are offsets[j] to
// offsets[j + 1] - 1.
typedef struct kernel_groups {
  int32_t *offsets;                // [source size + 1]
  int32_t *times;                  // steps of the window
  float *values;
  // The presynaptic neurons that had an event since the traces were cleared: `active` those that had one before the window, `fresh`
  // the others: what their eligibility holds counts as zero. Each ascending, in one array [source size] from both ends.
  int32_t *members;
  intptr_t active_count, fresh_count;
} kernel_groups;

// A matrix of weights from a source to one input current.
typedef struct kernel_projection {
  const kernel_source *source;
  intptr_t delay;                  // 0: the source's outputs of the same step; 1: of the step before
  intptr_t current;
  bool begins;                     // whether it is the first one of its current
  const kernel_compressed *_Nullable compressed;  // NULL: all weights, in rows
  const float *weights;            // [source size][width], or those there are
  // Only while learning:
  float *_Null_unspecified gradient;
  kernel_eligibility eligibility;  // a row per presynaptic neuron; of compressed rows `values` only: [weights there are][state_count]
  void *_Nullable output_eligibility;   // [source size][width], or those there are, of the same type; NULL: not carried
  bool *_Null_unspecified is_active;    // [source size]: whether it had an event since the traces were cleared
  const kernel_groups *_Null_unspecified events;  // of the window that is being closed
} kernel_projection;

// The arrays of one layer as its neuron model sees them.
// A slot is the state of the whole layer after one step: slot 0 is the state a window starts from.
typedef struct kernel_layer {
  intptr_t size, width;            // neurons; the same in whole vectors
  intptr_t state_count, parameter_count, current_count;
  const float *constants;          // [constant_count]
  const float *parameters;         // [parameter_count][width]
  float *derived;                  // [derived_count][width], computed from the parameters by `derive`
  float *states;                   // [slots][state_count][width]
  float *outputs;                  // [slots][width], spikes or analog values
  float *currents;                 // [current_count][width], total input currents of the step being made
  float *_Nullable tape;           // [window][tape_count][width], what the backward sweep needs; NULL: not learning
  kernel_surrogate surrogate;
  const kernel_projection *projections;
  intptr_t projection_count;
  const kernel_source *_Nullable events;  // where the outputs are listed, slot by slot; NULL: nobody listens
  // Only while learning, of the neuron parameters:
  float *_Null_unspecified parameter_gradient;         // [parameter_count][width]
  kernel_eligibility parameter_eligibility;            // a row per parameter
  void *_Nullable parameter_output_eligibility;        // [parameter_count][width], of the same type; NULL: not carried
} kernel_layer;

// `count` adjoints of the states of some neurons, backwards over steps `first` to `last` - 1 of the window. The arrays are those of the
// first of these neurons; the next vector of neurons stands beside it in each.
typedef struct kernel_sweep {
  intptr_t first_neuron, last_neuron;     // whole vectors
  intptr_t first, last;
  intptr_t count;
  const float *_Nullable output_adjoint;  // [window][output_stride], dL/dz of every step, for the first adjoint; the others have none
  intptr_t output_stride;
  float *adjoint;                         // in: after the last step, out: before the first; state s of adjoint a: [a][s]
  intptr_t adjoint_spacing, adjoint_stride;
  float *gradient;                        // dL/d(parameters) of the steps is added: parameter p of adjoint a: [a][p]
  intptr_t gradient_spacing, gradient_stride;
  float *currents;                        // out: dL/dI of every step of the window: [step][current][a]
  intptr_t step_stride, current_stride, current_spacing;
  bool instantaneous;                     // no path through the state: every step starts from a zero adjoint
} kernel_sweep;

// Makes the step from slot `from` to slot `to` on what the sources' slots hold; with `records` it writes tape[from], if there is a tape.
// Returns false if a value of the new state is not finite.
typedef bool (*kernel_step_loop)(const kernel_layer *layer, intptr_t from, intptr_t to, bool records);
// Treats the first vector of neurons of a pass, whatever its last one is; `kernel_sweep_neurons` treats all.
typedef void (*kernel_sweep_loop)(const kernel_layer *layer, const kernel_sweep *sweep);

// All vectors of a pass, of `lanes` neurons each, for the loop of any neuron model. Inlined, as a function of its own would be of no
// CPU level.
__attribute__((always_inline)) static inline void kernel_sweep_neurons(
    kernel_sweep_loop loop, const kernel_layer *layer, kernel_sweep *pass, intptr_t lanes) {
  for (; pass->first_neuron < pass->last_neuron; pass->first_neuron += lanes) {
    loop(layer, pass);
    if (pass->output_adjoint) pass->output_adjoint += lanes;
    pass->adjoint += lanes;
    pass->gradient += lanes;
    pass->currents += lanes;
  }
}

// The end of a window for a range of neurons, in one pass over the eligibility e and the gradient g of each row: with Φ the
// derivative of the states at the end with respect to those before the window, B that of the states with respect to a current,
// q' the loss adjoint of the states before the window and gI that of the currents,
//   g[row] += sum_k q'[k] e[row][k] + sum over the row's events of value * gI[time]      (if the window was taught)
//   e[row][k] = sum_m Φ[k][m] e[row][m] + sum over the row's events of value * (Φ B)[time][k]
// and if outputs are carried too, the same for their eligibility, with the outputs of the window as they decay until its end:
//   g[row] += carried_adjoint e_z[row]
//   e_z[row] = output_decay^steps e_z[row] + sum_m Φ_z[m] e[row][m] + sum over the events of value * (Φ_z B)[time], e from before
// All of it for all these neurons at once; or in parts, in this order, for one block of them with a scratch that stays meanwhile: the
// sweep of the outputs and rows of every matrix, if outputs are carried, then the sweep of the states and rows of every matrix.
enum {
  KERNEL_CARRY_ALL = 0,
  KERNEL_CARRY_SWEEP_OUTPUTS = 1,
  KERNEL_CARRY_OUTPUT_ROWS = 2,
  KERNEL_CARRY_SWEEP_STATES = 3,
  KERNEL_CARRY_STATE_ROWS = 4
};
typedef struct kernel_carry {
  int32_t part;
  // Of the parts that are rows: the matrix, `projection_count` for the neurons' parameters, which are no more than one part.
  intptr_t matrix;
  // Which of its rows, counted through its active presynaptic neurons and then the fresh ones; of compressed rows the neurons of the
  // block. Of a sweep its steps, from the last one of the window back.
  intptr_t begin, end;
  intptr_t first, last;            // the neurons to treat: `first` a multiple of a block, `last` too or the width
  intptr_t steps;                  // in the window
  bool taught;
  bool carries_outputs;
  // dL/dz [window][width]: the loss adjoint is swept back, too, and gives the next two if `keeps_loss`. NULL: they and the third hold
  // what it gives already.
  const float *_Nullable loss;
  bool keeps_loss;
  float *adjoint;                  // q' [state_count][width]
  float *current_adjoint;          // gI [steps][current_count][width]
  float *parameter_gradient;       // [parameter_count][width], of the window
  const float *carried_adjoint;    // dL/d(the outputs that are carried into the window) [width]
  float output_decay;
  kernel_sweep_loop sweep;         // that of the layer's neuron model
  float *scratch;                  // `carry_scratch` floats
  // Of bfloat16 eligibility: room for that of a block in one matrix, [row][state_count][neurons of a block]; NULL: it is float32.
  float *_Nullable expanded;
  uint32_t rounding;               // key of what is rounded
} kernel_carry;

typedef void (*kernel_carry_loop)(const kernel_layer *layer, const kernel_carry *carry);

// The loops over one neuron model. Without learning there is only the first.
typedef struct kernel_loops {
  kernel_step_loop _Null_unspecified step;
  kernel_sweep_loop _Null_unspecified sweep;
  kernel_carry_loop _Null_unspecified carry;
} kernel_loops;

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
  const float *_Null_unspecified values;  // of the parameters, as they are
  float *_Null_unspecified next_values;   // as they will be; may be the same place
  float *_Null_unspecified gradients;     // zero afterwards
  void *_Nullable moment1;         // Adam and momentum
  void *_Nullable moment2;         // Adam
  intptr_t moment_size;            // bytes of a moment: 4 float32, 2 bfloat16
  uint32_t rounding1, rounding2;   // keys of those that are rounded
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

// Bit i: this build has the kernels of CPU level i (Package.swift).
#ifndef HYPR_LEVEL_MASK
#if defined(__x86_64__)
#define HYPR_LEVEL_MASK 0x1a
#else
#define HYPR_LEVEL_MASK 0x02
#endif
#endif
static inline bool kernel_has_level(int32_t level) { return (HYPR_LEVEL_MASK >> level) & 1; }

// Softmax cross-entropy in nats with the target (1 - smoothing) onehot(label) + smoothing / count, for the steps of a window. What belongs
// to a step without a label stays as it is, but for its loss and sum.
typedef struct kernel_cross_entropy {
  intptr_t steps, count, width;    // count: classes; width: the same in whole vectors
  float smoothing;
  const int32_t *labels;           // [steps], negative: none
  const float *scores;             // [steps][width]
  float *gradient;                 // out: dloss/dscores [steps][width]
  float *losses;                   // out: [steps in whole vectors], of which those past the last step are of no interest
  float *sums;                     // [steps in whole vectors], working memory
  bool *correct;                   // out: [steps], whether the largest score is that of the label
} kernel_cross_entropy;

// The errors of some neurons of a layer of leaky integrators in the steps of a window whose events are grouped, before it is carried.
typedef struct kernel_normalization {
  intptr_t first, last;            // whole vectors
  intptr_t steps;
  float epsilon;                   // added to the squared norm
  float *errors;                   // in: dloss/dy [steps][width], out: divided
  float *scratch;                  // [steps][lanes]
} kernel_normalization;

typedef struct kernel_table {
  // Of the x86-64 architecture: 1 (all of them), 3 (AVX2, FMA) or 4 (AVX-512); 1 on other architectures. 0: this build has no kernels
  // for the processor, only what is said of the neuron models.
  int32_t level;
  intptr_t lanes;  // every row is padded to a multiple of this

  // Neuron models, by index; false past the end, and without a name if this build leaves the model out. They are the same at every
  // level: only the baseline has what is said of them and their derived values.
  bool (*_Null_unspecified neuron)(int32_t neuron, kernel_neuron *facts);
  bool (*_Null_unspecified constant)(int32_t neuron, int32_t index, kernel_quantity *quantity);
  // Bounds may depend on the layer's constants.
  bool (*_Null_unspecified parameter)(int32_t neuron, int32_t index, const float *constants, kernel_quantity *quantity);
  // The surrogate of a kind with its standard slope and scale; false if there is no such kind.
  bool (*_Null_unspecified surrogate)(int32_t kind, kernel_surrogate *surrogate);
  // Computes the derived values of a layer of neurons of that model.
  void (*_Null_unspecified derive)(int32_t neuron, const kernel_layer *layer);

  // The loops of a neuron model; *loops stays as it is if this build leaves the model out.
  void (*_Null_unspecified loops)(int32_t neuron, kernel_loops *loops);
  // Writes index and value of those (sample[i] - offset[i]) * scale[i] that are not zero, ascending, and returns how many there
  // are, or -1 if one is not finite. There is room for all; the sample need not be aligned.
  intptr_t (*_Null_unspecified sample)(const float *sample, intptr_t count, const float *_Nullable offset,
                   const float *_Nullable scale, int32_t *indices, float *values);
  // Floats of `kernel_carry.scratch` for a layer of such neurons and windows of so many steps; `has_compressed`: whether a projection of the
  // layer holds only some weights.
  intptr_t (*_Null_unspecified carry_scratch)(const kernel_neuron *neuron, intptr_t steps, bool carries_outputs, bool has_compressed);

  // Lists the outputs that are not zero in a slot of a source.
  void (*_Null_unspecified events)(const float *outputs, const kernel_source *source, intptr_t slot);
  // Groups the events of `steps` slots from `first` on, in 2 * steps parts, of which this call does those from `begin` to `end` - 1 after
  // those before: in the first half the events of a step are counted, in the second half put in their places.
  void (*_Null_unspecified group)(const kernel_source *source, intptr_t first, intptr_t steps, intptr_t begin, intptr_t end,
                bool *is_active, kernel_groups *groups);
  // Adjoints of currents through the weights of a projection to the outputs of its source: targets[t][j] += sum_i w[j][i] sources[t][i]
  // for every step t and the outputs j from `first` to `last` - 1, whole vectors but for the last ones, over the layer's neurons i.
  // `transposed` has room for size * lanes floats, worth its while from four steps on; NULL: each step by itself. The bits of a step
  // are the same however many are projected together, but not with and without it.
  void (*_Null_unspecified project)(float *targets, intptr_t target_stride, const kernel_projection *projection, intptr_t first,
                  intptr_t last, const kernel_layer *layer, const float *sources, intptr_t source_stride, intptr_t steps,
                  float *_Nullable transposed);
  // Normalized least mean squares: divides errors by the squared norm of the eligibility that meets them.
  void (*_Null_unspecified normalize)(const kernel_layer *layer, const kernel_normalization *pass);
  void (*_Null_unspecified cross_entropy)(const kernel_cross_entropy *pass);
  // probabilities = softmax(scores), count of them, in rows of whole vectors.
  void (*_Null_unspecified softmax)(const float *scores, intptr_t count, float *probabilities);
  // True if every value is finite; they need not be aligned.
  bool (*_Null_unspecified finite)(const float *values, intptr_t count);
  // Sum of squares in double precision.
  double (*_Null_unspecified square_sum)(const float *values, intptr_t count);
  // Returns whether a parameter is another number than before.
  bool (*_Null_unspecified optimize)(const kernel_update *update);
} kernel_table;

#ifdef __clang__
#pragma clang assume_nonnull end
#endif

// Fill the table with the kernels of one CPU level (Sources/HyprKernels/Table.swift, compiled once for each). The baseline fills
// what is said of the neuron models, too, and the loops if this build has level 1; the others replace the loops.
void kernel_table_fill_baseline(kernel_table *_Nonnull table);
#if defined(__x86_64__)
void kernel_table_fill_v3(kernel_table *_Nonnull table);
void kernel_table_fill_v4(kernel_table *_Nonnull table);
#endif

// The highest level that this processor can run.
int32_t kernel_highest_level(void);
// The lowest level that this build has.
int32_t kernel_lowest_level(void);
// Fills the table with the kernels of a level that the processor can run, or of the next lower one that there is; level 0: none.
void kernel_table_fill(kernel_table *_Nonnull table, int32_t level);
// The same with the highest level, or with HYPR_CPU_LEVEL in the environment if that is lower.
void kernel_table_select(kernel_table *_Nonnull table);
