/*
 * Physical interrupts as the scheduler sees them, and the sleep of a CPU that has nobody to run. A vCPU that waits for an interrupt
 * stays loaded while nobody else wants its CPU, so waking it costs no switch, and its own virtual timer wakes it in hardware.
 */
#include "vm/sched_internal.h"

#include <vitrine/embed.h>

#include "dev/console.h"
#include "hal/hal.h"
#include "irq/gic.h"
#include "trace/clock.h"
#include "trace/drain.h"
#include "trace/writers.h"
#include "vm/debug_hook.h"
#include "vm/stop.h"

#define TRACE_FLUSH_MS 250u /* an idle CPU hands out a page that is older, full or not */

/*
 * The virtual timer of a vCPU that waits, still loaded. It stays active: the guest deactivates it
 * through the list register. (In a guest it is embed_interrupt() that sees it.)
 */
static void virtual_timer(struct run_queue *queue)
{
	gic_drop_priority(INTID_VIRT_TIMER);
	if (queue->loaded) {
		queue->loaded->vgic.in_el2 = true;
		vgic_inject_vtimer(&queue->loaded->vgic);
		queue->loaded->vgic.in_el2 = false;
	} else {
		gic_deactivate(INTID_VIRT_TIMER);
	}
}

/*
 * Does a kick mean no more than "you have an interrupt" to the vCPU that runs, with nobody else here? Then the guest need not
 * be left: embed_interrupt() has it synced. (A debugger may mean more.) The request before the phase: vm_stop() writes them the
 * other way round.
 */
static bool is_only_for_running(const struct run_queue *queue)
{
	struct vm_vcpu *vcpu = queue->loaded;

	return queue->count == 1 && !debug_poll_ms() && vcpu && vcpu->core.state == VCPU_RUNNING &&
	       __atomic_load_n(&vcpu->requests, __ATOMIC_ACQUIRE) == REQUEST_INTERRUPT &&
	       VM_PHASE(vm_phase_word(vcpu->vm)) == VM_RUNNING;
}

bool sched_interrupt(uint32_t intid)
{
	struct run_queue *queue = this_queue();

	if (intid == INTID_VIRT_TIMER) {
		virtual_timer(queue);
		return false;
	}
	if (intid >= INTID_SPECIAL)
		return false;

	if (intid == INTID_EL2_PHYS_TIMER)
		sched_el2_timer(queue);
	else if (intid == INTID_PMU && queue->loaded)
		vcpu_pmu_interrupt(&queue->loaded->core);
	else if (intid == INTID_MAINTENANCE && queue->loaded)
		vgic_maintenance(&queue->loaded->vgic);
	else if (intid == hal.uart_intid)
		console_input_poll();
	else if (intid == SGI_STOP)
		stop_here();
	gic_drop_priority(intid);
	gic_deactivate(intid);
	return intid != INTID_MAINTENANCE && (intid != SGI_KICK || !is_only_for_running(queue));
}

/* While a VM's memory is being filled (vm/vm.c). Whoever it concerns runs when that is over. */
void embed_el2_interrupt(void)
{
	struct run_queue *queue = this_queue();

	const uint32_t intid = gic_acknowledge();

	if (intid < INTID_SPECIAL)
		trace_IRQ(this_cpu()->ring, TRACE_NO_VCPU, true, intid);
	sched_interrupt(intid);
	/* No deadline of a vCPU: it may have passed, and would come back without end. sched_set_timer() sees to those. */
	if (sched_has_tick())
		el2_timer_set(trace_clock() + milliseconds(SCHED_TICK_MS));
	__atomic_store_n(&queue->interrupted, true, __ATOMIC_RELAXED);
}

/*
 * Nobody is ready: sleep until an interrupt. Masked interrupts end WFI too. (Arm ARM D1.6.2.) While a debugger talks this
 * CPU stays awake: `busy`.
 *
 * Returns the vCPU that its own timer has woken: what usually ends a sleep. It can go on at once: whoever asks
 * something of this CPU sends an interrupt, and EL2's timer is set as it should be while nobody else is ready.
 */
struct vm_vcpu *sched_idle(struct run_queue *queue, bool busy)
{
	struct vm_vcpu *vcpu = queue->loaded;

	sched_set_timer(queue, 0);
	trace_flush_old(this_cpu()->ring, milliseconds(TRACE_FLUSH_MS));
	/* LAB 10.4 */
	if (!busy)
		wfi();

	const uint32_t intid = gic_acknowledge();

	if (intid != INTID_VIRT_TIMER) {
		if (intid < INTID_SPECIAL)
			trace_IRQ(this_cpu()->ring, TRACE_NO_VCPU, true, intid);
		sched_interrupt(intid);
		return 0;
	}
	virtual_timer(queue);
	if (!vcpu || vcpu->core.state != VCPU_BLOCKED || debug_poll_ms() ||
	    !vgic_would_take_vtimer(&vcpu->vgic))
		return 0;
	sched_wake(queue, vcpu);
	queue->woken = 0;
	return vcpu;
	/* END LAB */
}
