/*
 * PSCI beyond on and off: sleep, statistics, protected memory, resets. Two vCPUs. The console's input
 * says which start this is: '1' all tests, then a warm reset; '2' after that, then a cold one; '3'
 * after that.
 */
#include "guest.h"

#define PSCI_CPU_SUSPEND_32   0x84000001u
#define PSCI_MIGRATE	      0x84000005u
#define PSCI_SYSTEM_RESET     0x84000009u
#define PSCI_CPU_FREEZE	      0x8400000bu
#define PSCI_DEFAULT_SUSPEND  0xc400000cu
#define PSCI_NODE_HW_STATE    0xc400000du
#define PSCI_SYSTEM_SUSPEND   0xc400000eu
#define PSCI_SET_SUSPEND_MODE 0x8400000fu
#define PSCI_STAT_RESIDENCY   0xc4000010u
#define PSCI_STAT_COUNT	      0xc4000011u
#define PSCI_SYSTEM_RESET2    0xc4000012u
#define PSCI_MEM_PROTECT      0x84000013u
#define PSCI_CHECK_RANGE      0xc4000014u

#define NOT_SUPPORTED	   -1
#define INVALID_PARAMETERS -2
#define DENIED		   -3
#define INVALID_ADDRESS	   -9

#define STANDBY	   0x00000
#define POWER_DOWN 0x10000
#define NAP_MS	   20

#define UART_FR	     0x18
#define UART_FR_RXFE (1u << 4)

#define LEFTOVER \
	((volatile uint64_t *)(RAM_BASE + 0x1000)) /* below the image: nobody writes there */
#define MARK 0x6b65657020746869ul

static volatile uint64_t slept_at;
static volatile unsigned stage, alarms;
static volatile bool second_runs, second_ends;

static void on_alarm(unsigned vcpu, unsigned intid)
{
	(void)vcpu;
	if (intid == INTID_VTIMER) {
		alarms++;
		MSR(cntv_ctl_el0, 0);
	}
}

static void set_alarm(void)
{
	slept_at = ticks();
	MSR(cntv_cval_el0, slept_at + ticks_of_ms(NAP_MS));
	MSR(cntv_ctl_el0, 1);
}

static void check_nap(const char *claim)
{
	check(ticks() - slept_at >= ticks_of_ms(NAP_MS), claim);
	irq_unmask();
	irq_mask();
}

static int64_t naps(uint64_t state)
{
	return hvc(PSCI_STAT_COUNT, 0, state, 0);
}

static void check_features(void)
{
	static const uint32_t there[] = {
		PSCI_VERSION,	     PSCI_CPU_SUSPEND_32, PSCI_CPU_SUSPEND,    PSCI_CPU_OFF,
		PSCI_CPU_ON_32,	     PSCI_CPU_ON,	  PSCI_AFFINITY_INFO,  PSCI_SYSTEM_OFF,
		PSCI_SYSTEM_RESET,   PSCI_FEATURES,	  PSCI_NODE_HW_STATE,  PSCI_DEFAULT_SUSPEND,
		PSCI_SYSTEM_SUSPEND, PSCI_STAT_COUNT,	  PSCI_STAT_RESIDENCY, PSCI_SYSTEM_RESET2,
		PSCI_MEM_PROTECT,    PSCI_CHECK_RANGE,	  0x80000000u /* SMCCC_VERSION */};
	static const uint32_t not_there[] = {
		PSCI_MIGRATE,	       PSCI_MIGRATE | 1u << 30,	   0x84000007u, PSCI_CPU_FREEZE,
		PSCI_SET_SUSPEND_MODE, PSCI_SYSTEM_OFF | 1u << 30, 0x8600ff01u};
	bool yes = true, no = true, refused = true;

	for (unsigned i = 0; i < sizeof(there) / sizeof(there[0]); i++)
		yes &= hvc(PSCI_FEATURES, there[i], 0, 0) == 0;
	for (unsigned i = 0; i < sizeof(not_there) / sizeof(not_there[0]); i++)
		no &= hvc(PSCI_FEATURES, not_there[i], 0, 0) == NOT_SUPPORTED;
	for (unsigned i = 0; i < 6; i++)
		refused &= hvc(not_there[i], 0, 0, 0) == NOT_SUPPORTED;
	check(yes, "PSCI_FEATURES names what there is");
	check(no, "and denies what there is not");
	check(refused, "which really is not there");
}

static void check_refusals(void)
{
	const uint64_t here = (uint64_t)secondary_start;

	CHECK_EQUAL(hvc(PSCI_CPU_SUSPEND, 1 << 24, here, 0), INVALID_PARAMETERS,
		    "CPU_SUSPEND of a cluster");
	CHECK_EQUAL(smc(PSCI_CPU_SUSPEND, 1 << 20, here, 0), INVALID_PARAMETERS,
		    "CPU_SUSPEND with a reserved bit, by SMC");
	CHECK_EQUAL(hvc(PSCI_CPU_SUSPEND, POWER_DOWN, NOWHERE, 0), INVALID_ADDRESS,
		    "CPU_SUSPEND to an entry outside RAM");
	CHECK_EQUAL(hvc(PSCI_SYSTEM_RESET2, 1, 0, 0), INVALID_PARAMETERS,
		    "SYSTEM_RESET2 of a type that there is not");
	CHECK_EQUAL(hvc(PSCI_SYSTEM_RESET2, 1u << 31, 0, 0), NOT_SUPPORTED,
		    "SYSTEM_RESET2 of a vendor's type");
	CHECK_EQUAL(hvc(PSCI_CHECK_RANGE, RAM_BASE, RAM_BYTES, 0), 0, "all RAM can be protected");
	CHECK_EQUAL(hvc(PSCI_CHECK_RANGE, RAM_BASE, RAM_BYTES + 1, 0), DENIED,
		    "what is behind it can not");
}

static void check_the_others(void)
{
	start_vcpu(1);
	CHECK_EQUAL(hvc(PSCI_SYSTEM_SUSPEND, (uint64_t)secondary_start, 0, 0), DENIED,
		    "SYSTEM_SUSPEND while another vCPU is on");
	while (!second_runs)
		;
	CHECK_EQUAL(hvc(PSCI_NODE_HW_STATE, 1, 0, 0), 0, "NODE_HW_STATE: on");
	second_ends = true;
	while (hvc(PSCI_AFFINITY_INFO, 1, 0, 0) != 1)
		;
	CHECK_EQUAL(hvc(PSCI_NODE_HW_STATE, 1, 0, 0), 1, "NODE_HW_STATE: off");
}

static void check_standby(void)
{
	uint64_t microseconds;

	set_alarm();
	CHECK_EQUAL(hvc(PSCI_CPU_SUSPEND_32, STANDBY, 0, 0), 0, "standby goes on behind the call");
	check_nap("when the alarm comes");
	microseconds = (uint64_t)hvc(PSCI_STAT_RESIDENCY, 0, STANDBY, 0);
	CHECK_EQUAL(naps(STANDBY), 1, "STAT_COUNT counts it");
	check(microseconds > NAP_MS * 900 && microseconds < 60000000, "STAT_RESIDENCY measures it");
	CHECK_EQUAL(naps(POWER_DOWN), 0, "and there was no other");
}

/* Each sleep loses the registers and comes back here. TPIDR_EL1 is one that a CPU's reset clears in our VMs. */
static void awake(void)
{
	CHECK_EQUAL(MRS(tpidr_el1), 0, "a power-down loses the system registers");
	check(MRS(daif) == 0x3c0, "and masks interrupts");
	check_nap("it ends when the alarm comes");
	CHECK_EQUAL(naps(POWER_DOWN), stage, "it is counted");
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
	check(false, "a power-down comes back at its entry point");
}

void secondary(uint64_t vcpu)
{
	if (vcpu == 1) {
		second_runs = true;
		while (!second_ends)
			;
		hvc(PSCI_CPU_OFF, 0, 0, 0);
	}
	awake();
	if (stage < 3)
		sleep_deeply();
	CHECK_EQUAL(alarms, 4, "each alarm was one interrupt");
	CHECK_EQUAL(hvc(PSCI_MEM_PROTECT, 1, 0, 0), 0, "memory was not protected");
	*LEFTOVER = MARK;
	hvc(PSCI_SYSTEM_RESET2, 0, 0, 0);
	check(false, "SYSTEM_RESET2 does not come back");
}

static void after_warm_reset(void)
{
	CHECK_EQUAL(*LEFTOVER, MARK, "a warm reset keeps what is in RAM");
	CHECK_EQUAL(stage, 0, "but not in the image's own variables");
	CHECK_EQUAL(naps(POWER_DOWN), 0, "statistics begin again");
	CHECK_EQUAL(hvc(PSCI_MEM_PROTECT, 1, 0, 0), 0, "protection ended with it");
	CHECK_EQUAL(hvc(PSCI_MEM_PROTECT, 1, 0, 0), 1, "MEM_PROTECT tells what was so before");
	hvc(PSCI_SYSTEM_RESET, 0, 0, 0);
	check(false, "SYSTEM_RESET does not come back");
}

void first(const void *device_tree)
{
	char start;

	(void)device_tree;
	while (read32(UART_BASE + UART_FR) & UART_FR_RXFE)
		;
	start = (char)read32(UART_BASE);
	if (start == '2')
		after_warm_reset();
	if (start == '3') {
		CHECK_EQUAL(*LEFTOVER, 0, "a reset overwrites RAM");
		finish();
	}
	gic_on(0, on_alarm);
	gic_enable(0, INTID_VTIMER);
	check_features();
	check_refusals();
	check_the_others();
	check_standby();
	sleep_deeply();
}
