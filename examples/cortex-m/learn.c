/*
 * A fresh network learns the waves of a heartbeat while it runs, one sample at a time. Nothing is allocated: the model is used
 * where it lies in flash, and everything else is made in three arrays.
 *
 * The model is any with 4 inputs and 6 outputs; README.md makes one.
 */
#include "board.h"
#include "heartbeat.h"

enum { MODEL_BYTES = 4096, OPTIONS_BYTES = 1024, SESSION_BYTES = 96 * 1024, SAVED_BYTES = 16 * 1024 };
enum { BEATS = 60, BEATS_OF_A_LINE = 10 };

#define MEMORY(name, bytes) static uint8_t name[bytes] __attribute__((aligned(8)))
MEMORY(model_memory, MODEL_BYTES);
MEMORY(options_memory, OPTIONS_BYTES);
MEMORY(session_memory, SESSION_BYTES);
MEMORY(saved, SAVED_BYTES);

static char why[160];

static hypr_session *start(void) {
  /* Deferred: no step is late, the work of a window is spread over the next one. */
  static const struct { int32_t option; double value; } settings[] = {
    {HYPR_OPTION_LEARNING, 1}, {HYPR_OPTION_WINDOW, 10}, {HYPR_OPTION_LEARNING_RATE, 5e-3}, {HYPR_OPTION_DEFERRED, 1}};
  hypr_model *model;
  hypr_options *options;
  hypr_session *session;
  hypr_status status = hypr_model_create_in(model_file, model_size, model_memory, MODEL_BYTES, &model, why, sizeof why);
  if (fails("the model", status, why)) return NULL;
  if (fails("options", hypr_options_create_in(options_memory, OPTIONS_BYTES, &options, why, sizeof why), why)) return NULL;
  for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
    status = hypr_options_set(options, settings[i].option, settings[i].value);
    if (fails("an option", status, hypr_options_message(options))) return NULL;
  }
  status = hypr_session_create_in(model, options, session_memory, SESSION_BYTES, &session, why, sizeof why);
  if (fails("the session", status, why)) return NULL;
  hypr_options_free(options);
  hypr_model_free(model); /* the session keeps it; its memory stays in use */
  return session;
}

static uint32_t largest(const float *outputs) {
  uint32_t best = 0;
  for (uint32_t i = 1; i < HEARTBEAT_WAVES; i++) best = outputs[i] > outputs[best] ? i : best;
  return best;
}

int main(void) {
  hypr_session *session = start();
  if (!session) return 1;
  heartbeat heart = {.seed = 1};
  float x[HEARTBEAT_CHANNELS], y[HEARTBEAT_WAVES];
  for (int beat = 0; beat < BEATS; beat++) {
    static uint32_t correct;
    for (int step = 0; step < HEARTBEAT_STEPS; step++) {
      uint32_t wave = heartbeat_sample(&heart, x); /* a firmware waits for its sensor here */
      hypr_status status = hypr_session_step(session, x, HEARTBEAT_CHANNELS, y, HEARTBEAT_WAVES);
      if (status == HYPR_OK) status = hypr_session_teach_class(session, wave);
      if (fails("a step", status, hypr_session_message(session))) return 1;
      correct += largest(y) == wave;
    }
    if (beat % BEATS_OF_A_LINE != BEATS_OF_A_LINE - 1) continue;
    print_text("beat ");
    print_number((uint64_t)beat + 1);
    print_text(": percent recognised ");
    print_number((correct * 100u + BEATS_OF_A_LINE * HEARTBEAT_STEPS / 2) / (BEATS_OF_A_LINE * HEARTBEAT_STEPS));
    print_text("\n");
    correct = 0;
  }

  /* What was learned is a model file, for flash or to be sent home. */
  size_t size;
  if (fails("the size", hypr_session_model_size(session, &size), hypr_session_message(session))) return 1;
  if (fails("saving", hypr_session_save_model_buffer(session, saved, SAVED_BYTES), hypr_session_message(session))) return 1;
  print_entry("bytes of the model file", size);
  print_entry("bytes of stack", deepest_stack());
  print_entry("instructions of a step and its lesson", instructions() / (BEATS * HEARTBEAT_STEPS));
  return 0;
}
