/* What the C tests share: models, sessions, random samples, assertions that show status names. */
#ifndef SUPPORT_H
#define SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <hypr.h>

/* The test models, made by Tests/models/make; they lie in the folder that HYPR_TEST_MODELS names. */
#define BRF "brf"
#define SE_ADLIF "se_adlif"
#define TWO_LAYERS "two_layers"
#define GATED "gated"
#define QUANTIZED_GATED "mixed" /* the same network, weights in three types */
#define SPARSE "sparse"
#define EXEMPLARS "exemplars"

const char *model_path(const char *name);
hypr_model *load_model(const char *name);

/* The names of all models in that folder, or in the folder in it that `part` names with a slash at its end, such as "neurons/",
 * sorted; NULL after the last. They stay until the next call. */
const char *const *model_names(const char *part);

/* How many names a folder has, hidden ones too: what saving leaves behind would be hidden. */
int files_in(const char *folder);

/* Whether a layer's outputs are spikes. */
int layer_spikes(const hypr_model *model, size_t layer);

/* The bytes of a file, to be freed. */
void *read_file(const char *path, size_t *size);

/* Settings end with an option 0. */
typedef struct {
  hypr_option key;
  double value;
} setting;

#define SETTINGS(...) ((const setting[]){__VA_ARGS__, {0, 0}})
#define LEARNING {HYPR_OPTION_LEARNING, 1}

hypr_options *make_options(const setting *settings);
hypr_session *make_session(const hypr_model *model, const setting *settings); /* NULL: the defaults */

/* Random data, to be freed: the same seed gives the same. */
float *random_samples(size_t count, uint32_t seed);                    /* -1 to 1, most of them 0 */
int32_t *random_labels(size_t count, size_t classes, uint32_t seed);   /* every third is -1: no target */

/* The parameters or gradients of a session, to be freed. */
float *parameters_of(const hypr_session *session);
float *gradients_of(const hypr_session *session);
size_t parameter_count(const hypr_session *session);
int same_parameters(const hypr_session *one, const hypr_session *other); /* bit for bit */

hypr_statistics statistics_of(const hypr_session *session);

/* Steps through samples; teaches where labels is not NULL. outputs may be NULL. */
void step_and_teach(hypr_session *session, const hypr_model *model, const float *samples, const int32_t *labels,
                    size_t steps, float *outputs);

#define assert_status(expected, call) assert_string_equal(hypr_status_name(call), hypr_status_name(expected))
#define assert_ok(call) assert_status(HYPR_OK, call)
#define assert_same_bits(one, other, count) assert_memory_equal(one, other, (count) * sizeof *(one))

#endif
