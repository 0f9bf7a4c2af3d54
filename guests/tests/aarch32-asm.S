/*
 * 32-bit programs for EL0, as words: the guests' assembler knows AArch64 only. Each ends with an SVC, whose number says which.
 */

/*
 * void enter_el0(entry, pstate, x): ERET with x0-x7 as in x[8]. Comes back when on_exception() has sent the vCPU to back_at_el1.
 */
	.global	enter_el0
enter_el0:
	stp	x29, x30, [sp, #-96]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	msr	elr_el1, x0
	msr	spsr_el1, x1
	mov	x8, x2
	ldp	x0, x1, [x8]
	ldp	x2, x3, [x8, #16]
	ldp	x4, x5, [x8, #32]
	ldp	x6, x7, [x8, #48]
	eret

	.global	back_at_el1
back_at_el1:
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #96
	ret

	.macro	program name
	.balign	4
	.global	\name
\name:
	.endm

	program	a32_call
	.inst	0xe3a0002a			/* mov r0, #42 */
	.inst	0xef000007			/* svc #7 */

	program	a32_wait
	.inst	0xe320f003			/* wfi */
	.inst	0xe2800001			/* add r0, r0, #1 */
	.inst	0xef000001			/* svc #1 */

	program	a32_timer
	.inst	0xee1e0f32			/* mrc p15, 0, r0, c14, c2, 1: CNTP_CTL */
	.inst	0xec421f2e			/* mcrr p15, 2, r1, r2, c14: CNTP_CVAL */
	.inst	0xec543f2e			/* mrrc p15, 2, r3, r4, c14 */
	.inst	0xef000002			/* svc #2 */

	program	a32_pmu
	.inst	0xee090f1d			/* mcr p15, 0, r0, c9, c13, 0: PMCCNTR */
	.inst	0xee193f1c			/* mrc p15, 0, r3, c9, c12, 0: PMCR */
	.inst	0xef000003			/* svc #3 */

	program	a32_device
	.inst	0xe5910000			/* ldr r0, [r1] */
	.inst	0xe1d120d0			/* ldrsb r2, [r1] */
	.inst	0xe5830000			/* str r0, [r3] */
	.inst	0xef000005			/* svc #5 */

	program	a32_not_executed
	.inst	0xe1500000			/* cmp r0, r0 */
	.inst	0x1e100e10			/* mrcne p14, 0, r0, c0, c0, 0: DBGDIDR */
	.inst	0x1320f003			/* wfine */
	.inst	0xef000006			/* svc #6 */

	program	t32_wait
	.hword	0xbf30				/* wfi */
	.hword	0x3001				/* adds r0, #1 */
	.hword	0x3101				/* adds r1, #1 */
	.hword	0xdf08				/* svc #8 */

	program	t32_device
	.hword	0x6808				/* ldr r0, [r1] */
	.hword	0x4280				/* cmp r0, r0 */
	.hword	0xbf0c				/* ite eq */
	.hword	0x780a				/* ldrbeq r2, [r1] */
	.hword	0x2301				/* movne r3, #1 */
	.hword	0x6020				/* str r0, [r4] */
	.hword	0xf8d1, 0x5004			/* ldr.w r5, [r1, #4] */
	.hword	0xee1e, 0x6f32			/* mrc p15, 0, r6, c14, c2, 1: CNTP_CTL */
	.hword	0xdf09				/* svc #9 */

/* Each word of these is UNDEFINED at EL0, or becomes so: seven. */
	program	a32_refused
	.inst	0xee100e10			/* mrc p14, 0, r0, c0, c0, 0: DBGDIDR */
	.inst	0xee110e10			/* mrc p14, 0, r0, c1, c0, 0: DBGDRAR */
	.inst	0xecb15e01			/* ldc p14, c5, [r1], #4: DBGDTRTXint */
	.inst	0xeca15e01			/* stc p14, c5, [r1], #4: DBGDTRRXint */
	.inst	0xee110f30			/* mrc p15, 0, r0, c1, c0, 1: ACTLR */
	.inst	0xee390f50			/* mrc p15, 1, r0, c9, c0, 2: implementation defined */
	.inst	0xe7f000f0			/* udf #0 */

	program	a32_load
	.inst	0xe5910000			/* ldr r0, [r1] */

	program	a32_load_block
	.inst	0xe891000c			/* ldm r1, {r2, r3} */
