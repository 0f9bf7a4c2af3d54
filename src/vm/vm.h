/*
 * Virtual machines: what one consists of, and its life from the manifest to its end.
 *
 * Each vCPU has a home CPU for its whole life; only that CPU loads it, runs it and changes its
 * state. Others ask, by setting a bit in `requests` and kicking the home CPU. So the run queues
 * need no lock.
 */
#ifndef VM_VM_H
#define VM_VM_H

#include <stdbool.h>
#include <stdint.h>

#include <vitrine/vcpu.h>

#include "core/psci_state.h"
#include "dev/vuart.h"
#include "irq/vgic.h"
#include "irq/vtimer.h"
#include "lib/spinlock.h"
#include "mm/stage2.h"
#include "vm/loader.h"
#include "vm/manifest.h"

/* Requests to a vCPU's home CPU. */
#define REQUEST_INTERRUPT 1u /* the virtual GIC has something new for it */
#define REQUEST_POWER_ON  2u /* PSCI CPU_ON: it is pending in vm->psci */

/*
 * A VM's phase, and how many times it has begun to stop: a CPU that looked just before a reset was
 * over must not park its vCPU for a stop that has passed.
 */
#define VM_PHASE(word)		    ((enum vm_phase)((word)&0xff))
#define VM_STOPS(word)		    ((word) >> 8)
#define VM_PHASE_WORD(phase, stops) ((uint32_t)(phase) | (uint32_t)(stops) << 8)

struct vm_vcpu {
	struct vcpu core; /* first: the vectors' struct vcpu * is also this */
	struct vgic_cpu vgic;
	struct vtimer timer;
	struct vm *vm;
	unsigned index;	    /* in its VM */
	unsigned home;	    /* index of its CPU */
	uint32_t requests;  /* atomic */
	uint32_t parked_in; /* the last stop of its VM (VM_STOPS) for which it has been taken out */
};

/* How a VM stops. Larger wins when several things happen at once. */
enum vm_phase {
	VM_RUNNING,
	VM_WARM_RESETTING, /* what is in RAM stays, but for the images */
	VM_RESETTING,
	VM_POWERING_OFF,
	VM_CRASHING,
	VM_DEAD,
};

struct vm {
	struct spinlock lock; /* LOCK_VM: psci */
	struct psci_domain psci;
	const struct vm_config *config;
	struct stage2 stage2;
	struct page_pool tables;
	struct vgic vgic;
	struct vuart vuart;
	struct loaded_guest guest;
	uint64_t ram_pa;
	unsigned console;
	unsigned vcpus;
	struct vm_vcpu *vcpu[MANIFEST_MAX_VCPUS];
	uint32_t phase; /* atomic: VM_PHASE() and VM_STOPS() in one word, as they are read together
			 */
	uint32_t unparked; /* vCPUs that have not stopped yet while phase != RUNNING; atomic */
	uint32_t aborts_logged;
	uint32_t smcs_logged, guest_lines; /* atomic */
	bool crashed;
};

extern struct vm *vms[MANIFEST_MAX_VMS];
extern unsigned vm_count;
extern bool vm_quit; /* the user has asked to end: C-a x */

static inline uint32_t vm_phase_word(const struct vm *vm)
{
	return __atomic_load_n(&vm->phase, __ATOMIC_ACQUIRE);
}

static inline struct vm_vcpu *vm_vcpu_of(struct vcpu *vcpu)
{
	return (struct vm_vcpu *)vcpu;
}

/*
 * Make a VM from its description and load its images. NULL, or a complaint in a static buffer; then
 * nothing of it runs.
 */
const char *vm_create(const struct vm_config *config);

/* Begin to stop a VM, from any CPU: all its vCPUs park, then it is reset or dead. */
void vm_stop(struct vm *vm, enum vm_phase phase);

/* A vCPU of a stopping VM has been put: the last one completes what was asked. */
void vm_parked(struct vm_vcpu *vcpu);

/* Ask a vCPU's home CPU to look at it. */
void vm_request(struct vm_vcpu *vcpu, uint32_t request);

/*
 * PSCI (vm/power.c), on the vCPU's home CPU. vm_psci() carries out the call in vcpu->core.exit and
 * returns what goes into x0.
 */
int64_t vm_psci(struct vm_vcpu *vcpu);
/* All vCPUs off but the first, which is about to start where its image begins. */
void vm_power_init(struct vm *vm);
/* It is not in the hardware: reset it and make it READY at its entry point. */
enum vt_err vm_power_enter(struct vm_vcpu *vcpu);
void vm_power_started(struct vm_vcpu *vcpu);
/* It sleeps in a state that loses its registers: take it out of the hardware. */
bool vm_power_is_down(struct vm_vcpu *vcpu);
/* It has got an interrupt. True: it was powered down and must enter anew. */
bool vm_power_wake(struct vm_vcpu *vcpu);

/* Handle the exit in vcpu->exit (vm/exits.c). */
void vm_handle_exit(struct vm_vcpu *vcpu);

/* Write the crash record and stop the VM (vm/crash.c). */
void vm_crash(struct vm_vcpu *vcpu, const char *why);

/* The last exits of a CPU, one line each, to the log. Also for EL2's own panics. */
struct percpu;
void crash_log_history(const struct percpu *cpu);

/* Supplied by main/: every VM has ended, or the user has quit. Runs on whichever CPU was last. */
_Noreturn void machine_end(void);

/* The exits of all vCPUs so far, and the table at the end of a run (vm/summary.c). */
uint64_t summary_total_exits(void);
void summary_log(void);

#endif
