/*
 * What the core calls and a hypervisor may do without: in libvcpu.a only, and weak, so that the
 * embedder's own definition of any of them takes its place. See include/vitrine/embed.h.
 */
#include <vitrine/embed.h>

#include "core/fault.h"
#include "lib/log.h"
#include "trace/trace.h"

#define WEAK __attribute__((weak))

WEAK void log_line(const char *format, ...)
{
	(void)format;
}

/* Without a console there is nobody to tell: stop here, where a debugger finds it. */
WEAK _Noreturn void panic(const char *format, ...)
{
	(void)format;
	for (;;)
		__asm__ volatile("wfi");
}

WEAK void el2_fault(uint64_t kind, const struct fault_frame *frame)
{
	panic("EL2 exception, vector %u, lr 0x%llx", (unsigned)kind,
	      (unsigned long long)frame->x[30]);
}

/* The library has no trace. */
WEAK void trace_emit(struct trace_ring *ring, uint64_t word0, uint64_t word1, uint64_t word2)
{
	(void)ring;
	(void)word0;
	(void)word1;
	(void)word2;
}

WEAK void trace_emit_words(struct trace_ring *ring, uint64_t word0, const uint64_t *words)
{
	(void)ring;
	(void)word0;
	(void)words;
}

WEAK void trace_exit(struct trace_ring *ring, uint64_t word0, uint64_t begin, uint64_t now,
		     uint64_t esr, uint64_t pc, const struct trace_note *note, bool has_value)
{
	(void)ring;
	(void)word0;
	(void)begin;
	(void)now;
	(void)esr;
	(void)pc;
	(void)note;
	(void)has_value;
}

/* No device, no interrupt controller: what cannot be answered leaves vcpu_run(). */
WEAK bool embed_mmio_read(struct vcpu *vcpu, const struct mmio_access *access, uint64_t *value)
{
	(void)vcpu;
	(void)access;
	(void)value;
	return false;
}

WEAK bool embed_mmio_write(struct vcpu *vcpu, const struct mmio_access *access, uint64_t value)
{
	(void)vcpu;
	(void)access;
	(void)value;
	return false;
}

WEAK void embed_send_sgi(struct vcpu *vcpu, uint64_t value)
{
	(void)vcpu;
	(void)value;
}

WEAK bool embed_sysreg_read(struct vcpu *vcpu, uint32_t key, uint64_t *value)
{
	(void)vcpu;
	(void)key;
	(void)value;
	return false;
}

WEAK bool embed_sysreg_write(struct vcpu *vcpu, uint32_t key, uint64_t value)
{
	(void)vcpu;
	(void)key;
	(void)value;
	return false;
}

WEAK void embed_pmu_line(struct vcpu *vcpu, bool level)
{
	(void)vcpu;
	(void)level;
}

WEAK bool embed_may_resume_from_wait(struct vcpu *vcpu)
{
	(void)vcpu;
	return false;
}

WEAK enum exit_action embed_interrupt(struct vcpu *vcpu, uint32_t *intid)
{
	(void)vcpu;
	*intid = EMBED_INTERRUPT_UNTAKEN;
	return EXIT_LEAVE;
}

/* It would come again at once, for ever. */
WEAK void embed_el2_interrupt(void)
{
	panic("an interrupt at EL2, and no embed_el2_interrupt()");
}

WEAK enum vt_err embed_inject_interrupt(struct vcpu *vcpu, uint32_t intid)
{
	(void)vcpu;
	(void)intid;
	return VT_ENOSYS;
}
