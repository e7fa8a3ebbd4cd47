/* What this machine can do: the rates that a floor is computed from. */
#ifndef MACHINE_H
#define MACHINE_H

#include <stddef.h>

double now(void); /* seconds */

/* Multiply-adds per second of single precision, all in registers, with the vectors of a CPU level (1, 3 or 4). */
double multiply_add_rate(int level);

/* Bytes per second, read and written together, of an update in place of `size` bytes that were touched just before. */
double update_bandwidth(size_t size, int level);

/* The highest level of the x86-64 architecture that this processor has, as hypr counts them, or HYPR_CPU_LEVEL if that is lower. */
int cpu_level(void);

#endif
