/*
 * Exceptions of EL2 itself: its own faults, and interrupts in a window of irq_window_open(). Both tables of vectors come here,
 * the slot for exception `kind` to el2_own_vectors + 16 * kind.
 *
 * Source: Arm ARM D1.4.1 (vector table: synchronous, IRQ, FIQ, SError), AAPCS64 6.1.1 (C may change x0-x18 and x30).
 */
#include "asm-offsets.h"

#define EL2_IRQ_BYTES 192

/*
 * Everything but an interrupt in a window is a fault of ours: interrupts are masked while EL2 runs. SP cannot be trusted (the
 * stack may have run into its guard page), so the report runs on the CPU's emergency stack. x0 is parked in SP_EL0: the guest's
 * value is lost, which no longer matters.
 */
	.macro	own_fault kind
	/* LAB 02.1 own_fault */
	.balign	16
	msr	sp_el0, x0
	mov	x0, #\kind
	b	el2_fault_entry
	/* END LAB */
	.endm

	.section .text.vectors, "ax"
	.balign	16
	.global	el2_own_vectors
el2_own_vectors:
	/* LAB 02.1 el2_own_vectors */
	own_fault 0				/* current EL with SP_EL0: synchronous, IRQ, FIQ, SError. Never used by us */
	own_fault 1
	own_fault 2
	own_fault 3
	own_fault 4				/* current EL with SP_EL2 */
	.balign	16
	b	el2_irq_entry			/* only in a window: everywhere else PSTATE.I is set */
	own_fault 6
	own_fault 7
	/* END LAB */

/*
 * An interrupt of EL2's own code, in a window. C may change x0-x18 and x30; ELR and SPSR say where we were: another exception, a
 * guest's exit even, may come before we go back. The frame record at the bottom keeps backtraces whole.
 */
el2_irq_entry:
	stp	x29, x30, [sp, #-EL2_IRQ_BYTES]!
	mov	x29, sp
	stp	x0, x1, [sp, #16]
	stp	x2, x3, [sp, #32]
	stp	x4, x5, [sp, #48]
	stp	x6, x7, [sp, #64]
	stp	x8, x9, [sp, #80]
	stp	x10, x11, [sp, #96]
	stp	x12, x13, [sp, #112]
	stp	x14, x15, [sp, #128]
	stp	x16, x17, [sp, #144]
	mrs	x0, elr_el2
	mrs	x1, spsr_el2
	stp	x18, x0, [sp, #160]
	str	x1, [sp, #176]
	bl	el2_interrupt
	ldr	x1, [sp, #176]
	ldp	x18, x0, [sp, #160]
	msr	elr_el2, x0
	msr	spsr_el2, x1
	ldp	x16, x17, [sp, #144]
	ldp	x14, x15, [sp, #128]
	ldp	x12, x13, [sp, #112]
	ldp	x10, x11, [sp, #96]
	ldp	x8, x9, [sp, #80]
	ldp	x6, x7, [sp, #64]
	ldp	x4, x5, [sp, #48]
	ldp	x2, x3, [sp, #32]
	ldp	x0, x1, [sp, #16]
	ldp	x29, x30, [sp], #EL2_IRQ_BYTES
	eret
	dsb	nsh				/* never reached: no CPU may run ahead past ERET */
	isb

/*
 * Build struct fault_frame on the emergency stack and call el2_fault(kind, frame). x0 = kind; the faulting x0 is in SP_EL0.
 */
el2_fault_entry:
	/* LAB 02.2 el2_fault_entry */
	msr	tpidr_el0, x1			/* the guest's is lost too */
	mrs	x1, tpidr_el2
	ldr	x1, [x1, #PERCPU_EMERGENCY_SP]
	sub	x1, x1, #FAULT_FRAME_BYTES
	stp	x2, x3, [x1, #16]
	mov	x2, sp				/* where SP was */
	mov	sp, x1
	str	x2, [sp, #248]
	mrs	x2, sp_el0
	mrs	x3, tpidr_el0
	stp	x2, x3, [sp, #0]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x19, [sp, #144]
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
	str	x30, [sp, #240]
	mov	x1, sp
	bl	el2_fault
1:	wfi					/* el2_fault() does not come back */
	b	1b
	/* END LAB */
