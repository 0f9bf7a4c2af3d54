/*
 * A machine around core/psci_state.c, in which everything that can happen does, in any order: CPUs
 * call any function with any arguments, CPUs that were told to start do so later, sleepers get
 * interrupts, the machine is reset. It keeps its own account of who is what, and after each step
 * holds the state machine to it.
 *
 * The order comes from whoever drives it: random numbers (tests/unit/test_psci_model.c) or a
 * fuzzer (tests/fuzz/fuzz_psci.c). A broken rule is an abort().
 */
#ifndef TESTS_MODEL_PSCI_WORLD_H
#define TESTS_MODEL_PSCI_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/psci.h"
#include "core/psci_state.h"

#define WORLD_RAM_BASE	UINT64_C(0x40000000)
#define WORLD_RAM_BYTES UINT64_C(0x00200000)
#define WORLD_HZ	1000u

#define RULE(condition)                                                                         \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                \
		}                                                                               \
	} while (0)

/* What a CPU really does. STARTING: told to, its home CPU has not come to it yet. */
enum life { OFF, STARTING, RUNNING, STANDING_BY, POWERED_DOWN };

struct world_cpu {
	enum life life;
	uint64_t entry, context; /* what the call that counts has said */
	uint64_t pc, x0;	 /* where it really entered last */
	uint64_t asleep_since;
	uint64_t naps[2], nap_ticks[2]; /* standby, power-down */
};

struct world {
	struct psci_domain domain,
		neighbour; /* the neighbour is another VM: nothing changes there */
	struct world_cpu cpu[PSCI_MAX_CPUS];
	unsigned cpus;
	uint64_t now;
	bool is_protected;
	uint64_t calls, starts, resets, ends;

	uint64_t (*draw)(void *source);
	void *source;
};

static uint64_t draw_below(struct world *world, uint64_t limit)
{
	return world->draw(world->source) % limit;
}

static void world_boot(struct world *world)
{
	psci_init(&world->domain, world->cpus, WORLD_RAM_BASE, WORLD_RAM_BYTES, WORLD_HZ);
	psci_boot(&world->domain, WORLD_RAM_BASE, 0x1234);
	memset(world->cpu, 0, sizeof(world->cpu));
	world->cpu[0] =
		(struct world_cpu){.life = STARTING, .entry = WORLD_RAM_BASE, .context = 0x1234};
	world->is_protected = false;
}

static void world_init(struct world *world, unsigned cpus, uint64_t (*draw)(void *), void *source)
{
	memset(world, 0, sizeof(*world));
	world->cpus = cpus;
	world->draw = draw;
	world->source = source;
	psci_init(&world->neighbour, 2, WORLD_RAM_BASE, WORLD_RAM_BYTES, WORLD_HZ);
	psci_boot(&world->neighbour, WORLD_RAM_BASE, 0);
	world_boot(world);
}

/* Mostly what makes sense, so that something happens; now and then anything at all. */
static uint64_t draw_argument(struct world *world)
{
	switch (draw_below(world, 8)) {
	case 0:
	case 1:
	case 2:
		return draw_below(world, world->cpus + 1u);
	case 3:
	case 4:
		return WORLD_RAM_BASE + draw_below(world, WORLD_RAM_BYTES + 64) / 4 * 4;
	case 5:
		return PSCI_STATE_POWER_DOWN;
	case 6:
		return draw_below(world, 3);
	default:
		return world->draw(world->source) << 32 ^ world->draw(world->source);
	}
}

static uint32_t draw_function(struct world *world)
{
	const uint32_t form = draw_below(world, 2) ? SMCCC_64 : 0;

	switch (draw_below(world, 8)) {
	case 0:
		return (uint32_t)world->draw(world->source);
	case 1:
	case 2:
		return PSCI_CPU_ON | form;
	case 3:
		return PSCI_CPU_OFF;
	case 4:
		return PSCI_CPU_SUSPEND | form;
	default:
		return (PSCI_FIRST_FUNCTION + (uint32_t)draw_below(world, 0x16)) | form;
	}
}

static bool is_start(uint64_t entry)
{
	return entry >= WORLD_RAM_BASE && entry < WORLD_RAM_BASE + WORLD_RAM_BYTES &&
	       entry % 4 == 0;
}

static bool others_are_off(const struct world *world, unsigned self)
{
	for (unsigned i = 0; i < world->cpus; i++)
		if (i != self && world->cpu[i].life != OFF)
			return false;
	return true;
}

static void check_cpu_on(struct world *world, const uint64_t arg[4],
			 const struct psci_outcome *outcome)
{
	struct world_cpu *target = arg[1] < world->cpus ? &world->cpu[arg[1]] : 0;

	if (!target)
		RULE(outcome->result == PSCI_INVALID_PARAMETERS);
	else if (!is_start(arg[2]))
		RULE(outcome->result == PSCI_INVALID_ADDRESS);
	else if (target->life == STARTING)
		RULE(outcome->result == PSCI_ON_PENDING);
	else if (target->life != OFF)
		RULE(outcome->result == PSCI_ALREADY_ON);
	else {
		RULE(outcome->effect == PSCI_START_CPU && outcome->target == arg[1]);
		RULE(outcome->result == PSCI_SUCCESS);
		target->life = STARTING;
		target->entry = arg[2];
		target->context = arg[3];
		world->starts++;
		return;
	}
	RULE(outcome->effect == PSCI_ANSWER);
}

static void check_sleep(struct world *world, unsigned self, uint32_t function,
			const uint64_t arg[4], const struct psci_outcome *outcome)
{
	const bool is_suspend = function == PSCI_CPU_SUSPEND;
	const bool stands_by = is_suspend && (uint32_t)arg[1] == PSCI_STATE_STANDBY;
	struct world_cpu *cpu = &world->cpu[self];
	const uint64_t entry = is_suspend ? arg[2] : arg[1];

	if (function == PSCI_SYSTEM_SUSPEND && !others_are_off(world, self)) {
		RULE(outcome->effect == PSCI_ANSWER && outcome->result == PSCI_DENIED);
		return;
	}
	if (is_suspend && !stands_by && (uint32_t)arg[1] != PSCI_STATE_POWER_DOWN) {
		RULE(outcome->effect == PSCI_ANSWER && outcome->result == PSCI_INVALID_PARAMETERS);
		return;
	}
	if (!stands_by && !is_start(entry)) {
		RULE(outcome->effect == PSCI_ANSWER && outcome->result == PSCI_INVALID_ADDRESS);
		return;
	}
	RULE(outcome->effect == PSCI_SLEEP && outcome->result == PSCI_SUCCESS);
	cpu->life = stands_by ? STANDING_BY : POWERED_DOWN;
	cpu->asleep_since = world->now;
	if (!stands_by) {
		cpu->entry = entry;
		cpu->context = is_suspend ? arg[3] : arg[2];
	}
}

static void check_statistics(struct world *world, uint32_t function, const uint64_t arg[4],
			     int64_t result)
{
	const bool down = (uint32_t)arg[2] == PSCI_STATE_POWER_DOWN;
	const bool known = arg[1] < world->cpus && (down || (uint32_t)arg[2] == PSCI_STATE_STANDBY);
	const struct world_cpu *cpu = known ? &world->cpu[arg[1]] : 0;

	if (!known)
		RULE(result == 0);
	else if (function == PSCI_STAT_COUNT)
		RULE((uint64_t)result == cpu->naps[down]);
	else /* a tick of this world is a millisecond; runs are too short to overflow 32 bits */
		RULE((uint32_t)result == (uint32_t)(cpu->nap_ticks[down] * 1000));
}

static void check_question(struct world *world, uint32_t function, const uint64_t arg[4],
			   int64_t result)
{
	static const int64_t info[] = {[OFF] = 1, [STARTING] = 2};
	static const int64_t hw[] = {
		[OFF] = 1, [STARTING] = 1, [POWERED_DOWN] = 1, [STANDING_BY] = 2};
	const bool known = arg[1] < world->cpus;
	const enum life life = known ? world->cpu[arg[1]].life : OFF;

	if (function == PSCI_AFFINITY_INFO && known && arg[2] == 0)
		RULE(result == (life < RUNNING ? info[life] : 0));
	else if (function == PSCI_NODE_HW_STATE && known && (uint32_t)arg[2] == 0)
		RULE(result == hw[life]);
	else
		RULE(result == PSCI_INVALID_PARAMETERS);
}

static void check_memory(struct world *world, uint32_t function, const uint64_t arg[4],
			 int64_t result)
{
	if (function == PSCI_MEM_PROTECT) {
		RULE(result == world->is_protected);
		world->is_protected = (uint32_t)arg[1] != 0;
		return;
	}

	const __uint128_t end = (__uint128_t)arg[1] + arg[2];
	const bool inside =
		arg[2] && arg[1] >= WORLD_RAM_BASE && end <= WORLD_RAM_BASE + WORLD_RAM_BYTES;

	RULE(result == (inside ? PSCI_SUCCESS : PSCI_DENIED));
}

static void check_end(struct world *world, uint32_t function, const uint64_t arg[4],
		      const struct psci_outcome *outcome)
{
	if (function == PSCI_SYSTEM_RESET2 && (uint32_t)arg[1] != 0) {
		RULE(outcome->effect == PSCI_ANSWER);
		RULE(outcome->result ==
		     ((uint32_t)arg[1] >> 31 ? PSCI_NOT_SUPPORTED : PSCI_INVALID_PARAMETERS));
		return;
	}
	RULE(outcome->effect == (function == PSCI_SYSTEM_OFF	 ? PSCI_OFF
				 : function == PSCI_SYSTEM_RESET ? PSCI_RESET
								 : PSCI_WARM_RESET));
	world->resets++;
	world_boot(world);
}

static void check_call(struct world *world, unsigned self, uint32_t called, const uint64_t arg[4],
		       const struct psci_outcome *outcome)
{
	const uint32_t function = called & ~SMCCC_64;

	if (smccc_who_answers(called) != SMCCC_VMM || smccc_range(called) != SMCCC_RANGE_PSCI) {
		RULE(outcome->effect == PSCI_ANSWER && outcome->result == PSCI_NOT_SUPPORTED);
		return;
	}
	switch (function) {
	case PSCI_CPU_ON:
		check_cpu_on(world, arg, outcome);
		break;
	case PSCI_CPU_OFF:
		RULE(outcome->effect ==
		     (others_are_off(world, self) ? PSCI_STOP_LAST : PSCI_STOP_SELF));
		world->cpu[self].life = OFF;
		break;
	case PSCI_CPU_SUSPEND:
	case PSCI_CPU_DEFAULT_SUSPEND:
	case PSCI_SYSTEM_SUSPEND:
		check_sleep(world, self, function, arg, outcome);
		break;
	case PSCI_STAT_COUNT:
	case PSCI_STAT_RESIDENCY:
		RULE(outcome->effect == PSCI_ANSWER);
		check_statistics(world, function, arg, outcome->result);
		break;
	case PSCI_AFFINITY_INFO:
	case PSCI_NODE_HW_STATE:
		RULE(outcome->effect == PSCI_ANSWER);
		check_question(world, function, arg, outcome->result);
		break;
	case PSCI_MEM_PROTECT:
	case PSCI_MEM_PROTECT_CHECK_RANGE:
		RULE(outcome->effect == PSCI_ANSWER);
		check_memory(world, function, arg, outcome->result);
		break;
	default:
		check_end(world, function, arg, outcome);
	}
}

static void world_call(struct world *world, unsigned self)
{
	const uint32_t function = draw_function(world);
	const uint64_t x[4] = {function, draw_argument(world), draw_argument(world),
			       draw_argument(world)};
	uint64_t arg[4];
	struct psci_outcome outcome;

	for (unsigned i = 0; i < 4; i++)
		arg[i] = function & SMCCC_64 ? x[i] : (uint32_t)x[i];
	outcome = psci_call(&world->domain, self, function, x, world->now);
	world->calls++;
	check_call(world, self, function, arg, &outcome);
}

static void world_wake(struct world *world, unsigned index)
{
	struct world_cpu *cpu = &world->cpu[index];
	const bool down = cpu->life == POWERED_DOWN;

	RULE(psci_wake(&world->domain, index, world->now) == down);
	cpu->naps[down]++;
	cpu->nap_ticks[down] += world->now - cpu->asleep_since;
	if (down) {
		cpu->pc = world->domain.cpu[index].entry;
		cpu->x0 = world->domain.cpu[index].context;
		RULE(cpu->pc == cpu->entry && cpu->x0 == cpu->context);
	}
	cpu->life = RUNNING;
}

static void world_start(struct world *world, unsigned index)
{
	struct world_cpu *cpu = &world->cpu[index];

	cpu->pc = world->domain.cpu[index].entry;
	cpu->x0 = world->domain.cpu[index].context;
	RULE(cpu->pc == cpu->entry && cpu->x0 == cpu->context && is_start(cpu->pc));
	psci_started(&world->domain, index);
	cpu->life = RUNNING;
}

static void check_agreement(const struct world *world)
{
	static const uint8_t power[] = {[OFF] = PSCI_CPU_IS_OFF, [STARTING] = PSCI_CPU_IS_PENDING};
	static const uint8_t sleep[] = {
		[STANDING_BY] = PSCI_STANDBY, [POWERED_DOWN] = PSCI_POWER_DOWN};

	for (unsigned i = 0; i < PSCI_MAX_CPUS; i++) {
		const enum life life = world->cpu[i].life;
		const struct psci_cpu *cpu = &world->domain.cpu[i];

		RULE(cpu->power == (life < RUNNING ? power[life] : PSCI_CPU_IS_ON));
		RULE(cpu->sleep == sleep[life]);
	}
	RULE(world->neighbour.cpu[0].power == PSCI_CPU_IS_PENDING);
	RULE(world->neighbour.cpu[1].power == PSCI_CPU_IS_OFF);
}

/* One CPU does the one thing that it can do next. With all of them off the machine is at its end. */
static void world_step(struct world *world)
{
	const unsigned index = (unsigned)draw_below(world, world->cpus);

	world->now += draw_below(world, 5);
	switch (world->cpu[index].life) {
	case OFF:
		if (others_are_off(world, index)) {
			world->ends++;
			world_boot(world);
		}
		break;
	case STARTING:
		world_start(world, index);
		break;
	case RUNNING:
		world_call(world, index);
		break;
	default:
		world_wake(world, index);
	}
	check_agreement(world);
}

#endif
