/*
 * What a recording says about itself, in lines of text: docs/reference/trace-format.md lists them.
 */
#include <vitrine/percpu.h>

#include "core/perf_hook.h"
#include "hal/arm64.h"
#include "hal/hal.h"
#include "main/machine.h"
#include "trace/control.h"
#include "trace/drain.h"
#include "vm/vm.h"

typedef unsigned long long ull;

static void describe_vm(unsigned i, const struct vm *vm)
{
	const struct vm_config *config = vm->config;
	unsigned devices = 0;

	trace_metadata("vm.%u.name=%.40s\nvm.%u.vcpus=%u\nvm.%u.first=%u\n", i, config->name, i,
		       vm->vcpus, i, vm->vcpu[0]->core.id);
	trace_metadata("vm.%u.ram=0x%llx,0x%llx\n", i, (ull)config->ram_base,
		       (ull)config->ram_bytes);
	trace_metadata("vm.%u.device.%u=gicd,0x%llx,0x%llx\n", i, devices++, (ull)VGIC_GICD_IPA,
		       (ull)VGIC_GICD_BYTES);
	if (HAL_GIC_VERSION == 3)
		trace_metadata("vm.%u.device.%u=gicr,0x%llx,0x%llx\n", i, devices++,
			       (ull)VGIC_GICR_IPA, (ull)VGIC_GICR_BYTES_PER_VCPU * vm->vcpus);
	if (config->has_pl011)
		trace_metadata("vm.%u.device.%u=pl011,0x%llx,0x%llx\n", i, devices, (ull)VUART_IPA,
			       (ull)VUART_BYTES);
}

/* What the words of PERF records count, and whether the PMU has told EL2 and the guest apart. */
static void describe_perf(void)
{
	uint32_t event;
	bool by_pmu;

	for (unsigned i = 0; perf_chosen(i, &event, &by_pmu); i++)
		trace_metadata("perf.%u=0x%x,%s\n", i, event, by_pmu ? "pmu" : "read");
}

void metadata_begin(void)
{
	const struct trace_ring *ring = this_cpu()->ring;

	trace_metadata("cntfrq=%llu\ncpus=%u\ngit=" VITRINE_VERSION
		       "\ncpu_model=%llx\nboard=" HAL_BOARD "\n",
		       (ull)READ_SYSREG(CNTFRQ_EL0), hal.cpus, (ull)READ_SYSREG(MIDR_EL1));
	trace_metadata("level=%s\nmode=%s\nclasses=0x%x\n", trace_level_name(ring->level),
		       ring->flight ? "flight" : "stream", ring->classes);
	if (options.manifest[0])
		trace_metadata("manifest=%s\n", options.manifest);
	describe_perf();
	for (unsigned i = 0; i < vm_count; i++)
		describe_vm(i, vms[i]);
	trace_metadata_send();
}

/*
 * An exit that is being handled when EL2 panics is counted already, and never recorded. Elsewhere there is none: whoever
 * ends a run has put its vCPUs.
 */
static uint64_t exits_on(const struct percpu *cpu)
{
	const struct vcpu *vcpu = cpu->current;
	uint64_t exits = cpu->ring->exits;

	if (vcpu && vcpu_is_recorded(vcpu)) {
		exits += cpu->exits - cpu->ring->exits_from;
		exits -= vcpu->open.begin_ticks || vcpu->state == VCPU_RUNNING;
	}
	return exits;
}

static void count_cpu(unsigned i, const struct trace_ring *ring, uint64_t exits)
{
	static const char names[][9] = {
#define CLASS(name, bit, doc) [bit] = #name,
#include "trace/events.def"
	};
	uint64_t events = exits;

	for (unsigned class = 0; class < TRACE_CLASSES; class ++) {
		const uint64_t produced =
			class == TRACE_INDEX_EXIT ? exits : ring->produced_of[class];

		events += class == TRACE_INDEX_EXIT ? 0 : produced;
		if (produced)
			trace_metadata("total.class.%u.%s=%llu\n", i, names[class], (ull)produced);
		if (ring->lost_of[class])
			trace_metadata("lost.class.%u.%s=%llu\n", i, names[class],
				       (ull)ring->lost_of[class]);
	}
	trace_metadata("total.events.%u=%llu\ntotal.lost.%u=%llu\ntotal.lost_exits.%u=%llu\n", i,
		       (ull)events, i, (ull)ring->lost, i, (ull)ring->lost_of[TRACE_INDEX_EXIT]);
}

/* Buckets by powers of two of ticks, from 2^0; the last has what is longer. */
static void count_vcpu(const struct vcpu *vcpu)
{
	static const char reasons[][20] = {
#define REASON(name, text) #name,
#include "core/exit_reasons.def"
#undef REASON
	};

	for (unsigned reason = 0; reason < EXIT_REASONS; reason++) {
		const struct vcpu_cost_sum sum = vcpu_cost_sum(vcpu, reason);

		if (!vcpu->exits[reason])
			continue;
		trace_metadata("exits.%u.%s=%llu,%llu,%llu,%llu\n", vcpu->id, reasons[reason],
			       (ull)vcpu->exits[reason], (ull)sum.ticks, (ull)sum.min,
			       (ull)sum.max);
		if (!sum.max)
			continue;
		trace_metadata("hist.%u.%s=", vcpu->id, reasons[reason]);
		for (unsigned i = VCPU_COST_BUCKETS - 1; i > 0; i--)
			trace_metadata("%llu%c", (ull)vcpu->cost->of[reason][i].count,
				       i > 1 ? ',' : '\n');
	}
}

void metadata_end(bool panicking, uint32_t writing)
{
	unsigned vms_told = vm_count;
	uint64_t exits = 0;

	if (!this_cpu()->ring)
		return;
	trace_drain_finish(panicking, writing);
	for (unsigned i = 0; i < hal.cpus; i++) {
		if (writing >> i & 1)
			continue;
		const uint64_t here = exits_on(&percpu_table[i]);

		exits += here;
		count_cpu(i, percpu_table[i].ring, here);
	}
	if (!writing)
		trace_metadata("total.exits=%llu\n", (ull)exits);
	/* A reader compares these with what it finds: not when only some exits were meant to be recorded. */
	if (writing || (exits && exits != summary_total_exits()))
		vms_told = 0;
	for (unsigned v = 0; v < vms_told; v++)
		for (unsigned i = 0; i < vms[v]->vcpus; i++)
			count_vcpu(&vms[v]->vcpu[i]->core);
	trace_metadata_send();
}
