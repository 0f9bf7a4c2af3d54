/*
 * What the files of the scheduler share: vm/sched.c (whose turn it is), vm/sched_requests.c (what others have asked of this CPU),
 * vm/sched_timer.c (EL2's timer) and vm/sched_idle.c (interrupts and sleep).
 */
#ifndef VM_SCHED_INTERNAL_H
#define VM_SCHED_INTERNAL_H

#include <vitrine/percpu.h>

#include "hal/arm64.h"
#include "hal/hal.h"
#include "vm/sched.h"

#define SCHED_TICK_MS 50u

struct run_queue {
	struct vm_vcpu *vcpu[SCHED_MAX_VCPUS];
	unsigned count;
	unsigned next; /* where the search for the next vCPU starts */
	struct vm_vcpu *loaded;
	struct vm_vcpu *woken; /* has just got an interrupt that it waited for: goes first */
	bool interrupted;      /* atomic: a kick may have been taken while requests were served */
	uint64_t clock_ticks;  /* the last snapshot */
	uint64_t sample_ticks; /* the next PC sample; 0: none */
	uint64_t tick_ticks;   /* the next look at the trace's port; UINT64_MAX: not here */
	uint64_t trace_ticks;  /* the same, or 0: timers concern the trace in other ways, too */
	uint64_t slice_end;    /* but not beyond this: then it is the next one's turn in any case */
};

extern struct run_queue sched_queues[HAL_MAX_CPUS];

static inline uint64_t milliseconds(unsigned count)
{
	return READ_SYSREG(CNTFRQ_EL0) / 1000 * count;
}

static inline struct run_queue *this_queue(void)
{
	return &sched_queues[this_cpu()->index];
}

/* vm/sched.c. Take what is loaded out of the hardware. */
void sched_unload(struct run_queue *queue);

/* vm/sched_requests.c. Do what others have asked of this CPU's vCPUs; a blocked one goes on. */
void sched_serve_requests(struct run_queue *queue);
void sched_wake(struct run_queue *queue, struct vm_vcpu *vcpu);

/*
 * vm/sched_timer.c. The first tick; the line of a physical timer; EL2's timer for who is about to run, or NULL, and its expiry; is
 * there a tick of the machine's here?
 */
void sched_begin_ticks(struct run_queue *queue);
void sched_update_physical_timer(struct vm_vcpu *vcpu);
void sched_set_timer(struct run_queue *queue, const struct vm_vcpu *running);
void sched_el2_timer(struct run_queue *queue);
bool sched_has_tick(void);

/* vm/sched_idle.c. Nobody is ready: sleep. */
struct vm_vcpu *sched_idle(struct run_queue *queue, bool busy);

#endif
