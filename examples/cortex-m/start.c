/* How a Cortex-M starts, prints over semihosting, and counts instructions on QEMU's mps2 boards. */
#include "board.h"
#include "start.h"

extern uint32_t stack_top, data_load, data_start, data_end, bss_start, bss_end;
extern volatile uint32_t timer[];
extern char timer_nanoseconds[]; /* its address is the number: of a tick */

static int semihost(int operation, const void *argument) {
  register int r0 __asm("r0") = operation;
  register const void *r1 __asm("r1") = argument;
  __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

void print_text(const char *text) { semihost(4, text); }

void finish(int code) {
  uint32_t block[2] = {0x20026, (uint32_t)code};
  for (;;) semihost(0x20, block);
}

/* With -icount shift=0 an instruction takes a nanosecond. The timer counts down from 2³² - 1 and starts again: who asks often
 * enough, once in a minute and a half, loses nothing. */
uint64_t instructions(void) {
  static uint32_t before;
  static uint64_t ticks;
  uint32_t now = 0xffffffffu - timer[1];
  ticks += now - before;
  before = now;
  return ticks * (uintptr_t)timer_nanoseconds;
}

void reset(void);
__attribute__((noreturn)) void reset(void) {
  *(volatile uint32_t *)0xE000ED88 |= 0xFu << 20; /* the floating-point unit is on */
  __asm volatile("dsb\n\tisb");
  for (uint32_t *to = &data_start, *from = &data_load; to < &data_end;) *to++ = *from++;
  for (uint32_t *to = &bss_start; to < &bss_end;) *to++ = 0;
  timer[2] = 0xffffffffu; /* from there on */
  timer[1] = 0xffffffffu;
  timer[0] = 1;
  run_main();
}

static void fault(void) {
  print_text("FAILED fault\n");
  finish(99);
}

__attribute__((section(".vectors"), used)) void *const vectors[16] = {&stack_top, reset, fault, fault, fault, fault, fault};

/* What newlib's expf and its kin note when they are given what they cannot compute. */
int *__errno(void);
int *__errno(void) {
  static int number;
  return &number;
}
