/*
 * The EL2 exception vectors, twice: el2_vectors, and el2_vectors_traced, which also note when the guest trapped, and let
 * the vCPU choose what follows its handler: nothing, counting or a record. percpu_enable() chooses, so that tracing costs
 * nothing when it is off. A third, el2_vectors_debugged, is in images with a debugger: src/debug/points.c chooses it.
 *
 * Source: Arm ARM D1.4.1 (vector table: 16 entries of 0x80 bytes), AAPCS64 6.1.1 (C may change x0-x18 and x30).
 */
#include "asm-offsets.h"

/*
 * What vcpu_enter() leaves on the stack, and the vectors find there: the vCPU, its counters, a place for one register, and the
 * registers of C that a return from vcpu_run() needs.
 */
#define ENTRY_VCPU  0
#define ENTRY_COST  8
#define ENTRY_PARK  16
#define ENTRY_SAVED 32
#define ENTRY_BYTES (ENTRY_SAVED + 96)

/* Bits of what the C functions answer: core/dispatch.c, answer(), and enum exit_action. */
#define ANSWER_NOT_PLAIN 16
#define ANSWER_LEAVE	 17
#define ANSWER_HAS_VALUE 8 /* a size of 5 words, not 4 */

/*
 * A guest has trapped. All registers go to the vCPU's frame, so that C may read any of them. x19-x29 still hold the
 * guest's values when C returns, so they need not be loaded again.
 * Leaves: x0 = struct vcpu *.
 */
	.macro	save_guest
	/* LAB 03.6 save_guest */
	str	x0, [sp, #ENTRY_PARK]		/* a register to work with */
	ldr	x0, [sp, #ENTRY_VCPU]
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
	ldr	x2, [sp, #ENTRY_PARK]		/* the guest's x0; x1 is still in place */
	stp	x2, x1, [x0, #VCPU_X(0)]
	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	stp	x30, x2, [x0, #VCPU_X(30)]	/* the PC stands behind x30 in the frame */
	str	x3, [x0, #VCPU_PSTATE]
	/* END LAB */
	.endm

/*
 * Back to the guest with what C may have changed, and with x19, where the time was. The frame's PC and PSTATE are
 * what counts. `vcpu`: x0 or x1.
 */
	.macro	resume_vcpu vcpu
	/* LAB 03.5 resume_vcpu */
	ldp	x30, x2, [\vcpu, #VCPU_X(30)]
	ldr	x3, [\vcpu, #VCPU_PSTATE]
	msr	elr_el2, x2
	msr	spsr_el2, x3
	ldp	x2, x3, [\vcpu, #VCPU_X(2)]
	ldp	x4, x5, [\vcpu, #VCPU_X(4)]
	ldp	x6, x7, [\vcpu, #VCPU_X(6)]
	ldp	x8, x9, [\vcpu, #VCPU_X(8)]
	ldp	x10, x11, [\vcpu, #VCPU_X(10)]
	ldp	x12, x13, [\vcpu, #VCPU_X(12)]
	ldp	x14, x15, [\vcpu, #VCPU_X(14)]
	ldp	x16, x17, [\vcpu, #VCPU_X(16)]
	ldp	x18, x19, [\vcpu, #VCPU_X(18)]
	ldp	x0, x1, [\vcpu, #VCPU_X(0)]
	eret
	sb_after_eret
	/* END LAB */
	.endm

	.macro	resume_guest
	ldr	x0, [sp, #ENTRY_VCPU]
	resume_vcpu x0
	.endm

/* x0 = struct vcpu *. */
	.macro	load_callee_saved_of_guest
	/* LAB 03.4 load_callee_saved_of_guest */
	ldp	x19, x20, [x0, #VCPU_X(19)]
	ldp	x21, x22, [x0, #VCPU_X(21)]
	ldp	x23, x24, [x0, #VCPU_X(23)]
	ldp	x25, x26, [x0, #VCPU_X(25)]
	ldp	x27, x28, [x0, #VCPU_X(27)]
	ldr	x29, [x0, #VCPU_X(29)]
	/* END LAB */
	.endm

/* No CPU may run ahead past ERET with EL2's rights: a barrier that is never reached. */
	.macro	sb_after_eret
	dsb	nsh
	isb
	.endm

	.macro	slot
	.balign	0x80
	.endm

/* Of EL2's own exceptions the vectors only tell which: asm/own_vectors.S, four instructions each. */
	.macro	own_entry kind
	slot
	b	el2_own_vectors + 16 * \kind
	.endm

/* A guest's exit: `handler` is C, `after_exit` goes on with its answer. */
	.macro	plain_entry handler
	slot
	save_guest
	mrs	x1, esr_el2
	bl	\handler
	b	after_exit
	.endm

	.macro	plain_irq_entry
	slot
	save_guest
	bl	exit_irq
	b	after_exit
	.endm

/*
 * The same while tracing: x19 = the time, as C keeps it; and the handler returns to where the vCPU says. That takes not one
 * instruction more than BL and B.
 */
	.macro	traced_entry handler
	slot
	save_guest
	mrs	x19, cntpct_el0
	mrs	x1, esr_el2
	ldr	x30, [x0, #VCPU_AFTER_SYNC]
	b	\handler
	.endm

	.macro	traced_irq_entry
	slot
	save_guest
	mrs	x19, cntpct_el0
	ldr	x30, [x0, #VCPU_AFTER_IRQ]
	b	exit_irq
	.endm

#ifdef VT_GDB
/* As while tracing, and a debugger sees the exit before anything else follows. */
	.macro	debugged_entry handler
	slot
	save_guest
	mrs	x19, cntpct_el0
	mrs	x1, esr_el2
	bl	\handler
	b	debugged_sync
	.endm

	.macro	debugged_irq_entry
	slot
	save_guest
	mrs	x19, cntpct_el0
	bl	exit_irq
	b	debugged_irq
	.endm
#endif

/* What follows an exit with nothing traced. x0 = the answer. */
	.macro	after_plain_exit
	.global	after_exit
after_exit:
	tbnz	w0, #ANSWER_NOT_PLAIN, 1f
resume:
	resume_guest
1:	tbnz	w0, #ANSWER_LEAVE, leave_guest
	b	resume_all
	.endm

	.macro	vector_table name, kind
	.balign	0x800
	.global	\name
	.type	\name, %function
\name:
	.irp	own, 0, 1, 2, 3, 4, 5, 6, 7	/* current EL: with SP_EL0, which we never use; with SP_EL2 */
	own_entry \own
	.endr
	.ifc	\kind, plain			/* the rest of the last slot is not needed */
	after_plain_exit
	.endif
	/*
	 * Lower EL, AArch64; then AArch32, which never comes: EL1 is AArch64, and it is EL1 that chooses even when the
	 * exception is from a 32-bit program at EL0. (Arm ARM D1.4.1.)
	 */
	.rept	2
	\kind\()_entry exit_sync
	\kind\()_irq_entry
	\kind\()_irq_entry			/* FIQ: we route none to us; the acknowledge finds nothing */
	\kind\()_entry exit_serror
	.endr
	.balign	0x80
	.org	\name + 0x800			/* an error here: a vector does not fit its 0x80 bytes */
	.endm

	.section .text.vectors, "ax"
	vector_table el2_vectors, plain
	vector_table el2_vectors_traced, traced
#ifdef VT_GDB
	vector_table el2_vectors_debugged, debugged

debugged_sync:
	mov	w2, #0
	b	1f
debugged_irq:
	mov	w2, #1
1:	ldr	x1, [sp, #ENTRY_VCPU]
	str	x0, [sp, #-16]!
	bl	points_exit			/* (answer, vcpu, irq): where to go on */
	mov	x16, x0
	ldr	x0, [sp], #16
	br	x16
#endif

resume_all:
	ldr	x0, [sp, #ENTRY_VCPU]		/* EXIT_RESUME_ALL: x19-x29 too */
	load_callee_saved_of_guest
	b	resume

/*
 * Counting: x2 = the ticks that the exit took, x4 = its reason go into the vCPU's \costs->of[reason], see there. A duration that is the
 * shortest or longest yet is left to C: `slowly`, with nothing done. 11 instructions. Leaves x0, x1, x2.
 */
	.macro	count_ticks costs, slowly
	add	x3, \costs, x4, lsl #9		/* one reason's costs are 512 bytes */
	ldp	x4, x5, [x3]			/* the shortest, the longest */
	cmp	x2, x4
	ccmp	x2, x5, #0b0010, hs		/* shorter: as if higher, too */
	b.hi	\slowly
	clz	w4, w2
	add	x3, x3, x4, lsl #4
	ldp	x4, x5, [x3, #-16]
	add	x4, x4, #1
	add	x5, x5, x2
	stp	x4, x5, [x3, #-16]
	.endm

/* While counting: 15 instructions for the usual exit, the time's reading included. One that leaves is kept for end_open_exit. */
	.global	count_exit
count_exit:
	tbnz	w0, #ANSWER_NOT_PLAIN, count_not_plain
	ldp	x1, x3, [sp, #ENTRY_VCPU]	/* and vcpu->cost */
	mrs	x2, cntpct_el0
	sub	x2, x2, x19
	ubfx	x4, x0, #24, #5			/* the reason */
	count_ticks x3, 1f
	resume_vcpu x1
1:	bl	exit_count			/* (answer, vcpu, duration) */
	b	resume
count_not_plain:
	ldr	x1, [sp, #ENTRY_VCPU]
	tbnz	w0, #ANSWER_LEAVE, 1f
	mrs	x2, cntpct_el0
	sub	x2, x2, x19
	bl	exit_count
	b	resume_all
1:	orr	x19, x19, #1 << OPEN_COUNTED
	str	x19, [x1, #VCPU_OPEN]
	str	x0, [x1, #VCPU_OPEN_ANSWER]
	b	leave_guest

/*
 * While recording: the usual exit becomes four words in the ring, as trace_exit() in trace/ring.c writes them. What is not
 * usual goes to `slowly`, with nothing done but to \word0's size: no room on the page, or more than 31 bits of time, or an
 * address and a value that together need more than one word. 22 instructions, 26 with a value, the time's reading included.
 *
 * \word0 lacks the time only, \begin is when the guest trapped, x2 its syndrome, x5 its PC, x8 the ring. Leaves x0, x1.
 */
	.macro	record_exit vcpu, word0, begin, slowly
	mrs	x3, cntpct_el0
	ldp	x9, x10, [x8, #RING_POS]	/* and the last place where a record fits */
	ldr	x11, [x8, #RING_BASE]
	ldp	x12, x13, [\vcpu, #VCPU_NOTE]	/* address, value */
	sub	x14, x3, \begin			/* duration */
	sub	x11, x3, x11			/* since the page began */
	orr	x15, x14, x11
	tbz	\word0, #ANSWER_HAS_VALUE, 1f
	orr	x16, x12, x13
	orr	x15, x15, x16, lsr #1
	orr	x12, x12, x13, lsl #32		/* they share a word */
	sub	\word0, \word0, #1 << ANSWER_HAS_VALUE	/* 4 words */
1:	cmp	x9, x10
	lsr	x15, x15, #31
	ccmp	x15, #0, #0, ls
	b.ne	\slowly
	ubfx	x16, \word0, #24, #5		/* the reason */
	add	x16, \vcpu, x16, lsl #3
	ldr	x17, [x16, #VCPU_TICKS]
	orr	\word0, \word0, x11, lsl #32
	add	x17, x17, x14
	str	x17, [x16, #VCPU_TICKS]
	orr	x14, x14, x2, lsl #32
	stp	\word0, x14, [x9], #32
	stp	x5, x12, [x9, #-16]
	str	x9, [x8, #RING_POS]		/* PUBLISH: a panic before this leaves a page of whole records */
	.endm

	.global	record_sync
record_sync:
	ldr	x1, [sp, #ENTRY_VCPU]
	tbnz	w0, #ANSWER_LEAVE, leave_open
	mrs	x2, esr_el2
record:
	ldp	x8, x7, [x1, #VCPU_RING]	/* and the vCPU's index, with more above it */
	mrs	x5, elr_el2			/* only the frame's PC has been moved */
	tbnz	w0, #ANSWER_NOT_PLAIN, record_all
	bfi	x0, x7, #16, #8
	record_exit x1, x0, x19, record_slowly
	resume_vcpu x1
record_slowly:
	mov	x3, x19				/* exit_record(answer, vcpu, esr, begin) */
	bl	exit_record
	b	resume
record_all:
	bfi	x0, x7, #16, #8
	record_exit x1, x0, x19, record_all_slowly
	b	resume_all
record_all_slowly:
	mov	x3, x19
	bl	exit_record
	b	resume_all
	.global	record_irq
record_irq:
	ldr	x1, [sp, #ENTRY_VCPU]
	tbnz	w0, #ANSWER_LEAVE, leave_open
	mov	x2, xzr				/* an interrupt has no syndrome */
	b	record

/*
 * On the way into the guest: has the exit that left been kept? Then it ends here, with its record, or counted. begin_ticks stays as
 * it is: C will not look at it before another exit has left. Two instructions when nothing was kept. Leaves x0, x1.
 */
	.macro	end_open_exit
	ldp	x6, x5, [x0, #VCPU_OPEN]	/* begin, PC */
	cbz	x6, 2f
	ldp	x4, x7, [x0, #VCPU_OPEN_ANSWER]
	tbnz	x6, #OPEN_COUNTED, end_counted_exit
	ldr	x8, [x0, #VCPU_RING]
	ldr	x2, [x0, #VCPU_EXIT_ESR]	/* 0 for an interrupt */
	add	x4, x4, x7			/* for the action, the vCPU; and what became of it */
	record_exit x0, x4, x6, end_open_slowly
2:
	.endm
end_counted_exit:
	mrs	x2, cntpct_el0
	and	x6, x6, #~(1 << OPEN_COUNTED)
	sub	x2, x2, x6
	ubfx	x4, x4, #24, #5
	count_ticks x1, 1f
	b	2f
1:	stp	x0, x1, [sp, #-32]!
	str	x30, [sp, #16]
	mov	x1, x0
	ldr	x0, [x1, #VCPU_OPEN_ANSWER]
	bl	exit_count			/* with this time: a later one could be the longest for ever */
	b	end_open_slowly_done
end_open_slowly:
	stp	x0, x1, [sp, #-32]!
	str	x30, [sp, #16]
	bl	vcpu_exit_done			/* with what is kept */
end_open_slowly_done:
	ldr	x30, [sp, #16]
	ldp	x0, x1, [sp], #32
	b	2f

/*
 * void vcpu_enter(struct vcpu *vcpu, struct vcpu_costs *cost): into the guest, back when an exit leaves the fast path.
 */
	.global	vcpu_enter
	.type	vcpu_enter, %function
vcpu_enter:
	end_open_exit
	/* LAB 03.4 vcpu_enter */
	sub	sp, sp, #ENTRY_BYTES
	stp	x0, x1, [sp, #ENTRY_VCPU]
	stp	x19, x20, [sp, #ENTRY_SAVED]
	stp	x21, x22, [sp, #ENTRY_SAVED + 16]
	stp	x23, x24, [sp, #ENTRY_SAVED + 32]
	stp	x25, x26, [sp, #ENTRY_SAVED + 48]
	stp	x27, x28, [sp, #ENTRY_SAVED + 64]
	stp	x29, x30, [sp, #ENTRY_SAVED + 80]
	load_callee_saved_of_guest
	b	resume
	/* END LAB */

/* The exit goes on outside vcpu_run(): what is known of it is kept for end_open_exit. x0 = answer, x1 = vCPU, x19 = the time. */
leave_open:
	mrs	x3, elr_el2			/* for a WFI, exit.pc is behind it */
	stp	x19, x3, [x1, #VCPU_OPEN]
	str	x0, [x1, #VCPU_OPEN_ANSWER]
leave_guest:
	/* LAB 03.4 leave_guest */
	ldp	x19, x20, [sp, #ENTRY_SAVED]
	ldp	x21, x22, [sp, #ENTRY_SAVED + 16]
	ldp	x23, x24, [sp, #ENTRY_SAVED + 32]
	ldp	x25, x26, [sp, #ENTRY_SAVED + 48]
	ldp	x27, x28, [sp, #ENTRY_SAVED + 64]
	ldp	x29, x30, [sp, #ENTRY_SAVED + 80]
	add	sp, sp, #ENTRY_BYTES
	ret
	/* END LAB */
