/*
 * A network that recognises exercises from a smartwatch meets a person it has never seen, and learns while it runs,
 * one sample at a time.
 *
 *   adapt MODEL STREAM ADAPTED_MODEL [SAMPLES.csv]
 *
 * The stream begins with a calibration session: sets of the exercises alternate, and labels arrive. A test follows, in
 * which nothing is taught; only the test counts. The program runs the stream without learning, then with it; then one
 * exercise after the other, as life comes: without rehearsal, then with it. What was learned last is saved. SAMPLES.csv
 * receives a line per sample, for pictures. About model and stream: examples/watch/README.md.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "hypr.h"

enum { CHANNELS = 6, EXERCISES = 7, SAMPLE_BYTES = 14 };
enum { CALIBRATION, LABELLED_CALIBRATION, TEST };

/* What is rehearsed: a memory of so many bytes, and so many windows by themselves when the calibration is over. */
enum { REHEARSAL_BYTES = 65536, WINDOWS_AT_REST = 2000 };

typedef struct {
  float values[CHANNELS]; /* acceleration in g, angular velocity in rad/s */
  uint32_t exercise;
  int kind; /* CALIBRATION, LABELLED_CALIBRATION or TEST */
} watch_sample;

typedef struct {
  unsigned correct, count;
} score;

/* Ends the program if a call failed. */
static void check(hypr_status status, const char *action, const char *message) {
  if (status == HYPR_OK) return;
  fprintf(stderr, "cannot %s: %s: %s\n", action, hypr_status_name(status), message);
  exit(EXIT_FAILURE);
}

/* Reads all samples of a file: six signed 16-bit integers in thousandths, low byte first; exercise; kind. */
static watch_sample *read_samples(const char *path, size_t *count) {
  unsigned char bytes[SAMPLE_BYTES];
  watch_sample *samples = NULL;
  FILE *file = fopen(path, "rb");
  if (!file) perror(path), exit(EXIT_FAILURE);
  for (*count = 0; fread(bytes, SAMPLE_BYTES, 1, file) == 1; ++*count) {
    if (*count % 4096 == 0) samples = realloc(samples, (*count + 4096) * sizeof *samples);
    if (!samples) perror("cannot read the samples"), exit(EXIT_FAILURE);
    watch_sample *sample = &samples[*count];
    for (int channel = 0; channel < CHANNELS; channel++) {
      int value = bytes[2 * channel] | bytes[2 * channel + 1] << 8;
      sample->values[channel] = (float)(value < 32768 ? value : value - 65536) / 1000;
    }
    sample->exercise = bytes[12];
    sample->kind = bytes[13];
  }
  fclose(file);
  return samples;
}

/* The same calibration session with all sets of an exercise in a row. qsort cannot do that: it may change the order of equals. */
static void sort_into_blocks(watch_sample *samples, size_t count) {
  watch_sample *sorted = malloc(count * sizeof *sorted);
  size_t placed = 0;
  if (!sorted) perror("cannot sort the samples"), exit(EXIT_FAILURE);
  for (uint32_t exercise = 0; exercise < EXERCISES; exercise++)
    for (size_t index = 0; index < count; index++)
      if (samples[index].kind != TEST && samples[index].exercise == exercise) sorted[placed++] = samples[index];
  for (size_t index = 0; index < placed; index++) samples[index] = sorted[index]; /* the test comes after them, and stays */
  free(sorted);
}

/* The exercise with the largest output. */
static uint32_t largest(const float *outputs) {
  uint32_t best = 0;
  for (uint32_t index = 1; index < EXERCISES; index++) best = outputs[index] > outputs[best] ? index : best;
  return best;
}

static void add(score *score, unsigned correct) { score->count++, score->correct += correct; }

static double percent(score score) { return score.count ? 100.0 * score.correct / score.count : 0; }

/* Prints a share as a number and as a bar. */
static void print_line(const char *name, score score) {
  static const char bar[] = "########################################";
  printf("  %-20s %5.1f %%  %.*s\n", name ? name : "no name", percent(score), (int)(percent(score) * 0.4), bar);
}

static double microseconds_since(clock_t start) { return 1e6 * (double)(clock() - start) / CLOCKS_PER_SEC; }

/* Runs the stream in a session; returns how many percent of the test samples were recognised. */
static double run(hypr_session *session, const hypr_model *model, const watch_sample *samples, size_t count, int learning,
                  int rehearsal, int pass, FILE *lines) {
  float outputs[EXERCISES];
  score calibration = {0, 0}, test = {0, 0}, exercises[EXERCISES] = {{0, 0}};
  double rest = 0;
  clock_t start = clock();

  for (size_t index = 0; index < count; index++) {
    const watch_sample *sample = &samples[index];
    if (rehearsal && sample->kind == TEST && test.count == 0) { /* calibration is over, and the device has time */
      clock_t rest_start = clock();
      check(hypr_session_rehearse(session, WINDOWS_AT_REST), "rehearse", hypr_session_message(session));
      rest = microseconds_since(rest_start);
    }
    check(hypr_session_step(session, sample->values, CHANNELS, outputs, EXERCISES), "step", hypr_session_message(session));
    if (learning && sample->kind == LABELLED_CALIBRATION)
      check(hypr_session_teach_class(session, sample->exercise), "teach", hypr_session_message(session));

    unsigned correct = largest(outputs) == sample->exercise;
    if (lines) fprintf(lines, "%d,%d,%u,%u\n", pass, sample->kind, (unsigned)sample->exercise, correct);
    if (sample->kind != TEST) add(&calibration, correct);
    else add(&test, correct), add(&exercises[sample->exercise], correct);
  }
  double microseconds = microseconds_since(start) - rest;

  hypr_statistics statistics = {.struct_size = sizeof statistics};
  check(hypr_session_statistics(session, &statistics), "read the statistics", hypr_session_message(session));
  print_line("calibration", calibration);
  for (uint32_t index = 0; index < EXERCISES; index++) print_line(hypr_model_class_label(model, index), exercises[index]);
  print_line("all of the test", test);
  printf("  %zu samples, %llu updates, %.1f microseconds per sample", count, (unsigned long long)statistics.updates,
         microseconds / (count ? (double)count : 1));
  if (rehearsal) printf(", %.0f milliseconds at rest", rest / 1000);
  printf("\n\n");
  return percent(test);
}

int main(int argc, char **argv) {
  static const struct {
    const char *title;
    int blocks, learning, rehearsal;
  } passes[] = {
    {"sets alternate, learning off", 0, 0, 0},
    {"sets alternate, learning on", 0, 1, 0},
    {"one exercise after the other, learning on", 1, 1, 0},
    {"one exercise after the other, learning on, with rehearsal", 1, 1, 1},
  };
  enum { PASSES = sizeof passes / sizeof *passes };
  if (argc != 4 && argc != 5)
    return fprintf(stderr, "usage: %s MODEL STREAM ADAPTED_MODEL [SAMPLES.csv]\n", argv[0]), EXIT_FAILURE;
  FILE *lines = argc == 5 ? fopen(argv[4], "w") : NULL;
  if (argc == 5 && !lines) return perror(argv[4]), EXIT_FAILURE;
  if (lines) fprintf(lines, "pass,kind,exercise,correct\n");

  size_t count;
  watch_sample *samples = read_samples(argv[2], &count);
  char message[256];
  hypr_model *model;
  check(hypr_model_load(argv[1], &model, message, sizeof message), "load the model", message);

  double accuracy[PASSES];
  for (int pass = 0; pass < PASSES; pass++) {
    if (passes[pass].blocks && !passes[pass - 1].blocks) sort_into_blocks(samples, count);

    /* The model file recommends how to learn (hypr info MODEL shows it); hypr_options_set would override that. */
    hypr_options *options;
    hypr_session *session;
    check(hypr_options_create(&options, message, sizeof message), "make options", message);
    check(hypr_options_set(options, HYPR_OPTION_LEARNING, passes[pass].learning), "turn learning on",
          hypr_options_message(options));
    check(hypr_options_set(options, HYPR_OPTION_REHEARSAL_BYTES, passes[pass].rehearsal ? REHEARSAL_BYTES : 0),
          "turn rehearsal on", hypr_options_message(options));
    check(hypr_session_create(model, options, &session, message, sizeof message), "make a session", message);
    hypr_options_free(options);

    printf("%s\n", passes[pass].title);
    accuracy[pass] = run(session, model, samples, count, passes[pass].learning, passes[pass].rehearsal, pass, lines);
    if (pass == PASSES - 1) check(hypr_session_save_model(session, argv[3]), "save the model", hypr_session_message(session));
    hypr_session_free(session);
  }
  hypr_model_free(model);
  free(samples);
  if (lines && fclose(lines)) return perror(argv[4]), EXIT_FAILURE;
  printf("the adapted model is saved: %s\n", argv[3]);
  printf("accuracy without learning %.1f %%, with learning %.1f %%\n", accuracy[0], accuracy[1]);
  printf("one exercise after the other: with learning %.1f %%, with rehearsal %.1f %%\n", accuracy[2], accuracy[3]);
  return EXIT_SUCCESS;
}
