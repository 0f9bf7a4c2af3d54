/*
 * One CPU, its clock and its guests, for host tests of the scheduler. Nothing runs by itself: time passes where a guest computes
 * (vcpu_run()) and where the CPU sleeps (wfi()), and only up to the next thing that happens. Another CPU asks for things at times that
 * a test chooses. A test includes this once.
 */
#ifndef LAB10_FAKE_MACHINE_H
#define LAB10_FAKE_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/fakes.h"
#include "tests/unit/fake_sysregs.h"
#include "tests/unit/fake_trace.h"

#include "irq/gic.h"
#include "irq/vtimer_regs.h"
#include "lib/bits.h"
#include "trace/control.h"
#include "trace/drain.h"
#include "vm/sample.h"
#include "vm/sched_internal.h"
#include "vm/stop.h"

#define VCPUS	  6
#define TICKS_MS  1000u
#define SLICE	  (SCHED_SLICE_MS * TICKS_MS)
#define NEVER	  UINT64_MAX
#define ELSEWHERE 1u /* a CPU that is not under test */

struct guest {
	struct vm_vcpu vcpu; /* first */
	bool pending;	     /* an interrupt waits that it would take */
	uint64_t due;	     /* since when; NEVER */
	uint64_t ran, taken, entered, late;
	unsigned turns;
	uint64_t computes; /* ticks that it still wants before it executes WFI; NEVER: always */
	bool power_down;
};

static struct guest guests[VCPUS];
static struct vm vm_of[2];
static struct run_queue *queue;

/* The CPU under test, index 0. */
static struct {
	uint64_t now, el2_timer, end;
	bool kicked;
	unsigned cpu; /* who executes */
	struct guest *loaded;
	bool timer_active; /* interrupt 27, until the guest ends it */
	unsigned sleeps, kicks_sent, syncs, parked, loads;
	uint64_t timer_sets;
	uint32_t dropped, deactivated; /* one bit each INTID below 32 */
	uint32_t requests_at_kick;
} cpu;

/* A test's own: what a guest does when it has taken an interrupt or gets to run; what happens from outside; what happens while EL2 looks, and when a guest is entered. */
static void (*program)(struct guest *guest);
static uint64_t (*next_outside)(void);
static void (*outside)(void);
static void (*while_looking)(struct guest *guest);
static void (*at_entry)(void);
static jmp_buf over;

struct percpu percpu_table[HAL_MAX_CPUS];
struct hal_info hal = {.cpus = 4, .uart_intid = 33};
unsigned vm_count = 1;
uint32_t trace_changes;

static struct guest *guest_of(struct vcpu *core)
{
	return (struct guest *)core;
}

static struct guest *guest_of_vgic(struct vgic_cpu *vgic)
{
	return (struct guest *)((char *)vgic - offsetof(struct vm_vcpu, vgic));
}

struct percpu *this_cpu(void)
{
	return &percpu_table[cpu.cpu];
}

uint64_t trace_clock(void)
{
	return cpu.now;
}

uint64_t vtimer_count_now(void)
{
	return cpu.now;
}

static void now_is(uint64_t when)
{
	assert_true(when >= cpu.now);
	cpu.now = when;
	fake_sysreg("CNTPCT_EL0")->value = when;
}

static void give_interrupt(struct guest *guest)
{
	if (!guest->pending)
		guest->due = cpu.now;
	guest->pending = true;
}

/* ---- what another CPU does ---- */

static void request_from_elsewhere(struct guest *guest, uint32_t request)
{
	const unsigned before = cpu.cpu;

	cpu.cpu = ELSEWHERE;
	vm_request(&guest->vcpu, request);
	cpu.cpu = before;
}

static void interrupt_from_elsewhere(struct guest *guest)
{
	give_interrupt(guest);
	request_from_elsewhere(guest, REQUEST_INTERRUPT);
}

void gic_send_sgi(uint64_t mpidr, uint32_t sgi)
{
	assert_int_equal(sgi, SGI_KICK);
	cpu.kicks_sent++;
	if (mpidr == percpu_table[0].mpidr) {
		cpu.kicked = true;
		cpu.requests_at_kick = 0;
		for (unsigned i = 0; i < VCPUS; i++)
			cpu.requests_at_kick |= guests[i].vcpu.requests;
	}
}

/* ---- the interrupt controller, as EL2 sees it ---- */

static bool loaded_timer_fires(void)
{
	const struct vtimer *timer = cpu.loaded ? &cpu.loaded->vcpu.timer : NULL;

	return timer && !cpu.timer_active && (timer->ctl & 3) == 1 &&
	       cpu.now - timer->offset_ticks >= timer->cval;
}

uint32_t gic_acknowledge(void)
{
	if (cpu.kicked) {
		cpu.kicked = false;
		return SGI_KICK;
	}
	if (cpu.el2_timer <= cpu.now)
		return INTID_EL2_PHYS_TIMER;
	if (loaded_timer_fires()) {
		cpu.timer_active = true;
		return INTID_VIRT_TIMER;
	}
	return INTID_SPURIOUS;
}

void gic_drop_priority(uint32_t intid)
{
	cpu.dropped |= intid < 32 ? 1u << intid : 0;
}

void gic_deactivate(uint32_t intid)
{
	cpu.deactivated |= intid < 32 ? 1u << intid : 0;
}

/* ---- time passes ---- */

static uint64_t next_event(void)
{
	uint64_t next = cpu.el2_timer;

	if (next_outside)
		next = MIN(next, next_outside());
	if (cpu.loaded && !cpu.timer_active && (cpu.loaded->vcpu.timer.ctl & 3) == 1)
		next = MIN(next, cpu.loaded->vcpu.timer.cval + cpu.loaded->vcpu.timer.offset_ticks);
	return MIN(next, cpu.end);
}

static void happen(void)
{
	if (cpu.now >= cpu.end)
		longjmp(over, 1);
	if (next_outside && next_outside() <= cpu.now)
		outside();
}

void wfi(void)
{
	cpu.sleeps++;
	for (unsigned i = 0; i < queue->count; i++)
		assert_int_not_equal(queue->vcpu[i]->core.state, VCPU_READY);
	if (cpu.kicked || cpu.el2_timer <= cpu.now || loaded_timer_fires())
		return;
	now_is(MAX(cpu.now, next_event()));
	happen();
}

static void take_interrupt(struct guest *guest)
{
	if (!guest->pending)
		return;
	guest->late = MAX(guest->late, cpu.now - guest->due);
	guest->pending = false;
	guest->due = NEVER;
	guest->taken++;
	cpu.timer_active = false;
	if (cpu.now - guest->vcpu.timer.offset_ticks >= guest->vcpu.timer.cval)
		guest->vcpu.timer.ctl = 0;
	guest->vcpu.timer.physical.ctl = 0;
	if (program)
		program(guest);
}

/* The guest computes until something comes. As embed_interrupt() does, what concerns nobody else does not end its turn. */
enum vt_err vcpu_run(struct vcpu *core)
{
	struct guest *guest = guest_of(core);

	assert_ptr_equal(cpu.loaded, guest);
	assert_int_equal(core->state, VCPU_RUNNING);
	guest->entered = cpu.now;
	guest->turns++;
	if (at_entry)
		at_entry();
	for (;;) {
		if (loaded_timer_fires()) {
			cpu.timer_active = true;
			give_interrupt(guest);
		}
		take_interrupt(guest);
		if (!guest->computes) {
			core->exit.reason = EXIT_HALT;
			return VT_OK;
		}

		const uint64_t begin = cpu.now;
		const uint64_t wanted = guest->computes == NEVER ? NEVER : begin + guest->computes;

		now_is(MIN(MAX(begin, next_event()), wanted));
		guest->ran += cpu.now - begin;
		if (guest->computes != NEVER)
			guest->computes -= cpu.now - begin;
		happen();

		const uint32_t intid = gic_acknowledge();

		if (intid == INTID_VIRT_TIMER) {
			give_interrupt(guest);
			continue;
		}
		if (intid == INTID_SPURIOUS)
			continue;
		if (sched_interrupt(intid)) {
			core->exit.reason = EXIT_EXTERNAL_INTERRUPT;
			return VT_OK;
		}
		__atomic_fetch_and(&guest->vcpu.requests, ~REQUEST_INTERRUPT, __ATOMIC_ACQUIRE);
	}
}

void vm_handle_exit(struct vm_vcpu *vcpu)
{
	if (vcpu->core.exit.reason == EXIT_HALT)
		assert_int_equal(vcpu_set_state(&vcpu->core, VCPU_BLOCKED), VT_OK);
}

/* ---- the core ---- */

enum vt_err vcpu_load(struct vcpu *core)
{
	assert_null(cpu.loaded);
	cpu.loaded = guest_of(core);
	percpu_table[0].current = core;
	cpu.loads++;
	return VT_OK;
}

enum vt_err vcpu_put(struct vcpu *core)
{
	assert_ptr_equal(cpu.loaded, guest_of(core));
	cpu.loaded = NULL;
	cpu.timer_active = false;
	percpu_table[0].current = NULL;
	return VT_OK;
}

enum vt_err percpu_enable(struct percpu *percpu, bool traced)
{
	(void)percpu, (void)traced;
	return VT_OK;
}

void vcpu_trace_pause(struct vcpu *core)
{
	(void)core;
}

void vcpu_trace_resume(struct vcpu *core)
{
	(void)core;
}

void vcpu_pmu_interrupt(struct vcpu *core)
{
	(void)core;
}

/* ---- virtual interrupts and timers ---- */

void vgic_load(struct vgic_cpu *vgic)
{
	(void)vgic;
}

void vgic_put(struct vgic_cpu *vgic)
{
	(void)vgic;
}

void vgic_cpu_init(struct vgic *vgic, struct vgic_cpu *vgic_cpu, unsigned index)
{
	(void)vgic, (void)index;
	guest_of_vgic(vgic_cpu)->pending = false;
}

void vgic_sync(struct vgic_cpu *vgic)
{
	assert_ptr_equal(cpu.loaded,
			 guest_of_vgic(vgic)); /* what is not loaded has no list registers */
	cpu.syncs++;
}

void vgic_maintenance(struct vgic_cpu *vgic)
{
	vgic_sync(vgic);
}

void vgic_inject_vtimer(struct vgic_cpu *vgic)
{
	give_interrupt(guest_of_vgic(vgic));
}

bool vgic_would_take_vtimer(const struct vgic_cpu *vgic)
{
	return guest_of_vgic((struct vgic_cpu *)(uintptr_t)vgic)->pending;
}

bool vgic_has_pending(struct vgic_cpu *vgic)
{
	struct guest *guest = guest_of_vgic(vgic);
	const bool pending = guest->pending;

	if (while_looking)
		while_looking(guest);
	return pending;
}

enum vt_err vgic_set_level(struct vgic *vgic, unsigned index, uint32_t intid, bool level)
{
	(void)vgic;
	assert_int_equal(intid, INTID_EL1_PHYS_TIMER);
	if (level)
		give_interrupt(&guests[index]);
	return VT_OK;
}

void vtimer_load(const struct vtimer *timer)
{
	(void)timer;
}

void vtimer_put(struct vtimer *timer)
{
	(void)timer;
}

/* A deadline that has passed already is one that will interrupt at once, and again, and again. */
void el2_timer_set(uint64_t cntpct)
{
	assert_int_equal(cpu.cpu, 0);
	cpu.el2_timer = cntpct;
	cpu.timer_sets++;
}

void el2_timer_stop(void)
{
	cpu.el2_timer = NEVER;
}

/* ---- the VM ---- */

enum vt_err vm_power_enter(struct vm_vcpu *vcpu)
{
	assert_ptr_not_equal(cpu.loaded, vcpu);
	if (while_looking)
		while_looking((struct guest *)vcpu);
	vcpu->core.state = VCPU_CREATED;
	return vcpu_set_state(&vcpu->core, VCPU_READY);
}

void vm_power_started(struct vm_vcpu *vcpu)
{
	(void)vcpu;
}

bool vm_power_is_down(struct vm_vcpu *vcpu)
{
	return ((struct guest *)vcpu)->power_down;
}

bool vm_power_wake(struct vm_vcpu *vcpu)
{
	struct guest *guest = (struct guest *)vcpu;
	const bool down = guest->power_down;

	guest->power_down = false;
	return down;
}

void vm_parked(struct vm_vcpu *vcpu)
{
	assert_ptr_not_equal(cpu.loaded, vcpu);
	cpu.parked++;
}

/* ---- what has nothing to do with it ---- */

void stop_expect(void)
{
}
void stop_here(void)
{
	abort();
}
void console_tick(void)
{
}
void console_input_poll(void)
{
}
void virtio_serial_poll(void)
{
}
void trace_listen(void)
{
}
void trace_drain(void)
{
}
void trace_apply(struct trace_ring *ring)
{
	(void)ring;
}
void trace_flush_old(struct trace_ring *ring, uint64_t age)
{
	(void)ring, (void)age;
}
uint64_t trace_sample_ticks(void)
{
	return 0;
}
void sample_guest(struct vm_vcpu *vcpu)
{
	(void)vcpu;
}

/* ---- set up ---- */

/* Nobody lives anywhere yet; it is noon. */
static int empty_machine(void **state)
{
	(void)state;
	memset(&cpu, 0, sizeof(cpu));
	memset(guests, 0, sizeof(guests));
	memset(vm_of, 0, sizeof(vm_of));
	memset(percpu_table, 0, sizeof(percpu_table));
	memset(sched_queues, 0, sizeof(sched_queues));
	fake_sysregs_reset();
	fake_sysreg("CNTFRQ_EL0")->value = TICKS_MS * 1000;
	program = NULL;
	next_outside = NULL;
	outside = NULL;
	while_looking = NULL;
	at_entry = NULL;
	queue = &sched_queues[0];
	cpu.el2_timer = NEVER;
	cpu.end = NEVER;
	now_is(12 * TICKS_MS);
	for (unsigned i = 0; i < HAL_MAX_CPUS; i++) {
		percpu_table[i].index = i;
		percpu_table[i].mpidr = 0x100 + i;
	}
	for (unsigned i = 0; i < VCPUS; i++) {
		guests[i].vcpu.core.id = i;
		guests[i].vcpu.core.state = VCPU_OFF;
		guests[i].vcpu.index = i;
		guests[i].vcpu.vm = &vm_of[0];
		guests[i].due = NEVER;
	}
	return 0;
}

/* So many vCPUs live on this CPU, in this state; a READY one computes all the time. */
static void live_here(unsigned count, enum vcpu_state state)
{
	for (unsigned i = 0; i < count; i++) {
		guests[i].vcpu.core.state = state;
		guests[i].computes = NEVER;
		assert_int_equal(sched_add(&guests[i].vcpu), VT_OK);
	}
}

static void schedule_for(uint64_t ticks)
{
	cpu.end = cpu.now + ticks;
	if (setjmp(over) == 0)
		sched_loop();
	/* In the middle of its turn: the next call goes on from here. */
	if (cpu.loaded && cpu.loaded->vcpu.core.state == VCPU_RUNNING)
		cpu.loaded->vcpu.core.state = VCPU_READY;
}

#endif
