/* A stream like that of an ECG, in place of a sensor: the same numbers on every machine. */
#ifndef HEARTBEAT_H
#define HEARTBEAT_H

#include <stdint.h>

enum { HEARTBEAT_CHANNELS = 4, HEARTBEAT_WAVES = 6, HEARTBEAT_STEPS = 100 };

typedef struct {
  float before[2];
  uint32_t seed;
  int step;
} heartbeat;

/* Two leads and their differences; returns the wave: baseline, P, PQ, QRS, ST, T. */
uint32_t heartbeat_sample(heartbeat *of, float x[HEARTBEAT_CHANNELS]);

#endif
