/*
 * One physical CPU for host tests of src/core: what assembly and the layers around it supply. Include it after
 * tests/unit/fake_sysregs.h, in the one file of the test that has main().
 */
#ifndef TESTS_UNIT_FAKE_CORE_H
#define TESTS_UNIT_FAKE_CORE_H

#include <vitrine/embed.h>
#include <vitrine/percpu.h>

#include "core/dispatch.h"
#include "core/sysregs.h"
#include "trace/trace.h"

static struct percpu fake_cpus[2];
static struct percpu *fake_here = &fake_cpus[0]; /* the CPU that executes */
static struct vcpu_fpsimd fake_fpsimd;		 /* its FP registers */
static unsigned fake_entries;			 /* vcpu_enter() */
static unsigned fake_state_events, fake_last_state;
static struct vcpu *fake_injected_into;
static uint32_t fake_injected;
static bool fake_pmu_line;

struct percpu *this_cpu(void)
{
	return fake_here;
}

void fpsimd_save(struct vcpu_fpsimd *state)
{
	*state = fake_fpsimd;
}

void fpsimd_restore(const struct vcpu_fpsimd *state)
{
	fake_fpsimd = *state;
}

void vcpu_enter(struct vcpu *vcpu)
{
	(void)vcpu;
	fake_entries++;
}

void vcpu_exit_done(struct vcpu *vcpu)
{
	(void)vcpu;
}

void trace_event(struct trace_ring *ring, enum trace_event event, unsigned vcpu, unsigned arg)
{
	(void)ring;
	(void)vcpu;
	if (event == TRACE_VCPU_STATE) {
		fake_state_events++;
		fake_last_state = arg;
	}
}

void embed_pmu_line(struct vcpu *vcpu, bool level)
{
	fake_injected_into = vcpu;
	fake_pmu_line = level;
}

enum vt_err embed_inject_interrupt(struct vcpu *vcpu, uint32_t intid)
{
	fake_injected_into = vcpu;
	fake_injected = intid;
	return VT_OK;
}

static void fake_core_reset(void)
{
	memset(fake_cpus, 0, sizeof(fake_cpus));
	memset(&fake_fpsimd, 0, sizeof(fake_fpsimd));
	fake_here = &fake_cpus[0];
	fake_entries = fake_state_events = fake_last_state = 0;
	fake_injected_into = NULL;
	fake_injected = 0;
	fake_pmu_line = false;
	fake_sysregs_reset();
}

#endif
