#include "numbers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// C libraries round as the x87 is set, which has a control word of its own, or compute with it.
typedef struct { char bytes[28]; } x87_control;

#if defined(__x86_64__)
static void x87_enter(x87_control *host) { __asm__ volatile("fnstenv %0\n\tfninit" : "=m"(*host) : : "memory"); }
static void x87_set(const x87_control *host) { __asm__ volatile("fldenv %0" : : "m"(*host) : "memory"); }
#else
static void x87_enter(x87_control *host) { (void)host; }
static void x87_set(const x87_control *host) { (void)host; }
#endif

// What a locale has for a point may be of several bytes. Nothing else here is anything but these.
static void write_point(char *text) {
  char *point = text + strspn(text, "0123456789+-einfa");
  if (*point == 0) return;
  char *rest = point + strcspn(point, "0123456789");
  *point = '.';
  memmove(point + 1, rest, strlen(rest) + 1);
}

void system_format_number(char *text, size_t size, double value, bool is_float) {
  x87_control host;
  x87_enter(&host);
  for (int digits = is_float ? 7 : 15; digits <= (is_float ? 9 : 17); digits++) {
    snprintf(text, size, "%.*g", digits, value);
    if ((is_float ? strtof(text, NULL) : strtod(text, NULL)) == value) break;
  }
  x87_set(&host);
  write_point(text);
}

void system_format_rounded(char *text, size_t size, double value) {
  x87_control host;
  x87_enter(&host);
  snprintf(text, size, "%.3g", value);
  x87_set(&host);
  write_point(text);
}
