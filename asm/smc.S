/*
 * void smc_call(uint64_t x[18]): an SMC with all registers that the calling convention knows.
 *
 * EL3 keeps x18-x30 and SP (Arm DEN0028), so the array's address survives in x19, which is the caller's and is
 * parked on the stack.
 */
	.text
	.global	smc_call
	.type	smc_call, %function
smc_call:
	stp	x29, x30, [sp, #-32]!
	mov	x29, sp
	str	x19, [sp, #16]

	mov	x19, x0
	ldp	x0, x1, [x19]
	ldp	x2, x3, [x19, #16]
	ldp	x4, x5, [x19, #32]
	ldp	x6, x7, [x19, #48]
	ldp	x8, x9, [x19, #64]
	ldp	x10, x11, [x19, #80]
	ldp	x12, x13, [x19, #96]
	ldp	x14, x15, [x19, #112]
	ldp	x16, x17, [x19, #128]
	smc	#0
	stp	x0, x1, [x19]
	stp	x2, x3, [x19, #16]
	stp	x4, x5, [x19, #32]
	stp	x6, x7, [x19, #48]
	stp	x8, x9, [x19, #64]
	stp	x10, x11, [x19, #80]
	stp	x12, x13, [x19, #96]
	stp	x14, x15, [x19, #112]
	stp	x16, x17, [x19, #128]

	ldr	x19, [sp, #16]
	ldp	x29, x30, [sp], #32
	ret
	.size	smc_call, . - smc_call
