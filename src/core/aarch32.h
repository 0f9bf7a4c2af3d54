/*
 * What a 32-bit EL0 program of a guest needs of the core: AArch32 instructions may be conditional, may be two bytes long, and reach
 * system registers as coprocessors. EL1 is always AArch64.
 */
#ifndef CORE_AARCH32_H
#define CORE_AARCH32_H

#include <vitrine/vcpu.h>

/*
 * Would the trapped instruction have done anything? A CPU may trap a conditional one although its condition does not hold; it is
 * then to be passed over.
 */
bool aarch32_condition_holds(uint64_t esr, uint64_t pstate);

/* Behind the trapped instruction, two or four bytes on; in an IT block the next one's condition moves up. */
void aarch32_advance(struct vcpu_frame *frame, uint64_t esr);

/* The AArch64 register behind MCR, MRC, MCRR or MRRC (a key of core/esr.h); 0: none that EL0 may have. */
uint32_t aarch32_coproc_key(uint64_t esr);

#endif
