/*
 * The EL2 exception vectors, twice: el2_vectors, and el2_vectors_traced, which calls the C functions that also write a trace
 * record. percpu_enable() chooses, so that recording costs nothing when it is off.
 *
 * Source: Arm ARM D1.4.1 (vector table: 16 entries of 0x80 bytes), AAPCS64 6.1.1 (C may change x0-x18 and x30).
 */
#include "asm-offsets.h"

/*
 * A guest has trapped. SP is this CPU's EL2 stack as vcpu_enter() left it; TPIDR_EL2 points to struct percpu.
 * All registers go to the vCPU's frame, so that C may read any of them. x19-x29 still hold the guest's values when C
 * returns, so they need not be loaded again.
 * Leaves: x0 = struct vcpu *.
 */
	.macro	save_guest
	stp	x0, x1, [sp, #-16]!		/* two registers to work with */
	mrs	x0, tpidr_el2
	ldr	x0, [x0, #PERCPU_CURRENT]	/* x0 = struct vcpu * */
	stp	x2, x3, [x0, #VCPU_X(2)]
	stp	x4, x5, [x0, #VCPU_X(4)]
	stp	x6, x7, [x0, #VCPU_X(6)]
	stp	x8, x9, [x0, #VCPU_X(8)]
	stp	x10, x11, [x0, #VCPU_X(10)]
	stp	x12, x13, [x0, #VCPU_X(12)]
	stp	x14, x15, [x0, #VCPU_X(14)]
	stp	x16, x17, [x0, #VCPU_X(16)]
	stp	x18, x19, [x0, #VCPU_X(18)]
	stp	x20, x21, [x0, #VCPU_X(20)]
	stp	x22, x23, [x0, #VCPU_X(22)]
	stp	x24, x25, [x0, #VCPU_X(24)]
	stp	x26, x27, [x0, #VCPU_X(26)]
	stp	x28, x29, [x0, #VCPU_X(28)]
	ldp	x2, x3, [sp], #16		/* the guest's x0, x1, parked above */
	stp	x2, x3, [x0, #VCPU_X(0)]
	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	stp	x30, x2, [x0, #VCPU_X(30)]	/* the PC stands behind x30 in the frame */
	str	x3, [x0, #VCPU_PSTATE]
	.endm

/* Back to the guest with what C may have changed. The frame's PC and PSTATE are what counts. */
	.macro	resume_guest
	mrs	x0, tpidr_el2
	ldr	x0, [x0, #PERCPU_CURRENT]
	ldp	x30, x2, [x0, #VCPU_X(30)]
	ldr	x3, [x0, #VCPU_PSTATE]
	msr	elr_el2, x2
	msr	spsr_el2, x3
	ldp	x2, x3, [x0, #VCPU_X(2)]
	ldp	x4, x5, [x0, #VCPU_X(4)]
	ldp	x6, x7, [x0, #VCPU_X(6)]
	ldp	x8, x9, [x0, #VCPU_X(8)]
	ldp	x10, x11, [x0, #VCPU_X(10)]
	ldp	x12, x13, [x0, #VCPU_X(12)]
	ldp	x14, x15, [x0, #VCPU_X(14)]
	ldp	x16, x17, [x0, #VCPU_X(16)]
	ldr	x18, [x0, #VCPU_X(18)]
	ldp	x0, x1, [x0, #VCPU_X(0)]
	eret
	sb_after_eret
	.endm

/* No CPU may run ahead past ERET with EL2's rights: a barrier that is never reached. */
	.macro	sb_after_eret
	dsb	nsh
	isb
	.endm

	.macro	slot
	.balign	0x80
	.endm

/*
 * EL2's own exceptions are all faults of ours: interrupts are masked while EL2 runs. SP cannot be trusted (the stack may have
 * run into its guard page), so the report runs on the CPU's emergency stack. x0 is parked in SP_EL0: the guest's value is lost,
 * which no longer matters.
 */
	.macro	el2_fault kind
	slot
	msr	sp_el0, x0
	mov	x0, #\kind
	b	el2_fault_entry
	.endm

	.macro	sync_entry handler
	slot
	save_guest
	mrs	x1, esr_el2
	bl	\handler
	b	after_exit
	.endm

	.macro	irq_entry handler
	slot
	save_guest
	bl	\handler
	b	after_exit
	.endm

	.macro	vector_table name, sync, irq, serror
	.balign	0x800
	.global	\name
	.type	\name, %function
\name:
	el2_fault 0				/* current EL with SP_EL0: never used by us */
	el2_fault 1
	el2_fault 2
	el2_fault 3
	el2_fault 4				/* current EL with SP_EL2: synchronous, IRQ, FIQ, SError */
	el2_fault 5
	el2_fault 6
	el2_fault 7
	sync_entry \sync			/* lower EL, AArch64 */
	irq_entry \irq
	irq_entry \irq				/* FIQ: we route none to us; the acknowledge finds nothing */
	sync_entry \serror
	sync_entry \sync			/* lower EL, AArch32 (EL0 of an AArch64 guest) */
	irq_entry \irq
	irq_entry \irq
	sync_entry \serror
	.balign	0x80
	.org	\name + 0x800			/* an error here: a vector does not fit its 0x80 bytes */
	.endm

	.section .text.vectors, "ax"
	vector_table el2_vectors, exit_sync, exit_irq, exit_serror
	vector_table el2_vectors_traced, exit_sync_traced, exit_irq_traced, exit_serror_traced

/* x0 = enum exit_action. */
after_exit:
	cbnz	w0, 1f
	resume_guest
1:	cmp	w0, #EXIT_LEAVE_NUMBER
	b.eq	leave_guest
	mrs	x0, tpidr_el2			/* EXIT_RESUME_ALL: x19-x29 too */
	ldr	x0, [x0, #PERCPU_CURRENT]
	ldp	x19, x20, [x0, #VCPU_X(19)]
	ldp	x21, x22, [x0, #VCPU_X(21)]
	ldp	x23, x24, [x0, #VCPU_X(23)]
	ldp	x25, x26, [x0, #VCPU_X(25)]
	ldp	x27, x28, [x0, #VCPU_X(27)]
	ldr	x29, [x0, #VCPU_X(29)]
	resume_guest

/*
 * void vcpu_enter(struct vcpu *vcpu): into the guest, back when an exit leaves the fast path.
 * The caller's x19-x30 wait on the stack; the vectors find SP just below them.
 */
	.global	vcpu_enter
	.type	vcpu_enter, %function
vcpu_enter:
	stp	x29, x30, [sp, #-96]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	ldp	x19, x20, [x0, #VCPU_X(19)]
	ldp	x21, x22, [x0, #VCPU_X(21)]
	ldp	x23, x24, [x0, #VCPU_X(23)]
	ldp	x25, x26, [x0, #VCPU_X(25)]
	ldp	x27, x28, [x0, #VCPU_X(27)]
	ldr	x29, [x0, #VCPU_X(29)]
	resume_guest

leave_guest:
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #96
	ret

/*
 * Build struct fault_frame on the emergency stack and call el2_fault(kind, frame). x0 = kind; the faulting x0 is in SP_EL0.
 */
	.global	el2_fault_entry
el2_fault_entry:
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
