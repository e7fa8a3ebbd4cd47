#include "floor.h"

#include <string.h>

/* States, and multiply-adds per neuron of a step, of the surrogate derivative, and of one backward step of one adjoint: counted in the
 * equations of docs/neuron-models.md and their transposed derivatives. */
typedef struct {
  double states, step, surrogate, backward;
} neuron_cost;

static const neuron_cost brf = {3, 10, 24, 16}, se_adlif = {2, 8, 13, 14}, integrator = {1, 2, 0, 3};

/* A layer of `neurons`, with `events` presynaptic events a step in `rows` rows of weights and parameters. */
static void add_layer(floor_work *work, neuron_cost cost, double neurons, double events, double rows, int window) {
  /* The input current reads the weights of the events. */
  work->multiply_adds += neurons * (events + cost.step);
  work->bytes += 4 * neurons * events;
  if (window < 0) return;
  /* Of every step: surrogate, one loss adjoint and one adjoint per state, and what its events add to gradient and eligibility. */
  double k = cost.states;
  work->multiply_adds += neurons * (cost.surrogate + (1 + k) * cost.backward + events * (1 + k));
  /* Of every window: g += q' e and e = phi e, then Adam; e and g read and written once each, and g, theta and two moments again. */
  work->multiply_adds += neurons * rows * (k * (1 + k) + 10) / window;
  work->bytes += neurons * rows * 4 * (2 * k + 2 + 8) / window;
  work->working_set += (size_t)(neurons * rows * 4 * (k + 4));
}

floor_work floor_of(const network *network, int window) {
  double inputs = (double)network->input_size, neurons = (double)network->neurons, outputs = (double)network->output_size;
  neuron_cost hidden = strcmp(network->neuron, "brf") == 0 ? brf : se_adlif;
  double parameters = strcmp(network->neuron, "brf") == 0 ? 2 : 4;
  double spikes = neurons * network->spike_rate;
  floor_work work = {.bytes = 4 * inputs};
  add_layer(&work, hidden, neurons, inputs * network->input_rate + spikes + 1, inputs + neurons + 1 + parameters, window);
  add_layer(&work, integrator, outputs, spikes + 1, neurons + 1 + 1, window);
  if (window >= 0) work.multiply_adds += neurons * outputs; /* the loss adjoint through the readout's weights */
  return work;
}
