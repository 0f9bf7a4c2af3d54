/*
 * Where the exit path is measured: src/core/dispatch.c, vcpu.c and percpu.c call these. Without VT_PERF they are nothing.
 */
#ifndef CORE_PERF_HOOK_H
#define CORE_PERF_HOOK_H

#include <vitrine/vcpu.h>

#ifdef VT_PERF
#define PERF_KEEPS_PMU true		 /* guests get none */
void perf_enable_cpu(void);		 /* start this CPU's counters */
void perf_run(void);			 /* the guest is about to be entered by vcpu_run() */
void perf_exit_begin(struct vcpu *vcpu); /* first thing after an exit */
void perf_exit_end(
	enum exit_reason reason); /* last thing, before the guest or vcpu_run()'s caller goes on */
/* What word n of a PERF record counts, and whether the PMU has split it. False: there is no such word. */
bool perf_chosen(unsigned n, uint32_t *event, bool *by_pmu);
#else
#define PERF_KEEPS_PMU false
static inline void perf_enable_cpu(void)
{
}
static inline bool perf_chosen(unsigned n, uint32_t *event, bool *by_pmu)
{
	(void)n;
	(void)event;
	(void)by_pmu;
	return false;
}
static inline void perf_run(void)
{
}
static inline void perf_exit_begin(struct vcpu *vcpu)
{
	(void)vcpu;
}
static inline void perf_exit_end(enum exit_reason reason)
{
	(void)reason;
}
#endif

#endif
