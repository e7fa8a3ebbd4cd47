#include "stream.h"

#include <hypr.h>
#include <string.h>

enum { INPUTS = 4, OUTPUTS = 6, MODEL_BYTES = 8192, OPTIONS_BYTES = 1024, SESSION_BYTES = 256 * 1024 };

/* Nothing is allocated: all that the library needs lies here. */
#define BLOCK(name, bytes) static union { uint8_t bytes_[bytes]; uint64_t aligned[8]; } name __attribute__((aligned(64)))
BLOCK(model_memory, MODEL_BYTES);
BLOCK(options_memory, OPTIONS_BYTES);
BLOCK(session_memory, SESSION_BYTES);

static char why[256];

static void print_number(uint64_t value) {
  char text[24];
  char *first = text + sizeof text;
  *--first = 0;
  do *--first = (char)('0' + value % 10);
  while (value /= 10);
  print_text(first);
}

static void print_entry(const char *name, uint64_t value) {
  print_text(name);
  print_text(" ");
  print_number(value);
  print_text("\n");
}

/* The numbers' bits: nothing is rounded. */
static void print_floats(const char *name, uint64_t step, const float *values, int count) {
  print_text(name);
  print_text(" ");
  print_number(step);
  for (int i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, values + i, sizeof bits);
    print_text(" ");
    print_number(bits);
  }
  print_text("\n");
}

static int fails(const char *what, hypr_status status, const char *message) {
  if (status == HYPR_OK) return 0;
  print_text("FAILED ");
  print_text(what);
  print_text(": ");
  print_text(hypr_status_name(status));
  print_text(": ");
  print_text(message);
  print_text("\n");
  return 1;
}

#define TRY(call) do { if (fails(#call, call, why)) return 1; } while (0)
#define TRY_ON(session, call) do { if (fails(#call, call, hypr_session_message(session))) return 1; } while (0)

/* -1 to 1, the same everywhere. */
static float noise(uint32_t *seed) {
  *seed = *seed * 1664525u + 1013904223u;
  return (float)(int32_t)(*seed >> 8) * (1.0f / 8388608.0f) - 1.0f;
}

static float bump(int at, int centre, int width) {
  int distance = at > centre ? at - centre : centre - at;
  return distance >= width ? 0.0f : 1.0f - (float)distance / (float)width;
}

/* A heartbeat of 100 samples: P, QRS and T as triangles, in two leads and their differences. Returns the wave. */
static uint32_t sample(int step, float *x, float *before, uint32_t *seed) {
  int at = step % 100;
  float one = 0.15f * bump(at, 20, 8) + bump(at, 40, 4) - 0.25f * bump(at, 45, 3) + 0.3f * bump(at, 70, 12) + 0.02f * noise(seed);
  float other = 0.10f * bump(at, 20, 8) - 0.7f * bump(at, 41, 4) + 0.2f * bump(at, 71, 12) + 0.02f * noise(seed);
  x[0] = one, x[1] = other, x[2] = one - before[0], x[3] = other - before[1];
  before[0] = one, before[1] = other;
  return at < 12 ? 0 : at < 28 ? 1 : at < 36 ? 2 : at < 48 ? 3 : at < 58 ? 4 : 5;
}

/* Messages have numbers: they must be written as on this machine. */
static int messages(hypr_options *options, const void *file, size_t size) {
  static const double wrong[] = {-0.001, 1.5e9, 2.5, 1e-300, -123456.789, 3e38};
  size_t bytes;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    if (hypr_options_set(options, i % 2 ? HYPR_OPTION_WINDOW : HYPR_OPTION_BETA1, wrong[i]) == HYPR_OK) return 1;
    print_text("message ");
    print_text(hypr_options_message(options));
    print_text("\n");
  }
  hypr_status status = hypr_model_memory_size((const char *)file + 4, size - 4, &bytes, NULL, why, sizeof why);
  if (status != HYPR_ERROR_INVALID_ARGUMENT) return 1;
  print_text("message ");
  print_text(why);
  print_text("\n");
  return 0;
}

/* From the state that this machine saved in the middle of a window the stream goes on; saved again, it has the same bytes. */
static int goes_on(hypr_session *session, const void *state, size_t size, uint8_t *again, float *before, uint32_t *seed) {
  float x[INPUTS], y[OUTPUTS];
  uint32_t bytes = 2166136261u;
  TRY_ON(session, hypr_session_reset(session));
  TRY_ON(session, hypr_session_load_state(session, state, size));
  TRY_ON(session, hypr_session_save_state(session, again, size));
  for (size_t i = 0; i < size; i++) bytes = (bytes ^ again[i]) * 16777619u;
  print_entry("moved.bytes", bytes);
  for (int step = 0; step < 20; step++) {
    sample(step, x, before, seed);
    TRY_ON(session, hypr_session_step(session, x, INPUTS, y, OUTPUTS));
    print_floats("moved", (uint64_t)step, y, OUTPUTS);
  }
  return 0;
}

/* A byte is another one, mostly where tables are: the file is refused, or is another network, as on this machine. */
static int damaged_files(const void *file, size_t size) {
  enum { FILES = 500 };
  BLOCK(copy, 16 * 1024);
  uint32_t statuses = 2166136261u, refused = 0;
  if (size > sizeof copy) return 1;
  for (uint32_t i = 0; i < FILES; i++) {
    hypr_model *model;
    memcpy(copy.bytes_, file, size);
    size_t place = i % 3 == 0 ? i * size / FILES : i % 3 == 1 ? i * 600 / FILES : size - 1 - i * 900 / FILES;
    copy.bytes_[place] ^= (uint8_t)(i % 255 + 1);
    hypr_status status = hypr_model_create_in(copy.bytes_, size, &model_memory, sizeof model_memory, &model, why, sizeof why);
    if (status == HYPR_OK) {
      size_t bytes;
      status = hypr_session_memory_size(model, NULL, &bytes, NULL, why, sizeof why);
      hypr_model_free(model);
    } else {
      refused++;
    }
    statuses = (statuses ^ (uint32_t)status) * 16777619u;
  }
  print_entry("damaged.refused", refused);
  print_entry("damaged.statuses", statuses);
  return 0;
}

int stream(const void *file, size_t size, int learning, int window, int steps) {
  hypr_model *model;
  hypr_options *options;
  hypr_session *session;
  size_t bytes, alignment;
  deepest_stack();
  uint64_t start = instructions();
  TRY(hypr_model_memory_size(file, size, &bytes, &alignment, why, sizeof why));
  TRY(hypr_model_create_in(file, size, &model_memory, sizeof model_memory, &model, why, sizeof why));
  print_entry("load.instructions", instructions() - start);
  print_entry("load.stack", deepest_stack());
  print_entry("model.bytes", bytes);
  TRY(hypr_options_memory_size(&bytes, &alignment));
  print_entry("options.bytes", bytes);
  TRY(hypr_options_create_in(&options_memory, sizeof options_memory, &options, why, sizeof why));
  if (messages(options, file, size)) return print_text("FAILED messages\n"), 1;
  TRY(hypr_options_set(options, HYPR_OPTION_LEARNING, learning));
  TRY(hypr_options_set(options, HYPR_OPTION_WINDOW, window));
  TRY(hypr_options_set(options, HYPR_OPTION_LEARNING_RATE, 5e-3));
  TRY(hypr_session_memory_size(model, options, &bytes, &alignment, why, sizeof why));
  print_entry("session.bytes", bytes);
  deepest_stack();
  start = instructions();
  TRY(hypr_session_create_in(model, options, &session_memory, sizeof session_memory, &session, why, sizeof why));
  print_entry("create.instructions", instructions() - start);
  print_entry("create.stack", deepest_stack());
  hypr_options_free(options);
  hypr_model_free(model);

  float x[INPUTS], before[2] = {0, 0}, y[OUTPUTS];
  uint32_t seed = 12345;
  uint64_t all = 0, worst = 0;
  for (int step = 0; step < steps; step++) {
    uint32_t label = sample(step, x, before, &seed);
    start = instructions();
    TRY_ON(session, hypr_session_step(session, x, INPUTS, y, OUTPUTS));
    if (learning) TRY_ON(session, hypr_session_teach_class(session, label));
    uint64_t taken = instructions() - start;
    all += taken;
    if (taken > worst) worst = taken;
    print_floats("step", (uint64_t)step, y, OUTPUTS);
  }
  print_entry("step.instructions", all / (uint64_t)steps);
  print_entry("step.worst", worst);
  print_entry("step.stack", deepest_stack());

  float rate = 0;
  hypr_statistics statistics = {.struct_size = sizeof statistics, .spike_rates = &rate, .spike_rate_count = 1};
  TRY_ON(session, hypr_session_statistics(session, &statistics));
  float loss = (float)statistics.mean_loss;
  print_entry("updates", statistics.updates);
  print_entry("correct", statistics.correct_steps);
  print_floats("loss", 0, &loss, 1);
  print_floats("rate", 0, &rate, 1);

  /* What was learned goes into a file in memory, and the state to where the session goes on. */
  static uint8_t saved[200 * 1024];
  TRY_ON(session, hypr_session_state_size(session, &bytes));
  print_entry("state.bytes", bytes);
  if (bytes > sizeof saved) return print_text("FAILED the state is too large\n"), 1;
  TRY_ON(session, hypr_session_save_state(session, saved, bytes));
  TRY_ON(session, hypr_session_reset(session));
  TRY_ON(session, hypr_session_load_state(session, saved, bytes));
  print_entry("state.stack", deepest_stack());
  if (goes_on(session, state_of_host(saved, &bytes), bytes, saved, before, &seed)) return 1;
  hypr_session_free(session);
  if (damaged_files(file, size)) return print_text("FAILED damaged files\n"), 1;
  print_text("end\n");
  return 0;
}
