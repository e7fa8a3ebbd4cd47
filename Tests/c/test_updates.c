/* Updates of a fleet: what a session has learned since its model file goes to others in few bytes; what is not right is refused. */
#include <math.h>
#include <stdio.h>

#include "stream.h"

static hypr_session *trained;
static float *fresh, *learned;
static size_t parameters, tensors;
static const int32_t element_types[] = {HYPR_ELEMENT_FLOAT32, HYPR_ELEMENT_FLOAT16, HYPR_ELEMENT_INT8};

static int set_up_trained(void **state) {
  if (set_up(state)) return -1;
  trained = make_session(model, SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, WINDOW}, {HYPR_OPTION_LEARNING_RATE, 0.01}));
  fresh = parameters_of(trained);
  step_and_teach(trained, model, samples, labels, STREAM_STEPS, NULL);
  assert_ok(hypr_session_flush(trained));
  learned = parameters_of(trained);
  parameters = parameter_count(trained), tensors = hypr_session_tensor_count(trained);
  return 0;
}

static int tear_down_trained(void **state) {
  free(fresh);
  free(learned);
  hypr_session_free(trained);
  return tear_down(state);
}

/* An update of the trained session, to be freed. */
static unsigned char *update_of(const hypr_update_settings *settings, size_t *size) {
  assert_ok(hypr_session_update_size(trained, settings, size));
  unsigned char *bytes = malloc(*size);
  assert_ok(hypr_session_get_update(trained, settings, bytes, *size));
  return bytes;
}

/* The parameters that a session without learning has after an update of other ones, to be freed. */
static float *applied(const void *bytes, size_t size) {
  hypr_session *session = make_session(model, NULL);
  assert_ok(hypr_session_apply_update(session, bytes, size));
  float *flat = parameters_of(session);
  hypr_session_free(session);
  return flat;
}

static hypr_tensor_info tensor(size_t index) {
  hypr_tensor_info info = {.struct_size = sizeof info};
  assert_ok(hypr_session_tensor_info(trained, index, &info));
  return info;
}

static void an_update_brings_what_was_learned(void **state) {
  (void)state;
  size_t size;
  for (int type = 0; type < 3; type++) {
    hypr_update_settings settings = HYPR_UPDATE_SETTINGS;
    settings.element_type = element_types[type];
    unsigned char *bytes = update_of(&settings, &size);
    float *flat = applied(bytes, size);
    for (size_t t = 0; t < tensors; t++) {
      const hypr_tensor_info info = tensor(t);
      double largest = 0;
      for (size_t i = info.offset; i < info.offset + info.size; i++) largest = fmax(largest, fabs(learned[i] - fresh[i]));
      /* Half a step of the number; of float32 what adding to the base rounds. */
      const double off = type == 2 ? largest / 254 : type == 1 ? largest / 2048 : 0;
      for (size_t i = info.offset; i < info.offset + info.size; i++)
        assert_true(fabs(flat[i] - learned[i]) <= off * 1.001 + 1e-6 * fabs(learned[i]) + 6e-8);
    }
    free(flat);
    free(bytes);
  }
}

static void sizes_are_what_the_format_says(void **state) {
  (void)state;
  const size_t number[] = {4, 2, 1};
  for (int type = 0; type < 3; type++) {
    for (int part = 0; part < 2; part++) {
      hypr_update_settings settings = HYPR_UPDATE_SETTINGS;
      settings.element_type = element_types[type];
      if (part) settings.share = 0.25;
      size_t size, expected = 32 + (tensors + 7) / 8 + 8;
      for (size_t t = 0; t < tensors; t++) {
        const size_t n = tensor(t).size, sent = part ? (n + 3) / 4 : n;
        expected += (part ? (n + 7) / 8 : 0) + (type == 2 ? 4 : 0) + sent * number[type];
      }
      assert_ok(hypr_session_update_size(trained, &settings, &size));
      assert_int_equal(size, expected);
      unsigned char *bytes = malloc(size);
      assert_status(HYPR_ERROR_BUFFER_TOO_SMALL, hypr_session_get_update(trained, &settings, bytes, size - 1));
      free(bytes);
    }
  }
}

static void a_share_is_of_those_that_changed_most(void **state) {
  (void)state;
  hypr_update_settings settings = HYPR_UPDATE_SETTINGS;
  settings.share = 0.25;
  size_t size;
  unsigned char *bytes = update_of(&settings, &size);
  float *flat = applied(bytes, size);
  for (size_t t = 0; t < tensors; t++) {
    const hypr_tensor_info info = tensor(t);
    float smallest_sent = INFINITY, largest_left = 0;
    size_t sent = 0;
    for (size_t i = info.offset; i < info.offset + info.size; i++) {
      const float change = fabsf(learned[i] - fresh[i]);
      if (flat[i] != fresh[i]) sent++, smallest_sent = fminf(smallest_sent, change);
      else largest_left = fmaxf(largest_left, change);
    }
    assert_true(sent <= (info.size + 3) / 4);
    if (sent == (info.size + 3) / 4) assert_true(largest_left <= smallest_sent);
    else assert_true(largest_left < 1e-6f); /* nothing more has changed, or not so that adding it shows */
  }
  free(flat);
  free(bytes);
}

static void what_is_lost_comes_with_later_updates(void **state) {
  (void)state;
  enum { ROUNDS = 40 };
  float *residual = calloc(parameters, sizeof *residual), *sum = calloc(parameters, sizeof *sum);
  hypr_update_settings settings = HYPR_UPDATE_SETTINGS;
  settings.element_type = HYPR_ELEMENT_INT8, settings.share = 0.1, settings.residual = residual;
  for (int round = 0; round < ROUNDS; round++) {
    size_t size;
    unsigned char *bytes = update_of(&settings, &size);
    float *flat = applied(bytes, size);
    for (size_t i = 0; i < parameters; i++) sum[i] += flat[i] - fresh[i];
    free(flat);
    free(bytes);
  }
  /* All that was sent, and what is still to come, is all that changed. (Bounds of neuron parameters keep some from being added.) */
  size_t found = 0;
  for (size_t t = 0; t < tensors; t++) {
    const hypr_tensor_info info = tensor(t);
    if (!strstr(info.name, "weight")) continue;
    for (size_t i = info.offset; i < info.offset + info.size; i++, found++)
      assert_true(fabs(sum[i] + residual[i] - ROUNDS * (learned[i] - fresh[i])) < 1e-4);
  }
  assert_true(found > 100);
  free(residual);
  free(sum);
}

static void tensors_that_stay_are_not_in_it(void **state) {
  (void)state;
  unsigned char sent[64] = {0};
  size_t readout, size, whole;
  assert_ok(hypr_session_find_tensor(trained, "readout.weight", &readout));
  for (size_t t = 0; t < tensors; t++) sent[t] = t != readout;
  hypr_update_settings settings = HYPR_UPDATE_SETTINGS;
  assert_ok(hypr_session_update_size(trained, NULL, &whole));
  settings.tensors = sent;
  unsigned char *bytes = update_of(&settings, &size);
  const hypr_tensor_info info = tensor(readout);
  assert_int_equal(size, whole - 4 * info.size);

  /* What is not in it stays, be it what a device has for itself; and it is of no matter what the file has there. */
  hypr_session *device = make_session(model, NULL);
  float *flat = parameters_of(device);
  for (size_t i = 0; i < info.size; i++) flat[info.offset + i] = 7;
  assert_ok(hypr_session_set_parameters(device, flat, parameters));
  size_t file_size;
  assert_ok(hypr_session_model_size(device, &file_size));
  char *file = malloc(file_size);
  assert_ok(hypr_session_save_model_buffer(device, file, file_size));
  hypr_model *own;
  assert_ok(hypr_model_load_buffer(file, file_size, &own, NULL, 0));
  hypr_session *other = make_session(own, NULL);
  assert_ok(hypr_session_apply_update(device, bytes, size));
  assert_ok(hypr_session_apply_update(other, bytes, size));
  assert_true(same_parameters(device, other));
  float *after = parameters_of(device);
  for (size_t i = 0; i < parameters; i++) {
    if (i >= info.offset && i < info.offset + info.size) assert_true(after[i] == 7);
    else assert_true(fabsf(after[i] - learned[i]) < 1e-6f * (1 + fabsf(learned[i])));
  }
  memset(sent, 0, sizeof sent);
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_session_update_size(trained, &settings, &size));
  assert_non_null(strstr(hypr_session_message(trained), "settings.tensors"));
  free(after), free(flat), free(file), free(bytes);
  hypr_session_free(device), hypr_session_free(other);
  hypr_model_free(own);
}

/* That a session refuses bytes, with a word in its message, and stays as it is. */
static void refuses(hypr_session *session, const void *bytes, size_t size, hypr_status expected, const char *word) {
  float *before = parameters_of(session);
  assert_status(expected, hypr_session_apply_update(session, bytes, size));
  if (!strstr(hypr_session_message(session), word)) fail_msg("%s: without %s", hypr_session_message(session), word);
  float *after = parameters_of(session);
  assert_same_bits(after, before, parameter_count(session));
  free(before), free(after);
}

static void damage_is_found(void **state) {
  (void)state;
  hypr_update_settings settings = HYPR_UPDATE_SETTINGS;
  settings.element_type = HYPR_ELEMENT_INT8, settings.share = 0.1;
  size_t size;
  unsigned char *bytes = update_of(&settings, &size);
  hypr_session *session = make_session(model, NULL);
  for (size_t i = 0; i < size; i++) {
    bytes[i] ^= 0x41;
    assert_int_not_equal(hypr_session_apply_update(session, bytes, size), HYPR_OK);
    assert_int_not_equal(hypr_session_apply_update(session, bytes, i), HYPR_OK);
    bytes[i] ^= 0x41;
  }
  refuses(session, bytes, 20, HYPR_ERROR_INVALID_ARGUMENT, "20 bytes");
  refuses(session, bytes, size - 1, HYPR_ERROR_INVALID_ARGUMENT, "damaged");
  refuses(session, bytes + 1, size - 1, HYPR_ERROR_INVALID_ARGUMENT, "HYPRUPDT");
  bytes[8] = 9;
  refuses(session, bytes, size, HYPR_ERROR_STATE_MISMATCH, "version 9");
  bytes[8] = 1;
  assert_ok(hypr_session_apply_update(session, bytes, size));
  hypr_session_free(session);
  free(bytes);
}

/* Writes the checksum of an update, which anybody can compute (Sources/HyprCore/Support/StateStream.swift). */
static void sign(unsigned char *bytes, size_t size) {
  uint64_t sum = 0xcbf29ce484222325u, word;
  size_t place = 0;
  for (; place + 8 <= size - 8; place += 8) {
    memcpy(&word, bytes + place, 8);
    sum = (sum ^ word) * 0x100000001b3u;
    sum ^= sum >> 32;
  }
  for (; place < size - 8; place++) {
    sum = (sum ^ bytes[place]) * 0x100000001b3u;
    sum ^= sum >> 32;
  }
  memcpy(bytes + size - 8, &sum, 8);
}

/* What the checksum is right of, but nothing else. */
static void lies_are_found(void **state) {
  (void)state;
  static const struct {
    size_t place;
    unsigned char byte;
    const char *words;
  } lies[] = {{10, 3, "element type 3"}, {11, 2, "byte 11 is 2"}, {10, 1, "another size"}};
  const float not_a_number = NAN;
  hypr_update_settings settings = HYPR_UPDATE_SETTINGS;
  settings.element_type = HYPR_ELEMENT_INT8;
  size_t size, first = 32 + (hypr_model_tensor_count(model) + 7) / 8;
  hypr_session *session = make_session(model, NULL);
  for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
    unsigned char *bytes = update_of(&settings, &size);
    sign(bytes, size);
    assert_ok(hypr_session_apply_update(session, bytes, size));
    bytes[lies[i].place] = lies[i].byte;
    sign(bytes, size);
    refuses(session, bytes, size, HYPR_ERROR_INVALID_ARGUMENT, lies[i].words);
    free(bytes);
  }
  unsigned char *bytes = update_of(&settings, &size);
  memcpy(bytes + first, &not_a_number, sizeof not_a_number);
  sign(bytes, size);
  refuses(session, bytes, size, HYPR_ERROR_NOT_FINITE, "a number that is not finite");
  memset(bytes + 32, 0, first - 32);
  sign(bytes, size);
  refuses(session, bytes, size, HYPR_ERROR_INVALID_ARGUMENT, "no tensor is in it");
  free(bytes);
  hypr_session_free(session);
}

static void updates_of_others_are_refused(void **state) {
  (void)state;
  size_t size, file_size;
  unsigned char *bytes = update_of(NULL, &size);
  hypr_model *brf = load_model(BRF);
  hypr_session *other = make_session(brf, NULL);
  refuses(other, bytes, size, HYPR_ERROR_STATE_MISMATCH, "another structure");
  hypr_session_free(other), hypr_model_free(brf);

  /* Stale: the fleet has gone on. */
  assert_ok(hypr_session_model_size(trained, &file_size));
  char *file = malloc(file_size);
  assert_ok(hypr_session_save_model_buffer(trained, file, file_size));
  hypr_model *newer;
  assert_ok(hypr_model_load_buffer(file, file_size, &newer, NULL, 0));
  other = make_session(newer, NULL);
  refuses(other, bytes, size, HYPR_ERROR_STATE_MISMATCH, "stale");
  hypr_session_free(other), hypr_model_free(newer);
  free(file), free(bytes);
}

static void what_is_not_finite_does_not_travel(void **state) {
  (void)state;
  size_t size;
  assert_ok(hypr_session_update_size(trained, NULL, &size));
  float *residual = calloc(parameters, sizeof *residual);
  unsigned char *bytes = malloc(size), *untouched = malloc(size);
  memset(bytes, 7, size), memset(untouched, 7, size);
  hypr_update_settings settings = HYPR_UPDATE_SETTINGS;
  settings.residual = residual;
  residual[tensor(1).offset + 3] = NAN;
  assert_status(HYPR_ERROR_NOT_FINITE, hypr_session_get_update(trained, &settings, bytes, size));
  char place[100];
  snprintf(place, sizeof place, "%s[3]", tensor(1).name);
  assert_non_null(strstr(hypr_session_message(trained), place));
  assert_memory_equal(bytes, untouched, size);
  assert_true(residual[0] == 0);

  /* What no int8 and no float16 can hold is cut there, and the rest is still to come. */
  memset(residual, 0, parameters * sizeof *residual);
  residual[0] = 3e38f;
  for (int type = 1; type < 3; type++) {
    settings.element_type = element_types[type];
    unsigned char *update = update_of(&settings, &size);
    float *flat = applied(update, size);
    assert_true(isfinite(flat[0]) && flat[0] > 6e4f);
    if (type == 1) assert_true(fabsf(residual[0] + 65504 - 3e38f) < 1e32f);
    free(flat), free(update);
  }
  /* Two numbers whose sum is none. */
  residual[0] = -3e38f;
  float *huge = malloc(parameters * sizeof *huge);
  memcpy(huge, learned, parameters * sizeof *huge);
  huge[0] = -2e38f;
  hypr_session *session = make_session(model, NULL);
  assert_ok(hypr_session_set_parameters(session, huge, parameters));
  settings.element_type = HYPR_ELEMENT_FLOAT32;
  assert_ok(hypr_session_update_size(session, &settings, &size));
  assert_status(HYPR_ERROR_NOT_FINITE, hypr_session_get_update(session, &settings, bytes, size));
  hypr_session_free(session);
  free(huge), free(residual), free(bytes), free(untouched);
}

static void nothing_learned_is_an_update_too(void **state) {
  (void)state;
  hypr_session *session = make_session(model, NULL);
  for (int type = 0; type < 3; type++) {
    hypr_update_settings settings = HYPR_UPDATE_SETTINGS;
    settings.element_type = element_types[type], settings.share = 0.3;
    size_t size;
    assert_ok(hypr_session_update_size(session, &settings, &size));
    unsigned char *bytes = malloc(size);
    assert_ok(hypr_session_get_update(session, &settings, bytes, size));
    assert_ok(hypr_session_apply_update(session, bytes, size));
    float *flat = parameters_of(session);
    assert_same_bits(flat, fresh, parameters);
    free(flat), free(bytes);
  }
  hypr_session_free(session);
}

static void settings_are_checked(void **state) {
  (void)state;
  const struct {
    int32_t type;
    double share;
    const char *word;
  } bad[] = {{3, 1, "element_type is 3"}, {-1, 1, "element_type is -1"}, {0, 0, "share is 0"},
             {0, 1.01, "share is 1.01"}, {0, NAN, "share"}, {0, -1, "share is -1"}};
  size_t size;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    hypr_update_settings settings = HYPR_UPDATE_SETTINGS;
    settings.element_type = bad[i].type, settings.share = bad[i].share;
    assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_session_update_size(trained, &settings, &size));
    if (!strstr(hypr_session_message(trained), bad[i].word)) fail_msg("%s", hypr_session_message(trained));
  }
}

/* Every model there is: the way there and back, with the open window of a session that learns closed first. */
static void all_models_have_updates(void **state) {
  (void)state;
  for (const char *const *name = model_names(""); *name; name++) {
    hypr_model *one = load_model(*name);
    hypr_session *session = make_session(one, SETTINGS(LEARNING, {HYPR_OPTION_LEARNING_RATE, 0.01}));
    hypr_session *reader = make_session(one, SETTINGS(LEARNING));
    const size_t inputs = hypr_model_input_size(one), steps = 60;
    float *drawn = random_samples(steps * inputs, 5);
    int32_t *targets = random_labels(steps, hypr_model_output_size(one), 6);
    assert_ok(hypr_session_learn_sequence(session, drawn, steps, targets, NULL, NULL));
    assert_ok(hypr_session_flush(session));
    assert_ok(hypr_session_run(reader, drawn, 7, NULL));
    size_t size;
    assert_ok(hypr_session_update_size(session, NULL, &size));
    char *bytes = malloc(size);
    assert_ok(hypr_session_get_update(session, NULL, bytes, size));
    assert_ok(hypr_session_apply_update(reader, bytes, size));
    float *expected = parameters_of(session), *flat = parameters_of(reader);
    for (size_t i = 0; i < parameter_count(session); i++) assert_true(fabsf(flat[i] - expected[i]) <= 1e-6f * (1 + fabsf(flat[i])));
    free(expected), free(flat), free(bytes), free(drawn), free(targets);
    hypr_session_free(session), hypr_session_free(reader);
    hypr_model_free(one);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_update_brings_what_was_learned),
      cmocka_unit_test(sizes_are_what_the_format_says),
      cmocka_unit_test(a_share_is_of_those_that_changed_most),
      cmocka_unit_test(what_is_lost_comes_with_later_updates),
      cmocka_unit_test(tensors_that_stay_are_not_in_it),
      cmocka_unit_test(damage_is_found),
      cmocka_unit_test(lies_are_found),
      cmocka_unit_test(updates_of_others_are_refused),
      cmocka_unit_test(what_is_not_finite_does_not_travel),
      cmocka_unit_test(nothing_learned_is_an_update_too),
      cmocka_unit_test(settings_are_checked),
      cmocka_unit_test(all_models_have_updates),
  };
  return cmocka_run_group_tests_name("updates", tests, set_up_trained, tear_down_trained);
}
