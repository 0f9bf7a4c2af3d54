/* An EL2 fault as asm/own_vectors.S hands it to main/panic.c. */
#ifndef CORE_FAULT_H
#define CORE_FAULT_H

#include <stdint.h>

struct fault_frame {
	uint64_t x[31];
	uint64_t sp;
};

/* `kind` is the vector slot 0..7: 4 synchronous, 5 IRQ, 6 FIQ, 7 SError, all with SP_EL2. */
_Noreturn void el2_fault(uint64_t kind, const struct fault_frame *frame);

#endif
