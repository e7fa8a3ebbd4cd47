/* Loading models, good and bad, and what can be asked about them. */
#include <stdio.h>

#include "support.h"

static void loading_from_a_path(void **state) {
  (void)state;
  hypr_model *model;
  char message[64] = "?";
  assert_ok(hypr_model_load(model_path(BRF), &model, message, sizeof message));
  assert_string_equal(message, "");
  hypr_model_free(model);
  assert_ok(hypr_model_load(model_path(BRF), &model, NULL, 0));
  hypr_model_free(model);
}

static void facts_about_a_model(void **state) {
  (void)state;
  hypr_model *model = load_model(TWO_LAYERS);
  assert_int_equal(hypr_model_input_size(model), 9);
  assert_int_equal(hypr_model_output_size(model), 3);
  assert_int_equal(hypr_model_layer_count(model), 2);
  assert_int_equal(hypr_model_layer_size(model, 0), 20);
  assert_int_equal(hypr_model_layer_size(model, 1), 13);
  assert_string_equal(hypr_model_layer_neuron(model, 0), "BRF");
  assert_string_equal(hypr_model_layer_neuron(model, 1), "SEAdLIF");
  assert_non_null(hypr_model_name(model));
  assert_true(hypr_model_time_step(model) >= 0);
  for (size_t i = 0; i < hypr_model_metadata_count(model); i++) {
    assert_non_null(hypr_model_metadata_key(model, i));
    assert_non_null(hypr_model_metadata_value(model, i));
  }
  const size_t past[] = {2, 3, 1000, SIZE_MAX / 2, SIZE_MAX - 1, SIZE_MAX};
  for (size_t i = 0; i < sizeof past / sizeof *past; i++) {
    assert_int_equal(hypr_model_layer_size(model, past[i]), 0);
    assert_null(hypr_model_layer_neuron(model, past[i]));
    size_t index = past[i] + (past[i] < 1000 ? 1000 : 0);
    assert_null(hypr_model_input_name(model, index));
    assert_null(hypr_model_class_label(model, index));
    assert_null(hypr_model_metadata_key(model, index));
    assert_null(hypr_model_metadata_value(model, index));
  }
  hypr_model_free(model);
}

static void buffers_need_no_alignment_and_may_go_away(void **state) {
  (void)state;
  size_t size;
  char *bytes = read_file(model_path(SE_ADLIF), &size);
  float *samples = random_samples(50 * 4, 1);
  float expected[50 * 6], outputs[50 * 6];
  hypr_model *model = load_model(SE_ADLIF);
  hypr_session *session = make_session(model, NULL);
  assert_ok(hypr_session_run(session, samples, 50, expected));
  hypr_session_free(session);
  hypr_model_free(model);

  for (size_t shift = 0; shift < 8; shift++) {
    char *copy = malloc(size + shift);
    memcpy(copy + shift, bytes, size);
    assert_ok(hypr_model_load_buffer(copy + shift, size, &model, NULL, 0));
    memset(copy, 0x55, size + shift);
    free(copy);
    session = make_session(model, NULL);
    assert_ok(hypr_session_run(session, samples, 50, outputs));
    assert_same_bits(outputs, expected, 50 * 6);
    hypr_session_free(session);
    hypr_model_free(model);
  }
  free(samples);
  free(bytes);
}

static void assert_file_refused(hypr_status expected, const char *path) {
  hypr_model *model = (hypr_model *)"?";
  char message[512] = "";
  assert_status(expected, hypr_model_load(path, &model, message, sizeof message));
  assert_null(model);
  assert_string_not_equal(message, "");
  model = (hypr_model *)"?";
  assert_status(expected, hypr_model_load(path, &model, NULL, 0));
  assert_null(model);
}

static void files_that_are_no_models(void **state) {
  (void)state;
  assert_file_refused(HYPR_ERROR_NOT_FOUND, "no such file.hypr");
  assert_file_refused(HYPR_ERROR_NOT_FOUND, "no such folder/model.hypr");
  assert_file_refused(HYPR_ERROR_NOT_FOUND, "");
  assert_file_refused(HYPR_ERROR_IO, ".");
  assert_file_refused(HYPR_ERROR_IO, "/dev/null");
  FILE *file = fopen("empty.hypr", "w");
  fclose(file);
  assert_file_refused(HYPR_ERROR_MODEL_INVALID, "empty.hypr");
  remove("empty.hypr");
}

static hypr_status load_bytes(const void *bytes, size_t size, hypr_model **model) {
  char message[512] = "";
  *model = (hypr_model *)"?";
  hypr_status status = hypr_model_load_buffer(bytes, size, model, message, sizeof message);
  if (status == HYPR_OK) {
    assert_string_equal(message, "");
  } else {
    assert_null(*model);
    assert_string_not_equal(message, "");
  }
  return status;
}

/* Only zeros after the last tensor, which fill the file up to its alignment, can be missed without harm. */
static void no_truncated_file_loads(void **state) {
  (void)state;
  size_t size;
  char *bytes = read_file(model_path(TWO_LAYERS), &size);
  size_t needed = size;
  while (bytes[needed - 1] == 0) needed--;
  assert_true(size - needed < 64);
  for (size_t length = 0; length < size; length++) {
    hypr_model *model;
    hypr_status status = load_bytes(bytes, length, &model);
    if (length < needed || status != HYPR_OK) {
      assert_status(HYPR_ERROR_MODEL_INVALID, status);
    } else {
      hypr_model_free(model);
    }
  }
  free(bytes);
}

static void another_identifier(void **state) {
  (void)state;
  size_t size;
  char *bytes = read_file(model_path(BRF), &size);
  hypr_model *model;
  for (size_t i = 4; i < 8; i++) {
    bytes[i] ^= 1;
    assert_status(HYPR_ERROR_MODEL_INVALID, load_bytes(bytes, size, &model));
    bytes[i] ^= 1;
  }
  free(bytes);
}

/* A damaged file is refused with a message, or it is a valid model with other numbers, which then runs and learns. */
static void damaged_files_never_crash(void **state) {
  (void)state;
  const unsigned char damages[] = {0x01, 0x80, 0xff};
  size_t size, stride = getenv("HYPR_TEST_QUICK") ? 37 : 1;
  unsigned char *bytes = read_file(model_path(TWO_LAYERS), &size);
  float *samples = random_samples(2 * 9, 1);
  for (size_t i = 0; i < size; i += stride) {
    for (int damage = 0; damage < 3; damage++) {
      hypr_model *model;
      bytes[i] ^= damages[damage];
      if (load_bytes(bytes, size, &model) == HYPR_OK) {
        hypr_session *session = make_session(model, SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, 2}));
        if (hypr_session_run(session, samples, 2, NULL) == HYPR_OK) {
          assert_ok(hypr_session_teach_class(session, 0));
          assert_ok(hypr_session_flush(session));
        }
        hypr_session_free(session);
        hypr_model_free(model);
      }
      bytes[i] ^= damages[damage];
    }
  }
  free(samples);
  free(bytes);
}

/* A million names that are one long text: who looked at it for every name would be at it for hours. */
static void a_text_is_looked_at_once(void **state) {
  (void)state;
  enum { NAMES = 1 << 20, LENGTH = 1 << 22, TABLE = 28, VECTOR = TABLE + 8, TEXT = VECTOR + 4 + 4 * NAMES };
  const size_t size = TEXT + 4 + LENGTH + 1;
  char *file = calloc(size, 1), message[200];
  const uint16_t fields[] = {18, 8, 0, 0, 0, 0, 0, 0, 4}; /* of the root: the seventh, class_labels, only */
  const uint32_t root = TABLE, table[] = {TABLE - 8, 4, NAMES}, length = LENGTH;
  memcpy(file, &root, sizeof root);
  memcpy(file + 4, "HYPR", 4);
  memcpy(file + 8, fields, sizeof fields);
  memcpy(file + TABLE, table, sizeof table);
  for (uint32_t at = VECTOR + 4; at < TEXT; at += 4) {
    const uint32_t distance = TEXT - at;
    memcpy(file + at, &distance, sizeof distance);
  }
  memcpy(file + TEXT, &length, sizeof length);
  memset(file + TEXT + 4, 'a', LENGTH);
  for (int damaged = 0; damaged < 2; damaged++) {
    hypr_model *model;
    if (damaged) file[size - 2] = (char)0xff;
    assert_status(HYPR_ERROR_MODEL_INVALID, hypr_model_load_buffer(file, size, &model, message, sizeof message));
    assert_non_null(strstr(message, damaged ? "class_labels[0] is no UTF-8: byte 4194303 is 255" : "format_version"));
  }
  free(file);
}

static void messages_are_cut_to_their_buffer(void **state) {
  (void)state;
  hypr_model *model;
  char whole[512];
  assert_status(HYPR_ERROR_MODEL_INVALID, hypr_model_load_buffer("?", 1, &model, whole, sizeof whole));
  for (size_t room = 1; room <= strlen(whole) + 1; room++) {
    char message[512];
    memset(message, '#', sizeof message);
    assert_status(HYPR_ERROR_MODEL_INVALID, hypr_model_load_buffer("?", 1, &model, message, room));
    assert_int_equal(strlen(message), room - 1);
    assert_memory_equal(message, whole, room - 1);
    assert_int_equal(message[room], '#');
  }
  char untouched = '#';
  assert_status(HYPR_ERROR_MODEL_INVALID, hypr_model_load_buffer("?", 1, &model, &untouched, 0));
  assert_int_equal(untouched, '#');
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(loading_from_a_path),
      cmocka_unit_test(facts_about_a_model),
      cmocka_unit_test(buffers_need_no_alignment_and_may_go_away),
      cmocka_unit_test(files_that_are_no_models),
      cmocka_unit_test(no_truncated_file_loads),
      cmocka_unit_test(another_identifier),
      cmocka_unit_test(damaged_files_never_crash),
      cmocka_unit_test(a_text_is_looked_at_once),
      cmocka_unit_test(messages_are_cut_to_their_buffer),
  };
  return cmocka_run_group_tests_name("models", tests, NULL, NULL);
}
