/* void call_by_CONDUIT(uint64_t x[18]): a call with every register that the convention knows. */
	.macro	caller conduit
	.text
	.global	call_by_\conduit
	.type	call_by_\conduit, %function
call_by_\conduit:
	stp	x19, x30, [sp, #-16]!
	mov	x19, x0
	.irp	n, 0, 2, 4, 6, 8, 10, 12, 14, 16
	ldr	x\n, [x19, #(8 * \n)]
	.endr
	.irp	n, 1, 3, 5, 7, 9, 11, 13, 15, 17
	ldr	x\n, [x19, #(8 * \n)]
	.endr
	\conduit #0
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17
	str	x\n, [x19, #(8 * \n)]
	.endr
	ldp	x19, x30, [sp], #16
	ret
	.endm

	caller	hvc
	caller	smc
