#define _GNU_SOURCE
#include "spreading.h"

#include <stdlib.h>
#include <time.h>

enum { TURNS = 24, STEPS = 400 };

/* A line of the cache. */
typedef float line __attribute__((vector_size(64)));

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static line *zeros(size_t count) {
  line *lines = aligned_alloc(sizeof *lines, count * sizeof *lines);
  if (!lines) check(HYPR_ERROR_OUT_OF_MEMORY, "memory");
  for (size_t i = 0; i < count; i++) lines[i] = (line){0};
  return lines;
}

/* As wide as the processor's registers. Not inlined: it shall not be known whether both are one. */
#ifdef __x86_64__
__attribute__((target_clones("avx512f", "avx2", "default")))
#endif
__attribute__((noinline)) static void move(const line *from, line *to, size_t count) {
  for (size_t i = 0; i < count; i++) to[i] = from[i] * 0.5f;
}

/* What the end of a window moves, in lines: first what stays in its place, then the parameters. */
typedef struct {
  size_t kept, parameters;
  line *places, *values, *next;
} moved;

static void move_part(const moved *all, size_t first, size_t last) {
  const size_t kept = last < all->kept ? last : all->kept, begin = first > all->kept ? first : all->kept;
  if (first < kept) move(all->places + first, all->places + first, kept - first);
  if (begin < last) move(all->values + (begin - all->kept), all->next + (begin - all->kept), last - begin);
}

/* Mean seconds of some steps and what is moved with them. */
static double run(const network *network, hypr_session *session, moved all, int window, int is_spread) {
  const size_t lines = all.kept + all.parameters;
  line *other = all.next;
  if (!is_spread) all.next = all.values;
  const double start = now();
  for (long i = 0; i < STEPS; i++) {
    const size_t place = (size_t)(i % network->steps), step = (size_t)(i % window);
    float output[64];
    const float *input = network->inputs + place * network->input_size;
    check(hypr_session_step(session, input, network->input_size, output, network->output_size), "step");
    if (is_spread) move_part(&all, lines * step / (size_t)window, lines * (step + 1) / (size_t)window);
    if (step + 1 < (size_t)window) continue;
    if (!is_spread) {
      move_part(&all, 0, lines);
    } else {
      all.next = all.values;
      all.values = other;
      other = all.next;
    }
  }
  return (now() - start) / STEPS;
}

spreading spreading_measure(const network *network, int window) {
  hypr_memory_report report = {.struct_size = sizeof report};
  hypr_session *learning = network_session(network, window), *session = network_session(network, -1);
  check(hypr_session_memory_report(learning, &report), "memory");
  hypr_session_free(learning);
  const size_t kept = (report.traces + report.optimizer) / sizeof(line), parameters = report.parameters / sizeof(line);
  const moved all = {kept, parameters, zeros(kept), zeros(parameters), zeros(parameters)};
  spreading found = {report.traces + report.optimizer + report.parameters, 1, 1};
  /* In turn, so that what else the machine does meets both. */
  for (int i = 0; i < TURNS; i++) {
    const double at_once = run(network, session, all, window, 0), spread = run(network, session, all, window, 1);
    if (at_once < found.at_once) found.at_once = at_once;
    if (spread < found.spread) found.spread = spread;
  }
  hypr_session_free(session);
  free(all.places);
  free(all.values);
  free(all.next);
  return found;
}
