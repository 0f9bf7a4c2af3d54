/*
 * The table at the end of a run: where the exits went. Each line begins with "summary: ", the
 * launcher prints them.
 */
#include <vitrine/percpu.h>

#include "hal/arm64.h"
#include "hal/hal.h"
#include "lib/log.h"
#include "trace/trace.h"
#include "vm/vm.h"

typedef unsigned long long ull;

static uint64_t sum(unsigned reason, bool ticks)
{
	uint64_t total = 0;

	for (unsigned v = 0; v < vm_count; v++)
		for (unsigned i = 0; i < vms[v]->vcpus; i++) {
			const struct vcpu *vcpu = &vms[v]->vcpu[i]->core;

			total += ticks ? vcpu_cost_sum(vcpu, reason).ticks : vcpu->exits[reason];
		}
	return total;
}

uint64_t summary_total_exits(void)
{
	uint64_t total = 0;

	for (unsigned reason = 0; reason < EXIT_REASONS; reason++)
		total += sum(reason, false);
	return total;
}

static void log_trace_totals(void)
{
	uint64_t events = 0, lost = 0;

	for (unsigned i = 0; i < hal.cpus; i++) {
		const struct trace_ring *ring = percpu_table[i].ring;

		if (!ring)
			continue;
		events += ring->exits;
		for (unsigned class = 0; class < TRACE_CLASSES; class ++)
			events += ring->produced_of[class];
		lost += ring->lost;
	}
	if (percpu_table[0].ring)
		log_line("summary: trace: %llu events recorded, %llu lost", (ull)(events - lost),
			 (ull)lost);
	else
		log_line("summary: trace: off");
}

/* Interrupts that did not wait for a VM's memory to be filled. */
static void log_at_el2(void)
{
	uint64_t taken = 0;

	for (unsigned i = 0; i < hal.cpus; i++)
		taken += percpu_table[i].el2_interrupts;
	if (taken)
		log_line("summary: %-24s %12llu", "interrupts at EL2", (ull)taken);
}

void summary_log(void)
{
	const bool timed = percpu_table[0].ring != 0;
	const uint64_t total = summary_total_exits();

	log_line("summary: %-24s %12s %7s %14s %10s", "exits by reason", "count", "share",
		 timed ? "ticks" : "", timed ? "ticks each" : "");
	for (unsigned reason = 0; reason < EXIT_REASONS; reason++) {
		const uint64_t count = sum(reason, false);
		const uint64_t ticks = sum(reason, true);
		const uint64_t permille = total ? count * 1000 / total : 0;

		if (count == 0)
			continue;
		if (timed)
			log_line("summary: %-24s %12llu %5llu.%llu%% %14llu %10llu",
				 exit_reason_name(reason), (ull)count, (ull)(permille / 10),
				 (ull)(permille % 10), (ull)ticks, (ull)(ticks / count));
		else
			log_line("summary: %-24s %12llu %5llu.%llu%%", exit_reason_name(reason),
				 (ull)count, (ull)(permille / 10), (ull)(permille % 10));
	}
	log_line("summary: %-24s %12llu", "total", (ull)total);
	log_at_el2();
	log_line("summary: a tick is 1/%llu s", (ull)READ_SYSREG(CNTFRQ_EL0));
	log_trace_totals();
}
