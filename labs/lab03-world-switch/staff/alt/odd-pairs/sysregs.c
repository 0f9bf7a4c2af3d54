/*
 * The registers of core/sysregs.def, moved between a vCPU and the hardware. Called by vcpu_load()
 * and vcpu_put() only.
 */
#include "core/sysregs.h"

#include "core/id_regs.h"
#include "hal/arm64.h"

void sysregs_reset(struct vcpu_sysregs *regs)
{
#define SYSREG(name, bits, reset)	   regs->name = (reset);
#define SYSREG_PAUTH(name, bits, encoding) regs->name = 0;
#include "core/sysregs.def"
}

void sysregs_store(struct vcpu_sysregs *regs)
{
	/* LAB 03.1 */
	if (cpu_has_pauth()) {
#define SYSREG_PAUTH(name, bits, encoding) regs->name = READ_SYSREG(encoding);
#include "core/sysregs.def"
	}
#define SYSREG(name, bits, reset)                         \
	{                                                 \
		const uint64_t value = READ_SYSREG(name); \
		regs->name = value;                       \
	}
#include "core/sysregs.def"
	/* END LAB */
}

void sysregs_restore(const struct vcpu_sysregs *regs)
{
	/* LAB 03.1 */
	const bool keys = cpu_has_pauth();

#define SYSREG_PAUTH(name, bits, encoding) \
	if (keys)                          \
		WRITE_SYSREG(encoding, regs->name);
#define SYSREG(name, bits, reset) WRITE_SYSREG(name, regs->name);
#include "core/sysregs.def"
	/* END LAB */
}
