/*
 * Which vCPU runs on which CPU: SCHED_IN, SCHED_OUT and VCPU_STATE as Perfetto's task states.
 *
 * The importer wants RUNNING and not-RUNNING to alternate for each thread and to name the CPU each time. Records may
 * be missing, so what was last told is kept here and contradictions are mended before they are written.
 */
#ifndef TRACE_HOST_TASKS_H
#define TRACE_HOST_TASKS_H

#include "trace/host/perfetto.h"
#include "trace/host/reader.h"

#define NO_CPU 0xffffu

struct task {
	int64_t tid;
	uint16_t cpu;  /* runs there, or ran there last */
	uint16_t told; /* TASK_*; 0: nothing yet */
	bool scheduled_out; /* a SCHED_OUT said so: an exit record that ends later does not mean that it runs */
};

struct tasks {
	struct perfetto *perfetto;
	struct task task[256];	    /* by global vCPU index */
	uint32_t waiting[MAX_CPUS]; /* how many are RUNNABLE there */
	uint16_t running[MAX_CPUS]; /* vCPU that was told to run there, or TRACE_NO_VCPU */
};

void tasks_begin(struct tasks *tasks, struct perfetto *perfetto);

/* Take in one record; `cpu_sequence` is that of the record's CPU. */
void tasks_record(struct tasks *tasks, struct sequence *cpu_sequence, const struct record *record,
		  uint64_t ns);

/* How many vCPUs could run on `cpu` and do not. */
static inline uint32_t tasks_waiting(const struct tasks *tasks, uint16_t cpu)
{
	return tasks->waiting[cpu];
}

/* Records of `cpu` are missing from `ns` on: who ran there may no longer. */
void tasks_lost(struct tasks *tasks, struct sequence *cpu_sequence, uint16_t cpu, uint64_t ns);

#endif
