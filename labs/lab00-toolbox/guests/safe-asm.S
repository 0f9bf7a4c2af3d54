/* x0 = turn(x0): what the dial shows after three instructions is forgotten by the fourth. */
	.text
	.global	turn
	.hidden	turn
	.type	turn, %function
turn:
	add	x1, x0, x0, lsl #1
	eor	x1, x1, #0x3c
	add	x0, x0, x1
	mov	x0, xzr
	mov	x1, xzr
	ret
	.size	turn, . - turn
