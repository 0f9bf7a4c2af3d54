/* See registers.h. */
#include "debug/registers.h"

#include "core/esr.h"
#include "core/id_regs.h"
#include "lib/string.h"
#include "vm/guest_state.h"

#define V_BYTES	   16u
#define PSTATE_SP  BIT(0)
#define PSTATE_ALL GENMASK(31, 0)
#define WRITABLE   true
#define READ_ONLY  false

const struct system_register system_registers[] = {
#define SYSREG(row, bits, reset)                                        \
	{.name = #row,                                                  \
	 .group = "el1",                                                \
	 .place = (uint16_t)offsetof(struct vm_vcpu, core.sysregs.row), \
	 .writable = true},
#define SYSREG_PAUTH(row, bits, encoding)                               \
	{.name = #row,                                                  \
	 .group = "el1",                                                \
	 .place = (uint16_t)offsetof(struct vm_vcpu, core.sysregs.row), \
	 .writable = true,                                              \
	 .pauth = true},
#include "core/sysregs.def"
#define DEBUG_REGISTER(row, in_group, field, may_write)      \
	{.name = #row,                                       \
	 .group = #in_group,                                 \
	 .place = (uint16_t)offsetof(struct vm_vcpu, field), \
	 .writable = (may_write)},
#include "debug/registers.def"
};
const unsigned system_registers_count = ARRAY_SIZE(system_registers);

_Static_assert(sizeof(struct vm_vcpu) < UINT16_MAX, "a place in struct vm_vcpu is 16 bits");

size_t register_bytes(unsigned number)
{
	if (number == REGISTER_CPSR || number == REGISTER_FPSR || number == REGISTER_FPCR)
		return sizeof(uint32_t);
	if (number < REGISTER_V0)
		return sizeof(uint64_t);
	if (number < REGISTER_SYSTEM)
		return V_BYTES;
	return number - REGISTER_SYSTEM < system_registers_count ? sizeof(uint64_t) : 0;
}

static uint64_t *stack_pointer(struct vcpu *core)
{
	return core->frame.pstate & PSTATE_SP ? &core->sysregs.SP_EL1 : &core->sysregs.SP_EL0;
}

/* Where the value stands; little-endian, so also that of the 32-bit ones. NULL: no value. */
static void *place_of(struct debug_vcpu *debug, unsigned number)
{
	struct vcpu *core = &debug->vcpu->core;

	if (number < REGISTER_SP)
		return &core->frame.x[number];
	if (number >= REGISTER_V0 && number < REGISTER_FPSR)
		return &core->fpsimd.v[2 * (number - REGISTER_V0)];
	switch (number) {
	case REGISTER_SP:
		return stack_pointer(core);
	case REGISTER_PC:
		return &core->frame.pc;
	case REGISTER_CPSR:
		return &core->frame.pstate;
	case REGISTER_FPSR:
		return &core->fpsimd.fpsr;
	case REGISTER_FPCR:
		return &core->fpsimd.fpcr;
	default:
		break;
	}

	const struct system_register *row = &system_registers[number - REGISTER_SYSTEM];

	return row->pauth && !cpu_has_pauth() ? NULL : (uint8_t *)debug->vcpu + row->place;
}

/* One that is switched off has no registers. */
static bool has_registers(const struct debug_vcpu *debug)
{
	const enum vcpu_state state = debug->vcpu->core.state;

	return state != VCPU_OFF && state != VCPU_CREATED;
}

enum gdb_err register_read(const struct debug_vcpu *debug, unsigned number, uint8_t *value)
{
	const void *place = place_of((struct debug_vcpu *)(uintptr_t)debug, number);

	if (!place || !has_registers(debug))
		return GDB_UNAVAILABLE;
	memcpy(value, place, register_bytes(number));
	return GDB_OK;
}

enum gdb_err register_read_running(const struct debug_vcpu *debug, unsigned number, uint8_t *value)
{
	uint64_t sp;

	if (number >= REGISTER_V0)
		return GDB_UNAVAILABLE; /* it is in the hardware */
	if (number != REGISTER_SP)
		return register_read(debug, number, value);
	sp = guest_sp(&debug->vcpu->core);
	memcpy(value, &sp, sizeof(sp));
	return GDB_OK;
}

/* A guest stays at EL0 or EL1, and in the state (AArch64 or AArch32) that it is in. */
static bool is_allowed_pstate(uint64_t old, uint64_t new)
{
	if (old & PSTATE_AARCH32)
		return (new &(PSTATE_AARCH32 | PSTATE_MODE)) ==
		       (old & (PSTATE_AARCH32 | PSTATE_MODE));
	switch (new &(PSTATE_AARCH32 | PSTATE_MODE)) {
	case PSTATE_EL0:
	case PSTATE_EL1T:
	case PSTATE_EL1H:
		return true;
	default:
		return false;
	}
}

enum gdb_err register_write(struct debug_vcpu *debug, unsigned number, const uint8_t *value)
{
	void *place = place_of(debug, number);
	uint32_t pstate;

	if (!place || !has_registers(debug))
		return GDB_EINVAL;
	if (number >= REGISTER_SYSTEM && !system_registers[number - REGISTER_SYSTEM].writable)
		return GDB_EPERM;
	if (number == REGISTER_CPSR) {
		memcpy(&pstate, value, sizeof(pstate));
		if (!is_allowed_pstate(debug->vcpu->core.frame.pstate, pstate))
			return GDB_EINVAL;
	}
	if (number == REGISTER_PC && !(debug->vcpu->core.frame.pstate & PSTATE_AARCH32) &&
	    value[0] & 3)
		return GDB_EINVAL;
	memcpy(place, value, register_bytes(number));
	debug->registers_written = true;
	return GDB_OK;
}
