/* Whatever allocation of a builder fails, the call says so, changes nothing, and leaks nothing. The allocator of this program
 * fails on demand; the library allocates with posix_memalign only. */
#include <errno.h>
#include <stdio.h>

#include "support.h"

void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

/* How many allocations succeed before one fails; none fails below 0. */
static long left = -1;

/* What the library holds. */
enum { MOST = 1000 };
static void *held[MOST];

static size_t held_count(void) {
  size_t count = 0;
  for (size_t index = 0; index < MOST; index++) count += held[index] != NULL;
  return count;
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
  if (left == 0) return ENOMEM;
  if (left > 0) left--;
  *memory = __libc_memalign(alignment, size);
  for (size_t index = 0; index < MOST; index++) {
    if (held[index]) continue;
    held[index] = *memory;
    return 0;
  }
  return ENOMEM;
}

void free(void *memory) {
  for (size_t index = 0; memory && index < MOST; index++) {
    if (held[index] == memory) held[index] = NULL;
  }
  __libc_free(memory);
}

/* Describes a network with every kind of allocation and builds it. */
static hypr_status describe(const hypr_model *model, hypr_builder **out, size_t *size) {
  static const char *const names[] = {"x", "y", "z"};
  static const float numbers[40] = {0.5f, 0.25f, 0.125f};
  static const uint32_t offsets[] = {0, 1, 1, 2, 2}, columns[] = {1, 3};
  static const int32_t labels[] = {-1, 2, 0};
  hypr_layer_settings settings = HYPR_LAYER_SETTINGS;
  settings.name = "thinned";
  settings.recurrent_density = 0.75;
  hypr_status status = model ? hypr_builder_create_from(model, out, NULL, 0) : hypr_builder_create(3, out, NULL, 0);
#define then(call) \
  if (status == HYPR_OK) status = (call)
  if (!model) {
    then(hypr_builder_set_name(*out, "name"));
    then(hypr_builder_set_input_scale(*out, numbers, 1));
    then(hypr_builder_set_input_offset(*out, numbers, 3));
    then(hypr_builder_set_input_names(*out, names, 3));
    then(hypr_builder_set_level_crossing(*out, numbers, 1, HYPR_LEVEL_CROSSING_SIGNED));
    then(hypr_builder_add_layer(*out, "se_adlif", 4, NULL));
    then(hypr_builder_set_tensor_rows(*out, "layer0.recurrent_weight", offsets, 5, columns, 2));
    then(hypr_builder_add_layer(*out, "gru", 5, &settings));
    then(hypr_builder_set_readout(*out, 3, -1, 0));
    then(hypr_builder_set_tensor(*out, "readout.weight", numbers, 15));
    then(hypr_builder_set_class_labels(*out, names, 3));
    then(hypr_builder_recommend(*out, HYPR_OPTION_WINDOW, 5));
    then(hypr_builder_set_metadata(*out, "key", "value"));
    for (size_t count = 0; count < 5; count++) then(hypr_builder_add_exemplar(*out, numbers, 3, labels, NULL, 1));
    then(hypr_builder_keep_exemplars(*out, 400, 1));
  }
  then(hypr_builder_build(*out, 1, size));
  return status;
}

static void every_allocation_may_fail(const hypr_model *model) {
  size_t before = held_count();
  for (long count = 0;; count++) {
    assert_int_equal(held_count(), before);
    hypr_builder *builder = NULL;
    size_t size, again;
    left = count;
    hypr_status status = describe(model, &builder, &size);
    left = -1;
    if (status == HYPR_OK) {
      assert_true(count > 20);
      hypr_builder_free(builder);
      assert_int_equal(held_count(), before);
      return;
    }
    assert_status(HYPR_ERROR_OUT_OF_MEMORY, status);
    if (builder) assert_non_null(strstr(hypr_builder_message(builder), "no memory"));
    /* What was said before still holds: a builder that is complete can be built. */
    if (builder && hypr_builder_build(builder, 1, &again) == HYPR_OK) assert_true(again > 0);
    hypr_builder_free(builder);
  }
}

static void allocations_of_a_fresh_model(void **state) {
  (void)state;
  every_allocation_may_fail(NULL);
}

static void allocations_of_a_changed_model(void **state) {
  hypr_model *model = load_model(*state);
  every_allocation_may_fail(model);
  hypr_model_free(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(allocations_of_a_fresh_model),
      cmocka_unit_test_prestate(allocations_of_a_changed_model, SPARSE),
      cmocka_unit_test_prestate(allocations_of_a_changed_model, EXEMPLARS),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
