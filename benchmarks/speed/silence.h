/* What a step costs when the input has stopped. */
#ifndef SILENCE_H
#define SILENCE_H

/* Prints for every neuron model the time of a step in activity and after a minute of silence at 1000 samples a second. */
void print_silence(void);

#endif
