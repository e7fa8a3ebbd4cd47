/* Whatever a host has set of the processor's floating-point control: calls give the same bits, and the control word back. And what
 * decays in silence ends at zero, not among subnormal numbers. */
#include "every_call.h"
#include "support.h"

static void every_call_is_the_same_for_every_host(void **state) {
  (void)state;
  for (int word = 0; word < HOST_WORDS; word++) {
    const char *problem = problem_of_word(word, "every_call.hypr");
    if (problem) fail_msg("%s", problem);
  }
}

static size_t subnormal(const float *values, size_t count) {
  size_t found = 0;
  for (size_t i = 0; i < count; i++) found += fpclassify(values[i]) == FP_SUBNORMAL;
  return found;
}

static void check_silence(const char *name) {
  enum { ACTIVE = 1000, SILENT = 20000 };
  hypr_model *model = load_model(name);
  hypr_session *session = make_session(model, SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, 20}, {HYPR_OPTION_LEARNING_RATE, 1e-5}));
  size_t inputs = hypr_model_input_size(model), outputs = hypr_model_output_size(model);
  float *samples = random_samples(ACTIVE * inputs, 1), *zeros = calloc(inputs + outputs, sizeof *zeros);
  int32_t *labels = random_labels(ACTIVE, outputs, 2);
  step_and_teach(session, model, samples, labels, ACTIVE, NULL);
  for (int i = 0; i < SILENT; i++) {
    assert_ok(hypr_session_step(session, zeros, inputs, NULL, 0));
    /* Updates on no gradient. */
    assert_ok(hypr_session_teach_error(session, zeros + inputs, outputs));
  }
  assert_ok(hypr_session_flush(session));
  size_t count = hypr_model_parameter_count(model);
  for (size_t layer = 0; layer <= hypr_model_layer_count(model); layer++) {
    size_t size = hypr_session_layer_state_size(session, layer);
    float *values = malloc(size * sizeof *values);
    assert_ok(hypr_session_get_layer_state(session, layer, values, size));
    assert_int_equal(subnormal(values, size), 0);
    free(values);
  }
  for (size_t tensor = 0; tensor < hypr_session_tensor_count(session); tensor++) {
    size_t size = hypr_session_eligibility_size(session, tensor);
    float *values = malloc(size * sizeof *values + 1);
    assert_ok(hypr_session_get_eligibility(session, tensor, values, size));
    assert_int_equal(subnormal(values, size), 0);
    free(values);
  }
  float *parameters = parameters_of(session), *gradients = gradients_of(session);
  assert_int_equal(subnormal(parameters, count) + subnormal(gradients, count), 0);
  free(gradients);
  free(parameters);
  free(labels);
  free(zeros);
  free(samples);
  hypr_session_free(session);
  hypr_model_free(model);
}

static void silence_ends_at_zero(void **state) {
  (void)state;
  const char *const *names = model_names("neurons/");
  assert_non_null(names[0]);
  for (; *names; names++) check_silence(*names);
  check_silence(TWO_LAYERS);
  check_silence(SPARSE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_call_is_the_same_for_every_host),
      cmocka_unit_test(silence_ends_at_zero),
  };
  return cmocka_run_group_tests_name("floating point", tests, NULL, NULL);
}
