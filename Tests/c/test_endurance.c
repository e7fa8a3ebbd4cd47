/* A million steps with learning on: memory does not grow, outputs and parameters stay finite. */
#define _POSIX_C_SOURCE 200809L

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "support.h"

enum { STEPS = 1000000, PERIOD = 997, INPUTS = 4, CLASSES = 6 };

/* Pages of memory in use; code that is read from files when it first runs does not count. */
static long memory_pages(void) {
  long total = 0, resident = 0, of_files = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  assert_non_null(file);
  assert_int_equal(fscanf(file, "%ld %ld %ld", &total, &resident, &of_files), 3);
  fclose(file);
  return resident - of_files;
}

static void endure(const char *name) {
  hypr_model *model = load_model(name);
  hypr_session *session = make_session(model, SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, 100}));
  float *samples = random_samples(PERIOD * INPUTS, 5), output[CLASSES];
  int32_t *labels = random_labels(PERIOD, CLASSES, 6);
  long pages = 0;
  for (long i = 0; i < STEPS; i++) {
    long place = i % PERIOD;
    if (i == STEPS / 100) pages = memory_pages();
    assert_int_equal(hypr_session_step(session, samples + place * INPUTS, INPUTS, output, CLASSES), HYPR_OK);
    for (int k = 0; k < CLASSES; k++) assert_true(isfinite(output[k]));
    if (labels[place] >= 0) assert_int_equal(hypr_session_teach_class(session, (uint32_t)labels[place]), HYPR_OK);
  }
  assert_true(memory_pages() - pages <= 2);
  hypr_statistics statistics = statistics_of(session);
  assert_int_equal(statistics.steps, STEPS);
  assert_int_equal(statistics.updates, STEPS / 100 - 1);
  assert_int_equal(statistics.skipped_updates, 0);
  assert_true(isfinite(statistics.mean_loss) && isfinite(statistics.gradient_norm));
  float *parameters = parameters_of(session);
  for (size_t i = 0; i < parameter_count(session); i++) assert_true(isfinite(parameters[i]));
  free(parameters);
  free(samples);
  free(labels);
  hypr_session_free(session);
  hypr_model_free(model);
}

static void a_million_steps_of_brf(void **state) {
  (void)state;
  endure(BRF);
}

static void a_million_steps_of_se_adlif(void **state) {
  (void)state;
  endure(SE_ADLIF);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_million_steps_of_brf),
      cmocka_unit_test(a_million_steps_of_se_adlif),
  };
  return cmocka_run_group_tests_name("endurance", tests, NULL, NULL);
}
