/*
 * A watch keeps the network that nine people trained, meets the tenth, and learns while it classifies: examples/watch, on a
 * microcontroller. The stream lies in flash in place of a sensor. It is run without learning, then with it; after the calibration
 * session nothing is taught, and only that test counts.
 */
#include "board.h"

enum { CHANNELS = 6, EXERCISES = 7, SAMPLE_BYTES = 14 };
enum { CALIBRATION, LABELLED_CALIBRATION, TEST };

/* hypr_model_memory_size and hypr_session_memory_size say how much it takes: on a computer, with wider vectors, more than here. */
#ifndef SESSION_BYTES
enum { MODEL_BYTES = 4096, OPTIONS_BYTES = 1024, SESSION_BYTES = 115 * 1024 };
#endif

#define MEMORY(name, bytes) static uint8_t name[bytes] __attribute__((aligned(8)))
MEMORY(model_memory, MODEL_BYTES);
MEMORY(options_memory, OPTIONS_BYTES);
MEMORY(session_memory, SESSION_BYTES);

static char why[160];

/* Learning as the model recommends, but for half its window, which halves the history; with twice as many updates. Moments and
 * eligibility take two bytes a number. */
static const struct { int32_t option; double value; } settings[] = {
    {HYPR_OPTION_WINDOW, 5},
    {HYPR_OPTION_SCHEDULE_UPDATES, 2200},
    {HYPR_OPTION_LEARNING_MEMORY_TYPE, HYPR_LEARNING_MEMORY_TYPE_BFLOAT16},
};

static hypr_session *start(const hypr_model *model, int learning) {
  hypr_options *options;
  hypr_session *session;
  if (fails("the options", hypr_options_create_in(options_memory, OPTIONS_BYTES, &options, why, sizeof why), why)) return NULL;
  hypr_status status = hypr_options_set(options, HYPR_OPTION_LEARNING, learning);
  for (size_t i = 0; i < sizeof settings / sizeof *settings && status == HYPR_OK; i++)
    status = hypr_options_set(options, settings[i].option, settings[i].value);
  if (fails("an option", status, hypr_options_message(options))) return NULL;
  status = hypr_session_create_in(model, options, session_memory, SESSION_BYTES, &session, why, sizeof why);
  if (fails("the session", status, why)) return NULL;
  hypr_options_free(options);
  return session;
}

static uint32_t largest(const float *outputs) {
  uint32_t best = 0;
  for (uint32_t i = 1; i < EXERCISES; i++) best = outputs[i] > outputs[best] ? i : best;
  return best;
}

/* How many samples of the test are recognised; -1: something failed. */
static int32_t run(const hypr_model *model, int learning, uint32_t *tested) {
  hypr_session *session = start(model, learning);
  int32_t correct = 0;
  if (!session) return -1;
  *tested = 0;
  for (const uint8_t *sample = stream_file; sample + SAMPLE_BYTES <= stream_file + stream_size; sample += SAMPLE_BYTES) {
    float values[CHANNELS], outputs[EXERCISES]; /* acceleration in g, angular velocity in rad/s */
    for (int i = 0; i < CHANNELS; i++) values[i] = (float)(int16_t)(sample[2 * i] | sample[2 * i + 1] << 8) / 1000;
    uint32_t exercise = sample[12];
    hypr_status status = hypr_session_step(session, values, CHANNELS, outputs, EXERCISES);
    if (status == HYPR_OK && learning && sample[13] == LABELLED_CALIBRATION) status = hypr_session_teach_class(session, exercise);
    if (fails("a step", status, hypr_session_message(session))) return -1;
    if (sample[13] != TEST) continue;
    ++*tested;
    correct += largest(outputs) == exercise;
  }
  hypr_session_free(session);
  return correct;
}

int main(void) {
  hypr_model *model;
  hypr_status status = hypr_model_create_in(model_file, model_size, model_memory, MODEL_BYTES, &model, why, sizeof why);
  if (fails("the model", status, why)) return 1;
  for (int learning = 0; learning < 2; learning++) {
    uint32_t tested;
    uint64_t before = instructions();
    int32_t correct = run(model, learning, &tested);
    if (correct < 0 || tested == 0) return 1;
    print_text(learning ? "with learning\n" : "without learning\n");
    print_entry("  samples of the test", tested);
    print_entry("  recognised", (uint64_t)correct);
    print_entry("  percent", ((uint64_t)correct * 100 + tested / 2) / tested);
    print_entry("  instructions of a sample", (instructions() - before) / (stream_size / SAMPLE_BYTES));
  }
  print_entry("bytes of stack", deepest_stack());
  hypr_model_free(model);
  return 0;
}
