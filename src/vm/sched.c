/*
 * The scheduler: see vm/sched.h. Whose turn it is, and the loop that gives it to them. Its other parts: vm/sched_requests.c,
 * vm/sched_timer.c, vm/sched_idle.c.
 */
#include "vm/sched_internal.h"

#include "lib/log.h"
#include "trace/clock.h"
#include "trace/control.h"
#include "trace/writers.h"
#include "vm/debug_hook.h"
#include "vm/stop.h"

struct run_queue sched_queues[HAL_MAX_CPUS];

unsigned sched_place(unsigned wanted)
{
	/* LAB 10.1 */
	unsigned best = 0;

	if (wanted != MANIFEST_ANY_CPU)
		return wanted;
	for (unsigned i = 1; i < hal.cpus; i++)
		if (sched_queues[i].count < sched_queues[best].count)
			best = i;
	return best;
	/* END LAB */
}

enum vt_err sched_add(struct vm_vcpu *vcpu)
{
	struct run_queue *queue = &sched_queues[vcpu->home];

	if (queue->count == SCHED_MAX_VCPUS)
		return VT_ENOMEM;
	queue->vcpu[queue->count++] = vcpu;
	return VT_OK;
}

static void load(struct run_queue *queue, struct vm_vcpu *vcpu)
{
	debug_before_load(vcpu);
	if (vcpu_load(&vcpu->core) != VT_OK)
		panic("vcpu %u does not load", vcpu->core.id);
	debug_loaded(vcpu);
	/*
	 * The timer last: it may fire as soon as it is in, and PPI 27 must then be as this vCPU
	 * left it.
	 */
	sched_update_physical_timer(vcpu);
	vgic_load(&vcpu->vgic);
	vtimer_load(&vcpu->timer);
	queue->loaded = vcpu;
}

void sched_unload(struct run_queue *queue)
{
	struct vm_vcpu *vcpu = queue->loaded;

	if (!vcpu)
		return;
	vtimer_put(&vcpu->timer);
	vgic_put(&vcpu->vgic);
	debug_before_put(vcpu);
	if (vcpu_put(&vcpu->core) != VT_OK)
		panic("vcpu %u does not unload", vcpu->core.id);
	queue->loaded = 0;
}

/* Another one gets the CPU, while this one's exit may still be open. */
static void give_way(struct run_queue *queue)
{
	if (this_cpu()->ring && queue->loaded && queue->loaded->core.state == VCPU_READY)
		vcpu_exit_result(&queue->loaded->core, TRACE_RESULT_SWITCHED);
	sched_unload(queue);
}

static struct vm_vcpu *pick(struct run_queue *queue)
{
	/* LAB 10.1 */
	const uint64_t now = trace_clock();
	struct vm_vcpu *woken = queue->woken;

	queue->woken = 0;
	if (woken && woken->core.state == VCPU_READY && now < queue->slice_end)
		return woken;
	for (unsigned i = 0; i < queue->count; i++) {
		const unsigned place = (queue->next + i) % queue->count;

		if (queue->vcpu[place]->core.state == VCPU_READY) {
			queue->next = (place + 1) % queue->count;
			queue->slice_end = now + milliseconds(SCHED_SLICE_MS);
			return queue->vcpu[place];
		}
	}
	return 0;
	/* END LAB */
}

bool sched_others_ready(const struct vm_vcpu *vcpu)
{
	/* LAB 10.1 */
	const struct run_queue *queue = this_queue();

	for (unsigned i = 0; i < queue->count; i++)
		if (queue->vcpu[i] != vcpu && queue->vcpu[i]->core.state == VCPU_READY)
			return true;
	return false;
	/* END LAB */
}

/* What is traced has changed: this CPU takes it over, with the vCPU that it has loaded. */
static TRACE_COLD void apply_trace(struct run_queue *queue)
{
	struct trace_ring *ring = this_cpu()->ring;
	struct vm_vcpu *vcpu = queue->loaded;

	if (vcpu)
		vcpu_trace_pause(&vcpu->core);
	trace_apply(ring);
	sched_begin_ticks(queue);
	percpu_enable(this_cpu(), ring->level != TRACE_LEVEL_OFF);
	if (vcpu) {
		vcpu_trace_resume(&vcpu->core);
		debug_vectors(vcpu);
		vgic_sync(&vcpu->vgic);
	}
}

/* Each second or so, when the CPU is here anyway: how this vCPU's time lies to the host's. */
static __attribute__((noinline)) void snapshot_clock(struct run_queue *queue,
						     const struct vm_vcpu *vcpu)
{
	const uint64_t now = trace_clock();

	if (now - queue->clock_ticks < READ_SYSREG(CNTFRQ_EL0))
		return;
	queue->clock_ticks = now;
	trace_CLOCK(this_cpu()->ring, vcpu->core.id, now, vcpu->timer.offset_ticks);
}

static void switch_to(struct run_queue *queue, struct vm_vcpu *vcpu)
{
	if (queue->loaded != vcpu) {
		give_way(queue);
		load(queue, vcpu);
	}
	if (trace_wants(this_cpu()->ring, TRACE_CLASS_CLOCK))
		snapshot_clock(queue, vcpu);
	sched_set_timer(queue, vcpu);
}

/* In the guest until something other than a plain exit ends its turn. */
static void run(struct run_queue *queue, struct vm_vcpu *vcpu)
{
	vcpu_set_state(&vcpu->core, VCPU_RUNNING);
	trace_SCHED_IN(this_cpu()->ring, vcpu->core.id);
	do {
		if (vcpu_run(&vcpu->core) != VT_OK)
			panic("vcpu %u does not run", vcpu->core.id);
		vm_handle_exit(vcpu);
	} while (vcpu->core.state == VCPU_RUNNING &&
		 vcpu->core.exit.reason != EXIT_EXTERNAL_INTERRUPT &&
		 VM_PHASE(vm_phase_word(vcpu->vm)) == VM_RUNNING && !debug_wants_stop(vcpu));

	if (vcpu->core.state == VCPU_RUNNING)
		vcpu_set_state(&vcpu->core, VCPU_READY);
	trace_SCHED_OUT(this_cpu()->ring, vcpu->core.id, vcpu->core.state);
	/*
	 * One that is off, or powered down, is reset when it goes on: it must not be in hardware
	 * then.
	 */
	if (vcpu->core.state == VCPU_OFF || vm_power_is_down(vcpu))
		sched_unload(queue);
}

void sched_loop(void)
{
	struct run_queue *queue = this_queue();

	stop_expect();
	sched_begin_ticks(queue);
	for (;;) {
		bool busy;

		if (trace_must_apply(this_cpu()->ring))
			apply_trace(queue);

		/* LAB 10.2 */
		/* Who has kicked us in a window of sched_serve_requests() may be one that we had passed. */
		do {
			__atomic_store_n(&queue->interrupted, false, __ATOMIC_RELAXED);
			busy = debug_poll();
			sched_serve_requests(queue);
		} while (__atomic_load_n(&queue->interrupted, __ATOMIC_RELAXED));
		/* END LAB */

		struct vm_vcpu *vcpu = pick(queue);

		if (vcpu)
			switch_to(queue, vcpu);
		else
			vcpu = sched_idle(queue, busy);
		if (vcpu)
			run(queue, vcpu);
	}
}
