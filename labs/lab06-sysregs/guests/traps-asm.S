/*
 * void probe(struct seen *seen, uint64_t pstate, uint64_t address): at this PSTATE, load from `address`, or, when
 * that is 0, read ERRIDR_EL1, which this CPU has and shows to nobody. What the exception then looks like goes to
 * *seen: vector, ESR, FAR, ELR (from the instruction on), SPSR, and at the handler's first instruction DAIF, SPSel,
 * CurrentEL, and x1, which the instruction would have changed.
 */
#include "guest.h"

#define EL1H_DAIF 0x3c5

	.text
	.global	probe
	.type	probe, %function
probe:
	stp	x19, x20, [sp, #-96]!
	stp	x21, x22, [sp, #16]
	stp	x23, x24, [sp, #32]
	stp	x25, x26, [sp, #48]
	stp	x27, x28, [sp, #64]
	stp	x29, x30, [sp, #80]
	mov	x19, x0
	mrs	x29, vbar_el1
	adr	x3, probe_vectors
	msr	vbar_el1, x3
	adr	x3, 1f
	adr	x4, 2f
	cmp	x2, #0
	csel	x28, x4, x3, eq
	msr	elr_el1, x28
	msr	spsr_el1, x1
	mov	x1, #0x5afe
	isb
	eret
1:	ldr	x1, [x2]
	b	3f
2:	mrs	x1, S3_0_C5_C3_0
3:	hvc	#1				/* it did not trap: there is nothing to tell */

back:	mrs	x22, daif
	mrs	x23, spsel
	mrs	x24, currentel
	mrs	x25, esr_el1
	mrs	x26, far_el1
	mrs	x27, elr_el1
	sub	x27, x27, x28
	mrs	x28, spsr_el1
	msr	vbar_el1, x29
	adr	x3, 4f
	msr	elr_el1, x3
	mov	x3, #EL1H_DAIF
	msr	spsr_el1, x3
	isb
	eret
4:	stp	x20, x25, [x19]
	stp	x26, x27, [x19, #16]
	stp	x28, x22, [x19, #32]
	stp	x23, x24, [x19, #48]
	str	x1, [x19, #64]
	ldp	x21, x22, [sp, #16]
	ldp	x23, x24, [sp, #32]
	ldp	x25, x26, [sp, #48]
	ldp	x27, x28, [sp, #64]
	ldp	x29, x30, [sp, #80]
	ldp	x19, x20, [sp], #96
	ret

	.balign	0x800
probe_vectors:
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	.balign	0x80
	mov	x20, #(\n * 0x80)
	b	back
	.endr
