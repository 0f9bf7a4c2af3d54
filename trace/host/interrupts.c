/* See interrupts.h. */
#include "trace/host/conversion.h"
#include "trace/host/names.h"

#define PSCI_CPU_ON 0x84000003u
#define SMCCC_SMC64 (1u << 30)
#define STATE_OFF   4u /* enum vcpu_state */

static uint64_t new_flow(struct conversion *c)
{
	return ++c->interrupts.flows;
}

/* Where the flow of a vCPU's interrupt is kept; NULL for one that cannot be followed. */
static uint64_t *slot_of(struct conversion *c, uint32_t vcpu, uint64_t intid)
{
	return vcpu < MAX_VCPUS && intid < FLOW_INTIDS ? &c->interrupts.open[vcpu][intid] : NULL;
}

/* The flow of an interrupt on its way to a vCPU; a new one when there is none. */
static uint64_t open_flow(struct conversion *c, uint32_t vcpu, uint64_t intid)
{
	uint64_t *slot = slot_of(c, vcpu, intid);

	if (!slot)
		return 0;
	if (!*slot) {
		*slot = new_flow(c);
		c->interrupts.open_of_vcpu[vcpu]++;
	}
	return *slot;
}

static void write_held(struct conversion *c, uint32_t cpu, uint64_t flow)
{
	struct held_event *held = &c->interrupts.irq[cpu];
	struct generic generic;

	held->held = false;
	generic_event(c, &held->record, &generic);
	event_flow(&generic.event, flow);
	event_write(&c->perfetto, irqs_of(&c->tracks, cpu), held->ns, &generic.event);
}

void interrupts_settle(struct conversion *c, uint32_t cpu)
{
	if (c->interrupts.irq[cpu].held)
		write_held(c, cpu, 0);
}

static void take_irq(struct conversion *c, const struct record *record, uint64_t ns)
{
	interrupts_settle(c, record->cpu);
	c->interrupts.irq[record->cpu] = (struct held_event){true, ns, *record};
}

static void inject(struct conversion *c, const struct record *record, uint64_t ns)
{
	const uint64_t flow = open_flow(c, record->vcpu, record->value[0]);

	if (flow && c->interrupts.irq[record->cpu].held)
		write_held(c, record->cpu, flow);
	convert_generic(c, record, ns, flow, 0);
}

/* Loaded, acknowledged, or done: goes on with the flow if its beginning was seen. */
static void advance(struct conversion *c, const struct record *record, uint64_t ns)
{
	uint64_t *slot = slot_of(c, record->vcpu, record->value[0]);
	const uint64_t flow = slot ? *slot : 0;

	if (record->event != TRACE_VIRQ_EOI) {
		convert_generic(c, record, ns, flow, 0);
		return;
	}
	convert_generic(c, record, ns, 0, flow);
	if (flow) {
		*slot = 0;
		c->interrupts.open_of_vcpu[record->vcpu]--;
	}
}

static void send(struct conversion *c, const struct record *record, uint64_t ns)
{
	struct generic generic;

	if (record->vcpu == TRACE_NO_VCPU) {
		convert_generic(c, record, ns, 0, 0);
		return;
	}
	generic_event(c, record, &generic);
	for (uint32_t i = 0; i < 64 && generic.event.flows < EVENT_FLOWS_MAX; i++)
		if (record->value[0] >> i & 1)
			event_flow(&generic.event,
				   open_flow(c,
					     same_vm_vcpu(&c->summary->metadata, record->vcpu, i),
					     record->arg));
	event_write(&c->perfetto, instants_of(&c->tracks, record->vcpu), ns, &generic.event);
}

void convert_interrupt(struct conversion *c, const struct record *record, uint64_t ns)
{
	switch (record->event) {
	case TRACE_IRQ:
		take_irq(c, record, ns);
		break;
	case TRACE_VIRQ_INJECT:
		inject(c, record, ns);
		break;
	case TRACE_SGI_SEND:
		send(c, record, ns);
		break;
	default:
		advance(c, record, ns);
	}
}

static void write_instant(struct conversion *c, struct sequence *s, uint64_t ns, const char *name,
			  uint64_t flow_end)
{
	struct event event;

	event_begin(&event, TYPE_INSTANT);
	event.name = name;
	event.flow_end = flow_end;
	event_write(&c->perfetto, s, ns, &event);
}

void interrupts_break(struct conversion *c, uint32_t vcpu, uint64_t ns, const char *why)
{
	struct interrupts *in = &c->interrupts;

	for (uint32_t intid = 0; in->open_of_vcpu[vcpu] && intid < FLOW_INTIDS; intid++) {
		char interrupt[32], name[SLICE_NAME_BYTES];

		if (!in->open[vcpu][intid])
			continue;
		interrupt_name(intid, interrupt, sizeof(interrupt));
		snprintf(name, sizeof(name), "virq %s %s", interrupt, why);
		write_instant(c, instants_of(&c->tracks, vcpu), ns, name, in->open[vcpu][intid]);
		in->open[vcpu][intid] = 0;
		in->open_of_vcpu[vcpu]--;
	}
}

void convert_psci_call(struct conversion *c, const struct record *record, uint64_t ns)
{
	const uint32_t function = (uint32_t)record->value[0] & ~SMCCC_SMC64;
	const uint32_t result = (uint32_t)(record->value[0] >> 32);

	convert_generic(c, record, ns, 0, 0);
	if (function == PSCI_CPU_ON && result == 0 && record->arg < MAX_VCPUS)
		c->interrupts.cpu_on_target[record->cpu] = record->arg + 1u;
}

uint64_t cpu_on_flow(struct conversion *c, const struct record *exit, uint64_t begin_ns,
		     uint32_t *target)
{
	uint32_t *called = &c->interrupts.cpu_on_target[exit->cpu];
	struct vcpu_start *start;
	uint64_t flow;

	*target = TRACE_NO_VCPU;
	if (!*called)
		return 0;
	if (exit->arg == REASON_CPU_UP)
		*target = *called - 1;
	*called = 0;
	if (*target == TRACE_NO_VCPU)
		return 0;
	start = &c->interrupts.start[*target];
	flow = new_flow(c);
	if (start->flow) /* switched on twice, and neither time it ran: an error, but not ours */
		write_instant(c, starts_of(&c->tracks, *target), begin_ns, "vCPU did not start",
			      start->flow);
	start->flow = flow;
	if (start->held && start->held_ns >= begin_ns) {
		write_instant(c, starts_of(&c->tracks, *target), start->held_ns, "vCPU starts",
			      flow);
		start->held = false;
		start->flow = 0;
	}
	return flow;
}

/* A vCPU ran for the first time, and nobody was seen to switch it on: a VM's first one. */
static void write_held_start(struct conversion *c, uint32_t vcpu)
{
	struct vcpu_start *start = &c->interrupts.start[vcpu];

	if (start->held)
		write_instant(c, starts_of(&c->tracks, vcpu), start->held_ns, "vCPU starts", 0);
	start->held = false;
}

void starts_record(struct conversion *c, const struct record *record, uint64_t ns)
{
	struct vcpu_start *start = &c->interrupts.start[record->vcpu];

	if (record->vcpu == TRACE_NO_VCPU)
		return;
	if (record->event != TRACE_SCHED_IN) {
		if (record->arg == STATE_OFF)
			start->was_on = false;
		return;
	}
	if (start->was_on)
		return;
	start->was_on = true;
	write_held_start(c, record->vcpu);
	if (start->flow)
		write_instant(c, starts_of(&c->tracks, record->vcpu), ns, "vCPU starts",
			      start->flow);
	else
		*start = (struct vcpu_start){.was_on = true, .held = true, .held_ns = ns};
	start->flow = 0;
}

void interrupts_finish(struct conversion *c, uint64_t ns)
{
	for (uint32_t cpu = 0; cpu < MAX_CPUS; cpu++)
		interrupts_settle(c, cpu);
	for (uint32_t vcpu = 0; vcpu < MAX_VCPUS; vcpu++) {
		struct vcpu_start *start = &c->interrupts.start[vcpu];

		interrupts_break(c, vcpu, ns, "still on its way");
		write_held_start(c, vcpu);
		if (start->flow)
			write_instant(c, starts_of(&c->tracks, vcpu), ns, "vCPU did not start",
				      start->flow);
		start->flow = 0;
	}
}
