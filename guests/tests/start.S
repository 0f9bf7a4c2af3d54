/*
 * Where each vCPU of a test guest begins, and where its exceptions arrive: EL1, MMU and caches off.
 *
 * The first vCPU arrives as the arm64 boot protocol says, x0 = device tree. The others arrive from PSCI CPU_ON with x0 = their
 * index, and go to secondary().
 */
#include "guest.h"

	.section .text.start, "ax"
	.global	_start
_start:
	adrp	x1, bss_start
	add	x1, x1, :lo12:bss_start
	adrp	x2, bss_end
	add	x2, x2, :lo12:bss_end
1:	cmp	x1, x2
	b.hs	2f
	stp	xzr, xzr, [x1], #16
	b	1b

2:	mov	x19, x0
	mov	x0, xzr
	bl	set_up_vcpu
	mov	x0, x19
	bl	first
	b	park

	.global	secondary_start
secondary_start:
	mov	x19, x0
	bl	set_up_vcpu
	mov	x0, x19
	bl	secondary
park:	wfi
	b	park

/* x0 = index. Stack, vectors, FP allowed. Changes x0-x3. */
set_up_vcpu:
	adrp	x1, stacks
	add	x1, x1, :lo12:stacks
	add	x2, x0, #1
	mov	x3, #STACK_BYTES
	madd	x1, x2, x3, x1
	mov	sp, x1
	adrp	x1, vectors
	add	x1, x1, :lo12:vectors
	msr	vbar_el1, x1
	mov	x1, #(3 << 20)			/* CPACR_EL1.FPEN */
	msr	cpacr_el1, x1
	isb
	ret

	.macro	vector kind
	.balign	0x80
	sub	sp, sp, #TRAP_BYTES
	stp	x0, x1, [sp]
	mov	x0, #\kind
	b	exception_entry
	.endm

	.balign	0x800
vectors:
	.irp	kind, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vector	\kind
	.endr

/* Build struct trap on the stack, call exception(trap, kind), go back with what it says. */
exception_entry:
	stp	x2, x3, [sp, #16]
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
	mrs	x1, elr_el1
	stp	x30, x1, [sp, #240]
	mrs	x1, spsr_el1
	mrs	x2, esr_el1
	stp	x1, x2, [sp, #256]
	mrs	x1, far_el1
	str	x1, [sp, #272]
	mov	x1, x0
	mov	x0, sp
	bl	exception
	ldr	x1, [sp, #248]
	msr	elr_el1, x1
	ldr	x1, [sp, #256]
	msr	spsr_el1, x1
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x8, x9, [sp, #64]
	ldp	x10, x11, [sp, #80]
	ldp	x12, x13, [sp, #96]
	ldp	x14, x15, [sp, #112]
	ldp	x16, x17, [sp, #128]
	ldp	x18, x19, [sp, #144]
	ldp	x20, x21, [sp, #160]
	ldp	x22, x23, [sp, #176]
	ldp	x24, x25, [sp, #192]
	ldp	x26, x27, [sp, #208]
	ldp	x28, x29, [sp, #224]
	ldr	x30, [sp, #240]
	ldp	x0, x1, [sp]
	add	sp, sp, #TRAP_BYTES
	eret

	.bss
	.balign	16
stacks:	.skip	STACK_BYTES * MAX_VCPUS
