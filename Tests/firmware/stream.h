/* A stream that a model runs or learns on, the same on this machine and on a microcontroller. It prints lines of a name and
 * numbers. */
#ifndef STREAM_H
#define STREAM_H

#include <stddef.h>
#include <stdint.h>

/* Learning at the end of a window, or spread over the steps of the next one. */
typedef enum { INFERENCE, LEARNING, DEFERRED } stream_mode;

/* The file lies aligned to 8 bytes. Returns 0, or prints what failed. */
int stream(const void *file, size_t size, stream_mode mode, int window, int steps);

/* The state that this machine saved at the end of the stream; here it is the program's own, which is kept. */
const void *state_of_host(const void *own, size_t *size);

#endif
