/*
 * The two sides of an SGI: pair_send() on vCPU 0, second_wait() and its handler on vCPU 1.
 *
 * Under -icount QEMU runs its CPUs in turn on one thread and the counter counts the instructions of all. A yield or a
 * wfi hands over to the next CPU. So what lies between two reads of one CPU without a yield is its own; and from the
 * sender's yield to the handler's first instruction it is all the receiver's. Each part is exact.
 */
#include "pair.h"
#include "probe.inc"

#define ROUNDS 64			/* of yields: enough for the receiver to fall asleep */

	.macro	mail register, word
	str	\register, [x22, #8 * \word]
	.endm

	.macro	mailbox_at register
	adrp	\register, mailbox
	add	\register, \register, :lo12:mailbox
	.endm

	.text
	.global	pair_send
	.type	pair_send, %function
pair_send:
	stp	x22, x30, [sp, #-16]!
	mailbox_at x22
	mail	xzr, MAIL_DONE
	mov	x9, #ROUNDS
1:	yield
	sub	x9, x9, #1
	cbnz	x9, 1b
	mov	x0, #(PROBE_SGI << 24)
	orr	x0, x0, #2			/* the target list: Aff0 = 1 */
	read_counter x10
	msr	S3_0_C12_C11_5, x0		/* ICC_SGI1R_EL1 */
	read_counter x11
2:	read_counter x12
	yield
	ldr	x9, [x22, #8 * MAIL_DONE]
	cbz	x9, 2b
	mail	x10, MAIL_SEND
	mail	x11, MAIL_SENT
	mail	x12, MAIL_YIELD
	ldp	x22, x30, [sp], #16
	ret

	.global	second_start
second_start:
	adrp	x1, second_stack + STACK_BYTES
	add	sp, x1, :lo12:(second_stack + STACK_BYTES)
	b	second_main

	/* For ever, interrupts let through. */
	.global	second_wait
	.type	second_wait, %function
second_wait:
	vectors_at ipi_vectors
	mailbox_at x22
	isb
	msr	daifclr, #2
1:	ldr	x9, [x22, #8 * MAIL_MODE]
	cbz	x9, 2f
	read_counter x9
	mail	x9, MAIL_WAIT
	wfi
	b	1b
2:	yield
	b	1b

	vectors	ipi_vectors, 5
	mrs	x20, cntvct_el0
	mrs	x0, S3_0_C12_C12_0		/* ICC_IAR1_EL1 */
	msr	S3_0_C12_C12_1, x0		/* ICC_EOIR1_EL1 */
	read_counter x21
	mail	x20, MAIL_TAKEN
	mail	x21, MAIL_ENDED
	mov	x0, #1
	mail	x0, MAIL_DONE
	eret

	.bss
	.balign	16
second_stack:
	.skip	STACK_BYTES
