/*
 * void registers_across_KIND(uint64_t seed, struct dump *dump): fill every register that a guest owns from `seed`, do what KIND says,
 * write down what the registers hold then. SP points at the dump meanwhile, so a wrong SP is seen, too.
 */
#include "guest.h"

	.arch	armv8-a+fp+simd

	.equ	DUMP_CALLER_SP, 0
	.equ	DUMP_SP, 8
	.equ	DUMP_X, 16			/* x0..x30 */
	.equ	DUMP_NZCV, 264
	.equ	DUMP_SYSTEM, 272		/* tpidr_el0, tpidrro_el0, tpidr_el1, sp_el0, contextidr_el1, afsr0_el1 */
	.equ	DUMP_FPCR, 320
	.equ	DUMP_FPSR, 328
	.equ	DUMP_Q, 336

	.macro	fill_vector number
	fmov	d\number, x\number
	ins	v\number\().d[1], x30
	.endm

	.macro	fill
	stp	x29, x30, [sp, #-96]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	mov	x2, sp
	str	x2, [x1, #DUMP_CALLER_SP]
	mov	sp, x1
	mov	x30, x0
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29
	movz	x\n, #\n
	eor	x\n, x\n, x30
	.endr
	eor	x30, x30, #30
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
	fill_vector \n
	.endr
	fmov	d31, x29
	ins	v31.d[1], x30
	msr	fpcr, x0			/* RES0 bits stay 0 */
	msr	fpsr, x0
	msr	tpidr_el0, x1
	msr	tpidrro_el0, x2
	msr	tpidr_el1, x3
	msr	sp_el0, x4
	msr	contextidr_el1, x5
	msr	nzcv, x0			/* bits 31:28 */
	isb
	.endm

	.macro	write_down
	stp	x0, x1, [sp, #DUMP_X]
	stp	x2, x3, [sp, #DUMP_X + 16]
	stp	x4, x5, [sp, #DUMP_X + 32]
	stp	x6, x7, [sp, #DUMP_X + 48]
	stp	x8, x9, [sp, #DUMP_X + 64]
	stp	x10, x11, [sp, #DUMP_X + 80]
	stp	x12, x13, [sp, #DUMP_X + 96]
	stp	x14, x15, [sp, #DUMP_X + 112]
	stp	x16, x17, [sp, #DUMP_X + 128]
	stp	x18, x19, [sp, #DUMP_X + 144]
	stp	x20, x21, [sp, #DUMP_X + 160]
	stp	x22, x23, [sp, #DUMP_X + 176]
	stp	x24, x25, [sp, #DUMP_X + 192]
	stp	x26, x27, [sp, #DUMP_X + 208]
	stp	x28, x29, [sp, #DUMP_X + 224]
	str	x30, [sp, #DUMP_X + 240]
	mov	x0, sp
	mrs	x1, nzcv
	str	x0, [x0, #DUMP_SP]
	str	x1, [x0, #DUMP_NZCV]
	mrs	x1, tpidr_el0
	mrs	x2, tpidrro_el0
	mrs	x3, tpidr_el1
	mrs	x4, sp_el0
	mrs	x5, contextidr_el1
	mrs	x6, fpcr
	mrs	x7, fpsr
	stp	x1, x2, [x0, #DUMP_SYSTEM]
	stp	x3, x4, [x0, #DUMP_SYSTEM + 16]
	str	x5, [x0, #DUMP_SYSTEM + 32]
	stp	x6, x7, [x0, #DUMP_FPCR]
	add	x1, x0, #DUMP_Q
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	str	q\n, [x1], #16
	.endr
	ldr	x1, [x0, #DUMP_CALLER_SP]
	mov	sp, x1
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #96
	ret
	.endm

	.global	registers_across_hypercall
registers_across_hypercall:
	fill
	mov	w0, #0x84000000			/* PSCI_VERSION */
	hvc	#0
	write_down

	.global	registers_across_smc
registers_across_smc:
	fill
	mov	w0, #0x84000000
	smc	#0
	write_down

	/* The result goes to a register that the exit handler loads anyway, and to one that it must load for this. */
	.global	registers_across_mmio_read
registers_across_mmio_read:
	fill
	movz	x0, #(GICD_BASE >> 16), lsl #16
	ldr	w9, [x0, #GIC_IIDR]
	ldr	w25, [x0, #GIC_IIDR]
	write_down

	.global	registers_across_mmio_write
registers_across_mmio_write:
	fill
	movz	x0, #(GICD_BASE >> 16), lsl #16
	str	w27, [x0, #GIC_IIDR]		/* read-only */
	write_down

	.global	registers_across_id_register
registers_across_id_register:
	fill
	mrs	x0, id_aa64isar2_el1
	mrs	x29, id_aa64pfr1_el1
	write_down

	/* Long enough to be interrupted by the end of a time slice when another vCPU wants the CPU. */
	.global	registers_across_time
registers_across_time:
	fill
	movz	x0, #0x40, lsl #16
1:	sub	x0, x0, #1
	cbnz	x0, 1b
	write_down
