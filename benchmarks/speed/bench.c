/* Measures the time of one step at the C ABI, and how far it is from the least that this machine could do.
 *
 *   bench [--json] [--only TEXT] [--spike-rate RATE] [--save FOLDER] MODELS
 *   bench --sweep MODELS                      cost against window, spike rate and length of the stream, as JSON
 *   bench --sparse MODELS                     cost against the density of weights, as Markdown
 *   bench --silence                           cost when the input has stopped, for every neuron model
 *   bench --copy MODELS                       what it costs to give one session the parameters of another, as Markdown
 *   bench --work NAME --steps N --only TEXT MODELS   nothing but N steps, for programs that count instructions
 *
 * MODELS is the folder with <neuron>-<inputs>-<neurons>-<outputs>.hypr. Learning means: a target at every step, credit `window`, and an
 * update by Adam after every window. Each number is the median of several runs, one after the other on one core; the runs of a
 * network take turns, so that a slow moment of the machine hits them all. */
#define _GNU_SOURCE

#include <getopt.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "copy.h"
#include "floor.h"
#include "machine.h"
#include "networks.h"
#include "silence.h"

enum { RUNS = 7, WORKS = 8, LEARN_10 = 3, CALLS = 6, REHEARSAL = 7 };

static const double seconds_per_run = 0.04;

/* What is measured: `window` as in network_session; `by_step`: one call a step (and one to teach it) instead of one a sequence. */
static const struct {
  const char *name;
  int window, by_step;
} works[WORKS] = {
    {"inference_step", -1, 1}, {"inference_run", -1, 0}, {"1", 1, 0},      {"10", 10, 0},
    {"100", 100, 0},           {"auto", 0, 0},           {"100_step", 100, 1}, {"10_rehearsal", 10, 0},
};

typedef struct {
  int level;
  double multiply_adds;
} machine;

static int ascending(const void *one, const void *other) {
  double a = *(const double *)one, b = *(const double *)other;
  return (a > b) - (a < b);
}

static double median(double *values, int count) {
  qsort(values, (size_t)count, sizeof *values, ascending);
  return values[count / 2];
}

static hypr_session *session_for(const network *network, int which) {
  return (which == REHEARSAL ? network_rehearsing : network_session)(network, works[which].window);
}

/* Makes the network's whole sequence, from a fresh state. */
static void run_sequence(const network *network, hypr_session *session, int which) {
  size_t steps = (size_t)network->steps;
  if (!works[which].by_step) {
    if (works[which].window < 0) {
      check(hypr_session_reset(session), "reset");
      check(hypr_session_run(session, network->inputs, steps, NULL), "run");
    } else {
      check(hypr_session_reset(session), "reset");
      check(hypr_session_learn_sequence(session, network->inputs, steps, network->labels, NULL, NULL), "learn");
    }
    return;
  }
  float output[64];
  check(hypr_session_reset(session), "reset");
  for (size_t i = 0; i < steps; i++) {
    const float *input = network->inputs + i * network->input_size;
    check(hypr_session_step(session, input, network->input_size, output, network->output_size), "step");
    if (works[which].window >= 0) check(hypr_session_teach_class(session, (uint32_t)network->labels[i]), "teach");
  }
}

/* Seconds per step. */
static double time_sequences(const network *network, hypr_session *session, int which, long repetitions) {
  double start = now();
  for (long i = 0; i < repetitions; i++) run_sequence(network, session, which);
  return (now() - start) / (double)(repetitions * network->steps);
}

/* 99th percentile of the time of one inference step, without that of reading the clock. */
static double slow_step(const network *network, hypr_session *session) {
  enum { COUNT = 20000 };
  static double times[COUNT], clock[COUNT];
  float output[64];
  for (long i = 0; i < COUNT; i++) {
    const float *input = network->inputs + (size_t)(i % network->steps) * network->input_size;
    double start = now();
    check(hypr_session_step(session, input, network->input_size, output, network->output_size), "step");
    times[i] = now() - start;
    start = now();
    clock[i] = now() - start;
  }
  qsort(times, COUNT, sizeof *times, ascending);
  return times[COUNT * 99 / 100] - median(clock, COUNT);
}

typedef struct {
  double times[WORKS]; /* seconds per step, as in `works` */
  double p99;
  int automatic_window;
  hypr_memory_report memory; /* of a session with windows of 100 steps */
  double bandwidth; /* at its working set */
  double floors[WORKS];
} result;

static result measure(const network *network, const machine *machine) {
  result result = {0};
  hypr_session *sessions[WORKS];
  long repetitions[WORKS];
  static double times[WORKS][RUNS];
  for (int which = 0; which < WORKS; which++) {
    sessions[which] = session_for(network, which);
    time_sequences(network, sessions[which], which, 1);
    double once = time_sequences(network, sessions[which], which, 1) * (double)network->steps;
    repetitions[which] = 1 + (long)(seconds_per_run / once);
  }
  for (int turn = 0; turn < RUNS; turn++) {
    for (int which = 0; which < WORKS; which++) {
      times[which][turn] = time_sequences(network, sessions[which], which, repetitions[which]);
    }
  }
  result.p99 = slow_step(network, sessions[0]);
  double window;
  check(hypr_session_get_option(sessions[5], HYPR_OPTION_WINDOW, &window), "window");
  result.automatic_window = (int)window;
  result.memory.struct_size = sizeof result.memory;
  check(hypr_session_memory_report(sessions[4], &result.memory), "memory");
  result.bandwidth = update_bandwidth(floor_of(network, 100).working_set, machine->level);
  for (int which = 0; which < WORKS; which++) {
    result.times[which] = median(times[which], RUNS);
    floor_work work = floor_of(network, works[which].window == 0 ? result.automatic_window : works[which].window);
    result.floors[which] = work.multiply_adds / machine->multiply_adds + work.bytes / result.bandwidth;
    hypr_session_free(sessions[which]);
  }
  return result;
}

static void print_json(const network *network, const result *result, int first) {
  printf("%s\n    {\"neuron\": \"%s\", \"net\": \"%s\", \"steps\": %ld, \"input_rate\": %.4f, \"spike_rate\": %.4f, "
         "\"inference_step\": %.4f, \"inference_step_p99\": %.4f, \"inference_run\": %.4f,\n     \"learning\": {",
         first ? "" : ",", network->neuron, network->net, network->steps, network->input_rate, network->spike_rate,
         1e6 * result->times[0], 1e6 * result->p99, 1e6 * result->times[1]);
  for (int which = 2; which <= CALLS; which++) {
    printf("%s\"%s\": %.4f", which > 2 ? ", " : "", works[which].name, 1e6 * result->times[which]);
  }
  printf("}, \"automatic_window\": %d, \"session_bytes\": %zu, \"update_bandwidth\": %.4g,\n     \"rehearsal_ratio\": %.4f,\n     \"floor\": {",
         result->automatic_window, result->memory.total, result->bandwidth, result->times[REHEARSAL] / result->times[LEARN_10]);
  for (int which = 1; which < CALLS; which++) {
    printf("%s\"%s\": %.4f", which > 1 ? ", " : "", works[which].name, 1e6 * result->floors[which]);
  }
  printf("}}");
}

static void print_row(const network *network, const result *result) {
  printf("%-9s%-12s%-15s%4.1f %%", network->neuron, network->net, network->inputs_text, 100 * network->spike_rate);
  printf("%8.2f%7.2f%7.2f", 1e6 * result->times[0], 1e6 * result->p99, 1e6 * result->times[1]);
  for (int which = 2; which < CALLS; which++) printf("%8.2f", 1e6 * result->times[which]);
  printf(" (%3d)%7.2f%8.2f%6.1fx%8zu%8.2fx\n", result->automatic_window, 1e6 * result->times[CALLS], 1e6 * result->floors[4],
         result->times[4] / result->floors[4], result->memory.total / 1024, result->times[REHEARSAL] / result->times[LEARN_10]);
}

/* Seconds from the start of a process to the end of one that loads a model and makes a step; median of some. */
static double first_step(const char *program, const char *models) {
  extern char **environ;
  enum { COUNT = 21 };
  double times[COUNT];
  char *arguments[] = {(char *)program, "--first-step", (char *)models, NULL};
  for (int i = 0; i < COUNT; i++) {
    pid_t child;
    int status;
    double start = now();
    if (posix_spawn(&child, "/proc/self/exe", NULL, NULL, arguments, environ) != 0) return -1;
    if (waitpid(child, &status, 0) < 0 || status != 0) return -1;
    times[i] = now() - start;
  }
  return median(times, COUNT);
}

static void load_and_step(const char *models) {
  char path[4096];
  hypr_model *model;
  hypr_session *session;
  float input[700] = {0}, output[64];
  snprintf(path, sizeof path, "%s/brf-700-128-20.hypr", models);
  check(hypr_model_load(path, &model, NULL, 0), path);
  check(hypr_session_create(model, NULL, &session, NULL, 0), "session");
  check(hypr_session_step(session, input, 700, output, 20), "step");
}

static long resident_pages(void) {
  long total = 0, resident = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (file && fscanf(file, "%ld %ld", &total, &resident) != 2) resident = 0;
  if (file) fclose(file);
  return resident;
}

/* Cost against λ, against the spike rate, and against the length of a stream. */
static void sweep(const char *models, const machine *machine) {
  static const int windows[] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000};
  static const double rates[] = {0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4};
  network net = network_load(models, 1, "", 0.04);
  printf("{\n  \"network\": \"%s\",\n  \"window\": [", network_name(1));
  for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
    hypr_session *session = network_session(&net, windows[i]);
    double times[RUNS];
    time_sequences(&net, session, 4, 1);
    for (int turn = 0; turn < RUNS; turn++) times[turn] = time_sequences(&net, session, 4, 4);
    floor_work work = floor_of(&net, windows[i]);
    double bandwidth = update_bandwidth(work.working_set, machine->level);
    printf("%s[%d, %.4f, %.4f]", i ? ", " : "", windows[i], 1e6 * median(times, RUNS),
           1e6 * (work.multiply_adds / machine->multiply_adds + work.bytes / bandwidth));
    hypr_session_free(session);
  }
  network_free(&net);
  printf("],\n  \"spike_rate\": [");
  for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
    network lively = network_load(models, 1, "", rates[i]);
    double times[2][RUNS];
    for (int which = 0; which < 2; which++) {
      hypr_session *session = network_session(&lively, which ? 100 : -1);
      time_sequences(&lively, session, which ? 4 : 1, 1);
      for (int turn = 0; turn < RUNS; turn++) times[which][turn] = time_sequences(&lively, session, which ? 4 : 1, 8);
      hypr_session_free(session);
    }
    printf("%s[%.4f, %.4f, %.4f]", i ? ", " : "", lively.spike_rate, 1e6 * median(times[0], RUNS),
           1e6 * median(times[1], RUNS));
    network_free(&lively);
  }
  printf("],\n  \"stream\": [");
  network small = network_load(models, 0, "", 0.04);
  hypr_session *session = network_session(&small, 100);
  float output[64];
  long done = 0;
  for (long decade = 1000; decade <= 1000000; decade *= 10) {
    long steps = decade - done;
    double start = now();
    for (; done < decade; done++) {
      const float *input = small.inputs + (size_t)(done % small.steps) * small.input_size;
      check(hypr_session_step(session, input, small.input_size, output, small.output_size), "step");
      check(hypr_session_teach_class(session, (uint32_t)((size_t)done % small.output_size)), "teach");
    }
    printf("%s[%ld, %.4f, %ld]", decade > 1000 ? ", " : "", decade, 1e6 * (now() - start) / (double)steps, resident_pages());
  }
  printf("]\n}\n");
  hypr_session_free(session);
  network_free(&small);
}

/* Cost against the density of weights. */
static void sparse(const char *models, const machine *machine) {
  static const struct {
    int network;
    const char *weights, *densities[4];
  } tables[] = {{3, "recurrent", {"", "0.5", "0.1", "0.01"}}, {1, "input", {"", "0.1", "0.01"}}};
  for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
    printf("%s, density of the %s weights, µs per step; memory with windows of 100 steps\n\n", network_name(tables[i].network),
           tables[i].weights);
    printf("| density | inference | λ = 1 | λ = 10 | λ = 100 | KiB of parameters / optimizer / traces |\n"
           "|---|---:|---:|---:|---:|---|\n");
    for (int row = 0; row < 4 && tables[i].densities[row]; row++) {
      const char *density = tables[i].densities[row];
      char variant[64] = "";
      if (*density) snprintf(variant, sizeof variant, "-%s-%s", tables[i].weights, density);
      network net = network_load(models, tables[i].network, variant, 0.04);
      result result = measure(&net, machine);
      printf("| %s |", *density ? density : "dense");
      for (int which = 1; which <= 4; which++) {
        double time = 1e6 * result.times[which];
        printf(time < 10 ? " %.2f |" : time < 100 ? " %.1f |" : " %.0f |", time);
      }
      printf(" %zu / %zu / %zu |\n", result.memory.parameters / 1024, result.memory.optimizer / 1024, result.memory.traces / 1024);
      fflush(stdout);
      network_free(&net);
    }
    printf("\n");
  }
}

/* Nothing but steps of one kind: programs that count instructions compare two lengths. */
static void only_work(const char *models, int index, const char *name, long steps, double rate) {
  for (int which = 0; which < WORKS; which++) {
    if (strcmp(works[which].name, name) != 0) continue;
    network net = network_load(models, index, "", rate);
    hypr_session *session = session_for(&net, which);
    for (long done = 0; done < steps; done += net.steps) run_sequence(&net, session, which);
    hypr_session_free(session);
    network_free(&net);
    return;
  }
  fprintf(stderr, "bench: there is no work '%s'\n", name);
  exit(1);
}

static void usage(void) {
  fprintf(stderr, "usage: bench [--json] [--sweep] [--sparse] [--silence] [--copy] [--only TEXT] [--spike-rate RATE]\n"
                  "             [--save FOLDER] [--work NAME --steps N] MODELS\n");
  exit(1);
}

int main(int count, char **arguments) {
  static const struct option options[] = {
      {"json", no_argument, NULL, 'j'},        {"sweep", no_argument, NULL, 's'}, {"first-step", no_argument, NULL, 'f'},
      {"sparse", no_argument, NULL, 'p'},      {"silence", no_argument, NULL, 'q'}, {"copy", no_argument, NULL, 'c'},
      {"only", required_argument, NULL, 'o'},  {"save", required_argument, NULL, 'd'},
      {"work", required_argument, NULL, 'w'},  {"steps", required_argument, NULL, 'n'},
      {"spike-rate", required_argument, NULL, 'r'}, {NULL, 0, NULL, 0}};
  int json = 0, sweeps = 0, sparses = 0, copies = 0;
  const char *only = "", *folder = NULL, *work = NULL;
  long steps = 1000;
  double rate = 0.04;
  for (int option; (option = getopt_long(count, arguments, "", options, NULL)) != -1;) {
    switch (option) {
      case 'j': json = 1; break;
      case 's': sweeps = 1; break;
      case 'p': sparses = 1; break;
      case 'c': copies = 1; break;
      case 'q': print_silence(); return 0;
      case 'o': only = optarg; break;
      case 'd': folder = optarg; break;
      case 'w': work = optarg; break;
      case 'n': steps = atol(optarg); break;
      case 'r': rate = atof(optarg); break;
      case 'f':
        if (optind != count - 1) usage();
        load_and_step(arguments[optind]);
        return 0;
      default: usage();
    }
  }
  if (optind != count - 1) usage();
  const char *models = arguments[optind];

  if (copies) {
    print_copy(models);
    return 0;
  }
  machine machine = {.level = cpu_level()};
  if (!work) machine.multiply_adds = multiply_add_rate(machine.level);
  if (sweeps) {
    sweep(models, &machine);
    return 0;
  }
  if (sparses) {
    sparse(models, &machine);
    return 0;
  }
  double start_up = work ? 0 : first_step(arguments[0], models);
  if (json) {
    printf("{\"version\": \"%s\", \"level\": %d, \"multiply_adds\": %.4g, \"first_step_ms\": %.3f, \"networks\": [",
           hypr_version_string(), machine.level, machine.multiply_adds, 1e3 * start_up);
  } else if (!work) {
    printf("hypr %s, CPU level %d; this core: %.1f billion multiply-adds a second\n", hypr_version_string(),
           machine.level, 1e-9 * machine.multiply_adds);
    printf("a process that loads brf-700-128-20, makes a step and ends: %.2f ms\n\n", 1e3 * start_up);
    printf("Microseconds per step, one thread, medians of %d runs; learning for windows of 1, 10, 100 and automatic (their\n"
           "length), and of 100 by single calls; floor for 100; a step with rehearsal of 30 steps after each window of 10, over\n"
           "one without.\n\n", RUNS);
    printf("                                             inference               learning\n");
    printf("neuron   net         inputs         spikes    step    p99    run       1      10     100    auto"
           "        calls   floor  ratio     KiB  rehearsal\n");
  }
  int found = 0;
  for (int index = 0; index < NETWORKS; index++) {
    if (!strstr(network_name(index), only)) continue;
    if (work) {
      only_work(models, index, work, steps, rate);
      return 0;
    }
    network net = network_load(models, index, "", rate);
    if (folder) network_save(&net, folder);
    result result = measure(&net, &machine);
    if (json) print_json(&net, &result, found == 0);
    else print_row(&net, &result);
    fflush(stdout);
    network_free(&net);
    found++;
  }
  if (json) printf("\n]}\n");
  else if (!*only) print_silence();
  if (found == 0) fprintf(stderr, "bench: no network has '%s' in its name\n", only);
  return found == 0;
}
