/*
 * TLB maintenance sequences of the two translations that EL2 owns. A host build gets tlb_fake.h,
 * which counts.
 *
 * Source: Arm ARM DDI 0487 D8.14 (TLB maintenance), D8.16.1 (break-before-make).
 */
#ifndef MM_TLB_H
#define MM_TLB_H

#include <stdint.h>

#include "hal/arm64.h"

#ifndef __aarch64__
#include "mm/tlb_fake.h"
#else

/*
 * Stage-2 maintenance acts on the VMID in VTTBR_EL2, which may be another VM's just now: switch to
 * the one wanted. Waits until the table writes that came before can be seen by every walker.
 * Returns what tlb_guest_end() restores.
 */
static inline uint64_t tlb_guest_begin(uint64_t vttbr)
{
	const uint64_t loaded = READ_SYSREG(vttbr_el2);

	dsb_ishst();
	if (loaded != vttbr) {
		WRITE_SYSREG(vttbr_el2, vttbr);
		isb(); /* the TLBI must use the new VMID */
	}
	return loaded;
}

/* Forget one IPA, with the block that holds it and the table entries that led there. */
static inline void tlb_guest_ipa(uint64_t ipa)
{
	tlbi_ipas2e1is(ipa);
}

/*
 * Stage-1 entries may hold results combined with stage 2, so they go too, but only after the
 * stage-2 entries are gone: else a walk in between would make them anew from stale ones.
 */
static inline void tlb_guest_end(uint64_t loaded, uint64_t vttbr)
{
	dsb_ish();
	tlbi_vmalle1is();
	dsb_ish();
	isb();
	if (loaded != vttbr) {
		WRITE_SYSREG(vttbr_el2, loaded);
		isb();
	}
}

/* Forget everything about one VMID. */
static inline void tlb_guest_all(uint64_t vttbr)
{
	const uint64_t loaded = tlb_guest_begin(vttbr);

	tlbi_vmalls12e1is();
	dsb_ish();
	isb();
	if (loaded != vttbr) {
		WRITE_SYSREG(vttbr_el2, loaded);
		isb();
	}
}

#define TLBI_VA_SHIFT 12 /* TLBI VAE2IS takes VA[55:12] in bits 43:0 */

/*
 * Replace one entry of EL2's own tables by break-before-make. One asm block: between break and make
 * the memory under the entry is unmapped, and that may be the stack we run on, so the compiler must
 * not touch memory in there.
 */
static inline void tlb_el2_replace(uint64_t *entry, uint64_t desc, uint64_t va)
{
	const uint64_t page = va >> TLBI_VA_SHIFT;

	/* clang-format off */
	__asm__ volatile("str	xzr, [%0]\n\t"
			 "dsb	ish\n\t"
			 "tlbi	vae2is, %2\n\t"
			 "dsb	ish\n\t"
			 "str	%1, [%0]\n\t"
			 "dsb	ish\n\t"
			 "isb"
			 : : "r"(entry), "r"(desc), "r"(page) : "memory");
	/* clang-format on */
}

#endif
#endif
