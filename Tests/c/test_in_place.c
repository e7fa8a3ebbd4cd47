/* Without a heap: model files are used where they lie, and models and options live in the caller's memory. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>

#include "support.h"

enum { STEPS = 50, INPUTS = 4, OUTPUTS = 6 };

typedef struct {
  char *file, *memory;
  size_t size, bytes, alignment;
} place;

static void *aligned(size_t bytes, size_t alignment) {
  void *memory;
  assert_int_equal(posix_memalign(&memory, alignment, bytes), 0);
  return memory;
}

/* A file of the test models where it may be used in place, and room for its model. */
static place place_of(const char *name) {
  place p;
  char message[256];
  char *bytes = read_file(model_path(name), &p.size);
  p.file = aligned(p.size, 8);
  memcpy(p.file, bytes, p.size);
  free(bytes);
  assert_ok(hypr_model_memory_size(p.file, p.size, &p.bytes, &p.alignment, message, sizeof message));
  assert_string_equal(message, "");
  p.memory = aligned(p.bytes + p.alignment, p.alignment);
  memset(p.memory, '#', p.bytes + p.alignment);
  return p;
}

static void free_place(place p) {
  free(p.file);
  free(p.memory);
}

static void a_model_in_place_is_that_of_the_file(void **state) {
  (void)state;
  for (const char *const *name = model_names(""); *name; name++) {
    place p = place_of(*name);
    hypr_model *model, *loaded = load_model(*name);
    assert_ok(hypr_model_create_in(p.file, p.size, p.memory, p.bytes, &model, NULL, 0));
    for (size_t i = 0; i < p.alignment; i++) assert_int_equal(p.memory[p.bytes + i], '#');
    hypr_session *session = make_session(model, NULL), *expected = make_session(loaded, NULL);
    size_t inputs = hypr_model_input_size(loaded), outputs = hypr_model_output_size(loaded);
    float *samples = random_samples(STEPS * inputs, 3), *one = malloc(STEPS * outputs * sizeof *one),
          *other = malloc(STEPS * outputs * sizeof *other);
    /* Sessions keep what they need of the model. */
    hypr_model_free(model);
    hypr_model_free(loaded);
    assert_ok(hypr_session_run(session, samples, STEPS, one));
    assert_ok(hypr_session_run(expected, samples, STEPS, other));
    assert_same_bits(one, other, STEPS * outputs);
    hypr_session_free(session);
    hypr_session_free(expected);
    free(samples), free(one), free(other);
    free_place(p);
  }
}

static void it_learns_and_is_saved(void **state) {
  (void)state;
  place p = place_of(BRF);
  hypr_model *model, *learned;
  char *kept = malloc(p.size), *saved = malloc(p.size);
  memcpy(kept, p.file, p.size);
  assert_ok(hypr_model_create_in(p.file, p.size, p.memory, p.bytes, &model, NULL, 0));
  hypr_session *session = make_session(model, SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, 10}));
  float *samples = random_samples(STEPS * INPUTS, 3), output[OUTPUTS];
  for (int step = 0; step < STEPS; step++) {
    assert_ok(hypr_session_step(session, samples + step * INPUTS, INPUTS, output, OUTPUTS));
    assert_ok(hypr_session_teach_class(session, 2));
  }
  assert_memory_equal(p.file, kept, p.size);
  assert_ok(hypr_session_save_model_buffer(session, saved, p.size));
  assert_memory_not_equal(saved, kept, p.size);
  assert_ok(hypr_model_load_buffer(saved, p.size, &learned, NULL, 0));
  hypr_model_free(learned);
  hypr_session_free(session);
  hypr_model_free(model);
  free(samples), free(kept), free(saved);
  free_place(p);
}

static void what_does_not_fit_is_refused(void **state) {
  (void)state;
  place p = place_of(SE_ADLIF);
  hypr_model *model = (hypr_model *)"?";
  char message[256], expected[256], *shifted = aligned(p.size + 8, 8);
  assert_status(HYPR_ERROR_BUFFER_TOO_SMALL,
                hypr_model_create_in(p.file, p.size, p.memory, p.bytes - 1, &model, message, sizeof message));
  assert_null(model);
  snprintf(expected, sizeof expected, "memory has %zu bytes, the model takes %zu", p.bytes - 1, p.bytes);
  assert_string_equal(message, expected);
  for (size_t shift = 1; shift < p.alignment; shift++) {
    assert_status(HYPR_ERROR_INVALID_ARGUMENT,
                  hypr_model_create_in(p.file, p.size, p.memory + shift, p.bytes, &model, message, sizeof message));
    snprintf(expected, sizeof expected, "memory is %zu bytes past a multiple of %zu", shift, p.alignment);
    assert_memory_equal(message, expected, strlen(expected));
  }
  for (size_t i = 0; i < p.bytes; i++) assert_int_equal(p.memory[i], '#');
  for (size_t shift = 1; shift < 8; shift++) {
    size_t bytes = 7;
    memcpy(shifted + shift, p.file, p.size);
    snprintf(expected, sizeof expected, "data is %zu bytes past a multiple of 8, expected an array that is aligned to it", shift);
    assert_status(HYPR_ERROR_INVALID_ARGUMENT,
                  hypr_model_memory_size(shifted + shift, p.size, &bytes, NULL, message, sizeof message));
    assert_string_equal(message, expected);
    assert_int_equal(bytes, 7);
    assert_status(HYPR_ERROR_INVALID_ARGUMENT,
                  hypr_model_create_in(shifted + shift, p.size, p.memory, p.bytes, &model, message, sizeof message));
    assert_string_equal(message, expected);
  }
  free(shifted);
  free_place(p);
}

/* A byte after the other is another one: in place the file is refused, or not, as when it is copied, for the same reason. */
static void damaged_files_are_refused_as_when_they_are_copied(void **state) {
  (void)state;
  place p = place_of(BRF);
  char *memory = aligned(1 << 20, p.alignment), message[512], expected[512];
  size_t stride = getenv("HYPR_TEST_QUICK") ? 29 : 3, refused = 0;
  for (size_t at = 0; at < p.size; at += stride) {
    hypr_model *model, *copied;
    char before = p.file[at];
    p.file[at] = (char)(before ^ (char)(at % 255 + 1));
    hypr_status status = hypr_model_load_buffer(p.file, p.size, &copied, expected, sizeof expected);
    assert_status(status, hypr_model_create_in(p.file, p.size, memory, 1 << 20, &model, message, sizeof message));
    assert_string_equal(message, expected);
    hypr_model_free(model);
    hypr_model_free(copied);
    refused += status != HYPR_OK;
    p.file[at] = before;
  }
  assert_true(refused > 10);
  free(memory);
  free_place(p);
}

static void options_live_in_the_callers_memory(void **state) {
  (void)state;
  size_t bytes, alignment;
  hypr_options *options = (hypr_options *)"?";
  char message[256], expected[256];
  double value;
  assert_ok(hypr_options_memory_size(&bytes, NULL));
  assert_ok(hypr_options_memory_size(&bytes, &alignment));
  char *memory = aligned(bytes + alignment, alignment);
  memset(memory, '#', bytes + alignment);
  assert_status(HYPR_ERROR_BUFFER_TOO_SMALL, hypr_options_create_in(memory, bytes - 1, &options, message, sizeof message));
  assert_null(options);
  snprintf(expected, sizeof expected, "memory has %zu bytes, options take %zu", bytes - 1, bytes);
  assert_string_equal(message, expected);
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_options_create_in(memory + 1, bytes, &options, message, sizeof message));
  assert_memory_equal(message, "memory is 1 bytes past", 22);
  assert_ok(hypr_options_create_in(memory, bytes, &options, message, sizeof message));
  assert_ok(hypr_options_set(options, HYPR_OPTION_WINDOW, 17));
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_options_set(options, HYPR_OPTION_WINDOW, -1));
  assert_string_not_equal(hypr_options_message(options), "");
  assert_ok(hypr_options_get(options, HYPR_OPTION_WINDOW, &value));
  assert_true(value == 17);
  for (size_t i = 0; i < alignment; i++) assert_int_equal(memory[bytes + i], '#');
  hypr_options_free(options);
  free(memory);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_model_in_place_is_that_of_the_file),
      cmocka_unit_test(it_learns_and_is_saved),
      cmocka_unit_test(what_does_not_fit_is_refused),
      cmocka_unit_test(damaged_files_are_refused_as_when_they_are_copied),
      cmocka_unit_test(options_live_in_the_callers_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
