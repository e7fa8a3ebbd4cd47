/* Parameters from a session that learns to one that predicts, in three ways. */
#include "copy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "networks.h"

enum { TURNS = 9, WAYS = 3 };

static int ascending(const void *one, const void *other) {
  double a = *(const double *)one, b = *(const double *)other;
  return (a > b) - (a < b);
}

typedef struct {
  hypr_session *predictor, *learner;
  float *flat, *memory;
  size_t count;
} pair;

static void copy(pair *pair, int way) {
  switch (way) {
    case 0: check(hypr_session_copy_parameters(pair->predictor, pair->learner), "copy"); break;
    case 1:
      check(hypr_session_get_parameters(pair->learner, pair->flat, pair->count), "get");
      check(hypr_session_set_parameters(pair->predictor, pair->flat, pair->count), "set");
      break;
    default:
      memcpy(pair->memory, pair->flat, pair->count * sizeof *pair->flat);
      __asm__ volatile("" : : "r"(pair->memory) : "memory"); /* somebody reads it */
  }
}

void print_copy(const char *models) {
  printf("Microseconds for all parameters of one session in another, medians of %d runs\n\n", TURNS);
  printf("| network | parameters | copy_parameters | get and set | memcpy |\n|---|---:|---:|---:|---:|\n");
  for (int index = 0; index < NETWORKS; index++) {
    network net = network_load(models, index, "", 0.04);
    pair pair = {.predictor = network_session(&net, -1), .learner = network_session(&net, 10),
                 .count = hypr_model_parameter_count(net.model)};
    pair.flat = malloc(pair.count * sizeof *pair.flat);
    pair.memory = malloc(pair.count * sizeof *pair.memory);
    double turns[WAYS][TURNS];
    for (int turn = -1; turn < TURNS; turn++) {
      for (int way = 0; way < WAYS; way++) {
        long times = 1 + 2000000 / (long)pair.count;
        double start = now();
        for (long i = 0; i < times; i++) copy(&pair, way);
        if (turn >= 0) turns[way][turn] = 1e6 * (now() - start) / (double)times;
      }
    }
    printf("| %s | %zu |", network_name(index), pair.count);
    for (int way = 0; way < WAYS; way++) {
      qsort(turns[way], TURNS, sizeof(double), ascending);
      double time = turns[way][TURNS / 2];
      printf(time < 10 ? " %.2f |" : " %.0f |", time);
    }
    printf("\n");
    fflush(stdout);
    free(pair.flat);
    free(pair.memory);
    hypr_session_free(pair.predictor);
    hypr_session_free(pair.learner);
    network_free(&net);
  }
}
