/*
 * The toy processor: a dozen A64 instructions, 64 KiB of memory from 0 on. It knows nothing of GDB.
 */
#ifndef CPU_H
#define CPU_H

#include <stdint.h>

#define MEMORY_BYTES 0x10000
#define CPU_SP	     31
#define CPU_PC	     32

struct cpu {
	uint64_t r[33]; /* x0..x30, sp, pc */
	uint32_t cpsr;
	uint64_t executed;
	uint8_t memory[MEMORY_BYTES];
};

enum cpu_event { CPU_WENT_ON, CPU_BREAKPOINT, CPU_UNDEFINED, CPU_FAULT };

/* One instruction. Anything but CPU_WENT_ON: it has not been executed. */
enum cpu_event cpu_step(struct cpu *cpu);
/* Where the instruction at pc would store 8 bytes; UINT64_MAX: it is no store. */
uint64_t cpu_stores_to(const struct cpu *cpu);

#endif
