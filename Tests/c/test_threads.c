/* Sessions of one model in several threads at once compute the same bits as alone. */
#define _POSIX_C_SOURCE 200809L

#include <pthread.h>

#include "support.h"

enum { THREADS = 2, STEPS = 3000, INPUTS = 9, CLASSES = 3 };

typedef struct {
  const hypr_model *model;
  const float *samples;
  const int32_t *labels;
  float outputs[STEPS * CLASSES];
  float *parameters;
} job;

/* Creates, runs, trains and frees a session; assertions of cmocka belong to the main thread. */
static void *work(void *argument) {
  job *one = argument;
  hypr_options *options = NULL;
  hypr_session *session = NULL;
  size_t count = hypr_model_parameter_count(one->model);
  hypr_status status = hypr_options_create(&options, NULL, 0);
  if (!status) status = hypr_options_set(options, HYPR_OPTION_LEARNING, 1);
  if (!status) status = hypr_options_set(options, HYPR_OPTION_WINDOW, 20);
  if (!status) status = hypr_session_create(one->model, options, &session, NULL, 0);
  if (!status) status = hypr_session_learn_sequence(session, one->samples, STEPS, one->labels, one->outputs, NULL);
  if (!status) status = hypr_session_get_parameters(session, one->parameters, count);
  hypr_session_free(session);
  hypr_options_free(options);
  return status ? argument : NULL;
}

static job *make_job(const hypr_model *model, uint32_t seed) {
  job *one = calloc(1, sizeof *one);
  one->model = model;
  one->samples = random_samples(STEPS * INPUTS, seed);
  one->labels = random_labels(STEPS, CLASSES, seed);
  one->parameters = calloc(hypr_model_parameter_count(model), sizeof *one->parameters);
  return one;
}

static void free_job(job *one) {
  free((void *)one->samples);
  free((void *)one->labels);
  free(one->parameters);
  free(one);
}

static void threads_do_not_disturb_each_other(void **state) {
  (void)state;
  hypr_model *model = load_model(TWO_LAYERS);
  job *together[THREADS], *alone[THREADS];
  pthread_t threads[THREADS];
  for (uint32_t i = 0; i < THREADS; i++) {
    together[i] = make_job(model, i);
    alone[i] = make_job(model, i);
    assert_null(work(alone[i]));
  }
  for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&threads[i], NULL, work, together[i]), 0);
  for (int i = 0; i < THREADS; i++) {
    void *failed;
    assert_int_equal(pthread_join(threads[i], &failed), 0);
    assert_null(failed);
    assert_same_bits(together[i]->outputs, alone[i]->outputs, STEPS * CLASSES);
    assert_same_bits(together[i]->parameters, alone[i]->parameters, hypr_model_parameter_count(model));
    free_job(together[i]);
    free_job(alone[i]);
  }
  hypr_model_free(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(threads_do_not_disturb_each_other)};
  return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
