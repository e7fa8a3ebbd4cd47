/* What messages say is true, and the same in every locale. */
#define _POSIX_C_SOURCE 200809L
#include <locale.h>
#include <stdio.h>
#include <unistd.h>

#include "support.h"

static const char *refusal(hypr_options *options, hypr_option key, double value) {
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_options_set(options, key, value));
  return hypr_options_message(options);
}

static void numbers_have_a_point_everywhere(void **state) {
  (void)state;
  static const char *const locales[] = {"de_DE", "ps_AF"}; /* a comma, and a point of two bytes */
  hypr_options *options = make_options(SETTINGS({HYPR_OPTION_WINDOW, 1}));
  int tried = 0;
  setenv("LOCPATH", "locales", 1);
  for (size_t i = 0; i < 2; i++) {
    char command[200];
    snprintf(command, sizeof command, "mkdir -p locales && localedef -i %s -f UTF-8 ./locales/%s.UTF-8 2>/dev/null",
             locales[i], locales[i]);
    int made = system(command) == 0;
    snprintf(command, sizeof command, "%s.UTF-8", locales[i]);
    if (!made || !setlocale(LC_ALL, command)) continue;
    tried++;
    snprintf(command, sizeof command, "%.1f", 1.5);
    assert_string_not_equal(command, "1.5");
    assert_non_null(strstr(refusal(options, HYPR_OPTION_WINDOW, 1.5), " 1.5,"));
    assert_non_null(strstr(refusal(options, HYPR_OPTION_BETA1, -1e-7), " -1e-07,"));
    setlocale(LC_ALL, "C");
  }
  unsetenv("LOCPATH");
  hypr_options_free(options);
  if (system("rm -rf locales") != 0 || tried == 0) {
    print_message("skipped: localedef and the sources of locales are not installed\n");
    skip();
  }
}

/* A number just out of its bounds does not look like the bound. */
static void numbers_have_the_digits_that_tell_them_apart(void **state) {
  (void)state;
  hypr_options *options = make_options(SETTINGS({HYPR_OPTION_WINDOW, 1}));
  assert_non_null(strstr(refusal(options, HYPR_OPTION_WINDOW, 65536.0000001), " 65536.0000001,"));
  assert_non_null(strstr(refusal(options, HYPR_OPTION_WINDOW, 65537), " 65537,"));
  hypr_options_free(options);

  hypr_model *model = load_model(SE_ADLIF);
  hypr_session *session = make_session(model, NULL);
  hypr_tensor_info tensor = {.struct_size = sizeof tensor};
  size_t index, count = parameter_count(session);
  assert_ok(hypr_session_find_tensor(session, "layer0.p_u", &index));
  assert_ok(hypr_session_tensor_info(session, index, &tensor));
  float *parameters = parameters_of(session);
  parameters[tensor.offset] = 1.0000001f;
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_session_set_parameters(session, parameters, count));
  assert_non_null(strstr(hypr_session_message(session), "layer0.p_u[0] is 1.0000001, expected 0 to 1"));
  free(parameters);
  hypr_session_free(session);
  hypr_model_free(model);
}

/* A sample that is a number, but not after scale and offset. */
static void finite_samples_are_not_called_infinite(void **state) {
  (void)state;
  hypr_model *model = load_model(BRF);
  hypr_session *session = make_session(model, NULL);
  float sample[4] = {0, 3e38f, 0, 0};
  assert_status(HYPR_ERROR_NOT_FINITE, hypr_session_step(session, sample, 4, NULL, 0));
  assert_string_equal(hypr_session_message(session), "input[1] is 3e+38, too large for the scale and offset of the model");
  assert_status(HYPR_ERROR_NOT_FINITE, hypr_session_look_ahead(session, sample, 4, sample, 0));
  assert_status(HYPR_ERROR_NOT_FINITE, hypr_session_run(session, sample, 1, NULL));
  assert_string_equal(hypr_session_message(session),
                      "step 0: input[1] is 3e+38, too large for the scale and offset of the model");
  hypr_session_free(session);
  hypr_model_free(model);
}

/* What the system says of an error is text on every C library: glibc's own strerror_r is another function than POSIX's. */
static void errors_of_the_system_have_a_text(void **state) {
  (void)state;
  hypr_model *model;
  char message[512];
  assert_status(HYPR_ERROR_IO, hypr_model_load("/", &model, message, sizeof message));
  assert_string_equal(message, "cannot read /: Is a directory");
  const char *library = getenv("LD_LIBRARY_PATH");
  assert_non_null(library);
  char path[4096];
  snprintf(path, sizeof path, "%s/libhypr.so.0", library);
  size_t size, found = 0;
  char *bytes = read_file(path, &size);
  for (size_t i = 1; i + 11 < size; i++) {
    if (memcmp(bytes + i, "strerror_r", 11) != 0) continue;
    assert_true(i > 6 && memcmp(bytes + i - 6, "__xpg_", 6) == 0);
    found++;
  }
  assert_true(found > 0);
  free(bytes);
  hypr_model_free(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(numbers_have_a_point_everywhere),
      cmocka_unit_test(numbers_have_the_digits_that_tell_them_apart),
      cmocka_unit_test(finite_samples_are_not_called_infinite),
      cmocka_unit_test(errors_of_the_system_have_a_text),
  };
  return cmocka_run_group_tests_name("messages", tests, NULL, NULL);
}
