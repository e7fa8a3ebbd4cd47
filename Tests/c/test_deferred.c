/* The option deferred from outside: who does the work, how much is left, and what it takes. (How the bits come about:
 * Tests/swift/Learning/DeferredTests.swift.) */
#define _POSIX_C_SOURCE 200809L

#include <pthread.h>

#include "stream.h"

#define DEFERRED LEARNING, {HYPR_OPTION_DEFERRED, 1}, {HYPR_OPTION_WINDOW, WINDOW}

static float outputs[4][STREAM_STEPS * CLASSES];

static void *do_all(void *session) {
  uint64_t left = 1;
  return hypr_session_work(session, UINT64_MAX, &left) == HYPR_OK && left == 0 ? NULL : session;
}

static void *do_some(void *session) { return hypr_session_work(session, 5000, NULL) == HYPR_OK ? NULL : session; }

/* A thread between two steps, for which the next step waits. */
static void *in_a_thread(void *session) {
  pthread_t thread;
  void *failed = session;
  if (pthread_create(&thread, NULL, do_some, session) == 0) pthread_join(thread, &failed);
  return failed;
}

static void the_host_may_do_the_work(void **state) {
  (void)state;
  void *(*const hosts[])(void *) = {NULL, do_some, in_a_thread, do_all};
  hypr_session *sessions[4];
  for (int host = 0; host < 4; host++) {
    sessions[host] = make_session(model, SETTINGS(DEFERRED));
    for (size_t i = 0; i < STREAM_STEPS; i++) {
      step_and_teach(sessions[host], model, samples + i * INPUTS, labels + i, 1, outputs[host] + i * CLASSES);
      if (hosts[host]) assert_null(hosts[host](sessions[host]));
    }
    assert_ok(hypr_session_flush(sessions[host]));
    assert_same_bits(outputs[host], outputs[0], STREAM_STEPS * CLASSES);
    assert_true(same_parameters(sessions[host], sessions[0]));
  }
  hypr_session *still = make_session(model, SETTINGS(DEFERRED));
  assert_false(same_parameters(still, sessions[0]));
  hypr_session_free(still);
  for (int host = 0; host < 4; host++) hypr_session_free(sessions[host]);
}

static void what_is_left_is_said(void **state) {
  (void)state;
  hypr_session *session = make_session(model, SETTINGS(DEFERRED));
  uint64_t left = 1, before;
  step_and_teach(session, model, samples, labels, WINDOW, NULL);
  assert_ok(hypr_session_work(session, 1000, &left)); /* the window can still be taught */
  assert_int_equal(left, 0);
  step_and_teach(session, model, samples, labels, 1, NULL);
  assert_ok(hypr_session_work(session, 0, &before));
  assert_true(before > 0);
  assert_ok(hypr_session_work(session, before / 2, &left));
  assert_true(left > 0 && left < before);
  step_and_teach(session, model, samples, labels, WINDOW - 1, NULL);
  assert_ok(hypr_session_work(session, 0, &left));
  assert_int_equal(left, 0);
  hypr_session_free(session);

  session = make_session(model, SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, WINDOW}));
  step_and_teach(session, model, samples, labels, WINDOW + 1, NULL);
  assert_ok(hypr_session_work(session, 0, &left));
  assert_int_equal(left, 0);
  hypr_session_free(session);
  session = make_session(model, NULL);
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_work(session, 1, &left));
  hypr_session_free(session);
}

static size_t size_of(const setting *settings, hypr_memory_report *report) {
  hypr_options *options = make_options(settings);
  size_t bytes, alignment;
  assert_ok(hypr_session_memory_size(model, options, &bytes, &alignment, NULL, 0));
  hypr_options_free(options);
  hypr_session *session = make_session(model, settings);
  report->struct_size = sizeof *report;
  assert_ok(hypr_session_memory_report(session, report));
  assert_int_equal(report->total, bytes);
  hypr_session_free(session);
  return bytes;
}

/* What is trained twice, and a window's history more; nothing else but some pointers. */
static void what_it_takes(void **state) {
  (void)state;
  hypr_memory_report deferred, at_once, readout;
  size_of(SETTINGS(DEFERRED), &deferred);
  size_of(SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, WINDOW}), &at_once);
  size_of(SETTINGS(DEFERRED, {HYPR_OPTION_TRAIN_MASK, HYPR_TRAIN_READOUT}), &readout);
  assert_true(deferred.parameters <= 2 * at_once.parameters && deferred.parameters > at_once.parameters * 19 / 10);
  assert_true(readout.parameters < at_once.parameters + at_once.parameters / 4);
  assert_int_equal(deferred.traces, at_once.traces);
  assert_int_equal(deferred.optimizer, at_once.optimizer);
  assert_true(deferred.history > at_once.history && deferred.history <= 2 * at_once.history + 4096);
  assert_true(deferred.scratch <= at_once.scratch + 8192);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_host_may_do_the_work),
      cmocka_unit_test(what_is_left_is_said),
      cmocka_unit_test(what_it_takes),
  };
  return cmocka_run_group_tests_name("deferred", tests, set_up, tear_down);
}
