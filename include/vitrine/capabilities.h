/*
 * What this machine's CPUs can do, and whether that is enough.
 *
 * Reading is apart from judging: capabilities_of() is a pure function from the values of ID registers, so
 * that every CPU model can be judged on a host.
 *
 * Source: Arm ARM DDI 0487, D19.2 (ID_AA64*_EL1), IHI 0069 (ICH_VTR_EL2).
 */
#ifndef VITRINE_CAPABILITIES_H
#define VITRINE_CAPABILITIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The registers that tell, as read at EL2. */
struct id_values {
	uint64_t midr;
	uint64_t current_el; /* CurrentEL */
	uint64_t pfr0, pfr1, dfr0, isar0, isar1, isar2, mmfr0, mmfr1, mmfr2;
	uint64_t ich_vtr; /* ICH_VTR_EL2; 0 where it cannot be read */
	uint64_t pmcr;	  /* PMCR_EL0; 0 without a PMU */
};

/** What this CPU can do, as capabilities_of() reads it from the ID registers. */
struct capabilities {
	uint64_t midr;
	bool at_el2;	  /* this CPU executes at EL2 */
	bool has_el2;	  /* EL2 is implemented, for AArch64 */
	bool has_el3;	  /* firmware may live there */
	bool el1_aarch64; /* always, on any CPU that has come here; asked all the same */
	bool el0_aarch32; /* guests may have 32-bit programs */
	bool fp;	  /* floating point and AdvSIMD */
	bool granule_4k, granule_16k, granule_64k; /* of stage-2 tables */
	unsigned pa_bits;			   /* 32..52; 0: a PARange that is not defined */
	unsigned vmid_bits;			   /* 8 or 16 */
	bool vhe, nested, fine_grained_traps;
	bool gic_sysregs;	 /* GICv3 or later: ICC_* and ICH_* */
	unsigned list_registers; /* of it; 0 without, or while ICC_SRE_EL2.SRE is 0 */
	unsigned breakpoints;	 /* 2..16, context-aware ones included */
	unsigned watchpoints;	 /* 2..16 */
	unsigned context_aware;	 /* of the breakpoints */
	unsigned pmu_version;	 /* ID_AA64DFR0_EL1.PMUVer; 0: no PMU of the architecture's kind */
	unsigned event_counters; /* of it, beside the cycle counter */
	bool pauth, bti, mte, ras; /* pointer authentication, branch targets, tags, error records */
	bool sve, sme, random, lse; /* vectors, matrices, RNDR, LSE atomics */
};

/** What these register values say. Pure; every value has an answer. */
struct capabilities capabilities_of(const struct id_values *values);

/** NULL when a guest can be run; else what is missing, in one line. Pure. */
const char *capabilities_missing(const struct capabilities *capabilities);

/**
 * The report, in two lines: what bounds a guest, and what debugging, measuring and guests may use. Each
 * writes at most `size` bytes with the final NUL and returns the length of the whole text. Pure.
 */
int capabilities_format(char *buffer, size_t size, const struct capabilities *capabilities);
/** The second line. */
int capabilities_format_features(char *buffer, size_t size,
				 const struct capabilities *capabilities);

/**
 * Read this CPU's, and prepare what vcpu_init() needs of them. Call it once on the boot CPU, after
 * percpu_enable() and before the first vcpu_init().
 *
 * @return NULL, or what is missing, in one line; then no guest can be run here.
 */
const char *capabilities_init(struct capabilities *capabilities);

#endif
