/* Nothing is allocated in any call on a session but the one that creates it. The allocator of this program counts. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"

/* glibc's own functions, behind those that this program replaces. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

static size_t allocations, frees;

/* How many of the library's allocations succeed before one fails; none fails below 0. It allocates with posix_memalign only. */
static long left = -1;

void *malloc(size_t size) {
  allocations++;
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  allocations++;
  return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
  allocations++;
  return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
  allocations++;
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **memory, size_t alignment, size_t size) {
  if (left == 0) return ENOMEM;
  if (left > 0) left--;
  *memory = memalign(alignment, size);
  return *memory ? 0 : ENOMEM;
}

void free(void *memory) {
  frees += memory != NULL;
  __libc_free(memory);
}

enum { STEPS = 600, INPUTS = 9, CLASSES = 3, ELEMENTS = 4096 };

static void sessions_are_one_allocation(void **state) {
  (void)state;
  hypr_model *model = load_model(TWO_LAYERS);
  hypr_options *options = make_options(SETTINGS(LEARNING));
  hypr_session *session;
  size_t allocated = allocations, freed = frees;
  assert_ok(hypr_session_create(model, options, &session, NULL, 0));
  assert_int_equal(allocations, allocated + 1);
  hypr_session_free(session);
  assert_int_equal(frees, freed + 1);
  assert_int_equal(allocations, allocated + 1);

  size_t bytes, alignment;
  assert_ok(hypr_session_memory_size(model, options, &bytes, &alignment, NULL, 0));
  void *memory = aligned_alloc(alignment, bytes);
  allocated = allocations;
  freed = frees;
  assert_ok(hypr_session_create_in(model, options, memory, bytes, &session, NULL, 0));
  hypr_session_free(session);
  assert_int_equal(allocations, allocated);
  assert_int_equal(frees, freed);
  free(memory);
  hypr_options_free(options);
  hypr_model_free(model);
}

static void *of_alignment(size_t bytes, size_t alignment) {
  return aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}

static void nothing_is_allocated_in_the_callers_memory(void **state) {
  (void)state;
  size_t size, bytes, alignment, session_bytes;
  char *read = read_file(model_path(TWO_LAYERS), &size), *file = of_alignment(size, 8);
  memcpy(file, read, size);
  free(read);
  hypr_model *model;
  hypr_options *options;
  hypr_session *session;
  assert_ok(hypr_model_memory_size(file, size, &bytes, &alignment, NULL, 0));
  void *model_memory = of_alignment(bytes, alignment), *session_memory = of_alignment(1 << 20, alignment);
  size_t options_bytes;
  assert_ok(hypr_options_memory_size(&options_bytes, &alignment));
  void *options_memory = of_alignment(options_bytes, alignment);
  size_t allocated = allocations, freed = frees;
  assert_ok(hypr_model_memory_size(file, size, &bytes, &alignment, NULL, 0));
  assert_ok(hypr_model_create_in(file, size, model_memory, bytes, &model, NULL, 0));
  assert_ok(hypr_options_create_in(options_memory, options_bytes, &options, NULL, 0));
  assert_ok(hypr_options_set(options, HYPR_OPTION_LEARNING, 1));
  assert_ok(hypr_session_memory_size(model, options, &session_bytes, NULL, NULL, 0));
  assert_true(session_bytes <= 1 << 20);
  assert_ok(hypr_session_create_in(model, options, session_memory, session_bytes, &session, NULL, 0));
  hypr_options_free(options);
  hypr_model_free(model);
  hypr_session_free(session);
  assert_int_equal(allocations, allocated);
  assert_int_equal(frees, freed);
  free(file), free(model_memory), free(session_memory), free(options_memory);
}

/* Loads a model, from a file or from memory, and makes a session of it. */
static hypr_status make(const void *bytes, size_t size, hypr_session **session, char *message) {
  hypr_model *model = NULL;
  hypr_options *options = NULL;
  hypr_status status = bytes ? hypr_model_load_buffer(bytes, size, &model, message, 256)
                             : hypr_model_load(model_path(SPARSE), &model, message, 256);
  if (status == HYPR_OK) status = hypr_options_create(&options, message, 256);
  if (status == HYPR_OK) status = hypr_options_set(options, HYPR_OPTION_LEARNING, 1);
  if (status == HYPR_OK) status = hypr_session_create(model, options, session, message, 256);
  hypr_options_free(options);
  hypr_model_free(model);
  return status;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  size_t size;
  char *bytes = read_file(model_path(SPARSE), &size), message[256];
  for (int from_memory = 0; from_memory < 2; from_memory++) {
    for (long count = 0;; count++) {
      hypr_session *session = NULL;
      size_t held = allocations - frees;
      left = count;
      hypr_status status = make(from_memory ? bytes : NULL, size, &session, message);
      left = -1;
      hypr_session_free(session);
      assert_int_equal(allocations - frees, held);
      if (status == HYPR_OK) {
        assert_int_equal(count, 5); /* the file, what checks it, the model, options, the session */
        break;
      }
      assert_status(HYPR_ERROR_OUT_OF_MEMORY, status);
      assert_non_null(strstr(message, "no memory"));
      assert_null(session);
    }
  }
  free(bytes);
}

/* A file in folders within each other, whose whole path is long. */
static char deep_path[2000];

static void make_folders(void) {
  char name[201] = "";
  memset(name, 'd', 200);
  for (int depth = 0; depth < 8; depth++) {
    strcat(strcat(deep_path, depth ? "/" : ""), name);
    mkdir(deep_path, 0777);
  }
  strcat(deep_path, "/allocations.hypr");
}

static int32_t stop(void *context, uint64_t steps) {
  *(uint64_t *)context = steps;
  return 1;
}

/* Every call on a session, good and bad; the sum of its statuses is of no interest. */
static void call_everything(hypr_session *session, hypr_session *other, const float *samples, const int32_t *labels) {
  static float flat[ELEMENTS], outputs[STEPS * CLASSES];
  static char saved[1 << 20];
  float rates[2], out[100];
  uint32_t channels[] = {0, 3, 8};
  const size_t lengths[] = {STEPS - 5, 5};
  const float class_weights[CLASSES] = {1, 2, 0.5f};
  double value;
  size_t index;
  hypr_statistics statistics = {.struct_size = sizeof statistics, .spike_rates = rates, .spike_rate_count = 2};
  hypr_layer_activity activity = {.struct_size = sizeof activity};
  hypr_input_range range = {.struct_size = sizeof range};
  uint32_t findings;
  char text[256];
  hypr_guard guarded = {.struct_size = sizeof guarded};
  hypr_tensor_info info = {.struct_size = sizeof info};
  hypr_memory_report report = {.struct_size = sizeof report};
  hypr_rehearsal rehearsal = {.struct_size = sizeof rehearsal};
  uint64_t left;
  for (size_t i = 0; i < STEPS; i++) {
    hypr_session_step(session, samples + i * INPUTS, INPUTS, outputs, CLASSES);
    hypr_session_teach_class(session, 1);
    hypr_session_teach_class_at(session, 3, 2);
    hypr_session_teach_values(session, outputs, CLASSES);
    hypr_session_teach_error(session, outputs, CLASSES);
    hypr_session_teach_values_at(session, 1, outputs, CLASSES);
    hypr_session_teach_error_at(session, 2, outputs, CLASSES);
    hypr_session_work(session, 100 * i, &left);
  }
  hypr_session_step(session, samples, 1, outputs, 1);
  hypr_session_step_spikes(session, channels, 3, outputs, CLASSES);
  hypr_session_step_spikes(session, channels, 300, outputs, CLASSES);
  hypr_session_run(session, samples, STEPS, outputs);
  uint64_t told = 0;
  hypr_session_set_progress(session, stop, &told);
  hypr_session_run(session, samples, STEPS, outputs);
  assert_int_not_equal(told, 0);
  hypr_session_learn_sequence(session, samples, STEPS, labels, outputs, &value);
  hypr_session_set_progress(session, NULL, NULL);
  hypr_session_learn_sequence(session, samples, STEPS, labels, outputs, &value);
  hypr_session_learn_batch(session, samples, lengths, 2, labels, outputs, &value);
  hypr_session_learn_labelled(session, samples, lengths, 2, labels, outputs, &value);
  float weights[] = {1, 0.5f};
  hypr_batch batch = {.struct_size = sizeof batch, .inputs = samples, .steps = lengths, .sequences = 2,
                      .sequence_labels = labels, .weights = weights};
  hypr_session_learn(session, &batch, outputs, &value);
  batch.weights = NULL, batch.sequence_labels = NULL, batch.values = outputs;
  hypr_session_learn(session, &batch, NULL, &value);
  hypr_session_look_ahead(session, samples, INPUTS, outputs, CLASSES);
  hypr_session_condition(session, samples, 1, out);
  hypr_session_teach_sequence(session, 1);
  hypr_session_set_class_weights(session, class_weights, CLASSES);
  hypr_session_set_trainable(session, 0, 0);
  hypr_session_flush(session);
  hypr_session_apply(session);
  hypr_session_work(session, UINT64_MAX, NULL);
  hypr_session_guard(session, &guarded);
  hypr_session_accept(session);
  hypr_session_statistics(session, &statistics);
  hypr_session_layer_activity(session, 0, &activity);
  hypr_session_input_range(session, 0, &range);
  hypr_session_diagnose(session, &findings, text, sizeof text);
  hypr_session_clear_statistics(session);
  hypr_session_get_option(session, HYPR_OPTION_WINDOW, &value);
  hypr_session_message(session);
  hypr_session_tensor_count(session);
  hypr_session_tensor_info(session, 0, &info);
  hypr_session_find_tensor(session, "readout.weight", &index);
  hypr_session_find_tensor(session, "nothing", &index);
  size_t count = parameter_count(session);
  hypr_session_get_parameters(session, flat, count);
  hypr_session_set_parameters(session, flat, count);
  hypr_session_get_gradients(session, flat, count);
  hypr_session_get_spikes(session, 0, out, 20);
  hypr_session_get_layer_state(session, 0, out, hypr_session_layer_state_size(session, 0));
  hypr_session_set_spikes(session, 0, out, 20);
  hypr_session_set_layer_state(session, 0, out, hypr_session_layer_state_size(session, 0));
  hypr_session_get_eligibility(session, 0, flat, hypr_session_eligibility_size(session, 0));
  hypr_session_memory_report(session, &report);
  hypr_session_rehearsal_add(session, samples, 20, labels, NULL, 1);
  hypr_session_rehearsal_add(session, samples, 20, NULL, outputs, 0);
  hypr_session_rehearse(session, 10);
  hypr_session_rehearsal(session, HYPR_REHEARSAL_ALL, &rehearsal);
  hypr_session_rehearsal(session, 1000, &rehearsal);
  hypr_session_rehearsal_count(session, 1);
  hypr_session_save_model(session, "allocations.hypr");
  hypr_session_save_model(session, "no such folder/allocations.hypr");
  hypr_session_save_model(session, deep_path);
  hypr_session_model_size(session, &index);
  hypr_session_save_model_buffer(session, saved, index);
  hypr_session_state_size(session, &index);
  hypr_session_save_state(session, saved, sizeof saved);
  hypr_session_load_state(session, saved, sizeof saved);
  hypr_session_load_state(session, saved, index);
  hypr_update_settings update = HYPR_UPDATE_SETTINGS;
  hypr_session_update_size(session, &update, &index);
  hypr_session_get_update(session, &update, saved, sizeof saved);
  hypr_session_apply_update(session, saved, index);
  update.element_type = HYPR_ELEMENT_INT8, update.share = 0.1;
  hypr_session_update_size(session, &update, &index);
  hypr_session_get_update(session, &update, saved, sizeof saved);
  hypr_session_apply_update(session, saved, index);
  hypr_session_apply_update(session, saved, index - 1);
  hypr_session_transfer(other, session);
  hypr_session_transfer(session, session);
  hypr_session_copy_parameters(other, session);
  hypr_session_copy_parameters(session, session);
  hypr_session_reset_parts(session, HYPR_RESET_STATE | HYPR_RESET_TRACES | HYPR_RESET_OPTIMIZER);
  hypr_session_reset_layer(session, 1);
  hypr_session_rehearsal_clear(session);
  hypr_session_reset(session);
}

static void allocate_nothing(const char *name) {
  hypr_model *model = load_model(name);
  float *samples = random_samples(STEPS * INPUTS, 5);
  int32_t *labels = random_labels(STEPS, CLASSES, 6);
  for (int update = HYPR_UPDATE_WINDOW; update <= HYPR_UPDATE_MANUAL; update++) {
    for (int kind = 0; kind < 3; kind++) {
      const setting settings[] = {
          {HYPR_OPTION_LEARNING, kind > 0}, {HYPR_OPTION_DEFERRED, kind == 2}, {HYPR_OPTION_UPDATE, update}, {HYPR_OPTION_WINDOW, 20}, {HYPR_OPTION_CREDIT, update + 1},
          {HYPR_OPTION_LOSS, update}, {HYPR_OPTION_SPIKE_RATE_PENALTY, 1}, {HYPR_OPTION_LABEL_DELAY, update * 7},
          {HYPR_OPTION_REHEARSAL_BYTES, update == 1 ? 0 : 8192}, {HYPR_OPTION_REHEARSAL_STRETCH, 25},
          {HYPR_OPTION_REHEARSAL_LEAD_IN, 5}, {HYPR_OPTION_GUARD, update * 50}, {HYPR_OPTION_GUARD_ANSWER, 1}, {0, 0}};
      hypr_session *session = make_session(model, settings), *other = make_session(model, settings);
      size_t allocated = allocations, freed = frees;
      call_everything(session, other, samples, labels);
      assert_int_equal(allocations, allocated);
      assert_int_equal(frees, freed);
      hypr_session_free(other);
      hypr_session_free(session);
    }
  }
  remove("allocations.hypr");
  free(samples);
  free(labels);
  hypr_model_free(model);
}

static void calls_on_a_session_allocate_nothing(void **state) {
  (void)state;
  make_folders();
  allocate_nothing(TWO_LAYERS);
  size_t size;
  free(read_file(deep_path, &size)); /* it was saved there */
  allocate_nothing(GATED);
  allocate_nothing(SPARSE);
  remove(deep_path);
  for (char *end; (end = strrchr(deep_path, '/')) != NULL; rmdir(deep_path)) *end = 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sessions_are_one_allocation),
      cmocka_unit_test(nothing_is_allocated_in_the_callers_memory),
      cmocka_unit_test(every_allocation_may_fail),
      cmocka_unit_test(calls_on_a_session_allocate_nothing),
  };
  return cmocka_run_group_tests_name("allocations", tests, NULL, NULL);
}
