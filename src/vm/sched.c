/*
 * The scheduler: see vm/sched.h. A vCPU that waits for an interrupt stays loaded while nobody else
 * wants its CPU, so waking it costs no switch, and its own virtual timer wakes it in hardware.
 */
#include "vm/sched.h"

#include <vitrine/embed.h>
#include <vitrine/percpu.h>

#include "dev/console.h"
#include "dev/virtio_serial.h"
#include "hal/arm64.h"
#include "hal/hal.h"
#include "irq/gic.h"
#include "lib/bits.h"
#include "lib/log.h"
#include "trace/clock.h"
#include "trace/control.h"
#include "trace/drain.h"
#include "trace/writers.h"
#include "vm/debug_hook.h"
#include "vm/sample.h"

#define TICK_MS	       50u
#define TRACE_FLUSH_MS 250u /* an idle CPU hands out a page that is older, full or not */

struct run_queue {
	struct vm_vcpu *vcpu[SCHED_MAX_VCPUS];
	unsigned count;
	unsigned next; /* where the search for the next vCPU starts */
	struct vm_vcpu *loaded;
	struct vm_vcpu *woken; /* has just got an interrupt that it waited for: goes first */
	bool interrupted;      /* atomic: a kick may have been taken while requests were served */
	uint64_t clock_ticks;  /* the last snapshot */
	uint64_t sample_ticks; /* the next PC sample; 0: none */
	uint64_t slice_end;    /* but not beyond this: then it is the next one's turn in any case */
};

static struct run_queue queues[HAL_MAX_CPUS];

static uint64_t milliseconds(unsigned count)
{
	return READ_SYSREG(CNTFRQ_EL0) / 1000 * count;
}

static struct run_queue *this_queue(void)
{
	return &queues[this_cpu()->index];
}

unsigned sched_place(unsigned wanted)
{
	unsigned best = 0;

	if (wanted != MANIFEST_ANY_CPU)
		return wanted;
	for (unsigned i = 1; i < hal.cpus; i++)
		if (queues[i].count < queues[best].count)
			best = i;
	return best;
}

enum vt_err sched_add(struct vm_vcpu *vcpu)
{
	struct run_queue *queue = &queues[vcpu->home];

	if (queue->count == SCHED_MAX_VCPUS)
		return VT_ENOMEM;
	queue->vcpu[queue->count++] = vcpu;
	return VT_OK;
}

/* Let the virtual GIC see where the line of the physical timer is now. */
static void update_physical_timer(struct vm_vcpu *vcpu)
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
	update_physical_timer(vcpu);
	vgic_load(&vcpu->vgic);
	vtimer_load(&vcpu->timer);
	queue->loaded = vcpu;
}

static void unload(struct run_queue *queue)
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
	unload(queue);
}

/* Its VM stops: take it out of the hardware and count it. */
static TRACE_COLD void park(struct run_queue *queue, struct vm_vcpu *vcpu)
{
	if (queue->loaded == vcpu) {
		vcpu_exit_result(&vcpu->core, TRACE_RESULT_STOPPED);
		unload(queue);
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
	uint64_t deadline;

	if (vgic_has_pending(&vcpu->vgic))
		return true;
	return queue->loaded != vcpu && vtimer_deadline(&vcpu->timer, &deadline) &&
	       deadline <= trace_clock();
}

/*
 * Whoever sent the interrupt often spins until it is answered (an IPI between vCPUs of one CPU):
 * let the answer come at once, not at the end of the sender's slice.
 */
static OUT_OF_LINE void wake(struct run_queue *queue, struct vm_vcpu *vcpu)
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
			unload(queue);
		debug_parked(vcpu);
	}
	return debug_holds(vcpu);
}

/* Do what others have asked of this CPU's vCPUs. */
static void serve_requests(struct run_queue *queue)
{
	for (unsigned i = 0; i < queue->count; i++) {
		struct vm_vcpu *vcpu = queue->vcpu[i];

		const uint32_t phase = vm_phase_word(vcpu->vm);

		if (VM_PHASE(phase) != VM_RUNNING) {
			if (vcpu->parked_in != VM_STOPS(phase)) {
				vcpu->parked_in = VM_STOPS(phase);
				park(queue, vcpu);
			}
			continue;
		}

		const uint32_t requests = __atomic_exchange_n(&vcpu->requests, 0, __ATOMIC_ACQUIRE);

		if (requests & REQUEST_POWER_ON)
			power_on(vcpu);
		if (requests & REQUEST_INTERRUPT && queue->loaded == vcpu)
			vgic_sync(&vcpu->vgic);
		if (is_held(queue, vcpu))
			continue;
		if (vcpu->core.state == VCPU_BLOCKED && is_due(queue, vcpu))
			wake(queue, vcpu);
	}
}

static struct vm_vcpu *pick(struct run_queue *queue)
{
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
}

bool sched_others_ready(const struct vm_vcpu *vcpu)
{
	const struct run_queue *queue = this_queue();

	for (unsigned i = 0; i < queue->count; i++)
		if (queue->vcpu[i] != vcpu && queue->vcpu[i]->core.state == VCPU_READY)
			return true;
	return false;
}

/*
 * Several VMs share the terminal: half lines of theirs must appear in time. One CPU sees to it, and to a debugger's port.
 */
static bool has_tick(void)
{
	return (vm_count > 1 || debug_poll_ms()) && this_cpu()->index == 0;
}

/* The same CPU hears what the host says about the trace. */
static bool has_trace_tick(void)
{
	return this_cpu()->ring && this_cpu()->index == 0;
}

static unsigned tick_ms(void)
{
	return debug_poll_ms() ? debug_poll_ms() : TICK_MS;
}

static TRACE_COLD void tick(void)
{
	if (has_tick() || has_trace_tick()) {
		console_tick();
		virtio_serial_poll();
		trace_listen();
		trace_drain();
	}
}

/* What is traced has changed: this CPU takes it over, with the vCPU that it has loaded. */
static TRACE_COLD void apply_trace(struct run_queue *queue)
{
	struct trace_ring *ring = this_cpu()->ring;
	struct vm_vcpu *vcpu = queue->loaded;

	if (vcpu)
		vcpu_trace_pause(&vcpu->core);
	trace_apply(ring);
	percpu_enable(this_cpu(), ring->level != TRACE_LEVEL_OFF);
	if (vcpu) {
		vcpu_trace_resume(&vcpu->core);
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
	return has_trace_tick() ? MIN(soonest, trace_clock() + milliseconds(TICK_MS)) : soonest;
}

/*
 * EL2's timer: the end of the slice if somebody else waits for this CPU, the physical timers of who
 * runs or is blocked, and the virtual timers of blocked vCPUs that are not loaded.
 */
static void set_timer(struct run_queue *queue, const struct vm_vcpu *running)
{
	uint64_t soonest = UINT64_MAX;

	if (running && sched_others_ready(running))
		soonest = queue->slice_end;
	if (has_tick())
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
	if (__builtin_expect(this_cpu()->ring != 0, 0))
		soonest = timer_for_trace(queue, running, soonest);
	if (soonest == UINT64_MAX)
		el2_timer_stop();
	else
		el2_timer_set(soonest);
}

void sched_timer_changed(struct vm_vcpu *vcpu)
{
	update_physical_timer(vcpu);
	set_timer(this_queue(), vcpu);
}

/* EL2's timer has expired: for a guest's, for the tick, or for the end of a slice. */
static void el2_timer(struct run_queue *queue)
{
	el2_timer_stop();
	if (queue->sample_ticks && trace_clock() >= queue->sample_ticks) {
		queue->sample_ticks = 0; /* set_timer() makes the next */
		if (queue->loaded && queue->loaded->core.state == VCPU_RUNNING)
			sample_guest(queue->loaded);
	}
	tick();
	for (unsigned i = 0; i < queue->count; i++)
		if (minds_physical_timer(queue, queue->vcpu[i]))
			update_physical_timer(queue->vcpu[i]);
}

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
		el2_timer(queue);
	else if (intid == INTID_PMU && queue->loaded)
		vcpu_pmu_interrupt(&queue->loaded->core);
	else if (intid == INTID_MAINTENANCE && queue->loaded)
		vgic_maintenance(&queue->loaded->vgic);
	else if (intid == hal.uart_intid)
		console_input_poll();
	else if (intid == SGI_STOP)
		for (;;)
			wfi();
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
	/* No deadline of a vCPU: it may have passed, and would come back without end. set_timer() sees to those. */
	if (has_tick())
		el2_timer_set(trace_clock() + milliseconds(TICK_MS));
	__atomic_store_n(&queue->interrupted, true, __ATOMIC_RELAXED);
}

/*
 * Nobody is ready: sleep until an interrupt. Masked interrupts end WFI too. (Arm ARM D1.6.2.) While a debugger talks this
 * CPU stays awake: `busy`.
 *
 * Returns the vCPU that its own timer has woken: what usually ends a sleep. It can go on at once: whoever asks
 * something of this CPU sends an interrupt, and EL2's timer is set as it should be while nobody else is ready.
 */
static struct vm_vcpu *idle(struct run_queue *queue, bool busy)
{
	struct vm_vcpu *vcpu = queue->loaded;

	set_timer(queue, 0);
	trace_flush_old(this_cpu()->ring, milliseconds(TRACE_FLUSH_MS));
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
	wake(queue, vcpu);
	queue->woken = 0;
	return vcpu;
}

static void switch_to(struct run_queue *queue, struct vm_vcpu *vcpu)
{
	if (queue->loaded != vcpu) {
		give_way(queue);
		load(queue, vcpu);
	}
	if (trace_wants(this_cpu()->ring, TRACE_CLASS_CLOCK))
		snapshot_clock(queue, vcpu);
	set_timer(queue, vcpu);
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
		unload(queue);
}

void sched_loop(void)
{
	struct run_queue *queue = this_queue();

	for (;;) {
		bool busy;

		if (trace_must_apply(this_cpu()->ring))
			apply_trace(queue);

		/* Who has kicked us in a window of serve_requests() may be one that we had passed. */
		do {
			__atomic_store_n(&queue->interrupted, false, __ATOMIC_RELAXED);
			busy = debug_poll();
			serve_requests(queue);
		} while (__atomic_load_n(&queue->interrupted, __ATOMIC_RELAXED));

		struct vm_vcpu *vcpu = pick(queue);

		if (vcpu)
			switch_to(queue, vcpu);
		else
			vcpu = idle(queue, busy);
		if (vcpu)
			run(queue, vcpu);
	}
}
