/*
 * One probe for each reason to exit that a guest can cause by itself: probe.inc says what a probe is. Where EL2's answer
 * is an exception, the count ends with the first instruction of the guest's handler, which goes on at x21.
 */
#include "probe.inc"

#define CPACR_VECTORS (3 << 20 | 3 << 16) /* FP and SVE are not trapped by EL1 itself */

	.macro	call_probe name, conduit, function, argument
	probe	\name
	ldr	x0, =\function
	ldr	x1, =\argument
	mov	x2, xzr
	mov	x3, xzr
	read_counter x19
	\conduit #0
	read_counter x20
	probe_end x19, x20
	.endm

	call_probe psci_features, hvc, PSCI_FEATURES, PSCI_VERSION
	call_probe psci_affinity_info, hvc, PSCI_AFFINITY_INFO, 0
	call_probe psci_cpu_on, hvc, PSCI_CPU_ON, 0	/* ourselves: ALREADY_ON */
	call_probe hvc_vendor, hvc, VITRINE_FEATURES, 0
	call_probe hvc_unknown, hvc, NO_FUNCTION, 0
	call_probe smc_psci_version, smc, PSCI_VERSION, 0
	call_probe smc_refused, smc, NO_FUNCTION, 0

	.macro	access_probe name, address, instruction:vararg
	probe	\name
	ldr	x1, =\address
	mov	w0, #1 << PROBE_SGI
	read_counter x19
	\instruction
	read_counter x20
	probe_end x19, x20
	.endm

	access_probe gicd_write, GICD_BASE + ISENABLER + 4, str w0, [x1]
	access_probe gicr_typer_read, GICR_BASE + GICR_TYPER, ldr x0, [x1]
	access_probe gicr_write, GICR_SGI_BASE + ISENABLER, str w0, [x1]
	access_probe uart_write, UART_BASE + UART_IMSC, str wzr, [x1]
	access_probe gicd_pair_read, GICD_BASE, ldp w2, w3, [x1]	/* no syndrome: decoded */

	.macro	sysreg_probe name, instruction:vararg
	probe	\name
	mov	x0, xzr
	read_counter x19
	\instruction
	read_counter x20
	probe_end x19, x20
	.endm

	sysreg_probe mdscr_read, mrs x0, mdscr_el1
	sysreg_probe mdscr_write, msr mdscr_el1, x0
	sysreg_probe pmcr_read, mrs x0, pmcr_el0
	sysreg_probe cntp_read, mrs x0, cntp_cval_el0
	sysreg_probe cntp_write, msr cntp_cval_el0, x0
	sysreg_probe set_way, dc isw, x0
	sysreg_probe sgi_to_nobody, msr S3_0_C12_C11_5, x0	/* an empty target list */

	.macro	fault_probe name, instruction:vararg
	probe	\name
	vectors_at fault_vectors
	ldr	x1, =CPACR_VECTORS
	msr	cpacr_el1, x1
	isb
	ldr	x1, =NOWHERE
	adr	x21, 1f
	read_counter x19
	\instruction
1:	probe_end x19, x20
	.endm

	/* Both are there for CPUs that have the register and the instruction: -cpu max. */
	fault_probe undefined_sysreg, mrs x0, S3_0_C10_C4_0		/* LORSA_EL1 */
	fault_probe hidden_feature, .inst 0x04bf5020			/* rdvl x0, #1: SVE */
	fault_probe data_abort, ldr w0, [x1]
	fault_probe fetch_abort, br x1

	/*
	 * A WFI that is over at once: in a handler, with one more interrupt pending that must wait for its end. (Where nothing
	 * holds it back, QEMU does not even trap the WFI.) Nothing is taken: PSTATE.I masks it.
	 */
	probe	wfi_pending
	mov	x0, #(PROBE_SGI << 24)
	orr	x0, x0, #1
	msr	S3_0_C12_C11_5, x0
	isb
	mrs	x21, S3_0_C12_C12_0		/* ICC_IAR1_EL1: active now */
	mov	x0, #(OTHER_SGI << 24)
	orr	x0, x0, #1
	msr	S3_0_C12_C11_5, x0
	read_counter x19
	wfi
	read_counter x20
	msr	S3_0_C12_C12_1, x21		/* ICC_EOIR1_EL1 */
	isb
	mrs	x21, S3_0_C12_C12_0
	msr	S3_0_C12_C12_1, x21
	probe_end x19, x20

	.ltorg

	vectors	fault_vectors, 4
	mrs	x20, cntvct_el0
	msr	elr_el1, x21
	eret
