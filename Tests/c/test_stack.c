/* Threads of small devices have small stacks. Everything is done in a thread of the least stack that the system allows, 16 KB, of
 * which its libraries take a part for themselves; what loading and saving take is measured by painting it. */
#define _DEFAULT_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>

#include "support.h"

enum { STACK = 16384, GUARD = 65536, LARGE = 1 << 18, PAINT = 0xA5, STEPS = 40, LIMIT = 8192 };

static const char *name;
static char saved[1 << 21];

typedef struct {
  hypr_model *model;
  hypr_session *session;
  const float *samples;
  const int32_t *labels;
  hypr_status status;
} work;

static void *nothing(void *context) { return context; }

static void *load(void *context) {
  work *with = context;
  char message[256];
  with->status = hypr_model_load(model_path(name), &with->model, message, sizeof message);
  return NULL;
}

static void *create(void *context) {
  work *with = context;
  hypr_options *options;
  with->status = hypr_options_create(&options, NULL, 0);
  hypr_options_set(options, HYPR_OPTION_LEARNING, 1);
  hypr_options_set(options, HYPR_OPTION_WINDOW, 10);
  hypr_options_set(options, HYPR_OPTION_GUARD, 20);
  hypr_options_set(options, HYPR_OPTION_GUARD_ANSWER, 1);
  hypr_options_set(options, HYPR_OPTION_REHEARSAL_BYTES, 8192);
  hypr_options_set(options, HYPR_OPTION_REHEARSAL_STRETCH, 10);
  hypr_options_set(options, HYPR_OPTION_REHEARSAL_LEAD_IN, 2);
  if (with->status == HYPR_OK) with->status = hypr_session_create(with->model, options, &with->session, NULL, 0);
  hypr_options_free(options);
  return NULL;
}

static void *run(void *context) {
  work *with = context;
  with->status = hypr_session_run(with->session, with->samples, STEPS, NULL);
  return NULL;
}

static void *learn(void *context) {
  work *with = context;
  with->status = hypr_session_learn_sequence(with->session, with->samples, STEPS, with->labels, NULL, NULL);
  return NULL;
}

static void *rehearse(void *context) {
  work *with = context;
  with->status = hypr_session_rehearsal_add(with->session, with->samples, 10, with->labels, NULL, 1);
  if (with->status == HYPR_OK) with->status = hypr_session_rehearse(with->session, 3);
  if (hypr_session_rehearsal_count(with->session, HYPR_REHEARSAL_ALL) < 2) with->status = HYPR_ERROR_NOT_FOUND;
  return NULL;
}

static void *save(void *context) {
  work *with = context;
  with->status = hypr_session_save_model(with->session, "stack.hypr");
  return NULL;
}

static void *save_buffer(void *context) {
  work *with = context;
  size_t size = 0;
  hypr_session_model_size(with->session, &size);
  with->status = hypr_session_save_model_buffer(with->session, saved, size);
  return NULL;
}

static void *save_state(void *context) {
  work *with = context;
  size_t size = 0;
  hypr_session_state_size(with->session, &size);
  with->status = hypr_session_save_state(with->session, saved, size);
  if (with->status == HYPR_OK) with->status = hypr_session_load_state(with->session, saved, size);
  return NULL;
}

static void *transfer(void *context) {
  work *with = context, other = {.model = with->model};
  create(&other);
  with->status = other.status;
  if (with->status == HYPR_OK) with->status = hypr_session_transfer(other.session, with->session);
  hypr_session_free(other.session);
  return NULL;
}

static void *fail_to_load(void *context) {
  work *with = context;
  char message[256];
  size_t size;
  char *bytes = read_file(model_path(name), &size);
  hypr_model *model;
  bytes[size - 100] ^= 0x70;
  hypr_model_load_buffer(bytes, size, &model, message, sizeof message);
  hypr_model_free(model);
  free(bytes);
  with->status = HYPR_OK;
  return NULL;
}

/* Runs it in a thread; returns the bytes of its stack that were written to. */
static size_t stack_of(void *(*function)(void *), work *with, size_t size) {
  char *memory = mmap(NULL, GUARD + size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  assert_true(memory != MAP_FAILED);
  char *stack = memory + GUARD;
  assert_int_equal(mprotect(memory, GUARD, PROT_NONE), 0);
  memset(stack, PAINT, size);
  pthread_attr_t attributes;
  pthread_t thread;
  assert_int_equal(pthread_attr_init(&attributes), 0);
  assert_int_equal(pthread_attr_setstack(&attributes, stack, size), 0);
  assert_int_equal(pthread_create(&thread, &attributes, function, with), 0);
  assert_int_equal(pthread_join(thread, NULL), 0);
  pthread_attr_destroy(&attributes);
  size_t untouched = 0;
  while (untouched < size && (unsigned char)stack[untouched] == PAINT) untouched++;
  munmap(memory, GUARD + size);
  return size - untouched;
}

static const struct {
  const char *name;
  void *(*function)(void *);
  int is_limited;
} parts[] = {{"load", load, 1},           {"create", create, 0},           {"run", run, 0},
             {"learn", learn, 0},         {"rehearse", rehearse, 0},       {"save", save, 1},
             {"save to memory", save_buffer, 1}, {"save state", save_state, 0}, {"transfer", transfer, 0},
             {"fail to load", fail_to_load, 0}};
enum { PARTS = sizeof parts / sizeof *parts };

static void do_everything(size_t size, size_t limit) {
  work with = {0};
  with.model = load_model(name);
  float *samples = random_samples(STEPS * hypr_model_input_size(with.model), 3);
  int32_t *labels = random_labels(STEPS, hypr_model_output_size(with.model), 4);
  with.samples = samples;
  with.labels = labels;
  hypr_model_free(with.model);
  size_t thread = stack_of(nothing, &with, size);
  if (getenv("HYPR_TEST_VERBOSE")) print_message("of %zu bytes a thread takes %zu for itself\n", size, thread);
  for (int i = 0; i < PARTS; i++) {
    size_t used = stack_of(parts[i].function, &with, size) - thread;
    assert_ok(with.status);
    if (getenv("HYPR_TEST_VERBOSE")) print_message("%s: %s takes %zu bytes of stack\n", name, parts[i].name, used);
    if (parts[i].is_limited && used > limit) {
      fail_msg("%s: %s takes %zu bytes of stack, expected at most %zu", name, parts[i].name, used, limit);
    }
  }
  free(samples);
  free(labels);
  hypr_session_free(with.session);
  hypr_model_free(with.model);
  remove("stack.hypr");
}

/* What is called for the first time is found by the dynamic linker, on the same stack; that is not what is measured. */
static void small_stacks_are_enough(void **state) {
  (void)state;
  static const char *const names[] = {TWO_LAYERS, GATED, SPARSE, EXEMPLARS};
  for (size_t i = 0; i < 4; i++) {
    name = names[i];
    do_everything(LARGE, LARGE);
    do_everything(LARGE, LIMIT);
    do_everything(STACK, LIMIT);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(small_stacks_are_enough)};
  return cmocka_run_group_tests_name("stack", tests, NULL, NULL);
}
