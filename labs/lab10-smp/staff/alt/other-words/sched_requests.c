/*
 * A CPU does what others have asked of its vCPUs (vm/request.c): an interrupt, a start, the end of a VM, a debugger's hold; and
 * wakes those that sleep.
 */
#include "vm/sched_internal.h"

#include "lib/bits.h"
#include "lib/log.h"
#include "trace/clock.h"
#include "trace/control.h"
#include "trace/writers.h"
#include "vm/debug_hook.h"

/* Its VM stops: take it out of the hardware and count it. */
static TRACE_COLD void park(struct run_queue *queue, struct vm_vcpu *vcpu)
{
	if (queue->loaded == vcpu) {
		vcpu_exit_result(&vcpu->core, TRACE_RESULT_STOPPED);
		sched_unload(queue);
	}
	vcpu_set_state(&vcpu->core, vcpu->vm->crashed ? VCPU_CRASHED : VCPU_OFF);
	vm_parked(vcpu);
}

static OUT_OF_LINE void enter(struct vm_vcpu *vcpu)
{
	if (vm_power_enter(vcpu) != VT_OK)
		panic("vcpu %u can not be switched on in state %s", vcpu->core.id,
		      vcpu_state_name(vcpu->core.state));
}

static TRACE_COLD void power_on(struct vm_vcpu *vcpu)
{
	enter(vcpu);
	/* Others may be sending to it already. */
	spin_lock(&vcpu->vm->vgic.lock);
	vgic_cpu_init(&vcpu->vm->vgic, &vcpu->vgic, vcpu->index);
	spin_unlock(&vcpu->vm->vgic.lock);
	vcpu->timer = (struct vtimer){.offset_ticks = vcpu->timer.offset_ticks};
	trace_CLOCK(this_cpu()->ring, vcpu->core.id, trace_clock(), vcpu->timer.offset_ticks);
	vm_power_started(vcpu);
}

/*
 * Does a blocked vCPU have a reason to go on? `deadline`: its timer, if that is not in hardware
 * now.
 */
static bool is_due(const struct run_queue *queue, struct vm_vcpu *vcpu)
{
	uint64_t deadline = UINT64_MAX;

	if (queue->loaded != vcpu && !vtimer_deadline(&vcpu->timer, &deadline))
		deadline = UINT64_MAX;
	return (deadline != UINT64_MAX && deadline <= trace_clock()) ||
	       vgic_has_pending(&vcpu->vgic);
}

/*
 * Whoever sent the interrupt often spins until it is answered (an IPI between vCPUs of one CPU):
 * let the answer come at once, not at the end of the sender's slice.
 */
OUT_OF_LINE void sched_wake(struct run_queue *queue, struct vm_vcpu *vcpu)
{
	if (vm_power_wake(vcpu))
		enter(vcpu);
	else
		vcpu_set_state(&vcpu->core, VCPU_READY);
	queue->woken = vcpu;
}

/* A debugger has stopped its VM, or has not let it go on: what runs is taken out of the hardware. */
static bool is_held(struct run_queue *queue, struct vm_vcpu *vcpu)
{
	if (debug_must_park(vcpu)) {
		if (queue->loaded == vcpu)
			sched_unload(queue);
		debug_parked(vcpu);
	}
	return debug_holds(vcpu);
}

/* Do what others have asked of this CPU's vCPUs. */
void sched_serve_requests(struct run_queue *queue)
{
	for (struct vm_vcpu **at = queue->vcpu; at < queue->vcpu + queue->count; at++) {
		struct vm_vcpu *vcpu = *at;
		const uint32_t phase = vm_phase_word(vcpu->vm);
		uint32_t requests;

		if (VM_PHASE(phase) == VM_RUNNING) {
			requests = __atomic_exchange_n(&vcpu->requests, 0, __ATOMIC_SEQ_CST);
			if (requests & REQUEST_POWER_ON)
				power_on(vcpu);
			if (vcpu == queue->loaded && requests & REQUEST_INTERRUPT)
				vgic_sync(&vcpu->vgic);
			if (!is_held(queue, vcpu) && vcpu->core.state == VCPU_BLOCKED &&
			    is_due(queue, vcpu))
				sched_wake(queue, vcpu);
		} else if (VM_STOPS(phase) != vcpu->parked_in) {
			vcpu->parked_in = VM_STOPS(phase);
			park(queue, vcpu);
		}
	}
}
