/*
 * EL2's timer on each CPU: the end of a time slice, the timers of vCPUs that are not in the hardware, the physical timers of all,
 * and what has to be looked at now and then.
 */
#include "vm/sched_internal.h"

#include "dev/console.h"
#include "dev/virtio_serial.h"
#include "irq/gic.h"
#include "lib/bits.h"
#include "trace/clock.h"
#include "trace/control.h"
#include "trace/drain.h"
#include "trace/writers.h"
#include "vm/debug_hook.h"
#include "vm/sample.h"

/* Let the virtual GIC see where the line of the physical timer is now. */
void sched_update_physical_timer(struct vm_vcpu *vcpu)
{
	struct ptimer *timer = &vcpu->timer.physical;
	const bool line = ptimer_asserts(timer, READ_SYSREG(CNTPCT_EL0));

	if (line == timer->line)
		return;
	timer->line = line;
	if (line)
		trace_TIMER_FIRE(this_cpu()->ring, vcpu->core.id, TRACE_TIMER_PHYSICAL,
				 timer->cval);
	vgic_set_level(&vcpu->vm->vgic, vcpu->index, INTID_EL1_PHYS_TIMER, line);
}

/* Must an expiry be noticed when it happens? (Else it is when the vCPU is loaded.) */
static bool minds_physical_timer(const struct run_queue *queue, const struct vm_vcpu *vcpu)
{
	return vcpu == queue->loaded || vcpu->core.state == VCPU_BLOCKED;
}

/*
 * Several VMs share the terminal: half lines of theirs must appear in time. One CPU sees to it, and to a debugger's port.
 */
bool sched_has_tick(void)
{
	return (vm_count > 1 || debug_poll_ms()) && this_cpu()->index == 0;
}

/*
 * The same CPU hears what the host says about the trace. The deadline is kept, and whether setting a timer must look closer: exits
 * wait for that. Anew when either changes.
 */
OUT_OF_LINE void sched_begin_ticks(struct run_queue *queue)
{
	const struct trace_ring *ring = this_cpu()->ring;
	const bool looks_closer = ring && ring->classes & (TRACE_CLASS_TIMER | TRACE_CLASS_SAMPLE);

	queue->tick_ticks = ring && this_cpu()->index == 0
				    ? trace_clock() + milliseconds(SCHED_TICK_MS)
				    : UINT64_MAX;
	queue->trace_ticks = looks_closer ? 0 : queue->tick_ticks;
}

static unsigned tick_ms(void)
{
	return debug_poll_ms() ? debug_poll_ms() : SCHED_TICK_MS;
}

static TRACE_COLD void tick(void)
{
	struct run_queue *queue = this_queue();

	if (sched_has_tick() || queue->tick_ticks != UINT64_MAX) {
		console_tick();
		virtio_serial_poll();
		trace_listen();
		trace_drain();
	}
	sched_begin_ticks(queue);
}

/* For whose deadline EL2's timer will be set, if it is for one; and a PC sample or a tick may have to come before. */
static TRACE_COLD uint64_t timer_for_trace(struct run_queue *queue, const struct vm_vcpu *running,
					   uint64_t soonest)
{
	const uint64_t sample_ticks = trace_sample_ticks();

	for (unsigned i = 0; i < queue->count; i++) {
		const struct vm_vcpu *vcpu = queue->vcpu[i];
		uint64_t deadline;

		if (ptimer_deadline(&vcpu->timer.physical, &deadline) && deadline == soonest)
			trace_TIMER_SET(this_cpu()->ring, vcpu->core.id, TRACE_TIMER_PHYSICAL,
					soonest);
		if (vcpu != queue->loaded && vtimer_deadline(&vcpu->timer, &deadline) &&
		    deadline == soonest)
			trace_TIMER_SET(this_cpu()->ring, vcpu->core.id, TRACE_TIMER_VIRTUAL,
					soonest);
	}
	if (running && sample_ticks) {
		/* A rate that has just been raised counts at once. */
		const uint64_t next = trace_clock() + sample_ticks;

		if (!queue->sample_ticks || queue->sample_ticks > next)
			queue->sample_ticks = next;
		soonest = MIN(soonest, queue->sample_ticks);
	}
	return MIN(soonest, queue->tick_ticks);
}

/*
 * EL2's timer: the end of the slice if somebody else waits for this CPU, the physical timers of who
 * runs or is blocked, and the virtual timers of blocked vCPUs that are not loaded.
 */
void sched_set_timer(struct run_queue *queue, const struct vm_vcpu *running)
{
	uint64_t soonest = UINT64_MAX;

	/* LAB 10.3 */
	if (running && sched_others_ready(running))
		soonest = queue->slice_end;
	if (sched_has_tick())
		soonest = MIN(soonest, trace_clock() + milliseconds(tick_ms()));
	for (unsigned i = 0; i < queue->count; i++) {
		const struct vm_vcpu *vcpu = queue->vcpu[i];
		uint64_t deadline;

		if (minds_physical_timer(queue, vcpu) &&
		    ptimer_deadline(&vcpu->timer.physical, &deadline))
			soonest = MIN(soonest, deadline);
		if (vcpu != queue->loaded && vcpu->core.state == VCPU_BLOCKED &&
		    vtimer_deadline(&vcpu->timer, &deadline))
			soonest = MIN(soonest, deadline);
	}
	/* END LAB */
	if (this_cpu()->ring)
		soonest = queue->trace_ticks ? MIN(soonest, queue->trace_ticks)
					     : timer_for_trace(queue, running, soonest);
	if (soonest == UINT64_MAX)
		el2_timer_stop();
	else
		el2_timer_set(soonest);
}

void sched_timer_changed(struct vm_vcpu *vcpu)
{
	sched_update_physical_timer(vcpu);
	sched_set_timer(this_queue(), vcpu);
}

/* EL2's timer has expired: for a guest's, for the tick, or for the end of a slice. */
void sched_el2_timer(struct run_queue *queue)
{
	el2_timer_stop();
	if (queue->sample_ticks && trace_clock() >= queue->sample_ticks) {
		queue->sample_ticks = 0; /* sched_set_timer() makes the next */
		if (queue->loaded && queue->loaded->core.state == VCPU_RUNNING)
			sample_guest(queue->loaded);
	}
	tick();
	for (unsigned i = 0; i < queue->count; i++)
		if (minds_physical_timer(queue, queue->vcpu[i]))
			sched_update_physical_timer(queue->vcpu[i]);
}
