/* See tasks.h. */
#include "trace/host/tasks.h"

/* vCPU states as in VCPU_STATE and SCHED_OUT records. CREATED and RUNNING tell nothing by themselves. */
static const uint8_t task_state_of[] = {
	0, TASK_RUNNABLE, 0, TASK_SLEEP, TASK_STOPPED, TASK_STOPPED, TASK_STOPPED,
};

void tasks_begin(struct tasks *tasks, struct perfetto *perfetto)
{
	memset(tasks, 0, sizeof(*tasks));
	tasks->perfetto = perfetto;
	for (uint32_t i = 0; i < 256; i++)
		tasks->task[i].cpu = NO_CPU;
	for (uint32_t i = 0; i < MAX_CPUS; i++)
		tasks->running[i] = TRACE_NO_VCPU;
}

static void tell(struct tasks *tasks, struct sequence *s, uint32_t vcpu, uint16_t cpu,
		 uint16_t state, uint64_t ns)
{
	struct task *task = &tasks->task[vcpu];
	struct pb *pb = &tasks->perfetto->pb;
	uint8_t *mark;

	packet_open(tasks->perfetto, s, ns);
	mark = pb_open(pb, PACKET_TASK_STATE);
	pb_uint(pb, TASK_CPU, cpu);
	pb_uint(pb, TASK_TID, (uint64_t)task->tid);
	pb_uint(pb, TASK_STATE, state);
	pb_close(pb, mark);
	packet_close(tasks->perfetto);

	if (task->told == TASK_RUNNING && task->cpu != NO_CPU && tasks->running[task->cpu] == vcpu)
		tasks->running[task->cpu] = TRACE_NO_VCPU;
	if (task->told == TASK_RUNNABLE)
		tasks->waiting[task->cpu]--;
	tasks->waiting[cpu] += state == TASK_RUNNABLE;
	task->cpu = cpu;
	task->told = state;
	if (state == TASK_RUNNING)
		tasks->running[cpu] = (uint16_t)vcpu;
}

static void runs(struct tasks *tasks, struct sequence *s, uint32_t vcpu, uint16_t cpu, uint64_t ns)
{
	struct task *task = &tasks->task[vcpu];

	task->scheduled_out = false;
	if (task->told == TASK_RUNNING && task->cpu == cpu)
		return;
	if (task->told == TASK_RUNNING) /* it left the other CPU unseen */
		tell(tasks, s, vcpu, task->cpu, TASK_RUNNABLE, ns);
	if (tasks->running[cpu] != TRACE_NO_VCPU) /* who was here left unseen */
		tell(tasks, s, tasks->running[cpu], cpu, TASK_RUNNABLE, ns);
	tell(tasks, s, vcpu, cpu, TASK_RUNNING, ns);
}

static void rests(struct tasks *tasks, struct sequence *s, uint32_t vcpu, uint16_t cpu,
		  uint8_t vcpu_state, uint64_t ns)
{
	const uint16_t state = vcpu_state < sizeof(task_state_of) ? task_state_of[vcpu_state] : 0;

	if (state && state != tasks->task[vcpu].told)
		tell(tasks, s, vcpu, cpu, state, ns);
}

void tasks_record(struct tasks *tasks, struct sequence *s, const struct record *record, uint64_t ns)
{
	struct task *task = &tasks->task[record->vcpu];

	if (record->vcpu == TRACE_NO_VCPU)
		return;
	switch (record->event) {
	case TRACE_SCHED_IN:
		runs(tasks, s, record->vcpu, record->cpu, ns);
		break;
	case TRACE_SCHED_OUT:
		task->scheduled_out = true;
		rests(tasks, s, record->vcpu, record->cpu, record->arg, ns);
		break;
	case TRACE_VCPU_STATE:
		/* Off a CPU, the state alone changes: woken (READY), switched on, stopped. On a CPU, SCHED_OUT will tell. */
		if (task->told != TASK_RUNNING)
			rests(tasks, s, record->vcpu, task->cpu == NO_CPU ? record->cpu : task->cpu,
			      record->arg, ns);
		break;
	case TRACE_EXIT:
		if (!task->scheduled_out &&
		    (task->told != TASK_RUNNING || task->cpu != record->cpu))
			runs(tasks, s, record->vcpu, record->cpu, ns);
		break;
	}
}

void tasks_lost(struct tasks *tasks, struct sequence *s, uint16_t cpu, uint64_t ns)
{
	if (tasks->running[cpu] != TRACE_NO_VCPU)
		tell(tasks, s, tasks->running[cpu], cpu, TASK_RUNNABLE, ns);
	for (uint32_t vcpu = 0; vcpu < MAX_VCPUS; vcpu++)
		if (tasks->task[vcpu].cpu == cpu)
			tasks->task[vcpu].scheduled_out = false;
}
