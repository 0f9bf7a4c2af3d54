/*
 * PSCI power control of one VM's vCPUs. Takes LOCK_VM.
 *
 * Source: Arm DEN0022, 5.4 (CPU_OFF), 5.6 (CPU_ON), 5.7 (AFFINITY_INFO), 6.6 (races between them).
 */
#include "core/psci.h"
#include "vm/vm.h"

#define MPIDR_AFFINITY UINT64_C(0xff00ffffff)

/* NULL when the VM has no such CPU: bits outside the affinity fields must be zero. */
static struct vm_vcpu *by_mpidr(struct vm *vm, uint64_t mpidr)
{
	return (mpidr & ~MPIDR_AFFINITY) == 0 && mpidr < vm->vcpus ? vm->vcpu[mpidr] : 0;
}

/* Only CPU_ON ends OFF, and only another vCPU of the VM calls that: with all of them off, it has ended. */
bool vm_switch_off(struct vm_vcpu *vcpu)
{
	struct vm *vm = vcpu->vm;
	bool all_off = true;

	spin_lock(&vm->lock);
	vcpu->power = POWER_OFF;
	for (unsigned i = 0; i < vm->vcpus; i++)
		all_off &= vm->vcpu[i]->power == POWER_OFF;
	spin_unlock(&vm->lock);
	return all_off;
}

void vm_power_set(struct vm_vcpu *vcpu, enum power_state power)
{
	spin_lock(&vcpu->vm->lock);
	vcpu->power = power;
	spin_unlock(&vcpu->vm->lock);
}

int64_t vm_cpu_on(struct vm *vm, uint64_t mpidr, uint64_t entry, uint64_t context)
{
	struct vm_vcpu *vcpu = by_mpidr(vm, mpidr);

	if (!vcpu)
		return PSCI_INVALID_PARAMETERS;
	if (entry - vm->config->ram_base >= vm->config->ram_bytes || (entry & 3))
		return PSCI_INVALID_ADDRESS;

	spin_lock(&vm->lock);

	const enum power_state power = vcpu->power;

	if (power == POWER_OFF) {
		vcpu->power = POWER_ON_PENDING;
		vcpu->on_entry = entry;
		vcpu->on_context = context;
	}
	spin_unlock(&vm->lock);

	if (power == POWER_ON)
		return PSCI_ALREADY_ON;
	if (power == POWER_ON_PENDING)
		return PSCI_ON_PENDING;
	vm_request(vcpu, REQUEST_POWER_ON);
	return PSCI_SUCCESS;
}

int64_t vm_affinity_info(struct vm *vm, uint64_t mpidr, uint64_t level)
{
	struct vm_vcpu *vcpu = by_mpidr(vm, mpidr);
	int64_t power;

	/* Levels above 0 are optional in PSCI 1.x. */
	if (!vcpu || level != 0)
		return PSCI_INVALID_PARAMETERS;

	spin_lock(&vm->lock);
	power = vcpu->power;
	spin_unlock(&vm->lock);
	return power;
}
