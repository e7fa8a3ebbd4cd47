/* A neuron model that was added to the library: it runs, is checked, learns and is saved like those that were there
 * before. Its outputs are smooth, so finite differences of the loss can tell whether its gradients are right. */
#include <math.h>
#include <stdio.h>

#include "support.h"

enum { STEPS = 53, INPUTS = 2, CLASSES = 2, LAYERS = 2 };
static const size_t sizes[LAYERS] = {3, 2};
static const double input_scale = 5, limits[LAYERS] = {2, 1}; /* as in the file; the last one is the default */

static hypr_model *model;
static float *samples;
static int32_t *labels;
static float *parameters;

/* The file holds zeros. Time constants are 2 to 12 steps, of both signs, everything else -1.5 to 1.5. */
static int set_up(void **state) {
  (void)state;
  assert_ok(hypr_model_load("softsign.hypr", &model, NULL, 0));
  samples = random_samples(STEPS * INPUTS, 1);
  labels = random_labels(STEPS, CLASSES, 2);
  hypr_session *session = make_session(model, NULL);
  hypr_tensor_info tensor = {.struct_size = sizeof tensor};
  uint32_t random = 3;
  parameters = parameters_of(session);
  for (size_t i = 0; hypr_session_tensor_info(session, i, &tensor) == HYPR_OK; i++) {
    for (size_t j = tensor.offset; j < tensor.offset + tensor.size; j++) {
      random = random * 1664525u + 1013904223u;
      float value = (float)(random >> 8) / (1 << 23) - 1;
      parameters[j] = strstr(tensor.name, "tau") ? copysignf(2, value) + 10 * value : 1.5f * value;
    }
  }
  hypr_session_free(session);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  free(parameters);
  free(labels);
  free(samples);
  hypr_model_free(model);
  return 0;
}

/* A session with the parameters above. */
static hypr_session *with_parameters(const setting *settings) {
  hypr_session *session = make_session(model, settings);
  assert_ok(hypr_session_set_parameters(session, parameters, parameter_count(session)));
  return session;
}

static hypr_session *learner(double credit, double window) {
  return with_parameters(SETTINGS(LEARNING, {HYPR_OPTION_CREDIT, credit}, {HYPR_OPTION_WINDOW, window},
                                  {HYPR_OPTION_UPDATE, HYPR_UPDATE_MANUAL}));
}

static hypr_tensor_info tensor_named(const hypr_session *session, const char *name) {
  hypr_tensor_info tensor = {.struct_size = sizeof tensor};
  size_t index;
  assert_ok(hypr_session_find_tensor(session, name, &index));
  assert_ok(hypr_session_tensor_info(session, index, &tensor));
  return tensor;
}

/* ---- Running */

static const float *layer_tensor(const hypr_session *session, size_t layer, const char *field) {
  char name[64];
  snprintf(name, sizeof name, "layer%zu.%s", layer, field);
  return parameters + tensor_named(session, name).offset;
}

static void it_computes_its_equations(void **state) {
  (void)state;
  hypr_session *session = with_parameters(NULL);
  double y[LAYERS][3] = {{0}}, z[LAYERS][3] = {{0}};
  float states[3], outputs[3];
  for (size_t step = 0; step < STEPS; step++) {
    assert_ok(hypr_session_step(session, samples + step * INPUTS, INPUTS, NULL, 0));
    double below[3] = {input_scale * samples[step * INPUTS], input_scale * samples[step * INPUTS + 1]};
    for (size_t layer = 0, inputs = INPUTS; layer < LAYERS; inputs = sizes[layer++]) {
      const float *w = layer_tensor(session, layer, "input_weight");
      const float *v = layer_tensor(session, layer, "recurrent_weight");
      const float *b = layer == 0 ? layer_tensor(session, layer, "bias") : NULL;
      const float *tau = layer_tensor(session, layer, "tau");
      double current[3] = {0};
      for (size_t i = 0; i < sizes[layer]; i++) {
        if (b) current[i] = b[i];
        for (size_t j = 0; j < inputs; j++) current[i] += w[i * inputs + j] * below[j];
        for (size_t j = 0; j < sizes[layer]; j++) current[i] += v[i * sizes[layer] + j] * z[layer][j];
      }
      assert_int_equal(hypr_session_layer_state_size(session, layer), sizes[layer]);
      assert_ok(hypr_session_get_layer_state(session, layer, states, sizes[layer]));
      assert_ok(hypr_session_get_spikes(session, layer, outputs, sizes[layer]));
      for (size_t i = 0; i < sizes[layer]; i++) {
        double alpha = exp(-1 / fabs(tau[i]));
        y[layer][i] = alpha * y[layer][i] + (1 - alpha) * current[i];
        z[layer][i] = y[layer][i] / (1 + fabs(y[layer][i]) / limits[layer]);
        assert_true(fabs(states[i] - y[layer][i]) < 1e-5);
        assert_true(fabs(outputs[i] - z[layer][i]) < 1e-5);
      }
      memcpy(below, z[layer], sizeof below);
    }
  }
  assert_true(fabs(y[0][0]) > 0.01 && fabs(y[1][0]) > 0.01);
  hypr_session_free(session);
}

/* ---- Names and bounds */

static void its_name_and_parameters_are_known(void **state) {
  (void)state;
  hypr_session *session = make_session(model, NULL);
  assert_string_equal(hypr_model_layer_neuron(model, 0), "Softsign");
  for (size_t layer = 0; layer < LAYERS; layer++) {
    hypr_tensor_info tau = tensor_named(session, layer == 0 ? "layer0.tau" : "layer1.tau");
    assert_int_equal(tau.rank, 1);
    assert_int_equal(tau.shape[0], sizes[layer]);
    assert_true(tau.offset + tau.size < hypr_model_parameter_count(model));
  }
  hypr_session_free(session);
}

static void its_bounds_are_checked(void **state) {
  (void)state;
  hypr_session *session = with_parameters(NULL);
  hypr_tensor_info tau = tensor_named(session, "layer0.tau");
  float good = parameters[tau.offset + 2];
  parameters[tau.offset + 2] = -0.001f;
  assert_status(HYPR_ERROR_INVALID_ARGUMENT,
                hypr_session_set_parameters(session, parameters, parameter_count(session)));
  assert_non_null(strstr(hypr_session_message(session), "layer0.tau"));
  parameters[tau.offset + 2] = good;
  hypr_session_free(session);

  hypr_model *refused;
  char message[200];
  assert_status(HYPR_ERROR_MODEL_INVALID,
                hypr_model_load("bad_constant.hypr", &refused, message, sizeof message));
  assert_non_null(strstr(message, "layers[0].neuron.limit is -2"));
}

/* Updates of a million steps, the upper bound of a time constant. */
static void updates_keep_its_bounds(void **state) {
  (void)state;
  hypr_session *session = with_parameters(
      SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, 10}, {HYPR_OPTION_TRAIN_MASK, HYPR_TRAIN_NEURON_PARAMETERS},
               {HYPR_OPTION_LEARNING_RATE, 1000}, {HYPR_OPTION_RATE_NEURON_PARAMETERS, 1000}));
  hypr_tensor_info tau = tensor_named(session, "layer0.tau");
  int bounded = 0;
  assert_ok(hypr_session_learn_sequence(session, samples, STEPS, labels, NULL, NULL));
  float *now = parameters_of(session);
  for (size_t i = tau.offset; i < tau.offset + tau.size; i++) {
    assert_true(now[i] != parameters[i] && fabsf(now[i]) <= 1e6f);
    bounded += fabsf(now[i]) == 1e6f;
  }
  assert_true(bounded > 0);
  free(now);
  hypr_session_free(session);
}

/* ---- Learning */

/* The gradient of the mean loss of the whole sequence, to be freed. */
static float *gradient(double credit, double window, double *loss) {
  hypr_session *session = learner(credit, window);
  assert_ok(hypr_session_learn_sequence(session, samples, STEPS, labels, NULL, loss));
  float *flat = gradients_of(session);
  hypr_session_free(session);
  return flat;
}

/* The same by central differences. */
static float *finite_differences(void) {
  const size_t count = hypr_model_parameter_count(model);
  float *flat = malloc(count * sizeof *flat);
  for (size_t i = 0; i < count; i++) {
    const float value = parameters[i], below = value - 0.02f, above = value + 0.02f;
    double loss_below, loss_above;
    parameters[i] = below;
    free(gradient(HYPR_CREDIT_WINDOW, STEPS, &loss_below));
    parameters[i] = above;
    free(gradient(HYPR_CREDIT_WINDOW, STEPS, &loss_above));
    parameters[i] = value;
    flat[i] = (float)((loss_above - loss_below) / ((double)above - (double)below));
  }
  return flat;
}

/* Tensor by tensor: neither is zero, and their distance is at most `tolerance` of the length of `expected`. */
static void assert_same_gradients(float *flat, float *expected, double tolerance) {
  hypr_session *session = make_session(model, NULL);
  hypr_tensor_info tensor = {.struct_size = sizeof tensor};
  for (size_t i = 0; hypr_session_tensor_info(session, i, &tensor) == HYPR_OK; i++) {
    double distance = 0, length = 0;
    for (size_t j = tensor.offset; j < tensor.offset + tensor.size; j++) {
      distance += pow(flat[j] - expected[j], 2);
      length += pow(expected[j], 2);
    }
    if (!(length > 1e-12 && sqrt(distance) <= tolerance * sqrt(length))) {
      fail_msg("%s: length %g, distance %g", tensor.name, sqrt(length), sqrt(distance));
    }
  }
  hypr_session_free(session);
}

static void spatial_gradients_do_not_depend_on_the_window(void **state) {
  (void)state;
  static const double windows[] = {5, 16, STEPS};
  float *expected = gradient(HYPR_CREDIT_SPATIAL, 1, NULL);
  for (size_t i = 0; i < 3; i++) {
    float *flat = gradient(HYPR_CREDIT_SPATIAL, windows[i], NULL);
    assert_same_gradients(flat, expected, 1e-4);
    free(flat);
  }
  free(expected);
}

static void recurrent_credit_is_the_derivative_of_the_loss(void **state) {
  (void)state;
  float *flat = gradient(HYPR_CREDIT_RECURRENT, STEPS, NULL), *expected = finite_differences();
  assert_same_gradients(flat, expected, 0.01);
  free(flat);
  free(expected);
}

/* Without paths through recurrent weights, because these are zero, window credit leaves out nothing either. */
static void window_credit_is_the_derivative_without_recurrence(void **state) {
  (void)state;
  hypr_session *session = make_session(model, NULL);
  float *saved = malloc(parameter_count(session) * sizeof *saved);
  memcpy(saved, parameters, parameter_count(session) * sizeof *saved);
  for (size_t layer = 0; layer < LAYERS; layer++) {
    hypr_tensor_info v = tensor_named(session, layer == 0 ? "layer0.recurrent_weight" : "layer1.recurrent_weight");
    memset(parameters + v.offset, 0, v.size * sizeof *parameters);
  }
  float *flat = gradient(HYPR_CREDIT_WINDOW, STEPS, NULL), *expected = finite_differences();
  assert_same_gradients(flat, expected, 0.01);
  memcpy(parameters, saved, parameter_count(session) * sizeof *saved);
  free(flat);
  free(expected);
  free(saved);
  hypr_session_free(session);
}

/* ---- Saving */

static void a_saved_state_continues_bit_for_bit(void **state) {
  (void)state;
  enum { HALF = 27 }; /* inside a window */
  const setting *settings = SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, 10}, {HYPR_OPTION_LEARNING_RATE, 0.01});
  hypr_session *session = with_parameters(settings), *other = make_session(model, settings);
  float outputs[(STEPS - HALF) * CLASSES], expected[(STEPS - HALF) * CLASSES];
  step_and_teach(session, model, samples, labels, HALF, NULL);
  size_t size;
  assert_ok(hypr_session_state_size(session, &size));
  void *saved = malloc(size);
  assert_ok(hypr_session_save_state(session, saved, size));
  assert_ok(hypr_session_load_state(other, saved, size));
  free(saved);
  step_and_teach(session, model, samples + HALF * INPUTS, labels + HALF, STEPS - HALF, expected);
  step_and_teach(other, model, samples + HALF * INPUTS, labels + HALF, STEPS - HALF, outputs);
  assert_same_bits(outputs, expected, (STEPS - HALF) * CLASSES);
  assert_true(same_parameters(session, other));
  hypr_session_free(session);
  hypr_session_free(other);
}

static void a_saved_model_has_its_parameters(void **state) {
  (void)state;
  hypr_session *session = with_parameters(NULL);
  hypr_model *again;
  assert_ok(hypr_session_save_model(session, "saved.hypr"));
  assert_ok(hypr_model_load("saved.hypr", &again, NULL, 0));
  hypr_session *other = make_session(again, NULL);
  assert_true(same_parameters(session, other));
  hypr_session_free(session);
  hypr_session_free(other);
  hypr_model_free(again);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_computes_its_equations),
      cmocka_unit_test(its_name_and_parameters_are_known),
      cmocka_unit_test(its_bounds_are_checked),
      cmocka_unit_test(updates_keep_its_bounds),
      cmocka_unit_test(spatial_gradients_do_not_depend_on_the_window),
      cmocka_unit_test(recurrent_credit_is_the_derivative_of_the_loss),
      cmocka_unit_test(window_credit_is_the_derivative_without_recurrence),
      cmocka_unit_test(a_saved_state_continues_bit_for_bit),
      cmocka_unit_test(a_saved_model_has_its_parameters),
  };
  return cmocka_run_group_tests_name("neuron model", tests, set_up, tear_down);
}
