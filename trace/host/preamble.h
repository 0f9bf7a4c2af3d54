/*
 * What stands around the events in a trace: processes, threads, their order, and what the recording says of itself.
 */
#ifndef TRACE_HOST_PREAMBLE_H
#define TRACE_HOST_PREAMBLE_H

#include "trace/host/perfetto.h"
#include "trace/host/summary.h"

/* trusted_packet_sequence_id by what a sequence holds. */
#define SEQUENCE_TRACE		1u /* descriptors, attributes, statistics */
#define SEQUENCE_EXITS(vcpu)	(10u + (vcpu))
#define SEQUENCE_INSTANTS(vcpu) (300u + (vcpu))
#define SEQUENCE_TASKS(cpu)	(600u + (cpu))
#define SEQUENCE_CPU(cpu)	(900u + (cpu))

/* Track uuids: functions of what they stand for, so that equal runs give equal traces. */
#define UUID_HYPERVISOR 0x10u
#define UUID_VM(vm)	(0x1000u + (vm))
#define UUID_VCPU(vcpu) (0x2000u + (vcpu))
#define UUID_CPU(cpu)	(0x3000u + (cpu))

/* Process and thread ids. 0 is idle and 2 is kthreadd to the UI, so neither may be ours. */
#define PID_HYPERVISOR 1u
#define TID_CPU(cpu)   (100u + (cpu))
#define PID_VM(vm)     (1000u + 100u * (vm))
#define PID_NO_VM      100000u /* vCPUs that no VM claims */

int64_t vcpu_tid(const struct metadata *metadata, uint32_t vcpu);

/* `raw_bytes` makes the trace's uuid differ between recordings. */
void write_preamble(struct perfetto *p, const struct summary *summary, uint64_t raw_bytes);

/* Data-loss statistics; must be the last packet. `cpu_of_vcpu`: where each vCPU ran last (NO_CPU: nowhere). */
void write_stats(struct perfetto *p, const struct summary *summary,
		 const uint16_t cpu_of_vcpu[256]);

#endif
