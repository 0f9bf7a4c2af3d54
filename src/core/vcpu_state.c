/*
 * A vCPU's states, and which may follow which. A wrong transition is an error value and changes nothing; each
 * right one is a trace event. Takes no lock: a vCPU belongs to one CPU at a time.
 */
#include <vitrine/percpu.h>
#include <vitrine/vcpu.h>

#include "lib/bits.h"
#include "trace/writers.h"

/* Row: from; bits: to. Anything can be reset, stopped or crash. */
#define TO(state) (1u << VCPU_##state)
static const uint8_t transitions[VCPU_STATES] = {
	[VCPU_CREATED] = TO(READY) | TO(OFF) | TO(CRASHED),
	[VCPU_READY] = TO(RUNNING) | TO(OFF) | TO(STOPPED) | TO(CRASHED) | TO(CREATED),
	[VCPU_RUNNING] =
		TO(READY) | TO(BLOCKED) | TO(OFF) | TO(STOPPED) | TO(CRASHED) | TO(CREATED),
	[VCPU_BLOCKED] = TO(READY) | TO(OFF) | TO(STOPPED) | TO(CRASHED) | TO(CREATED),
	[VCPU_OFF] = TO(READY) | TO(CREATED) | TO(CRASHED),
	[VCPU_STOPPED] = TO(READY) | TO(BLOCKED) | TO(OFF) | TO(CRASHED) | TO(CREATED),
	[VCPU_CRASHED] = TO(CREATED),
};

/* Apart and last, so that a change costs no saved registers while nobody records changes. */
static OUT_OF_LINE enum vt_err record(struct trace_ring *ring, unsigned id, enum vcpu_state state)
{
	trace_VCPU_STATE(ring, id, state);
	return VT_OK;
}

OUT_OF_LINE enum vt_err vcpu_set_state(struct vcpu *vcpu, enum vcpu_state state)
{
	if ((unsigned)state >= VCPU_STATES || !(transitions[vcpu->state] & 1u << state))
		return VT_ESTATE;

	struct trace_ring *ring = this_cpu()->ring;

	vcpu->state = state;
	return trace_wants(ring, TRACE_CLASS_SCHED) ? record(ring, vcpu->id, state) : VT_OK;
}

const char *vcpu_state_name(unsigned state)
{
	static const char *const names[VCPU_STATES] = {"created", "ready",   "running", "blocked",
						       "off",	  "stopped", "crashed"};

	return state < VCPU_STATES ? names[state] : "?";
}

/* A debugger has no use for one that has not begun or has ended. */
enum vt_err vcpu_pause(struct vcpu *vcpu)
{
	return vcpu_set_state(vcpu, VCPU_STOPPED);
}

enum vt_err vcpu_resume(struct vcpu *vcpu)
{
	return vcpu->state == VCPU_STOPPED ? vcpu_set_state(vcpu, VCPU_READY) : VT_ESTATE;
}
