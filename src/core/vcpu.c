/*
 * The life of a vCPU: made, reset, loaded, run, put. See include/vitrine/vcpu.h. A vCPU belongs to
 * one CPU at a time, so nothing here locks.
 */
#include <vitrine/percpu.h>
#include <vitrine/vcpu.h>

#include "core/dispatch.h"
#include "core/esr.h"
#include "core/guest_debug.h"
#include "core/id_regs.h"
#include "core/perf_hook.h"
#include "core/pmu.h"
#include "core/sysregs.h"
#include "core/traps.h"
#include "hal/arm64.h"
#include "lib/string.h"

#define VCPU_ID_LIMIT 255u

#define MPIDR_RES1 BIT(31)

#define VTTBR_VMID    GENMASK(63, 48)
#define VTTBR_BADDR   GENMASK(47, 12)
#define VTCR_VS	      BIT(19) /* 16-bit VMIDs */
#define PFR0_EL0      GENMASK(3, 0)
#define PFR0_EL0_BOTH 2 /* AArch64 and AArch32 */
#define VMID_LIMIT_8  (1u << 8)
#define VMID_LIMIT_16 (1u << 16)

static uint64_t changed(uint64_t value, struct vcpu_bits bits)
{
	return (value | bits.set) & ~bits.clear;
}

/* These hold for every guest: they keep it in stage 2, at EL1, in AArch64, and its FP registers ours to switch. */
static bool is_safe(uint64_t hcr, uint64_t cptr)
{
	return (hcr & (HCR_VM | HCR_RW | HCR_E2H | HCR_TGE)) == (HCR_VM | HCR_RW) &&
	       !(cptr & CPTR_TFP);
}

enum vt_err vcpu_init(struct vcpu *vcpu, const struct vcpu_setup *setup)
{
	const uint64_t pauth = cpu_has_pauth() ? HCR_API | HCR_APK : 0;
	const struct hidden_traps hidden = cpu_hidden_traps();
	const uint64_t hcr = changed(HCR_DEFAULT | pauth | hidden.hcr, setup->hcr);
	const uint64_t cptr = changed(CPTR_DEFAULT | hidden.cptr, setup->cptr);

	if (setup->id >= VCPU_ID_LIMIT || !is_safe(hcr, cptr))
		return VT_EINVAL;

	memset(vcpu, 0, sizeof(*vcpu));
	vcpu->id = setup->id;
	vcpu->open.to_word0 = TRACE_WORD0(0, 0, setup->id, 0, 0) +
			      ((uint64_t)TRACE_RESULT_LEFT << TRACE_EXIT_RESULT_SHIFT) -
			      TRACE_WORD0(0, 0, EXIT_LEAVE, 0, 0);
	vcpu->hcr = hcr;
	vcpu->cptr = cptr;
	vcpu->mdcr = changed(MDCR_DEFAULT | hidden.mdcr, setup->mdcr);
	vcpu->cnthctl = changed(CNTHCTL_DEFAULT, setup->cnthctl);
	vcpu->sctlr_reset = changed(SCTLR_EL1_RESET, setup->sctlr_el1);
	vcpu->vttbr = setup->vttbr;
	vcpu->vtcr = setup->vtcr;
	vcpu->vmpidr = setup->mpidr | MPIDR_RES1;
	vcpu->state = VCPU_CREATED;
	vcpu_trace_resume(vcpu); /* no ring yet: nothing follows its exits */
	return vcpu_reset(vcpu);
}

/* VMID 0 stands for "no guest": vcpu_put(). */
enum vt_err vcpu_set_stage2_root(struct vcpu *vcpu, uint64_t root, unsigned vmid)
{
	if ((root & ~VTTBR_BADDR) || vmid == 0 ||
	    vmid >= (vcpu->vtcr & VTCR_VS ? VMID_LIMIT_16 : VMID_LIMIT_8))
		return VT_EINVAL;
	if (vcpu->cpu)
		return VT_ESTATE;

	vcpu->vttbr = root | FIELD_PREP(VTTBR_VMID, vmid);
	return VT_OK;
}

enum vt_err vcpu_reset(struct vcpu *vcpu)
{
	if (vcpu->cpu)
		return VT_ESTATE;

	vcpu_frame_reset(&vcpu->frame);
	memset(&vcpu->fpsimd, 0, sizeof(vcpu->fpsimd));
	vcpu->hcr &= ~HCR_LINES;
	memset(&vcpu->debug, 0, sizeof(vcpu->debug));
	memset(&vcpu->pmu, 0, sizeof(vcpu->pmu));
	sysregs_reset(&vcpu->sysregs);
	vcpu->sysregs.SCTLR_EL1 = vcpu->sctlr_reset;
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

enum vt_err vcpu_load(struct vcpu *vcpu)
{
	struct percpu *cpu = this_cpu();

	/* LAB 03.2 */
	if (vcpu->cpu || cpu->current)
		return VT_ESTATE;

	sysregs_restore(&vcpu->sysregs);
	fpsimd_restore(&vcpu->fpsimd);
	WRITE_SYSREG(HCR_EL2, vcpu->hcr);
	WRITE_SYSREG(CPTR_EL2, vcpu->cptr);
	WRITE_SYSREG(MDCR_EL2, vcpu->mdcr | cpu->event_counters);
	WRITE_SYSREG(CNTHCTL_EL2, vcpu->cnthctl);
	WRITE_SYSREG(VTCR_EL2, vcpu->vtcr);
	WRITE_SYSREG(VTTBR_EL2, vcpu->vttbr);
	WRITE_SYSREG(VMPIDR_EL2, vcpu->vmpidr);
	if (vcpu->debug.in_hardware)
		guest_debug_load(&vcpu->debug);
	if (guest_pmu_is_used(&vcpu->pmu))
		guest_pmu_load(&vcpu->pmu);
	/* The ERET that enters the guest synchronises all of it. */
	vcpu->cpu = cpu;
	vcpu->ring = cpu->ring;
	cpu->current = vcpu;
	if (__builtin_expect(vcpu->ring != 0, 0))
		vcpu_trace_resume(vcpu);
	return VT_OK;
	/* END LAB */
}

enum vt_err vcpu_put(struct vcpu *vcpu)
{
	struct percpu *cpu = this_cpu();

	/* LAB 03.2 */
	if (vcpu->cpu != cpu)
		return VT_ESTATE;

	if (__builtin_expect(vcpu->ring != 0, 0))
		vcpu_trace_pause(vcpu);
	if (guest_pmu_is_used(&vcpu->pmu))
		guest_pmu_put(vcpu);
	if (vcpu->debug.in_hardware)
		guest_debug_put();
	fpsimd_save(&vcpu->fpsimd);
	sysregs_store(&vcpu->sysregs);
	/* The CPU clears VSE when the guest takes its SError. (Arm ARM D19.2, HCR_EL2.VSE.) */
	if (vcpu->hcr & HCR_VSE)
		vcpu->hcr = (vcpu->hcr & ~HCR_VSE) | (READ_SYSREG(HCR_EL2) & HCR_VSE);
	/* VMID 0 has no guest: a stray translation cannot use this VM's tables any more. */
	WRITE_SYSREG(VTTBR_EL2, 0);
	WRITE_SYSREG(HCR_EL2, HCR_RW);
	isb();
	vcpu->cpu = 0;
	cpu->current = 0;
	return VT_OK;
	/* END LAB */
}

/*
 * ERET would take a PSTATE of EL2 at its word, and turn an impossible one into an exception of EL2's own.
 * (Arm ARM D1.3.4, illegal return events.) The CPU never leaves such a PSTATE in the frame; an embedder may.
 */
static bool can_enter(const struct vcpu *vcpu, uint8_t *why)
{
	/* LAB 03.3 */
	const unsigned modes = 1u << PSTATE_EL0 | 1u << PSTATE_EL1T | 1u << PSTATE_EL1H;
	const uint64_t mode = vcpu->frame.pstate & (PSTATE_MODE | PSTATE_AARCH32);

	if (!(vcpu->vttbr & VTTBR_VMID))
		*why = ENTRY_NO_STAGE2;
	else if (modes >> mode & 1)
		return true;
	else if (mode != (PSTATE_AARCH32 | PSTATE_EL0)) /* User mode */
		*why = ENTRY_MODE;
	else if (FIELD_GET(PFR0_EL0, READ_SYSREG(ID_AA64PFR0_EL1)) == PFR0_EL0_BOTH)
		return true;
	else
		*why = ENTRY_NO_AARCH32;
	return false;
	/* END LAB */
}

void vcpu_kick(struct vcpu *vcpu)
{
	__atomic_store_n(&vcpu->kicked, 1, __ATOMIC_RELEASE);
}

/* The exit that has left ends here: vcpu_enter() sees to it, unless the guest is not entered. */
enum vt_err vcpu_run(struct vcpu *vcpu)
{
	uint8_t why;

	if (vcpu->cpu != this_cpu() || vcpu->state != VCPU_RUNNING)
		return VT_ESTATE;

	if (!can_enter(vcpu, &why)) {
		vcpu_exit_done(vcpu);
		vcpu->exit = (struct vcpu_exit){
			.reason = EXIT_FAIL_ENTRY, .pc = vcpu->frame.pc, .fail_entry.why = why};
		return VT_OK;
	}
	if (__atomic_load_n(&vcpu->kicked, __ATOMIC_RELAXED)) {
		__atomic_exchange_n(&vcpu->kicked, 0, __ATOMIC_ACQUIRE);
		vcpu_exit_done(vcpu);
		vcpu->exit = (struct vcpu_exit){.reason = EXIT_NOTHING, .pc = vcpu->frame.pc};
		return VT_OK;
	}
	perf_run();
	vcpu_enter(vcpu, vcpu->cost);
	return VT_OK;
}
