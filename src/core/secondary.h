/*
 * What a secondary CPU needs before it has an MMU: read by asm/boot.S with caches off, so it is
 * cleaned to memory first.
 */
#ifndef CORE_SECONDARY_H
#define CORE_SECONDARY_H

#include "mm/el2_map.h"

struct percpu;

struct secondary_boot {
	struct el2_mmu mmu;
	uint64_t sp;
	struct percpu *cpu;
};

/* asm/boot.S: PSCI CPU_ON entry point; x0 = struct secondary_boot *. */
void secondary_entry(void);

/* main.c: the first C function of a secondary, on its own stack, MMU on, TPIDR_EL2 set. */
_Noreturn void secondary_main(struct percpu *cpu);

#endif
