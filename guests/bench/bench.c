/*
 * The probe guest of `make bench`: does each operation of probes.S and reasons.S many times and prints, one line a probe,
 *
 *   probe NAME MIN MAX TOTAL COUNT
 *
 * in ticks of the virtual counter, the cost of reading the counter taken off; and `start TICKS`, the physical counter at
 * the guest's first instruction. tests/bench/run.py makes figures of it.
 */
#include "report.h"

/* What is done once, and the first pages of a trace, are over by then. */
#define WARM_UP 64
#define COUNT \
	1008 /* their records fill 8 pages, which go out together: their share is in each figure */

void bench_main(uint64_t start);

/* What to take off: the cost of reading the counter, but where the count begins at an instant that nobody reads. */
#define PROBES(DO)                      \
	DO(hvc_psci_version, reading)   \
	DO(gicd_typer_read, reading)    \
	DO(idreg_read, reading)         \
	DO(sgi_self_total, reading)     \
	DO(vtimer_irq, 0)               \
	DO(uart_read, reading)          \
	DO(psci_features, reading)      \
	DO(psci_affinity_info, reading) \
	DO(psci_cpu_on, reading)        \
	DO(hvc_vendor, reading)         \
	DO(hvc_unknown, reading)        \
	DO(smc_psci_version, reading)   \
	DO(smc_refused, reading)        \
	DO(gicd_write, reading)         \
	DO(gicr_typer_read, reading)    \
	DO(gicr_write, reading)         \
	DO(uart_write, reading)         \
	DO(gicd_pair_read, reading)     \
	DO(mdscr_read, reading)         \
	DO(mdscr_write, reading)        \
	DO(pmcr_read, reading)          \
	DO(cntp_read, reading)          \
	DO(cntp_write, reading)         \
	DO(set_way, reading)            \
	DO(sgi_to_nobody, reading)      \
	DO(undefined_sysreg, reading)   \
	DO(hidden_feature, reading)     \
	DO(data_abort, reading)         \
	DO(fetch_abort, reading)        \
	DO(wfi_pending, reading)        \
	DO(vtimer_wfi, 0)

#define DECLARE(name, off) uint64_t probe_##name(void);
PROBES(DECLARE)

static void repeat(const char *name, uint64_t (*probe)(void), uint64_t off)
{
	struct result result = {.min = UINT64_MAX};

	for (unsigned i = 0; i < WARM_UP; i++)
		probe();
	for (unsigned i = 0; i < COUNT; i++)
		result_add(&result, probe() - off);
	report(name, &result, COUNT);
}

void bench_main(uint64_t start)
{
	const uint64_t reading = probe_nothing();

	gic_enable(0);
	put("start");
	put_number(start);
	put("\n");
#define REPEAT(name, off) repeat(#name, probe_##name, off);
	PROBES(REPEAT)
	call(PSCI_SYSTEM_OFF, 0, 0, 0);
}
