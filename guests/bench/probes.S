/*
 * The probes that have a goal of their own: probe.inc says what a probe is. probe_nothing() is what the reads themselves
 * cost. reasons.S has the others.
 */
#include "probe.inc"

	probe	nothing
	read_counter x19
	read_counter x20
	probe_end x19, x20

	probe	hvc_psci_version
	mov	w0, #PSCI_VERSION
	read_counter x19
	hvc	#0
	read_counter x20
	probe_end x19, x20

	probe	gicd_typer_read
	mov	x1, #GICD_BASE
	read_counter x19
	ldr	w0, [x1, #GICD_TYPER]
	read_counter x20
	probe_end x19, x20

	probe	idreg_read
	read_counter x19
	mrs	x0, id_aa64pfr0_el1
	read_counter x20
	probe_end x19, x20

	probe	uart_read
	mov	x1, #UART_BASE
	read_counter x19
	ldr	w0, [x1, #UART_FR]
	read_counter x20
	probe_end x19, x20

	/* To ourselves. It is taken as soon as the write has been done; sgi_taken leaves the count in x20. */
	probe	sgi_self_total
	vectors_at sgi_vectors
	mov	x0, #(PROBE_SGI << 24)
	orr	x0, x0, #1			/* the target list: Aff0 = 0 */
	mov	x20, xzr
	msr	daifclr, #2
	read_counter x19
	msr	S3_0_C12_C11_5, x0		/* ICC_SGI1R_EL1 */
1:	cbz	x20, 1b
	msr	daifset, #2
	probe_end x19, x20

	/* From the instant the timer was set for to the handler's first instruction. */
	probe	vtimer_irq
	vectors_at timer_vectors
	mov	x20, xzr
	mrs	x19, cntvct_el0
	add	x19, x19, #1000
	msr	cntv_cval_el0, x19
	mov	x0, #1				/* CNTV_CTL_EL0.ENABLE */
	msr	cntv_ctl_el0, x0
	isb
	msr	daifclr, #2
1:	cbz	x20, 1b
	msr	daifset, #2
	probe_end x19, x20

	/*
	 * The same out of WFI: the CPU sleeps long before. What EL2 does to fall asleep is over then, and not counted.
	 */
	probe	vtimer_wfi
	vectors_at timer_vectors
	mov	x20, xzr
	mov	x1, #SLEEP_TICKS
	mrs	x19, cntvct_el0
	add	x19, x19, x1
	msr	cntv_cval_el0, x19
	mov	x0, #1
	msr	cntv_ctl_el0, x0
	isb
	msr	daifclr, #2
1:	wfi
	cbz	x20, 1b
	msr	daifset, #2
	probe_end x19, x20

	vectors	sgi_vectors, 5
	mrs	x0, S3_0_C12_C12_0		/* ICC_IAR1_EL1 */
	msr	S3_0_C12_C12_1, x0		/* ICC_EOIR1_EL1 */
	read_counter x20
	eret

	vectors	timer_vectors, 5
	mrs	x20, cntvct_el0
	msr	cntv_ctl_el0, xzr
	isb
	mrs	x0, S3_0_C12_C12_0
	msr	S3_0_C12_C12_1, x0
	eret
