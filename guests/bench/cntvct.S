/*
 * cntvct: a Linux program that prints the virtual counter (EL0 may read it) and ends. The bench's initramfs runs it
 * just before the shell's first prompt: the count is how long the guest took to get there.
 */
#define SYS_WRITE 64
#define SYS_EXIT  93

	.text
	.global	_start
_start:
	isb
	mrs	x2, cntvct_el0

	/* Decimal digits, from the last to the first. */
	adrp	x1, digits_end
	add	x1, x1, :lo12:digits_end
	mov	x6, x1
	mov	x3, #10
1:	udiv	x4, x2, x3
	msub	x5, x4, x3, x2			/* the remainder */
	add	w5, w5, #'0'
	strb	w5, [x1, #-1]!
	mov	x2, x4
	cbnz	x2, 1b

	mov	x0, #1
	sub	x2, x6, x1
	add	x2, x2, #1			/* the newline behind the last digit */
	mov	x8, #SYS_WRITE
	svc	#0
	mov	x0, xzr
	mov	x8, #SYS_EXIT
	svc	#0

	.data
	.skip	20
digits_end:
	.ascii	"\n"
