/*
 * What the toy processor runs: count for ever, and add the counts up. Only instructions that it knows.
 */
	.text
	.global _start, loop, tick, counter
_start:
	movz	x1, #0x2000		/* counter: the linker has put it there */
	movz	x2, #0
loop:
	ldr	x0, [x1]
	add	x0, x0, #1
	str	x0, [x1]
	bl	tick
	b	loop

tick:
	add	x2, x2, x0
	ret

	.data
	.balign	8
	.type	counter, %object
	.size	counter, 8
counter:
	.quad	0
