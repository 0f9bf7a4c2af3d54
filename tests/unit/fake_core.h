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

void vcpu_enter(struct vcpu *vcpu, struct vcpu_costs *cost)
{
	(void)vcpu;
	(void)cost;
	fake_entries++;
}

void vcpu_exit_done(struct vcpu *vcpu)
{
	(void)vcpu;
}

static struct trace_ring fake_ring = {.classes = TRACE_CLASS_SCHED};

void trace_emit(struct trace_ring *ring, uint64_t word0, uint64_t word1, uint64_t word2)
{
	(void)ring;
	(void)word1;
	(void)word2;
	if ((word0 & 0xff) == TRACE_VCPU_STATE) {
		fake_state_events++;
		fake_last_state = word0 >> 24 & 0xff;
	}
}

void vcpu_trace_pause(struct vcpu *vcpu)
{
	(void)vcpu;
}

void vcpu_trace_resume(struct vcpu *vcpu)
{
	(void)vcpu;
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
	fake_cpus[0].ring = fake_cpus[1].ring = &fake_ring;
	fake_entries = fake_state_events = fake_last_state = 0;
	fake_injected_into = NULL;
	fake_injected = 0;
	fake_pmu_line = false;
	fake_sysregs_reset();
}

#endif
