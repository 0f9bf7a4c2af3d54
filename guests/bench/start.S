/*
 * Where the probe guest begins: EL1, MMU and caches off, interrupts masked, one vCPU.
 */
#include "bench.h"

	.section .text.start, "ax"
	.global	_start
_start:
	mrs	x20, cntpct_el0			/* not offset for guests: instructions since the machine started */

	adrp	x1, bss_start
	add	x1, x1, :lo12:bss_start
	adrp	x2, bss_end
	add	x2, x2, :lo12:bss_end
1:	cmp	x1, x2
	b.hs	2f
	stp	xzr, xzr, [x1], #16		/* both ends are 16-byte aligned: bench.ld */
	b	1b

2:	adrp	x1, stack + STACK_BYTES
	add	sp, x1, :lo12:(stack + STACK_BYTES)
	mov	x0, x20
	bl	bench_main
3:	wfi
	b	3b

	.bss
	.balign	16
stack:	.skip	STACK_BYTES
