/* The same stream on this machine: what the firmware's outputs are compared with. */
#include <stdio.h>
#include <stdlib.h>

#include "stream.h"

static const char *state_path;
const void *state_of_host(const void *own, size_t *size) {
  FILE *out = fopen(state_path, "wb");
  if (!out || fwrite(own, 1, *size, out) != *size || fclose(out) != 0) exit(1);
  return own;
}

int main(int count, char **arguments) {
  static union { char bytes[1 << 16]; uint64_t aligned; } file;
  FILE *in = count == 6 ? fopen(arguments[1], "rb") : NULL;
  if (!in) return puts("usage: host MODEL MODE WINDOW STEPS STATE"), 2;
  size_t size = fread(file.bytes, 1, sizeof file.bytes, in);
  fclose(in);
  state_path = arguments[5];
  return stream(file.bytes, size, (stream_mode)atoi(arguments[2]), atoi(arguments[3]), atoi(arguments[4]));
}
