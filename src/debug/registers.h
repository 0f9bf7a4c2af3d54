/*
 * A stopped vCPU's registers as GDB numbers them: x0..x30, sp, pc, cpsr; v0..v31, fpsr, fpcr; then system registers.
 *
 * Source: GDB manual, "AArch64 Features" (org.gnu.gdb.aarch64.core, .fpu).
 */
#ifndef DEBUG_REGISTERS_H
#define DEBUG_REGISTERS_H

#include "debug/state.h"

enum {
	REGISTER_FP = 29,
	REGISTER_LR = 30,
	REGISTER_SP = 31,
	REGISTER_PC = 32,
	REGISTER_CPSR = 33,
	REGISTER_V0 = 34,
	REGISTER_FPSR = 66,
	REGISTER_FPCR = 67,
	REGISTER_SYSTEM = 68, /* the first of them */
};

/* The system registers, in GDB's order: their place is in struct vm_vcpu. */
struct system_register {
	const char *name, *group;
	uint16_t place;
	bool writable, pauth;
};
extern const struct system_register system_registers[];
extern const unsigned system_registers_count;

size_t register_bytes(unsigned number);
enum gdb_err register_read(const struct debug_vcpu *debug, unsigned number, uint8_t *value);
/* Of one that is loaded here, between two of its instructions: x0..x30, sp, pc and cpsr. */
enum gdb_err register_read_running(const struct debug_vcpu *debug, unsigned number, uint8_t *value);
enum gdb_err register_write(struct debug_vcpu *debug, unsigned number, const uint8_t *value);

/* description.c: the XML that tells GDB all of this. Made once, before the first use. */
void description_make(void);
enum gdb_err description_read(const char *annex, uint64_t offset, uint8_t *bytes, size_t *count);

#endif
