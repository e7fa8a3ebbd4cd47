/*
 * A network that tells the modes of a machine apart gets a sensor that was mounted anew, and learns while it runs, from
 * two minutes in which somebody says the mode.
 *
 *   monitor MODEL CALIBRATION TEST ADAPTED_MODEL
 *
 * Both recordings are files of comma-separated values as record.py makes them: a line of names, then the time, a column for each
 * input, and the mode, which is empty where nobody says it. The program counts on the test, in which nothing is taught, before and
 * after the calibration. Conditioning, windows, rate: all is in the model file; the one option is that the session learns.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hypr.h"

enum { MAX_CHANNELS = 16, MAX_CLASSES = 32, LINE_BYTES = 512 };

/* Ends the program if a call failed. */
static void check(hypr_status status, const char *action, const char *message) {
  if (status == HYPR_OK) return;
  fprintf(stderr, "cannot %s: %s: %s\n", action, hypr_status_name(status), message);
  exit(EXIT_FAILURE);
}

static void refuse(const char *path, unsigned line, const char *why) {
  fprintf(stderr, "%s, line %u: %s\n", path, line, why);
  exit(EXIT_FAILURE);
}

/* The class of this name; -1 for an empty one. */
static int class_of(const hypr_model *model, const char *name, const char *path, unsigned line) {
  if (!*name) return -1;
  for (size_t index = 0; index < hypr_model_output_size(model); index++) {
    const char *label = hypr_model_class_label(model, index);
    if (label && !strcmp(label, name)) return (int)index;
  }
  refuse(path, line, "the model does not know this mode");
  return -1;
}

static size_t largest(const float *outputs, size_t count) {
  size_t best = 0;
  for (size_t index = 1; index < count; index++)
    if (outputs[index] > outputs[best]) best = index;
  return best;
}

/* Makes a step with each row, and teaches its mode if asked; returns how many percent of the known modes were recognised. */
static double run(hypr_session *session, const hypr_model *model, const char *path, int teach) {
  size_t channels = hypr_model_input_size(model), classes = hypr_model_output_size(model);
  float sample[MAX_CHANNELS], outputs[MAX_CLASSES];
  char text[LINE_BYTES];
  unsigned line = 1, correct = 0, count = 0;
  FILE *file = fopen(path, "r");
  if (!file || !fgets(text, sizeof text, file)) perror(path), exit(EXIT_FAILURE); /* the line of names */

  while (fgets(text, sizeof text, file)) {
    char *rest = strchr(text, ','); /* behind the time */
    line++;
    for (size_t channel = 0; channel < channels; channel++) {
      char *number = rest ? rest + 1 : text;
      sample[channel] = strtof(number, &rest);
      if (rest == number || *rest != ',') refuse(path, line, "a number is missing");
    }
    rest[1 + strcspn(rest + 1, "\r\n")] = 0;
    int mode = class_of(model, rest + 1, path, line);

    check(hypr_session_step(session, sample, channels, outputs, classes), "step", hypr_session_message(session));
    if (mode < 0) continue;
    count++, correct += largest(outputs, classes) == (size_t)mode;
    if (teach) check(hypr_session_teach_class(session, (uint32_t)mode), "teach", hypr_session_message(session));
  }
  fclose(file);
  return count ? 100.0 * correct / count : 0;
}

static hypr_session *new_session(const hypr_model *model, int learning) {
  char message[256];
  hypr_options *options;
  hypr_session *session;
  check(hypr_options_create(&options, message, sizeof message), "make options", message);
  check(hypr_options_set(options, HYPR_OPTION_LEARNING, learning), "turn learning on", hypr_options_message(options));
  check(hypr_session_create(model, options, &session, message, sizeof message), "make a session", message);
  hypr_options_free(options);
  return session;
}

int main(int argc, char **argv) {
  if (argc != 5) return fprintf(stderr, "usage: %s MODEL CALIBRATION TEST ADAPTED_MODEL\n", argv[0]), EXIT_FAILURE;
  char message[256];
  hypr_model *model;
  check(hypr_model_load(argv[1], &model, message, sizeof message), "load the model", message);
  if (hypr_model_input_size(model) > MAX_CHANNELS || hypr_model_output_size(model) > MAX_CLASSES)
    return fprintf(stderr, "%s has more channels or classes than this program\n", argv[1]), EXIT_FAILURE;

  hypr_session *session = new_session(model, 0);
  double before = run(session, model, argv[3], 0);
  hypr_session_free(session);

  session = new_session(model, 1);
  double meanwhile = run(session, model, argv[2], 1);
  double after = run(session, model, argv[3], 0);
  check(hypr_session_save_model(session, argv[4]), "save the model", hypr_session_message(session));
  hypr_session_free(session);
  hypr_model_free(model);

  printf("before calibration %.1f %%, in it %.1f %%, after it %.1f %%\n", before, meanwhile, after);
  printf("the adapted model is saved: %s\n", argv[4]);
  return EXIT_SUCCESS;
}
