/*
 * The life of a vCPU: made, reset, loaded, run, put. See include/vitrine/vcpu.h. A vCPU belongs to
 * one CPU at a time, so nothing here locks.
 */
#include <vitrine/percpu.h>
#include <vitrine/vcpu.h>

#include "core/dispatch.h"
#include "core/esr.h"
#include "core/hcr.h"
#include "core/id_regs.h"
#include "core/sysregs.h"
#include "core/vcpu_internal.h"
#include "hal/arm64.h"
#include "lib/string.h"
#include "trace/trace.h"

#define VCPU_ID_LIMIT 255u

#define MPIDR_RES1 BIT(31)

enum vt_err vcpu_init(struct vcpu *vcpu, const struct vcpu_setup *setup)
{
	if (setup->id >= VCPU_ID_LIMIT)
		return VT_EINVAL;

	memset(vcpu, 0, sizeof(*vcpu));
	vcpu->id = setup->id;
	vcpu->hcr = (HCR_DEFAULT | (cpu_has_pauth() ? HCR_API | HCR_APK : 0) | setup->hcr_set) &
		    ~setup->hcr_clear;
	vcpu->vttbr = setup->vttbr;
	vcpu->vtcr = setup->vtcr;
	vcpu->vmpidr = setup->mpidr | MPIDR_RES1;
	vcpu->state = VCPU_CREATED;
	return vcpu_reset(vcpu);
}

enum vt_err vcpu_reset(struct vcpu *vcpu)
{
	if (vcpu->cpu)
		return VT_ESTATE;

	memset(&vcpu->frame, 0, sizeof(vcpu->frame));
	memset(&vcpu->fpsimd, 0, sizeof(vcpu->fpsimd));
	vcpu->frame.pstate = PSTATE_EL1H | PSTATE_DAIF;
	vcpu->mdscr = 0;
	sysregs_reset(&vcpu->sysregs);
	return vcpu->state == VCPU_CREATED ? VT_OK : vcpu_set_state(vcpu, VCPU_CREATED);
}

enum vt_err vcpu_set_entry(struct vcpu *vcpu, uint64_t pc, uint64_t x0)
{
	if (vcpu->state != VCPU_CREATED && vcpu->state != VCPU_OFF)
		return VT_ESTATE;

	vcpu->frame.pc = pc;
	vcpu->frame.x[0] = x0;
	return vcpu_set_state(vcpu, VCPU_READY);
}

/* Row: from; bits: to. Anything can be reset, stopped or crash. */
#define TO(state) (1u << VCPU_##state)
static const uint8_t transitions[VCPU_STATES] = {
	[VCPU_CREATED] = TO(READY) | TO(OFF) | TO(CRASHED),
	[VCPU_READY] = TO(RUNNING) | TO(OFF) | TO(STOPPED) | TO(CRASHED) | TO(CREATED),
	[VCPU_RUNNING] =
		TO(READY) | TO(BLOCKED) | TO(OFF) | TO(STOPPED) | TO(CRASHED) | TO(CREATED),
	[VCPU_BLOCKED] = TO(READY) | TO(OFF) | TO(STOPPED) | TO(CRASHED) | TO(CREATED),
	[VCPU_OFF] = TO(READY) | TO(CREATED) | TO(CRASHED),
	[VCPU_STOPPED] = TO(READY) | TO(BLOCKED) | TO(OFF) | TO(CRASHED) | TO(CREATED),
	[VCPU_CRASHED] = TO(CREATED),
};

enum vt_err vcpu_set_state(struct vcpu *vcpu, enum vcpu_state state)
{
	if ((unsigned)state >= VCPU_STATES || !(transitions[vcpu->state] & 1u << state))
		return VT_ESTATE;

	vcpu->state = state;
	trace_event(this_cpu()->ring, TRACE_VCPU_STATE, vcpu->id, state);
	return VT_OK;
}

const char *vcpu_state_name(unsigned state)
{
	static const char *const names[VCPU_STATES] = {"created", "ready",   "running", "blocked",
						       "off",	  "stopped", "crashed"};

	return state < VCPU_STATES ? names[state] : "?";
}

enum vt_err vcpu_get_gpr(const struct vcpu *vcpu, unsigned index, uint64_t *value)
{
	if (index > 31)
		return VT_EINVAL;
	*value = gpr(vcpu, index);
	return VT_OK;
}

enum vt_err vcpu_set_gpr(struct vcpu *vcpu, unsigned index, uint64_t value)
{
	if (index > 31)
		return VT_EINVAL;
	set_gpr(vcpu, index, value);
	return VT_OK;
}

void vcpu_advance_pc(struct vcpu *vcpu)
{
	vcpu_advance(vcpu);
}

void vcpu_complete_mmio_read(struct vcpu *vcpu, const struct mmio_access *access, uint64_t value)
{
	value = mmio_read_value(access, value);
	vcpu->note.value = value;
	set_gpr(vcpu, access->reg, value);
	vcpu_advance(vcpu);
}

uint64_t vcpu_mmio_write_value(const struct vcpu *vcpu, const struct mmio_access *access)
{
	return mmio_write_value(vcpu, access);
}

enum vt_err vcpu_load(struct vcpu *vcpu)
{
	struct percpu *cpu = this_cpu();

	if (vcpu->cpu || cpu->current)
		return VT_ESTATE;

	sysregs_restore(&vcpu->sysregs);
	fpsimd_restore(&vcpu->fpsimd);
	WRITE_SYSREG(HCR_EL2, vcpu->hcr);
	WRITE_SYSREG(VTCR_EL2, vcpu->vtcr);
	WRITE_SYSREG(VTTBR_EL2, vcpu->vttbr);
	WRITE_SYSREG(VMPIDR_EL2, vcpu->vmpidr);
	/* The ERET that enters the guest synchronises all of it. */
	vcpu->cpu = cpu;
	vcpu->ring = cpu->ring;
	cpu->current = vcpu;
	return VT_OK;
}

enum vt_err vcpu_put(struct vcpu *vcpu)
{
	struct percpu *cpu = this_cpu();

	if (vcpu->cpu != cpu)
		return VT_ESTATE;

	fpsimd_save(&vcpu->fpsimd);
	sysregs_store(&vcpu->sysregs);
	/* VMID 0 has no guest: a stray translation cannot use this VM's tables any more. */
	WRITE_SYSREG(VTTBR_EL2, 0);
	WRITE_SYSREG(HCR_EL2, HCR_RW);
	isb();
	vcpu->cpu = 0;
	cpu->current = 0;
	return VT_OK;
}

enum vt_err vcpu_run(struct vcpu *vcpu)
{
	if (vcpu->cpu != this_cpu() || vcpu->state != VCPU_RUNNING)
		return VT_ESTATE;

	vcpu_exit_done(vcpu);
	vcpu_enter(vcpu);
	return VT_OK;
}
