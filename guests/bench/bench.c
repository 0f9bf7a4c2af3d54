/*
 * The probe guest of `make bench`: does each operation of probes.S many times and prints, one line a probe,
 *
 *   probe NAME MIN MAX TOTAL COUNT
 *
 * in ticks of the virtual counter, the cost of reading the counter taken off; and `start TICKS`, the physical counter at
 * the guest's first instruction. tests/bench/run.py makes figures of it.
 */
#include <stdint.h>

#include "bench.h"

/* What is done once, and the first pages of a trace, are over by then. */
#define WARM_UP 64
#define COUNT	1024

#define PSCI_SYSTEM_OFF 0x84000008u

void bench_main(uint64_t start);

#define PROBES(DO)           \
	DO(hvc_psci_version) \
	DO(gicd_typer_read)  \
	DO(idreg_read)       \
	DO(sgi_self_total)   \
	DO(vtimer_irq)       \
	DO(uart_read)

#define DECLARE(name) uint64_t probe_##name(void);
DECLARE(nothing)
PROBES(DECLARE)

/* The cost of the reads is part of all but vtimer_irq, whose count begins at an instant that nobody reads. */
struct result {
	uint64_t min, max, total;
};

static volatile uint32_t *device(uint64_t address)
{
	return (volatile uint32_t *)address;
}

static void put_char(char c)
{
	*device(UART_BASE + UART_DR) = (uint32_t)c;
}

static void put(const char *s)
{
	for (; *s; s++)
		put_char(*s);
}

static void put_number(uint64_t value)
{
	char digits[20];
	unsigned n = 0;

	do {
		digits[n++] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	put_char(' ');
	while (n)
		put_char(digits[--n]);
}

static struct result repeat(uint64_t (*probe)(void), uint64_t reading)
{
	struct result result = {.min = UINT64_MAX};

	for (unsigned i = 0; i < WARM_UP; i++)
		probe();
	for (unsigned i = 0; i < COUNT; i++) {
		const uint64_t ticks = probe() - reading;

		result.total += ticks;
		if (ticks < result.min)
			result.min = ticks;
		if (ticks > result.max)
			result.max = ticks;
	}
	return result;
}

static void report(const char *name, uint64_t (*probe)(void), uint64_t reading)
{
	const struct result result = repeat(probe, reading);

	put("probe ");
	put(name);
	put_number(result.min);
	put_number(result.max);
	put_number(result.total);
	put_number(COUNT);
	put("\n");
}

/* The virtual GIC as a guest's driver sets it up: SGI and virtual timer enabled, everything let through. */
static void gic_enable(void)
{
	*device(GICD_BASE + GICD_CTLR) = 0x3; /* both groups; affinity routing is always on */
	*device(GICR_BASE + GICR_WAKER) = 0;
	*device(GICR_SGI_BASE + ISENABLER) = 1u << PROBE_SGI | 1u << INTID_VIRT_TIMER;
	__asm__ volatile("msr S3_0_C4_C6_0, %0\n\t"   /* ICC_PMR_EL1 */
			 "msr S3_0_C12_C12_7, %1\n\t" /* ICC_IGRPEN1_EL1 */
			 "isb" ::"r"(0xffull),
			 "r"(1ull));
}

static void power_off(void)
{
	register uint64_t x0 __asm__("x0") = PSCI_SYSTEM_OFF;

	__asm__ volatile("hvc #0" : "+r"(x0)::"memory");
}

void bench_main(uint64_t start)
{
	const uint64_t reading = probe_nothing();

	gic_enable();
	put("start");
	put_number(start);
	put("\n");
#define REPORT(name) report(#name, probe_##name, probe_##name == probe_vtimer_irq ? 0 : reading);
	PROBES(REPORT)
	power_off();
}
