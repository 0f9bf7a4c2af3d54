/* EL2 starts here, MMU off: a stack, zeroed BSS, C. Behind it the guest, as data. */
	.global	_start
	.section .text.start, "ax"
_start:
	msr	daifset, #0xf
	ldr	x1, =stack_top
	mov	sp, x1
	ldr	x1, =bss_start			/* 16-byte aligned, like its end: minimal.ld */
	ldr	x2, =bss_end
1:	cmp	x1, x2
	b.hs	2f
	stp	xzr, xzr, [x1], #16
	b	1b
2:	bl	hypervisor
3:	wfi
	b	3b

	.bss
	.balign	16
	.skip	16384
	.global	stack_top
stack_top:
	.global	emergency_stack_top
	.skip	4096
emergency_stack_top:

/* The guest, at EL1, position independent: prints by hypercall, then to a UART that our C code plays, powers off. */
#define PUT_CHARACTER	0xc6000100		/* SMCCC: fast call, 64 bits, vendor-specific hypervisor service */
#define PSCI_SYSTEM_OFF	0x84000008
#define UART		0x09000000

	.section .rodata.guest, "a"
	.balign	8
	.global	guest_start
guest_start:
	adr	x19, by_hypercall
1:	ldrb	w1, [x19], #1
	cbz	w1, 2f
	ldr	w0, =PUT_CHARACTER
	hvc	#0
	cbnz	x0, guest_end			/* refused: run off the end, and be seen */
	b	1b
2:	adr	x19, by_store
	mov	x20, #UART
3:	ldrb	w1, [x19], #1
	cbz	w1, 5f
4:	ldr	w2, [x20, #0x18]		/* UARTFR, TXFF */
	tbnz	w2, #5, 4b
	strb	w1, [x20]
	b	3b
5:	ldr	w0, =PSCI_SYSTEM_OFF
	hvc	#0
	b	.
by_hypercall:
	.asciz	"guest: hello by hypercall\n"
by_store:
	.asciz	"guest: hello by a store that traps\n"
	.ltorg
	.global	guest_end
guest_end:
