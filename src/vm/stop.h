/* CPUs at the end of a run: all but one halt before that one says what they have done. */
#ifndef VM_STOP_H
#define VM_STOP_H

#include <stdint.h>

/* This CPU takes SGI_STOP from now on, and may write to its trace ring. */
void stop_expect(void);

/* SGI_STOP has been acknowledged: halt for good. Interrupts come between two records only. */
_Noreturn void stop_here(void);

/*
 * The run is over, or EL2 has panicked: halt every other CPU. Waits for them, but not for long. Returns those that still go
 * on, a bit each: they do not let interrupts in.
 */
uint32_t stop_others(void);

#endif
