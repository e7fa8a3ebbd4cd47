/* The test's program on a device: the stream on the model in flash, with the state that this machine saved at its end. */
#include "board.h"
#include "stream.h"

extern const uint8_t state_file[];
extern const uint32_t state_size;

const void *state_of_host(const void *own, size_t *size) {
  (void)own;
  *size = state_size;
  return state_file;
}

int main(void) { return stream(model_file, model_size, MODE, WINDOW, STEPS); }
