/* Measures how long single steps take at the C ABI: without learning, with windows closed at once, and with deferred learning.
 *
 *   latency [--only TEXT] [--steps N] MODELS
 *   latency --work WAY --window N --steps N --only TEXT MODELS   nothing but N steps, for programs that count instructions
 *
 * MODELS is the folder with <neuron>-<inputs>-<neurons>-<outputs>.hypr. A step is hypr_session_step and, with learning,
 * hypr_session_teach_class. Each is timed by itself, by the thread's CPU time and on the wall; what reading both clocks takes, the
 * median of many readings, is subtracted. The same stream is run several times from a fresh session, and of each step the least time
 * counts: that is what the step itself takes. What the machine adds now and then (interrupts, other programs) is in "once", the
 * largest CPU time of any run, and in the wall times, which are of one run. "mean" is of runs whose single steps are not timed, the
 * least one: reading the clocks is a call of the system, after which caches and branch prediction are not what they were, so that
 * every step that is timed by itself is slower; "mean timed" says by how much.
 *
 * A second table has what deferred learning costs: its mean over that of windows closed at once, and the least that this ratio can
 * be, by what steps take with the bytes of a window's end moved at once or in parts (spreading.h). Prints Markdown. */
#define _GNU_SOURCE

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../speed/networks.h"
#include "spreading.h"

enum { RUNS = 7, NETWORKS_OF_TABLE = 4, WAYS = 3 };

static const char *const ways[WAYS] = {"off", "at once", "deferred"};
static const int windows[] = {10, 100};
enum { WINDOWS = sizeof windows / sizeof *windows };

static double read_clock(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static int ascending(const void *one, const void *other) {
  double a = *(const double *)one, b = *(const double *)other;
  return (a > b) - (a < b);
}

/* Times of steps, in seconds. */
typedef struct {
  double *cpu, *wall;
} times;

static double *allocate(size_t count) {
  double *numbers = malloc(count * sizeof *numbers);
  if (!numbers) check(HYPR_ERROR_OUT_OF_MEMORY, "memory");
  return numbers;
}

/* What is measured of nothing: the median. */
static times overhead(void) {
  enum { COUNT = 20001 };
  static double cpu[COUNT], wall[COUNT];
  for (int i = 0; i < COUNT; i++) {
    const double wall_start = read_clock(CLOCK_MONOTONIC), start = read_clock(CLOCK_THREAD_CPUTIME_ID);
    cpu[i] = read_clock(CLOCK_THREAD_CPUTIME_ID) - start;
    wall[i] = read_clock(CLOCK_MONOTONIC) - wall_start;
  }
  qsort(cpu, COUNT, sizeof *cpu, ascending);
  qsort(wall, COUNT, sizeof *wall, ascending);
  return (times){&cpu[COUNT / 2], &wall[COUNT / 2]};
}

static hypr_session *session_for(const network *network, int way, int window) {
  return way == 0 ? network_session(network, -1) : way == 1 ? network_session(network, window) : network_deferred(network, window);
}

static void step(const network *network, hypr_session *session, int way, long number) {
  float output[64];
  const size_t place = (size_t)(number % network->steps);
  const float *input = network->inputs + place * network->input_size;
  check(hypr_session_step(session, input, network->input_size, output, network->output_size), "step");
  if (way > 0) check(hypr_session_teach_class(session, (uint32_t)network->labels[place]), "teach");
}

/* Steps in which caches and buffers are touched for the first time do not count. */
static hypr_session *warm_session(const network *network, int way, int window) {
  hypr_session *session = session_for(network, way, window);
  for (long i = 0; i < 4 * window; i++) step(network, session, way, i);
  return session;
}

/* The mean of a stream whose single steps are not timed, in seconds. */
static double mean_of(const network *network, int way, int window, long steps) {
  hypr_session *session = warm_session(network, way, window);
  const double start = read_clock(CLOCK_THREAD_CPUTIME_ID);
  for (long i = 0; i < steps; i++) step(network, session, way, 4 * window + i);
  const double all = read_clock(CLOCK_THREAD_CPUTIME_ID) - start;
  hypr_session_free(session);
  return all / (double)steps;
}

/* The same stream, each step by itself. */
static void run(const network *network, int way, int window, long steps, times found) {
  hypr_session *session = warm_session(network, way, window);
  for (long i = 0; i < steps; i++) {
    const double wall = read_clock(CLOCK_MONOTONIC), cpu = read_clock(CLOCK_THREAD_CPUTIME_ID);
    step(network, session, way, 4 * window + i);
    const double cpu_end = read_clock(CLOCK_THREAD_CPUTIME_ID), wall_end = read_clock(CLOCK_MONOTONIC);
    found.cpu[i] = cpu_end - cpu;
    found.wall[i] = wall_end - wall;
  }
  hypr_session_free(session);
}

static double quantile(const double *sorted, long count, double share) {
  return 1e6 * sorted[(long)(share * (double)(count - 1))];
}

static void measure(const network *network, int way, int window, long steps) {
  const times nothing = overhead(), found = {allocate((size_t)steps), allocate((size_t)steps)};
  double *least = allocate((size_t)steps), once = 0, sum = 0, mean = 0;
  for (int turn = 0; turn < RUNS; turn++) {
    run(network, way, window, steps, found);
    const double found_mean = mean_of(network, way, window, steps);
    if (turn == 0 || found_mean < mean) mean = found_mean;
    for (long i = 0; i < steps; i++) {
      const double time = found.cpu[i] - *nothing.cpu > 0 ? found.cpu[i] - *nothing.cpu : 0;
      if (turn == 0 || time < least[i]) least[i] = time;
      if (time > once) once = time;
    }
  }
  for (long i = 0; i < steps; i++) {
    sum += least[i];
    found.wall[i] -= *nothing.wall;
  }
  qsort(least, (size_t)steps, sizeof *least, ascending);
  qsort(found.wall, (size_t)steps, sizeof *found.wall, ascending);
  const double most = least[steps - 1];
  printf("| %s | %d | %s | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %.1f | %.0f | %.2f | %.2f | %.1f | %.0f |\n", network->net, window,
         ways[way], 1e6 * mean, 1e6 * sum / (double)steps, quantile(least, steps, 0.5), quantile(least, steps, 0.99), quantile(least, steps, 0.999), 1e6 * most, most / mean,
         1e6 * once, quantile(found.wall, steps, 0.5), quantile(found.wall, steps, 0.99), quantile(found.wall, steps, 0.999),
         1e6 * found.wall[steps - 1]);
  fflush(stdout);
  free(found.cpu);
  free(found.wall);
  free(least);
}

/* What deferred learning costs. */
typedef struct {
  const char *net;
  int window;
  double at_once, deferred; /* seconds per step */
  spreading least;
} cost;

/* In turn, so that what else the machine does, and how fast it runs just now, meets both; the least of each. */
static cost cost_of(const network *network, int window, long steps) {
  cost found = {network->net, window, 1, 1, spreading_measure(network, window)};
  for (int turn = 0; turn < 2 * RUNS; turn++) {
    const double at_once = mean_of(network, 1, window, steps), deferred = mean_of(network, 2, window, steps);
    if (at_once < found.at_once) found.at_once = at_once;
    if (deferred < found.deferred) found.deferred = deferred;
  }
  return found;
}

static void print_cost(const cost *found) {
  const spreading least = found->least;
  printf("| %s | %d | %.2f | %.2f | %.2f | %.0f | %.2f | %.2f | %.2f |\n", found->net, found->window, 1e6 * found->at_once,
         1e6 * found->deferred, found->deferred / found->at_once, (double)least.bytes / 1024, 1e6 * least.at_once, 1e6 * least.spread,
         1 + (least.spread - least.at_once) / found->at_once);
}

static int work(const char *models, const char *only, const char *name, int window, long steps) {
  for (int index = 0; index < NETWORKS_OF_TABLE; index++) {
    if (!strstr(network_name(index), only)) continue;
    network net = network_load(models, index, "", 0.04);
    for (int way = 0; way < WAYS; way++) {
      if (strcmp(ways[way], name) == 0) mean_of(&net, way, window, steps);
    }
    network_free(&net);
  }
  return 0;
}

int main(int count, char **arguments) {
  static const struct option options[] = {{"only", required_argument, NULL, 'o'}, {"steps", required_argument, NULL, 'n'},
                                          {"work", required_argument, NULL, 'w'}, {"window", required_argument, NULL, 'l'}, {0}};
  const char *only = "", *way = NULL;
  long steps = 20000;
  int window = 10;
  for (int option; (option = getopt_long(count, arguments, "", options, NULL)) != -1;) {
    if (option == 'o') only = optarg;
    else if (option == 'n') steps = atol(optarg);
    else if (option == 'w') way = optarg;
    else if (option == 'l') window = atoi(optarg);
    else return 1;
  }
  if (optind != count - 1 || steps < 1) {
    fprintf(stderr, "usage: latency [--only TEXT] [--steps N] [--work WAY --window N] MODELS\n");
    return 1;
  }
  if (way) return work(arguments[optind], only, way, window, steps);
  const times nothing = overhead();
  printf("hypr %s; microseconds per step, BRF, %ld steps; the clocks took %.2f (CPU) and %.2f (wall), which are subtracted\n\n",
         hypr_version_string(), steps, 1e6 * *nothing.cpu, 1e6 * *nothing.wall);
  printf("| network | λ | learning | mean | mean timed | median | p99 | p99.9 | max | max / mean | once | wall: median | p99 | p99.9 | max |\n"
         "|---|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n");
  cost costs[NETWORKS_OF_TABLE * WINDOWS];
  int costs_found = 0;
  for (int index = 0; index < NETWORKS_OF_TABLE; index++) {
    if (!strstr(network_name(index), only)) continue;
    network net = network_load(arguments[optind], index, "", 0.04);
    for (size_t i = 0; i < WINDOWS; i++) {
      for (int way = i > 0; way < WAYS; way++) measure(&net, way, windows[i], steps);
      costs[costs_found++] = cost_of(&net, windows[i], steps);
    }
    network_free(&net);
  }
  printf("\n| network | λ | at once | deferred | ratio | KiB | moved at once | in parts | least ratio |\n"
         "|---|---:|---:|---:|---:|---:|---:|---:|---:|\n");
  for (int i = 0; i < costs_found; i++) print_cost(&costs[i]);
  return 0;
}
