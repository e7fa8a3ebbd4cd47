/* What it costs to give one session the parameters of another. */
#ifndef COPY_H
#define COPY_H

/* Prints for every network that is measured the time of hypr_session_copy_parameters, of reading and setting them through memory of the
 * host, and of memcpy of as many bytes. */
void print_copy(const char *models);

#endif
