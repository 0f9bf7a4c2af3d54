/* The virtual GIC against an ideal one: random operations, every acknowledge must agree. */
/* sources: src/irq/vgic.c src/irq/vgic_lr.c src/irq/vgic_trace.c src/irq/vgic_regs.c src/irq/vgic_dist.c src/irq/vgic_redist.c */
/*
 * The ideal GIC is a table of interrupts and a rule: an acknowledge gives the pending, enabled,
 * inactive interrupt of the best priority that beats the mask and what is running. After every
 * operation the CPUs do what EL2 would: syncs for kicks, maintenance interrupts, physical timer
 * interrupts. Then both must agree in what the next acknowledge gives: nothing lost, nothing twice,
 * priority order, levels offered again for as long as their line is high.
 */
#include "tests/unit/fake_ich.h"

#define VCPUS	   4u
#define PCPUS	   3u
#define NOBODY	   99u
#define OPERATIONS 100000u
#define DEPTH	   32u

struct ideal_irq {
	bool enabled, level, latch, active, edge;
	unsigned priority;
	unsigned target;    /* a vCPU or NOBODY */
	unsigned active_on; /* the vCPU that acknowledged it */
};

/* The guest half of a vCPU: what it is handling, innermost last. */
struct ideal_vcpu {
	struct {
		unsigned intid, priority;
	} handling[DEPTH];
	unsigned depth;
	unsigned mask;
	bool timer_line;
	unsigned pcpu; /* NOBODY when it is not loaded */
};

static struct ideal_irq ideal[VCPUS][VGIC_INTIDS]; /* SPIs only in [0] */
static struct ideal_vcpu guest[VCPUS];
static bool group_enabled;
static unsigned delivered;

static struct vgic vgic;
static struct vgic_cpu vcpu[VCPUS];

/* xorshift64*: the same sequence on every machine. */
static uint64_t seed;

static unsigned pick(unsigned choices)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (unsigned)((seed * UINT64_C(2685821657736338717)) >> 33) % choices;
}

static struct ideal_irq *irq_of(unsigned v, unsigned intid)
{
	return &ideal[intid < 32 ? v : 0][intid];
}

static bool pending(unsigned v, unsigned intid)
{
	const struct ideal_irq *irq = irq_of(v, intid);

	return irq->latch || (irq->level && !irq->edge);
}

static bool deliverable(unsigned v, unsigned intid)
{
	const struct ideal_irq *irq = irq_of(v, intid);

	return group_enabled && irq->enabled && pending(v, intid) && !irq->active &&
	       irq->target == v;
}

/* The best priority below `limit` of what could be delivered; `limit` when there is nothing. */
static unsigned best_priority(unsigned v, unsigned limit, bool with_timer)
{
	for (unsigned i = 0; i < VGIC_INTIDS; i++)
		if (deliverable(v, i) && irq_of(v, i)->priority < limit &&
		    (with_timer || i != INTID_VIRT_TIMER))
			limit = irq_of(v, i)->priority;
	return limit;
}

static unsigned active_count(unsigned v)
{
	unsigned count = 0;

	for (unsigned i = 0; i < VGIC_INTIDS; i++)
		count += irq_of(v, i)->active && irq_of(v, i)->active_on == v;
	return count;
}

static unsigned running(unsigned v)
{
	return guest[v].depth ? guest[v].handling[guest[v].depth - 1].priority : 0x100;
}

/* What EL2 does on each CPU until there is nothing more to do, which must come soon. */
static void settle(void)
{
	const unsigned before = here;
	bool again = true;

	for (unsigned rounds = 0; again; rounds++) {
		assert_true(rounds < 8); /* else the guest would never get to run */
		again = false;
		for (unsigned v = 0; v < VCPUS; v++) {
			const uint32_t bit = 1u << v;

			if (guest[v].pcpu == NOBODY) {
				kicked &= ~bit;
				continue;
			}
			here = guest[v].pcpu;
			if (fake_timer_fires()) {
				fake()->phys_active = true;
				vgic_inject_vtimer(&vcpu[v]);
				again = true;
			}
			if (kicked & bit) {
				kicked &= ~bit;
				vgic_sync(&vcpu[v]);
				again = true;
			}
			if (fake_maintenance()) {
				vgic_maintenance(&vcpu[v]);
				again = true;
			}
		}
	}
	here = before;
}

/* ---- what a guest does ---- */

static void acknowledge(unsigned v)
{
	struct ideal_vcpu *g = &guest[v];
	const unsigned limit = MIN(g->mask, running(v));

	/*
	 * With every list register active, an implementation has none to show a pending interrupt
	 * in.
	 */
	if (active_count(v) >= fake_lrs || g->depth == DEPTH)
		return;

	const unsigned best = best_priority(v, limit, true);
	const unsigned intid = guest_acknowledges();

	if (intid == FAKE_SPURIOUS) {
		assert_int_equal(best, limit);
		return;
	}
	assert_true(deliverable(v, intid));
	assert_int_equal(irq_of(v, intid)->priority, best);

	irq_of(v, intid)->active = true;
	irq_of(v, intid)->active_on = v;
	irq_of(v, intid)->latch = false;
	g->handling[g->depth].intid = intid;
	g->handling[g->depth++].priority = best;
	delivered++;
}

static void deactivate(unsigned v, unsigned intid)
{
	if (irq_of(v, intid)->active_on == v)
		irq_of(v, intid)->active = false;
}

static void end(unsigned v)
{
	if (!guest[v].depth)
		return;

	const unsigned intid = guest[v].handling[--guest[v].depth].intid;

	guest_ends(intid);
	deactivate(v, intid);
}

static void send_sgi(unsigned v)
{
	const unsigned intid = pick(16);
	const bool others = !pick(8);
	const uint32_t targets = others ? 0xf & ~(1u << v) : pick(16);

	vgic_write_sgi1r(&vcpu[v], (uint64_t)intid << 24 | (others ? BIT(40) | pick(16) : targets));
	for (unsigned t = 0; t < VCPUS; t++)
		if (targets & 1u << t)
			ideal[t][intid].latch = true;
}

static void set_mask(unsigned v)
{
	guest[v].mask = pick(4) ? 0xf8 : 8 * pick(32);
	fake()->vmcr = VMCR_ALL_OPEN & ~ICH_VMCR_VPMR;
	fake()->vmcr |= FIELD_PREP(ICH_VMCR_VPMR, guest[v].mask);
}

static void stop_or_start_timer(unsigned v)
{
	guest[v].timer_line = !guest[v].timer_line;
	ideal[v][INTID_VIRT_TIMER].level = guest[v].timer_line;
	fake()->timer_line = guest[v].timer_line;
	/*
	 * A list register keeps the interrupt of a timer that was stopped since; the next sync
	 * finds out.
	 */
	if (!guest[v].timer_line)
		vgic_sync(&vcpu[v]);
}

/* ---- registers ---- */

enum {
	ENABLE = 0x100,
	DISABLE = 0x180,
	PEND = 0x200,
	UNPEND = 0x280,
	ACTIVATE = 0x300,
	DEACTIVATE = 0x380
};

static void write_register(unsigned v, unsigned of, unsigned word, unsigned offset, uint32_t value)
{
	if (word == 0)
		vgicr_write(&vcpu[v], of * VGIC_GICR_BYTES_PER_VCPU + 0x10000 + offset, 4, value);
	else
		vgicd_write(&vcpu[v], offset + 4 * word, 4, value);
}

static uint32_t read_register(unsigned v, unsigned of, unsigned word, unsigned offset)
{
	if (word == 0)
		return (uint32_t)vgicr_read(&vcpu[v],
					    of * VGIC_GICR_BYTES_PER_VCPU + 0x10000 + offset, 4);
	return (uint32_t)vgicd_read(&vcpu[v], offset + 4 * word, 4);
}

/* Few bits mostly, all sometimes. */
static uint32_t some_bits(void)
{
	return pick(16) ? 1u << pick(32) | (pick(2) ? 1u << pick(32) : 0) : UINT32_MAX;
}

/* Made active by hand, an interrupt takes a list register: leave one to show pending ones in. */
static uint32_t that_may_become_active(unsigned of, unsigned word, uint32_t value)
{
	uint32_t allowed = 0;

	for (unsigned i = 0; i < 32; i++) {
		struct ideal_irq *irq = irq_of(of, 32 * word + i);

		if (!(value & 1u << i) || irq->active || irq->target == NOBODY)
			continue;
		if (32 * word + i == INTID_VIRT_TIMER || active_count(irq->target) + 1 >= fake_lrs)
			continue;
		irq->active = true;
		irq->active_on = irq->target;
		allowed |= 1u << i;
	}
	return allowed;
}

static void write_bits(unsigned v)
{
	const unsigned of = pick(VCPUS), word = pick(VGIC_INTIDS / 32);
	const unsigned offset = ENABLE + 0x80 * pick(6);
	uint32_t value = some_bits();

	if (offset == PEND && word == 0)
		value &= ~(1u << INTID_VIRT_TIMER);
	if (offset == DISABLE && value == UINT32_MAX) /* rather not all the time */
		value = 0xff;
	if (offset == ACTIVATE)
		value = that_may_become_active(of, word, value);
	for (unsigned i = 0; i < 32; i++) {
		struct ideal_irq *irq = irq_of(of, 32 * word + i);

		if (!(value & 1u << i))
			continue;
		irq->enabled = offset == ENABLE ? true : offset == DISABLE ? false : irq->enabled;
		irq->latch = offset == PEND ? true : offset == UNPEND ? false : irq->latch;
		irq->active = offset == DEACTIVATE ? false : irq->active;
	}
	write_register(v, of, word, offset, value);
}

static void check_bits(unsigned v)
{
	const unsigned of = pick(VCPUS), word = pick(VGIC_INTIDS / 32);
	const uint32_t skip = word ? 0 : 1u << INTID_VIRT_TIMER;
	uint32_t enabled = 0, waiting = 0, active = 0;

	for (unsigned i = 0; i < 32; i++) {
		enabled |= (uint32_t)irq_of(of, 32 * word + i)->enabled << i;
		waiting |= (uint32_t)pending(of, 32 * word + i) << i;
		active |= (uint32_t)irq_of(of, 32 * word + i)->active << i;
	}
	/* The first read asks the CPU that has the vCPU loaded; the second one sees its answer. */
	read_register(v, of, word, PEND);
	read_register(v, of, word, ACTIVATE);
	settle();
	assert_int_equal(read_register(v, of, word, DISABLE), enabled);
	assert_int_equal(read_register(v, of, word, UNPEND) & ~skip, waiting & ~skip);
	assert_int_equal(read_register(v, of, word, DEACTIVATE), active);
}

static void set_route(unsigned v)
{
	const unsigned intid = 32 + pick(VGIC_SPIS);
	const unsigned target = pick(5);

	vgicd_write(&vcpu[v], 0x6000 + 8 * intid, 8, target < VCPUS ? target : UINT64_C(0x100));
	ideal[0][intid].target = target < VCPUS ? target : NOBODY;
}

/* A new priority holds from the next sync on; have one everywhere. */
static void set_priority(unsigned v)
{
	const unsigned of = pick(VCPUS), intid = pick(VGIC_INTIDS), priority = 8 * pick(31);

	if (intid < 32)
		vgicr_write(&vcpu[v], of * VGIC_GICR_BYTES_PER_VCPU + 0x10400 + intid, 1, priority);
	else
		vgicd_write(&vcpu[v], 0x400 + intid, 1, priority);
	irq_of(of, intid)->priority = priority;
	kicked = (1u << VCPUS) - 1;
}

static void switch_groups(unsigned v)
{
	group_enabled = !group_enabled || pick(4);
	vgicd_write(&vcpu[v], 0, 4, group_enabled ? 2 : 0);
}

/* ---- what devices and the scheduler do ---- */

static void change_line(void)
{
	const unsigned v = pick(VCPUS), intid = 16 + pick(VGIC_INTIDS - 16);
	struct ideal_irq *irq = irq_of(v, intid);
	const bool level = pick(2);

	if (intid == INTID_VIRT_TIMER)
		return;
	assert_int_equal(vgic_set_level(&vgic, v, intid, level), VT_OK);
	if (irq->edge && level && !irq->level)
		irq->latch = true;
	irq->level = level;
}

static void load(unsigned v, unsigned pcpu)
{
	here = pcpu;
	vgic_load(&vcpu[v]);
	fake()->timer_line = guest[v].timer_line;
	guest[v].pcpu = pcpu;
}

static void put(unsigned v)
{
	here = guest[v].pcpu;
	fake()->timer_line = false;
	vgic_put(&vcpu[v]);
	assert_false(fake()->phys_active);
	assert_false(fake_maintenance());
	guest[v].pcpu = NOBODY;
}

static unsigned loaded_on(unsigned pcpu)
{
	for (unsigned v = 0; v < VCPUS; v++)
		if (guest[v].pcpu == pcpu)
			return v;
	return NOBODY;
}

static void reschedule(void)
{
	const unsigned pcpu = pick(PCPUS), v = pick(VCPUS);

	if (loaded_on(pcpu) != NOBODY)
		put(loaded_on(pcpu));
	if (guest[v].pcpu == NOBODY)
		load(v, pcpu);
}

static void check_has_pending(void)
{
	const unsigned v = pick(VCPUS);
	const bool loaded = guest[v].pcpu != NOBODY;

	if (loaded)
		here = guest[v].pcpu;
	/* Like the list registers, this sees a waiting interrupt only where one is free. */
	if (loaded && active_count(v) >= fake_lrs)
		return;
	assert_int_equal(vgic_has_pending(&vcpu[v]),
			 best_priority(v, guest[v].mask, loaded) < guest[v].mask);
}

static void one_operation(void)
{
	const unsigned v = loaded_on(pick(PCPUS));
	const unsigned what = pick(100);

	if (what < 15) {
		here = pick(PCPUS);
		change_line();
	} else if (what < 18) {
		reschedule();
	} else if (what < 22) {
		check_has_pending();
	} else if (v != NOBODY) {
		here = guest[v].pcpu;
		if (what < 45)
			acknowledge(v);
		else if (what < 65)
			end(v);
		else if (what < 77)
			send_sgi(v);
		else if (what < 79)
			set_mask(v);
		else if (what < 84)
			stop_or_start_timer(v);
		else if (what < 92)
			write_bits(v);
		else if (what < 95)
			check_bits(v);
		else if (what < 97)
			set_route(v);
		else if (what < 99)
			set_priority(v);
		else
			switch_groups(v);
	}
	settle();
}

/* Everything that is pending and enabled gets delivered if the guest handles it all. */
static void drain(void)
{
	here = 0;
	for (unsigned intid = 16; intid < VGIC_INTIDS; intid++)
		for (unsigned v = 0; v < VCPUS; v++) {
			if (intid != INTID_VIRT_TIMER)
				vgic_set_level(&vgic, v, intid, false);
			irq_of(v, intid)->level = false;
		}
	for (unsigned v = 0; v < VCPUS; v++) {
		if (guest[v].pcpu == NOBODY) {
			if (loaded_on(0) != NOBODY)
				put(loaded_on(0));
			load(v, 0);
		}
		here = guest[v].pcpu;
		guest[v].timer_line = fake()->timer_line = false;
		guest[v].mask = 0xff;
		fake()->vmcr = VMCR_ALL_OPEN;
		vgic_sync(&vcpu[v]);
		settle();
		while (guest[v].depth) {
			end(v);
			settle();
		}
		for (unsigned word = 0; word < VGIC_INTIDS / 32; word++)
			write_register(v, v, word, DEACTIVATE, UINT32_MAX);
		for (unsigned intid = 0; intid < VGIC_INTIDS; intid++)
			irq_of(v, intid)->active = false;
		settle();
		while (best_priority(v, 0xff, true) < 0xff) {
			acknowledge(v);
			assert_int_equal(guest[v].depth, 1);
			settle();
			end(v);
			settle();
		}
		assert_int_equal(guest_acknowledges(), FAKE_SPURIOUS);
	}
}

static void start(void)
{
	vgic_init(&vgic, VCPUS, NULL);
	memset(guest, 0, sizeof(guest));
	memset(ideal, 0, sizeof(ideal));
	for (unsigned v = 0; v < VCPUS; v++) {
		vgic_cpu_init(&vgic, &vcpu[v], v);
		guest[v].pcpu = NOBODY;
		guest[v].mask = 0xf8;
		vcpu[v].vmcr =
			ICH_VMCR_VENG0 | ICH_VMCR_VENG1 | FIELD_PREP(ICH_VMCR_VPMR, guest[v].mask);
		for (unsigned i = 0; i < VGIC_INTIDS; i++) {
			ideal[v][i].edge = i < 16;
			ideal[v][i].target = i < 32 ? v : 0;
		}
	}
	group_enabled = true;
	vgicd_write(&vcpu[0], 0, 4, 2);
	/* Every third SPI and PPI is edge-triggered; all are enabled. */
	for (unsigned i = 16; i < VGIC_INTIDS; i++)
		for (unsigned v = 0; v < VCPUS; v++)
			irq_of(v, i)->edge = i % 3 == 0 && i != INTID_VIRT_TIMER;
	for (unsigned i = 1; i < VGIC_INTIDS / 16; i++) {
		uint32_t config = 0;

		for (unsigned j = 0; j < 16; j++)
			config |= irq_of(0, 16 * i + j)->edge ? 2u << (2 * j) : 0;
		for (unsigned v = 0; v < VCPUS && i == 1; v++)
			vgicr_write(&vcpu[0], v * VGIC_GICR_BYTES_PER_VCPU + 0x10c04, 4, config);
		if (i > 1)
			vgicd_write(&vcpu[0], 0xc00 + 4 * i, 4, config);
	}
	for (unsigned v = 0; v < VCPUS; v++)
		for (unsigned i = 0; i < VGIC_INTIDS; i++)
			irq_of(v, i)->enabled = true;
	for (unsigned word = 0; word < VGIC_INTIDS / 32; word++)
		for (unsigned v = 0; v < VCPUS; v++)
			write_register(0, v, word, ENABLE, UINT32_MAX);
	for (unsigned p = 0; p < PCPUS; p++)
		load(p, p);
	here = 0;
}

static void run(uint64_t with_seed, unsigned list_registers)
{
	fake_reset();
	fake_lrs = list_registers;
	seed = with_seed;
	delivered = 0;
	start();
	for (unsigned i = 0; i < OPERATIONS; i++)
		one_operation();
	drain();
	/* The run has reached what it is about. */
	assert_true(delivered > OPERATIONS / 20);
	assert_int_equal(vgic_stats.bad_accesses, 0);
	if (list_registers < 16)
		assert_true(vgic_stats.overflows > 100 && vgic_stats.refills > 100);
}

static void four_list_registers(void **state)
{
	(void)state;
	run(1, 4);
	run(UINT64_C(0x123456789abcdef), 4);
}

static void two_list_registers(void **state)
{
	(void)state;
	run(2, 2);
}

static void sixteen_list_registers(void **state)
{
	(void)state;
	run(3, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(four_list_registers),
		cmocka_unit_test(two_list_registers),
		cmocka_unit_test(sixteen_list_registers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
