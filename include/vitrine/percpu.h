/*
 * What EL2 keeps for each physical CPU. TPIDR_EL2 points here from the CPU's first C instruction
 * on.
 */
#ifndef VITRINE_PERCPU_H
#define VITRINE_PERCPU_H

#include <stdint.h>

#include <vitrine/vcpu.h>

#define EXIT_HISTORY		  16u
#define EL2_STACK_BYTES		  16384u /* with a hole below it */
#define EL2_EMERGENCY_STACK_BYTES 4096u

/** One of the last exits of a CPU, for crash records. */
struct exit_note {
	uint64_t esr; /* bits 36:0 ESR_EL2 (0 for interrupts), bits 63:56 the vCPU's id */
	uint64_t pc;
};

struct trace_ring;

struct percpu {
	struct vcpu *current;  /* loaded vCPU or NULL. First: the vectors read it */
	uint64_t emergency_sp; /* where an EL2 fault gets its stack */
	unsigned index;	       /* 0..HAL_MAX_CPUS-1 */
	uint64_t mpidr;	       /* affinity fields */
	uint64_t exits; /* how many so far: history[exits % 16] is the next to be overwritten */
	struct exit_note history[EXIT_HISTORY];
	struct trace_ring *ring; /* NULL when not tracing */
	uint32_t locks_held;	 /* one bit a lock rank, debug builds only */
	bool online;
};

extern struct percpu percpu_table[];

#ifdef __aarch64__
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
 * Make EL2 ready on this CPU: vectors, traps that hold for every guest, no current vCPU.
 * @param traced  choose the vectors that record each exit; the others have no instruction for it.
 */
void percpu_enable(struct percpu *cpu, bool traced);

#endif
