/* Between what every board has (board.c) and what a processor has (start.c). */
#ifndef START_H
#define START_H

__attribute__((noreturn)) void run_main(void);           /* with memory as C expects it */
__attribute__((noreturn)) void finish(int code);         /* ends the emulation; a product would wait, or reset itself */

#endif
