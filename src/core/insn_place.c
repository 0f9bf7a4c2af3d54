/*
 * Where a decoded load or store goes, with the guest's registers at hand: see insn.h. Pure.
 */
#include "core/insn.h"

#include "lib/bits.h"

static uint64_t register_or_zero(const struct insn_registers *regs, unsigned index)
{
	return index < 31 ? regs->x[index] : 0;
}

static uint64_t base_value(const struct insn_access *access, const struct insn_registers *regs)
{
	if (access->base == INSN_BASE_PC)
		return regs->pc;
	if (access->base_reg == INSN_SP && !access->zero_block)
		return regs->sp;
	return register_or_zero(regs, access->base_reg);
}

static uint64_t index_value(const struct insn_access *access, const struct insn_registers *regs)
{
	const uint64_t value = register_or_zero(regs, access->index_reg);

	switch (access->extend) {
	case INSN_NO_INDEX:
		return 0;
	case INSN_UXTW:
		return (uint64_t)(uint32_t)value << access->index_shift;
	case INSN_SXTW:
		return (uint64_t)(int64_t)(int32_t)value << access->index_shift;
	default:
		return value << access->index_shift;
	}
}

struct insn_place insn_resolve(const struct insn_access *access, const struct insn_registers *regs,
			       uint32_t zva_bytes)
{
	const uint64_t base = base_value(access, regs);
	struct insn_place place = {
		.address = base + (uint64_t)(int64_t)access->offset + index_value(access, regs),
		.write_back_value = base + (uint64_t)(int64_t)access->write_back_offset,
	};

	if (access->zero_block) {
		place.address = ALIGN_DOWN(place.address, zva_bytes);
		place.bytes = zva_bytes;
	}
	for (unsigned i = 0; i < access->elements; i++)
		place.bytes += access->element[i].bytes;
	return place;
}
