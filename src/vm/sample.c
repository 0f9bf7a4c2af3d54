/*
 * PC samples: the guest's PC, and the return addresses on its stack as far as frame records lead. A record is
 * {caller's x29, return address} at x29 (AAPCS64 6.4.6), read through the guest's own translation. What the
 * guest has there is not believed: the walk is bounded, and each frame must lie above the last.
 */
#include "vm/sample.h"

#include <vitrine/percpu.h>

#include "core/esr.h"
#include "core/traps.h"
#include "trace/writers.h"
#include "vm/guest_memory.h"

#define STACK_WORDS   (TRACE_RECORD_LIMIT_WORDS - 1)
#define EL_NOT_WALKED 2u

/* Bits 63:48 of a return address may sign it (FEAT_PAuth): bit 55 says what they are otherwise. */
static uint64_t without_signature(uint64_t address)
{
	return address & BIT(55) ? address | GENMASK(63, 48) : address & GENMASK(47, 0);
}

void sample_guest(struct vm_vcpu *vcpu)
{
	const struct vcpu_frame *frame = &vcpu->core.frame;
	uint64_t stack[STACK_WORDS] = {frame->pc};
	uint64_t at = frame->x[29], record[2];
	unsigned depth = 1, el = (unsigned)(frame->pstate >> 2 & 3);

	if (!trace_wants(this_cpu()->ring, TRACE_CLASS_SAMPLE))
		return;
	if (frame->pstate & PSTATE_AARCH32)
		at = 0;
	while (depth < STACK_WORDS && at && IS_ALIGNED(at, 8) &&
	       guest_read_va(vcpu, at, record, sizeof(record)) == VT_OK && record[1]) {
		stack[depth++] = without_signature(record[1]);
		if (record[0] <= at)
			break;
		at = record[0];
	}
	if (depth == 1)
		el = EL_NOT_WALKED;
	trace_PC_SAMPLE(this_cpu()->ring, vcpu->core.id, el, stack, depth);
}
