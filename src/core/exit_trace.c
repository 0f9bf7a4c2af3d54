/*
 * What follows an exit while something is traced: a record in the ring, or its cost in the vCPU's counters.
 * Called from asm/vectors.S after the handler; with tracing off nothing of this is run.
 */
#include <vitrine/percpu.h>

#include "core/dispatch.h"
#include "core/exit_answer.h"
#include "hal/arm64.h"
#include "lib/bits.h"
#include "trace/clock.h"
#include "trace/trace.h"

/* Durations from here on are not for the vectors: they have fewer leading zeros than any bucket. */
#define LONG_TICKS	   (UINT64_C(1) << 30)
#define LONG_LEADING_ZEROS 2u

static inline void record(uint64_t answer, struct vcpu *vcpu, uint64_t esr, uint64_t begin,
			  uint64_t pc)
{
	const uint64_t now = trace_clock();

	vcpu->ticks[ANSWER_REASON(answer)] += now - begin;
	trace_exit(vcpu->ring, trace_word0_of(answer, vcpu->id), begin, now, esr, pc, &vcpu->note,
		   ANSWER_IS_MMIO(answer));
}

/*
 * The exit is over, and asm/vectors.S could not record it itself. `esr` is 0 for interrupts. ELR_EL2 still has the
 * guest's PC, as only the frame's has been moved.
 */
void exit_record(uint64_t answer, struct vcpu *vcpu, uint64_t esr, uint64_t begin)
{
	record(answer, vcpu, esr, begin, READ_SYSREG(ELR_EL2));
}

/* The vectors count what is neither shorter nor longer than all before; the rest comes here. */
static void count(struct vcpu *vcpu, unsigned reason, uint64_t ticks)
{
	struct vcpu_cost *costs = vcpu->cost->of[reason];
	uint64_t *longest = &vcpu->cost->longest[reason];
	const unsigned zeros = ticks < LONG_TICKS
				       ? (ticks ? (unsigned)__builtin_clz((uint32_t)ticks) : 32)
				       : LONG_LEADING_ZEROS;

	costs[0].count = MIN(costs[0].count, ticks);
	*longest = MAX(*longest, ticks);
	costs[0].ticks = MIN(*longest, LONG_TICKS - 1);
	costs[zeros - 1].count++;
	costs[zeros - 1].ticks += ticks;
}

void exit_count(uint64_t answer, struct vcpu *vcpu, uint64_t ticks)
{
	count(vcpu, ANSWER_REASON(answer), ticks);
}

/*
 * An exit that went on outside vcpu_run() is over, and the guest is not entered, or vcpu_enter() could not record it itself.
 * (That one leaves begin_ticks as it was: the next who looks is behind another exit that has left.)
 */
OUT_OF_LINE void vcpu_exit_done(struct vcpu *vcpu)
{
	const struct vcpu_open_exit *open = &vcpu->open;
	const uint64_t begin = open->begin_ticks & ~BIT(VCPU_OPEN_COUNTED);

	if (!begin)
		return;
	if (open->begin_ticks & BIT(VCPU_OPEN_COUNTED))
		count(vcpu, ANSWER_REASON(open->answer), trace_clock() - begin);
	else
		record(open->answer + open->to_word0, vcpu, vcpu->exit.esr, begin, open->pc);
	vcpu->open.begin_ticks = 0;
}

void vcpu_use_costs(struct vcpu *vcpu, struct vcpu_costs *cost)
{
	*cost = (struct vcpu_costs){0};
	for (unsigned reason = 0; reason < EXIT_REASONS; reason++)
		cost->of[reason][0].count = UINT64_MAX; /* no exit has been the shortest yet */
	vcpu->cost = cost;
}

void vcpu_trace_resume(struct vcpu *vcpu)
{
	struct trace_ring *ring = vcpu->ring;

	vcpu->after_sync = vcpu->after_irq = after_exit;
	if (!ring)
		return;
	if (ring->level == TRACE_LEVEL_COUNTERS && vcpu->cost)
		vcpu->after_sync = vcpu->after_irq = count_exit;
	if (trace_wants_exits(ring, vcpu->id)) {
		vcpu->after_sync = record_sync;
		vcpu->after_irq = record_irq;
		ring->exits_from = vcpu->cpu->exits;
	}
}

void vcpu_trace_pause(struct vcpu *vcpu)
{
	vcpu_exit_done(vcpu);
	if (vcpu_is_recorded(vcpu))
		vcpu->ring->exits += vcpu->cpu->exits - vcpu->ring->exits_from;
	vcpu->after_sync = after_exit;
}

bool vcpu_is_recorded(const struct vcpu *vcpu)
{
	return vcpu->after_sync == record_sync;
}

struct vcpu_cost_sum vcpu_cost_sum(const struct vcpu *vcpu, unsigned reason)
{
	struct vcpu_cost_sum sum = {.ticks = vcpu->ticks[reason]};

	if (!vcpu->cost)
		return sum;

	const struct vcpu_cost *costs = vcpu->cost->of[reason];

	sum.max = vcpu->cost->longest[reason];
	for (unsigned i = 1; i < VCPU_COST_BUCKETS; i++)
		sum.ticks += costs[i].ticks;
	if (costs[0].count != UINT64_MAX)
		sum.min = costs[0].count;
	return sum;
}
