/*
 * EL2's own translation (stage 1, TTBR0_EL2): identity mapped, 4 KiB granule, W^X. The image's sections get their own
 * permissions, RAM is RW and never executable, devices are Device-nGnRE, guard pages are holes.
 *
 * Source: Arm ARM D8 (VMSAv8-64); EL2 has one set of tables shared by all CPUs.
 */
#ifndef MM_EL2_MAP_H
#define MM_EL2_MAP_H

#include <stdint.h>

#include <vitrine/err.h>

enum el2_attr {
	EL2_CODE,   /* normal memory, read and execute */
	EL2_RODATA, /* normal memory, read only */
	EL2_DATA,   /* normal memory, read and write, execute never */
	EL2_DEVICE, /* Device-nGnRE, read and write, execute never */
};

/*
 * Map [pa, pa + bytes) at itself; both 4 KiB aligned. Uses the largest blocks that fit. What is already mapped keeps its
 * attributes (so RAM may be mapped over the image). VT_ENOMEM when the static table pages run out.
 * The first calls are made before the MMU is on: this code and its data need no translation.
 */
enum vt_err el2_map(uint64_t pa, uint64_t bytes, enum el2_attr attr);

/* Make a hole: one 4 KiB page that no access may touch (stack guards). */
enum vt_err el2_unmap_page(uint64_t pa);

/* Values that every CPU loads before it turns its MMU on. */
struct el2_mmu {
	uint64_t ttbr0, tcr, mair, sctlr;
};
void el2_mmu_values(struct el2_mmu *mmu);

#endif
