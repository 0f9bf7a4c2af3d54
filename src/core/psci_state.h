/*
 * PSCI's state machine: one machine's CPUs, on, off, asleep, and what each call does to them. Pure:
 * the caller has the lock, and carries out the effect that comes back.
 *
 * Everything is confined to one struct psci_domain: no call says anything about another VM or the
 * machine.
 *
 * Source: Arm DEN0022 (PSCI 1.1), chapters 5 and 6.
 */
#ifndef CORE_PSCI_STATE_H
#define CORE_PSCI_STATE_H

#include <stdbool.h>
#include <stdint.h>

#define PSCI_MAX_CPUS 8u

/* The numbers of AFFINITY_INFO. */
enum psci_power { PSCI_CPU_IS_ON, PSCI_CPU_IS_OFF, PSCI_CPU_IS_PENDING };

enum psci_sleep {
	PSCI_AWAKE,
	PSCI_STANDBY,	 /* goes on behind the call */
	PSCI_POWER_DOWN, /* has lost its registers: goes on at `entry` */
	PSCI_SLEEPS,
};

/*
 * The two values of power_state in the original format: power level 0, state id 0. (DEN0022,
 * CPU_SUSPEND: bit 16 is the state's type.)
 */
#define PSCI_STATE_STANDBY    0x00000u
#define PSCI_STATE_POWER_DOWN 0x10000u

struct psci_cpu {
	uint8_t power;		 /* enum psci_power */
	uint8_t sleep;		 /* enum psci_sleep; PSCI_AWAKE unless on */
	uint64_t entry, context; /* where it starts, and x0 there: when pending or powered down */
	uint64_t since_ticks;	 /* when it fell asleep */
	struct {
		uint64_t count, ticks;
	} slept[PSCI_SLEEPS]; /* by enum psci_sleep, since the machine's start */
};

struct psci_domain {
	struct psci_cpu cpu[PSCI_MAX_CPUS];
	unsigned cpus;		      /* MPIDR of CPU n is n */
	uint64_t ram_base, ram_bytes; /* where a CPU may start */
	uint64_t ticks_per_second;
	bool memory_is_protected; /* MEM_PROTECT: RAM is to be overwritten before the next boot */
};

/* What the caller has still to do. */
enum psci_effect {
	PSCI_ANSWER,	 /* nothing: give the result to the guest */
	PSCI_START_CPU,	 /* the result too, and CPU `target` must start; then psci_started() */
	PSCI_STOP_SELF,	 /* the calling CPU is off */
	PSCI_STOP_LAST,	 /* the same, and there is nobody left to switch one on again */
	PSCI_SLEEP,	 /* it waits for an interrupt; then psci_wake() */
	PSCI_OFF,	 /* end this machine */
	PSCI_RESET,	 /* start it again, as after power-on */
	PSCI_WARM_RESET, /* the same, but what is in its RAM stays */
};

struct psci_outcome {
	enum psci_effect effect;
	unsigned target; /* START_CPU */
	int64_t result;	 /* what x0 gets; for SLEEP: when it goes on behind the call */
};

/* All CPUs off, statistics at zero, memory not protected. `cpus` is at most PSCI_MAX_CPUS. */
void psci_init(struct psci_domain *domain, unsigned cpus, uint64_t ram_base, uint64_t ram_bytes,
	       uint64_t ticks_per_second);

/* CPU 0 is to start here, as if by CPU_ON: then the caller starts it. */
void psci_boot(struct psci_domain *domain, uint64_t entry, uint64_t context);

/*
 * CPU `self`, which is on and awake, has called PSCI function `function` (any id at all) with
 * x[1], x[2], x[3].
 */
struct psci_outcome psci_call(struct psci_domain *domain, unsigned self, uint32_t function,
			      const uint64_t x[static 4], uint64_t now_ticks);

/* CPU `index`, which was pending, runs at its entry point now. */
void psci_started(struct psci_domain *domain, unsigned index);

/* CPU `self` has got an interrupt and goes on. True: at its entry point, all registers reset. */
bool psci_wake(struct psci_domain *domain, unsigned self, uint64_t now_ticks);

#endif
