/*
 * A guest's own stage-1 tables, walked in software: a debugger looks at vCPUs that are in no hardware, and an abort on a
 * walk must name the level. Pure; guest-physical memory comes by a callback, and no table can make a walk longer than four steps.
 *
 * Permissions are not looked at: a debugger reads what is executable only and writes what is read only. ASIDs and access
 * flags neither. VAs of more than 48 bits (FEAT_LVA, LPA2) are not understood: guests are not offered them.
 *
 * Source: Arm ARM DDI 0487, D8.2 (translation process), D8.3 (descriptors), D19.2 (TCR_EL1).
 */
#ifndef VM_WALK_H
#define VM_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include <vitrine/err.h>

#define WALK_STEPS 4u

/* SCTLR_EL1, TCR_EL1, TTBR0_EL1, TTBR1_EL1 of the vCPU. EL0 and EL1 share them. */
struct walk_regime {
	uint64_t sctlr, tcr, ttbr0, ttbr1;
};

/* One descriptor, as it stands in memory. False: there is no memory at this IPA. */
typedef bool (*walk_read)(void *memory, uint64_t ipa, uint64_t *descriptor);

struct walk_step {
	unsigned level;
	uint64_t ipa, descriptor;
};

struct walk {
	uint64_t ipa; /* of the byte asked for; VT_OK only */
	uint64_t
		bytes; /* of the page or block that holds it, or of the whole space with the MMU off */
	bool mmu_off;
	unsigned steps; /* how far it came, also when it failed */
	struct walk_step step[WALK_STEPS];
};

/*
 * VT_ENOENT: no translation. VT_EIO: a table is where there is no memory. VT_EINVAL: TCR_EL1 has fields that are
 * reserved, or the address has bits that no table answers for.
 */
enum vt_err walk_stage1(const struct walk_regime *regime, uint64_t va, walk_read read, void *memory,
			struct walk *walk);

#endif
