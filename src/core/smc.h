/*
 * The call down to EL3. EL2 makes it for a guest only where the manifest names the function
 * (smc-allow): the guest's addresses mean nothing there.
 */
#ifndef CORE_SMC_H
#define CORE_SMC_H

#include <stdint.h>

#define SMC_REGISTERS 18u /* x0-x17: arguments and results, SMCCC 1.2 */

/* SMC #0 with x0-x17 from `x`, whose results go back there. asm/smc.S. */
void smc_call(uint64_t x[static SMC_REGISTERS]);

#endif
