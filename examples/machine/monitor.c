/*
 * A network that tells the modes of a machine apart gets a sensor that was mounted anew, and learns while it runs, from
 * two minutes in which somebody says the mode.
 *
 *   monitor MODEL CALIBRATION TEST ADAPTED_MODEL [MODE_COLUMN]
 *
 * Both recordings are files of comma-separated values without quotes, such as record.py makes: a line of names, then a row per
 * sample. Columns are found by their names: those of the model's inputs, and that of the mode, "mode" unless a fifth argument names
 * it, which is empty where nobody says the mode. The program counts on the test, in which nothing is taught, before and after the
 * calibration. Conditioning, windows, rate: all is in the model file; the one option is that the session learns.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hypr.h"

enum { MAX_CHANNELS = 16, MAX_CLASSES = 32, MAX_COLUMNS = 64, LINE_BYTES = 1024 };

/* Ends the program if a call failed. */
static void check(hypr_status status, const char *action, const char *message) {
  if (status == HYPR_OK) return;
  fprintf(stderr, "cannot %s: %s: %s\n", action, hypr_status_name(status), message);
  exit(EXIT_FAILURE);
}

static void refuse(const char *path, unsigned line, const char *why, const char *name) {
  fprintf(stderr, "%s, line %u: %s%s\n", path, line, why, name);
  exit(EXIT_FAILURE);
}

/* Cuts a line at its commas; returns how many fields it has. */
static size_t split(char *text, char *fields[MAX_COLUMNS]) {
  size_t count = 0;
  text[strcspn(text, "\r\n")] = 0;
  while (text && count < MAX_COLUMNS) {
    fields[count++] = text;
    if ((text = strchr(text, ','))) *text++ = 0;
  }
  return count;
}

/* Which column has this name. */
static size_t column_of(const char *name, char *header[], size_t count, const char *path) {
  for (size_t column = 0; column < count; column++)
    if (!strcmp(header[column], name)) return column;
  refuse(path, 1, "there is no column ", name);
  return 0;
}

/* The class of this name; -1 for an empty one. */
static int class_of(const hypr_model *model, const char *name, const char *path, unsigned line) {
  if (!*name) return -1;
  for (size_t index = 0; index < hypr_model_output_size(model); index++) {
    const char *label = hypr_model_class_label(model, index);
    if (label && !strcmp(label, name)) return (int)index;
  }
  refuse(path, line, "the model does not know the mode ", name);
  return -1;
}

static size_t largest(const float *outputs, size_t count) {
  size_t best = 0;
  for (size_t index = 1; index < count; index++)
    if (outputs[index] > outputs[best]) best = index;
  return best;
}

/* Makes a step with each row, and teaches its mode if asked; returns how many percent of the known modes were recognised. */
static double run(hypr_session *session, const hypr_model *model, const char *path, const char *mode_name, int teach) {
  size_t channels = hypr_model_input_size(model), classes = hypr_model_output_size(model);
  float sample[MAX_CHANNELS], outputs[MAX_CLASSES];
  char text[LINE_BYTES], *fields[MAX_COLUMNS];
  size_t column[MAX_CHANNELS];
  unsigned line = 1, correct = 0, count = 0;
  FILE *file = fopen(path, "r");
  if (!file || !fgets(text, sizeof text, file)) perror(path), exit(EXIT_FAILURE); /* the line of names */
  size_t columns = split(text, fields), mode_column = column_of(mode_name, fields, columns, path);
  for (size_t channel = 0; channel < channels; channel++) {
    const char *name = hypr_model_input_name(model, channel);
    if (!name) refuse(path, line, "the model's inputs have no names", "");
    column[channel] = column_of(name, fields, columns, path);
  }

  while (fgets(text, sizeof text, file)) {
    line++;
    if (split(text, fields) != columns) refuse(path, line, "it has not as many columns as the line of names", "");
    for (size_t channel = 0; channel < channels; channel++) {
      char *number = fields[column[channel]], *end;
      sample[channel] = strtof(number, &end);
      if (end == number || *end) refuse(path, line, "expected a number, found ", *number ? number : "an empty value");
    }
    int mode = class_of(model, fields[mode_column], path, line);

    check(hypr_session_step(session, sample, channels, outputs, classes), "step", hypr_session_message(session));
    if (mode < 0) continue;
    count++, correct += largest(outputs, classes) == (size_t)mode;
    if (teach) check(hypr_session_teach_class(session, (uint32_t)mode), "teach", hypr_session_message(session));
  }
  fclose(file);
  return count ? 100.0 * correct / count : 0;
}

/* Says what stands in the way, such as inputs of another unit than in training. */
static void tell(hypr_session *session) {
  char text[2048];
  uint32_t findings;
  check(hypr_session_diagnose(session, &findings, text, sizeof text), "look at the session", hypr_session_message(session));
  if (findings) fprintf(stderr, "%s\n", text);
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
  if (argc != 5 && argc != 6)
    return fprintf(stderr, "usage: %s MODEL CALIBRATION TEST ADAPTED_MODEL [MODE_COLUMN]\n", argv[0]), EXIT_FAILURE;
  const char *mode = argc == 6 ? argv[5] : "mode";
  char message[256];
  hypr_model *model;
  if (hypr_model_load(argv[1], &model, message, sizeof message)) return fprintf(stderr, "%s: %s\n", argv[1], message), EXIT_FAILURE;
  if (hypr_model_input_size(model) > MAX_CHANNELS || hypr_model_output_size(model) > MAX_CLASSES)
    return fprintf(stderr, "%s has more channels or classes than this program\n", argv[1]), EXIT_FAILURE;

  hypr_session *session = new_session(model, 0);
  double before = run(session, model, argv[3], mode, 0);
  hypr_session_free(session);

  session = new_session(model, 1);
  double meanwhile = run(session, model, argv[2], mode, 1);
  double after = run(session, model, argv[3], mode, 0);
  tell(session);
  check(hypr_session_save_model(session, argv[4]), "save the model", hypr_session_message(session));
  hypr_session_free(session);
  hypr_model_free(model);

  printf("before calibration %.1f %%, in it %.1f %%, after it %.1f %%\n", before, meanwhile, after);
  printf("the adapted model is saved: %s\n", argv[4]);
  return EXIT_SUCCESS;
}
