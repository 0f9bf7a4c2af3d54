/*
 * What stands around the events in a trace: processes, threads, their order, and what the recording says of itself.
 */
#ifndef TRACE_HOST_PREAMBLE_H
#define TRACE_HOST_PREAMBLE_H

#include "trace/host/perfetto.h"
#include "trace/host/summary.h"
#include "trace/host/tracks.h"

/* Process and thread ids. 0 is idle and 2 is kthreadd to the UI, so neither may be ours. */
#define PID_HYPERVISOR 1u
#define TID_CPU(cpu)   (100u + (cpu))
#define PID_VM(vm)     (1000u + 100u * (vm))
#define PID_NO_VM      100000u /* vCPUs that no VM claims */

/* The VM's place in the order, or NO_VM_SLOT. */
uint32_t vcpu_vm_slot(const struct metadata *metadata, uint32_t vcpu);
uint32_t vcpu_pid(const struct metadata *metadata, uint32_t vcpu);
int64_t vcpu_tid(const struct metadata *metadata, uint32_t vcpu);

/* `raw_bytes` makes the trace's uuid differ between recordings. */
void write_preamble(struct perfetto *p, const struct summary *summary, uint64_t raw_bytes);

/* Data-loss statistics; must be the last packet. `cpu_of_vcpu`: where each vCPU ran last (NO_CPU: nowhere). */
void write_stats(struct perfetto *p, const struct summary *summary,
		 const uint16_t cpu_of_vcpu[256]);

#endif
