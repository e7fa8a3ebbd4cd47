/*
 * A network that recognises exercises from a smartwatch meets a person it has never seen, and learns while it runs,
 * one sample at a time.
 *
 *   adapt MODEL STREAM ADAPTED_MODEL
 *
 * The stream begins with a calibration session: the exercises alternate, and labels arrive. A test follows, in which
 * nothing is taught; only the test counts. The program runs the stream without learning, then with learning, and saves
 * what was learned. About model and stream: examples/watch/README.md.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "hypr.h"

enum { CHANNELS = 6, EXERCISES = 7, SAMPLE_BYTES = 14, SAMPLES_PER_LINE = 2500 };
enum { CALIBRATION, LABELLED_CALIBRATION, TEST };

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

/* Reads a sample: six signed 16-bit integers in thousandths, low byte first; exercise; kind. Returns 0 at the end. */
static int read_sample(FILE *stream, watch_sample *sample) {
  unsigned char bytes[SAMPLE_BYTES];
  if (fread(bytes, SAMPLE_BYTES, 1, stream) != 1) return 0;
  for (int channel = 0; channel < CHANNELS; channel++) {
    int value = bytes[2 * channel] | bytes[2 * channel + 1] << 8;
    sample->values[channel] = (float)(value < 32768 ? value : value - 65536) / 1000;
  }
  sample->exercise = bytes[12];
  sample->kind = bytes[13];
  return 1;
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
  if (score.count == 0) return;
  printf("  %-20s %5.1f %%  %.*s\n", name ? name : "no name", percent(score), (int)(percent(score) * 0.4), bar);
}

/* Runs the stream in a session; returns how many percent of the test samples were recognised. */
static double run(hypr_session *session, const hypr_model *model, FILE *stream, int learning) {
  watch_sample sample;
  float outputs[EXERCISES];
  score all = {0, 0}, test = {0, 0}, line = {0, 0};
  const char *name = "calibration", *line_name = name;
  clock_t start = clock();

  for (rewind(stream); read_sample(stream, &sample);) {
    check(hypr_session_step(session, sample.values, CHANNELS, outputs, EXERCISES), "step",
          hypr_session_message(session));
    if (learning && sample.kind == LABELLED_CALIBRATION)
      check(hypr_session_teach_class(session, sample.exercise), "teach", hypr_session_message(session));

    if (sample.kind == TEST) name = hypr_model_class_label(model, sample.exercise);
    if (name != line_name || (sample.kind != TEST && line.count == SAMPLES_PER_LINE)) {
      print_line(line_name, line);
      line_name = name, line = (score){0, 0};
    }
    unsigned correct = largest(outputs) == sample.exercise;
    add(&all, correct), add(&line, correct);
    if (sample.kind == TEST) add(&test, correct);
  }
  print_line(line_name, line);
  double microseconds = 1e6 * (double)(clock() - start) / CLOCKS_PER_SEC;

  hypr_statistics statistics = {.struct_size = sizeof statistics};
  check(hypr_session_statistics(session, &statistics), "read the statistics", hypr_session_message(session));
  print_line("all of the test", test);
  printf("  %u samples, %llu updates, %.1f microseconds per sample\n\n", all.count,
         (unsigned long long)statistics.updates, microseconds / (all.count ? all.count : 1));
  return percent(test);
}

int main(int argc, char **argv) {
  if (argc != 4) return fprintf(stderr, "usage: %s MODEL STREAM ADAPTED_MODEL\n", argv[0]), EXIT_FAILURE;
  FILE *stream = fopen(argv[2], "rb");
  if (!stream) return perror(argv[2]), EXIT_FAILURE;

  char message[256];
  hypr_model *model;
  check(hypr_model_load(argv[1], &model, message, sizeof message), "load the model", message);

  /* The model file recommends how to learn (hypr info MODEL shows it); hypr_options_set would override that. */
  double accuracy[2];
  for (int learning = 0; learning <= 1; learning++) {
    hypr_options *options;
    hypr_session *session;
    check(hypr_options_create(&options, message, sizeof message), "make options", message);
    check(hypr_options_set(options, HYPR_OPTION_LEARNING, learning), "turn learning on", hypr_options_message(options));
    check(hypr_session_create(model, options, &session, message, sizeof message), "make a session", message);
    hypr_options_free(options);

    printf("learning %s\n", learning ? "on" : "off");
    accuracy[learning] = run(session, model, stream, learning);
    if (learning) check(hypr_session_save_model(session, argv[3]), "save the model", hypr_session_message(session));
    hypr_session_free(session);
  }
  hypr_model_free(model);
  fclose(stream);
  printf("the adapted model is saved: %s\n", argv[3]);
  printf("accuracy without learning %.1f %%, with learning %.1f %%\n", accuracy[0], accuracy[1]);
  return EXIT_SUCCESS;
}
