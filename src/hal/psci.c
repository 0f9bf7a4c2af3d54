/*
 * Power: CPUs on, machine off. QEMU's machines with virtualization=on have their own PSCI, reached by SMC.
 *
 * Source: Arm DEN 0022 (PSCI), DEN 0028 (SMC calling convention), "Semihosting for AArch32 and AArch64".
 */
#include "hal/hal.h"

#define PSCI_CPU_ON_64	UINT64_C(0xc4000003)
#define PSCI_SYSTEM_OFF UINT64_C(0x84000008)

#define SYS_EXIT_EXTENDED	     UINT64_C(0x20)
#define ADP_STOPPED_APPLICATION_EXIT UINT64_C(0x20026)

/* SMCCC 1.0 lets the callee change x0-x17; 1.1 leaves x4-x17 alone, but nobody has asked which one answers. */
static int64_t smc(uint64_t function, uint64_t a1, uint64_t a2, uint64_t a3)
{
	register uint64_t x0 __asm__("x0") = function;
	register uint64_t x1 __asm__("x1") = a1;
	register uint64_t x2 __asm__("x2") = a2;
	register uint64_t x3 __asm__("x3") = a3;

	__asm__ volatile("smc #0"
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
			 :
			 : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14",
			   "x15", "x16", "x17", "memory", "cc");
	return (int64_t)x0;
}

int64_t hal_cpu_on(uint64_t mpidr, uint64_t entry, uint64_t argument)
{
	return smc(PSCI_CPU_ON_64, mpidr, entry, argument);
}

/* Should the firmware decline: nothing is left to run, so wait, interrupts masked. */
_Noreturn void hal_power_off(void)
{
	smc(PSCI_SYSTEM_OFF, 0, 0, 0);
	for (;;)
		__asm__ volatile("wfi");
}

_Noreturn void hal_exit(unsigned status, bool semihosting)
{
	if (semihosting) {
		const uint64_t block[2] = {ADP_STOPPED_APPLICATION_EXIT, status};
		register uint64_t x0 __asm__("x0") = SYS_EXIT_EXTENDED;
		register const uint64_t *x1 __asm__("x1") = block;

		__asm__ volatile("hlt #0xf000" : "+r"(x0) : "r"(x1) : "memory");
	}
	hal_power_off();
}
