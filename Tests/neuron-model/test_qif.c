/* A neuron model that was added to the library: it describes itself, computes its equations, and its derivative is right. */
#include <math.h>
#include <stdio.h>

#include "support.h"

enum { STEPS = 120, INPUTS = 2, NEURONS = 5, CLASSES = 3 };

static hypr_model *load(const char *path) {
  hypr_model *model;
  char message[300];
  if (hypr_model_load(path, &model, message, sizeof message) != HYPR_OK) fail_msg("%s: %s", path, message);
  return model;
}

static hypr_tensor_info tensor_named(const hypr_session *session, const char *name, size_t *index) {
  hypr_tensor_info tensor = {.struct_size = sizeof tensor};
  assert_ok(hypr_session_find_tensor(session, name, index));
  assert_ok(hypr_session_tensor_info(session, *index, &tensor));
  return tensor;
}

static void it_describes_itself(void **state) {
  (void)state;
  hypr_neuron facts = {.struct_size = sizeof facts};
  hypr_quantity quantity = {.struct_size = sizeof quantity};
  size_t neuron;
  assert_ok(hypr_neuron_find("QIF", &neuron));
  assert_ok(hypr_neuron_info(neuron, &facts));
  assert_true(facts.spiking && !facts.has_reset && facts.gate_count == 1);
  assert_string_equal(facts.surrogate, "ArcTangent");
  assert_string_equal(hypr_neuron_state(neuron, 0), "u");
  assert_ok(hypr_neuron_parameter(neuron, 0, &quantity));
  assert_string_equal(quantity.name, "tau_m");
  assert_true(quantity.lower == 1 && quantity.absolute && quantity.distribution == HYPR_DISTRIBUTION_NORMAL);
  assert_true(quantity.first == 10 && quantity.second == 0.5);
  assert_ok(hypr_neuron_constant(neuron, 2, &quantity));
  assert_string_equal(quantity.name, "peak");
  assert_true(quantity.default_value == 1 && quantity.distribution == HYPR_DISTRIBUTION_NONE);
}

/* Every step from the state that the library had before it, so that a spike that is a hair off does not spread. */
static void it_computes_its_equations(void **state) {
  (void)state;
  hypr_model *model = load("qif.hypr");
  hypr_session *session = make_session(model, NULL);
  float *p = parameters_of(session), *samples = random_samples(STEPS * INPUTS, 1);
  size_t index;
  const float *w = p + tensor_named(session, "layer0.input_weight", &index).offset;
  const float *v = p + tensor_named(session, "layer0.recurrent_weight", &index).offset;
  const float *tau = p + tensor_named(session, "layer0.tau_m", &index).offset;
  const float *critical = p + tensor_named(session, "layer0.critical_potential", &index).offset;
  const float *resistance = p + tensor_named(session, "layer0.resistance", &index).offset;
  float u[NEURONS] = {0}, z[NEURONS] = {0}, u_now[NEURONS], z_now[NEURONS];
  int spikes = 0;
  for (size_t step = 0; step < STEPS; step++) {
    assert_ok(hypr_session_step(session, samples + step * INPUTS, INPUTS, NULL, 0));
    assert_ok(hypr_session_get_layer_state(session, 0, u_now, NEURONS));
    assert_ok(hypr_session_get_spikes(session, 0, z_now, NEURONS));
    for (size_t i = 0; i < NEURONS; i++) {
      double current = 0;
      for (size_t j = 0; j < INPUTS; j++) current += w[i * INPUTS + j] * 40.0 * samples[step * INPUTS + j];
      for (size_t j = 0; j < NEURONS; j++) current += v[i * NEURONS + j] * z[j];
      double m = u[i] + ((double)u[i] * (u[i] - critical[i]) + resistance[i] * current) / fabs(tau[i]);
      if (fabs(m - 1) > 1e-4) {
        assert_true(z_now[i] == (m > 1));
        assert_true(fabs(u_now[i] - (m > 1 ? 0 : m)) < 1e-4 * (1 + fabs(m)));
      }
      spikes += z_now[i] == 1;
    }
    memcpy(u, u_now, sizeof u);
    memcpy(z, z_now, sizeof z);
  }
  assert_in_range(spikes, 20, STEPS * NEURONS / 2);
  free(samples);
  free(p);
  hypr_session_free(session);
  hypr_model_free(model);
}

/* The gradient of a whole sequence of a net that spikes, to be freed. */
static float *gradient(const hypr_model *model, double window) {
  hypr_session *session = make_session(
      model, SETTINGS(LEARNING, {HYPR_OPTION_CREDIT, HYPR_CREDIT_SPATIAL}, {HYPR_OPTION_WINDOW, window},
                      {HYPR_OPTION_UPDATE, HYPR_UPDATE_MANUAL}));
  float *samples = random_samples(STEPS * INPUTS, 1), *flat;
  int32_t *labels = random_labels(STEPS, CLASSES, 2);
  assert_ok(hypr_session_learn_sequence(session, samples, STEPS, labels, NULL, NULL));
  flat = gradients_of(session);
  free(labels);
  free(samples);
  hypr_session_free(session);
  return flat;
}

static void spatial_gradients_do_not_depend_on_the_window(void **state) {
  (void)state;
  static const double windows[] = {5, 16, STEPS};
  hypr_model *model = load("qif.hypr");
  float *expected = gradient(model, 1);
  const size_t count = hypr_model_parameter_count(model);
  double length = 0;
  for (size_t i = 0; i < count; i++) length += pow(expected[i], 2);
  assert_true(length > 1e-8);
  for (size_t window = 0; window < 3; window++) {
    float *flat = gradient(model, windows[window]);
    double distance = 0;
    for (size_t i = 0; i < count; i++) distance += pow(flat[i] - expected[i], 2);
    assert_true(sqrt(distance) <= 1e-4 * sqrt(length));
    free(flat);
  }
  free(expected);
  hypr_model_free(model);
}

/* The state after some steps that make no spike, with one parameter changed. */
static void silent_state(hypr_session *session, float *parameters, size_t changed, float value, const float *samples,
                         size_t steps, float *u) {
  const float kept = parameters[changed];
  float z[NEURONS];
  parameters[changed] = value;
  assert_ok(hypr_session_reset(session));
  assert_ok(hypr_session_set_parameters(session, parameters, parameter_count(session)));
  parameters[changed] = kept;
  for (size_t step = 0; step < steps; step++) {
    assert_ok(hypr_session_step(session, samples + step * INPUTS, INPUTS, NULL, 0));
    assert_ok(hypr_session_get_spikes(session, 0, z, NEURONS));
    for (size_t i = 0; i < NEURONS; i++) assert_true(z[i] == 0);
  }
  assert_ok(hypr_session_get_layer_state(session, 0, u, NEURONS));
}

/* Without spikes the state is a smooth function of the parameters: its derivative is the eligibility. */
static void eligibility_is_the_derivative_of_the_state(void **state) {
  (void)state;
  enum { SHORT = 20 };
  static const char *const names[] = {"layer0.input_weight", "layer0.tau_m", "layer0.critical_potential",
                                      "layer0.resistance"};
  hypr_model *model = load("qif_silent.hypr");
  hypr_session *learner = make_session(model, SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, 7},
                                                       {HYPR_OPTION_UPDATE, HYPR_UPDATE_MANUAL}));
  hypr_session *session = make_session(model, NULL);
  float *parameters = parameters_of(session), *samples = random_samples(SHORT * INPUTS, 1);
  for (size_t step = 0; step < SHORT; step++) {
    assert_ok(hypr_session_step(learner, samples + step * INPUTS, INPUTS, NULL, 0));
  }
  assert_ok(hypr_session_flush(learner));
  for (size_t name = 0; name < sizeof names / sizeof *names; name++) {
    size_t index;
    hypr_tensor_info tensor = tensor_named(session, names[name], &index);
    float *eligibility = malloc(tensor.size * sizeof *eligibility);
    double distance = 0, length = 0;
    assert_ok(hypr_session_get_eligibility(learner, index, eligibility, tensor.size));
    for (size_t i = 0; i < tensor.size; i++) {
      const float value = parameters[tensor.offset + i], low = value * 0.99f - 1e-3f, high = value * 1.01f + 1e-3f;
      float below[NEURONS], above[NEURONS];
      silent_state(session, parameters, tensor.offset + i, low, samples, SHORT, below);
      silent_state(session, parameters, tensor.offset + i, high, samples, SHORT, above);
      const size_t neuron = tensor.rank == 2 ? i / tensor.shape[1] : i;
      const double expected = ((double)above[neuron] - below[neuron]) / ((double)high - low);
      distance += pow(eligibility[i] - expected, 2);
      length += pow(expected, 2);
    }
    if (!(length > 1e-10 && sqrt(distance) <= 0.01 * sqrt(length))) {
      fail_msg("%s: length %g, distance %g", names[name], sqrt(length), sqrt(distance));
    }
    free(eligibility);
  }
  free(samples);
  free(parameters);
  hypr_session_free(session);
  hypr_session_free(learner);
  hypr_model_free(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_describes_itself),
      cmocka_unit_test(it_computes_its_equations),
      cmocka_unit_test(spatial_gradients_do_not_depend_on_the_window),
      cmocka_unit_test(eligibility_is_the_derivative_of_the_state),
  };
  return cmocka_run_group_tests_name("neuron model", tests, NULL, NULL);
}
