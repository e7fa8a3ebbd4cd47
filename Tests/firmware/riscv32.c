/* How a RISC-V processor starts, prints over semihosting, and counts instructions on QEMU's board virt; the rest is board.c. */
#include "board.h"
#include "start.h"

extern uint32_t data_load, data_start, data_end, bss_start, bss_end;

/* These three instructions, none of them compressed and all in one page, are the call. */
static int semihost(int operation, const void *argument) {
  register int a0 __asm("a0") = operation;
  register const void *a1 __asm("a1") = argument;
  __asm volatile(
    ".balign 16\n\t.option push\n\t.option norvc\n\tslli zero, zero, 0x1f\n\tebreak\n\tsrai zero, zero, 7\n\t.option pop"
    : "+r"(a0) : "r"(a1) : "memory");
  return a0;
}

void print_text(const char *text) { semihost(4, text); }

void finish(int code) {
  uint32_t block[2] = {0x20026, (uint32_t)code};
  for (;;) semihost(0x20, block);
}

uint64_t instructions(void) {
  uint32_t high, low, again;
  do __asm volatile("csrr %0, minstreth\n\tcsrr %1, minstret\n\tcsrr %2, minstreth" : "=r"(high), "=r"(low), "=r"(again));
  while (high != again);
  return (uint64_t)high << 32 | low;
}

static void __attribute__((interrupt("machine"), aligned(4))) fault(void) {
  print_text("FAILED fault\n");
  finish(99);
}

void start(void);
__attribute__((noreturn)) void start(void) {
  __asm volatile("csrs mstatus, %0" : : "r"(1 << 13)); /* the floating-point unit is on */
  __asm volatile("csrw fcsr, zero");
  __asm volatile("csrw mtvec, %0" : : "r"(fault));
  for (uint32_t *to = &data_start, *from = &data_load; to < &data_end;) *to++ = *from++;
  for (uint32_t *to = &bss_start; to < &bss_end;) *to++ = 0;
  run_main();
}

/* Stack, and where a thread has its variables: picolibc has errno there. */
__asm(
  ".section .vectors, \"ax\"\n.global reset\nreset:\n\tla sp, stack_top\n\tla tp, thread_start\n\tj start\n.text");
