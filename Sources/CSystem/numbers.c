#include "numbers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void system_format_number(char *text, size_t size, double value, bool is_float) {
  for (int digits = is_float ? 7 : 15; digits <= (is_float ? 9 : 17); digits++) {
    snprintf(text, size, "%.*g", digits, value);
    if ((is_float ? strtof(text, NULL) : strtod(text, NULL)) == value) break;
  }
  // What a locale has for a point may be of several bytes. Nothing else here is anything but these.
  char *point = text + strspn(text, "0123456789+-einfa");
  if (*point == 0) return;
  char *rest = point + strcspn(point, "0123456789");
  *point = '.';
  memmove(point + 1, rest, strlen(rest) + 1);
}
