/* The least time that a step can take on a machine of given rates. */
#ifndef FLOOR_H
#define FLOOR_H

#include "networks.h"

typedef struct {
  double multiply_adds; /* per step */
  double bytes;         /* per step, read and written */
  size_t working_set;   /* bytes that the end of a window passes over */
} floor_work;

/* Work of one step with learning in windows of `window` steps; -1: inference. */
floor_work floor_of(const network *network, int window);

#endif
