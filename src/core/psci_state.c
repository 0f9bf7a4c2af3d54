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
	/* LAB 05.4 */
	return (mpidr & ~MPIDR_AFFINITY) == 0 && mpidr < domain->cpus ? &domain->cpu[mpidr] : 0;
	/* END LAB */
}

/* A CPU starts in RAM, at an A64 instruction. */
static bool can_start_at(const struct psci_domain *domain, uint64_t entry)
{
	/* LAB 05.4 */
	return entry - domain->ram_base < domain->ram_bytes && IS_ALIGNED(entry, 4);
	/* END LAB */
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
	/* LAB 05.4 */
	struct psci_cpu *cpu = by_mpidr(domain, arg[1]);

	if (!cpu)
		return answer(PSCI_INVALID_PARAMETERS);
	if (!can_start_at(domain, arg[2]))
		return answer(PSCI_INVALID_ADDRESS);
	if (cpu->power == PSCI_CPU_IS_ON)
		return answer(PSCI_ALREADY_ON);
	if (cpu->power == PSCI_CPU_IS_PENDING)
		return answer(PSCI_ON_PENDING);

	cpu->power = PSCI_CPU_IS_PENDING;
	will_start(cpu, arg[2], arg[3]);
	return (struct psci_outcome){.effect = PSCI_START_CPU, .target = (unsigned)arg[1]};
	/* END LAB */
}

void psci_started(struct psci_domain *domain, unsigned index)
{
	if (domain->cpu[index].power == PSCI_CPU_IS_PENDING)
		domain->cpu[index].power = PSCI_CPU_IS_ON;
}

/* Is every CPU but `self` off? One that is about to start is not. */
static bool is_alone(const struct psci_domain *domain, unsigned self)
{
	/* LAB 05.5 */
	for (unsigned i = 0; i < domain->cpus; i++)
		if (i != self && domain->cpu[i].power != PSCI_CPU_IS_OFF)
			return false;
	return true;
	/* END LAB */
}

static struct psci_outcome cpu_off(struct psci_domain *domain, unsigned self)
{
	/* LAB 05.5 */
	domain->cpu[self].power = PSCI_CPU_IS_OFF;
	return effect(is_alone(domain, self) ? PSCI_STOP_LAST : PSCI_STOP_SELF);
	/* END LAB */
}

/* Levels above 0, clusters and the like, are optional since PSCI 1.0. */
static struct psci_outcome affinity_info(struct psci_domain *domain, const uint64_t arg[static 4])
{
	/* LAB 05.4 */
	const struct psci_cpu *cpu = by_mpidr(domain, arg[1]);

	return answer(!cpu || arg[2] != 0 ? PSCI_INVALID_PARAMETERS : cpu->power);
	/* END LAB */
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
	/* LAB 05.6 */
	if (!can_start_at(domain, entry))
		return answer(PSCI_INVALID_ADDRESS);
	will_start(&domain->cpu[self], entry, context);
	return fall_asleep(&domain->cpu[self], PSCI_POWER_DOWN, now);
	/* END LAB */
}

static struct psci_outcome cpu_suspend(struct psci_domain *domain, unsigned self,
				       const uint64_t arg[static 4], uint64_t now)
{
	/* LAB 05.6 */
	switch ((uint32_t)arg[1]) {
	case PSCI_STATE_STANDBY:
		return fall_asleep(&domain->cpu[self], PSCI_STANDBY, now);
	case PSCI_STATE_POWER_DOWN:
		return power_down(domain, self, arg[2], arg[3], now);
	default:
		return answer(PSCI_INVALID_PARAMETERS);
	}
	/* END LAB */
}

static struct psci_outcome system_suspend(struct psci_domain *domain, unsigned self,
					  const uint64_t arg[static 4], uint64_t now)
{
	/* LAB 05.6 */
	return is_alone(domain, self) ? power_down(domain, self, arg[1], arg[2], now)
				      : answer(PSCI_DENIED);
	/* END LAB */
}

bool psci_wake(struct psci_domain *domain, unsigned self, uint64_t now_ticks)
{
	/* LAB 05.6 */
	struct psci_cpu *cpu = &domain->cpu[self];
	const enum psci_sleep sleep = cpu->sleep;

	if (sleep == PSCI_AWAKE)
		return false;
	cpu->slept[sleep].count++;
	cpu->slept[sleep].ticks += now_ticks - cpu->since_ticks;
	cpu->sleep = PSCI_AWAKE;
	return sleep == PSCI_POWER_DOWN;
	/* END LAB */
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
	/* LAB 05.3 */
	const uint64_t arg[4] = {0, smccc_argument(function, x[1]), smccc_argument(function, x[2]),
				 smccc_argument(function, x[3])};

	if (smccc_who_answers(function) != SMCCC_VMM)
		return answer(PSCI_NOT_SUPPORTED);
	/* END LAB */

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
