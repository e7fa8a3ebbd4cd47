/* Structs that can grow: one that is shorter than its first version is refused, and of a longer one the rest stays as it is. */
#include "support.h"

static hypr_model *model, *with_exemplars;
static hypr_session *session;

static int set_up(void **state) {
  (void)state;
  model = load_model(TWO_LAYERS);
  with_exemplars = load_model(EXEMPLARS);
  session = make_session(model, SETTINGS(LEARNING, {HYPR_OPTION_GUARD, 100}, {HYPR_OPTION_REHEARSAL_BYTES, 1024}));
  float *samples = random_samples(hypr_model_input_size(model), 1);
  assert_ok(hypr_session_rehearsal_add(session, samples, 1, (int32_t[]){1}, NULL, 1));
  assert_ok(hypr_session_step(session, samples, hypr_model_input_size(model), NULL, 0));
  assert_ok(hypr_session_teach_class(session, 1));
  assert_ok(hypr_session_flush(session));
  free(samples);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  hypr_session_free(session);
  hypr_model_free(with_exemplars);
  hypr_model_free(model);
  return 0;
}

typedef hypr_status filler(void *);
static hypr_status statistics(void *out) { return hypr_session_statistics(session, out); }
static hypr_status activity(void *out) { return hypr_session_layer_activity(session, 0, out); }
static hypr_status range(void *out) { return hypr_session_input_range(session, 0, out); }
static hypr_status tensor_of_session(void *out) { return hypr_session_tensor_info(session, 3, out); }
static hypr_status tensor_of_model(void *out) { return hypr_model_tensor_info(model, 3, out); }
static hypr_status exemplar(void *out) { return hypr_model_exemplar_info(with_exemplars, 1, out); }
static hypr_status guard(void *out) { return hypr_session_guard(session, out); }
static hypr_status memory(void *out) { return hypr_session_memory_report(session, out); }
static hypr_status rehearsal(void *out) { return hypr_session_rehearsal(session, 1, out); }
static hypr_status neuron(void *out) { return hypr_neuron_info(1, out); }
static hypr_status parameter(void *out) { return hypr_neuron_parameter(0, 0, out); }
static hypr_status constant(void *out) {
  size_t lif;
  assert_ok(hypr_neuron_find("LIF", &lif));
  return hypr_neuron_constant(lif, 0, out);
}

#define END_OF(type, last) (offsetof(type, last) + sizeof(((type *)0)->last))
#define QUANTITY_GAP END_OF(hypr_quantity, distribution), offsetof(hypr_quantity, first)

/* Every struct that the library fills; the bytes that its first version had, which never change; where its last field ends;
 * and the bytes between two fields, if there are any, which say nothing. */
static const struct {
  filler *fill;
  const char *name;
  size_t size, first, end, gap, gap_end;
} structs[] = {
    {statistics, "statistics", sizeof(hypr_statistics), 8 * 8 + 3 * sizeof(size_t), END_OF(hypr_statistics, chance_loss), 0,
     0},
    {activity, "activity", sizeof(hypr_layer_activity), 4 * sizeof(size_t) + 8, END_OF(hypr_layer_activity, spike_rate), 0, 0},
    {range, "range", sizeof(hypr_input_range), 40, END_OF(hypr_input_range, trained_upper), 0, 0},
    {tensor_of_session, "info", sizeof(hypr_tensor_info), 10 * sizeof(size_t), END_OF(hypr_tensor_info, trainable), 0, 0},
    {tensor_of_model, NULL, sizeof(hypr_tensor_info), 10 * sizeof(size_t), END_OF(hypr_tensor_info, trainable), 0, 0},
    {exemplar, NULL, sizeof(hypr_exemplar_info), 4 * sizeof(size_t) + 8, END_OF(hypr_exemplar_info, starts_sequence), 0, 0},
    {guard, "guard", sizeof(hypr_guard), (sizeof(size_t) + 11) / 8 * 8 + 56, END_OF(hypr_guard, last_return),
     END_OF(hypr_guard, reference_ahead), offsetof(hypr_guard, loss)},
    {memory, "report", sizeof(hypr_memory_report), 8 * sizeof(size_t), END_OF(hypr_memory_report, reference), 0, 0},
    {rehearsal, "rehearsal", sizeof(hypr_rehearsal), (3 * sizeof(size_t) + 7) / 8 * 8 + 24, END_OF(hypr_rehearsal, mean_loss),
     3 * sizeof(size_t), offsetof(hypr_rehearsal, taught_steps)},
    {neuron, NULL, sizeof(hypr_neuron), 7 * sizeof(size_t) + 12, END_OF(hypr_neuron, initialization), 0, 0},
    {parameter, NULL, sizeof(hypr_quantity), 2 * sizeof(size_t) + 40, END_OF(hypr_quantity, second), QUANTITY_GAP},
    {constant, NULL, sizeof(hypr_quantity), 2 * sizeof(size_t) + 40, END_OF(hypr_quantity, second), QUANTITY_GAP},
};

/* As a caller with another version of the header has it. */
typedef union {
  size_t struct_size;
  char bytes[512];
} any_struct;

static any_struct made(size_t struct_size, char content) {
  any_struct out;
  memset(&out, 0, sizeof out); /* fields that a caller fills in */
  memset(out.bytes + struct_size % sizeof out, content, sizeof out - struct_size % sizeof out);
  out.struct_size = struct_size;
  return out;
}

static void shorter_than_the_first_version(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof structs / sizeof *structs; i++) {
    for (size_t size = 0; size < structs[i].first; size++) {
      any_struct out = made(size, '#'), before = out;
      assert_status(HYPR_ERROR_INVALID_ARGUMENT, structs[i].fill(&out));
      assert_memory_equal(&out, &before, sizeof out);
      if (!structs[i].name) continue;
      assert_non_null(strstr(hypr_session_message(session), structs[i].name));
      assert_non_null(strstr(hypr_session_message(session), ".struct_size is "));
    }
  }
}

static void of_any_size_from_there_on(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof structs / sizeof *structs; i++) {
    any_struct whole = made(structs[i].size, 0);
    assert_ok(structs[i].fill(&whole));
    memset(whole.bytes + structs[i].gap, 0, structs[i].gap_end - structs[i].gap);
    any_struct empty = made(structs[i].size, 0);
    assert_true(memcmp(&whole, &empty, structs[i].end) != 0);
    for (size_t size = structs[i].first; size <= sizeof(any_struct); size++) {
      any_struct out = made(size, 0);
      size_t filled = size < structs[i].size ? size : structs[i].size;
      memset(out.bytes + filled, '#', sizeof out - filled);
      out.struct_size = size;
      assert_ok(structs[i].fill(&out));
      assert_int_equal(out.struct_size, size);
      memset(out.bytes + structs[i].gap, 0, structs[i].gap_end - structs[i].gap);
      size_t fields = size < structs[i].end ? size : structs[i].end;
      assert_memory_equal(out.bytes + sizeof(size_t), whole.bytes + sizeof(size_t), fields - sizeof(size_t));
      for (size_t byte = filled; byte < sizeof out; byte++) assert_int_equal(out.bytes[byte], '#');
    }
  }
}

/* What a caller fills in is read as far as the library knows it; a field that it does not know may not be set. */
static void batches_of_other_versions(void **state) {
  (void)state;
  enum { FIRST = 8 * sizeof(size_t) };
  float *samples = random_samples(10 * 9, 5);
  int32_t *labels = random_labels(10, 3, 6);
  const size_t steps = 10;
  const hypr_batch batch = {.struct_size = sizeof batch, .inputs = samples, .steps = &steps, .sequences = 1, .labels = labels};
  for (size_t size = 0; size <= 256; size++) {
    any_struct given = made(0, 0);
    memcpy(&given, &batch, sizeof batch);
    given.struct_size = size;
    const hypr_batch *pointer = (const void *)&given;
    assert_status(size < FIRST ? HYPR_ERROR_INVALID_ARGUMENT : HYPR_OK, hypr_session_learn(session, pointer, NULL, NULL));
    if (size <= sizeof batch) continue;
    given.bytes[size - 1] = 1;
    assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_session_learn(session, pointer, NULL, NULL));
    assert_non_null(strstr(hypr_session_message(session), "batch.struct_size is "));
  }
  hypr_batch unset = batch; /* what an uninitialised struct may say: not read that far */
  unset.struct_size = SIZE_MAX / 2;
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_session_learn(session, &unset, NULL, NULL));
  unset.struct_size = SIZE_MAX;
  assert_status(HYPR_ERROR_INVALID_ARGUMENT, hypr_session_learn(session, &unset, NULL, NULL));
  free(samples);
  free(labels);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(shorter_than_the_first_version),
      cmocka_unit_test(of_any_size_from_there_on),
      cmocka_unit_test(batches_of_other_versions),
  };
  return cmocka_run_group_tests_name("structs", tests, set_up, tear_down);
}
