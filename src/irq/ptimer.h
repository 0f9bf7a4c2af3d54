/*
 * The guest's physical timer, CNTP_*_EL0: its accesses trap, its expiries come from EL2's own timer (vm/sched_timer.c). It compares
 * with CNTPCT_EL0, which the guest reads as it is. Pure: "now" is an argument.
 *
 * Source: Arm ARM DDI 0487 D11 (the Generic Timer), D19.12 (CNTP_*).
 */
#ifndef IRQ_PTIMER_H
#define IRQ_PTIMER_H

#include <stdbool.h>
#include <stdint.h>

struct ptimer {
	uint64_t ctl, cval; /* CNTP_CTL_EL0.{ENABLE, IMASK}, CNTP_CVAL_EL0 */
	bool line;	    /* of INTID 30, as last given to the virtual GIC */
};

/* As op2 numbers them. */
enum ptimer_register { PTIMER_TVAL, PTIMER_CTL, PTIMER_CVAL };

uint64_t ptimer_read(const struct ptimer *timer, enum ptimer_register reg, uint64_t now);
void ptimer_write(struct ptimer *timer, enum ptimer_register reg, uint64_t value, uint64_t now);

/* Should the line be high? */
bool ptimer_asserts(const struct ptimer *timer, uint64_t now);

/* Will the line rise by itself, and when? Not while it is high. */
bool ptimer_deadline(const struct ptimer *timer, uint64_t *cntpct);

#endif
