#include "stream.h"

#include <string.h>

#include "board.h"
#include "heartbeat.h"

enum { INPUTS = HEARTBEAT_CHANNELS, OUTPUTS = HEARTBEAT_WAVES };
enum { MODEL_BYTES = 8192, OPTIONS_BYTES = 1024, SESSION_BYTES = 256 * 1024 };

/* Nothing is allocated: all that the library needs lies here. */
#define BLOCK(name, bytes) static union { uint8_t bytes_[bytes]; uint64_t aligned[8]; } name __attribute__((aligned(64)))
BLOCK(model_memory, MODEL_BYTES);
BLOCK(options_memory, OPTIONS_BYTES);
BLOCK(session_memory, SESSION_BYTES);

static char why[256];

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

#define TRY(call) do { if (fails(#call, call, why)) return 1; } while (0)
#define TRY_ON(session, call) do { if (fails(#call, call, hypr_session_message(session))) return 1; } while (0)

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
static int goes_on(hypr_session *session, const void *state, size_t size, uint8_t *again, heartbeat *heart) {
  float x[INPUTS], y[OUTPUTS];
  uint32_t bytes = 2166136261u;
  TRY_ON(session, hypr_session_reset(session));
  TRY_ON(session, hypr_session_load_state(session, state, size));
  TRY_ON(session, hypr_session_save_state(session, again, size));
  for (size_t i = 0; i < size; i++) bytes = (bytes ^ again[i]) * 16777619u;
  print_entry("moved.bytes", bytes);
  for (int step = 0; step < 20; step++) {
    heartbeat_sample(heart, x);
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

int stream(const void *file, size_t size, stream_mode mode, int window, int steps) {
  const int learning = mode != INFERENCE;
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
  TRY(hypr_options_set(options, HYPR_OPTION_DEFERRED, mode == DEFERRED));
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

  float x[INPUTS], y[OUTPUTS];
  heartbeat heart = {.seed = 12345};
  uint64_t all = 0, worst = 0;
  for (int step = 0; step < steps; step++) {
    uint32_t label = heartbeat_sample(&heart, x);
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
  if (goes_on(session, state_of_host(saved, &bytes), bytes, saved, &heart)) return 1;
  hypr_session_free(session);
  if (damaged_files(file, size)) return print_text("FAILED damaged files\n"), 1;
  print_text("end\n");
  return 0;
}
