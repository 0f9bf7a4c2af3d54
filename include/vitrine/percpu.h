/*
 * What EL2 keeps for each physical CPU. TPIDR_EL2 points here from the CPU's first C instruction
 * on.
 */
#ifndef VITRINE_PERCPU_H
#define VITRINE_PERCPU_H

#include <stdbool.h>
#include <stdint.h>

#include <vitrine/vcpu.h>

#define EXIT_HISTORY		  16u	 /* exits that a crash record can show */
#define EL2_STACK_BYTES		  16384u /* with a hole below it */
#define EL2_EMERGENCY_STACK_BYTES 4096u	 /* for the report of an EL2 fault */

/** One of the last exits of a CPU, for crash records. */
struct exit_note {
	uint64_t esr; /* bits 36:0 ESR_EL2 (0 for interrupts), bits 63:56 the vCPU's id */
	uint64_t pc;
};

struct trace_ring;

/** What EL2's registers held before percpu_enable(), one field a row of core/percpu_registers.def. */
struct percpu_saved {
#define PERCPU_REGISTER(name) uint64_t name;
#include "core/percpu_registers.def"
#undef PERCPU_REGISTER
};

/** One physical CPU. TPIDR_EL2 points to its own. */
struct percpu {
	struct vcpu *current;  /* loaded vCPU or NULL. First: the vectors read it */
	uint64_t emergency_sp; /* where an EL2 fault gets its stack */
	uint64_t mpidr;	       /* affinity fields */
	uint64_t exits; /* how many so far: history[exits % 16] is the next to be overwritten */
	struct exit_note history[EXIT_HISTORY];
	struct trace_ring *ring; /* NULL when not tracing */
	uint64_t event_counters; /* MDCR_EL2.HPMN of this CPU: what its PMU has */
	uint64_t el2_interrupts; /* taken in a window, how many so far */
	uint64_t hcr_before_window;
	unsigned index;		/* 0..HAL_MAX_CPUS-1 */
	uint32_t locks_held;	/* one bit a lock rank, debug builds only */
	unsigned irq_windows;	/* how many times irq_window_open() is in force */
	bool handles_interrupt; /* taken in a window */
	bool online;		/* enabled. Atomic: other CPUs wait for it */
	struct percpu_saved saved;
};

/** By index; the embedder owns it. */
extern struct percpu percpu_table[];

#ifdef __aarch64__
/** The CPU that runs this. */
static inline struct percpu *this_cpu(void)
{
	uint64_t value;

	__asm__("mrs %0, tpidr_el2" : "=r"(value));
	return (struct percpu *)value;
}
#else
struct percpu *this_cpu(void);
#endif

/**
 * Make EL2 ready on this CPU: TPIDR_EL2, vectors, HCR_EL2 and the traps that hold for every guest. What
 * these registers held is kept in cpu->saved.
 *
 * @param cpu     zeroed but for emergency_sp, which an EL2 fault gets as its stack, index and ring.
 * @param traced  choose the vectors that record each exit; the others have no instruction for it.
 *
 * Interrupts are masked. Enabling what is enabled already only chooses the vectors anew. Another struct
 * percpu may be enabled on top: then disable that one first.
 *
 * @return VT_OK; VT_ESTATE when `cpu` is enabled, but is not the current one of this CPU; VT_ENOSYS with
 * HCR_EL2.E2H = 1, where the trap registers have another layout. Then nothing has changed.
 */
enum vt_err percpu_enable(struct percpu *cpu, bool traced);

/**
 * Undo percpu_enable(): each register gets back what it held, in the reverse order.
 * VT_ESTATE, and nothing has changed, when `cpu` is not what this CPU has enabled last, or has a vCPU loaded.
 */
enum vt_err percpu_disable(struct percpu *cpu);

/**
 * Let interrupts in while EL2 does something that takes long, such as clearing a guest's memory: each goes to
 * embed_el2_interrupt(), and what it has interrupted goes on with all its registers. Calls nest; the last close masks again.
 *
 * In between the caller holds no lock, writes no trace record and loads or puts no vCPU: the handler may do these.
 *
 * @return VT_OK; VT_ESTATE inside the handler, or for a close without an open: nothing has changed.
 */
enum vt_err irq_window_open(void);
/** Likewise. */
enum vt_err irq_window_close(void);

/** From any CPU. */
bool percpu_is_enabled(const struct percpu *cpu);

#endif
