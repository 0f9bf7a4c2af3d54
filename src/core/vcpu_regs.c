/*
 * A vCPU's general registers, and how an emulated instruction ends: see include/vitrine/vcpu.h. Pure.
 */
#include "core/aarch32.h"
#include "core/vcpu_internal.h"

enum vt_err vcpu_get_gpr(const struct vcpu *vcpu, unsigned index, uint64_t *value)
{
	return vcpu_frame_get_gpr(&vcpu->frame, index, value);
}

enum vt_err vcpu_set_gpr(struct vcpu *vcpu, unsigned index, uint64_t value)
{
	return vcpu_frame_set_gpr(&vcpu->frame, index, value);
}

void vcpu_set_return_value(struct vcpu *vcpu, uint64_t value)
{
	vcpu->frame.x[0] = value;
}

/* Outside vcpu_run() ESR_EL2 may be another's. */
void vcpu_advance_pc(struct vcpu *vcpu)
{
	if (vcpu->frame.pstate & PSTATE_AARCH32)
		aarch32_advance(&vcpu->frame, vcpu->exit.esr);
	else
		vcpu_advance(vcpu);
}

void vcpu_complete_mmio_read(struct vcpu *vcpu, const struct mmio_access *access, uint64_t value)
{
	value = mmio_read_value(access, value);
	vcpu->note.value = value;
	set_gpr(vcpu, access->reg, value);
	vcpu_advance_pc(vcpu);
}

uint64_t vcpu_mmio_write_value(const struct vcpu *vcpu, const struct mmio_access *access)
{
	return mmio_write_value(vcpu, access);
}
