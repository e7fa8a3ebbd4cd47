/* What a host may have set of the processor's floating-point control. */
#ifndef CONTROL_WORD_H
#define CONTROL_WORD_H

#include <stdint.h>

#if defined(__x86_64__)
typedef struct {
  uint32_t vector;
  uint16_t legacy; /* that of the x87, which C libraries print numbers with */
} control_word;

static control_word read_control(void) {
  control_word found = {0, 0};
  __asm__ volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(found.vector), "=m"(found.legacy));
  return found;
}
static void write_control(control_word word) {
  __asm__ volatile("fnclex\n\tldmxcsr %0\n\tfldcw %1" : : "m"(word.vector), "m"(word.legacy));
}
static int same_control(control_word one, control_word other) {
  return one.vector == other.vector && one.legacy == other.legacy;
}
static const control_word host_words[] = {
    {0x1f80, 0x37f}, /* the usual one, which the others are compared with */
    {0x9fc0, 0x37f}, /* subnormal numbers are zero: as the library has it */
    {0x9f80, 0x37f}, {0x1fc0, 0x37f}, /* only results, only operands */
    {0x3fbf, 0x77f}, {0x5f80, 0xb7f}, {0x7f80, 0xf7f}, /* down, with all flags noted; up; towards zero */
    {0x0000, 0x340}, /* every exception ends the process */
    {0x4000, 0xb40},
};
#elif defined(__aarch64__)
typedef struct {
  uint64_t control, flags;
} control_word;

static control_word read_control(void) {
  control_word found;
  __asm__ volatile("mrs %0, fpcr\n\tmrs %1, fpsr" : "=r"(found.control), "=r"(found.flags));
  return found;
}
static void write_control(control_word word) {
  __asm__ volatile("msr fpcr, %0\n\tmsr fpsr, %1" : : "r"(word.control), "r"(word.flags));
}
static int same_control(control_word one, control_word other) {
  return one.control == other.control && one.flags == other.flags;
}
/* Processors may ignore the bits that end the process. */
static const control_word host_words[] = {
    {0, 0}, {1 << 24, 0}, {1 << 25, 0}, {1 << 22, 0x1f}, {2 << 22, 0}, {3 << 22, 0}, {0x9f00, 0}, {1 << 22 | 0x9f00, 0},
};
#else
#error "what hosts of this architecture can set is not known here"
#endif
enum { HOST_WORDS = sizeof host_words / sizeof *host_words };

#endif
