/*
 * A watch without Python that is part of a fleet: it takes the fleet's model, learns from its wearer, and hands over what has
 * changed, a byte each for a tenth of the parameters. Its recordings stay here.
 *
 *   fleet_device FLEET_MODEL STREAM DIFFERENCE [RESIDUAL]
 *
 * A gateway that speaks Flower (python -m hypr gateway) writes FLEET_MODEL for every round, and takes DIFFERENCE, which says by a
 * checksum which parameters it is from: one that comes late is known as such. RESIDUAL keeps what has not been handed over, for
 * the next round; without it that is forgotten. About the stream: examples/watch/README.md.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hypr.h"

enum { CHANNELS = 6, SAMPLE_BYTES = 14 };
enum { CALIBRATION, LABELLED_CALIBRATION, TEST };

/* Ends the program if a call failed. */
static void check(hypr_status status, const char *action, const char *message) {
  if (status == HYPR_OK) return;
  fprintf(stderr, "cannot %s: %s: %s\n", action, hypr_status_name(status), message);
  exit(EXIT_FAILURE);
}

/* Reads one sample: six signed 16-bit integers in thousandths, low byte first; exercise; kind. 0 at the end. */
static int read_sample(FILE *file, float *values, uint32_t *exercise, int *kind) {
  unsigned char bytes[SAMPLE_BYTES];
  if (fread(bytes, SAMPLE_BYTES, 1, file) != 1) return 0;
  for (int channel = 0; channel < CHANNELS; channel++) {
    int value = bytes[2 * channel] | bytes[2 * channel + 1] << 8;
    values[channel] = (float)(value < 32768 ? value : value - 65536) / 1000;
  }
  *exercise = bytes[12];
  *kind = bytes[13];
  return 1;
}

/* What was not handed over, [count]: from a file, or nothing yet. */
static float *read_residual(const char *path, size_t count) {
  float *residual = calloc(count, sizeof *residual);
  if (!residual) perror("residual"), exit(EXIT_FAILURE);
  FILE *file = path ? fopen(path, "rb") : NULL;
  if (!file) return residual;
  if (fread(residual, sizeof *residual, count, file) != count || fgetc(file) != EOF) {
    fprintf(stderr, "%s is not of this network: what it keeps is forgotten\n", path);
    memset(residual, 0, count * sizeof *residual);
  }
  fclose(file);
  return residual;
}

/* Replaces a file: under its name there is never a part of it. */
static void write_file(const char *path, const void *bytes, size_t size) {
  char part[4096];
  if (snprintf(part, sizeof part, "%s.part", path) >= (int)sizeof part) {
    fprintf(stderr, "%s is too long\n", path);
    exit(EXIT_FAILURE);
  }
  FILE *file = fopen(part, "wb");
  if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0 || rename(part, path) != 0) {
    perror(path);
    exit(EXIT_FAILURE);
  }
}

int main(int argc, char **argv) {
  if (argc != 4 && argc != 5) {
    fprintf(stderr, "usage: fleet_device FLEET_MODEL STREAM DIFFERENCE [RESIDUAL]\n");
    return EXIT_FAILURE;
  }
  hypr_model *model = NULL;
  hypr_options *options = NULL;
  hypr_session *session = NULL;
  char message[256];
  check(hypr_model_load(argv[1], &model, message, sizeof message), "load the fleet's model", message);
  if (hypr_model_input_size(model) != CHANNELS) {
    fprintf(stderr, "%s has %zu inputs, expected %d\n", argv[1], hypr_model_input_size(model), CHANNELS);
    return EXIT_FAILURE;
  }
  check(hypr_options_create(&options, message, sizeof message), "make options", message);
  check(hypr_options_set(options, HYPR_OPTION_LEARNING, 1), "set learning", hypr_options_message(options));
  /* A low rate that does not fall: the fleet has many devices and many rounds. */
  check(hypr_options_set(options, HYPR_OPTION_SCHEDULE, HYPR_SCHEDULE_CONSTANT), "set the schedule", hypr_options_message(options));
  check(hypr_options_set(options, HYPR_OPTION_LEARNING_RATE, 0.001), "set the rate", hypr_options_message(options));
  check(hypr_session_create(model, options, &session, message, sizeof message), "make a session", message);

  FILE *stream = fopen(argv[2], "rb");
  if (!stream) perror(argv[2]), exit(EXIT_FAILURE);
  float values[CHANNELS];
  uint32_t exercise;
  int kind;
  size_t taught = 0;
  while (read_sample(stream, values, &exercise, &kind)) {
    if (kind == TEST) continue; /* nothing of the test is learned */
    check(hypr_session_step(session, values, CHANNELS, NULL, 0), "make a step", hypr_session_message(session));
    if (kind != LABELLED_CALIBRATION) continue;
    check(hypr_session_teach_class(session, exercise), "teach", hypr_session_message(session));
    taught++;
  }
  fclose(stream);
  check(hypr_session_flush(session), "close the last window", hypr_session_message(session));

  /* A tenth of each tensor, in int8; what that loses is made up for in the next round. */
  const char *kept = argc == 5 ? argv[4] : NULL;
  const size_t count = hypr_model_parameter_count(model);
  hypr_update_settings settings = HYPR_UPDATE_SETTINGS;
  settings.element_type = HYPR_ELEMENT_INT8;
  settings.share = 0.1;
  settings.residual = read_residual(kept, count);
  size_t size;
  check(hypr_session_update_size(session, &settings, &size), "size the update", hypr_session_message(session));
  void *update = malloc(size);
  if (!update) perror("update"), exit(EXIT_FAILURE);
  check(hypr_session_get_update(session, &settings, update, size), "make the update", hypr_session_message(session));
  /* First what was lost: if this ends in between, an update is lost, and nothing is sent twice. */
  if (kept) write_file(kept, settings.residual, count * sizeof *settings.residual);
  write_file(argv[3], update, size);
  printf("learned from %zu samples, and hands over %zu bytes: %s\n", taught, size, argv[3]);

  free(update);
  free(settings.residual);
  hypr_session_free(session);
  hypr_options_free(options);
  hypr_model_free(model);
  return EXIT_SUCCESS;
}
