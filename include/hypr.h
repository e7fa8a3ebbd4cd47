/*
 * hypr: recurrent spiking neural networks that keep learning while they run.
 *
 * A model file is loaded once; a session runs it one sample at a time, gives an output at every step and,
 * if asked to, trains its own copy of the parameters online with HYPR (HYbrid PRopagation, arXiv 2506.14464):
 * forward gradients carried over windows of lambda steps, in memory that does not depend on how long the stream is.
 *
 *   #include <hypr.h>
 *   #include <stdio.h>
 *
 *   // hypr create ecg.hypr --inputs 4 --layer brf:36 --outputs 6
 *   int main(void) {
 *     char why[256];
 *     hypr_model *model;
 *     hypr_options *options;
 *     hypr_session *session;
 *     float input[4] = {1, 0, 0, 0}, output[6];
 *     if (hypr_model_load("ecg.hypr", &model, why, sizeof why)) return puts(why), 1;
 *     if (hypr_options_create(&options, why, sizeof why)) return puts(why), 1;
 *     if (hypr_options_set(options, HYPR_OPTION_LEARNING, 1)) return puts(hypr_options_message(options)), 1;
 *     if (hypr_session_create(model, options, &session, why, sizeof why)) return puts(why), 1;
 *     if (hypr_session_step(session, input, 4, output, 6)) return puts(hypr_session_message(session)), 1;
 *     if (hypr_session_teach_class(session, 2)) return puts(hypr_session_message(session)), 1;
 *     if (hypr_session_save_model(session, "adapted.hypr")) return puts(hypr_session_message(session)), 1;
 *     return 0;
 *   }
 *
 * Sections
 *   Simple     errors, models, running a session
 *   Learning   options, targets, rehearsal, the guard, whole sequences, updates, statistics, saving, transfer, fleets
 *   Expert     resetting parts, long calls, looking ahead, states of layers, parameters, gradients, exemplars,
 *              neuron models, building models, memory
 *
 * Conventions, unless a function says otherwise
 *   - Numbers are IEEE float32; sizes are counted in elements; arrays belong to the caller.
 *   - Every function that can fail returns a hypr_status. A call that fails changes nothing: the object stays as
 *     it was, and usable. It returns INVALID_ARGUMENT if its object, or a pointer that must not be NULL, is NULL.
 *   - hypr_session_message, hypr_options_message and hypr_builder_message say what was wrong with the last failed call on
 *     these: the value, its place, and what was expected. Functions that make an object write it to `message`:
 *     NUL-terminated, cut to `message_size` bytes, "" on success; NULL and 0 if it is not wanted.
 *   - Structs grow at their end: struct_size is sizeof the struct as the caller knows it. A shorter one is filled as far as it
 *     goes, and of a longer one the rest is left as it is; of one that is read, what a shorter one lacks counts as 0, and what a
 *     longer one has more must be 0. INVALID_ARGUMENT: it is less than the first version's.
 *   - Threads: a model is immutable and may be shared by any number of threads. A session, or an options object,
 *     is used by one thread at a time. There is no global state.
 *   - fork: a child process may go on with its copies of the parent's objects. The threads of a session stay with the
 *     parent: in the child the calling thread does their work, with the same bits. Both free what they have; sessions that
 *     the child creates have threads again. Undefined: to fork while another thread is in a call on that object, or its own
 *     are (a progress callback in a batch that threads share, if the child returns from it), and to use a session in memory that
 *     both share (MAP_SHARED) from both.
 *   - The library never prints, never exits, installs no signal handlers, and allocates no memory in any call on a
 *     session but the one that creates it. A thread with 16 KB of stack is enough to load, create, run, learn and save, in a
 *     program whose calls are bound when it starts (linked with -z now, or LD_BIND_NOW set): otherwise the dynamic linker binds
 *     each function at its first call, on the same stack.
 *   - Floating point: calls compute with a control of their own, to the nearest number, without exceptions and with subnormal
 *     numbers as zero, and leave the host's as it was, flags included. So their bits do not depend on what the host has set, no
 *     exception that it lets end the process is raised, and a step is as fast in silence as in activity. (x86-64 and ARM)
 *   - Each group says since which version it exists. docs/abi.md says what may change until version 1.0, and after it.
 */
#ifndef HYPR_H
#define HYPR_H

#include <stddef.h>
#include <stdint.h>

/* Stands before every function. Empty for those who use the library; what builds it may define it, or what wraps it. */
#ifndef HYPR_API
#define HYPR_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ================================================================================================ Simple */

/* ---- Version (since 0.1) */

/* Of this header: major, minor and patch, and all three as one number that grows. */
#define HYPR_VERSION_MAJOR 0
#define HYPR_VERSION_MINOR 1
#define HYPR_VERSION_PATCH 0
#define HYPR_VERSION_NUMBER (HYPR_VERSION_MAJOR * 10000 + HYPR_VERSION_MINOR * 100 + HYPR_VERSION_PATCH)

/* HYPR_VERSION_NUMBER of the library that runs, which may be newer than the header. */
HYPR_API uint32_t hypr_version_number(void);

/* The same as text, such as "0.1.0". */
HYPR_API const char *hypr_version_string(void);

/* ---- Errors (since 0.1). The values never change. */

/* What a call that can fail returns. */
typedef int32_t hypr_status;
enum {
  HYPR_OK = 0, /* it did what was asked */

  /* the call */
  HYPR_ERROR_INVALID_ARGUMENT = 1, /* NULL where not allowed, or a value out of its range */
  HYPR_ERROR_SIZE_MISMATCH = 2,    /* an array has another size than the model says */
  HYPR_ERROR_NOT_FINITE = 3,       /* NaN or infinity came in, or would have come out */
  HYPR_ERROR_WRONG_STATE = 4,      /* a call in the wrong order, such as teaching before the first step */
  HYPR_ERROR_BUFFER_TOO_SMALL = 5, /* memory that the caller gave has fewer bytes than are needed */
  HYPR_ERROR_NOT_FOUND = 6, /* no such file, name, layer, tensor or neuron model */
  HYPR_ERROR_STOPPED = 7,   /* the host's progress callback stopped the call */

  /* the model */
  HYPR_ERROR_MODEL_INVALID = 20,     /* not a .hypr file, damaged, or it contradicts itself */
  HYPR_ERROR_MODEL_UNSUPPORTED = 21, /* it needs what this version, or this build of it, does not have */
  HYPR_ERROR_STATE_MISMATCH = 22,    /* the state belongs to another model, other options or another version */

  /* the system */
  HYPR_ERROR_OUT_OF_MEMORY = 40, /* the system has no more memory, or no more threads */
  HYPR_ERROR_IO = 41             /* a file cannot be read or written */
};

/* The name of a status, such as "HYPR_ERROR_MODEL_INVALID"; "HYPR_ERROR_UNKNOWN" for other values. Never NULL. */
HYPR_API const char *hypr_status_name(hypr_status status);

/* ---- Models (since 0.1)
 * A network as it stands in a .hypr file (include/hypr.fbs): immutable once loaded. */

/* A loaded model. */
typedef struct hypr_model hypr_model;

/* Loads a model file. *out is set to NULL on failure; `message` names the field, its value and what was expected. The file is
 * never trusted: whatever is in it, it is refused, or it is a network that can be run, trained and saved. Takes time and memory by
 * the size of the file, and less than 8 KB of stack; of what does not begin like a model only the first bytes are read.
 * NOT_FOUND: no such file. IO: it cannot be read. MODEL_INVALID: also if parts of it overlap, or a text is not UTF-8.
 * MODEL_UNSUPPORTED, OUT_OF_MEMORY. */
HYPR_API hypr_status hypr_model_load(const char *path, hypr_model **out, char *message, size_t message_size);

/* The same from `size` bytes at `data`, which are copied: the buffer may go away, and needs no alignment.
 * MODEL_INVALID, MODEL_UNSUPPORTED, OUT_OF_MEMORY. */
HYPR_API hypr_status hypr_model_load_buffer(const void *data, size_t size, hypr_model **out, char *message,
                                            size_t message_size);

/* A model without a heap: the file stays where it is, such as in flash, and what is made of it goes to the caller's memory. Both must
 * stay, and the file must not change, until the model and all sessions of it are freed (which frees neither). `data` must lie at an
 * address that 8 divides; an array of bytes needs an alignment to. alignment, which may be NULL, is that of `memory`.
 * INVALID_ARGUMENT: data or memory is not aligned. BUFFER_TOO_SMALL: `message` says how many bytes the model takes.
 * MODEL_INVALID, MODEL_UNSUPPORTED. */
HYPR_API hypr_status hypr_model_memory_size(const void *data, size_t size, size_t *bytes, size_t *alignment, char *message,
                                            size_t message_size);
HYPR_API hypr_status hypr_model_create_in(const void *data, size_t size, void *memory, size_t bytes, hypr_model **out,
                                          char *message, size_t message_size);

/* Frees a model; NULL is fine. Sessions keep what they need of it, and may outlive it. */
HYPR_API void hypr_model_free(hypr_model *model);

/* Facts about a model. Given NULL, or an index past the end, these return 0, NULL or "", as their type allows.
 * Strings are UTF-8 and live as long as the model. */
HYPR_API size_t hypr_model_input_size(const hypr_model *model);      /* input channels */
HYPR_API size_t hypr_model_output_size(const hypr_model *model);     /* outputs (logits) per step */
HYPR_API size_t hypr_model_layer_count(const hypr_model *model);     /* hidden layers, the readout not counted */
HYPR_API size_t hypr_model_parameter_count(const hypr_model *model); /* all parameters, trainable or not */
HYPR_API size_t hypr_model_layer_size(const hypr_model *model, size_t layer);         /* neurons */
HYPR_API const char *hypr_model_layer_neuron(const hypr_model *model, size_t layer);  /* such as "BRF" */
HYPR_API const char *hypr_model_name(const hypr_model *model);                        /* "" if it has none */
HYPR_API float hypr_model_time_step(const hypr_model *model);                         /* seconds per step; 0: not said */
HYPR_API const char *hypr_model_input_name(const hypr_model *model, size_t channel);  /* NULL: unnamed */
HYPR_API const char *hypr_model_class_label(const hypr_model *model, size_t output);  /* NULL: unnamed */
HYPR_API size_t hypr_model_first_layer_inputs(const hypr_model *model); /* numbers that a sample becomes for the first layer */
HYPR_API size_t hypr_model_metadata_count(const hypr_model *model);
HYPR_API const char *hypr_model_metadata_key(const hypr_model *model, size_t index);
HYPR_API const char *hypr_model_metadata_value(const hypr_model *model, size_t index);

/* The range of the conditioned values in training, `count` numbers each, one per channel. Values far outside come from a sensor that
 * was moved, or has another unit. NOT_FOUND: the file does not say; SIZE_MISMATCH. */
HYPR_API hypr_status hypr_model_trained_range(const hypr_model *model, float *lower, float *upper, size_t count);

/* ---- Running (since 0.1)
 * A session holds the state of one stream and its own, trainable copy of the parameters. */

/* One stream, and what is learned from it. */
typedef struct hypr_session hypr_session;

/* What a session is created with: see Options. */
typedef struct hypr_options hypr_options;

/* Makes a session in one allocation. options NULL: the defaults, which do not learn. The options are copied.
 * OUT_OF_MEMORY: `message` says how many bytes it takes; also if the system has no more threads. INVALID_ARGUMENT: the inputs of a
 * layer times the steps of a window are 2^31 or more; or it shall learn, and the model file and the options freeze all
 * tensors, or the learning rate is too small for any to move. MODEL_UNSUPPORTED: it shall learn, and this library was built without
 * learning. *out is set to NULL on failure. */
HYPR_API hypr_status hypr_session_create(const hypr_model *model, const hypr_options *options, hypr_session **out,
                                         char *message, size_t message_size);

/* Frees a session; NULL is fine. */
HYPR_API void hypr_session_free(hypr_session *session);

/* What was wrong with the last failed call on this session: "" if none failed. Never NULL; valid until the next call. */
HYPR_API const char *hypr_session_message(const hypr_session *session);

/* One step: feeds one sample and gives the outputs of the readout (logits, no softmax).
 *   input  [input_size]   raw values: the model's scale, offset and encoding are applied inside
 *   output [output_size]  may be NULL if output_size is 0
 * With learning on, a full window is closed, and the parameters are updated, at the start of the step that follows it; with
 * HYPR_OPTION_LABEL_DELAY d, d steps later.
 * SIZE_MISMATCH; NOT_FINITE: an input is NaN or infinite, or the network's state would be: the step was not made. In the
 * second case a window that was due has been closed all the same: closing it comes before the step. */
HYPR_API hypr_status hypr_session_step(hypr_session *session, const float *input, size_t input_size, float *output,
                                       size_t output_size);

/* The same for a sparse binary sample: input is 1 at the `count` channels in `indices`, 0 elsewhere.
 * INVALID_ARGUMENT: an index is not below the input size, or the indices do not rise strictly. SIZE_MISMATCH: more indices
 * than inputs, or as hypr_session_step. NOT_FINITE: as hypr_session_step. */
HYPR_API hypr_status hypr_session_step_spikes(hypr_session *session, const uint32_t *indices, size_t count,
                                              float *output, size_t output_size);

/* `steps` steps in a row.
 *   inputs  [steps][input size]
 *   outputs [steps][output size], or NULL
 * INVALID_ARGUMENT: so many numbers cannot be addressed. NOT_FINITE: the steps before the first bad one were made, and that one
 * was not; hypr_session_message names it. STOPPED: by the host (hypr_session_set_progress). */
HYPR_API hypr_status hypr_session_run(hypr_session *session, const float *inputs, size_t steps, float *outputs);

/* Ends the sequence and begins a new one: all open windows are closed (and with HYPR_UPDATE_WINDOW or HYPR_UPDATE_SEQUENCE the
 * parameters are updated), then state, traces and eligibility go to zero. Parameters and optimizer stay. */
HYPR_API hypr_status hypr_session_reset(hypr_session *session);

/* ============================================================================================== Learning */

/* ---- Options (since 0.1)
 * Typed values with bounds. What is not set has the value that the model file recommends, or else its default. */

/* The key of an option. The constants say bounds and, in brackets, the default. */
typedef int32_t hypr_option;
enum {
  HYPR_OPTION_LEARNING = 1, /* 0 or 1 [0]: whether the session can be taught. Never taken from the model file */
  HYPR_OPTION_WINDOW = 2,   /* lambda, steps per window, 1 to 65536; 0: as the size of the model suggests [100] */
  HYPR_OPTION_CREDIT = 3,   /* which paths reach a layer [HYPR_CREDIT_WINDOW] */
  HYPR_OPTION_UPDATE = 4,   /* when the optimizer steps [HYPR_UPDATE_WINDOW] */
  HYPR_OPTION_REDUCTION = 5, /* what the gradient summed over the taught steps of an update is divided by [HYPR_REDUCTION_MEAN] */
  HYPR_OPTION_TRAIN_MASK = 6, /* sum of the HYPR_TRAIN_ groups that are trained [HYPR_TRAIN_ALL] */
  HYPR_OPTION_LABEL_SMOOTHING = 7, /* of targets that are classes: spread over all classes, 0 to below 1 [0] */
  HYPR_OPTION_LOSS = 8,       /* what one label for a whole sequence teaches [HYPR_LOSS_EVERY_STEP] */
  HYPR_OPTION_LOSS_STEPS = 9, /* how many with HYPR_LOSS_LAST_STEPS, 1 to 65536 [1] */
  /* d steps, 0 to 65536, that targets may come late in a stream: a full window stays open until d more steps were made, which are
   * the first of the next one, so that every step can be taught until d steps after it. Takes memory for the windows that are open
   * at a time, d / lambda of them, rounded up, beside the last one. Of no effect on hypr_session_learn [0] */
  HYPR_OPTION_LABEL_DELAY = 13,

  /* 0 or 1: no step is late. When a window is full, its end (gradient, rehearsal, update) is computed in about equal pieces by the
   * steps of the next one, or by hypr_session_work, and the parameters that it gives are in use from the step on that follows the
   * next full window: one window later than with 0. The bits do not depend on who does the work, and when. The gradient of a window
   * is computed with the parameters that its last step was made with. Takes memory for a window more, and for the trained parameters
   * once more. Of no effect on hypr_session_learn, which nobody waits for. Calls that close the open windows do first what is
   * pending, and its parameters are in use then; calls that read or change what it changes (statistics, gradients, eligibilities,
   * the guard, rehearsal, saved states) do it first, too, but parameters stay. Not taken from a model file [0] */
  HYPR_OPTION_DEFERRED = 14,

  /* How the session keeps what it carries along from update to update (the moments of momentum and Adam) and from window to window
   * (eligibilities); parameters, gradients and states are float32. Saved states are of one type. Not taken from a model file
   * [HYPR_LEARNING_MEMORY_TYPE_FLOAT32] */
  HYPR_OPTION_LEARNING_MEMORY_TYPE = 15,

  /* Keeps spike rates between bounds: with r the rate of a neuron in a window (spikes per step), every target in that window adds,
   * for each spiking layer, its weight * penalty * (mean over the neurons of max(0, lower - r)^2 + max(0, r - upper)^2) to what is
   * minimised. mean_loss does not contain it */
  HYPR_OPTION_SPIKE_RATE_PENALTY = 10, /* 0 to 1e6; 0: off [0] */
  HYPR_OPTION_SPIKE_RATE_LOWER = 11,   /* 0 to 1 [0] */
  HYPR_OPTION_SPIKE_RATE_UPPER = 12,   /* 0 to 1 [1] */

  HYPR_OPTION_OPTIMIZER = 20,      /* [HYPR_OPTIMIZER_ADAM] */
  HYPR_OPTION_LEARNING_RATE = 21,  /* 0 to 1000 [0.001] */
  HYPR_OPTION_BETA1 = 22,          /* Adam: decay of the mean; momentum: of the velocity. 0 to below 1 [0.9] */
  HYPR_OPTION_BETA2 = 23,          /* Adam: decay of the mean square, 0 to below 1 [0.999] */
  HYPR_OPTION_EPSILON = 24,        /* Adam: added to the root; NLMS: to the squared norm. 1e-12 to 1 [1e-8] */
  HYPR_OPTION_GRADIENT_CLIP = 25,  /* longest gradient (Euclidean norm over all trained parameters), with
                                    HYPR_REDUCTION_MEAN_OVER_STEPS times the mean weight of the steps; 0: no limit [1] */
  HYPR_OPTION_VALUE_CLIP = 26,     /* largest magnitude of one element of the gradient, after that; 0: no limit [0] */
  HYPR_OPTION_WEIGHT_DECAY = 27,   /* of weight matrices: added to the gradient; with AdamW taken directly [0] */
  HYPR_OPTION_ANCHOR_STRENGTH = 28, /* pulls trained parameters to those of the model file (L2-SP); 0: off [0] */

  HYPR_OPTION_SCHEDULE = 40,         /* how the learning rate falls [HYPR_SCHEDULE_CONSTANT] */
  HYPR_OPTION_SCHEDULE_UPDATES = 41, /* updates until a falling learning rate reaches 0, 1 to 1e12; those on rehearsed steps alone do
                                        not count [10000] */
  HYPR_OPTION_WARM_UP_UPDATES = 42,  /* updates in which the rate rises to its start, on top of the schedule [0] */

  /* Factors on the learning rate of one group, 0 to 1000; 0 freezes it [1] */
  HYPR_OPTION_RATE_INPUT_WEIGHTS = 60,
  HYPR_OPTION_RATE_RECURRENT_WEIGHTS = 61,
  HYPR_OPTION_RATE_BIASES = 62,
  HYPR_OPTION_RATE_NEURON_PARAMETERS = 63,
  HYPR_OPTION_RATE_READOUT = 64,
  HYPR_OPTION_RATE_READOUT_TAU = 65,

  /* Threads of a learning session, 1 to 64, the host's included: they share the end of a window and the update of large layers,
   * with the same bits as one thread, and unless updates come after every window, or the session rehearses or has a guard, the
   * sequences of a batch, whose gradient is then summed in another order [1]. Never taken from the model file */
  HYPR_OPTION_THREADS = 80,

  /* Rehearsal (docs/online-adaptation.md): stretches of the stream are kept, and rehearsed beside what is learned later, so that it is
   * not forgotten. After each window in which something was taught, some steps of kept stretches are learned as well, by the same
   * parameters, with the same credit and loss, from a state of their own; stream and memory share the update. Which stretches are kept is
   * decided by class-balancing reservoir sampling: the same stream, options and seed keep the same. Exemplars of the model file are
   * rehearsed by turns with what is kept, as long as there is a class of which nothing is kept */
  HYPR_OPTION_REHEARSAL_BYTES = 100, /* memory for stretches, 0 to 2^30; 0: nothing is rehearsed. Never taken from the
                                        model file [0] */
  HYPR_OPTION_REHEARSAL_SHARE = 101, /* of what is rehearsed in the gradient of an update, up to 0.999; 0: with K classes, kept or taught
                                        now, of which the stream taught n in the last window that taught any, (K - n) / K, so that all
                                        weigh the same, and 0.5 for targets that are no classes [0] */
  HYPR_OPTION_REHEARSAL_STEPS = 102, /* steps that are rehearsed after a window, 0 to 65536; 0: nothing is rehearsed [30] */
  HYPR_OPTION_REHEARSAL_WINDOWS = 107, /* windows that are followed by rehearsal, from one in which something was taught on, 1 to
                                          1e9; unless updates follow every window, only that one [10] */
  HYPR_OPTION_REHEARSAL_STRETCH = 103, /* steps of a stretch, 1 to 65536 [200] */
  HYPR_OPTION_REHEARSAL_LEAD_IN = 104, /* first steps of a stretch that teach nothing but bring the state up to the others, 0 to
                                          65535; of those from the start of a sequence all teach [50] */
  HYPR_OPTION_REHEARSAL_BITS = 108,  /* of an input in a stretch, 2 to 8: the largest of each is exact, and the others are off by up to
                                        1 / (2^bits - 2) of it; fewer make room for more stretches [4] */
  HYPR_OPTION_REHEARSAL_SEED = 105,  /* of what is drawn, 0 to 2^32 - 1 [0] */
  /* What is not taught is kept: the outputs of classes that this session has not been taught are held to those of the reference
   * network by half the squared difference times this weight, 0 to 1000; 0: off. A target that is a class pushes against those of
   * them that exemplars of the model file teach, though less hard, and not against the others. Only with REHEARSAL_BYTES, and for
   * classes of single steps, not for HYPR_LOSS_SUM_OF_SOFTMAX. Once all classes were taught it changes nothing and costs nothing;
   * sessions that teach values set it to 0 [0.3] */
  HYPR_OPTION_HOLD_UNTAUGHT = 106,

  /* The guard (docs/learning.md): never worse than the model that came. The reference network (hypr_session_accept) runs beside the one
   * that learns; their losses on taught steps, counted before these have an effect, are averaged over a horizon. When the network that
   * learns has been worse for a whole horizon, and does not come closer in the next one, its parameters go back to the reference's
   * (hypr_session_guard) */
  HYPR_OPTION_GUARD = 110,        /* horizon in labelled steps, 0 to 10^9; 0: no guard [0] */
  HYPR_OPTION_GUARD_ANSWER = 111, /* 1: outputs of steps, batches and looking ahead are those of the network that is ahead [0] */
  HYPR_OPTION_GUARD_MARGIN = 112, /* one is ahead when the other's mean loss is larger by this part of its own, and stays so until the
                                     other one is; 0 to 10^6 [0.05] */

  /* How hypr_session_save_model rounds weights to the type that the file stores them in. 0: to the nearest, so that what changed
   * by less than half a step from one file to the next is lost; otherwise at random (stochastic rounding), so that the mean is right,
   * with this seed, 0 to 2^32 - 1. The same values give the same bytes. What did not change stays as it is [0] */
  HYPR_OPTION_ROUNDING_SEED = 120
};

/* Values of HYPR_OPTION_CREDIT */
enum {
  HYPR_CREDIT_SPATIAL = 0, /* the layer above at the same step: the published HYPR, independent of lambda */
  HYPR_CREDIT_WINDOW = 1,  /* also through the memory of the readout and upper layers inside the window */
  HYPR_CREDIT_RECURRENT = 2, /* also through the recurrent weights inside the window: with lambda = T exactly backpropagation
                                through time; costs one more product with each recurrent weight matrix per step */
  HYPR_CREDIT_FILTERED = 3   /* as window, and for the top layer also through the readout's memory of earlier windows, by one more
                                eligibility per parameter of that layer, filtered with the mean decay of the readout (the filter
                                of e-prop). If all time constants of the readout are equal, the gradient of the top layer is then
                                the same for every lambda */
};

/* Values of HYPR_OPTION_LEARNING_MEMORY_TYPE */
enum {
  HYPR_LEARNING_MEMORY_TYPE_FLOAT32 = 0, /* IEEE binary32 */
  HYPR_LEARNING_MEMORY_TYPE_BFLOAT16 = 1 /* the upper half of it: half the memory, 8 bits of precision. Rounded stochastically, by
                                            the counts of updates and windows: the same every time */
};

/* Values of HYPR_OPTION_LOSS: the loss of one label for a whole sequence */
enum {
  HYPR_LOSS_EVERY_STEP = 0,    /* cross-entropy at every step */
  HYPR_LOSS_LAST_STEPS = 1,    /* cross-entropy at each of the last LOSS_STEPS steps */
  HYPR_LOSS_SUM_OF_SOFTMAX = 2 /* cross-entropy of the class scores sum over all steps of softmax(output); not causal: the window
                                  must hold the whole sequence */
};

/* Values of HYPR_OPTION_UPDATE */
enum {
  HYPR_UPDATE_WINDOW = 0,   /* after every window in which something was taught */
  HYPR_UPDATE_SEQUENCE = 1, /* at the end of a sequence (hypr_session_reset) or batch (hypr_session_learn) */
  HYPR_UPDATE_MANUAL = 2    /* only by hypr_session_apply */
};

/* Values of HYPR_OPTION_REDUCTION. Without weights the two means are the same. */
enum {
  HYPR_REDUCTION_MEAN = 0,           /* divided by the sum of the weights of the taught steps: their weighted mean. An update whose
                                        steps are all of one class is the same whatever that class's weight */
  HYPR_REDUCTION_SUM = 1,            /* not divided */
  HYPR_REDUCTION_MEAN_OVER_STEPS = 2 /* divided by the number of the taught steps whose weight is not 0: for class weights where
                                        labels come in runs */
};

/* Bits of HYPR_OPTION_TRAIN_MASK. A tensor is trained if its group is in the mask and the model file says that it may be. */
enum {
  HYPR_TRAIN_INPUT_WEIGHTS = 1,     /* of the layers, from the input or the layer below */
  HYPR_TRAIN_RECURRENT_WEIGHTS = 2, /* of the layers, from their own outputs */
  HYPR_TRAIN_BIASES = 4,            /* of the layers */
  HYPR_TRAIN_NEURON_PARAMETERS = 8, /* of the layers, such as omega or p_u */
  HYPR_TRAIN_READOUT = 16,          /* weight and bias of the readout */
  HYPR_TRAIN_READOUT_TAU = 32,      /* time constants of the readout */
  HYPR_TRAIN_ALL = 63               /* the sum of them */
};

/* Values of HYPR_OPTION_OPTIMIZER */
enum {
  HYPR_OPTIMIZER_SGD = 0,      /* stochastic gradient descent */
  HYPR_OPTIMIZER_ADAM = 1,     /* with bias correction; weight decay is part of the gradient */
  HYPR_OPTIMIZER_MOMENTUM = 2, /* SGD with a velocity that decays by BETA1 */
  HYPR_OPTIMIZER_ADAMW = 3,    /* Adam; weight decay is taken from the weights directly */
  /* Normalized least mean squares (Nagumo & Noda 1967): SGD on errors that are normalized. In every taught step the derivative of the
   * loss by output k is divided by EPSILON + |e_k|^2, with e_k the derivative of output k by the weights and the bias onto it. Hidden
   * layers learn from the same errors. The derivative of values is y - target then. Of a linear map the readout's weights converge for
   * 0 < LEARNING_RATE < 2 with one target a window, or with their mean, whatever the scale of what they get (docs/learning.md) */
  HYPR_OPTIMIZER_NLMS = 4
};

/* Values of HYPR_OPTION_SCHEDULE: factor on the learning rate after u of n = SCHEDULE_UPDATES updates; with a warm-up of w
 * updates times min(1, (u + 1) / w) */
enum {
  HYPR_SCHEDULE_CONSTANT = 0, /* 1 */
  HYPR_SCHEDULE_LINEAR = 1,   /* 1 - u/n, not below 0 */
  HYPR_SCHEDULE_COSINE = 2    /* (1 + cos(pi u/n)) / 2 */
};

/* Options of which none is set. OUT_OF_MEMORY; *out is set to NULL on failure. */
HYPR_API hypr_status hypr_options_create(hypr_options **out, char *message, size_t message_size);
HYPR_API void hypr_options_free(hypr_options *options); /* NULL is fine */

/* The same in the caller's memory, which must stay until hypr_options_free, and the size and alignment (which may be NULL) that it
 * needs. BUFFER_TOO_SMALL; INVALID_ARGUMENT: not aligned. */
HYPR_API hypr_status hypr_options_memory_size(size_t *bytes, size_t *alignment);
HYPR_API hypr_status hypr_options_create_in(void *memory, size_t bytes, hypr_options **out, char *message,
                                            size_t message_size);

/* Sets one option. INVALID_ARGUMENT: unknown key, out of bounds, or not a whole number where one is needed. */
HYPR_API hypr_status hypr_options_set(hypr_options *options, hypr_option key, double value);

/* The value that is set, or the default. INVALID_ARGUMENT: unknown key. */
HYPR_API hypr_status hypr_options_get(const hypr_options *options, hypr_option key, double *value);

/* What was wrong with the last failed call on these options: "" if none failed. Never NULL. */
HYPR_API const char *hypr_options_message(const hypr_options *options);

/* The bounds (both allowed) and the default of an option; any of the pointers may be NULL. INVALID_ARGUMENT: unknown key. */
HYPR_API hypr_status hypr_option_bounds(hypr_option key, double *lower, double *upper, double *default_value);

/* The name of an option, such as "learning_rate"; NULL for an unknown key. */
HYPR_API const char *hypr_option_name(hypr_option key);

/* The option of a name. NOT_FOUND. */
HYPR_API hypr_status hypr_option_find(const char *name, hypr_option *key);

/* The name of the option that is most likely meant by a name that is none, for messages: of "lr" it is "learning_rate". NULL: nothing
 * is close. */
HYPR_API const char *hypr_option_suggest(const char *name);

/* Settings to learn with on a device, as text: "name=value name=value ...", names as hypr_option_name gives them. Index 0 is not to
 * adapt; from there to NULL, behind the last one, they are ordered from the safest to the boldest. `hypr train --tune-adaptation` and
 * Python's hypr.tune_adaptation try them all (docs/online-adaptation.md). A schedule_updates is the caller's to add where a schedule
 * falls: the updates after which the rate is 0. NULL also from a library without learning. */
HYPR_API const char *hypr_adaptation_profile(size_t index);

/* The value of an option in a session: what was set, what the model recommends, or the default. INVALID_ARGUMENT: unknown key. */
HYPR_API hypr_status hypr_session_get_option(const hypr_session *session, hypr_option key, double *value);

/* ---- Targets (since 0.1)
 * Step, then teach the step just made. A step without a target teaches nothing. All of these return WRONG_STATE if the
 * session was created without learning. A library that was built without learning (HYPR_LEARNING=0) answers MODEL_UNSUPPORTED to
 * these, to whole sequences and updates, and to gradients and eligibilities. */

/* Softmax cross-entropy with class `label` as the target of the last step; a second target for a step replaces the first.
 * With HYPR_OPTION_LABEL_SMOOTHING s the target is 1 - s for the label, plus s / C for each of the C classes.
 * hypr_session_set_class_weights scales the loss. Classes need two outputs at least: for one, teach values such as 0 and 1.
 * INVALID_ARGUMENT: label not below the output size, or the model has one output. WRONG_STATE: no step is in an open window. */
HYPR_API hypr_status hypr_session_teach_class(hypr_session *session, uint32_t label);

/* The same for an earlier step, if it is still in an open window: steps_ago 0 is the last step. Up to HYPR_OPTION_LABEL_DELAY steps
 * ago they all are, unless the windows were closed by another call.
 * WRONG_STATE: the window that held that step is closed. */
HYPR_API hypr_status hypr_session_teach_class_at(hypr_session *session, size_t steps_ago, uint32_t label);

/* One label for all steps since the last reset, taught as HYPR_OPTION_LOSS says; it replaces all targets in the open windows. In a
 * stream, call it when the sequence is over.
 * INVALID_ARGUMENT: label not below the output size, or the model has one output. WRONG_STATE: a step that the loss needs is not in
 * an open window any more, or there is none; with HYPR_LOSS_SUM_OF_SOFTMAX, the sequence is longer than one window. */
HYPR_API hypr_status hypr_session_teach_sequence(hypr_session *session, uint32_t label);

/* Factors on the loss of targets that are classes, for labels of unequal frequency; 1 at first. They hold for later targets.
 * HYPR_REDUCTION_MEAN divides by their sum: HYPR_REDUCTION_MEAN_OVER_STEPS if an update often sees one class only. Other
 * targets have the weight 1.
 *   weights [output size], 0 or 1e-6 to 1e6, not all 0
 * SIZE_MISMATCH; INVALID_ARGUMENT, also if the model has one output; NOT_FINITE; WRONG_STATE. */
HYPR_API hypr_status hypr_session_set_class_weights(hypr_session *session, const float *weights, size_t size);

/* Mean squared error, the mean over the outputs of (output - target)², as the loss of the last step.
 *   target [output size]
 * SIZE_MISMATCH; WRONG_STATE; NOT_FINITE: a target is, or is so far from the output that the difference overflows. */
HYPR_API hypr_status hypr_session_teach_values(hypr_session *session, const float *target, size_t size);

/* The same for an earlier step, as hypr_session_teach_class_at. */
HYPR_API hypr_status hypr_session_teach_values_at(hypr_session *session, size_t steps_ago, const float *target, size_t size);

/* The host's own loss, or a reinforcement signal: its derivative by the outputs of the last step. It counts as a taught step
 * with a loss of 0.
 *   dloss_doutput [output size]
 * SIZE_MISMATCH; NOT_FINITE; WRONG_STATE. */
HYPR_API hypr_status hypr_session_teach_error(hypr_session *session, const float *dloss_doutput, size_t size);

/* The same for an earlier step, as hypr_session_teach_class_at. */
HYPR_API hypr_status hypr_session_teach_error_at(hypr_session *session, size_t steps_ago, const float *dloss_doutput,
                                                 size_t size);

/* ---- Rehearsal (since 0.1)
 * What is kept with HYPR_OPTION_REHEARSAL_BYTES. A stretch counts for the class that most of its steps were taught. It leaves the device
 * only with hypr_session_save_state: hypr_session_save_model does not write it. */

/* In place of a class */
enum {
  HYPR_REHEARSAL_ALL = -1,     /* all stretches */
  HYPR_REHEARSAL_NO_CLASS = -2 /* those that were taught values or errors */
};

/* What is kept of a class, and how much is still known of it. */
typedef struct hypr_rehearsal {
  size_t struct_size;        /* in: sizeof(hypr_rehearsal) */
  size_t stretches;          /* kept now */
  size_t offered_stretches;  /* of the stream, or by hypr_session_rehearsal_add, since the memory was empty */
  uint64_t taught_steps;     /* rehearsed since the last hypr_session_clear_statistics, as the following: of steps that were */
  uint64_t correct_steps;    /* taught the class, or values, before their gradient had an effect */
  double mean_loss;          /* without weights; 0 if there was no step */
} hypr_rehearsal;

/* How much is still known of a class (0 to output size - 1), or one of HYPR_REHEARSAL_: a loss that rises is forgetting while it
 * happens. INVALID_ARGUMENT: struct_size, or no such class. WRONG_STATE: nothing is rehearsed. */
HYPR_API hypr_status hypr_session_rehearsal(const hypr_session *session, int32_t label, hypr_rehearsal *rehearsal);

/* Stretches that are kept now of a class, or one of HYPR_REHEARSAL_; 0 if nothing is rehearsed, or there is no such class. */
HYPR_API size_t hypr_session_rehearsal_count(const hypr_session *session, int32_t label);

/* Rehearses by itself, as long as a device has nothing else to do: `windows` times HYPR_OPTION_REHEARSAL_STEPS steps, all classes in turn,
 * each time with an update. The learning rate falls from LEARNING_RATE to 0 from the first of them to the last. The open windows are
 * closed first. Does nothing while no stretch is kept and the model has no exemplars.
 * WRONG_STATE: nothing is rehearsed, or HYPR_OPTION_UPDATE is not HYPR_UPDATE_WINDOW. STOPPED: by the host (hypr_session_set_progress). */
HYPR_API hypr_status hypr_session_rehearse(hypr_session *session, size_t windows);

/* Forgets all stretches. WRONG_STATE: nothing is rehearsed. */
HYPR_API hypr_status hypr_session_rehearsal_clear(hypr_session *session);

/* Offers a stretch that the stream did not bring, such as one that was recorded before. The stretch of the stream that was being
 * recorded ends with this.
 *   inputs [steps][input size], 1 to HYPR_OPTION_REHEARSAL_STRETCH steps
 *   labels [steps]: classes, negative: no target; NULL with values
 *   values [steps][output size]: a step of NaN has no target; NULL with labels
 *   starts_sequence 0 or 1: whether it begins from a fresh state; otherwise its first LEAD_IN steps teach nothing
 * INVALID_ARGUMENT: not one kind of targets, no target that teaches, too many steps, a label not below the output size or for a
 * model with one output. NOT_FINITE. WRONG_STATE: nothing is rehearsed. */
HYPR_API hypr_status hypr_session_rehearsal_add(hypr_session *session, const float *inputs, size_t steps, const int32_t *labels,
                                                const float *values, int32_t starts_sequence);

/* ---- The reference network (since 0.1)
 * The network as it was loaded, or as the host last accepted it: it runs beside the one that learns, on the same inputs and with a state
 * of its own, in sessions with HYPR_OPTION_GUARD or HYPR_OPTION_HOLD_UNTAUGHT. Resets hold for both, and so do states that are set. */

/* Means over what was compared in the horizon. A target that is a class counts by how unexpected it was: by 1 less the share of its class
 * in what was taught lately. Compared are classes and values of single steps, those that are rehearsed by their share. */
typedef struct hypr_guard {
  size_t struct_size;        /* in: sizeof(hypr_guard) */
  int32_t reference_ahead;   /* 1: the reference is ahead, 0: the network that learns */
  double loss;               /* of the network that learns; 0 before the first step, as the following */
  double reference_loss;     /* the same of the reference network */
  double accuracy;           /* share of steps whose largest output was the label's; values count as wrong */
  double reference_accuracy; /* the same of the reference network */
  uint64_t compared_steps;   /* since the session was created */
  uint64_t returns;          /* how often the parameters went back to the reference's */
  uint64_t last_return;      /* compared_steps at the last of them */
} hypr_guard;

/* Which one is ahead, and what came of it. INVALID_ARGUMENT: struct_size. WRONG_STATE: HYPR_OPTION_GUARD is 0. */
HYPR_API hypr_status hypr_session_guard(const hypr_session *session, hypr_guard *guard);

/* Accepts what was learned: the network as it is now becomes the reference, and the guard's means begin anew. The open windows are
 * closed first. WRONG_STATE: the session has no reference network. */
HYPR_API hypr_status hypr_session_accept(hypr_session *session);

/* ---- Whole sequences (since 0.1)
 * Several sequences one after the other, each from a fresh state: what offline training needs. Their lengths may differ. Before
 * the first one the open windows are closed as by hypr_session_reset, and after each one its last window. With
 * HYPR_UPDATE_SEQUENCE they share their parameters, and one update on the gradient of all their targets, reduced as
 * HYPR_OPTION_REDUCTION says, follows at the end; with HYPR_UPDATE_WINDOW every window is followed by its update. The state of the
 * last sequence stays. */

/* What a session is taught. The sequences lie one after the other in the arrays. One of labels, sequence_labels and values is
 * given, the other two are NULL. */
typedef struct hypr_batch {
  size_t struct_size;             /* sizeof(hypr_batch); bytes that this version does not know must be 0 */
  const float *inputs;            /* [sum of steps][input size] */
  const size_t *steps;            /* [sequences]: how long each is; 0 is allowed */
  size_t sequences;               /* how many there are */
  const int32_t *labels;          /* [sum of steps]: the class of every step, negative: no target */
  const int32_t *sequence_labels; /* [sequences]: one class for all steps, as HYPR_OPTION_LOSS says; negative: no target */
  const float *values;            /* [sum of steps][output size]: every step is taught as by hypr_session_teach_values */
  const float *weights;           /* NULL: 1 everywhere, or the weight of each target's loss, beside that of its class: 0 or 1e-6
                                     to 1e6, [sequences] with sequence_labels, otherwise [sum of steps]. 0: no target; a step's
                                     values then do not count, and may be NaN */
} hypr_batch;

/* Learns a batch.
 *   outputs   [sum of steps][output size], or NULL: those of every step, before what it was taught had an effect
 *   mean_loss mean over the targets of the loss (cross-entropy in nats, or squared error), weighted as they are, or NULL; 0 if
 *             there are none
 * Everything is checked before the first step is made. INVALID_ARGUMENT: not one kind of targets; a label not below the output
 * size; labels for a model with one output; a weight out of its bounds; arrays too large to be addressed; with
 * HYPR_LOSS_SUM_OF_SOFTMAX a sequence longer than the window. NOT_FINITE: an input, a weight, or a value that counts. WRONG_STATE:
 * the session does not learn. STOPPED: by the host (hypr_session_set_progress).
 * If the network's state overflows in the middle, or a value is so far from the output that the difference does (NOT_FINITE;
 * hypr_session_message names the step), the steps before stay made, and those that have a target by themselves taught. */
HYPR_API hypr_status hypr_session_learn(hypr_session *session, const hypr_batch *batch, float *outputs,
                                        double *mean_loss);

/* Short forms of hypr_session_learn for targets that are classes, with the fields of hypr_batch as arguments: one sequence with a
 * label per step, several of them, and several with a label each. */
HYPR_API hypr_status hypr_session_learn_sequence(hypr_session *session, const float *inputs, size_t steps,
                                                 const int32_t *labels, float *outputs, double *mean_loss);
HYPR_API hypr_status hypr_session_learn_batch(hypr_session *session, const float *inputs, const size_t *steps,
                                              size_t sequences, const int32_t *labels, float *outputs,
                                              double *mean_loss);
HYPR_API hypr_status hypr_session_learn_labelled(hypr_session *session, const float *inputs, const size_t *steps,
                                                 size_t sequences, const int32_t *sequence_labels, float *outputs,
                                                 double *mean_loss);

/* ---- Updates (since 0.1) */

/* Closes all open windows now, one after the other: the gradient is gathered, the eligibility is carried over, and with
 * HYPR_UPDATE_WINDOW the parameters are updated. Their steps can be taught no more. Nothing happens if none is open.
 * WRONG_STATE: the session does not learn. */
HYPR_API hypr_status hypr_session_flush(hypr_session *session);

/* With HYPR_UPDATE_MANUAL: closes all open windows, makes one optimizer step on the gradient gathered since the last one and
 * clears that. Without a taught step since then the parameters stay as they are. WRONG_STATE: the session does not learn, or
 * updates by itself. */
HYPR_API hypr_status hypr_session_apply(hypr_session *session);

/* With HYPR_OPTION_DEFERRED: does some of the end of the last full window, as the steps of the next one would, which then have less
 * to do. For the time between two steps, in the thread of the steps or in another one that the steps wait for: like every call, not
 * while another one is at work on the session. What comes out does not depend on it, bit for bit.
 *   budget  about how many multiply-adds, as many as take a core about `budget` / 10^10 seconds; at least one piece is done unless it
 *           is 0, and a piece may be larger. UINT64_MAX: all
 *   left    out: about how many are left, with what may be rehearsed; 0: nothing; may be NULL
 * Without the option nothing is ever left. WRONG_STATE: the session does not learn. */
HYPR_API hypr_status hypr_session_work(hypr_session *session, uint64_t budget, uint64_t *left);

/* ---- Statistics (since 0.1) */

/* What happened since the last hypr_session_clear_statistics. */
typedef struct hypr_statistics {
  size_t struct_size;       /* in: sizeof(hypr_statistics) */
  uint64_t steps;           /* steps made */
  uint64_t taught_steps;    /* steps with a target in closed windows; a target of all steps together counts as one */
  uint64_t correct_steps;   /* those taught a class, the largest output (or sum of softmax) being of that class */
  uint64_t updates;         /* optimizer steps made since the session was created or its optimizer reset */
  uint64_t skipped_updates; /* updates left out because the gradient was not finite, or so long that parameters or moments might
                               not have stayed so, since the session was created; the traces of a layer whose eligibility had
                               overflown were reset too */
  double mean_loss;         /* of the targets (cross-entropy in nats), weighted as the classes are; 0 if there are none */
  double gradient_norm;     /* of the last update, before clipping */
  double learning_rate;     /* that the next update will use */
  float *spike_rates;       /* in: NULL, or an array that receives each layer's spikes per neuron and step; 0
                               for layers without spikes */
  size_t spike_rate_count;  /* in: its size, the model's layer count */
  uint64_t unchanged_updates; /* of `updates`, those that left every parameter as it was: there was no gradient, or the learning
                                 rate or a clip is too small for it; counts as updates do */
  double chance_loss;         /* what mean_loss would be if always the frequencies of the classes taught were said, with their weights
                                 and label smoothing: their entropy in nats; or the means of the values taught: their variance. 0 if
                                 nothing was taught, or both, or something else */
} hypr_statistics;

/* Everything but updates, skipped and unchanged updates, gradient norm and learning rate counts from the last clear.
 * SIZE_MISMATCH: spike_rate_count is not the layer count. INVALID_ARGUMENT: struct_size. */
HYPR_API hypr_status hypr_session_statistics(const hypr_session *session, hypr_statistics *statistics);

/* Counts from now on. */
HYPR_API hypr_status hypr_session_clear_statistics(hypr_session *session);

/* How busy the neurons of a hidden layer were, from the last clear on. */
typedef struct hypr_layer_activity {
  size_t struct_size;       /* in: sizeof(hypr_layer_activity) */
  size_t neurons;           /* of the layer */
  size_t silent_neurons;    /* that never spiked; 0 for layers without spikes, as the following */
  size_t saturated_neurons; /* that spiked in more than half of the steps: they mark no moment any more */
  double spike_rate;        /* spikes per neuron and step */
} hypr_layer_activity;

/* NOT_FOUND: no such hidden layer. INVALID_ARGUMENT: struct_size. */
HYPR_API hypr_status hypr_session_layer_activity(const hypr_session *session, size_t layer, hypr_layer_activity *activity);

/* How far the values of an input channel reached, from the last clear on, as the network gets them: after scale, offset and
 * conditioning, before they are encoded as spikes. */
typedef struct hypr_input_range {
  size_t struct_size;   /* in: sizeof(hypr_input_range) */
  uint64_t samples;     /* looked at: of the first 64 steps, then of one in 2n with n channels, rounded up to a power of two, or
                           one in 16; of batches each thread counts steps of its own */
  uint64_t outside;     /* of these, those outside of the range in training */
  float lowest;         /* the smallest value of those looked at; 0 before the first sample, as the following */
  float highest;        /* the largest value of those looked at */
  float trained_lower;  /* the range in training, as the model file has it; NaN: it does not say */
  float trained_upper;  /* its upper end; NaN likewise */
} hypr_input_range;

/* NOT_FOUND: no such channel. INVALID_ARGUMENT: struct_size. */
HYPR_API hypr_status hypr_session_input_range(const hypr_session *session, size_t channel, hypr_input_range *range);

/* What can be found: each has a bit, the worst the lowest (docs/troubleshooting.md) */
enum {
  HYPR_FINDING_DIVERGED = 1,            /* updates were left out, or the loss is far above where it began, and that of guessing */
  HYPR_FINDING_SILENT_LAYER = 2,        /* not one neuron of a layer spiked */
  HYPR_FINDING_SATURATED_LAYER = 4,     /* most neurons of a layer spiked in more than half of the steps, or most did or never spiked */
  HYPR_FINDING_INPUT_FAR_OUTSIDE = 8,   /* most samples are outside of the range in training, by three times its largest value */
  HYPR_FINDING_NO_CHANGE = 16,          /* updates leave every parameter as it is */
  HYPR_FINDING_CHANCE = 32,             /* neither loss nor accuracy is better than guessing */
  HYPR_FINDING_INPUT_OUTSIDE = 64,      /* more than 5 % of the samples are outside of the range in training */
  HYPR_FINDING_SILENT_NEURONS = 128,    /* three quarters of a layer's neurons never spiked */
  HYPR_FINDING_INPUT_SMALLER = 256,     /* in 1000 steps or more, an input that moved in training stands still, or keeps within a
                                           twentieth of the width that it had there, or all keep within an eighth */
  HYPR_FINDINGS_CANNOT_WORK = 31        /* the sum of those that let nothing come of it */
};

/* Says in words what stands in the way of a session that does not learn, or whose outputs are wrong, by its statistics since the last
 * clear: nothing before 100 steps, or in what is taught 100 taught steps and 20 updates.
 *   findings  a sum of HYPR_FINDING_ bits; 0: nothing was found
 *   text      a line for each of them, the worst first, in UTF-8 with '\n' between them: "layer0 never spiked in 2000 steps: inputs are
 *             40 times larger than in training: was the sensor moved, or its unit changed?". Cut to `size` bytes, of which 2048 are
 *             enough; "" if nothing was found. NULL and 0 if it is not wanted
 * INVALID_ARGUMENT. */
HYPR_API hypr_status hypr_session_diagnose(const hypr_session *session, uint32_t *findings, char *text, size_t size);

/* ---- Saved models (since 0.1) */

/* Writes the model with the session's parameters as a .hypr file, everything else as it was loaded. The file is replaced
 * atomically: whatever happens, the path holds the old content or the new, which has been read back and is on disk.
 * - The new file is written beside the old one, as .NAME.hypr-saving0 (to 7, if several save it at once), so its folder must be
 *   writable. A process that is killed leaves it there; the next save of the same file removes it.
 * - Rights are kept, and owner and group as far as the process may give files away; access lists and extended attributes are not.
 * - A symbolic link stays, and what it leads to is replaced. In a folder such as /tmp, where everybody may make links, only
 *   those of this user and of the folder's owner are followed (IO). Other hard links keep the old content.
 * - A file that is a mount point cannot be replaced (IO): mount the folder that it is in.
 * Takes less than 8 KB of stack. IO: `message` says which step failed, and why. MODEL_INVALID: the host has overwritten the model
 * in memory. INVALID_ARGUMENT. */
HYPR_API hypr_status hypr_session_save_model(const hypr_session *session, const char *path);

/* The same to memory: the bytes that the file would have. Their number is always that of the file that was loaded.
 * BUFFER_TOO_SMALL; MODEL_INVALID as above. */
HYPR_API hypr_status hypr_session_model_size(const hypr_session *session, size_t *bytes);
HYPR_API hypr_status hypr_session_save_model_buffer(const hypr_session *session, void *buffer, size_t size);

/* ---- Saved state (since 0.1)
 * Everything that a session has become: parameters, optimizer, traces, state, the open windows, class weights, frozen tensors,
 * statistics, what is rehearsed and the reference network. A session of the same model file with the same learning, window, label
 * delay, credit, optimizer and rehearsal (bytes, steps, stretch, lead-in), and with guard and hold_untaught both on or off as before,
 * continues from it bit for bit. */

/* The exact size of the state as it is now; it grows with the steps of the open windows. */
HYPR_API hypr_status hypr_session_state_size(const hypr_session *session, size_t *bytes);

/* BUFFER_TOO_SMALL. */
HYPR_API hypr_status hypr_session_save_state(const hypr_session *session, void *buffer, size_t size);

/* Everything is checked before anything is changed. STATE_MISMATCH: another model file, other options, or another version of
 * the format. INVALID_ARGUMENT: no saved state, cut short, or damaged. */
HYPR_API hypr_status hypr_session_load_state(hypr_session *session, const void *buffer, size_t size);

/* ---- Transfer (since 0.1) */

/* `session` goes on where `from` is, though its model or its options are others: one with more outputs or neurons, a model that was
 * saved after it had learned (docs/c-api.md). To equal models and options everything is transferred but
 * what rehearsal and the guard have drawn and measured: without these options both go on bit for bit.
 *
 * Models: the same number of layers with the same neuron models, tensors of the same names, and an input encoding of the same kind.
 * Outputs, neurons, input channels and stored weights may be more; those of `from` come first. Everything else that a file says
 * (constants, input scale, time step ...) may differ, and is that of the session's own model; where bounds of parameters depend
 * on it, they must not be narrower.
 *   parameters          of what both have. New ones stay as they are in `session`.
 *   state of the stream that of the neurons and of the encoding; new neurons and channels begin as after a reset. So do traces.
 *   traces              if both learn; of outputs, with the credits RECURRENT and FILTERED, if both have the same credit
 *   gathered gradient   if both learn
 *   optimizer           moments and number of updates, if both have the same optimizer (ADAM and ADAMW count as one); otherwise
 *                       it begins as after HYPR_RESET_OPTIMIZER. ADAM corrects new moments as if they were as old as all
 *                       others: the squares of new parameters begin with the mean of their tensor's.
 *   settings            class weights and frozen tensors, if both learn; those of new outputs stay
 *   rehearsal           if both rehearse: the stretches that find room, in the place of those of `session`, as the old model scaled
 *                       and encoded them; those taught values or errors only if there are as many outputs; what was counted
 *   reference           that of `from`, or if it has none its network; the state is that of the stream; the guard's means begin anew
 *   statistics          all; in spike rates the new neurons count as silent until then
 * The anchor (HYPR_OPTION_ANCHOR_STRENGTH) stays the file of the session's own model.
 *
 * The open windows of `from` are closed as by hypr_session_flush: what they were taught counts. Those of `session` are dropped.
 * STATE_MISMATCH: something of `from` has no place in `session`; the message names it, with what was expected, and both are as they
 * were. INVALID_ARGUMENT: `from` is `session`. WRONG_STATE: it is in the middle of a call. Neither may be in use by another
 * thread. */
HYPR_API hypr_status hypr_session_transfer(hypr_session *session, hypr_session *from);

/* ---- Updates of a fleet (since 0.1)
 * What a session has learned since its model file, in few bytes: devices learn from each other without a recording leaving them
 * (docs/fleets.md). An update is the difference of the session's parameters from those of its model file. It holds a checksum, the
 * version of its format, and checksums of the structure (layers, tensors, their shapes, stored weights) and of the values that it is
 * from: who reads it has a session of a model with the same ones, whatever its metadata. Build without learning: MODEL_UNSUPPORTED. */

/* What is given away, and how. Start from HYPR_UPDATE_SETTINGS, which is what a call given NULL takes. */
typedef struct hypr_update_settings {
  size_t struct_size;     /* sizeof(hypr_update_settings); bytes that this version does not know must be 0 */
  int32_t element_type;   /* how a difference is written; int8 with a scale for each tensor [HYPR_ELEMENT_FLOAT32] */
  double share;           /* of each tensor's elements that are sent, those that differ most, rounded up; above 0, at most 1 [1] */
  const uint8_t *tensors; /* [tensor count]: 0: the tensor stays on the device; NULL: all are sent [NULL] */
  float *residual;        /* [parameter count], or NULL: what updates have lost by rounding and leaving out, which the next one makes up
                             for: in: 0 before the first, or what the last one left; out: what is lost now (error feedback: Seide et
                             al. 2014; Karimireddy et al. 2019, arXiv 1901.09847). Of tensors that stay it is not touched [NULL] */
} hypr_update_settings;

/* The defaults: hypr_update_settings settings = HYPR_UPDATE_SETTINGS; */
#define HYPR_UPDATE_SETTINGS {sizeof(hypr_update_settings), HYPR_ELEMENT_FLOAT32, 1, NULL, NULL}

/* The exact size of an update, which depends on the model and the settings alone. INVALID_ARGUMENT: struct_size, a setting that is out
 * of its bounds, or no tensor is sent. */
HYPR_API hypr_status hypr_session_update_size(const hypr_session *session, const hypr_update_settings *settings, size_t *bytes);

/* Writes the update of the parameters as they are now: hypr_session_flush before, if a window is open that was taught. Takes the time
 * of reading the parameters a few times, with a share below 1 some thirty times.
 * BUFFER_TOO_SMALL. NOT_FINITE: a difference, with its residual, is not a finite number. INVALID_ARGUMENT as above. */
HYPR_API hypr_status hypr_session_get_update(const hypr_session *session, const hypr_update_settings *settings, void *buffer,
                                             size_t size);

/* `session` gets the parameters that the sender of an update had, as far as it says: those of the model file and the differences,
 * in tensors that are sent (elements left out have the file's value); tensors that are not sent stay. Parameters of neurons that
 * rounding has brought out of their bounds are moved to them. As setting parameters it keeps state, traces and optimizer, and closes
 * the open windows first, without an update. So a gateway averages: it applies one update after the other, and adds up what
 * hypr_session_get_parameters gives.
 * Everything is checked before anything is changed. INVALID_ARGUMENT: no update, cut short, or damaged. STATE_MISMATCH: another
 * version, another structure, or stale: from other values than those of this model file. NOT_FINITE: with the tensor and the
 * element. */
HYPR_API hypr_status hypr_session_apply_update(hypr_session *session, const void *buffer, size_t size);

/* ================================================================================================ Expert */

/* ---- Resetting parts (since 0.1) */

/* Parts of a session that can be reset by themselves. */
enum {
  HYPR_RESET_STATE = 1,    /* states and outputs of the neurons, as if the sequence began here */
  HYPR_RESET_TRACES = 2,   /* eligibility: what happened before is no longer credited */
  HYPR_RESET_OPTIMIZER = 4 /* gradient gathered so far, moments, and the count of updates (schedule, Adam's correction) */
};

/* Resets the parts in `parts` (a sum of the above) after closing all open windows. INVALID_ARGUMENT: other bits. */
HYPR_API hypr_status hypr_session_reset_parts(hypr_session *session, uint32_t parts);

/* State and traces of one layer to zero, after closing all open windows; layer may be the layer count: the readout. NOT_FOUND. */
HYPR_API hypr_status hypr_session_reset_layer(hypr_session *session, size_t layer);

/* ---- Long calls (since 0.1)
 * hypr_session_run, hypr_session_learn and its short forms make many steps. Between two of them they ask the host, which may show
 * how far they are, or stop them: because of a flag that a signal handler or another thread has set, or because time is up. */

/* `steps` were made so far in this call; 0 goes on, anything else stops it. It is called in the thread that made the call, and not
 * before its first step. It must return: no longjmp, no exception. The session is in the middle of a call: calls on it that
 * return a status return WRONG_STATE and change nothing, hypr_session_free frees nothing; other sessions may be used. What it sets
 * of the floating-point control, the host has after the call. */
typedef int32_t (*hypr_progress)(void *context, uint64_t steps);

/* Who is asked in later calls; callback NULL, as at first: nobody. `context` is what it is given. Neither is part of a saved state.
 * The callback comes every 2^20 / (1000 + parameter count) steps, at least 1: about a millisecond, in learning a few.
 * A step that closes a window is one step: of a very large network it takes longer, as does what hypr_session_learn checks first.
 *
 * A call that is stopped returns STOPPED; hypr_session_message says after how many steps, those that the callback was told.
 *   hypr_session_run    The session is as after a call with so many steps. Their outputs were written.
 *   hypr_session_learn  The session is as if each step had been made by hypr_session_step and then taught what the batch has for it
 *                       by itself: the last window is open, unless its sequence was over. What comes at the end of a sequence or
 *                       of the batch was not done: a label taught then, the update of HYPR_UPDATE_SEQUENCE, mean_loss. How to go
 *                       on is the host's choice: hypr_session_reset (or the next batch) closes the window and makes the update, as
 *                       if the batch had ended there; hypr_session_reset_parts with HYPR_RESET_OPTIMIZER drops what was gathered.
 *   in threads          Where HYPR_OPTION_THREADS shares the sequences of a batch, every thread stops in one of its own. `steps`
 *                       are those of all, the message says how many they became. What all were taught is gathered; the state, and
 *                       the open window, are those of the last share. */
HYPR_API hypr_status hypr_session_set_progress(hypr_session *session, hypr_progress callback, void *context);

/* ---- Looking ahead (since 0.1) */

/* The outputs that hypr_session_step would give, with the parameters as they are: nothing changes, neither state nor statistics nor
 * the open windows. If one is due, the step itself would close it first and update the parameters: hypr_session_flush before, and
 * both give the same.
 *   input  [input_size], output [output_size]: as hypr_session_step
 * SIZE_MISMATCH; NOT_FINITE: an input is NaN or infinite, or the network's state would be. */
HYPR_API hypr_status hypr_session_look_ahead(hypr_session *session, const float *input, size_t input_size,
                                             float *output, size_t output_size);

/* What the first layer would get for samples as a sequence of their own, after scale, conditioning and encoding: nothing changes, the
 * stages begin anew for this call alone.
 *   inputs  [steps][input_size], values [steps][hypr_model_first_layer_inputs]
 * NOT_FINITE: an input is NaN or infinite, or too large for scale or stages; then nothing was written. STOPPED. */
HYPR_API hypr_status hypr_session_condition(hypr_session *session, const float *inputs, size_t steps, float *values);

/* ---- States of layers (since 0.1)
 * `layer` may be the layer count: the readout, whose state and outputs are the logits of the last step.
 * NOT_FOUND: no such layer. SIZE_MISMATCH. */

/* Outputs of a layer at the last step, [N]: spikes (0 or 1), or what LI, GRU, LSTM and the readout give. */
HYPR_API hypr_status hypr_session_get_spikes(const hypr_session *session, size_t layer, float *out, size_t size);

/* State variables of a layer after the last step, [k][N], in the order of hypr_neuron_state; k is 1 for the readout. */
HYPR_API hypr_status hypr_session_get_layer_state(const hypr_session *session, size_t layer, float *out, size_t size);
HYPR_API size_t hypr_session_layer_state_size(const hypr_session *session, size_t layer); /* k * N; 0: no such layer */

/* Set them, for a network that is to go on from somewhere else: the next step starts from this state, and its recurrent inputs and
 * resets from these spikes. (A GRU or LSTM has its output in its state too: set both.) The open windows are closed first, without
 * an update: their history belongs to the old values. The eligibility stays as it is: what was learned from earlier steps is still
 * credited to them as if they had led to this state; hypr_session_reset_layer or HYPR_RESET_TRACES forgets them.
 * NOT_FINITE; INVALID_ARGUMENT: an output of a spiking layer is neither 0 nor 1: nothing was set. */
HYPR_API hypr_status hypr_session_set_spikes(hypr_session *session, size_t layer, const float *spikes, size_t size);
HYPR_API hypr_status hypr_session_set_layer_state(hypr_session *session, size_t layer, const float *state, size_t size);

/* ---- Tensors (since 0.1)
 * The flat vector of all parameters is the concatenation of these tensors, in row-major order:
 *   layer<i>.input_weight [G N, n]   layer<i>.recurrent_weight [G N, N]   layer<i>.bias [G N]
 *   layer<i>.<neuron parameter> [N], such as omega, b_offset, p_u
 *   readout.weight [C, N]   readout.bias [C]   readout.tau [C]
 * with N neurons, n inputs of the layer, C outputs, and G the gates of a gated cell, gate by gate (GRU 3: reset, update, candidate;
 * LSTM 4: input, forget, cell, output), otherwise 1. Absent weights and biases have no tensor. A weight of which the model
 * file stores only some elements (SparseRows) has the shape [stored elements], in the file's order: row by row, columns ascending.
 * The others do not exist: they stay zero, are never trained, and take neither memory nor time. */

/* Values of element_type: how a number is stored in a model file (hypr_tensor_info) or an update (hypr_update_settings). Sessions
 * compute in float32. */
enum {
  HYPR_ELEMENT_FLOAT32 = 0, /* IEEE binary32, as parameters are */
  HYPR_ELEMENT_FLOAT16 = 1, /* IEEE binary16, at most 65504 */
  HYPR_ELEMENT_INT8 = 2     /* a byte, with a scale for a row of weights, or for a tensor of an update: of the largest it is 127 */
};

/* Name, shape and place of a tensor. */
typedef struct hypr_tensor_info {
  size_t struct_size; /* in: sizeof(hypr_tensor_info) */
  const char *name;   /* lives as long as the model, or the session */
  size_t rank;        /* 1 or 2 */
  size_t shape[4];    /* the first `rank` are used, the others are 1 */
  size_t offset;      /* of its first element in the flat vector */
  size_t size;        /* elements */
  int32_t trainable;  /* 0 or 1: whether the model file allows to train it; of a session: whether it does */
  int32_t element_type; /* how the model file stores its elements: HYPR_ELEMENT_FLOAT32 and so on */
} hypr_tensor_info;

/* Those of a model, with the values of its file: no session is needed. A model has no place for messages.
 * NOT_FOUND: no tensor of that index, or name. INVALID_ARGUMENT: struct_size, or a pointer is NULL.
 *   out [the tensor's size]; SIZE_MISMATCH */
HYPR_API size_t hypr_model_tensor_count(const hypr_model *model); /* 0 for NULL */
HYPR_API hypr_status hypr_model_tensor_info(const hypr_model *model, size_t index, hypr_tensor_info *info);
HYPR_API hypr_status hypr_model_find_tensor(const hypr_model *model, const char *name, size_t *index);
HYPR_API hypr_status hypr_model_tensor_values(const hypr_model *model, size_t index, float *out, size_t size);

/* Those of a session: the same tensors under the same indices. */
HYPR_API size_t hypr_session_tensor_count(const hypr_session *session); /* 0 for NULL */

/* NOT_FOUND: no tensor of that index. INVALID_ARGUMENT: struct_size. */
HYPR_API hypr_status hypr_session_tensor_info(const hypr_session *session, size_t index, hypr_tensor_info *info);

/* The index of a tensor by name. NOT_FOUND. */
HYPR_API hypr_status hypr_session_find_tensor(const hypr_session *session, const char *name, size_t *index);

/* Freezes one tensor (trainable 0), or lets it be trained again (1): finer than HYPR_OPTION_TRAIN_MASK. What the model file or
 * the options freeze stays frozen. The gradient that the tensor has gathered until then is dropped.
 * NOT_FOUND: no tensor of that index. INVALID_ARGUMENT: the file or the options freeze it. WRONG_STATE: the session does not
 * learn. */
HYPR_API hypr_status hypr_session_set_trainable(hypr_session *session, size_t index, int32_t trainable);

/* All parameters; `size` is the model's parameter count. Setting them keeps state, traces and optimizer.
 * Setting closes the open windows first, without an update: their history belongs to the old parameters.
 * SIZE_MISMATCH; NOT_FINITE; INVALID_ARGUMENT: a neuron parameter is out of its bounds: nothing was set. */
HYPR_API hypr_status hypr_session_get_parameters(const hypr_session *session, float *flat, size_t size);
HYPR_API hypr_status hypr_session_set_parameters(hypr_session *session, const float *flat, size_t size);

/* `session` gets all parameters of `from`, as they are now, as fast as memory is copied: for a session that predicts beside one that
 * learns late (docs/control.md). As setting them it keeps state, traces and optimizer of `session`, and closes its open windows first,
 * without an update. Nothing of `from` changes; its open windows stay open.
 * Models: the same, or with as many layers of the same neuron models, and tensors of the same names, shapes and stored weights;
 * where bounds of parameters depend on constants, they must not be narrower. Constants, input scale and options may differ.
 * STATE_MISMATCH: something of that differs; the message names it, and nothing was copied. INVALID_ARGUMENT: `from` is `session`.
 * WRONG_STATE: it is in the middle of a call. Neither may be in use by another thread: who predicts in one and learns in
 * another lets one of them wait. */
HYPR_API hypr_status hypr_session_copy_parameters(hypr_session *session, const hypr_session *from);

/* The gradient gathered from closed windows since the last update, reduced as HYPR_OPTION_REDUCTION says, unclipped; 0 for
 * tensors that are not trained. With HYPR_UPDATE_WINDOW there is none left after a window. WRONG_STATE: the session does not
 * learn. */
HYPR_API hypr_status hypr_session_get_gradients(const hypr_session *session, float *flat, size_t size);

/* The eligibility of a tensor at the start of the first open window (of the next one, if none is open): the derivative of each
 * state variable of the element's neuron by the element, inside the layer, [k][the tensor's size]; the readout's k is 1.
 * NOT_FOUND: no tensor of that index. WRONG_STATE: the session does not learn. */
HYPR_API hypr_status hypr_session_get_eligibility(const hypr_session *session, size_t index, float *out, size_t size);
HYPR_API size_t hypr_session_eligibility_size(const hypr_session *session, size_t index); /* k * size; 0: no such tensor */

/* ---- Exemplars (since 0.1)
 * Stretches of samples, with what they teach, that a model file brings along: made by hypr_builder_add_exemplar or `hypr train
 * --exemplars`. hypr_session_save_model keeps them. */

/* What is known of an exemplar. */
typedef struct hypr_exemplar_info {
  size_t struct_size;      /* in: sizeof(hypr_exemplar_info) */
  size_t steps;            /* 1 to 65536 */
  size_t taught_steps;     /* those that have a target, at least 1 */
  size_t bytes;            /* of the file that it takes, at most */
  int32_t label;           /* the class that it teaches last; -1: its targets are values */
  int32_t starts_sequence; /* 0 or 1: whether it begins from a fresh state; otherwise its first steps can only warm up */
} hypr_exemplar_info;

/* INVALID_ARGUMENT: struct_size, or a pointer is NULL. NOT_FOUND: no exemplar of that index. */
HYPR_API size_t hypr_model_exemplar_count(const hypr_model *model); /* 0 for NULL */
HYPR_API hypr_status hypr_model_exemplar_info(const hypr_model *model, size_t index, hypr_exemplar_info *info);

/* ---- Neuron models (since 0.1)
 * The neuron models that this library has, as docs/neuron-models.md describes them. They are counted from 0, in an order of
 * no meaning; a file names them. Strings live as long as the library. These functions may be called by any thread. */

/* How the first weights of a layer are usually drawn; n inputs, N neurons, C outputs. */
typedef int32_t hypr_initialization;
enum {
  HYPR_INITIALIZATION_XAVIER = 0,     /* input and recurrent weights uniform within sqrt(6 / (n + 2 N)), without recurrent weights
                                         sqrt(6 / (n + N)); those of a readout above within sqrt(6 / (N + C)); no biases; time
                                         constants of that readout normal, mean 20 steps and deviation 1, and trained */
  HYPR_INITIALIZATION_ORTHOGONAL = 1, /* input weights uniform within 1/sqrt(n), recurrent weights a random orthogonal matrix; those
                                         of a readout above within 1/sqrt(N); biases of 0; its time constants 3 steps, fixed */
  HYPR_INITIALIZATION_GATED = 2       /* all weights and biases uniform within 1/sqrt(N); the readout as orthogonal */
};

/* How the first values of a parameter are usually drawn. */
typedef int32_t hypr_distribution;
enum {
  HYPR_DISTRIBUTION_NONE = 0,    /* not at all: a constant, or a parameter without usual values */
  HYPR_DISTRIBUTION_UNIFORM = 1, /* from `first` to `second` */
  HYPR_DISTRIBUTION_NORMAL = 2   /* mean `first`, standard deviation `second` */
};

/* What a neuron model says of itself. */
typedef struct hypr_neuron {
  size_t struct_size;     /* in: sizeof(hypr_neuron) */
  const char *name;       /* such as "BRF", as hypr_model_layer_neuron gives it */
  size_t state_count;     /* k: state variables per neuron */
  size_t parameter_count; /* p: trainable parameters per neuron */
  size_t constant_count;  /* constants per layer; the reset is none of them */
  size_t gate_count;      /* G: weights per pair of neurons */
  int32_t spiking;        /* 0 or 1: whether outputs are spikes (0 or 1) */
  int32_t has_reset;      /* 0 or 1: whether the layer says what a spike does to the membrane potential */
  const char *surrogate;  /* that it was published with, such as "DoubleGaussian"; "" if it does not spike */
  hypr_initialization initialization; /* how first weights are usually drawn */
} hypr_neuron;

/* A parameter [N] of a neuron model, or a constant of a layer. */
typedef struct hypr_quantity {
  size_t struct_size;  /* in: sizeof(hypr_quantity) */
  const char *name;    /* such as "omega" */
  float lower;         /* bounds, both allowed. Some of a parameter depend on constants: these are for the constants' defaults */
  float upper;         /* the upper one */
  float default_value; /* of a constant that a file leaves out; of a parameter a value that is within its bounds */
  int32_t absolute;    /* 0 or 1: the model uses the magnitude; bounds hold for it, and the sign is kept */
  hypr_distribution distribution; /* how first values are usually drawn */
  double first;                   /* its two numbers: see there */
  double second;                  /* the other one */
} hypr_quantity;

/* How many neuron models this library has. */
HYPR_API size_t hypr_neuron_count(void);

/* INVALID_ARGUMENT: neuron is NULL, or struct_size. NOT_FOUND: no model of that index. */
HYPR_API hypr_status hypr_neuron_info(size_t index, hypr_neuron *neuron);

/* The index of a neuron model by its name, whatever its case and without regard to _ and -, such as "se_adlif".
 * INVALID_ARGUMENT: NULL. NOT_FOUND. */
HYPR_API hypr_status hypr_neuron_find(const char *name, size_t *index);

/* The name of a state variable, such as "u", in the order of hypr_session_get_layer_state; NULL: no such model or variable. */
HYPR_API const char *hypr_neuron_state(size_t neuron, size_t index);

/* A parameter, in the order of the tensors of a layer, and a constant. INVALID_ARGUMENT: quantity is NULL, or
 * struct_size. NOT_FOUND: no such model, or not so many. */
HYPR_API hypr_status hypr_neuron_parameter(size_t neuron, size_t index, hypr_quantity *quantity);
HYPR_API hypr_status hypr_neuron_constant(size_t neuron, size_t index, hypr_quantity *quantity);

/* ---- Building models (since 0.1)
 * A builder is told a network, from the input up, draws from a seed what it was not given, and makes the .hypr file of it. What is
 * usual for a neuron model (hypr_neuron_info, hypr_neuron_parameter) is drawn as its authors published it. The same calls and the
 * same seed make the same bytes, as do `hypr create` and the Python package, which use this.
 *
 * A builder is used by one thread at a time. It copies what it is given, allocates as it grows, and prints nothing. Every call but
 * hypr_builder_free may return OUT_OF_MEMORY. Tensors and constants go by the names of the group Tensors, such as
 * "layer0.input_weight" and "layer0.threshold". A library that was built without the builder answers MODEL_UNSUPPORTED to
 * everything here that returns a status. */

/* A network that is being told. */
typedef struct hypr_builder hypr_builder;

/* A builder of a network with `inputs` channels per sample, 1 to 2^24. If it fails, *out is NULL, and `message` says why:
 * NUL-terminated, cut to `message_size` bytes, "" on success; it may be NULL if `message_size` is 0. INVALID_ARGUMENT. */
HYPR_API hypr_status hypr_builder_create(size_t inputs, hypr_builder **out, char *message, size_t message_size);

/* A builder with all that a model has: change what shall be different. Tensors have the model's values, none is drawn. */
HYPR_API hypr_status hypr_builder_create_from(const hypr_model *model, hypr_builder **out, char *message, size_t message_size);

/* A recording for which a network is suggested. The sequences lie one after the other in the arrays. */
typedef struct hypr_recording {
  size_t struct_size;             /* sizeof(hypr_recording); bytes that this version does not know must be 0 */
  const float *inputs;            /* [sum of steps][channels], raw */
  const size_t *steps;            /* [sequences]: how long each is; 0 is allowed */
  size_t sequences;               /* how many there are */
  size_t channels;                /* 1 to 2^24 */
  size_t outputs;                 /* classes, or values; 0: classes, one more than the largest label */
  const int32_t *labels;          /* [sum of steps]: the class of every step, negative: none; or NULL */
  const int32_t *sequence_labels; /* [sequences]: one class for all steps, negative: none; or NULL. Not both */
  double time_step;               /* seconds between two samples; 0: not known. Without it there is no high-pass */
} hypr_recording;

/* A builder of a network that suits a recording: conditioning and scale of the input, a layer, a readout, and recommended options.
 * Add names, change what shall be different, and calibrate it (hypr_builder_calibrate) before it is built. Looked at are offsets
 * against deviations, autocorrelations, lengths, classes and how long they last, and what lies between their means; docs/choosing.md
 * has the rules and what they rest on. Where a GRU or something simpler serves better, the reasons say so.
 *   reasons  what was chosen and why, a line each, as many as have room; 4096 bytes are enough. NULL and 0: none
 * If it fails, *out is NULL, and `message` says why: INVALID_ARGUMENT: a field is out of its bounds, labels are not below the outputs,
 * there are fewer than two classes, or the samples are all the same; SIZE_MISMATCH: no steps; NOT_FINITE: names the sample. */
HYPR_API hypr_status hypr_builder_create_suggested(const hypr_recording *recording, hypr_builder **out, char *reasons,
                                                   size_t reasons_size, char *message, size_t message_size);

/* Frees a builder; NULL is fine. */
HYPR_API void hypr_builder_free(hypr_builder *builder);

/* What was wrong with the last failed call on this builder: "" if none failed. Never NULL; valid until the next call. */
HYPR_API const char *hypr_builder_message(const hypr_builder *builder);

/* For people; "": none. */
HYPR_API hypr_status hypr_builder_set_name(hypr_builder *builder, const char *name);

/* Seconds between two samples; 0: not said. INVALID_ARGUMENT. */
HYPR_API hypr_status hypr_builder_set_time_step(hypr_builder *builder, float seconds);

/* What is done to a sample: value = (sample - offset) * scale. `count` numbers: one for all channels, or one per channel; 0: all 1,
 * or all 0. SIZE_MISMATCH; NOT_FINITE. */
HYPR_API hypr_status hypr_builder_set_input_scale(hypr_builder *builder, const float *scale, size_t count);
HYPR_API hypr_status hypr_builder_set_input_offset(hypr_builder *builder, const float *offset, size_t count);

/* Names of the channels, one each; 0: none. SIZE_MISMATCH. */
HYPR_API hypr_status hypr_builder_set_input_names(hypr_builder *builder, const char *const *names, size_t count);

/* Values of hypr_builder_set_level_crossing's output: what a channel gives to the first layer */
enum {
  HYPR_LEVEL_CROSSING_SIGNED = 0, /* one number, -1, 0 or 1 */
  HYPR_LEVEL_CROSSING_ON_OFF = 1  /* two, 0 or 1: rising, falling */
};

/* The first layer gets spikes: one whenever a value has moved by a threshold. `count` thresholds as for the scale; 0: no encoding.
 * WRONG_STATE: there is a layer already, and the encoding says how many inputs it has. SIZE_MISMATCH;
 * INVALID_ARGUMENT: another output, or a threshold that is not finite and above 0. */
HYPR_API hypr_status hypr_builder_set_level_crossing(hypr_builder *builder, const float *thresholds, size_t count, int32_t output);

/* Values of hypr_encoding.kind: what the first layer gets of a conditioned value x (hypr.fbs: SpikeEncoding) */
enum {
  HYPR_ENCODING_NONE = 0,                   /* x */
  HYPR_ENCODING_LEVEL_CROSSING = 1,         /* a spike when x has moved by a threshold since the last spike */
  HYPR_ENCODING_DELTA = 2,                  /* a spike when x moves by a threshold from one step to the next */
  HYPR_ENCODING_THRESHOLD_ACCUMULATION = 3, /* rate: x is summed up; a spike takes a threshold away */
  HYPR_ENCODING_RECEPTIVE_FIELDS = 4        /* population: x excites several fields, the nearer to their centers the more */
};

/* Values of hypr_encoding.output of receptive fields; of the others those of level crossing */
enum {
  HYPR_RECEPTIVE_FIELDS_GRADED = 0, /* the activation, 0 to 1 */
  HYPR_RECEPTIVE_FIELDS_SPIKES = 1  /* 0 or 1: activations are summed up, a spike takes 1 away */
};

/* An encoding: of the fields those that its kind has. Arrays are copied; NULL and 0: none. */
typedef struct hypr_encoding {
  size_t struct_size;      /* sizeof(hypr_encoding); bytes that this version does not know must be 0 */
  const float *thresholds; /* all but receptive fields: in the unit of x, above 0: one, or one per channel */
  size_t threshold_count;  /* numbers at thresholds */
  const float *centers;    /* receptive fields: [fields], or [channels][fields], in the unit of x */
  size_t center_count;     /* numbers at centers */
  const float *widths;     /* receptive fields: in the unit of x, above 0: one, or as many as centers */
  size_t width_count;      /* numbers at widths */
  int32_t kind;            /* HYPR_ENCODING_... */
  int32_t output;          /* HYPR_LEVEL_CROSSING_... or HYPR_RECEPTIVE_FIELDS_... */
  int32_t fields;          /* receptive fields: of each channel, 1 to 255 */
  float cutoff;            /* receptive fields: activations below it are 0; at most 1. 0: 0.01; below 0: none */
} hypr_encoding;

/* Start from a kind: hypr_encoding e = HYPR_ENCODING(HYPR_ENCODING_DELTA); */
#define HYPR_ENCODING(kind) {sizeof(hypr_encoding), NULL, 0, NULL, 0, NULL, 0, (kind), 0, 0, 0}

/* What the first layer gets of the values. WRONG_STATE: there is a layer already, and the encoding says how many inputs it has.
 * SIZE_MISMATCH: an array; INVALID_ARGUMENT: another value, or struct_size. */
HYPR_API hypr_status hypr_builder_set_encoding(hypr_builder *builder, const hypr_encoding *encoding);

/* Values of hypr_conditioning.kind: what a stage does with a value x. docs/signal-path.md has the equations. (hypr.fbs:
 * ConditioningKind) */
enum {
  HYPR_CONDITIONING_HIGH_PASS = 1,             /* x - its running mean: gravity, drift and offsets go */
  HYPR_CONDITIONING_RUNNING_NORMALIZATION = 2, /* (x - running mean) / running deviation, limited */
  HYPR_CONDITIONING_CLIP = 3,                  /* x between lower and upper */
  HYPR_CONDITIONING_RECTIFIED_DIFFERENCE = 4   /* |x - x of the step before|, 0 in the first step of a sequence */
};

/* A stage of conditioning: of the fields those that its kind has. Arrays have one number, or one per channel, and are copied; NULL
 * and 0: none. */
typedef struct hypr_conditioning {
  size_t struct_size;          /* sizeof(hypr_conditioning); bytes that this version does not know must be 0 */
  const float *time_constants; /* high-pass, running normalization: in seconds, above 0, at most 1e9 */
  size_t time_constant_count;  /* numbers at time_constants */
  const float *deviations;     /* running normalization: at the start of a sequence, 1e-6 to 1e6, in the unit of x */
  size_t deviation_count;      /* numbers at deviations */
  const float *lower;          /* clip: in the unit of x, lower < upper */
  size_t lower_count;          /* numbers at lower */
  const float *upper;          /* clip: in the unit of x */
  size_t upper_count;          /* numbers at upper */
  int32_t kind;                /* HYPR_CONDITIONING_... */
  float largest_gain;          /* running normalization: the deviation is not below deviations / this; 1 to 1e6. 0: 10 */
  float limit;                 /* running normalization: of the magnitude of the result, above 0, at most 1e6. 0: 10 */
} hypr_conditioning;

/* Start from a kind: hypr_conditioning s = HYPR_CONDITIONING(HYPR_CONDITIONING_CLIP); */
#define HYPR_CONDITIONING(kind) {sizeof(hypr_conditioning), NULL, 0, NULL, 0, NULL, 0, NULL, 0, (kind), 0, 0}

/* Appends a stage that values go through after scale and offset and before the encoding, in the order of the calls; or takes all
 * stages away. With stages, |(sample - offset) * scale| is at most 1e30.
 * WRONG_STATE: there are 8 already. SIZE_MISMATCH: an array; INVALID_ARGUMENT: another value, struct_size, or time constants in a
 * model whose time step (hypr_builder_set_time_step) is not said. */
HYPR_API hypr_status hypr_builder_add_conditioning(hypr_builder *builder, const hypr_conditioning *stage);
HYPR_API hypr_status hypr_builder_clear_conditioning(hypr_builder *builder);

/* The range of the conditioned values in training, before the encoding, `count` numbers each, one per channel; 0: unknown. It changes
 * nothing that a network computes: sessions count what is outside. SIZE_MISMATCH; INVALID_ARGUMENT: not finite, or lower > upper. */
HYPR_API hypr_status hypr_builder_set_trained_range(hypr_builder *builder, const float *lower, const float *upper, size_t count);

/* Sets offset, scale and trained range from raw samples, all steps of `sequences` sequences of steps[i] steps each one behind the
 * other, [all steps][channels]. After the stages that were added before this call, values have the standard deviation 1, and unless
 * rectified the mean 0; with running normalization or clip those that go into the first of these. A channel that is constant there
 * gets the scale 1. NOT_FINITE, with sequence, step and channel; SIZE_MISMATCH: no step; INVALID_ARGUMENT. */
HYPR_API hypr_status hypr_builder_fit_input(hypr_builder *builder, const float *inputs, const size_t *steps, size_t sequences);

/* Widens the trained range so that it holds recorded sequences, as hypr_builder_fit_input takes them, with the offset, scale and stages
 * that the input has now: of what a model is trained on, before it is. If none was said, it becomes theirs.
 * SIZE_MISMATCH: there are no steps. INVALID_ARGUMENT: a size; NOT_FINITE: names sequence, step and channel. */
HYPR_API hypr_status hypr_builder_widen_trained_range(hypr_builder *builder, const float *inputs, const size_t *steps,
                                                      size_t sequences);

/* Values of hypr_layer_settings.reset: what a spike does to the membrane, where hypr_neuron.has_reset is 1 (hypr.fbs: ResetKind) */
enum {
  HYPR_SPIKE_RESET_MODEL_DEFAULT = 0,    /* what the neuron model defines */
  HYPR_SPIKE_RESET_NONE = 1,             /* nothing */
  HYPR_SPIKE_RESET_SUBTRACT = 2,         /* the threshold is subtracted */
  HYPR_SPIKE_RESET_SET = 3,              /* it is set to the reset potential, 0 where the model has none */
  HYPR_SPIKE_RESET_DELAYED_SUBTRACT = 4, /* as SUBTRACT, in the step after the spike */
  HYPR_SPIKE_RESET_DELAYED_SET = 5       /* as SET, likewise */
};

/* Values of hypr_layer_settings.surrogate: the derivative of a spike in learning (hypr.fbs: SurrogateKind) */
enum {
  HYPR_SURROGATE_MODEL_DEFAULT = 0,   /* what the neuron model defines */
  HYPR_SURROGATE_DOUBLE_GAUSSIAN = 1, /* k (1.15 N(s v; 0, 0.5) - 0.30 N(s v; 0, 3)); s the slope, k the scale, v above threshold */
  HYPR_SURROGATE_SLAYER = 2,          /* k s / 2 exp(-s |v|) */
  HYPR_SURROGATE_TRIANGLE = 3,        /* k max(0, 1 - s |v|) */
  HYPR_SURROGATE_FAST_SIGMOID = 4,    /* k / (1 + s |v|)^2 */
  HYPR_SURROGATE_ARC_TANGENT = 5,     /* k / (1 + (pi / 2 s v)^2) */
  HYPR_SURROGATE_STRAIGHT_THROUGH = 6 /* k, whatever v */
};

/* A layer, but for its neuron model and its size. Start from HYPR_LAYER_SETTINGS, which is what a call given NULL takes. */
typedef struct hypr_layer_settings {
  size_t struct_size;       /* sizeof(hypr_layer_settings); bytes that this version does not know must be 0 */
  const char *name;         /* for people; NULL: none */
  int32_t recurrent;        /* 0 or 1 [1]: whether neurons hear the outputs of their own layer */
  int32_t bias;             /* 0 or 1; -1: as is usual for the neuron model [-1] */
  double input_density;     /* which part of the input weights there is, drawn with the weights; above 0, at most 1 [1] */
  double recurrent_density; /* the same of the recurrent weights [1] */
  int32_t reset;            /* [HYPR_SPIKE_RESET_MODEL_DEFAULT]; others only if hypr_neuron.has_reset: hypr_builder_build checks */
  int32_t surrogate;        /* [HYPR_SURROGATE_MODEL_DEFAULT] */
  float surrogate_slope;    /* above 0; 0: that of the surrogate [0] */
  float surrogate_scale;    /* above 0; 0: that of the surrogate [0] */
} hypr_layer_settings;

/* The defaults: hypr_layer_settings settings = HYPR_LAYER_SETTINGS; */
#define HYPR_LAYER_SETTINGS {sizeof(hypr_layer_settings), NULL, 1, -1, 1, 1, 0, 0, 0, 0}

/* Adds a layer of `size` neurons on top, 1 to 2^24. The neuron model goes by its name, whatever its case and without regard to _
 * and -, such as "se_adlif". settings NULL: HYPR_LAYER_SETTINGS. A network that never spikes learns nothing: hypr_statistics has
 * the spike rates; where they are 0, the input scale or the weights must be larger.
 * NOT_FOUND: no such neuron model; the message lists them. WRONG_STATE: the readout is on top. INVALID_ARGUMENT. */
HYPR_API hypr_status hypr_builder_add_layer(hypr_builder *builder, const char *neuron, size_t size,
                                            const hypr_layer_settings *settings);

/* Adds the readout, leaky integrators on top of the last layer.
 *   bias 0 or 1; -1: 1, whatever the neuron model below
 *   tau  time constant in steps; 0: around 20 and trained, or 3 and fixed, as is usual for the neuron model below
 * WRONG_STATE: no layer is below it, or there is one already. INVALID_ARGUMENT; NOT_FINITE. */
HYPR_API hypr_status hypr_builder_set_readout(hypr_builder *builder, size_t outputs, int32_t bias, double tau);

/* Takes away the readout, the class labels and the exemplars, whose targets were for it, or if there is no readout the last layer,
 * with all that was said of it: of a model that was learned, for other outputs. WRONG_STATE: there is no layer. */
HYPR_API hypr_status hypr_builder_remove_top(hypr_builder *builder);

/* Sets a constant of a layer's neuron model. NOT_FOUND; NOT_FINITE. */
HYPR_API hypr_status hypr_builder_set_constant(hypr_builder *builder, const char *name, float value);

/* Sets a tensor.
 *   values [count], row-major; `count` is the tensor's size
 * NOT_FOUND; SIZE_MISMATCH; NOT_FINITE. Bounds are those of the neuron model: hypr_builder_build checks them. */
HYPR_API hypr_status hypr_builder_set_tensor(hypr_builder *builder, const char *name, const float *values, size_t count);

/* Has a tensor drawn uniformly from `low` to `high`. NOT_FOUND; INVALID_ARGUMENT: they are not finite, or in the other order. */
HYPR_API hypr_status hypr_builder_draw_tensor(hypr_builder *builder, const char *name, double low, double high);

/* Says which elements of a weight [rows, columns] there are; the tensor then has `count` of them, in this order.
 * What was said of its values before is forgotten.
 *   row_offsets    [rows + 1]: where the elements of each row begin among all, from 0 to `count`
 *   column_indices [count], ascending in a row
 * NOT_FOUND; SIZE_MISMATCH; INVALID_ARGUMENT: not a weight, one with a density below 1, or no such rows. */
HYPR_API hypr_status hypr_builder_set_tensor_rows(hypr_builder *builder, const char *name, const uint32_t *row_offsets,
                                         size_t row_offset_count, const uint32_t *column_indices, size_t count);

/* Whether sessions may train a tensor (0 or 1). If it is not said, they may, but for a readout's tau of 3 steps. NOT_FOUND. */
HYPR_API hypr_status hypr_builder_set_trainable(hypr_builder *builder, const char *name, int32_t trainable);

/* How the file stores a weight; NULL: all weights that the network has now: input_weight, recurrent_weight, weight. A fresh one is
 * HYPR_ELEMENT_FLOAT32, one of a model that the builder was made from as it was there. Rounded to the nearest when the file is
 * built; int8 has a scale for each row of the matrix, its largest magnitude / 127, or the scale that the row had in that model, if it
 * still suits. Other tensors are float32.
 * NOT_FOUND; INVALID_ARGUMENT: not a weight, or no such type. hypr_builder_build: NOT_FINITE where float16 does not reach. */
HYPR_API hypr_status hypr_builder_set_element_type(hypr_builder *builder, const char *name, int32_t element_type);

/* The tensors of the network as it is now, in the order of the flat vector: drawn or given. One that has a density below 1 has the
 * shape of the matrix of which a part will be taken. info->name is valid until the next call. NOT_FOUND: no tensor of that
 * index. */
HYPR_API size_t hypr_builder_tensor_count(const hypr_builder *builder);
HYPR_API hypr_status hypr_builder_tensor_info(const hypr_builder *builder, size_t index, hypr_tensor_info *info);

/* The values that a tensor was given. NOT_FOUND; SIZE_MISMATCH; WRONG_STATE: it is drawn when the file is built. */
HYPR_API hypr_status hypr_builder_get_tensor(const hypr_builder *builder, const char *name, float *values, size_t count);

/* Names of the outputs, one each; 0: none. SIZE_MISMATCH; WRONG_STATE: there is no readout. */
HYPR_API hypr_status hypr_builder_set_class_labels(hypr_builder *builder, const char *const *labels, size_t count);

/* A learning option that the file recommends to sessions. INVALID_ARGUMENT: out of its bounds, or never taken from a file. */
HYPR_API hypr_status hypr_builder_recommend(hypr_builder *builder, hypr_option key, double value);

/* Free text about the model; replaces an earlier value of the same key. */
HYPR_API hypr_status hypr_builder_set_metadata(hypr_builder *builder, const char *key, const char *value);

/* Adds an exemplar: a stretch of samples, as hypr_session_step gets them, with what they teach. It is stored in a byte per number,
 * with a scale and an offset per channel: a sample is off by at most 1/508 of the range that its channel has in the stretch, and
 * zero stays zero. Where all samples are 0 or 1 and it is smaller, the channels that are 1 are stored.
 *   inputs [steps][inputs]; 1 to 65536 steps
 *   labels [steps]: classes, negative: no target; NULL with values
 *   values [steps][outputs]: a step of NaN has no target; NULL with labels
 *   starts_sequence 0 or 1: whether it begins from a fresh state; otherwise its first steps can only warm up
 * WRONG_STATE: there is no readout. INVALID_ARGUMENT: not one kind of targets, no target at all, or a label that is not below the
 * outputs or for a model with one output. NOT_FINITE. hypr_builder_build takes at most 65536 of them. */
HYPR_API hypr_status hypr_builder_add_exemplar(hypr_builder *builder, const float *inputs, size_t steps, const int32_t *labels,
                                               const float *values, int32_t starts_sequence);

/* Keeps a part of the exemplars that takes at most `bytes` of the file: drawn from a seed, the next one always of the class that is
 * taught for the fewest steps so far. WRONG_STATE: there are none. INVALID_ARGUMENT: not one is so small. */
HYPR_API hypr_status hypr_builder_keep_exemplars(hypr_builder *builder, size_t bytes, uint64_t seed);

/* Takes all exemplars away, those of hypr_builder_create_from too. */
HYPR_API hypr_status hypr_builder_clear_exemplars(hypr_builder *builder);

/* Makes a fresh network suit samples. First the time constants and angular frequencies of each layer, unless one of them was set:
 * they follow from how many steps samples are alike behind the conditioning (docs/choosing.md); a second call keeps what the first
 * chose. Then it scales what every layer that spikes gets, from the input up, until its neurons spike as often as they shall on
 * samples: fresh networks are often nearly silent, and what never spikes cannot learn. For the first layer that is the scale of the input, if there
 * is neither an encoding nor a stage with a unit of its own (running normalization, clip) behind it; otherwise its input weights, as
 * for all other layers. Neurons that never spike are helped further, where the samples let them: their input weights are doubled and
 * get the other sign, which was as likely to be drawn; those that spike in more than half of the steps get half of their weights.
 * Recurrent weights are scaled where neurons would keep each other awake. What was not given is drawn from the seed and stays:
 * hypr_builder_build then gives this network whatever its seed. Layers that do not spike stay as they are drawn. At most about 8192
 * steps are looked at, of long recordings evenly spread pieces of 512; the time of a few dozen runs over them for each layer.
 *   inputs [steps of all sequences][inputs], steps [sequences], as hypr_session_step gets samples
 *   rate   spikes per neuron and step, above 0 and at most 0.5; 0.05 is usual
 *   given  0, or 1: also layers whose input weights were given are scaled, but no neuron by itself. With 0 they stay as they are
 * INVALID_ARGUMENT: the samples are all the same. NOT_FINITE: names the sample. WRONG_STATE: there is no readout, or a layer cannot
 * reach a rate within a factor of 1.5; the message says which, and how near it comes. Others as hypr_builder_build. */
HYPR_API hypr_status hypr_builder_calibrate(hypr_builder *builder, const float *inputs, const size_t *steps, size_t sequences,
                                            double rate, uint64_t seed, int32_t given);

/* Builds the file, checks it as hypr_model_load does, keeps it until something is changed, and gives its size. Takes the memory of
 * the file about three times; a layer with orthogonal recurrent weights takes the time of its size cubed.
 * WRONG_STATE: there is no readout, or a parameter must be given because its neuron model says nothing usual. MODEL_INVALID,
 * MODEL_UNSUPPORTED as hypr_model_load; INVALID_ARGUMENT: 2^29 weights or more, as a file holds less than 2 GiB. */
HYPR_API hypr_status hypr_builder_build(hypr_builder *builder, uint64_t seed, size_t *bytes);

/* Copies the file that was built. WRONG_STATE: none was since the last change. BUFFER_TOO_SMALL. */
HYPR_API hypr_status hypr_builder_copy_file(const hypr_builder *builder, void *buffer, size_t size);

/* Writes the file that was built. It is replaced atomically, as hypr_session_save_model does.
 * WRONG_STATE as hypr_builder_copy_file; IO. */
HYPR_API hypr_status hypr_builder_save_file(const hypr_builder *builder, const char *path);

/* ---- Memory (since 0.1) */

/* The exact memory that a session of this model with these options takes, known before anything is allocated. It depends on the
 * CPU level, because rows are whole vectors: ask on the machine that runs it.
 * alignment, which may be NULL, is that which hypr_session_create_in needs. OUT_OF_MEMORY: more than can be addressed.
 * INVALID_ARGUMENT, MODEL_UNSUPPORTED: as hypr_session_create. */
HYPR_API hypr_status hypr_session_memory_size(const hypr_model *model, const hypr_options *options, size_t *bytes,
                                              size_t *alignment, char *message, size_t message_size);

/* A session in the caller's memory, which must stay until hypr_session_free and is then the caller's again.
 * BUFFER_TOO_SMALL: `message` says how many bytes it takes. INVALID_ARGUMENT: not aligned. Others as hypr_session_create. */
HYPR_API hypr_status hypr_session_create_in(const hypr_model *model, const hypr_options *options, void *memory,
                                            size_t bytes, hypr_session **out, char *message, size_t message_size);

/* Where the bytes of a session go. */
typedef struct hypr_memory_report {
  size_t struct_size; /* in: sizeof(hypr_memory_report) */
  size_t parameters;  /* parameters and what is derived from them */
  size_t state;       /* state and outputs of the neurons */
  size_t traces;      /* eligibility */
  size_t history;     /* what is kept of the open windows */
  size_t optimizer;   /* gradient and moments */
  size_t scratch;     /* everything else */
  size_t total;       /* of the session: hypr_session_memory_size */
  size_t rehearsal; /* stretches, and the state, history and eligibility that they are rehearsed with */
  size_t reference; /* the reference network: its parameters, state and outputs of the open windows */
} hypr_memory_report;

/* INVALID_ARGUMENT: struct_size. */
HYPR_API hypr_status hypr_session_memory_report(const hypr_session *session, hypr_memory_report *report);

#ifdef __cplusplus
}
#endif

#endif
