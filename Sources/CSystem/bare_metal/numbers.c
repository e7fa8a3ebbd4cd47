#include "numbers.h"

// The C libraries of microcontrollers allocate to print a number, or print none. This is "%.*g" with as few digits as give the
// number back. Of doubles there are 15: more would need longer arithmetic.

static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
enum { LARGEST_EXACT = 22 };  // power of ten in a double

// value * 10^exponent, rounded once if the power is exact.
static double scaled(double value, int exponent) {
  for (; exponent > LARGEST_EXACT; exponent -= LARGEST_EXACT) value *= powers[LARGEST_EXACT];
  for (; exponent < -LARGEST_EXACT; exponent += LARGEST_EXACT) value /= powers[LARGEST_EXACT];
  return exponent < 0 ? value / powers[-exponent] : value * powers[exponent];
}

// Rounds to so many digits: value is about the result times 10^(*exponent + 1 - digits).
static uint64_t rounded(double value, int digits, int *exponent) {
  double number = scaled(value, digits - 1 - *exponent);
  if (number < powers[digits - 1]) number = scaled(value, digits - 1 - --*exponent);
  uint64_t result = (uint64_t)(number + 0.5);
  if ((double)result - number == 0.5) result &= ~(uint64_t)1;  // halves go to the even one
  if ((double)result < powers[digits]) return result;
  ++*exponent;
  return (result + 5) / 10;
}

typedef struct { char *text; size_t size, length; } writer;

static void put(writer *to, char byte) {
  if (to->length + 1 < to->size) to->text[to->length++] = byte;
}

static void put_all(writer *to, const char *text) {
  while (*text) put(to, *text++);
}

static void put_digits(writer *to, const char *digits, int first, int last, int count) {
  for (int i = first; i < last; i++) put(to, i >= 0 && i < count ? digits[i] : '0');
}

static void write_number(writer *to, double value, bool is_float) {
  if (value != value) return put_all(to, "nan");
  if (__builtin_signbit(value)) {
    put(to, '-');
    value = -value;
  }
  if (value - value != 0) return put_all(to, "inf");
  if (value == 0) return put(to, '0');
  int exponent = 0, precision = is_float ? 7 : 15;
  while (scaled(value, -exponent) >= 10) exponent++;
  while (scaled(value, -exponent) < 1) exponent--;
  uint64_t mantissa = 0;
  for (;; precision++) {
    int found = exponent;
    mantissa = rounded(value, precision, &found);
    if (!is_float || precision == 9 || (float)scaled((double)mantissa, found + 1 - precision) == (float)value) {
      exponent = found;
      break;
    }
  }
  char digits[16];
  for (int i = precision; i-- > 0; mantissa /= 10) digits[i] = (char)('0' + mantissa % 10);
  int count = precision;
  while (count > 1 && digits[count - 1] == '0') count--;
  bool is_scientific = exponent < -4 || exponent >= precision;
  int whole = is_scientific ? 1 : exponent + 1;
  put_digits(to, digits, whole > 0 ? 0 : -1, whole > 0 ? whole : 0, count);
  if (count > whole) {
    put(to, '.');
    put_digits(to, digits, whole, count, count);
  }
  if (!is_scientific) return;
  put(to, 'e');
  put(to, exponent < 0 ? '-' : '+');
  int size = exponent < 0 ? -exponent : exponent;
  if (size >= 100) put(to, (char)('0' + size / 100));
  put(to, (char)('0' + size / 10 % 10));
  put(to, (char)('0' + size % 10));
}

void system_format_number(char *text, size_t size, double value, bool is_float) {
  if (size == 0) return;
  writer to = {text, size, 0};
  write_number(&to, value, is_float);
  text[to.length] = 0;
}
