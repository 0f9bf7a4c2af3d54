/*
 * The calls that put a vCPU to sleep, one after the other, each ended by the virtual timer: standby, which goes on behind the call,
 * and the three that lose the registers and go on at their entry point. One vCPU.
 */
#include "guest.h"

#define PSCI_CPU_SUSPEND_32  0x84000001u
#define PSCI_DEFAULT_SUSPEND 0xc400000cu
#define PSCI_NODE_HW_STATE   0xc400000du
#define PSCI_SYSTEM_SUSPEND  0xc400000eu
#define PSCI_STAT_COUNT	     0xc4000011u

#define INVALID_PARAMETERS -2
#define INVALID_ADDRESS	   -9

#define STANDBY	   0x00000
#define POWER_DOWN 0x10000
#define NAP_MS	   5
#define MARK	   0x6b65657020746869ul
#define JUNK	   0xdead000000000000ul

static volatile uint64_t slept_at;
static volatile unsigned stage;

static void set_alarm(void)
{
	slept_at = ticks();
	MSR(cntv_cval_el0, slept_at + ticks_of_ms(NAP_MS));
	MSR(cntv_ctl_el0, 1);
}

/* It stays pending until it is taken: this guest only looks at the time. */
static void stop_alarm(void)
{
	MSR(cntv_ctl_el0, 0);
}

static void on_alarm(unsigned vcpu, unsigned intid)
{
	(void)vcpu;
	(void)intid;
	stop_alarm();
}

static bool has_napped(void)
{
	return ticks() - slept_at >= ticks_of_ms(NAP_MS);
}

static int64_t naps(uint64_t state)
{
	return hvc(PSCI_STAT_COUNT, 0, state, 0);
}

static void check_refusals(void)
{
	const uint64_t here = (uint64_t)secondary_start;

	CHECK_EQUAL(hvc(PSCI_CPU_SUSPEND, 1 << 24, here, 0), INVALID_PARAMETERS,
		    "no cluster can be suspended");
	CHECK_EQUAL(smc(PSCI_CPU_SUSPEND, 1 << 20, here, 0), INVALID_PARAMETERS,
		    "nor is there a state with a reserved bit");
	CHECK_EQUAL(hvc(PSCI_CPU_SUSPEND, POWER_DOWN, NOWHERE, 0), INVALID_ADDRESS,
		    "a power-down to an entry outside RAM is refused");
	CHECK_EQUAL(hvc(PSCI_CPU_SUSPEND, POWER_DOWN, here + 2, 0), INVALID_ADDRESS,
		    "as is one to half an instruction");
	CHECK_EQUAL(hvc(PSCI_DEFAULT_SUSPEND, NOWHERE, 0, 0), INVALID_ADDRESS,
		    "CPU_DEFAULT_SUSPEND knows the RAM, too");
	CHECK_EQUAL(hvc(PSCI_SYSTEM_SUSPEND, RAM_BASE + RAM_BYTES, 0, 0), INVALID_ADDRESS,
		    "and so does SYSTEM_SUSPEND");
}

static void sleep_deeply(void)
{
	const uint64_t here = (uint64_t)secondary_start;

	stage++;
	MSR(tpidr_el1, MARK);
	set_alarm();
	if (stage == 1)
		hvc(PSCI_CPU_SUSPEND, POWER_DOWN, here, 0);
	else if (stage == 2)
		smc(PSCI_DEFAULT_SUSPEND, here, 0, 0);
	else
		hvc(PSCI_SYSTEM_SUSPEND, here, 0, 0);
	check(false, "a power-down does not come back behind its call");
}

/* Every power-down comes back here. TPIDR_EL1 is one that a CPU's reset clears in our VMs. */
void secondary(uint64_t context)
{
	stop_alarm();
	check(has_napped(), "a power-down lasts until the alarm");
	CHECK_EQUAL(context, 0, "its context is in x0");
	CHECK_EQUAL(MRS(tpidr_el1), 0, "the system registers are lost");
	CHECK_EQUAL(MRS(daif), 0x3c0, "interrupts are masked");
	CHECK_EQUAL(naps(POWER_DOWN), stage, "and it is counted");
	if (stage < 3)
		sleep_deeply();
	CHECK_EQUAL(naps(STANDBY), 2, "power-downs are not counted as standby");
	finish();
}

void first(const void *device_tree)
{
	(void)device_tree;
	gic_on(0, on_alarm);
	gic_enable(0, INTID_VTIMER);

	set_alarm();
	CHECK_EQUAL(hvc(PSCI_CPU_SUSPEND_32, JUNK | STANDBY, 0, 0), 0,
		    "standby goes on behind the call, with 0");
	check(has_napped(), "it lasts until the alarm");
	irq_unmask();
	irq_mask();
	set_alarm();
	CHECK_EQUAL(hvc(PSCI_CPU_SUSPEND, STANDBY, 1, 0), 0,
		    "standby does not look at the address");
	check(has_napped(), "the second one lasts, too");
	irq_unmask();
	irq_mask();
	CHECK_EQUAL(naps(STANDBY), 2, "both are counted");
	CHECK_EQUAL(naps(POWER_DOWN), 0, "and there was no other");
	CHECK_EQUAL(hvc(PSCI_NODE_HW_STATE, 0, 0, 0), 0, "NODE_HW_STATE: who asks is awake");
	check_refusals();
	sleep_deeply();
}
