/*
 * A network learns to remember: one of two cues is given, then there is only noise for a long time, then a signal at
 * which the network must name the cue.
 *
 *   cue_recall MODEL STEPS [SEQUENCES [cut]]
 *
 * It learns on SEQUENCES (400) sequences of STEPS steps, one at a time, and is tested on others without learning. Only
 * the steps of the signal have a target: what the cue contributed to the error there is carried forward in the session,
 * whose size does not depend on STEPS. With "cut" the eligibility is cleared at the start of the signal. The neurons
 * then still remember the cue, but its weights get no credit for that. Exit status: 0 if at least 95 % of the test is
 * right, 1 if not, 2 after an error. Model and results: docs/cue-recall.md.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hypr.h"

enum { CUE_0, CUE_1, NOISE, SIGNAL, CUES = 2 }; /* input channels; the outputs are the cues */
enum { ONSETS = 100, CUE_STEPS = 50, SIGNAL_STEPS = 50, WINDOW = 100, TESTS = 200, SEQUENCES_PER_LINE = 100 };
static const double cue_rate = 0.5, noise_rate = 0.2, signal_rate = 0.5; /* spikes per step */

typedef enum { WITHOUT_LEARNING, LEARNING, LEARNING_CUT } run_mode;

/* Ends the program if a call failed. */
static void check(hypr_status status, const char *action, const char *message) {
  if (status == HYPR_OK) return;
  fprintf(stderr, "cannot %s: %s: %s\n", action, hypr_status_name(status), message);
  exit(2);
}

/* Uniform in [0, 1), and the same on every system (splitmix64). */
static double uniform(uint64_t *seed) {
  uint64_t bits = *seed += 0x9e3779b97f4a7c15u;
  bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9u;
  bits = (bits ^ bits >> 27) * 0x94d049bb133111ebu;
  return (double)((bits ^ bits >> 31) >> 11) / 9007199254740992.0;
}

/* Runs one sequence from a fresh state; returns whether the mean output during the signal is largest for the cue. */
static int run_sequence(hypr_session *session, long steps, uint32_t cue, run_mode mode, uint64_t *seed) {
  float outputs[CUES], sums[CUES] = {0, 0};
  long cue_start = (long)(uniform(seed) * ONSETS), signal_start = steps - SIGNAL_STEPS;

  for (long step = 0; step < steps; step++) {
    uint32_t spikes[3];
    size_t count = 0;
    if (step >= cue_start && step < cue_start + CUE_STEPS && uniform(seed) < cue_rate) spikes[count++] = cue;
    if (uniform(seed) < noise_rate) spikes[count++] = NOISE;
    if (step >= signal_start && uniform(seed) < signal_rate) spikes[count++] = SIGNAL;

    if (mode == LEARNING_CUT && step == signal_start)
      check(hypr_session_reset_parts(session, HYPR_RESET_TRACES), "clear the traces", hypr_session_message(session));
    check(hypr_session_step_spikes(session, spikes, count, outputs, CUES), "step", hypr_session_message(session));
    if (step < signal_start) continue;
    for (int index = 0; index < CUES; index++) sums[index] += outputs[index];
    if (mode != WITHOUT_LEARNING)
      check(hypr_session_teach_class(session, cue), "teach", hypr_session_message(session));
  }
  /* This ends the sequence. A session that learns makes its update here: the outputs above came before it. */
  check(hypr_session_reset(session), "reset", hypr_session_message(session));
  return cue == (sums[CUE_1] > sums[CUE_0] ? CUE_1 : CUE_0);
}

/* Percent right of test sequences, which are the same in every call; each cue has one half of them. */
static double test(hypr_session *session, long steps) {
  uint64_t seed = 1;
  int correct = 0;
  for (uint32_t i = 0; i < TESTS; i++) correct += run_sequence(session, steps, i % CUES, WITHOUT_LEARNING, &seed);
  return 100.0 * correct / TESTS;
}

static void set(hypr_options *options, hypr_option key, double value) {
  check(hypr_options_set(options, key, value), "set an option", hypr_options_message(options));
}

int main(int argc, char **argv) {
  long steps = argc >= 3 ? atol(argv[2]) : 0, sequences = argc >= 4 ? atol(argv[3]) : 400;
  int cut = argc == 5 && strcmp(argv[4], "cut") == 0, shortest = ONSETS + CUE_STEPS + SIGNAL_STEPS;
  if (argc > 5 || (argc == 5 && !cut) || steps < shortest || sequences < 1)
    return fprintf(stderr, "usage: %s MODEL STEPS [SEQUENCES [cut]], STEPS from %d\n", argv[0], shortest), 2;

  char message[256];
  hypr_model *model;
  hypr_options *options;
  hypr_session *learner, *runner;
  check(hypr_model_load(argv[1], &model, message, sizeof message), "load the model", message);
  check(hypr_options_create(&options, message, sizeof message), "make options", message);
  set(options, HYPR_OPTION_LEARNING, 1);
  set(options, HYPR_OPTION_WINDOW, WINDOW);
  set(options, HYPR_OPTION_UPDATE, HYPR_UPDATE_SEQUENCE);
  set(options, HYPR_OPTION_OPTIMIZER, HYPR_OPTIMIZER_ADAM);
  set(options, HYPR_OPTION_LEARNING_RATE, 0.01);
  /* The phase of a neuron at the signal is ω dt STEPS: a small change of ω turns it far. */
  set(options, HYPR_OPTION_RATE_NEURON_PARAMETERS, 0.1);
  check(hypr_session_create(model, options, &learner, message, sizeof message), "make a session", message);
  check(hypr_session_create(model, NULL, &runner, message, sizeof message), "make a session", message);
  hypr_options_free(options);

  hypr_memory_report memory = {.struct_size = sizeof memory};
  check(hypr_session_memory_report(learner, &memory), "tell the memory", hypr_session_message(learner));
  printf("%ld steps, session %zu bytes\n", steps, memory.total);
  printf("  untrained        %5.1f %% of %d test sequences\n", test(runner, steps), TESTS);

  clock_t start = clock();
  uint64_t seed = 0;
  for (long done = 0, correct = 0; done < sequences;) {
    uint32_t cue = uniform(&seed) < 0.5 ? CUE_0 : CUE_1;
    correct += run_sequence(learner, steps, cue, cut ? LEARNING_CUT : LEARNING, &seed);
    if (++done % SEQUENCES_PER_LINE) continue;
    printf("  sequence %7ld %5.1f %% of the last %d, each before it was learned\n", done,
           100.0 * (double)correct / SEQUENCES_PER_LINE, SEQUENCES_PER_LINE);
    correct = 0;
  }
  double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;

  size_t count = hypr_model_parameter_count(model);
  float *parameters = malloc(count * sizeof *parameters);
  if (!parameters) return fprintf(stderr, "no memory\n"), 2;
  check(hypr_session_get_parameters(learner, parameters, count), "copy the parameters", hypr_session_message(learner));
  check(hypr_session_set_parameters(runner, parameters, count), "copy the parameters", hypr_session_message(runner));
  free(parameters);

  double accuracy = test(runner, steps);
  printf("  learned          %5.1f %% of the test sequences, after %.1f s\n", accuracy, seconds);
  hypr_session_free(learner);
  hypr_session_free(runner);
  hypr_model_free(model);
  return accuracy >= 95 ? EXIT_SUCCESS : EXIT_FAILURE;
}
