/* What a firmware for QEMU's mps2 boards supplies: start, printing over semihosting, a clock that counts instructions, and what
 * compilers ask for. Nothing here is of the C library, and there is no heap: the linker would name what allocates. */
#include "stream.h"

extern uint32_t stack_top, data_load, data_start, data_end, bss_start, bss_end, stack_bottom;
extern const uint8_t model_file[];
extern const uint32_t model_size;
extern const uint8_t state_file[];
extern const uint32_t state_size;

static int semihost(int operation, const void *argument) {
  register int r0 __asm("r0") = operation;
  register const void *r1 __asm("r1") = argument;
  __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

void print_text(const char *text) { semihost(4, text); }

const void *state_of_host(const void *own, size_t *size) {
  (void)own;
  *size = state_size;
  return state_file;
}

static void __attribute__((noreturn)) finish(int code) {
  uint32_t block[2] = {0x20026, (uint32_t)code};
  for (;;) semihost(0x20, block);
}

/* The timer counts down at 25 MHz; with -icount shift=0 an instruction takes a nanosecond. */
#define TIMER ((volatile uint32_t *)TIMER_ADDRESS)
uint64_t instructions(void) { return (uint64_t)(0xffffffffu - TIMER[1]) * 40; }

enum { PAINT = 0x5eadbeef };

/* Below the frame of the caller the stack is painted: what is no longer was in use. */
__attribute__((noinline)) size_t deepest_stack(void) {
  uint32_t *place = &stack_bottom, *here = (uint32_t *)__builtin_frame_address(0) - 32;
  while (place < here && *place == PAINT) place++;
  size_t bytes = (size_t)((uint8_t *)&stack_top - (uint8_t *)place);
  for (; place < here; place++) *place = PAINT;
  return bytes;
}

void reset(void);
__attribute__((noreturn)) void reset(void) {
  *(volatile uint32_t *)0xE000ED88 |= 0xFu << 20; /* the floating-point unit is on */
  __asm volatile("dsb\n\tisb");
  for (uint32_t *to = &data_start, *from = &data_load; to < &data_end;) *to++ = *from++;
  for (uint32_t *to = &bss_start; to < &bss_end;) *to++ = 0;
  TIMER[2] = 0xffffffffu; /* from there on */
  TIMER[1] = 0xffffffffu;
  TIMER[0] = 1;
  for (uint32_t *place = &stack_bottom; place < (uint32_t *)__builtin_frame_address(0) - 32; place++) *place = PAINT;
  int code = stream(model_file, model_size, LEARNING, WINDOW, STEPS);
  finish(code);
}

static void fault(void) {
  print_text("FAILED fault\n");
  finish(99);
}

__attribute__((section(".vectors"), used)) void *const vectors[16] = {&stack_top, reset, fault, fault, fault, fault, fault};

/* Swift and C functions with arrays check a word beside them when they return. */
uintptr_t __stack_chk_guard = 0x5bd1e995;
void __stack_chk_fail(void);
void __stack_chk_fail(void) {
  print_text("FAILED stack\n");
  finish(98);
}

/* What expf and its kin note when they are given what they cannot compute. */
int *__errno(void);
int *__errno(void) {
  static int number;
  return &number;
}
