/* The networks that are measured, their inputs, and sessions of them. */
#ifndef NETWORKS_H
#define NETWORKS_H

#include <hypr.h>

typedef struct {
  const char *neuron; /* "brf" or "se_adlif" */
  const char *net;    /* inputs-neurons-outputs */
  long steps;         /* T of the sequence */
  const char *inputs_text;

  hypr_model *model;
  size_t input_size, neurons, output_size;
  float *inputs;   /* [steps][input_size] */
  int32_t *labels; /* [steps] */
  double input_rate; /* share of the inputs that is not zero */
  double spike_rate;
} network;

enum { NETWORKS = 8 };

/* The network of an index, with weights scaled until enough of its neurons spike: fresh ones are nearly silent, which would flatter
 * an event-driven program. `folder` holds <neuron>-<net><variant>.hypr; "": the network as it is. Ends the program if anything
 * fails. */
network network_load(const char *folder, int index, const char *variant, double wanted_spike_rate);
void network_free(network *network);
/* "neuron/net", for selecting. */
const char *network_name(int index);

/* A session; window -1: without learning, 0: as hypr chooses. Its learning rate is 0, so that the spike rate stays: the arithmetic of an
 * update is all done. */
hypr_session *network_session(const network *network, int window);
/* The same, with deferred learning. */
hypr_session *network_deferred(const network *network, int window);
/* One that learns and rehearses, with the default options, a stretch of each class. */
hypr_session *network_rehearsing(const network *network, int window);

/* Writes model, inputs and labels into a folder, as <neuron>-<net>.hypr, .inputs.f32 and .labels.i32. */
void network_save(const network *network, const char *folder);

void check(hypr_status status, const char *what);

#endif
