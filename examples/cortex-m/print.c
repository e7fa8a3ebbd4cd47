#include "board.h"

void print_number(uint64_t value) {
  char text[24];
  char *first = text + sizeof text;
  *--first = 0;
  do *--first = (char)('0' + value % 10);
  while (value /= 10);
  print_text(first);
}

void print_entry(const char *name, uint64_t value) {
  print_text(name);
  print_text(" ");
  print_number(value);
  print_text("\n");
}

int fails(const char *what, hypr_status status, const char *message) {
  if (status == HYPR_OK) return 0;
  print_text("FAILED ");
  print_text(what);
  print_text(": ");
  print_text(hypr_status_name(status));
  print_text(": ");
  print_text(message);
  print_text("\n");
  return 1;
}
