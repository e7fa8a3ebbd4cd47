/* What a program gets from its board. On a computer Tests/firmware/host.c has the same. */
#ifndef BOARD_H
#define BOARD_H

#include <hypr.h>
#include <stddef.h>
#include <stdint.h>

void print_text(const char *text);

/* print.c: whole numbers, a line of a name and a number, and what a call says that failed: then it returns 1. */
void print_number(uint64_t value);
void print_entry(const char *name, uint64_t value);
int fails(const char *what, hypr_status status, const char *message);

uint64_t instructions(void);  /* since the start */
size_t deepest_stack(void);   /* bytes, since the last call */

/* files.S: a model in flash, and a stream of samples that takes the place of a sensor. */
extern const uint8_t model_file[], stream_file[];
extern const uint32_t model_size, stream_size;

#endif
