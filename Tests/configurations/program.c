/* What a program gets from a library that leaves parts out: `program MODELS [PART...]`, a PART being one of
 *   some-neurons    there are BRF and LI only          no-learning     built with HYPR_LEARNING=0
 *   no-rehearsal    built with HYPR_REHEARSAL=0
 *   no-builder      built with HYPR_BUILDER=0          low-processor   there are no kernels for the processor */
#include <hypr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUTS = 4, OUTPUTS = 6, STEPS = 20 };

static int failures;

static void expect(int holds, const char *what, const char *found) {
  if (holds) return;
  failures++;
  printf("error: %s: %s\n", what, found);
}

static void expect_status(hypr_status found, hypr_status expected, const char *what, const char *message) {
  if (found != expected) printf("(%s, expected %s)\n", hypr_status_name(found), hypr_status_name(expected));
  expect(found == expected, what, message);
}

static hypr_model *load(const char *models, const char *name, hypr_status expected, const char *reason) {
  char path[4096], message[256];
  hypr_model *model;
  snprintf(path, sizeof path, "%s/%s.hypr", models, name);
  hypr_status status = hypr_model_load(path, &model, message, sizeof message);
  expect_status(status, expected, name, message);
  expect(strstr(message, reason) != NULL, name, message);
  expect((model != NULL) == (status == HYPR_OK), name, "a model exactly if there is no error");
  return model;
}

static void sample(float *input, int step) {
  for (int i = 0; i < INPUTS; i++) input[i] = (float)((step * 7 + i * 3) % 5 - 2);
}

/* Running, and all that belongs to it: the same everywhere. */
static void run(const hypr_model *model) {
  char message[256];
  float input[INPUTS], output[OUTPUTS], ahead[OUTPUTS], again[OUTPUTS];
  hypr_session *session, *other;
  expect_status(hypr_session_create(model, NULL, &session, message, sizeof message), HYPR_OK, "create", message);
  expect_status(hypr_session_create(model, NULL, &other, message, sizeof message), HYPR_OK, "create", message);
  if (!session || !other) return;
  float moved = 0;
  for (int step = 0; step < STEPS; step++) {
    sample(input, step);
    expect_status(hypr_session_look_ahead(session, input, INPUTS, ahead, OUTPUTS), HYPR_OK, "look ahead", hypr_session_message(session));
    expect_status(hypr_session_step(session, input, INPUTS, output, OUTPUTS), HYPR_OK, "step", hypr_session_message(session));
    expect(memcmp(ahead, output, sizeof output) == 0, "look ahead", "differs from the step");
    moved += output[0] * output[0];
  }
  expect(moved > 0, "step", "gives zeros only");

  size_t bytes;
  expect_status(hypr_session_state_size(session, &bytes), HYPR_OK, "state size", hypr_session_message(session));
  void *state = malloc(bytes);
  expect_status(hypr_session_save_state(session, state, bytes), HYPR_OK, "save state", hypr_session_message(session));
  expect_status(hypr_session_load_state(other, state, bytes), HYPR_OK, "load state", hypr_session_message(other));
  free(state);
  sample(input, STEPS);
  hypr_session_step(session, input, INPUTS, output, OUTPUTS);
  hypr_session_step(other, input, INPUTS, again, OUTPUTS);
  expect(memcmp(output, again, sizeof output) == 0, "load state", "the sessions go on differently");
  hypr_session_reset(other);
  expect_status(hypr_session_transfer(other, session), HYPR_OK, "transfer", hypr_session_message(other));
  hypr_session_step(session, input, INPUTS, output, OUTPUTS);
  hypr_session_step(other, input, INPUTS, again, OUTPUTS);
  expect(memcmp(output, again, sizeof output) == 0, "transfer", "the sessions go on differently");

  size_t count = hypr_model_parameter_count(model);
  float *flat = malloc(count * sizeof *flat);
  expect_status(hypr_session_get_parameters(session, flat, count), HYPR_OK, "get parameters", hypr_session_message(session));
  expect_status(hypr_session_set_parameters(session, flat, count), HYPR_OK, "set parameters", hypr_session_message(session));
  free(flat);
  expect_status(hypr_session_model_size(session, &bytes), HYPR_OK, "model size", hypr_session_message(session));
  void *file = malloc(bytes);
  expect_status(hypr_session_save_model_buffer(session, file, bytes), HYPR_OK, "save model", hypr_session_message(session));
  hypr_model *copy;
  expect_status(hypr_model_load_buffer(file, bytes, &copy, message, sizeof message), HYPR_OK, "load what was saved", message);
  hypr_model_free(copy);
  free(file);

  hypr_statistics statistics = {.struct_size = sizeof statistics};
  expect_status(hypr_session_statistics(session, &statistics), HYPR_OK, "statistics", hypr_session_message(session));
  expect(statistics.steps == STEPS + 2 && statistics.updates == 0, "statistics", "count wrongly");
  expect_status(hypr_session_reset(session), HYPR_OK, "reset", hypr_session_message(session));
  expect_status(hypr_session_reset_parts(session, 7), HYPR_OK, "reset parts", hypr_session_message(session));
  hypr_session_free(session);
  hypr_session_free(other);
}

static int32_t stop(void *context, uint64_t steps) {
  *(uint64_t *)context = steps;
  return 1;
}

/* Long runs may be stopped. */
static void run_long(const hypr_model *model) {
  enum { LONG = 2000 };
  static float inputs[LONG * INPUTS];
  uint64_t told = 0;
  hypr_session *session;
  hypr_session_create(model, NULL, &session, NULL, 0);
  if (!session) return;
  for (int step = 0; step < LONG; step++) sample(inputs + step * INPUTS, step);
  expect_status(hypr_session_set_progress(session, stop, &told), HYPR_OK, "set progress", hypr_session_message(session));
  expect_status(hypr_session_run(session, inputs, LONG, NULL), HYPR_ERROR_STOPPED, "run", hypr_session_message(session));
  hypr_statistics statistics = {.struct_size = sizeof statistics};
  hypr_session_statistics(session, &statistics);
  expect(told > 0 && statistics.steps == told, "run", "does not stop where it says");
  hypr_session_free(session);
}

static hypr_options *learning_options(void) {
  hypr_options *options = NULL;
  hypr_options_create(&options, NULL, 0);
  hypr_options_set(options, HYPR_OPTION_LEARNING, 1);
  return options;
}

static void learn(const hypr_model *model) {
  char message[256];
  float input[INPUTS];
  hypr_options *options = learning_options();
  hypr_session *session;
  expect_status(hypr_session_create(model, options, &session, message, sizeof message), HYPR_OK, "create to learn", message);
  hypr_options_free(options);
  if (!session) return;
  for (int step = 0; step < STEPS; step++) {
    sample(input, step);
    hypr_session_step(session, input, INPUTS, NULL, 0);
    expect_status(hypr_session_teach_class(session, 2), HYPR_OK, "teach", hypr_session_message(session));
  }
  expect_status(hypr_session_flush(session), HYPR_OK, "flush", hypr_session_message(session));
  hypr_statistics statistics = {.struct_size = sizeof statistics};
  hypr_session_statistics(session, &statistics);
  expect(statistics.taught_steps == STEPS && statistics.updates == 1, "learning", "makes no update");
  hypr_session_free(session);
}

/* A call that the library was built without, and why. */
#define ANSWERS(call)                                                                          \
  do {                                                                                         \
    expect_status(call, HYPR_ERROR_MODEL_UNSUPPORTED, #call, hypr_session_message(session));     \
    expect(!strcmp(hypr_session_message(session), reason), #call, hypr_session_message(session)); \
    hypr_session_step(session, NULL, 0, NULL, 0); /* another message */                          \
  } while (0)

/* Every function that learns answers the same. */
static void learn_not(const hypr_model *model) {
  static const char reason[] = "this library was built without learning (HYPR_LEARNING=0)";
  char message[256];
  hypr_options *options = learning_options();
  hypr_session *session;
  size_t bytes, steps = 1;
  hypr_status status = hypr_session_create(model, options, &session, message, sizeof message);
  expect_status(status, HYPR_ERROR_MODEL_UNSUPPORTED, "create to learn", message);
  expect(session == NULL && strstr(message, reason), "create to learn", message);
  status = hypr_session_memory_size(model, options, &bytes, NULL, message, sizeof message);
  expect_status(status, HYPR_ERROR_MODEL_UNSUPPORTED, "memory size to learn", message);
  hypr_options_free(options);

  hypr_session_create(model, NULL, &session, NULL, 0);
  if (!session) return;
  float numbers[INPUTS + OUTPUTS] = {0};
  int32_t label = 0;
  hypr_batch batch = {.struct_size = sizeof batch, .inputs = numbers, .steps = &steps, .sequences = 1, .labels = &label};
  ANSWERS(hypr_session_teach_class(session, 0));
  ANSWERS(hypr_session_teach_class_at(session, 0, 0));
  ANSWERS(hypr_session_teach_sequence(session, 0));
  ANSWERS(hypr_session_teach_values(session, numbers, OUTPUTS));
  ANSWERS(hypr_session_teach_values_at(session, 0, numbers, OUTPUTS));
  ANSWERS(hypr_session_teach_error(session, numbers, OUTPUTS));
  ANSWERS(hypr_session_teach_error_at(session, 0, numbers, OUTPUTS));
  ANSWERS(hypr_session_set_class_weights(session, numbers, OUTPUTS));
  ANSWERS(hypr_session_flush(session));
  ANSWERS(hypr_session_apply(session));
  uint64_t left;
  ANSWERS(hypr_session_work(session, 1, &left));
  hypr_guard guard = {.struct_size = sizeof guard};
  ANSWERS(hypr_session_guard(session, &guard));
  ANSWERS(hypr_session_accept(session));
  ANSWERS(hypr_session_learn(session, &batch, NULL, NULL));
  ANSWERS(hypr_session_learn_sequence(session, numbers, 1, &label, NULL, NULL));
  ANSWERS(hypr_session_learn_batch(session, numbers, &steps, 1, &label, NULL, NULL));
  ANSWERS(hypr_session_learn_labelled(session, numbers, &steps, 1, &label, NULL, NULL));
  ANSWERS(hypr_session_set_trainable(session, 0, 0));
  hypr_rehearsal rehearsal = {.struct_size = sizeof rehearsal};
  ANSWERS(hypr_session_rehearsal(session, HYPR_REHEARSAL_ALL, &rehearsal));
  ANSWERS(hypr_session_rehearse(session, 1));
  ANSWERS(hypr_session_rehearsal_clear(session));
  ANSWERS(hypr_session_rehearsal_add(session, numbers, 1, &label, NULL, 1));
  expect(hypr_session_rehearsal_count(session, HYPR_REHEARSAL_ALL) == 0, "rehearsal count", "is not 0");
  ANSWERS(hypr_session_update_size(session, NULL, &bytes));
  ANSWERS(hypr_session_get_update(session, NULL, numbers, sizeof numbers));
  ANSWERS(hypr_session_apply_update(session, numbers, sizeof numbers));
  ANSWERS(hypr_session_get_gradients(session, numbers, 1));
  ANSWERS(hypr_session_get_eligibility(session, 0, numbers, 1));
  expect(hypr_session_eligibility_size(session, 0) == 0, "eligibility size", "is not 0");
  expect(hypr_session_flush(NULL) == HYPR_ERROR_INVALID_ARGUMENT, "flush(NULL)", "is not refused");
  hypr_session_free(session);
}

/* What rehearsal and the guard need is refused, when it is asked for and afterwards. */
static void rehearse_not(const hypr_model *model) {
  static const char reason[] = "this library was built without rehearsal and guard (HYPR_REHEARSAL=0)";
  static const hypr_option asked[] = {HYPR_OPTION_REHEARSAL_BYTES, HYPR_OPTION_GUARD};
  char message[256];
  hypr_session *session;
  for (int i = 0; i < 2; i++) {
    hypr_options *options = learning_options();
    hypr_options_set(options, asked[i], 4096);
    hypr_status status = hypr_session_create(model, options, &session, message, sizeof message);
    expect_status(status, HYPR_ERROR_MODEL_UNSUPPORTED, "create to rehearse", message);
    expect(session == NULL && strstr(message, reason), "create to rehearse", message);
    hypr_options_free(options);
  }
  hypr_options *options = learning_options();
  hypr_session_create(model, options, &session, message, sizeof message);
  hypr_options_free(options);
  if (!session) return;
  float numbers[INPUTS + OUTPUTS] = {0};
  int32_t label = 0;
  hypr_guard guard = {.struct_size = sizeof guard};
  hypr_rehearsal rehearsal = {.struct_size = sizeof rehearsal};
  ANSWERS(hypr_session_guard(session, &guard));
  ANSWERS(hypr_session_accept(session));
  ANSWERS(hypr_session_rehearsal(session, HYPR_REHEARSAL_ALL, &rehearsal));
  ANSWERS(hypr_session_rehearse(session, 1));
  ANSWERS(hypr_session_rehearsal_clear(session));
  ANSWERS(hypr_session_rehearsal_add(session, numbers, 1, &label, NULL, 1));
  expect(hypr_session_rehearsal_count(session, HYPR_REHEARSAL_ALL) == 0, "rehearsal count", "is not 0");
  hypr_session_free(session);
}

int main(int count, char **arguments) {
  int some_neurons = 0, no_learning = 0, no_rehearsal = 0, no_builder = 0, low_processor = 0;
  for (int i = 2; i < count; i++) {
    some_neurons |= !strcmp(arguments[i], "some-neurons");
    no_learning |= !strcmp(arguments[i], "no-learning");
    no_rehearsal |= !strcmp(arguments[i], "no-rehearsal");
    no_builder |= !strcmp(arguments[i], "no-builder");
    low_processor |= !strcmp(arguments[i], "low-processor");
  }
  if (count < 2) return 2;
  const char *models = arguments[1];
  size_t brf;
  expect_status(hypr_neuron_find("BRF", &brf), HYPR_OK, "find BRF", "");
  if (low_processor) {
    hypr_model_free(load(models, "brf", HYPR_ERROR_MODEL_UNSUPPORTED, "this library needs a processor of level x86-64-v3"));
    return failures != 0;
  }
  if (some_neurons) expect(hypr_neuron_count() == 2, "neuron models", "are not two");
  hypr_model *other = load(models, "neurons/gru", some_neurons ? HYPR_ERROR_MODEL_UNSUPPORTED : HYPR_OK, some_neurons ? "GRU" : "");
  hypr_model_free(other);
  hypr_model *model = load(models, "brf", HYPR_OK, "");
  if (!model) return 1;
  run(model);
  run_long(model);
  if (no_learning) learn_not(model);
  else learn(model);
  if (no_rehearsal) rehearse_not(model);
  hypr_model_free(model);

  char message[256];
  hypr_builder *builder;
  hypr_status status = hypr_builder_create(INPUTS, &builder, message, sizeof message);
  expect_status(status, no_builder ? HYPR_ERROR_MODEL_UNSUPPORTED : HYPR_OK, "builder", message);
  expect(!no_builder || strstr(message, "HYPR_BUILDER=0"), "builder", message);
  hypr_builder_free(builder);
  return failures != 0;
}
