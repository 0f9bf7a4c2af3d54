/* void fp_fill(uint64_t seed): a value of its own into each FP register. void fp_dump(fp_registers to): what they hold. */
	.arch	armv8-a+fp+simd

	.global	fp_fill
fp_fill:
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	dup	v\n\().2d, x0
	add	x0, x0, #1
	ins	v\n\().d[1], x0
	.endr
	ubfiz	x0, x0, #22, #2			/* FPCR.RMode */
	msr	fpcr, x0
	ubfx	x0, x0, #22, #2			/* FPSR.IOC, DZC */
	msr	fpsr, x0
	ret

	.global	fp_dump
fp_dump:
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	str	q\n, [x0], #16
	.endr
	mrs	x1, fpsr
	mrs	x2, fpcr
	stp	x1, x2, [x0]
	ret
