/*
 * The sequences and tracks of a trace: which number stands for what, and what has been written on each.
 *
 * Everything that ends at one place in the recording goes to a sequence of its own kind, so that each sequence stays in
 * order of time although an exit is recorded after what happened inside it. Readers sort across sequences.
 */
#ifndef TRACE_HOST_TRACKS_H
#define TRACE_HOST_TRACKS_H

#include "trace/host/metadata.h"
#include "trace/host/perfetto.h"

/* trusted_packet_sequence_id by what a sequence holds. */
#define SEQUENCE_TRACE		1u /* descriptors, attributes, statistics */
#define SEQUENCE_COUNTERS	2u
#define SEQUENCE_EXITS(vcpu)	(10u + (vcpu))
#define SEQUENCE_INSTANTS(vcpu) (300u + (vcpu))
#define SEQUENCE_TASKS(cpu)	(600u + (cpu))
#define SEQUENCE_CPU(cpu)	(900u + (cpu))
#define SEQUENCE_IRQS(cpu)	(1200u + (cpu))
#define SEQUENCE_STARTS(vcpu)	(1500u + (vcpu))
#define SEQUENCE_DEBUGGER(vcpu) (1800u + (vcpu))
#define SEQUENCE_SAMPLES(vcpu)	(2100u + (vcpu))
#define SEQUENCE_CONSOLE(vm)	(2400u + (vm))

/* Track uuids: functions of what they stand for, so that equal runs give equal traces. */
#define UUID_HYPERVISOR	       0x10u
#define UUID_LOST	       0x20u
#define UUID_FAULTS	       0x21u
#define UUID_EXIT_RATES	       0x22u
#define UUID_EL2_SHARES	       0x23u
#define UUID_RUN_QUEUES	       0x24u
#define UUID_PERFS	       0x25u
#define UUID_VM(vm)	       (0x1000u + (vm))
#define UUID_CONSOLE(vm)       (0x1800u + (vm))
#define UUID_VCPU(vcpu)	       (0x2000u + (vcpu))
#define UUID_DEBUGGER(vcpu)    (0x2800u + (vcpu))
#define UUID_CPU(cpu)	       (0x3000u + (cpu))
#define UUID_EXIT_RATE(reason) (0x4000u + (reason))
#define UUID_EL2_SHARE(cpu)    (0x5000u + (cpu))
#define UUID_RUN_QUEUE(cpu)    (0x6000u + (cpu))
#define UUID_PERF(word, side)  (0x7000u + (word)*2 + (side))

#define NO_VM_SLOT MAX_VMS /* stands behind the VMs in the order, for vCPUs that none claims */

struct tracks {
	struct sequence counters;
	struct sequence exits[256], instants[256], starts[256], debugger[256],
		samples[256]; /* by vCPU */
	struct sequence tasks[MAX_CPUS], cpu[MAX_CPUS], irqs[MAX_CPUS];
	struct sequence console[NO_VM_SLOT + 1];
	struct exit_words words[256]; /* of exits */
};

/*
 * Sequences get their identity when they are first asked for: most of the table is never touched, so it costs no
 * memory.
 */
static inline struct sequence *identified(struct sequence *s, uint32_t id, uint64_t track_uuid)
{
	s->id = id;
	s->track_uuid = track_uuid;
	return s;
}

static inline struct sequence *exits_of(struct tracks *t, uint32_t vcpu)
{
	t->exits[vcpu].words = &t->words[vcpu];
	return identified(&t->exits[vcpu], SEQUENCE_EXITS(vcpu), UUID_VCPU(vcpu));
}

static inline struct sequence *instants_of(struct tracks *t, uint32_t vcpu)
{
	return identified(&t->instants[vcpu], SEQUENCE_INSTANTS(vcpu), UUID_VCPU(vcpu));
}

static inline struct sequence *starts_of(struct tracks *t, uint32_t vcpu)
{
	return identified(&t->starts[vcpu], SEQUENCE_STARTS(vcpu), UUID_VCPU(vcpu));
}

static inline struct sequence *debugger_of(struct tracks *t, uint32_t vcpu)
{
	return identified(&t->debugger[vcpu], SEQUENCE_DEBUGGER(vcpu), UUID_DEBUGGER(vcpu));
}

static inline struct sequence *samples_of(struct tracks *t, uint32_t vcpu)
{
	return identified(&t->samples[vcpu], SEQUENCE_SAMPLES(vcpu), 0);
}

static inline struct sequence *tasks_of(struct tracks *t, uint32_t cpu)
{
	return identified(&t->tasks[cpu], SEQUENCE_TASKS(cpu), 0);
}

static inline struct sequence *cpu_events_of(struct tracks *t, uint32_t cpu)
{
	return identified(&t->cpu[cpu], SEQUENCE_CPU(cpu), UUID_CPU(cpu));
}

static inline struct sequence *irqs_of(struct tracks *t, uint32_t cpu)
{
	return identified(&t->irqs[cpu], SEQUENCE_IRQS(cpu), UUID_CPU(cpu));
}

static inline struct sequence *console_of(struct tracks *t, uint32_t vm_slot)
{
	return identified(&t->console[vm_slot], SEQUENCE_CONSOLE(vm_slot), UUID_CONSOLE(vm_slot));
}

static inline struct sequence *counters_of(struct tracks *t)
{
	return identified(&t->counters, SEQUENCE_COUNTERS, UUID_LOST);
}

#endif
