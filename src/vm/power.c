/*
 * PSCI for one VM: the state machine of core/psci_state.c under LOCK_VM, and what its effects mean
 * here. Called on the home CPU of the vCPU concerned.
 *
 * CPU_OFF and CPU_ON may cross: whoever is first under the lock wins, and the start of a vCPU that
 * is still on its way out waits in `requests` until its home CPU has taken it out of the hardware.
 */
#include <vitrine/percpu.h>

#include "core/psci.h"
#include "hal/arm64.h"
#include "lib/log.h"
#include "trace/clock.h"
#include "trace/writers.h"
#include "vm/vm.h"

void vm_power_init(struct vm *vm)
{
	psci_init(&vm->psci, vm->vcpus, vm->config->ram_base, vm->config->ram_bytes,
		  READ_SYSREG(CNTFRQ_EL0));
	psci_boot(&vm->psci, vm->guest.entry_ipa, vm->guest.dtb_ipa);
}

static struct psci_cpu *power_of(struct vm_vcpu *vcpu)
{
	return &vcpu->vm->psci.cpu[vcpu->index];
}

enum vt_err vm_power_enter(struct vm_vcpu *vcpu)
{
	/* Nobody changes these two while it is pending or powered down. */
	const struct psci_cpu *power = power_of(vcpu);
	const enum vt_err err = vcpu_reset(&vcpu->core);

	return err ? err : vcpu_set_entry(&vcpu->core, power->entry, power->context);
}

void vm_power_started(struct vm_vcpu *vcpu)
{
	spin_lock(&vcpu->vm->lock);
	psci_started(&vcpu->vm->psci, vcpu->index);
	spin_unlock(&vcpu->vm->lock);
}

bool vm_power_is_down(struct vm_vcpu *vcpu)
{
	return power_of(vcpu)->sleep == PSCI_POWER_DOWN;
}

/* Only this CPU changes `sleep`, so that WFI, which wakes far more often, does not take the lock. */
bool vm_power_wake(struct vm_vcpu *vcpu)
{
	bool was_down;

	if (power_of(vcpu)->sleep == PSCI_AWAKE)
		return false;
	spin_lock(&vcpu->vm->lock);
	was_down = psci_wake(&vcpu->vm->psci, vcpu->index, trace_clock());
	spin_unlock(&vcpu->vm->lock);
	return was_down;
}

static void take_effect(struct vm_vcpu *vcpu, const struct psci_outcome *outcome)
{
	struct vm *vm = vcpu->vm;

	switch (outcome->effect) {
	case PSCI_ANSWER:
		break;
	case PSCI_START_CPU:
		vm_request(vm->vcpu[outcome->target], REQUEST_POWER_ON);
		break;
	case PSCI_STOP_LAST:
		log_line("vm %s: every vcpu is off, none is left to switch one on: this is its end",
			 vm->config->name);
		vm_stop(vm, VM_POWERING_OFF);
		__attribute__((fallthrough));
	case PSCI_STOP_SELF:
		vcpu_set_state(&vcpu->core, VCPU_OFF);
		break;
	case PSCI_SLEEP:
		vcpu_set_state(&vcpu->core, VCPU_BLOCKED);
		break;
	case PSCI_OFF:
		vm_stop(vm, VM_POWERING_OFF);
		break;
	case PSCI_RESET:
		vm_stop(vm, VM_RESETTING);
		break;
	case PSCI_WARM_RESET:
		vm_stop(vm, VM_WARM_RESETTING);
		break;
	}
}

int64_t vm_psci(struct vm_vcpu *vcpu)
{
	struct vm *vm = vcpu->vm;
	struct psci_outcome outcome;

	spin_lock(&vm->lock);
	outcome = psci_call(&vm->psci, vcpu->index, vcpu->core.exit.call.function,
			    vcpu->core.frame.x, trace_clock());
	spin_unlock(&vm->lock);
	trace_PSCI_CALL(this_cpu()->ring, vcpu->core.id,
			outcome.effect == PSCI_START_CPU ? vm->vcpu[outcome.target]->core.id
							 : vcpu->core.id,
			vcpu->core.exit.call.function, (uint32_t)outcome.result);
	take_effect(vcpu, &outcome);
	return outcome.result;
}
