/*
 * Where each vCPU of the hello guest begins: EL1, MMU and caches off, interrupts masked.
 *
 * The first one arrives as the arm64 boot protocol says, x0 = device tree. The others arrive from PSCI
 * CPU_ON with x0 = the context we passed there, which is their vCPU index.
 */
#include "hello.h"

	.section .text.start, "ax"
	.global	_start
_start:
	/* A raw image's BSS is whatever was in RAM before. */
	adrp	x1, bss_start
	add	x1, x1, :lo12:bss_start
	adrp	x2, bss_end
	add	x2, x2, :lo12:bss_end
1:	cmp	x1, x2
	b.hs	2f
	stp	xzr, xzr, [x1], #16		/* both ends are 16-byte aligned: hello.ld */
	b	1b

2:	adrp	x1, stacks + STACK_BYTES	/* vCPU 0 has the first stack; a stack's top is its end */
	add	sp, x1, :lo12:(stacks + STACK_BYTES)
	bl	hello_first
	b	park

	.global	secondary_start
secondary_start:
	adrp	x1, stacks
	add	x1, x1, :lo12:stacks
	add	x2, x0, #1
	mov	x3, #STACK_BYTES
	madd	x1, x2, x3, x1
	mov	sp, x1
	bl	hello_secondary

park:	wfi
	b	park

	.bss
	.balign	16
stacks:	.skip	STACK_BYTES * MAX_VCPUS
