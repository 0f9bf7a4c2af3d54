/*
 * The probes: each is a function that does one operation between two reads of the virtual counter and returns the
 * difference. Under -icount, with a counter of 1 GHz, that is a number of instructions: the guest's own between the
 * reads, and all that EL2 has executed meanwhile. probe_nothing() is what the reads themselves cost.
 *
 * x19-x21 hold the counts, for a hypercall may change x0-x17 (SMCCC 1.0).
 */
#include "bench.h"

#define PSCI_VERSION 0x84000000

	/* The isb keeps the read from being done early. (Arm ARM D11.1.2.) */
	.macro	read_counter register
	isb
	mrs	\register, cntvct_el0
	.endm

	.macro	probe name
	.text
	.global	probe_\name
	.type	probe_\name, %function
probe_\name:
	stp	x19, x20, [sp, #-32]!
	stp	x21, x30, [sp, #16]
	.endm

	.macro	probe_end from, to
	sub	x0, \to, \from
	ldp	x21, x30, [sp, #16]
	ldp	x19, x20, [sp], #32
	ret
	.endm

	probe	nothing
	read_counter x19
	read_counter x20
	probe_end x19, x20

	probe	hvc_psci_version
	mov	w0, #PSCI_VERSION
	read_counter x19
	hvc	#0
	read_counter x20
	probe_end x19, x20

	probe	gicd_typer_read
	mov	x1, #GICD_BASE
	read_counter x19
	ldr	w0, [x1, #GICD_TYPER]
	read_counter x20
	probe_end x19, x20

	probe	idreg_read
	read_counter x19
	mrs	x0, id_aa64pfr0_el1
	read_counter x20
	probe_end x19, x20

	probe	uart_read
	mov	x1, #UART_BASE
	read_counter x19
	ldr	w0, [x1, #UART_FR]
	read_counter x20
	probe_end x19, x20

	/* To ourselves. It is taken as soon as the write has been done; sgi_taken leaves the count in x20. */
	probe	sgi_self_total
	adrp	x1, sgi_vectors
	add	x1, x1, :lo12:sgi_vectors
	msr	vbar_el1, x1
	mov	x0, #(PROBE_SGI << 24)
	orr	x0, x0, #1			/* the target list: Aff0 = 0 */
	mov	x20, xzr
	msr	daifclr, #2
	read_counter x19
	msr	S3_0_C12_C11_5, x0		/* ICC_SGI1R_EL1 */
1:	cbz	x20, 1b
	msr	daifset, #2
	probe_end x19, x20

	/* From the instant the timer was set for to the handler's first instruction. */
	probe	vtimer_irq
	adrp	x1, timer_vectors
	add	x1, x1, :lo12:timer_vectors
	msr	vbar_el1, x1
	mov	x20, xzr
	mrs	x19, cntvct_el0
	add	x19, x19, #1000
	msr	cntv_cval_el0, x19
	mov	x0, #1				/* CNTV_CTL_EL0.ENABLE */
	msr	cntv_ctl_el0, x0
	isb
	msr	daifclr, #2
1:	cbz	x20, 1b
	msr	daifset, #2
	probe_end x19, x20

/*
 * Vectors with one entry in use: IRQ from EL1 on SP_EL1. Any other exception stops here, and the runner's time-out says so.
 */
	.macro	vectors name
	.balign	0x800
\name:
	.rept	5
	b	.
	.balign	0x80
	.endr
	.endm

	vectors	sgi_vectors
	mrs	x0, S3_0_C12_C12_0		/* ICC_IAR1_EL1 */
	msr	S3_0_C12_C12_1, x0		/* ICC_EOIR1_EL1 */
	read_counter x20
	eret

	vectors	timer_vectors
	mrs	x20, cntvct_el0
	msr	cntv_ctl_el0, xzr
	isb
	mrs	x0, S3_0_C12_C12_0
	msr	S3_0_C12_C12_1, x0
	eret
