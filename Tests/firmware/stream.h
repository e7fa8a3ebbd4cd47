/* A stream that a model runs or learns on, the same on this machine and on a microcontroller. It prints lines of a name and
 * numbers; what measures and prints is the board's (board.c), or this machine's (host.c). */
#ifndef STREAM_H
#define STREAM_H

#include <stddef.h>
#include <stdint.h>

/* The file lies aligned to 8 bytes. Returns 0, or prints what failed. */
int stream(const void *file, size_t size, int learning, int window, int steps);

void print_text(const char *text);

/* The state that this machine saved at the end of the stream; here it is the program's own, which is kept. */
const void *state_of_host(const void *own, size_t *size);

uint64_t instructions(void);          /* since the start */
size_t deepest_stack(void);           /* bytes, since the last call */

#endif
