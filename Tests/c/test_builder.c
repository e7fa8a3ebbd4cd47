/* Building models: fresh ones, changed ones, and every wrong argument. */
#include <math.h>
#include <stdio.h>

#include "support.h"

enum { INPUTS = 4, NEURONS = 6, OUTPUTS = 3 };

static hypr_builder *make_builder(size_t inputs) {
  hypr_builder *builder;
  char message[256] = "untouched";
  assert_ok(hypr_builder_create(inputs, &builder, message, sizeof message));
  assert_string_equal(message, "");
  assert_string_equal(hypr_builder_message(builder), "");
  return builder;
}

static hypr_builder *small_builder(const char *neuron) {
  hypr_builder *builder = make_builder(INPUTS);
  assert_ok(hypr_builder_add_layer(builder, neuron, NEURONS, NULL));
  assert_ok(hypr_builder_set_readout(builder, OUTPUTS, -1, 0));
  return builder;
}

/* The file of a builder, to be freed. */
static void *build(hypr_builder *builder, uint64_t seed, size_t *size) {
  assert_ok(hypr_builder_build(builder, seed, size));
  void *data = malloc(*size);
  assert_ok(hypr_builder_copy_file(builder, data, *size));
  return data;
}

static hypr_model *build_model(hypr_builder *builder, uint64_t seed) {
  size_t size;
  void *data = build(builder, seed, &size);
  hypr_model *model;
  assert_ok(hypr_model_load_buffer(data, size, &model, NULL, 0));
  free(data);
  return model;
}

/* The call fails so, and the message says this. */
#define refused(expected, words, call)                            \
  do {                                                            \
    assert_status(expected, call);                                \
    if (!strstr(hypr_builder_message(builder), words))            \
      fail_msg("\"%s\" says not \"%s\"", hypr_builder_message(builder), words); \
  } while (0)

static void every_neuron_model_is_built(void **state) {
  (void)state;
  assert_true(hypr_neuron_count() >= 1);
  for (size_t index = 0; index < hypr_neuron_count(); index++) {
    hypr_neuron neuron = {.struct_size = sizeof neuron};
    assert_ok(hypr_neuron_info(index, &neuron));
    hypr_builder *builder = small_builder(neuron.name);
    size_t size, again, other;
    void *one = build(builder, 1, &size), *two = build(builder, 1, &again), *three = build(builder, 2, &other);
    assert_int_equal(size, again);
    assert_memory_equal(one, two, size);
    assert_true(other != size || memcmp(one, three, size) != 0);
    hypr_model *model = build_model(builder, 1);
    assert_string_equal(hypr_model_layer_neuron(model, 0), neuron.name);
    assert_int_equal(hypr_model_layer_size(model, 0), NEURONS);

    /* What the builder says of the tensors is what a session says. */
    hypr_session *session = make_session(model, SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, 1}));
    assert_int_equal(hypr_builder_tensor_count(builder), hypr_session_tensor_count(session));
    for (size_t tensor = 0; tensor < hypr_builder_tensor_count(builder); tensor++) {
      hypr_tensor_info ours = {.struct_size = sizeof ours}, theirs = {.struct_size = sizeof theirs};
      assert_ok(hypr_builder_tensor_info(builder, tensor, &ours));
      assert_ok(hypr_session_tensor_info(session, tensor, &theirs));
      assert_string_equal(ours.name, theirs.name);
      assert_memory_equal(ours.shape, theirs.shape, sizeof ours.shape);
      assert_true(ours.rank == theirs.rank && ours.offset == theirs.offset && ours.size == theirs.size);
      assert_int_equal(ours.trainable, theirs.trainable);
    }

    /* A builder with all that the model has makes its file. */
    hypr_builder *changed;
    assert_ok(hypr_builder_create_from(model, &changed, NULL, 0));
    void *kept = build(changed, 7, &again);
    assert_int_equal(size, again);
    assert_memory_equal(one, kept, size);
    hypr_builder_free(changed);
    hypr_session_free(session);
    hypr_model_free(model);
    hypr_builder_free(builder);
    free(one), free(two), free(three), free(kept);
  }
}

static void the_test_models_come_back_byte_for_byte(void **state) {
  (void)state;
  for (const char *const *name = model_names(""); *name; name++) {
    size_t size, again;
    void *file = read_file(model_path(*name), &size);
    hypr_model *model = load_model(*name);
    hypr_builder *builder;
    assert_ok(hypr_builder_create_from(model, &builder, NULL, 0));
    hypr_model_free(model);
    void *built = build(builder, 0, &again);
    assert_int_equal(size, again);
    assert_memory_equal(file, built, size);
    hypr_builder_free(builder);
    free(file), free(built);
  }
}

static void everything_can_be_said(void **state) {
  (void)state;
  hypr_builder *builder = make_builder(2);
  const char *names[] = {"x", "y"}, *labels[] = {"no", "yes"};
  float scale = 2, offset[] = {1, 2}, threshold = 0.5f, weight[4 * 3], bias[] = {1, 2}, read[2];
  for (size_t index = 0; index < 12; index++) weight[index] = 0.25f * index;
  hypr_layer_settings settings = HYPR_LAYER_SETTINGS;
  settings.name = "first";
  settings.bias = 1;
  settings.reset = HYPR_SPIKE_RESET_SUBTRACT;
  settings.surrogate = HYPR_SURROGATE_TRIANGLE;
  settings.surrogate_slope = 3;
  assert_ok(hypr_builder_set_name(builder, "name"));
  assert_ok(hypr_builder_set_time_step(builder, 0.5f));
  assert_ok(hypr_builder_set_input_scale(builder, &scale, 1));
  assert_ok(hypr_builder_set_input_offset(builder, offset, 2));
  assert_ok(hypr_builder_set_input_names(builder, names, 2));
  assert_ok(hypr_builder_set_level_crossing(builder, &threshold, 1, HYPR_LEVEL_CROSSING_ON_OFF));
  assert_ok(hypr_builder_add_layer(builder, "general_lif", 3, &settings));
  assert_ok(hypr_builder_set_tensor(builder, "layer0.input_weight", weight, 12));
  assert_ok(hypr_builder_draw_tensor(builder, "layer0.tau_m", 7, 7));
  assert_ok(hypr_builder_set_trainable(builder, "layer0.threshold", 0));
  assert_ok(hypr_builder_add_layer(builder, "BRF", 2, NULL));
  assert_ok(hypr_builder_set_constant(builder, "layer1.threshold", 0.125f));
  assert_ok(hypr_builder_set_readout(builder, 2, 1, 9));
  assert_ok(hypr_builder_set_tensor(builder, "readout.bias", bias, 2));
  assert_ok(hypr_builder_get_tensor(builder, "readout.bias", read, 2));
  assert_same_bits(bias, read, 2);
  assert_ok(hypr_builder_set_class_labels(builder, labels, 2));
  assert_ok(hypr_builder_recommend(builder, HYPR_OPTION_WINDOW, 5));
  assert_ok(hypr_builder_recommend(builder, HYPR_OPTION_WINDOW, 17));
  assert_ok(hypr_builder_set_metadata(builder, "key", "first"));
  assert_ok(hypr_builder_set_metadata(builder, "key", "value"));

  hypr_model *model = build_model(builder, 0);
  assert_string_equal(hypr_model_name(model), "name");
  assert_true(hypr_model_time_step(model) == 0.5f);
  assert_string_equal(hypr_model_input_name(model, 1), "y");
  assert_string_equal(hypr_model_class_label(model, 1), "yes");
  assert_int_equal(hypr_model_metadata_count(model), 1);
  assert_string_equal(hypr_model_metadata_value(model, 0), "value");
  hypr_session *session = make_session(model, SETTINGS(LEARNING));
  double window;
  assert_ok(hypr_session_get_option(session, HYPR_OPTION_WINDOW, &window));
  assert_true(window == 17);
  float *flat = parameters_of(session);
  assert_same_bits(weight, flat, 12);
  size_t index;
  hypr_tensor_info info = {.struct_size = sizeof info};
  assert_ok(hypr_session_find_tensor(session, "layer0.tau_m", &index));
  assert_ok(hypr_session_tensor_info(session, index, &info));
  for (size_t neuron = 0; neuron < 3; neuron++) assert_true(flat[info.offset + neuron] == 7);
  assert_ok(hypr_session_find_tensor(session, "layer0.threshold", &index));
  assert_ok(hypr_session_tensor_info(session, index, &info));
  assert_int_equal(info.trainable, 0);
  free(flat);
  hypr_session_free(session);
  hypr_model_free(model);

  /* Taking away what is on top, for other outputs. */
  assert_ok(hypr_builder_remove_top(builder));
  assert_ok(hypr_builder_set_readout(builder, 5, 0, 0));
  model = build_model(builder, 0);
  assert_int_equal(hypr_model_output_size(model), 5);
  assert_null(hypr_model_class_label(model, 0));
  hypr_model_free(model);
  hypr_builder_free(builder);
}

static void some_weights_are_left_out(void **state) {
  (void)state;
  hypr_builder *builder = make_builder(3);
  hypr_layer_settings settings = HYPR_LAYER_SETTINGS;
  settings.recurrent_density = 0.25;
  assert_ok(hypr_builder_add_layer(builder, "brf", 40, &settings));
  assert_ok(hypr_builder_set_readout(builder, 2, -1, 0));
  hypr_model *model = build_model(builder, 3);
  size_t others = 40 * 3 + 2 * 40 + 2 * 40 + 2, kept = hypr_model_parameter_count(model) - others;
  assert_in_range(kept, 300, 500);
  hypr_model_free(model);
  hypr_builder_free(builder);

  /* Given rows: the values that are drawn are those of the whole matrix at their places. */
  static const char *const weights[] = {"layer0.input_weight", "layer0.recurrent_weight", "readout.weight"};
  uint32_t offsets[] = {0, 2, 2, 3}, columns[] = {0, 2, 1};
  for (size_t weight = 0; weight < 3; weight++) {
    float all[9], some[3];
    for (int given = 0; given < 2; given++) {
      size_t index;
      builder = make_builder(3);
      assert_ok(hypr_builder_add_layer(builder, "brf", 3, NULL));
      assert_ok(hypr_builder_set_readout(builder, 3, -1, 0));
      if (given) assert_ok(hypr_builder_set_tensor_rows(builder, weights[weight], offsets, 4, columns, 3));
      model = build_model(builder, 3);
      assert_ok(hypr_model_find_tensor(model, weights[weight], &index));
      assert_ok(hypr_model_tensor_values(model, index, given ? some : all, given ? 3 : 9));
      hypr_model_free(model);
      hypr_builder_free(builder);
    }
    float expected[] = {all[0], all[2], all[7]};
    assert_same_bits(expected, some, 3);
  }
}

static void files_are_kept_until_something_changes(void **state) {
  (void)state;
  hypr_builder *builder = small_builder("brf");
  size_t size, read;
  char byte;
  refused(HYPR_ERROR_WRONG_STATE, "no file was built", hypr_builder_copy_file(builder, &byte, 1));
  refused(HYPR_ERROR_WRONG_STATE, "no file was built", hypr_builder_save_file(builder, "x.hypr"));
  void *data = build(builder, 0, &size);
  refused(HYPR_ERROR_BUFFER_TOO_SMALL, "expected", hypr_builder_copy_file(builder, data, size - 1));
  assert_ok(hypr_builder_save_file(builder, "builder.hypr"));
  void *file = read_file("builder.hypr", &read);
  assert_int_equal(size, read);
  assert_memory_equal(data, file, size);
  remove("builder.hypr");
  free(file), free(data);
  refused(HYPR_ERROR_IO, "cannot write /nowhere/x", hypr_builder_save_file(builder, "/nowhere/x"));
  /* A refused change leaves the file. */
  refused(HYPR_ERROR_INVALID_ARGUMENT, "time_step", hypr_builder_set_time_step(builder, -1));
  assert_ok(hypr_builder_save_file(builder, "builder.hypr"));
  assert_ok(hypr_builder_set_time_step(builder, 1));
  refused(HYPR_ERROR_WRONG_STATE, "since the last change", hypr_builder_save_file(builder, "builder.hypr"));
  remove("builder.hypr");
  hypr_builder_free(builder);
}

/* Settings as callers with another version of the header have them. */
static void settings_of_other_versions(void **state) {
  (void)state;
  enum { FIRST = 2 * sizeof(size_t) + 40 };
  char words[160];
  union {
    hypr_layer_settings settings;
    char bytes[128];
  } given;
  hypr_builder *builder = make_builder(INPUTS);
  memset(&given, 0, sizeof given);
  given.settings = (hypr_layer_settings)HYPR_LAYER_SETTINGS;
  for (size_t size = 0; size <= sizeof given; size++) {
    given.settings.struct_size = size;
    if (size < FIRST) {
      snprintf(words, sizeof words, "settings.struct_size is %zu, expected the size of the struct, at least %d", size, (int)FIRST);
      refused(HYPR_ERROR_INVALID_ARGUMENT, words, hypr_builder_add_layer(builder, "brf", NEURONS, &given.settings));
      continue;
    }
    assert_ok(hypr_builder_add_layer(builder, "brf", NEURONS, &given.settings));
    assert_ok(hypr_builder_remove_top(builder));
    if (size <= sizeof given.settings) continue;
    given.bytes[size - 1] = 1;
    snprintf(words, sizeof words, "settings.struct_size is %zu, and the struct is not zero behind what this version knows", size);
    refused(HYPR_ERROR_INVALID_ARGUMENT, words, hypr_builder_add_layer(builder, "brf", NEURONS, &given.settings));
    given.bytes[size - 1] = 0;
  }
  /* Nothing of what was refused has stayed. */
  assert_ok(hypr_builder_add_layer(builder, "brf", NEURONS, NULL));
  hypr_builder_free(builder);
}

static void wrong_arguments_are_named(void **state) {
  (void)state;
  hypr_builder *builder = (hypr_builder *)1;
  char message[64];
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_builder_create(0, &builder, message, sizeof message));
  assert_null(builder);
  assert_string_equal(message, "0 inputs, expected 1 to 16777216");
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_builder_create(SIZE_MAX, &builder, NULL, 0));
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_builder_create(1, NULL, message, sizeof message));
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_builder_create_from(NULL, &builder, message, sizeof message));
  assert_string_equal(message, "model is NULL");

  builder = make_builder(2);
  size_t size;
  float values[16] = {0}, wrong[16] = {0, NAN};
  uint32_t offsets[8] = {0}, columns[4] = {0};
  const char *texts[] = {"a", NULL};
  hypr_layer_settings settings = HYPR_LAYER_SETTINGS;
  refused(HYPR_ERROR_WRONG_STATE, "no layer below", hypr_builder_set_readout(builder, 2, -1, 0));
  refused(HYPR_ERROR_WRONG_STATE, "no readout", hypr_builder_build(builder, 0, &size));
  refused(HYPR_ERROR_WRONG_STATE, "no layer", hypr_builder_remove_top(builder));
  refused(HYPR_ERROR_NOT_FOUND, "known are ", hypr_builder_add_layer(builder, "brv", 2, NULL));
  refused(HYPR_ERROR_NOT_FOUND, "brf_", hypr_builder_add_layer(builder, "brf_x", 2, NULL));
  for (size_t wrong_size = 0, tried = 0; tried < 3; tried++, wrong_size = tried == 1 ? SIZE_MAX : ((size_t)1 << 24) + 1)
    refused(HYPR_ERROR_INVALID_ARGUMENT, "neurons in a layer", hypr_builder_add_layer(builder, "brf", wrong_size, NULL));

#define refused_setting(field, value, words)                                                                       \
  do {                                                                                                             \
    hypr_layer_settings changed = settings;                                                                        \
    changed.field = value;                                                                                         \
    refused(HYPR_ERROR_INVALID_ARGUMENT, words, hypr_builder_add_layer(builder, "brf", 2, &changed));              \
  } while (0)
  refused_setting(struct_size, 0, "struct_size");
  refused_setting(recurrent, 2, "settings.recurrent is 2, expected 0 or 1");
  refused_setting(bias, -2, "settings.bias is -2, expected 0, 1 or -1");
  refused_setting(input_density, 0, "input_density is 0, expected above 0 and at most 1");
  refused_setting(input_density, NAN, "input_density is");
  refused_setting(recurrent_density, 1.5, "recurrent_density is 1.5");
  refused_setting(reset, 6, "reset is 6, expected 0 to 5");
  refused_setting(reset, -1, "reset is -1");
  refused_setting(surrogate, 7, "surrogate is 7, expected 0 to 6");
  settings.recurrent = 0;
  refused_setting(recurrent_density, 0.5, "without recurrent weights");

  refused(HYPR_ERROR_SIZE_MISMATCH, "3 scales, expected 1 or 2", hypr_builder_set_input_scale(builder, values, 3));
  refused(HYPR_ERROR_NOT_FINITE, "scales[1]", hypr_builder_set_input_scale(builder, wrong, 2));
  refused(HYPR_ERROR_SIZE_MISMATCH, "offsets", hypr_builder_set_input_offset(builder, values, SIZE_MAX));
  refused(HYPR_ERROR_INVALID_ARGUMENT, "scale is NULL", hypr_builder_set_input_scale(builder, NULL, 2));
  refused(HYPR_ERROR_INVALID_ARGUMENT, "names[1] is NULL", hypr_builder_set_input_names(builder, texts, 2));
  refused(HYPR_ERROR_SIZE_MISMATCH, "1 input names", hypr_builder_set_input_names(builder, texts, 1));
  char largest[64];
  snprintf(largest, sizeof largest, "thresholds has %zu entries", SIZE_MAX);
  refused(HYPR_ERROR_SIZE_MISMATCH, largest, hypr_builder_set_level_crossing(builder, values, SIZE_MAX, 0));
  refused(HYPR_ERROR_INVALID_ARGUMENT, "output is 2", hypr_builder_set_level_crossing(builder, (const float[]){1}, 1, 2));

  assert_ok(hypr_builder_add_layer(builder, "brf", 3, NULL));
  refused(HYPR_ERROR_WRONG_STATE, "layers already", hypr_builder_set_level_crossing(builder, values, 1, 0));
  const char *unknown[] = {"", "layer", "layer.", "layer0", "layer0.", "layer1.omega", "layer00.omega", "layer0.omegas", "omega",
                           "layer0.bias", "layer99999999999999999999.omega", "layer-1.omega", "readout.weight", "layer0.OMEGA"};
  for (size_t index = 0; index < sizeof unknown / sizeof *unknown; index++) {
    refused(HYPR_ERROR_NOT_FOUND, unknown[index], hypr_builder_set_tensor(builder, unknown[index], values, 3));
    refused(HYPR_ERROR_NOT_FOUND, "no tensor", hypr_builder_draw_tensor(builder, unknown[index], 0, 1));
    refused(HYPR_ERROR_NOT_FOUND, "no tensor", hypr_builder_set_trainable(builder, unknown[index], 1));
    refused(HYPR_ERROR_NOT_FOUND, "no tensor", hypr_builder_get_tensor(builder, unknown[index], values, 3));
    refused(HYPR_ERROR_NOT_FOUND, "no tensor", hypr_builder_set_element_type(builder, unknown[index], HYPR_ELEMENT_INT8));
    refused(HYPR_ERROR_NOT_FOUND, "no tensor", hypr_builder_set_tensor_rows(builder, unknown[index], offsets, 4, columns, 0));
    refused(HYPR_ERROR_NOT_FOUND, "no constant", hypr_builder_set_constant(builder, unknown[index], 1));
  }
  refused(HYPR_ERROR_NOT_FOUND, "threshold, dt, refractory_decay", hypr_builder_set_constant(builder, "layer0.reset", 1));
  refused(HYPR_ERROR_NOT_FINITE, "layer0.dt", hypr_builder_set_constant(builder, "layer0.dt", NAN));
  refused(HYPR_ERROR_SIZE_MISMATCH, "4 elements, expected 3", hypr_builder_set_tensor(builder, "layer0.omega", values, 4));
  refused(HYPR_ERROR_NOT_FINITE, "layer0.omega[1]", hypr_builder_set_tensor(builder, "layer0.omega", wrong, 3));
  refused(HYPR_ERROR_INVALID_ARGUMENT, "(low, high)", hypr_builder_draw_tensor(builder, "layer0.omega", 2, 1));
  refused(HYPR_ERROR_INVALID_ARGUMENT, "(low, high)", hypr_builder_draw_tensor(builder, "layer0.omega", 0, 1e300));
  refused(HYPR_ERROR_WRONG_STATE, "not given", hypr_builder_get_tensor(builder, "layer0.omega", values, 3));
  refused(HYPR_ERROR_INVALID_ARGUMENT, "trainable is 2", hypr_builder_set_trainable(builder, "layer0.omega", 2));
  refused(HYPR_ERROR_INVALID_ARGUMENT, "layer0.omega is no weight",
          hypr_builder_set_element_type(builder, "layer0.omega", HYPR_ELEMENT_INT8));
  refused(HYPR_ERROR_INVALID_ARGUMENT, "element_type is 3", hypr_builder_set_element_type(builder, "layer0.input_weight", 3));
  refused(HYPR_ERROR_INVALID_ARGUMENT, "element_type is -1", hypr_builder_set_element_type(builder, NULL, -1));

#define refused_rows(status, words, count) \
  refused(status, words, hypr_builder_set_tensor_rows(builder, "layer0.recurrent_weight", offsets, 4, columns, count))
  refused(HYPR_ERROR_INVALID_ARGUMENT, "not a weight", hypr_builder_set_tensor_rows(builder, "layer0.omega", offsets, 4, columns, 0));
  refused(HYPR_ERROR_SIZE_MISMATCH, "row offsets",
          hypr_builder_set_tensor_rows(builder, "layer0.recurrent_weight", offsets, SIZE_MAX, columns, 0));
  refused_rows(HYPR_ERROR_SIZE_MISMATCH, "1 columns, expected 0", 1);
  offsets[0] = 1;
  refused_rows(HYPR_ERROR_INVALID_ARGUMENT, "row offset 0 is 1", 1);
  offsets[0] = 0, offsets[1] = 2, offsets[2] = 1, offsets[3] = 2;
  refused_rows(HYPR_ERROR_INVALID_ARGUMENT, "row offset 2 is 1", 2);
  offsets[2] = 2;
  refused_rows(HYPR_ERROR_INVALID_ARGUMENT, "column 1 is 0, expected 1 to 2", 2);
  columns[1] = 3;
  refused_rows(HYPR_ERROR_INVALID_ARGUMENT, "column 1 is 3", 2);
  refused(HYPR_ERROR_INVALID_ARGUMENT, "columns is NULL",
          hypr_builder_set_tensor_rows(builder, "layer0.recurrent_weight", offsets, 4, NULL, 2));

  refused(HYPR_ERROR_INVALID_ARGUMENT, "0 outputs", hypr_builder_set_readout(builder, 0, -1, 0));
  refused(HYPR_ERROR_INVALID_ARGUMENT, "bias is 5", hypr_builder_set_readout(builder, 2, 5, 0));
  refused(HYPR_ERROR_NOT_FINITE, "tau", hypr_builder_set_readout(builder, 2, -1, INFINITY));
  refused(HYPR_ERROR_WRONG_STATE, "no readout", hypr_builder_set_class_labels(builder, texts, 1));
  assert_ok(hypr_builder_set_readout(builder, 2, -1, 0));
  refused(HYPR_ERROR_WRONG_STATE, "already", hypr_builder_set_readout(builder, 2, -1, 0));
  refused(HYPR_ERROR_WRONG_STATE, "on top", hypr_builder_add_layer(builder, "brf", 2, NULL));
  refused(HYPR_ERROR_SIZE_MISMATCH, "1 labels, expected 2", hypr_builder_set_class_labels(builder, texts, 1));
  refused(HYPR_ERROR_INVALID_ARGUMENT, "not a weight", hypr_builder_set_tensor_rows(builder, "readout.tau", offsets, 3, columns, 0));
  refused(HYPR_ERROR_INVALID_ARGUMENT, "option window is -1", hypr_builder_recommend(builder, HYPR_OPTION_WINDOW, -1));
  refused(HYPR_ERROR_INVALID_ARGUMENT, "never taken", hypr_builder_recommend(builder, HYPR_OPTION_LEARNING, 1));
  refused(HYPR_ERROR_INVALID_ARGUMENT, "no option 999", hypr_builder_recommend(builder, 999, 1));
  hypr_tensor_info info = {.struct_size = sizeof info};
  refused(HYPR_ERROR_NOT_FOUND, "expected below the tensor count", hypr_builder_tensor_info(builder, 99, &info));
  refused(HYPR_ERROR_NOT_FOUND, "index", hypr_builder_tensor_info(builder, SIZE_MAX, &info));
  info.struct_size = 0;
  refused(HYPR_ERROR_INVALID_ARGUMENT, "struct_size", hypr_builder_tensor_info(builder, 0, &info));

  /* The loader's rules are those of the builder. */
  assert_ok(hypr_builder_draw_tensor(builder, "layer0.omega", 1000, 1000));
  refused(HYPR_ERROR_MODEL_INVALID, "layers[0].omega[0] is 1000", hypr_builder_build(builder, 0, &size));
  assert_ok(hypr_builder_draw_tensor(builder, "layer0.omega", 3, 5));
  assert_ok(hypr_builder_build(builder, 0, &size));
  hypr_builder_free(builder);

  builder = make_builder(1);
  assert_ok(hypr_builder_add_layer(builder, "brf", (size_t)1 << 24, NULL));
  assert_ok(hypr_builder_set_readout(builder, 1, -1, 0));
  refused(HYPR_ERROR_INVALID_ARGUMENT, "less than 2 GiB", hypr_builder_build(builder, 0, &size));
  hypr_builder_free(builder);
}

static void nothing_is_null(void **state) {
  (void)state;
  hypr_builder *builder = small_builder("brf"), *none = NULL;
  float value = 0;
  uint32_t number = 0;
  size_t size;
#define null_argument(name, call) refused(HYPR_ERROR_INVALID_ARGUMENT, name " is NULL", call)
  null_argument("name", hypr_builder_set_name(builder, NULL));
  null_argument("offset", hypr_builder_set_input_offset(builder, NULL, 1));
  null_argument("names", hypr_builder_set_input_names(builder, NULL, 1));
  null_argument("encoding", hypr_builder_set_encoding(builder, NULL));
  null_argument("stage", hypr_builder_add_conditioning(builder, NULL));
  null_argument("lower", hypr_builder_set_trained_range(builder, NULL, &value, 1));
  null_argument("upper", hypr_builder_set_trained_range(builder, &value, NULL, 1));
  null_argument("inputs", hypr_builder_fit_input(builder, NULL, &(size_t){1}, 1));
  null_argument("steps", hypr_builder_fit_input(builder, &value, NULL, 1));
  hypr_conditioning stage = HYPR_CONDITIONING(HYPR_CONDITIONING_HIGH_PASS);
  stage.time_constant_count = 1;
  null_argument("stage.time_constants", hypr_builder_add_conditioning(builder, &stage));
  null_argument("neuron", hypr_builder_add_layer(builder, NULL, 1, NULL));
  null_argument("name", hypr_builder_set_constant(builder, NULL, 1));
  null_argument("name", hypr_builder_set_tensor(builder, NULL, &value, 1));
  null_argument("values", hypr_builder_set_tensor(builder, "layer0.omega", NULL, NEURONS));
  null_argument("name", hypr_builder_draw_tensor(builder, NULL, 0, 1));
  null_argument("name", hypr_builder_set_tensor_rows(builder, NULL, &number, 1, &number, 1));
  null_argument("row_offsets", hypr_builder_set_tensor_rows(builder, "layer0.input_weight", NULL, 1, &number, 1));
  null_argument("name", hypr_builder_set_trainable(builder, NULL, 1));
  null_argument("info", hypr_builder_tensor_info(builder, 0, NULL));
  null_argument("name", hypr_builder_get_tensor(builder, NULL, &value, 1));
  null_argument("values", hypr_builder_get_tensor(builder, "layer0.omega", NULL, 1));
  null_argument("labels", hypr_builder_set_class_labels(builder, NULL, OUTPUTS));
  null_argument("inputs", hypr_builder_add_exemplar(builder, NULL, 1, &(int32_t){1}, NULL, 0));
  null_argument("key", hypr_builder_set_metadata(builder, NULL, "value"));
  null_argument("value", hypr_builder_set_metadata(builder, "key", NULL));
  null_argument("bytes", hypr_builder_build(builder, 0, NULL));
  null_argument("buffer", hypr_builder_copy_file(builder, NULL, 1));
  null_argument("path", hypr_builder_save_file(builder, NULL));
  null_argument("inputs", hypr_builder_widen_trained_range(builder, NULL, &(size_t){1}, 1));
  null_argument("steps", hypr_builder_widen_trained_range(builder, &value, NULL, 1));
  assert_ok(hypr_builder_set_input_names(builder, NULL, 0));
  assert_ok(hypr_builder_set_class_labels(builder, NULL, 0));
  assert_ok(hypr_builder_set_input_scale(builder, NULL, 0));

  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_builder_set_encoding(none, &(hypr_encoding)HYPR_ENCODING(HYPR_ENCODING_NONE)));
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_builder_add_conditioning(none, &stage));
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_builder_clear_conditioning(none));
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_builder_set_trained_range(none, NULL, NULL, 0));
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_builder_fit_input(none, &value, &(size_t){1}, 1));
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_builder_set_name(none, "x"));
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_builder_add_layer(none, "brf", 1, NULL));
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_builder_set_tensor(none, "x", &value, 1));
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_builder_add_exemplar(none, &value, 1, &(int32_t){1}, NULL, 0));
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_builder_keep_exemplars(none, 1000, 0));
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_builder_clear_exemplars(none));
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_builder_widen_trained_range(none, &value, &(size_t){1}, 1));
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_builder_build(none, 0, &size));
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_builder_save_file(none, "x"));
  assert_int_equal(hypr_builder_tensor_count(none), 0);
  assert_string_equal(hypr_builder_message(none), "");
  hypr_builder_free(none);
  hypr_builder_free(builder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_neuron_model_is_built),
      cmocka_unit_test(the_test_models_come_back_byte_for_byte),
      cmocka_unit_test(everything_can_be_said),
      cmocka_unit_test(some_weights_are_left_out),
      cmocka_unit_test(files_are_kept_until_something_changes),
      cmocka_unit_test(settings_of_other_versions),
      cmocka_unit_test(wrong_arguments_are_named),
      cmocka_unit_test(nothing_is_null),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
