/* Hypercalls that make no sense, and PSCI's rules for switching vCPUs on and off. Two vCPUs. */
#include "guest.h"

#define INVALID_PARAMETERS -2
#define ALREADY_ON	   -4
#define ON_PENDING	   -5
#define INVALID_ADDRESS	   -9
#define PATIENCE_MS	   20000

static volatile uint32_t arrivals, told;
static volatile uint64_t last_context;

/* 1: switch off again. 2: switch the machine off. */
void secondary(uint64_t context)
{
	last_context = context;
	arrivals++;
	while (!told)
		;
	if (told == 2)
		hvc(PSCI_SYSTEM_OFF, 0, 0, 0);
	told = 0;
	hvc(PSCI_CPU_OFF, 0, 0, 0);
	arrivals = 1000; /* CPU_OFF came back */
}

static bool wait_for(int64_t (*what)(void), int64_t value)
{
	const uint64_t end = ticks() + ticks_of_ms(PATIENCE_MS);

	while (what() != value && ticks() < end)
		;
	return what() == value;
}

static int64_t how_many(void)
{
	return arrivals;
}

static int64_t power_of_1(void)
{
	return hvc(PSCI_AFFINITY_INFO, 1, 0, 0);
}

static void unknown_calls(void)
{
	static const uint64_t functions[] = {0,		 1,	     0x12345678, 0x7fffffff,
					     0x84000020, 0x8400007f, 0x84000005, 0xc4000099,
					     0xffffffff, 0x80007ffe, 0x86000077, 0xbf00ff01,
					     0xc6000077};
	bool by_hvc = true, by_smc = true;

	for (unsigned i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		by_hvc &= hvc(functions[i], ~0ul, ~0ul, ~0ul) == -1;
		by_smc &= smc(functions[i], ~0ul, ~0ul, ~0ul) == -1;
	}
	check(by_hvc, "unknown hypercalls return -1 in all of x0");
	check(by_smc, "unknown SMCs return -1 in all of x0");
	CHECK_EQUAL(smc(PSCI_VERSION, 0, 0, 0), 0x10001, "PSCI by SMC works as by HVC");
	{
		register uint64_t x0 __asm__("x0") = PSCI_SYSTEM_OFF;

		__asm__ volatile("smc #1" : "+r"(x0)::"x1", "x2", "x3", "memory");
		CHECK_EQUAL(x0, ~0ul, "an SMC with an immediate is no call: -1");
		x0 = PSCI_VERSION;
		__asm__ volatile("hvc #1" : "+r"(x0)::"x1", "x2", "x3", "memory");
		CHECK_EQUAL(x0, ~0ul, "nor is an HVC with one");
		x0 = PSCI_SYSTEM_OFF;
		__asm__ volatile("hvc #0xffff" : "+r"(x0)::"x1", "x2", "x3", "memory");
		CHECK_EQUAL(x0, ~0ul, "whatever it asks for");
	}
	CHECK_EQUAL(hvc(PSCI_FEATURES, 0x84000099, 0, 0), -1,
		    "PSCI_FEATURES of an unknown function");
	CHECK_EQUAL(hvc(PSCI_FEATURES, PSCI_CPU_ON, 0, 0), 0, "PSCI_FEATURES of CPU_ON");
	CHECK_EQUAL(hvc(PSCI_MIGRATE_INFO_TYPE, 0, 0, 0), 2, "MIGRATE_INFO_TYPE: no trusted OS");
	CHECK_EQUAL(hvc(0x80000000, 0, 0, 0), 0x10002, "SMCCC_VERSION");
}

static void bad_cpu_on(void)
{
	const uint64_t entry = (uint64_t)secondary_start;

	CHECK_EQUAL(hvc(PSCI_CPU_ON, 2, entry, 0), INVALID_PARAMETERS,
		    "CPU_ON of a vCPU that is not there");
	CHECK_EQUAL(hvc(PSCI_CPU_ON, ~0ul, entry, 0), INVALID_PARAMETERS,
		    "CPU_ON of MPIDR ffff...");
	CHECK_EQUAL(hvc(PSCI_CPU_ON, 1ul << 31 | 1, entry, 0), INVALID_PARAMETERS,
		    "CPU_ON with MPIDR bit 31");
	CHECK_EQUAL(hvc(PSCI_CPU_ON, 1ul << 32 | 1, entry, 0), INVALID_PARAMETERS,
		    "CPU_ON with Aff3 = 1");
	CHECK_EQUAL(hvc(PSCI_CPU_ON, 1, NOWHERE, 0), INVALID_ADDRESS, "CPU_ON outside RAM");
	CHECK_EQUAL(hvc(PSCI_CPU_ON, 1, entry + 2, 0), INVALID_ADDRESS, "CPU_ON at an odd address");
	CHECK_EQUAL(hvc(PSCI_CPU_ON, 1, ~3ul, 0), INVALID_ADDRESS,
		    "CPU_ON at the end of the address space");
	CHECK_EQUAL(hvc(PSCI_CPU_ON, 0, entry, 0), ALREADY_ON, "CPU_ON of oneself");
	CHECK_EQUAL(hvc(PSCI_AFFINITY_INFO, 0, 0, 0), 0, "AFFINITY_INFO: I am on");
	CHECK_EQUAL(hvc(PSCI_AFFINITY_INFO, 1, 0, 0), 1, "AFFINITY_INFO: the other is off");
	CHECK_EQUAL(hvc(PSCI_AFFINITY_INFO, 7, 0, 0), INVALID_PARAMETERS,
		    "AFFINITY_INFO of nobody");
	CHECK_EQUAL(hvc(PSCI_AFFINITY_INFO, 0, 4, 0), INVALID_PARAMETERS,
		    "AFFINITY_INFO at level 4");
}

/* set_up_vcpu in start.S needs the index, so what is passed as context is the index, by two widths of the call. */
static void on_and_off(void)
{
	const uint64_t entry = (uint64_t)secondary_start;
	int64_t second;

	CHECK_EQUAL(hvc(PSCI_CPU_ON, 1, entry, 1), 0, "CPU_ON");
	second = hvc(PSCI_CPU_ON, 1, entry, 1);
	check(second == ALREADY_ON || second == ON_PENDING, "a second CPU_ON is refused");
	check(wait_for(how_many, 1), "it arrives, once");
	CHECK_EQUAL(last_context, 1, "with its context in x0");
	CHECK_EQUAL(power_of_1(), 0, "AFFINITY_INFO: on");
	told = 1;
	check(wait_for(power_of_1, 1), "CPU_OFF switches it off");
	CHECK_EQUAL(hvc(0xdead000000000000ul | PSCI_CPU_ON_32, 0xdead000000000001ul,
			0xdead000000000000ul | entry, 0xdead000000000001ul),
		    0, "CPU_ON of the 32-bit convention ignores upper halves");
	check(wait_for(how_many, 2), "it arrives again");
	CHECK_EQUAL(last_context, 1, "with a context of 32 bits");
}

void first(const void *device_tree)
{
	(void)device_tree;
	unknown_calls();
	bad_cpu_on();
	on_and_off();
	say("done: the other vCPU powers off\n");
	told = 2;
	for (;;)
		;
}
