/* What steps of a model take: of random samples, running and learning with windows of WINDOW steps. */
#include "board.h"

enum { CHANNELS = 16, OUTPUTS = 16, STEPS = 400 };
static uint8_t model_memory[16 * 1024] __attribute__((aligned(8))), options_memory[1024] __attribute__((aligned(8))),
  session_memory[800 * 1024] __attribute__((aligned(8)));
static char why[256];

/* 0 to 1 */
static float random_number(void) {
  static uint32_t seed = 1;
  seed = seed * 1664525u + 1013904223u;
  return (float)(seed >> 8) / 16777216.0f;
}

static int run(const hypr_model *model, int learning) {
  hypr_options *options;
  hypr_session *session;
  size_t bytes;
  if (fails("options", hypr_options_create_in(options_memory, sizeof options_memory, &options, why, sizeof why), why)) return 1;
  hypr_status status = hypr_options_set(options, HYPR_OPTION_LEARNING, learning);
  if (status == HYPR_OK) status = hypr_options_set(options, HYPR_OPTION_WINDOW, WINDOW);
  if (fails("an option", status, hypr_options_message(options))) return 1;
  if (fails("size", hypr_session_memory_size(model, options, &bytes, NULL, why, sizeof why), why)) return 1;
  status = hypr_session_create_in(model, options, session_memory, sizeof session_memory, &session, why, sizeof why);
  if (fails("the session", status, why)) return 1;
  hypr_options_free(options);
  uint32_t inputs = (uint32_t)hypr_model_input_size(model), outputs = (uint32_t)hypr_model_output_size(model);
  uint64_t all = 0, worst = 0;
  for (int step = 0; step < STEPS; step++) {
    float x[CHANNELS], y[OUTPUTS];
    for (uint32_t i = 0; i < inputs; i++) x[i] = 2 * random_number() - 1;
    uint32_t label = (uint32_t)(random_number() * (float)outputs);
    uint64_t start = instructions();
    status = hypr_session_step(session, x, inputs, y, outputs);
    if (status == HYPR_OK && learning) status = hypr_session_teach_class(session, label);
    uint64_t taken = instructions() - start;
    if (fails("a step", status, hypr_session_message(session))) return 1;
    all += taken;
    if (taken > worst) worst = taken;
  }
  print_entry(learning ? "learning.bytes" : "running.bytes", bytes);
  print_entry(learning ? "learning.mean" : "running.mean", all / STEPS);
  print_entry(learning ? "learning.worst" : "running.worst", worst);
  float rate = 0;
  hypr_statistics statistics = {.struct_size = sizeof statistics, .spike_rates = &rate, .spike_rate_count = 1};
  if (fails("statistics", hypr_session_statistics(session, &statistics), hypr_session_message(session))) return 1;
  print_entry(learning ? "learning.spikes_per_thousand" : "running.spikes_per_thousand", (uint64_t)(1000 * rate));
  hypr_session_free(session);
  return 0;
}

int main(void) {
  hypr_model *model;
  hypr_status status = hypr_model_create_in(model_file, model_size, model_memory, sizeof model_memory, &model, why, sizeof why);
  if (fails("the model", status, why)) return 1;
  if (hypr_model_input_size(model) > CHANNELS || hypr_model_output_size(model) > OUTPUTS) return print_text("FAILED too wide\n"), 1;
  for (int learning = 0; learning < 2; learning++)
    if (run(model, learning)) return 1;
  hypr_model_free(model);
  return 0;
}
