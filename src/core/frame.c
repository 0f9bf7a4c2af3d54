/*
 * The trap frame's accessors: see include/vitrine/frame.h. Pure. Indices are checked here; the exit path, whose
 * indices come from a 5-bit field, uses those of core/vcpu_internal.h.
 */
#include <vitrine/frame.h>

#include "core/esr.h"
#include "lib/printf.h"
#include "lib/string.h"

#define ZERO_REGISTER 31u

#define PSTATE_F BIT(6)
#define PSTATE_I BIT(7)
#define PSTATE_A BIT(8)
#define PSTATE_D BIT(9)
#define PSTATE_V BIT(28)
#define PSTATE_C BIT(29)
#define PSTATE_Z BIT(30)
#define PSTATE_N BIT(31)

void vcpu_frame_reset(struct vcpu_frame *frame)
{
	memset(frame, 0, sizeof(*frame));
	frame->pstate = PSTATE_EL1H | PSTATE_DAIF;
}

enum vt_err vcpu_frame_get_gpr(const struct vcpu_frame *frame, unsigned index, uint64_t *value)
{
	if (index > ZERO_REGISTER)
		return VT_EINVAL;
	*value = index == ZERO_REGISTER ? 0 : frame->x[index];
	return VT_OK;
}

enum vt_err vcpu_frame_set_gpr(struct vcpu_frame *frame, unsigned index, uint64_t value)
{
	if (index > ZERO_REGISTER)
		return VT_EINVAL;
	if (index != ZERO_REGISTER)
		frame->x[index] = value;
	return VT_OK;
}

uint64_t vcpu_frame_pc(const struct vcpu_frame *frame)
{
	return frame->pc;
}

void vcpu_frame_set_pc(struct vcpu_frame *frame, uint64_t pc)
{
	frame->pc = pc;
}

enum vt_err vcpu_frame_get_argument(const struct vcpu_frame *frame, unsigned index, uint64_t *value)
{
	return index < VCPU_SMCCC_REGISTERS ? vcpu_frame_get_gpr(frame, index, value) : VT_EINVAL;
}

enum vt_err vcpu_frame_set_argument(struct vcpu_frame *frame, unsigned index, uint64_t value)
{
	return index < VCPU_SMCCC_REGISTERS ? vcpu_frame_set_gpr(frame, index, value) : VT_EINVAL;
}

enum vt_err vcpu_frame_set_results(struct vcpu_frame *frame, const uint64_t *values, unsigned count)
{
	if (count > VCPU_SMCCC_REGISTERS)
		return VT_EINVAL;
	for (unsigned i = 0; i < count; i++)
		frame->x[i] = values[i];
	return VT_OK;
}

static const char *mode_name(uint64_t pstate)
{
	if (pstate & PSTATE_AARCH32)
		return "AArch32";
	switch (pstate & PSTATE_MODE) {
	case PSTATE_EL0:
		return "EL0";
	case PSTATE_EL1T:
		return "EL1t";
	case PSTATE_EL1H:
		return "EL1h";
	default:
		return "no mode of a guest";
	}
}

typedef unsigned long long ull;

/* Capital: the flag is set, or the exception masked. */
static int format_pstate(char *buffer, size_t size, uint64_t pstate)
{
	return vt_snprintf(buffer, size, "  pstate: %s %c%c%c%c %c%c%c%c%s\n", mode_name(pstate),
			   pstate & PSTATE_N ? 'N' : 'n', pstate & PSTATE_Z ? 'Z' : 'z',
			   pstate & PSTATE_C ? 'C' : 'c', pstate & PSTATE_V ? 'V' : 'v',
			   pstate & PSTATE_D ? 'D' : 'd', pstate & PSTATE_A ? 'A' : 'a',
			   pstate & PSTATE_I ? 'I' : 'i', pstate & PSTATE_F ? 'F' : 'f',
			   pstate & PSTATE_SS ? " single-step" : "");
}

int vcpu_frame_format(char *buffer, size_t size, const struct vcpu_frame *frame)
{
	size_t length = 0;

	/* What no longer fits is counted, not written. */
#define REST buffer + MIN(length, size), size - MIN(length, size)
	for (unsigned i = 0; i < 30; i += 3)
		length +=
			(size_t)vt_snprintf(REST, "  x%-2u %016llx  x%-2u %016llx  x%-2u %016llx\n",
					    i, (ull)frame->x[i], i + 1, (ull)frame->x[i + 1], i + 2,
					    (ull)frame->x[i + 2]);
	length += (size_t)vt_snprintf(REST, "  x30 %016llx  pc  %016llx  pstate %llx\n",
				      (ull)frame->x[30], (ull)frame->pc, (ull)frame->pstate);
	length += (size_t)format_pstate(REST, frame->pstate);
#undef REST
	return (int)length;
}
