/* NULL for every pointer of every function: refused, or what hypr.h says about NULL; never a crash. */
#include "support.h"

#define refused(call) assert_status(HYPR_ERROR_INVALID_ARGUMENT, call)

/* The call writes its reason to `text`. */
#define refused_saying(reason, call) \
  text[0] = 0;                       \
  refused(call);                     \
  assert_non_null(strstr(text, reason))

static hypr_model *model;
static hypr_session *session;

static int set_up(void **state) {
  (void)state;
  model = load_model(BRF);
  session = make_session(model, SETTINGS(LEARNING, {HYPR_OPTION_REHEARSAL_BYTES, 1024}));
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  hypr_session_free(session);
  hypr_model_free(model);
  return 0;
}

static void freeing_nothing_is_fine(void **state) {
  (void)state;
  hypr_model_free(NULL);
  hypr_options_free(NULL);
  hypr_session_free(NULL);
}

static void no_model(void **state) {
  (void)state;
  hypr_model *out = model;
  char text[64] = "?";
  refused(hypr_model_load(NULL, &out, NULL, 0));
  assert_null(out);
  refused(hypr_model_load("x", NULL, NULL, 0));
  refused(hypr_model_load(NULL, NULL, NULL, 0));
  refused(hypr_model_load_buffer(NULL, 10, &out, NULL, 0));
  refused(hypr_model_load_buffer(NULL, 0, &out, NULL, 0));
  refused(hypr_model_load_buffer("x", 1, NULL, NULL, 0));
  refused_saying("data is NULL", hypr_model_load_buffer(NULL, 10, &out, text, sizeof text));
  refused_saying("out is NULL", hypr_model_load_buffer("x", 1, NULL, text, sizeof text));
  refused_saying("size", hypr_model_load_buffer("x", SIZE_MAX, &out, text, sizeof text));
  assert_status(HYPR_ERROR_MODEL_INVALID, hypr_model_load_buffer("x", 1, &out, NULL, 0));
  assert_status(HYPR_ERROR_MODEL_INVALID, hypr_model_load_buffer("x", 1, &out, NULL, 100));
  char memory[64];
  size_t bytes;
  refused_saying("data is NULL", hypr_model_memory_size(NULL, 10, &bytes, NULL, text, sizeof text));
  refused_saying("bytes is NULL", hypr_model_memory_size(memory, sizeof memory, NULL, NULL, text, sizeof text));
  refused_saying("size", hypr_model_memory_size(memory, SIZE_MAX, &bytes, NULL, text, sizeof text));
  refused_saying("data is NULL", hypr_model_create_in(NULL, 10, memory, sizeof memory, &out, text, sizeof text));
  refused_saying("memory is NULL", hypr_model_create_in("x", 1, NULL, sizeof memory, &out, text, sizeof text));
  refused_saying("out is NULL", hypr_model_create_in("x", 1, memory, sizeof memory, NULL, text, sizeof text));
  refused_saying("bytes", hypr_model_create_in("x", 1, memory, SIZE_MAX, &out, text, sizeof text));
  refused_saying("path is NULL", hypr_model_load(NULL, &out, text, sizeof text));
  refused_saying("out is NULL", hypr_model_load("x", NULL, text, sizeof text));
  assert_status(HYPR_ERROR_NOT_FOUND, hypr_model_load("no such file", &out, NULL, 0));

  assert_int_equal(hypr_model_input_size(NULL), 0);
  assert_int_equal(hypr_model_output_size(NULL), 0);
  assert_int_equal(hypr_model_layer_count(NULL), 0);
  assert_int_equal(hypr_model_parameter_count(NULL), 0);
  assert_int_equal(hypr_model_layer_size(NULL, 0), 0);
  assert_null(hypr_model_layer_neuron(NULL, 0));
  assert_string_equal(hypr_model_name(NULL), "");
  assert_true(hypr_model_time_step(NULL) == 0);
  assert_null(hypr_model_input_name(NULL, 0));
  assert_null(hypr_model_class_label(NULL, 0));
  assert_int_equal(hypr_model_first_layer_inputs(NULL), 0);
  assert_int_equal(hypr_model_metadata_count(NULL), 0);
  assert_null(hypr_model_metadata_key(NULL, 0));
  assert_null(hypr_model_metadata_value(NULL, 0));

  float number = 0;
  size_t index;
  hypr_tensor_info info = {.struct_size = sizeof info};
  assert_int_equal(hypr_model_tensor_count(NULL), 0);
  refused(hypr_model_tensor_info(NULL, 0, &info));
  refused(hypr_model_tensor_info(model, 0, NULL));
  refused(hypr_model_find_tensor(NULL, "readout.bias", &index));
  refused(hypr_model_find_tensor(model, NULL, &index));
  refused(hypr_model_find_tensor(model, "readout.bias", NULL));
  refused(hypr_model_tensor_values(NULL, 0, &number, 1));
  refused(hypr_model_tensor_values(model, 0, NULL, 1));
  hypr_exemplar_info exemplar = {.struct_size = sizeof exemplar};
  refused(hypr_model_trained_range(NULL, &number, &number, 1));
  refused(hypr_model_trained_range(model, NULL, &number, 1));
  refused(hypr_model_trained_range(model, &number, NULL, 1));
  assert_status(HYPR_ERROR_NOT_FOUND, hypr_model_trained_range(model, &number, &number, 1));
  assert_int_equal(hypr_model_exemplar_count(NULL), 0);
  refused(hypr_model_exemplar_info(NULL, 0, &exemplar));
  refused(hypr_model_exemplar_info(model, 0, NULL));
}

static void no_options(void **state) {
  (void)state;
  double value;
  hypr_option key;
  hypr_options *options = make_options(SETTINGS(LEARNING));
  char text[64];
  refused(hypr_options_create(NULL, NULL, 0));
  refused_saying("out is NULL", hypr_options_create(NULL, text, sizeof text));
  hypr_options *out = options;
  refused(hypr_options_memory_size(NULL, NULL));
  refused_saying("memory is NULL", hypr_options_create_in(NULL, 1000, &out, text, sizeof text));
  assert_null(out);
  refused_saying("out is NULL", hypr_options_create_in(text, sizeof text, NULL, text, sizeof text));
  refused_saying("bytes", hypr_options_create_in(text, SIZE_MAX, &out, text, sizeof text));
  refused(hypr_options_set(NULL, HYPR_OPTION_WINDOW, 10));
  refused(hypr_options_get(NULL, HYPR_OPTION_WINDOW, &value));
  refused(hypr_options_get(options, HYPR_OPTION_WINDOW, NULL));
  assert_string_equal(hypr_options_message(NULL), "");
  refused(hypr_option_find(NULL, &key));
  refused(hypr_option_find("window", NULL));
  assert_null(hypr_option_suggest(NULL));
  assert_ok(hypr_option_bounds(HYPR_OPTION_WINDOW, NULL, NULL, NULL));
  size_t neuron;
  refused(hypr_neuron_info(0, NULL));
  refused(hypr_neuron_find(NULL, &neuron));
  refused(hypr_neuron_find("BRF", NULL));
  refused(hypr_neuron_parameter(0, 0, NULL));
  refused(hypr_neuron_constant(0, 0, NULL));
  hypr_options_free(options);
}

static void no_session(void **state) {
  (void)state;
  float number = 0;
  uint64_t work_left = 0;
  double value;
  size_t size;
  const size_t one = 1;
  uint32_t index = 0;
  int32_t label = 0;
  hypr_statistics statistics = {.struct_size = sizeof statistics};
  hypr_layer_activity activity = {.struct_size = sizeof activity};
  hypr_input_range range = {.struct_size = sizeof range};
  uint32_t findings;
  hypr_guard guard = {.struct_size = sizeof guard};
  hypr_tensor_info info = {.struct_size = sizeof info};
  hypr_memory_report report = {.struct_size = sizeof report};
  hypr_batch batch = {.struct_size = sizeof batch};
  assert_string_equal(hypr_session_message(NULL), "");
  refused(hypr_session_set_progress(NULL, NULL, NULL));
  refused(hypr_session_step(NULL, &number, 1, &number, 1));
  refused(hypr_session_step_spikes(NULL, &index, 1, &number, 1));
  refused(hypr_session_run(NULL, &number, 1, &number));
  refused(hypr_session_run(NULL, &number, 0, &number));
  refused(hypr_session_reset(NULL));
  refused(hypr_session_reset_parts(NULL, HYPR_RESET_STATE));
  refused(hypr_session_reset_layer(NULL, 0));
  refused(hypr_session_get_option(NULL, HYPR_OPTION_WINDOW, &value));
  refused(hypr_session_teach_class(NULL, 0));
  refused(hypr_session_teach_class_at(NULL, 0, 0));
  refused(hypr_session_teach_values(NULL, &number, 1));
  refused(hypr_session_teach_values_at(NULL, 0, &number, 1));
  refused(hypr_session_teach_error(NULL, &number, 1));
  refused(hypr_session_teach_error_at(NULL, 0, &number, 1));
  refused(hypr_session_teach_sequence(NULL, 0));
  refused(hypr_session_set_class_weights(NULL, &number, 1));
  refused(hypr_session_set_trainable(NULL, 0, 1));
  refused(hypr_session_learn_batch(NULL, &number, &one, 1, &label, &number, &value));
  refused(hypr_session_learn_labelled(NULL, &number, &one, 1, &label, &number, &value));
  refused(hypr_session_learn_sequence(NULL, &number, 1, &label, &number, &value));
  refused(hypr_session_learn(NULL, &batch, &number, &value));
  refused(hypr_session_look_ahead(NULL, &number, 1, &number, 1));
  refused(hypr_session_condition(NULL, &number, 1, &number));
  refused(hypr_session_flush(NULL));
  refused(hypr_session_apply(NULL));
  refused(hypr_session_work(NULL, 1, &work_left));
  refused(hypr_session_guard(NULL, &guard));
  refused(hypr_session_accept(NULL));
  refused(hypr_session_statistics(NULL, &statistics));
  refused(hypr_session_clear_statistics(NULL));
  refused(hypr_session_layer_activity(NULL, 0, &activity));
  refused(hypr_session_input_range(NULL, 0, &range));
  refused(hypr_session_diagnose(NULL, &findings, NULL, 0));
  assert_int_equal(hypr_session_tensor_count(NULL), 0);
  refused(hypr_session_tensor_info(NULL, 0, &info));
  refused(hypr_session_find_tensor(NULL, "readout.bias", &size));
  refused(hypr_session_get_parameters(NULL, &number, 1));
  refused(hypr_session_set_parameters(NULL, &number, 1));
  refused(hypr_session_copy_parameters(NULL, session));
  refused(hypr_session_copy_parameters(NULL, NULL));
  refused(hypr_session_get_gradients(NULL, &number, 1));
  refused(hypr_session_get_eligibility(NULL, 0, &number, 1));
  assert_int_equal(hypr_session_eligibility_size(NULL, 0), 0);
  refused(hypr_session_save_model(NULL, "x"));
  refused(hypr_session_model_size(NULL, &size));
  refused(hypr_session_save_model_buffer(NULL, &number, sizeof number));
  refused(hypr_session_get_spikes(NULL, 0, &number, 1));
  refused(hypr_session_set_spikes(NULL, 0, &number, 1));
  refused(hypr_session_set_layer_state(NULL, 0, &number, 1));
  refused(hypr_session_get_layer_state(NULL, 0, &number, 1));
  assert_int_equal(hypr_session_layer_state_size(NULL, 0), 0);
  refused(hypr_session_state_size(NULL, &size));
  refused(hypr_session_save_state(NULL, &number, sizeof number));
  refused(hypr_session_load_state(NULL, &number, sizeof number));
  refused(hypr_session_update_size(NULL, NULL, &size));
  refused(hypr_session_get_update(NULL, NULL, &number, sizeof number));
  refused(hypr_session_apply_update(NULL, &number, sizeof number));
  refused(hypr_session_transfer(NULL, session));
  refused(hypr_session_transfer(NULL, NULL));
  refused(hypr_session_memory_report(NULL, &report));
  hypr_rehearsal rehearsal = {.struct_size = sizeof rehearsal};
  refused(hypr_session_rehearsal(NULL, HYPR_REHEARSAL_ALL, &rehearsal));
  assert_int_equal(hypr_session_rehearsal_count(NULL, HYPR_REHEARSAL_ALL), 0);
  refused(hypr_session_rehearse(NULL, 1));
  refused(hypr_session_rehearsal_clear(NULL));
  refused(hypr_session_rehearsal_add(NULL, &number, 1, &label, NULL, 1));
}

static void creating_with_null(void **state) {
  (void)state;
  hypr_session *out = session;
  size_t bytes, alignment;
  char memory[64];
  char text[64];
  refused(hypr_session_create(NULL, NULL, &out, NULL, 0));
  assert_null(out);
  refused_saying("model is NULL", hypr_session_create(NULL, NULL, &out, text, sizeof text));
  refused_saying("out is NULL", hypr_session_create(model, NULL, NULL, text, sizeof text));
  refused_saying("model is NULL", hypr_session_memory_size(NULL, NULL, &bytes, &alignment, text, sizeof text));
  refused_saying("bytes is NULL", hypr_session_memory_size(model, NULL, NULL, &alignment, text, sizeof text));
  assert_ok(hypr_session_memory_size(model, NULL, &bytes, NULL, text, sizeof text));
  assert_string_equal(text, "");
  refused_saying("model is NULL", hypr_session_create_in(NULL, NULL, memory, sizeof memory, &out, text, sizeof text));
  refused_saying("memory is NULL", hypr_session_create_in(model, NULL, NULL, bytes, &out, text, sizeof text));
  refused_saying("out is NULL", hypr_session_create_in(model, NULL, memory, sizeof memory, NULL, text, sizeof text));
  refused_saying("bytes", hypr_session_create_in(model, NULL, memory, SIZE_MAX, &out, text, sizeof text));
}

/* Every refusal of a session names the argument, and the session works on. */
static void null_arguments(void **state) {
  (void)state;
  float input[4] = {1, 0, 0, 0}, output[6];
  int32_t labels[1] = {0};
  uint32_t channel = 0, findings;
  double value;
  const size_t one = 1;
  size_t index, parameters = hypr_model_parameter_count(model);
#define refused_naming(name, call) \
  refused(call);                   \
  assert_non_null(strstr(hypr_session_message(session), name))
  refused_naming("input", hypr_session_step(session, NULL, 4, output, 6));
  refused_naming("output", hypr_session_step(session, input, 4, NULL, 6));
  refused_naming("indices", hypr_session_step_spikes(session, NULL, 1, output, 6));
  refused_naming("output", hypr_session_step_spikes(session, &channel, 1, NULL, 6));
  refused_naming("inputs", hypr_session_run(session, NULL, 1, output));
  refused_naming("value", hypr_session_get_option(session, HYPR_OPTION_WINDOW, NULL));
  refused_naming("target", hypr_session_teach_values(session, NULL, 6));
  refused_naming("target", hypr_session_teach_values_at(session, 0, NULL, 6));
  refused_naming("dloss_doutput", hypr_session_teach_error(session, NULL, 6));
  refused_naming("dloss_doutput", hypr_session_teach_error_at(session, 0, NULL, 6));
  refused_naming("inputs", hypr_session_learn_sequence(session, NULL, 1, labels, output, &value));
  refused_naming("labels", hypr_session_learn_sequence(session, input, 1, NULL, output, &value));
  refused_naming("weights", hypr_session_set_class_weights(session, NULL, 6));
  refused_naming("labels", hypr_session_learn_labelled(session, input, &one, 1, NULL, output, &value));
  refused_naming("steps", hypr_session_learn_labelled(session, input, NULL, 1, labels, output, &value));
  hypr_batch batch = {.struct_size = sizeof batch, .steps = &one, .sequences = 1, .labels = labels};
  refused_naming("batch", hypr_session_learn(session, NULL, output, &value));
  refused_naming("inputs", hypr_session_learn(session, &batch, output, &value));
  batch.inputs = input, batch.steps = NULL;
  refused_naming("steps", hypr_session_learn(session, &batch, output, &value));
  batch.steps = &one, batch.labels = NULL;
  refused_naming("labels", hypr_session_learn(session, &batch, output, &value));
  refused_naming("statistics", hypr_session_statistics(session, NULL));
  refused_naming("activity", hypr_session_layer_activity(session, 0, NULL));
  refused_naming("range", hypr_session_input_range(session, 0, NULL));
  refused_naming("findings", hypr_session_diagnose(session, NULL, NULL, 0));
  refused_naming("text", hypr_session_diagnose(session, &findings, NULL, 1));
  refused_naming("guard", hypr_session_guard(session, NULL));
  refused_naming("info", hypr_session_tensor_info(session, 0, NULL));
  refused_naming("name", hypr_session_find_tensor(session, NULL, &index));
  refused_naming("index", hypr_session_find_tensor(session, "readout.bias", NULL));
  refused_naming("flat", hypr_session_get_parameters(session, NULL, parameters));
  refused_naming("flat", hypr_session_set_parameters(session, NULL, parameters));
  refused_naming("flat", hypr_session_get_gradients(session, NULL, parameters));
  refused_naming("out", hypr_session_get_eligibility(session, 0, NULL, hypr_session_eligibility_size(session, 0)));
  refused_naming("path", hypr_session_save_model(session, NULL));
  refused_naming("bytes", hypr_session_model_size(session, NULL));
  refused_naming("buffer", hypr_session_save_model_buffer(session, NULL, 1 << 20));
  refused_naming("input", hypr_session_look_ahead(session, NULL, 4, output, 6));
  refused_naming("output", hypr_session_look_ahead(session, input, 4, NULL, 6));
  refused_naming("inputs", hypr_session_condition(session, NULL, 1, output));
  refused_naming("values", hypr_session_condition(session, input, 1, NULL));
  refused_naming("out", hypr_session_get_spikes(session, 0, NULL, 36));
  refused_naming("spikes", hypr_session_set_spikes(session, 0, NULL, 36));
  refused_naming("state", hypr_session_set_layer_state(session, 0, NULL, hypr_session_layer_state_size(session, 0)));
  refused_naming("out", hypr_session_get_layer_state(session, 0, NULL, hypr_session_layer_state_size(session, 0)));
  refused_naming("bytes", hypr_session_state_size(session, NULL));
  refused_naming("buffer", hypr_session_save_state(session, NULL, 1 << 20));
  refused_naming("buffer", hypr_session_load_state(session, NULL, 1 << 20));
  refused_naming("bytes", hypr_session_update_size(session, NULL, NULL));
  refused_naming("buffer", hypr_session_get_update(session, NULL, NULL, 1 << 20));
  refused_naming("buffer", hypr_session_apply_update(session, NULL, 1 << 20));
  refused_naming("from", hypr_session_transfer(session, NULL));
  refused_naming("from", hypr_session_copy_parameters(session, NULL));
  refused_naming("report", hypr_session_memory_report(session, NULL));
  refused_naming("rehearsal", hypr_session_rehearsal(session, HYPR_REHEARSAL_ALL, NULL));
  refused_naming("inputs", hypr_session_rehearsal_add(session, NULL, 1, labels, NULL, 1));
  refused_naming("labels", hypr_session_rehearsal_add(session, input, 1, NULL, NULL, 1));

  assert_ok(hypr_session_step_spikes(session, NULL, 0, NULL, 0));
  assert_ok(hypr_session_run(session, NULL, 0, NULL));
  assert_ok(hypr_session_step(session, input, 4, NULL, 0));
  assert_ok(hypr_session_run(session, input, 1, NULL));
  assert_ok(hypr_session_learn_sequence(session, input, 1, labels, NULL, NULL));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(freeing_nothing_is_fine), cmocka_unit_test(no_model),
      cmocka_unit_test(no_options),              cmocka_unit_test(no_session),
      cmocka_unit_test(creating_with_null),      cmocka_unit_test(null_arguments),
  };
  return cmocka_run_group_tests_name("NULL", tests, set_up, tear_down);
}
