#define _POSIX_C_SOURCE 200809L
/* Tensors, parameters and gradients. */
#include <math.h>
#include <stdio.h>

#include "support.h"

enum { STEPS = 150 };

/* ---- Tensors */

static void tensors_cover_the_flat_vector(void **state) {
  (void)state;
  for (const char *const *name = model_names(""); *name; name++) {
    hypr_model *model = load_model(*name);
    hypr_session *session = make_session(model, NULL);
    size_t end = 0, count = hypr_session_tensor_count(session), found;
    for (size_t i = 0; i < count; i++) {
      hypr_tensor_info info = {.struct_size = sizeof info};
      assert_ok(hypr_session_tensor_info(session, i, &info));
      assert_int_equal(info.offset, end);
      assert_int_equal(info.size, info.shape[0] * info.shape[1] * info.shape[2] * info.shape[3]);
      assert_in_range(info.rank, 1, 2);
      assert_in_range(info.trainable, 0, 1);
      for (size_t axis = info.rank; axis < 4; axis++) assert_int_equal(info.shape[axis], 1);
      assert_ok(hypr_session_find_tensor(session, info.name, &found));
      assert_int_equal(found, i);
      end += info.size;
    }
    assert_int_equal(end, hypr_model_parameter_count(model));
    hypr_tensor_info info = {.struct_size = sizeof info};
    assert_status(HYPR_ERROR_NOT_FOUND, hypr_session_tensor_info(session, count, &info));
    assert_status(HYPR_ERROR_NOT_FOUND, hypr_session_tensor_info(session, SIZE_MAX, &info));
    info.struct_size--;
    assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_session_tensor_info(session, 0, &info));
    hypr_session_free(session);
    hypr_model_free(model);
  }
}

static void tensors_have_their_names_and_shapes(void **state) {
  (void)state;
  const struct {
    const char *name;
    size_t rank, rows, columns;
  } expected[] = {
      {"layer0.input_weight", 2, 20, 9},      {"layer0.recurrent_weight", 2, 20, 20}, {"layer0.omega", 1, 20, 1},
      {"layer0.b_offset", 1, 20, 1},          {"layer1.input_weight", 2, 13, 20},     {"layer1.bias", 1, 13, 1},
      {"layer1.recurrent_weight", 2, 13, 13}, {"layer1.p_u", 1, 13, 1},               {"layer1.p_w", 1, 13, 1},
      {"layer1.a", 1, 13, 1},                 {"layer1.b", 1, 13, 1},                 {"readout.weight", 2, 3, 13},
      {"readout.tau", 1, 3, 1},
  };
  hypr_model *model = load_model(TWO_LAYERS);
  hypr_session *session = make_session(model, NULL);
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
    size_t index;
    hypr_tensor_info info = {.struct_size = sizeof info};
    assert_ok(hypr_session_find_tensor(session, expected[i].name, &index));
    assert_ok(hypr_session_tensor_info(session, index, &info));
    assert_int_equal(info.rank, expected[i].rank);
    assert_int_equal(info.shape[0], expected[i].rows);
    assert_int_equal(info.shape[1], expected[i].columns);
  }
  size_t index = 42;
  const char *const missing[] = {"", "layer0", "layer0.p_u", "layer2.input_weight", "readout.weights", "Readout.weight"};
  for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
    assert_status(HYPR_ERROR_NOT_FOUND, hypr_session_find_tensor(session, missing[i], &index));
  }
  assert_int_equal(index, 42);
  hypr_session_free(session);
  hypr_model_free(model);
}

/* A model has the tensors that its sessions have, with the values of the file. */
static void models_have_the_same_tensors(void **state) {
  (void)state;
  for (const char *const *name = model_names(""); *name; name++) {
    hypr_model *model = load_model(*name);
    hypr_session *session = make_session(model, SETTINGS(LEARNING));
    hypr_session *masked = make_session(model, SETTINGS(LEARNING, {HYPR_OPTION_TRAIN_MASK, HYPR_TRAIN_READOUT}));
    size_t count = hypr_model_tensor_count(model), found = SIZE_MAX;
    float *flat = parameters_of(session), *values = malloc(hypr_model_parameter_count(model) * sizeof *values);
    assert_int_equal(count, hypr_session_tensor_count(session));
    for (size_t index = 0; index < count; index++) {
      hypr_tensor_info info = {.struct_size = sizeof info}, of_session = info;
      assert_ok(hypr_model_tensor_info(model, index, &info));
      assert_ok(hypr_session_tensor_info(session, index, &of_session));
      assert_int_equal(info.trainable, of_session.trainable); /* as the file says, whatever a session's mask is */
      assert_ok(hypr_session_tensor_info(masked, index, &of_session));
      if (strncmp(info.name, "layer", 5) == 0) assert_true(info.trainable && !of_session.trainable);
      assert_string_equal(info.name, of_session.name);
      assert_int_equal(info.rank, of_session.rank);
      assert_memory_equal(info.shape, of_session.shape, sizeof info.shape);
      assert_int_equal(info.offset, of_session.offset);
      assert_int_equal(info.size, of_session.size);
      assert_ok(hypr_model_find_tensor(model, info.name, &found));
      assert_int_equal(found, index);
      assert_status(HYPR_ERROR_SIZE_MISMATCH, hypr_model_tensor_values(model, index, values, info.size - 1));
      assert_status(HYPR_ERROR_SIZE_MISMATCH, hypr_model_tensor_values(model, index, values, SIZE_MAX));
      assert_ok(hypr_model_tensor_values(model, index, values, info.size));
      assert_same_bits(values, flat + info.offset, info.size);
    }
    hypr_tensor_info info = {.struct_size = sizeof info};
    const size_t missing[] = {count, SIZE_MAX / 2, SIZE_MAX};
    for (int i = 0; i < 3; i++) {
      assert_status(HYPR_ERROR_NOT_FOUND, hypr_model_tensor_info(model, missing[i], &info));
      assert_status(HYPR_ERROR_NOT_FOUND, hypr_model_tensor_values(model, missing[i], values, 1));
    }
    assert_status(HYPR_ERROR_NOT_FOUND, hypr_model_find_tensor(model, "readout", &found));
    free(flat);
    free(values);
    hypr_session_free(masked);
    hypr_session_free(session);
    hypr_model_free(model);
  }
}

/* ---- Parameters */

static void parameters_that_are_refused(void **state) {
  (void)state;
  hypr_model *model = load_model(TWO_LAYERS);
  hypr_session *session = make_session(model, NULL);
  size_t count = hypr_model_parameter_count(model), omega, p_u;
  float *before = parameters_of(session), *flat = parameters_of(session);
  hypr_tensor_info info = {.struct_size = sizeof info};
  assert_ok(hypr_session_find_tensor(session, "layer0.omega", &omega));
  assert_ok(hypr_session_tensor_info(session, omega, &info));
  omega = info.offset;
  assert_ok(hypr_session_find_tensor(session, "layer1.p_u", &p_u));
  assert_ok(hypr_session_tensor_info(session, p_u, &info));
  p_u = info.offset;

  const struct {
    size_t index;
    float value;
    hypr_status status;
  } bad[] = {
      {0, NAN, HYPR_ERROR_NOT_FINITE},
      {count - 1, INFINITY, HYPR_ERROR_NOT_FINITE},
      {omega, NAN, HYPR_ERROR_NOT_FINITE},
      {omega + 3, 101, HYPR_ERROR_INVALID_ARGUMENT}, /* |dt omega| must stay below 1 */
      {omega + 3, -101, HYPR_ERROR_INVALID_ARGUMENT},
      {p_u, -0.01f, HYPR_ERROR_INVALID_ARGUMENT},
      {p_u, 1.01f, HYPR_ERROR_INVALID_ARGUMENT},
      {count - 1, 0, HYPR_ERROR_INVALID_ARGUMENT}, /* a time constant */
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    for (size_t k = 0; k < count; k++) flat[k] = before[k] * 0.999f;
    flat[bad[i].index] = bad[i].value;
    assert_status(bad[i].status, hypr_session_set_parameters(session, flat, count));
    assert_string_not_equal(hypr_session_message(session), "");
    float *after = parameters_of(session);
    assert_same_bits(after, before, count);
    free(after);
  }
  assert_status(HYPR_ERROR_SIZE_MISMATCH, hypr_session_set_parameters(session, flat, count - 1));
  assert_status(HYPR_ERROR_SIZE_MISMATCH, hypr_session_get_parameters(session, flat, count + 1));
  assert_status(HYPR_ERROR_SIZE_MISMATCH, hypr_session_get_parameters(session, flat, 0));
  free(before);
  free(flat);
  hypr_session_free(session);
  hypr_model_free(model);
}

static void parameters_move_between_sessions(void **state) {
  (void)state;
  for (const char *const *name = model_names(""); *name; name++) {
    hypr_model *model = load_model(*name);
    size_t inputs = hypr_model_input_size(model), outputs = hypr_model_output_size(model);
    float *samples = random_samples(STEPS * inputs, 5);
    int32_t *labels = random_labels(STEPS, outputs, 6);
    hypr_session *trained = make_session(model, SETTINGS(LEARNING, {HYPR_OPTION_LEARNING_RATE, 0.01}));
    hypr_session *other = make_session(model, NULL);
    float *fresh = parameters_of(trained);
    assert_ok(hypr_session_learn_sequence(trained, samples, STEPS, labels, NULL, NULL));
    assert_ok(hypr_session_reset(trained));
    float *learnt = parameters_of(trained);
    size_t count = hypr_model_parameter_count(model);
    assert_memory_not_equal(learnt, fresh, count * sizeof *fresh);

    assert_ok(hypr_session_set_parameters(other, learnt, count));
    float *copied = parameters_of(other);
    assert_same_bits(copied, learnt, count);
    float *one = malloc(STEPS * outputs * sizeof *one), *two = malloc(STEPS * outputs * sizeof *two);
    assert_ok(hypr_session_run(trained, samples, STEPS, one));
    assert_ok(hypr_session_run(other, samples, STEPS, two));
    assert_same_bits(one, two, STEPS * outputs);
    free(one);
    free(two);
    free(copied);
    free(learnt);
    free(fresh);
    free(labels);
    free(samples);
    hypr_session_free(trained);
    hypr_session_free(other);
    hypr_model_free(model);
  }
}

/* ---- Copies of another session's */

static char *saved_state(const hypr_session *session, size_t *size) {
  assert_ok(hypr_session_state_size(session, size));
  char *saved = malloc(*size);
  assert_ok(hypr_session_save_state(session, saved, *size));
  return saved;
}

static void assert_same_state(const hypr_session *session, const char *expected, size_t expected_size) {
  size_t size;
  char *state = saved_state(session, &size);
  assert_int_equal(size, expected_size);
  assert_memory_equal(state, expected, size);
  free(state);
}

static hypr_model *saved_model(const hypr_session *session) {
  size_t size;
  hypr_model *model;
  assert_ok(hypr_session_model_size(session, &size));
  char *file = malloc(size);
  assert_ok(hypr_session_save_model_buffer(session, file, size));
  assert_ok(hypr_model_load_buffer(file, size, &model, NULL, 0));
  free(file);
  return model;
}

/* The model as a processor with shorter vectors would compute it. */
static hypr_model *narrow_model(const char *name) {
  const char *level = getenv("HYPR_CPU_LEVEL");
  char *before = level ? strdup(level) : NULL;
  setenv("HYPR_CPU_LEVEL", "1", 1);
  hypr_model *model = load_model(name);
  if (before) setenv("HYPR_CPU_LEVEL", before, 1);
  else unsetenv("HYPR_CPU_LEVEL");
  free(before);
  return model;
}

/* A session that has learned some steps; the last window is open. */
static hypr_session *taught(const hypr_model *model, uint32_t seed) {
  size_t inputs = hypr_model_input_size(model), outputs = hypr_model_output_size(model);
  float *samples = random_samples(STEPS * inputs, seed);
  hypr_session *session = make_session(model, SETTINGS(LEARNING, {HYPR_OPTION_LEARNING_RATE, 0.01}, {HYPR_OPTION_WINDOW, 7}));
  for (size_t i = 0; i < STEPS; i++) {
    assert_ok(hypr_session_step(session, samples + i * inputs, inputs, NULL, 0));
    assert_ok(hypr_session_teach_class(session, (uint32_t)(i % outputs)));
  }
  free(samples);
  return session;
}

/* Into sessions of the same model, of one that was saved, and of one with shorter vectors. */
static void copying_is_reading_and_setting(void **state) {
  (void)state;
  for (size_t at = 0; model_names("")[at]; at++) {
    hypr_model *model = load_model(model_names("")[at]);
    hypr_session *from = taught(model, 5);
    hypr_model *models[] = {model, saved_model(from), narrow_model(model_names("")[at])};
    size_t from_size, size, inputs = hypr_model_input_size(model), outputs = STEPS * hypr_model_output_size(model);
    char *from_state = saved_state(from, &from_size);
    float *parameters = parameters_of(from), *samples = random_samples(STEPS * inputs, 3);
    float *one = malloc(outputs * sizeof *one), *two = malloc(outputs * sizeof *two);
    for (int i = 0; i < 3; i++) {
      hypr_session *copied = taught(models[i], 9), *set = taught(models[i], 9);
      assert_ok(hypr_session_set_parameters(set, parameters, parameter_count(set)));
      char *expected = saved_state(set, &size);
      assert_ok(hypr_session_copy_parameters(copied, from));
      assert_same_state(copied, expected, size);
      assert_same_state(from, from_state, from_size);
      /* What is computed from parameters follows them. */
      assert_ok(hypr_session_run(copied, samples, STEPS, one));
      assert_ok(hypr_session_run(set, samples, STEPS, two));
      assert_same_bits(one, two, outputs);
      free(expected);
      hypr_session_free(copied);
      hypr_session_free(set);
    }
    free(one);
    free(two);
    free(samples);
    free(parameters);
    free(from_state);
    hypr_session_free(from);
    for (int i = 0; i < 3; i++) hypr_model_free(models[i]);
  }
}

/* A session of a network of one layer. */
static hypr_session *session_of(const char *neuron, size_t neurons, double density, int bias, double time_step, uint64_t seed) {
  hypr_layer_settings settings = HYPR_LAYER_SETTINGS;
  hypr_builder *builder;
  hypr_model *model;
  size_t size;
  settings.recurrent_density = density;
  settings.bias = bias;
  assert_ok(hypr_builder_create(3, &builder, NULL, 0));
  assert_ok(hypr_builder_add_layer(builder, neuron, neurons, &settings));
  if (time_step > 0) assert_ok(hypr_builder_set_constant(builder, "layer0.dt", (float)time_step));
  assert_ok(hypr_builder_set_readout(builder, 2, 1, 0));
  assert_ok(hypr_builder_build(builder, seed, &size));
  char *file = malloc(size);
  assert_ok(hypr_builder_copy_file(builder, file, size));
  hypr_builder_free(builder);
  assert_ok(hypr_model_load_buffer(file, size, &model, NULL, 0));
  free(file);
  hypr_session *session = make_session(model, NULL);
  hypr_model_free(model);
  return session;
}

static void what_is_built_otherwise_is_not_copied(void **state) {
  (void)state;
  const struct {
    hypr_session *from;
    const char *message;
  } cases[] = {
      {session_of("brf", 6, 1, 0, 0, 0), "layer0.input_weight is [5, 3], expected [6, 3] as in from"},
      {session_of("se_adlif", 5, 1, 0, 0, 0), "layer 0 is BRF, expected SEAdLIF as in from"},
      {session_of("brf", 5, 1, 1, 0, 0), "layer0.bias is a tensor of from only, expected the same tensors"},
      {session_of("brf", 5, 0.5, 0, 0, 0), "layer0.recurrent_weight stores other weights than in from, expected the same"},
      {session_of("brf", 5, 1, 0, 0.001, 0), NULL}, /* narrower bounds have room in wider ones below */
  };
  hypr_session *session = session_of("brf", 5, 1, 0, 0, 3);
  float *before = parameters_of(session);
  for (size_t i = 0; i + 1 < sizeof cases / sizeof *cases; i++) {
    assert_status(HYPR_ERROR_STATE_MISMATCH, hypr_session_copy_parameters(session, cases[i].from));
    assert_string_equal(hypr_session_message(session), cases[i].message);
    float *after = parameters_of(session);
    assert_same_bits(after, before, parameter_count(session));
    free(after);
  }
  assert_status(HYPR_ERROR_STATE_MISMATCH, hypr_session_copy_parameters(cases[2].from, session));
  assert_string_equal(hypr_session_message(cases[2].from), "layer0.bias is no tensor of from, expected the same tensors");
  hypr_session *sparse = session_of("brf", 5, 0.5, 0, 0, 1);
  assert_status(HYPR_ERROR_STATE_MISMATCH, hypr_session_copy_parameters(sparse, cases[3].from));
  assert_string_equal(hypr_session_message(sparse), cases[3].message);
  hypr_session *finer = cases[4].from;
  assert_status(HYPR_ERROR_STATE_MISMATCH, hypr_session_copy_parameters(session, finer));
  assert_non_null(strstr(hypr_session_message(session), "layer0.omega may be 0 to 99.99"));
  assert_ok(hypr_session_copy_parameters(finer, session));
  assert_true(same_parameters(finer, session));
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) hypr_session_free(cases[i].from);
  hypr_session_free(session);
  hypr_session_free(sparse);
  free(before);
}

/* ---- Gradients */

static double loss_of(hypr_session *session, const float *samples, const int32_t *labels, const float *parameters) {
  double loss;
  assert_ok(hypr_session_set_parameters(session, parameters, parameter_count(session)));
  assert_ok(hypr_session_learn_sequence(session, samples, STEPS, labels, NULL, &loss));
  return loss;
}

/* The readout is smooth in its parameters, so finite differences judge its gradient, over windows shorter and longer. */
static void readout_gradients_are_the_slope_of_the_loss(void **state) {
  (void)state;
  hypr_model *model = load_model(SE_ADLIF);
  float *samples = random_samples(STEPS * 4, 5);
  int32_t *labels = random_labels(STEPS, 6, 6);
  for (int window = 10; window <= 1000; window *= 10) {
    hypr_session *session = make_session(
        model, SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, window}, {HYPR_OPTION_UPDATE, HYPR_UPDATE_MANUAL}));
    hypr_session *probe = make_session(
        model, SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, window}, {HYPR_OPTION_UPDATE, HYPR_UPDATE_MANUAL}));
    float *parameters = parameters_of(session);
    loss_of(session, samples, labels, parameters);
    float *gradients = gradients_of(session);
    size_t index, checked = 0;
    hypr_tensor_info info = {.struct_size = sizeof info};
    assert_ok(hypr_session_find_tensor(session, "readout.weight", &index));
    assert_ok(hypr_session_tensor_info(session, index, &info));
    for (size_t i = info.offset; i < info.offset + info.size; i++) {
      if (fabsf(gradients[i]) < 1e-4f) continue;
      float value = parameters[i];
      parameters[i] = value + 0.05f;
      double above = loss_of(probe, samples, labels, parameters);
      parameters[i] = value - 0.05f;
      double below = loss_of(probe, samples, labels, parameters);
      parameters[i] = value;
      assert_true(fabs((above - below) / 0.1 - gradients[i]) < 0.02 * fabs(gradients[i]) + 1e-5);
      checked++;
    }
    assert_true(checked > 20);
    free(gradients);
    free(parameters);
    hypr_session_free(session);
    hypr_session_free(probe);
  }
  free(labels);
  free(samples);
  hypr_model_free(model);
}

/* Sum and mean differ by the number of taught steps; gradient descent subtracts rate times gradient. */
static void updates_follow_the_gradient(void **state) {
  (void)state;
  hypr_model *model = load_model(SE_ADLIF);
  float *samples = random_samples(STEPS * 4, 5);
  int32_t *labels = random_labels(STEPS, 6, 6);
  size_t count = hypr_model_parameter_count(model);
  float *gradients[2];
  double taught = 0;
  for (int reduction = HYPR_REDUCTION_MEAN; reduction <= HYPR_REDUCTION_SUM; reduction++) {
    hypr_session *session = make_session(
        model, SETTINGS(LEARNING, {HYPR_OPTION_REDUCTION, reduction}, {HYPR_OPTION_UPDATE, HYPR_UPDATE_MANUAL},
                        {HYPR_OPTION_OPTIMIZER, HYPR_OPTIMIZER_SGD}, {HYPR_OPTION_GRADIENT_CLIP, 0},
                        {HYPR_OPTION_LEARNING_RATE, 1e-4}));
    float *before = parameters_of(session);
    assert_ok(hypr_session_learn_sequence(session, samples, STEPS, labels, NULL, NULL));
    taught = (double)statistics_of(session).taught_steps;
    gradients[reduction] = gradients_of(session);
    assert_ok(hypr_session_apply(session));
    float *after = parameters_of(session);
    size_t index;
    double squares = 0;
    hypr_tensor_info info = {.struct_size = sizeof info};
    for (size_t i = 0; i < count; i++) squares += (double)gradients[reduction][i] * gradients[reduction][i];
    assert_true(fabs(statistics_of(session).gradient_norm / sqrt(squares) - 1) < 1e-4);
    assert_ok(hypr_session_find_tensor(session, "layer0.input_weight", &index));
    assert_ok(hypr_session_tensor_info(session, index, &info));
    for (size_t i = info.offset; i < info.offset + info.size; i++) {
      assert_true(fabs(before[i] - 1e-4 * gradients[reduction][i] - after[i]) <= 1e-6 * (1 + fabs(before[i])));
    }
    free(before);
    free(after);
    hypr_session_free(session);
  }
  for (size_t i = 0; i < count; i++) {
    assert_true(fabs(gradients[HYPR_REDUCTION_MEAN][i] * taught - gradients[HYPR_REDUCTION_SUM][i]) <=
                1e-5 * fabs(gradients[HYPR_REDUCTION_SUM][i]));
  }
  free(gradients[0]);
  free(gradients[1]);
  free(labels);
  free(samples);
  hypr_model_free(model);
}

/* Only the groups of the mask are trained: the others keep their bits and have no gradient. */
static void the_mask_says_what_is_trained(void **state) {
  (void)state;
  hypr_model *model = load_model(SE_ADLIF);
  float *samples = random_samples(STEPS * 4, 5);
  int32_t *labels = random_labels(STEPS, 6, 6);
  for (int mask = 1; mask <= HYPR_TRAIN_ALL; mask = mask * 2 + 1) {
    hypr_session *session = make_session(
        model, SETTINGS(LEARNING, {HYPR_OPTION_TRAIN_MASK, mask}, {HYPR_OPTION_UPDATE, HYPR_UPDATE_MANUAL}));
    float *before = parameters_of(session);
    assert_ok(hypr_session_learn_sequence(session, samples, STEPS, labels, NULL, NULL));
    float *gradients = gradients_of(session);
    assert_ok(hypr_session_apply(session));
    float *after = parameters_of(session);
    for (size_t index = 0; index < hypr_session_tensor_count(session); index++) {
      hypr_tensor_info info = {.struct_size = sizeof info};
      assert_ok(hypr_session_tensor_info(session, index, &info));
      int changed = memcmp(before + info.offset, after + info.offset, info.size * sizeof *after) != 0;
      int has_gradient = 0;
      for (size_t i = 0; i < info.size; i++) has_gradient = has_gradient || gradients[info.offset + i] != 0;
      assert_int_equal(changed, info.trainable);
      assert_int_equal(has_gradient, info.trainable);
      if (strcmp(info.name, "layer0.input_weight") == 0) {
        assert_int_equal(info.trainable, (mask & HYPR_TRAIN_INPUT_WEIGHTS) != 0);
      } else if (strcmp(info.name, "layer0.recurrent_weight") == 0) {
        assert_int_equal(info.trainable, (mask & HYPR_TRAIN_RECURRENT_WEIGHTS) != 0);
      } else if (strcmp(info.name, "layer0.p_u") == 0) {
        assert_int_equal(info.trainable, (mask & HYPR_TRAIN_NEURON_PARAMETERS) != 0);
      } else if (strcmp(info.name, "readout.weight") == 0) {
        assert_int_equal(info.trainable, (mask & HYPR_TRAIN_READOUT) != 0);
      }
    }
    free(before);
    free(after);
    free(gradients);
    hypr_session_free(session);
  }
  free(labels);
  free(samples);
  hypr_model_free(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tensors_cover_the_flat_vector),
      cmocka_unit_test(tensors_have_their_names_and_shapes),
      cmocka_unit_test(models_have_the_same_tensors),
      cmocka_unit_test(parameters_that_are_refused),
      cmocka_unit_test(parameters_move_between_sessions),
      cmocka_unit_test(copying_is_reading_and_setting),
      cmocka_unit_test(what_is_built_otherwise_is_not_copied),
      cmocka_unit_test(readout_gradients_are_the_slope_of_the_loss),
      cmocka_unit_test(updates_follow_the_gradient),
      cmocka_unit_test(the_mask_says_what_is_trained),
  };
  return cmocka_run_group_tests_name("parameters", tests, NULL, NULL);
}
