/* Saving the adapted model: the same bits when it is loaded again, and never a broken file. */
#define _POSIX_C_SOURCE 200809L

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"

enum { STEPS = 100 };
static const char folder[] = "saved", path[] = "saved/model.hypr";

static int set_up(void **state) {
  (void)state;
  remove(path);
  rmdir(folder);
  return mkdir(folder, 0777);
}

static int tear_down(void **state) {
  (void)state;
  remove(path);
  return rmdir(folder);
}

static hypr_session *trained(const hypr_model *model) {
  size_t inputs = hypr_model_input_size(model);
  float *samples = random_samples(STEPS * inputs, 5);
  int32_t *labels = random_labels(STEPS, hypr_model_output_size(model), 6);
  hypr_session *session = make_session(
      model, SETTINGS(LEARNING, {HYPR_OPTION_LEARNING_RATE, 0.01}, {HYPR_OPTION_WINDOW, 10}));
  assert_ok(hypr_session_learn_sequence(session, samples, STEPS, labels, NULL, NULL));
  free(samples);
  free(labels);
  return session;
}

static float *outputs_from_rest(const hypr_model *model, hypr_session *session) {
  float *samples = random_samples(STEPS * hypr_model_input_size(model), 9);
  float *outputs = malloc(STEPS * hypr_model_output_size(model) * sizeof *outputs);
  assert_ok(hypr_session_reset(session));
  assert_ok(hypr_session_run(session, samples, STEPS, outputs));
  free(samples);
  return outputs;
}

/* Whether the file rounds what a session has learned. */
static int rounds(const hypr_model *model) {
  hypr_tensor_info info = {.struct_size = sizeof info};
  for (size_t i = 0; hypr_model_tensor_info(model, i, &info) == HYPR_OK; i++) {
    if (info.element_type != HYPR_ELEMENT_FLOAT32) return 1;
  }
  return 0;
}

static void saved_models_are_the_same_bit_for_bit(void **state) {
  (void)state;
  for (const char *const *name = model_names(""); *name; name++) {
    hypr_model *model = load_model(*name), *again;
    if (rounds(model)) {
      hypr_model_free(model);
      continue;
    }
    hypr_session *session = trained(model);
    assert_ok(hypr_session_save_model(session, path));
    assert_ok(hypr_model_load(path, &again, NULL, 0));
    hypr_session *copy = make_session(again, NULL);
    float *expected = parameters_of(session), *parameters = parameters_of(copy);
    assert_same_bits(parameters, expected, parameter_count(session));
    float *expected_outputs = outputs_from_rest(model, session), *outputs = outputs_from_rest(again, copy);
    assert_same_bits(outputs, expected_outputs, STEPS * hypr_model_output_size(model));
    assert_string_equal(hypr_model_name(again), hypr_model_name(model));
    assert_int_equal(hypr_model_metadata_count(again), hypr_model_metadata_count(model));
    free(expected);
    free(parameters);
    free(expected_outputs);
    free(outputs);
    hypr_session_free(copy);
    hypr_session_free(session);
    hypr_model_free(again);
    hypr_model_free(model);
  }
}

static void an_unchanged_model_is_saved_as_it_was(void **state) {
  (void)state;
  hypr_model *model = load_model(TWO_LAYERS);
  hypr_session *session = make_session(model, NULL);
  assert_ok(hypr_session_save_model(session, path));
  size_t size, expected_size;
  char *bytes = read_file(path, &size), *expected = read_file(model_path(TWO_LAYERS), &expected_size);
  assert_int_equal(size, expected_size);
  assert_memory_equal(bytes, expected, size);
  free(bytes);
  free(expected);
  hypr_session_free(session);
  hypr_model_free(model);
}

/* To memory: the same bytes as to a file, in the room that they take and no more. */
static void models_are_saved_to_memory(void **state) {
  (void)state;
  for (const char *const *name = model_names(""); *name; name++) {
    hypr_model *model = load_model(*name);
    hypr_session *session = trained(model);
    size_t size, file_size;
    assert_ok(hypr_session_save_model(session, path));
    char *expected = read_file(path, &file_size);
    assert_ok(hypr_session_model_size(session, &size));
    assert_int_equal(size, file_size);
    char *bytes = malloc(size + 8);
    memset(bytes, '#', size + 8);
    assert_status(HYPR_ERROR_BUFFER_TOO_SMALL, hypr_session_save_model_buffer(session, bytes, size - 1));
    assert_status(HYPR_ERROR_BUFFER_TOO_SMALL, hypr_session_save_model_buffer(session, bytes, 0));
    assert_status(HYPR_ERROR_BUFFER_TOO_SMALL, hypr_session_save_model_buffer(session, bytes, SIZE_MAX));
    assert_int_equal(bytes[0], '#');
    assert_ok(hypr_session_save_model_buffer(session, bytes, size + 8));
    assert_memory_equal(bytes, expected, size);
    for (size_t i = size; i < size + 8; i++) assert_int_equal(bytes[i], '#');
    free(bytes);
    free(expected);
    hypr_session_free(session);
    hypr_model_free(model);
  }
}

/* The old file stays whole for whoever has it open, and nothing else is left behind. */
static void files_are_replaced_not_overwritten(void **state) {
  (void)state;
  hypr_model *model = load_model(BRF);
  hypr_session *session = trained(model), *fresh = make_session(model, NULL);
  assert_ok(hypr_session_save_model(fresh, path));
  struct stat before, after;
  assert_int_equal(stat(path, &before), 0);
  FILE *reader = fopen(path, "rb");
  assert_ok(hypr_session_save_model(session, path));
  assert_int_equal(stat(path, &after), 0);
  assert_true(before.st_ino != after.st_ino);
  assert_int_equal(files_in(folder), 1);
  size_t size;
  char *original = read_file(model_path(BRF), &size), *seen = malloc(size);
  assert_int_equal(fread(seen, 1, size, reader), size);
  assert_memory_equal(seen, original, size);
  fclose(reader);
  free(original);
  free(seen);
  hypr_session_free(session);
  hypr_session_free(fresh);
  hypr_model_free(model);
}

static void assert_not_saved(hypr_session *session, const char *where) {
  assert_status(HYPR_ERROR_IO, hypr_session_save_model(session, where));
  assert_string_not_equal(hypr_session_message(session), "");
}

static void sessions_survive_paths_that_cannot_be_written(void **state) {
  (void)state;
  hypr_model *model = load_model(BRF);
  hypr_session *session = trained(model), *twin = trained(model);
  static char too_long[10000];
  memset(too_long, 'x', sizeof too_long - 1);
  assert_not_saved(session, "no such folder/model.hypr");
  assert_not_saved(session, folder);
  assert_not_saved(session, "");
  assert_not_saved(session, "/dev/null/model.hypr");
  assert_not_saved(session, too_long);
  float *outputs = outputs_from_rest(model, session), *expected = outputs_from_rest(model, twin);
  assert_same_bits(outputs, expected, STEPS * hypr_model_output_size(model));
  assert_ok(hypr_session_save_model(session, path));
  free(outputs);
  free(expected);
  hypr_session_free(session);
  hypr_session_free(twin);
  hypr_model_free(model);
}

/* A full disk, played by a limit on the size of files. */
static void a_full_disk_leaves_the_old_file(void **state) {
  (void)state;
  hypr_model *model = load_model(BRF);
  hypr_session *session = trained(model), *fresh = make_session(model, NULL);
  assert_ok(hypr_session_save_model(fresh, path));
  struct rlimit unlimited, limit;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
  limit = unlimited;
  signal(SIGXFSZ, SIG_IGN);
  for (limit.rlim_cur = 0; limit.rlim_cur < 7000; limit.rlim_cur += 500) {
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    hypr_status status = hypr_session_save_model(session, path);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
    assert_status(HYPR_ERROR_IO, status);
    size_t size, expected_size;
    char *bytes = read_file(path, &size), *expected = read_file(model_path(BRF), &expected_size);
    assert_int_equal(size, expected_size);
    assert_memory_equal(bytes, expected, size);
    assert_int_equal(files_in(folder), 1);
    free(bytes);
    free(expected);
  }
  assert_ok(hypr_session_save_model(session, path));
  hypr_session_free(session);
  hypr_session_free(fresh);
  hypr_model_free(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(saved_models_are_the_same_bit_for_bit),
      cmocka_unit_test(an_unchanged_model_is_saved_as_it_was),
      cmocka_unit_test(models_are_saved_to_memory),
      cmocka_unit_test(files_are_replaced_not_overwritten),
      cmocka_unit_test(sessions_survive_paths_that_cannot_be_written),
      cmocka_unit_test(a_full_disk_leaves_the_old_file),
  };
  return cmocka_run_group_tests_name("saving", tests, set_up, tear_down);
}
