/* Long calls ask the host between two steps, and stop where it says so. */
#define _DEFAULT_SOURCE

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>

#include "control_word.h"
#include "stream.h"

/* One that is asked after every step. */
static hypr_model *large;
enum { LARGE_INPUTS = 2, LARGE_STEPS = 9 };

static int set_up_both(void **state) {
  hypr_builder *builder;
  size_t size;
  const float scale = 50;
  assert_ok(hypr_builder_create(LARGE_INPUTS, &builder, NULL, 0));
  assert_ok(hypr_builder_set_input_scale(builder, &scale, 1));
  assert_ok(hypr_builder_add_layer(builder, "lif", 1100, NULL));
  assert_ok(hypr_builder_set_readout(builder, CLASSES, -1, 0));
  assert_ok(hypr_builder_build(builder, 1, &size));
  void *file = malloc(size);
  assert_ok(hypr_builder_copy_file(builder, file, size));
  assert_ok(hypr_model_load_buffer(file, size, &large, NULL, 0));
  hypr_builder_free(builder);
  free(file);
  return set_up(state);
}

static int tear_down_both(void **state) {
  hypr_model_free(large);
  return tear_down(state);
}

/* As hypr.h says. */
static size_t interval_of(const hypr_model *of) {
  size_t interval = ((size_t)1 << 20) / (1000 + hypr_model_parameter_count(of));
  return interval > 1 ? interval : 1;
}

/* What a callback was told, and when it stops. */
typedef struct {
  uint64_t stop_at;  /* the first number of steps with which it does; 0: never */
  uint64_t calls, last;
  int rises;
  pthread_t thread;
  int in_thread;
} record;

static int32_t count(void *context, uint64_t steps) {
  record *told = context;
  told->rises = told->calls == 0 || (told->rises && steps > told->last);
  told->in_thread = (told->calls == 0 || told->in_thread) && pthread_equal(told->thread, pthread_self());
  told->calls++;
  told->last = steps;
  return told->stop_at != 0 && steps >= told->stop_at;
}

static void assert_same_state(const hypr_session *one, const hypr_session *other) {
  size_t size, same;
  assert_ok(hypr_session_state_size(one, &size));
  assert_ok(hypr_session_state_size(other, &same));
  assert_int_equal(size, same);
  void *a = malloc(size), *b = malloc(size);
  assert_ok(hypr_session_save_state(one, a, size));
  assert_ok(hypr_session_save_state(other, b, size));
  assert_memory_equal(a, b, size);
  free(a);
  free(b);
}

static void assert_says(const hypr_session *session, uint64_t steps) {
  char expected[100];
  snprintf(expected, sizeof expected, "the progress callback stopped the call after %llu steps", (unsigned long long)steps);
  assert_string_equal(hypr_session_message(session), expected);
}

/* ---- Running */

static void the_host_is_asked_as_often_as_said(void **state) {
  (void)state;
  hypr_model *const models[] = {model, large};
  for (int i = 0; i < 2; i++) {
    size_t interval = interval_of(models[i]), inputs = hypr_model_input_size(models[i]);
    assert_true(i == 0 ? interval > 100 : interval == 1);
    float *stream = random_samples((5 * interval + 1) * inputs, 3);
    hypr_session *session = make_session(models[i], NULL);
    record told = {.thread = pthread_self()};
    assert_ok(hypr_session_set_progress(session, count, &told));
    for (size_t steps = 5 * interval - 1; steps <= 5 * interval + 1; steps++) {
      told.calls = 0;
      assert_ok(hypr_session_run(session, stream, steps, NULL));
      /* Not after the last step. */
      assert_int_equal(told.calls, (steps - 1) / interval);
      assert_int_equal(told.last, told.calls * interval);
      assert_true(told.rises && told.in_thread);
    }
    assert_ok(hypr_session_set_progress(session, NULL, &told));
    told.calls = 0;
    assert_ok(hypr_session_run(session, stream, 5 * interval, NULL));
    assert_int_equal(told.calls, 0);
    hypr_session_free(session);
    free(stream);
  }
}

static void a_stopped_run_is_a_shorter_one(void **state) {
  (void)state;
  hypr_model *const models[] = {model, large};
  for (int i = 0; i < 2; i++) {
    for (int learning = 0; learning < 2; learning++) {
      size_t interval = interval_of(models[i]), steps = 4 * interval + 3, done = 2 * interval;
      size_t inputs = hypr_model_input_size(models[i]), count_of_outputs = steps * CLASSES;
      const setting *settings = SETTINGS({HYPR_OPTION_LEARNING, learning}, {HYPR_OPTION_WINDOW, 4});
      hypr_session *stopped = make_session(models[i], settings), *shorter = make_session(models[i], settings);
      float *stream = random_samples(steps * inputs, 4);
      float *outputs = malloc(count_of_outputs * sizeof *outputs), *expected = malloc(count_of_outputs * sizeof *outputs);
      for (size_t k = 0; k < count_of_outputs; k++) outputs[k] = expected[k] = 42;
      record told = {.stop_at = done, .thread = pthread_self()};
      assert_ok(hypr_session_set_progress(stopped, count, &told));
      assert_status(HYPR_ERROR_STOPPED, hypr_session_run(stopped, stream, steps, outputs));
      assert_int_equal(told.last, done);
      assert_says(stopped, done);
      assert_ok(hypr_session_run(shorter, stream, done, expected));
      assert_same_bits(outputs, expected, count_of_outputs);
      assert_same_state(stopped, shorter);
      /* It goes on, and counts anew. */
      told.stop_at = 0;
      assert_ok(hypr_session_run(stopped, stream + done * inputs, steps - done, outputs + done * CLASSES));
      assert_int_equal(told.last, (steps - done - 1) / interval * interval);
      assert_ok(hypr_session_run(shorter, stream + done * inputs, steps - done, expected + done * CLASSES));
      assert_same_bits(outputs, expected, count_of_outputs);
      assert_same_state(stopped, shorter);
      hypr_session_free(stopped);
      hypr_session_free(shorter);
      free(stream);
      free(outputs);
      free(expected);
    }
  }
}

/* ---- Learning */

enum { SEQUENCES = 3 };
static const size_t lengths[SEQUENCES] = {4, 2, 3}; /* LARGE_STEPS together */

static void teach(hypr_session *session, const hypr_batch *batch, size_t sequence, size_t step) {
  if (batch->labels && batch->labels[step] >= 0) assert_ok(hypr_session_teach_class(session, (uint32_t)batch->labels[step]));
  if (batch->values) assert_ok(hypr_session_teach_values(session, batch->values + step * CLASSES, CLASSES));
  if (batch->sequence_labels) assert_ok(hypr_session_teach_class(session, (uint32_t)batch->sequence_labels[sequence]));
}

/* For every number of steps: as if the steps had been made and taught one by one; and when the host then ends the sequence, as if
 * the batch had been so short. */
static void a_stopped_batch_is_a_shorter_one(void **state) {
  (void)state;
  float *stream = random_samples(LARGE_STEPS * LARGE_INPUTS, 5), *values = random_samples(LARGE_STEPS * CLASSES, 6);
  const int32_t of_steps[LARGE_STEPS] = {0, 1, -1, 2, 2, 1, 0, 0, 1}, of_sequences[SEQUENCES] = {1, 0, 2};
  for (int kind = 0; kind < 3; kind++) {
    hypr_batch batch = {.struct_size = sizeof batch, .inputs = stream, .steps = lengths, .sequences = SEQUENCES};
    if (kind == 0) batch.labels = of_steps;
    if (kind == 1) batch.values = values;
    if (kind == 2) batch.sequence_labels = of_sequences;
    for (int update = HYPR_UPDATE_WINDOW; update <= HYPR_UPDATE_MANUAL; update++) {
      const setting *settings = SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, 3}, {HYPR_OPTION_UPDATE, update},
                                         {HYPR_OPTION_OPTIMIZER, HYPR_OPTIMIZER_SGD});
      for (size_t done = 1; done < LARGE_STEPS; done += 3) {
        hypr_session *stopped = make_session(large, settings), *by_hand = make_session(large, settings);
        float outputs[LARGE_STEPS * CLASSES] = {0}, expected[LARGE_STEPS * CLASSES] = {0};
        double loss = 42;
        record told = {.stop_at = done, .thread = pthread_self()};
        assert_ok(hypr_session_set_progress(stopped, count, &told));
        assert_status(HYPR_ERROR_STOPPED, hypr_session_learn(stopped, &batch, outputs, &loss));
        assert_says(stopped, done);
        assert_true(loss == 42);
        size_t shorter[SEQUENCES] = {0}, sequence = 0, first = 0;
        for (size_t step = 0; step < done; step++, shorter[sequence]++) {
          if (step == first + lengths[sequence]) {
            first += lengths[sequence++];
            assert_ok(hypr_session_reset_parts(by_hand, HYPR_RESET_STATE | HYPR_RESET_TRACES));
          }
          assert_ok(hypr_session_step(by_hand, stream + step * LARGE_INPUTS, LARGE_INPUTS, expected + step * CLASSES, CLASSES));
          teach(by_hand, &batch, sequence, step);
        }
        if (done == first + lengths[sequence]) assert_ok(hypr_session_flush(by_hand));
        assert_same_bits(outputs, expected, LARGE_STEPS * CLASSES);
        assert_same_state(stopped, by_hand);
        hypr_session_free(by_hand);
        assert_ok(hypr_session_reset(stopped));

        hypr_session *short_one = make_session(large, settings);
        batch.steps = shorter, batch.sequences = sequence + 1;
        assert_ok(hypr_session_learn(short_one, &batch, NULL, NULL));
        batch.steps = lengths, batch.sequences = SEQUENCES;
        assert_ok(hypr_session_reset(short_one));
        assert_same_state(stopped, short_one);
        assert_int_equal(statistics_of(stopped).updates > 0, update != HYPR_UPDATE_MANUAL);
        hypr_session_free(short_one);
        hypr_session_free(stopped);
      }
    }
  }
  free(stream);
  free(values);
}

/* What is taught at the end of a sequence is not taught to one that was stopped. */
static void a_label_of_a_whole_sequence_needs_the_whole(void **state) {
  (void)state;
  float *stream = random_samples(LARGE_STEPS * LARGE_INPUTS, 5);
  const int32_t of_sequences[SEQUENCES] = {1, 0, 2};
  for (int loss = HYPR_LOSS_LAST_STEPS; loss <= HYPR_LOSS_SUM_OF_SOFTMAX; loss++) {
    const setting *settings =
        SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, 6}, {HYPR_OPTION_UPDATE, HYPR_UPDATE_MANUAL}, {HYPR_OPTION_LOSS, loss});
    for (size_t done = 4; done <= 6; done++) {
      hypr_session *stopped = make_session(large, settings), *whole = make_session(large, settings);
      record told = {.stop_at = done, .thread = pthread_self()};
      assert_ok(hypr_session_set_progress(stopped, count, &told));
      assert_status(HYPR_ERROR_STOPPED,
                    hypr_session_learn_labelled(stopped, stream, lengths, SEQUENCES, of_sequences, NULL, NULL));
      assert_ok(hypr_session_learn_labelled(whole, stream, lengths, done < 6 ? 1 : 2, of_sequences, NULL, NULL));
      assert_ok(hypr_session_flush(stopped));
      float *one = gradients_of(stopped), *other = gradients_of(whole);
      assert_same_bits(one, other, hypr_model_parameter_count(large));
      assert_int_equal(statistics_of(stopped).taught_steps, statistics_of(whole).taught_steps);
      assert_int_equal(statistics_of(stopped).steps, done);
      free(one);
      free(other);
      hypr_session_free(stopped);
      hypr_session_free(whole);
    }
  }
  free(stream);
}

/* ---- Threads */

/* Two sequences of so many steps; the second one is that of the thread that calls. */
static void stop_in_threads(size_t first, size_t second, uint64_t stop_at) {
  const size_t steps[] = {first, second};
  size_t total = first + second;
  float *stream = random_samples(total * INPUTS, 7);
  int32_t *classes = malloc(total * sizeof *classes);
  for (size_t i = 0; i < total; i++) classes[i] = (int32_t)(i % CLASSES);
  for (int update = HYPR_UPDATE_SEQUENCE; update <= HYPR_UPDATE_MANUAL; update++) {
    const setting *settings =
        SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, WINDOW}, {HYPR_OPTION_UPDATE, update}, {HYPR_OPTION_THREADS, 2});
    hypr_session *session = make_session(model, settings), *fresh = make_session(model, settings);
    record told = {.stop_at = stop_at, .thread = pthread_self()};
    double loss = 42;
    float *before = parameters_of(session);
    assert_ok(hypr_session_set_progress(session, count, &told));
    assert_status(HYPR_ERROR_STOPPED, hypr_session_learn_batch(session, stream, steps, 2, classes, NULL, &loss));
    assert_true(told.in_thread && loss == 42);
    uint64_t made = statistics_of(session).steps;
    assert_says(session, made);
    assert_true(made >= told.last && made < total);
    /* Nothing that was taught is lost, and the update is left to the host. */
    assert_true(same_parameters(session, fresh));
    assert_ok(hypr_session_flush(session));
    assert_int_equal(statistics_of(session).taught_steps, made);
    float *gradients = gradients_of(session), sum = 0;
    for (size_t i = 0; i < hypr_model_parameter_count(model); i++) sum += gradients[i] * gradients[i];
    assert_true(sum > 0);
    assert_ok(hypr_session_reset(session));
    assert_int_equal(statistics_of(session).updates, update == HYPR_UPDATE_SEQUENCE);

    /* From where it began it learns what a fresh session learns. */
    told.stop_at = 0;
    assert_ok(hypr_session_set_parameters(session, before, hypr_model_parameter_count(model)));
    assert_ok(hypr_session_reset_parts(session, HYPR_RESET_STATE | HYPR_RESET_TRACES | HYPR_RESET_OPTIMIZER));
    assert_ok(hypr_session_clear_statistics(session));
    assert_ok(hypr_session_learn_batch(session, stream, steps, 2, classes, NULL, NULL));
    assert_ok(hypr_session_learn_batch(fresh, stream, steps, 2, classes, NULL, NULL));
    assert_true(same_parameters(session, fresh));
    float *one = gradients_of(session), *other = gradients_of(fresh);
    assert_same_bits(one, other, hypr_model_parameter_count(model));
    free(one);
    free(other);
    free(gradients);
    free(before);
    hypr_session_free(session);
    hypr_session_free(fresh);
  }
  free(stream);
  free(classes);
}

static void threads_stop_in_their_sequences(void **state) {
  (void)state;
  stop_in_threads(20000, 20000, 1);
}

/* The thread that calls is done at once, and asks while it waits. */
static void a_thread_that_waits_asks(void **state) {
  (void)state;
  stop_in_threads(200000, 1, 2);
}

/* ---- The callback */

static volatile sig_atomic_t alarmed;

static void raise_flag(int number) {
  (void)number;
  alarmed = 1;
}

static int32_t look_at_flag(void *context, uint64_t steps) {
  (void)context;
  (void)steps;
  return alarmed;
}

static void a_signal_handler_stops_a_call(void **state) {
  (void)state;
  enum { MANY = 4000000 };
  float *stream = random_samples((size_t)MANY * INPUTS, 8);
  hypr_session *session = make_session(model, NULL);
  assert_ok(hypr_session_set_progress(session, look_at_flag, NULL));
  const struct itimerval soon = {.it_value = {.tv_usec = 20000}};
  alarmed = 0;
  signal(SIGALRM, raise_flag);
  assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
  assert_status(HYPR_ERROR_STOPPED, hypr_session_run(session, stream, MANY, NULL));
  signal(SIGALRM, SIG_DFL);
  assert_true(statistics_of(session).steps < MANY);
  assert_says(session, statistics_of(session).steps);
  hypr_session_free(session);
  free(stream);
}

typedef struct {
  hypr_session *session, *other;
  int calls;
} nested;

static int32_t call_everything(void *context, uint64_t steps) {
  nested *one = context;
  hypr_session *session = one->session;
  float numbers[32] = {0};
  double value;
  size_t size = steps ? 1 : 0;
  int32_t label = 0;
  char bytes[8];
  hypr_statistics statistics = {.struct_size = sizeof statistics};
  hypr_batch batch = {.struct_size = sizeof batch, .inputs = numbers, .steps = &size, .sequences = 1, .labels = &label};
  one->calls++;
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_step(session, numbers, INPUTS, NULL, 0));
  assert_non_null(strstr(hypr_session_message(session), "progress callback"));
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_run(session, numbers, 1, NULL));
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_learn(session, &batch, NULL, NULL));
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_learn_sequence(session, numbers, 1, &label, NULL, NULL));
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_teach_class(session, 0));
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_flush(session));
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_reset(session));
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_reset_layer(session, 0));
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_look_ahead(session, numbers, INPUTS, NULL, 0));
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_get_spikes(session, 0, numbers, 20));
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_get_parameters(session, numbers, 1));
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_get_option(session, HYPR_OPTION_WINDOW, &value));
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_statistics(session, &statistics));
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_load_state(session, bytes, sizeof bytes));
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_set_progress(session, NULL, NULL));
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_transfer(session, one->other));
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_transfer(one->other, session));
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_copy_parameters(session, one->other));
  assert_status(HYPR_ERROR_WRONG_STATE, hypr_session_copy_parameters(one->other, session));
  assert_non_null(strstr(hypr_session_message(one->other), "from is in the middle of the call"));
  hypr_session_free(session);
  assert_ok(hypr_session_run(one->other, numbers, 1, NULL));
  return 0;
}

static void a_call_from_the_callback_is_refused(void **state) {
  (void)state;
  const setting *settings = SETTINGS(LEARNING, {HYPR_OPTION_WINDOW, WINDOW});
  size_t steps = 3 * interval_of(model);
  float *stream = random_samples(steps * INPUTS, 9);
  int32_t *classes = random_labels(steps, CLASSES, 10);
  hypr_session *session = make_session(model, settings), *alone = make_session(model, settings);
  nested one = {session, make_session(model, NULL), 0};
  assert_ok(hypr_session_set_progress(session, call_everything, &one));
  assert_ok(hypr_session_run(session, stream, steps, NULL));
  assert_ok(hypr_session_learn_sequence(session, stream, steps, classes, NULL, NULL));
  assert_int_equal(one.calls, 4);
  assert_ok(hypr_session_run(alone, stream, steps, NULL));
  assert_ok(hypr_session_learn_sequence(alone, stream, steps, classes, NULL, NULL));
  assert_same_state(session, alone);
  hypr_session_free(one.other);
  hypr_session_free(session);
  hypr_session_free(alone);
  free(stream);
  free(classes);
}

/* A callback that sets the floating-point control finds it so the next time, and so does who made the call. */
static int kept_control;

static int32_t set_control(void *context, uint64_t steps) {
  (void)steps;
  int *calls = context;
  if ((*calls)++ == 0) {
    write_control(host_words[4]);
  } else {
    kept_control += same_control(read_control(), host_words[4]);
  }
  return 0;
}

static void what_the_callback_sets_of_floating_point_stays(void **state) {
  (void)state;
  float samples[LARGE_STEPS * LARGE_INPUTS] = {0};
  hypr_session *session = make_session(large, NULL);
  int calls = 0;
  assert_ok(hypr_session_set_progress(session, set_control, &calls));
  const control_word before = read_control();
  hypr_status status = hypr_session_run(session, samples, LARGE_STEPS, NULL);
  const control_word after = read_control();
  write_control(before);
  assert_ok(status);
  assert_true(same_control(after, host_words[4]));
  assert_true(calls > 2);
  assert_int_equal(kept_control, calls - 1);
  hypr_session_free(session);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_host_is_asked_as_often_as_said),
      cmocka_unit_test(a_stopped_run_is_a_shorter_one),
      cmocka_unit_test(a_stopped_batch_is_a_shorter_one),
      cmocka_unit_test(a_label_of_a_whole_sequence_needs_the_whole),
      cmocka_unit_test(threads_stop_in_their_sequences),
      cmocka_unit_test(a_thread_that_waits_asks),
      cmocka_unit_test(a_signal_handler_stops_a_call),
      cmocka_unit_test(a_call_from_the_callback_is_refused),
      cmocka_unit_test(what_the_callback_sets_of_floating_point_stays),
  };
  return cmocka_run_group_tests_name("progress", tests, set_up_both, tear_down_both);
}
