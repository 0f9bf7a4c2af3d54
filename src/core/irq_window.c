/*
 * Interrupts while EL2 itself is busy for long: see include/vitrine/percpu.h. Everywhere else EL2 keeps them masked, and what
 * comes waits for the guest's entry. asm/own_vectors.S calls el2_interrupt().
 */
#include <vitrine/embed.h>
#include <vitrine/percpu.h>

#include "core/dispatch.h"
#include "core/traps.h"
#include "hal/arm64.h"
#include "lib/log.h"
#include "trace/trace.h"

enum vt_err irq_window_open(void)
{
	struct percpu *cpu = this_cpu();

	if (cpu->handles_interrupt)
		return VT_ESTATE;
	if (cpu->irq_windows++ > 0)
		return VT_OK;
#ifdef VT_DEBUG
	if (cpu->locks_held)
		panic("interrupts are let in with locks 0x%x held", cpu->locks_held);
#endif
	/* Without IMO an interrupt is EL1's, and stays pending here. (Arm ARM D1.3.5, routing.) */
	cpu->hcr_before_window = READ_SYSREG(HCR_EL2);
	WRITE_SYSREG(HCR_EL2, cpu->hcr_before_window | HCR_IMO);
	isb();
	irq_unmask();
	return VT_OK;
}

enum vt_err irq_window_close(void)
{
	struct percpu *cpu = this_cpu();

	if (cpu->handles_interrupt || cpu->irq_windows == 0)
		return VT_ESTATE;
	if (--cpu->irq_windows > 0)
		return VT_OK;
	irq_mask();
	/* A handler may have moved one of the guest's lines. */
	if (!(cpu->hcr_before_window & HCR_IMO))
		WRITE_SYSREG(HCR_EL2, READ_SYSREG(HCR_EL2) & ~HCR_IMO);
	isb();
	return VT_OK;
}

#ifdef VT_DEBUG
/* The handler may write records: what it has interrupted writes none. */
void trace_assert_alone(void)
{
	const struct percpu *cpu = this_cpu();

	if (cpu->irq_windows && !cpu->handles_interrupt)
		panic("a trace record is written with interrupts let in");
}
#endif

/* The exception has masked interrupts, so it does not nest: a window's stack needs room for one. */
void el2_interrupt(void)
{
	struct percpu *cpu = this_cpu();

	cpu->handles_interrupt = true;
	cpu->el2_interrupts++;
	embed_el2_interrupt();
	cpu->handles_interrupt = false;
}
