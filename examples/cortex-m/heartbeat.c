#include "heartbeat.h"

/* -1 to 1 */
static float noise(uint32_t *seed) {
  *seed = *seed * 1664525u + 1013904223u;
  return (float)(int32_t)(*seed >> 8) * (1.0f / 8388608.0f) - 1.0f;
}

static float bump(int at, int centre, int width) {
  int distance = at > centre ? at - centre : centre - at;
  return distance >= width ? 0.0f : 1.0f - (float)distance / (float)width;
}

/* A beat of 100 samples: P, QRS and T as triangles. */
uint32_t heartbeat_sample(heartbeat *of, float x[HEARTBEAT_CHANNELS]) {
  int at = of->step++ % HEARTBEAT_STEPS;
  float one = 0.15f * bump(at, 20, 8) + bump(at, 40, 4) - 0.25f * bump(at, 45, 3) + 0.3f * bump(at, 70, 12);
  float other = 0.10f * bump(at, 20, 8) - 0.7f * bump(at, 41, 4) + 0.2f * bump(at, 71, 12);
  one += 0.02f * noise(&of->seed);
  other += 0.02f * noise(&of->seed);
  x[0] = one, x[1] = other, x[2] = one - of->before[0], x[3] = other - of->before[1];
  of->before[0] = one, of->before[1] = other;
  return at < 12 ? 0 : at < 28 ? 1 : at < 36 ? 2 : at < 48 ? 3 : at < 58 ? 4 : 5;
}
