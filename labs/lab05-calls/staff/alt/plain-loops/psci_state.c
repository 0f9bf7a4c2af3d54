/*
 * PSCI's state machine: see psci_state.h. Pure.
 */
#include "core/psci_state.h"

#include "core/psci.h"
#include "hal/arm64.h"
#include "lib/bits.h"
#include "lib/string.h"

#define RESET_TYPE_VENDOR     BIT(31)
#define RESET_TYPE_WARM	      0u
#define MICROSECONDS_A_SECOND 1000000u

enum hw_state { HW_ON, HW_OFF, HW_STANDBY }; /* NODE_HW_STATE */

void psci_init(struct psci_domain *domain, unsigned cpus, uint64_t ram_base, uint64_t ram_bytes,
	       uint64_t ticks_per_second)
{
	memset(domain, 0, sizeof(*domain));
	domain->cpus = cpus;
	domain->ram_base = ram_base;
	domain->ram_bytes = ram_bytes;
	domain->ticks_per_second = ticks_per_second;
	for (unsigned i = 0; i < PSCI_MAX_CPUS; i++)
		domain->cpu[i].power = PSCI_CPU_IS_OFF;
}

static struct psci_outcome answer(int64_t result)
{
	return (struct psci_outcome){.effect = PSCI_ANSWER, .result = result};
}

static struct psci_outcome effect(enum psci_effect effect)
{
	return (struct psci_outcome){.effect = effect};
}

/* NULL when there is no such CPU: bits outside the affinity fields must be zero. */
static struct psci_cpu *by_mpidr(struct psci_domain *domain, uint64_t mpidr)
{
	for (unsigned i = 0; i < domain->cpus; i++)
		if (mpidr == i)
			return &domain->cpu[i];
	return 0;
}

/* A CPU starts in RAM, at an A64 instruction. */
static bool can_start_at(const struct psci_domain *domain, uint64_t entry)
{
	if (entry % 4 != 0 || entry < domain->ram_base)
		return false;
	return entry - domain->ram_base <= domain->ram_bytes - 4;
}

static void will_start(struct psci_cpu *cpu, uint64_t entry, uint64_t context)
{
	cpu->entry = entry;
	cpu->context = context;
}

void psci_boot(struct psci_domain *domain, uint64_t entry, uint64_t context)
{
	domain->cpu[0].power = PSCI_CPU_IS_PENDING;
	will_start(&domain->cpu[0], entry, context);
}

static struct psci_outcome cpu_on(struct psci_domain *domain, const uint64_t arg[static 4])
{
	struct psci_cpu *cpu = by_mpidr(domain, arg[1]);
	struct psci_outcome outcome = {.effect = PSCI_ANSWER};

	if (cpu == 0) {
		outcome.result = PSCI_INVALID_PARAMETERS;
	} else if (!can_start_at(domain, arg[2])) {
		outcome.result = PSCI_INVALID_ADDRESS;
	} else {
		switch (cpu->power) {
		case PSCI_CPU_IS_ON:
			outcome.result = PSCI_ALREADY_ON;
			break;
		case PSCI_CPU_IS_PENDING:
			outcome.result = PSCI_ON_PENDING;
			break;
		default:
			will_start(cpu, arg[2], arg[3]);
			cpu->power = PSCI_CPU_IS_PENDING;
			outcome.effect = PSCI_START_CPU;
			outcome.target = (unsigned)(cpu - domain->cpu);
		}
	}
	return outcome;
}

void psci_started(struct psci_domain *domain, unsigned index)
{
	if (domain->cpu[index].power == PSCI_CPU_IS_PENDING)
		domain->cpu[index].power = PSCI_CPU_IS_ON;
}

/* Is every CPU but `self` off? One that is about to start is not. */
static bool is_alone(const struct psci_domain *domain, unsigned self)
{
	unsigned others = 0;

	for (unsigned i = 0; i < domain->cpus; i++)
		others += domain->cpu[i].power != PSCI_CPU_IS_OFF;
	others -= domain->cpu[self].power != PSCI_CPU_IS_OFF;
	return others == 0;
}

static struct psci_outcome cpu_off(struct psci_domain *domain, unsigned self)
{
	const bool last = is_alone(domain, self);

	domain->cpu[self].power = PSCI_CPU_IS_OFF;
	return last ? effect(PSCI_STOP_LAST) : effect(PSCI_STOP_SELF);
}

/* Levels above 0, clusters and the like, are optional since PSCI 1.0. */
static struct psci_outcome affinity_info(struct psci_domain *domain, const uint64_t arg[static 4])
{
	if (arg[2] == 0 && by_mpidr(domain, arg[1]))
		return answer(by_mpidr(domain, arg[1])->power);
	return answer(PSCI_INVALID_PARAMETERS);
}

static struct psci_outcome node_hw_state(struct psci_domain *domain, const uint64_t arg[static 4])
{
	const struct psci_cpu *cpu = by_mpidr(domain, arg[1]);

	if (!cpu || (uint32_t)arg[2] != 0)
		return answer(PSCI_INVALID_PARAMETERS);
	if (cpu->power != PSCI_CPU_IS_ON || cpu->sleep == PSCI_POWER_DOWN)
		return answer(HW_OFF);
	return answer(cpu->sleep == PSCI_STANDBY ? HW_STANDBY : HW_ON);
}

static struct psci_outcome fall_asleep(struct psci_cpu *cpu, enum psci_sleep sleep, uint64_t now)
{
	cpu->sleep = (uint8_t)sleep;
	cpu->since_ticks = now;
	return effect(PSCI_SLEEP);
}

static struct psci_outcome power_down(struct psci_domain *domain, unsigned self, uint64_t entry,
				      uint64_t context, uint64_t now)
{
	struct psci_cpu *cpu = &domain->cpu[self];

	if (can_start_at(domain, entry)) {
		cpu->context = context;
		cpu->entry = entry;
		cpu->since_ticks = now;
		cpu->sleep = PSCI_POWER_DOWN;
		return effect(PSCI_SLEEP);
	}
	return answer(PSCI_INVALID_ADDRESS);
}

static struct psci_outcome cpu_suspend(struct psci_domain *domain, unsigned self,
				       const uint64_t arg[static 4], uint64_t now)
{
	const uint32_t state = arg[1] & 0xffffffff;

	if (state == PSCI_STATE_POWER_DOWN)
		return power_down(domain, self, arg[2], arg[3], now);
	if (state != PSCI_STATE_STANDBY)
		return answer(PSCI_INVALID_PARAMETERS);
	return fall_asleep(&domain->cpu[self], PSCI_STANDBY, now);
}

static struct psci_outcome system_suspend(struct psci_domain *domain, unsigned self,
					  const uint64_t arg[static 4], uint64_t now)
{
	if (!is_alone(domain, self))
		return answer(PSCI_DENIED);
	return power_down(domain, self, arg[1], arg[2], now);
}

bool psci_wake(struct psci_domain *domain, unsigned self, uint64_t now_ticks)
{
	struct psci_cpu *cpu = &domain->cpu[self];
	bool was_down = false;

	switch (cpu->sleep) {
	case PSCI_POWER_DOWN:
		was_down = true;
		/* fall through */
	case PSCI_STANDBY:
		cpu->slept[cpu->sleep].count += 1;
		cpu->slept[cpu->sleep].ticks += now_ticks - cpu->since_ticks;
		cpu->sleep = PSCI_AWAKE;
		break;
	default:
		break;
	}
	return was_down;
}

static uint64_t microseconds(const struct psci_domain *domain, uint64_t ticks)
{
	const uint64_t hz = domain->ticks_per_second;

	return ticks / hz * MICROSECONDS_A_SECOND + ticks % hz * MICROSECONDS_A_SECOND / hz;
}

/* There is no error value: what is not known has not happened. (DEN0022, PSCI_STAT_COUNT.) */
static struct psci_outcome statistics(struct psci_domain *domain, uint32_t function,
				      const uint64_t arg[static 4])
{
	const struct psci_cpu *cpu = by_mpidr(domain, arg[1]);
	const uint32_t state = (uint32_t)arg[2];
	const enum psci_sleep sleep = state == PSCI_STATE_STANDBY ? PSCI_STANDBY : PSCI_POWER_DOWN;
	uint64_t value;

	if (!cpu || (state != PSCI_STATE_STANDBY && state != PSCI_STATE_POWER_DOWN))
		return answer(0);
	value = (function & ~SMCCC_64) == PSCI_STAT_COUNT
			? cpu->slept[sleep].count
			: microseconds(domain, cpu->slept[sleep].ticks);
	return answer((int64_t)smccc_argument(function, value));
}

/*
 * A warm reset keeps what is in RAM, so the guest that asks for one gives its protection up. Vendor
 * types we have none.
 */
static struct psci_outcome system_reset2(struct psci_domain *domain, uint32_t type)
{
	if (type != RESET_TYPE_WARM)
		return answer(type & RESET_TYPE_VENDOR ? PSCI_NOT_SUPPORTED
						       : PSCI_INVALID_PARAMETERS);
	domain->memory_is_protected = false;
	return effect(PSCI_WARM_RESET);
}

/* Returns what was so before. (DEN0022, MEM_PROTECT.) */
static struct psci_outcome mem_protect(struct psci_domain *domain, uint32_t enable)
{
	const bool before = domain->memory_is_protected;

	domain->memory_is_protected = enable != 0;
	return answer(before);
}

static struct psci_outcome check_range(const struct psci_domain *domain,
				       const uint64_t arg[static 4])
{
	const uint64_t offset = arg[1] - domain->ram_base;
	const bool is_ram =
		arg[2] != 0 && offset < domain->ram_bytes && arg[2] <= domain->ram_bytes - offset;

	return answer(is_ram ? PSCI_SUCCESS : PSCI_DENIED);
}

struct psci_outcome psci_call(struct psci_domain *domain, unsigned self, uint32_t function,
			      const uint64_t x[static 4], uint64_t now_ticks)
{
	uint64_t arg[4] = {0};

	if (smccc_who_answers(function) != SMCCC_VMM)
		return answer(PSCI_NOT_SUPPORTED);
	for (unsigned i = 1; i < 4; i++)
		arg[i] = function & SMCCC_64 ? x[i] : x[i] & UINT32_MAX;

	switch (function & ~SMCCC_64) {
	case PSCI_CPU_ON:
		return cpu_on(domain, arg);
	case PSCI_CPU_OFF:
		return cpu_off(domain, self);
	case PSCI_AFFINITY_INFO:
		return affinity_info(domain, arg);
	case PSCI_NODE_HW_STATE:
		return node_hw_state(domain, arg);
	case PSCI_CPU_SUSPEND:
		return cpu_suspend(domain, self, arg, now_ticks);
	case PSCI_CPU_DEFAULT_SUSPEND:
		return power_down(domain, self, arg[1], arg[2], now_ticks);
	case PSCI_SYSTEM_SUSPEND:
		return system_suspend(domain, self, arg, now_ticks);
	case PSCI_STAT_COUNT:
	case PSCI_STAT_RESIDENCY:
		return statistics(domain, function, arg);
	case PSCI_SYSTEM_OFF:
		return effect(PSCI_OFF);
	case PSCI_SYSTEM_RESET:
		return effect(PSCI_RESET);
	case PSCI_SYSTEM_RESET2:
		return system_reset2(domain, (uint32_t)arg[1]);
	case PSCI_MEM_PROTECT:
		return mem_protect(domain, (uint32_t)arg[1]);
	case PSCI_MEM_PROTECT_CHECK_RANGE:
		return check_range(domain, arg);
	default:
		return answer(PSCI_NOT_SUPPORTED);
	}
}
