/*
 * Offsets for assembly, generated from the C structures: this file is compiled to assembly text
 * only, and the Makefile turns each marker line into a #define of build/asm-offsets.h.
 * core/layout_check.c asserts the same numbers from the C side.
 */
#include <stddef.h>

#include <vitrine/embed.h>
#include <vitrine/percpu.h>

#include "core/fault.h"
#include "core/secondary.h"

#define DEFINE(name, value) __asm__ volatile("\n.ascii \"@define " #name " %c0\"" ::"i"(value))

void asm_offsets(void);
void asm_offsets(void)
{
	DEFINE(PERCPU_EMERGENCY_SP, offsetof(struct percpu, emergency_sp));
	DEFINE(VCPU_FRAME_X, offsetof(struct vcpu, frame.x));
	DEFINE(VCPU_PC, offsetof(struct vcpu, frame.pc));
	DEFINE(VCPU_PSTATE, offsetof(struct vcpu, frame.pstate));
	DEFINE(VCPU_EXIT_BEGIN, offsetof(struct vcpu, exit_begin_ticks));
	DEFINE(FAULT_FRAME_BYTES, sizeof(struct fault_frame));
	DEFINE(SECONDARY_TTBR0, offsetof(struct secondary_boot, mmu.ttbr0));
	DEFINE(SECONDARY_TCR, offsetof(struct secondary_boot, mmu.tcr));
	DEFINE(SECONDARY_MAIR, offsetof(struct secondary_boot, mmu.mair));
	DEFINE(SECONDARY_SCTLR, offsetof(struct secondary_boot, mmu.sctlr));
	DEFINE(SECONDARY_SP, offsetof(struct secondary_boot, sp));
	DEFINE(SECONDARY_PERCPU, offsetof(struct secondary_boot, cpu));
}
