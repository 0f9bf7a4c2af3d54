/*
 * EL2's own translation (stage 1, TTBR0_EL2): identity mapped, 4 KiB granule, W^X. The image's
 * sections get their own permissions, RAM is RW and never executable, devices are Device-nGnRE,
 * guard pages are holes.
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
 * Map [pa, pa + bytes) at itself; both 4 KiB aligned. Uses the largest blocks that fit. What is
 * already mapped keeps its attributes (so RAM may be mapped over the image). VT_ENOMEM when the
 * static table pages run out. The first calls are made before the MMU is on: this code and its data
 * need no translation.
 * VT_EINVAL for alignment or a range beyond 48 bits; VT_ENOMEM leaves the part before the failing
 * table mapped. Boot CPU only, as all of this file: the tables are complete before the other CPUs
 * start.
 */
enum vt_err el2_map(uint64_t pa, uint64_t bytes, enum el2_attr attr);

/*
 * Make a hole: one 4 KiB page that no access may touch (stack guards). Blocks around it are split
 * by break-before-make, so neither this code nor the tables may lie in a block that is split: map
 * the image's own sections first, page by page.
 * VT_EINVAL for alignment or range, VT_ENOENT when nothing is mapped there, VT_ENOMEM when the
 * static table pages run out.
 */
enum vt_err el2_unmap_page(uint64_t pa);

/* Table pages in use, of the EL2_TABLE_PAGES that .bss holds. */
#define EL2_TABLE_PAGES 24
unsigned el2_table_pages_used(void);

/* Values that every CPU loads before it turns its MMU on. */
struct el2_mmu {
	uint64_t ttbr0, tcr, mair, sctlr;
};
void el2_mmu_values(struct el2_mmu *mmu);

#endif
