/* What it costs at least to spread the end of a window over the steps of the next one. */
#ifndef SPREADING_H
#define SPREADING_H

#include "../speed/networks.h"

typedef struct {
  size_t bytes;           /* that the end of a window reads or writes once: parameters, traces, gradients, moments */
  double at_once, spread; /* seconds per step */
} spreading;

/* Steps of a session that does not learn, and the bytes that the end of a window moves, without what it computes: each number is
 * read, halved and written. At once, after the last step of a window, in place; or as deferred learning must, a part after each step,
 * with the parameters written in another place, which is read in the next window. Thread CPU time, the least mean of many runs. */
spreading spreading_measure(const network *network, int window);

#endif
