/* Four vCPUs on one CPU: three compute, one sleeps and wakes. Each gets its share, and the sleeper is not kept waiting. */
#include "guest.h"

#define VCPUS	     4
#define MEASURE	     80 /* ms */
#define SLICE	     2
#define NAPS	     12
#define AFFINITY_OFF 1

static volatile uint64_t work[VCPUS], naps, latest, second_life;
static volatile uint32_t started[VCPUS], stop;

static void on_timer(unsigned vcpu, unsigned intid)
{
	(void)vcpu;
	(void)intid;
	MSR(cntv_ctl_el0, 0);
}

static void compute(unsigned vcpu)
{
	while (!stop)
		work[vcpu]++;
}

static void sleep_and_wake(unsigned vcpu)
{
	gic_on(vcpu, on_timer);
	gic_enable(vcpu, INTID_VTIMER);
	irq_unmask();
	while (naps < NAPS) {
		const uint64_t at = ticks() + ticks_of_ms(5);
		uint64_t late;

		MSR(cntv_cval_el0, at);
		MSR(cntv_ctl_el0, 1);
		while (ticks() < at)
			__asm__ volatile("wfi");
		late = ticks() - at;
		latest = late > latest ? late : latest;
		naps++;
	}
	irq_mask();
	hvc(PSCI_CPU_OFF, 0, 0, 0);
}

void secondary(uint64_t vcpu)
{
	started[vcpu]++;
	if (vcpu == 3 && started[3] == 1)
		sleep_and_wake(3);
	if (vcpu == 3) {
		second_life = 1;
		hvc(PSCI_CPU_OFF, 0, 0, 0);
	}
	compute((unsigned)vcpu);
	hvc(PSCI_CPU_OFF, 0, 0, 0);
}

static void wait_until(volatile uint64_t *word, uint64_t value)
{
	const uint64_t end = ticks() + ticks_of_ms(2000);

	while (*word < value && ticks() < end)
		;
}

void first(const void *device_tree)
{
	uint64_t before[VCPUS], end, sum = 0;
	bool fair = true;

	(void)device_tree;
	for (unsigned vcpu = 1; vcpu < VCPUS; vcpu++)
		start_vcpu(vcpu);
	end = ticks() + ticks_of_ms(20);
	while (ticks() < end)
		work[0]++;
	check(started[1] && started[2] && started[3], "all four run");
	for (unsigned vcpu = 0; vcpu < 3; vcpu++)
		before[vcpu] = work[vcpu];
	end = ticks() + ticks_of_ms(MEASURE);
	while (ticks() < end)
		work[0]++;
	for (unsigned vcpu = 1; vcpu < 3; vcpu++)
		sum += work[vcpu] - before[vcpu];
	for (unsigned vcpu = 1; vcpu < 3; vcpu++)
		fair &= (work[vcpu] - before[vcpu]) * 10 > sum * 4;
	check(sum > 0 && fair, "those that compute alike get alike");
	wait_until(&naps, NAPS);
	CHECK_EQUAL(naps, NAPS, "the sleeper has slept as often as it wanted");
	check(latest < ticks_of_ms(SLICE * 2), "and never waited longer than two slices");
	while (hvc(PSCI_AFFINITY_INFO, 3, 0, 0) != AFFINITY_OFF)
		;
	CHECK_EQUAL(start_vcpu(3), 0, "switched off, it is switched on again");
	wait_until(&second_life, 1);
	CHECK_EQUAL(started[3], 2, "and begins at its entry point");
	stop = 1;
	finish();
}
