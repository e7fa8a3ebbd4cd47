/* What a firmware supplies whatever its processor: a stack that is measured, and what compilers ask for. Nothing here is of the C
 * library, and there is no heap: the linker would name what allocates. */
#include "board.h"
#include "start.h"

extern uint32_t stack_top, stack_bottom;

enum { PAINT = 0x5eadbeef };

/* Below the frame of the caller the stack is painted: what is no longer was in use. */
__attribute__((noinline)) size_t deepest_stack(void) {
  uint32_t *place = &stack_bottom, *here = (uint32_t *)__builtin_frame_address(0) - 32;
  while (place < here && *place == PAINT) place++;
  size_t bytes = (size_t)((uint8_t *)&stack_top - (uint8_t *)place);
  for (; place < here; place++) *place = PAINT;
  return bytes;
}

int main(void);
void run_main(void) {
  (void)deepest_stack();
  finish(main());
}

/* Swift and C functions with arrays check a word beside them when they return. A product draws it at its start. */
uintptr_t __stack_chk_guard = 0x5bd1e995;
void __stack_chk_fail(void);
void __stack_chk_fail(void) {
  print_text("FAILED stack\n");
  finish(98);
}
