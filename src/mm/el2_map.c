/*
 * EL2's own tables, identity mapped. The table pages lie in .bss: they are needed before there is
 * any allocator, and before the MMU is on, when exclusive accesses (locks) and unaligned ones are
 * not to be had.
 */
#include "mm/el2_map.h"

#include <stddef.h>

#include "lib/bits.h"
#include "mm/descriptor.h"
#include "mm/pa_range.h"
#include "mm/phys.h"
#include "mm/tlb.h"

#define VA_BITS	    48
#define START_LEVEL 0u

#define MAIR_DEVICE	       0u /* attribute indices: our choice, MAIR_EL2 below agrees */
#define MAIR_NORMAL	       1u
#define MAIR_ATTR_DEVICE_NGNRE UINT64_C(0x04)
#define MAIR_ATTR_NORMAL_WBWA  UINT64_C(0xff)
#define MAIR_ATTR(index, attr) ((attr) << (8 * (index)))

#define TCR_EL2_RES1 (BIT(31) | BIT(23))

#define SCTLR_M	  BIT(0)  /* MMU on */
#define SCTLR_C	  BIT(2)  /* data caches on */
#define SCTLR_SA  BIT(3)  /* SP alignment check */
#define SCTLR_I	  BIT(12) /* instruction cache on */
#define SCTLR_WXN BIT(19)
#define SCTLR_EL2_RES1 \
	(BIT(4) | BIT(5) | BIT(11) | BIT(16) | BIT(18) | BIT(22) | BIT(23) | BIT(28) | BIT(29))

static uint64_t tables[EL2_TABLE_PAGES][TABLE_ENTRIES] __attribute__((aligned(4096)));
static unsigned tables_used = 1; /* tables[0] is the root */

static uint64_t attributes(enum el2_attr attr)
{
	const uint64_t normal = FIELD_PREP(DESC_S1_ATTRINDX, MAIR_NORMAL) | DESC_S1_AP1_RES1 |
				FIELD_PREP(DESC_SH, SH_INNER) | DESC_AF;
	const uint64_t device =
		FIELD_PREP(DESC_S1_ATTRINDX, MAIR_DEVICE) | DESC_S1_AP1_RES1 | DESC_AF;

	switch (attr) {
	case EL2_CODE:
		return normal | DESC_S1_READ_ONLY;
	case EL2_RODATA:
		return normal | DESC_S1_READ_ONLY | DESC_XN;
	case EL2_DATA:
		return normal | DESC_XN;
	case EL2_DEVICE:
		return device | DESC_XN;
	}
	return 0;
}

static uint64_t *take_table(void)
{
	return tables_used < EL2_TABLE_PAGES ? tables[tables_used++] : NULL;
}

unsigned el2_table_pages_used(void)
{
	return tables_used;
}

static bool in_va_range(uint64_t start, uint64_t bytes)
{
	return start < BIT(VA_BITS) && bytes <= BIT(VA_BITS) - start;
}

/*
 * The entry for the largest leaf that can start at `pa`, adding tables on the way, or the leaf that
 * is there already. NULL: out of table pages.
 */
static uint64_t *find_place(uint64_t pa, uint64_t bytes, unsigned *level)
{
	uint64_t *table = tables[0];

	for (*level = START_LEVEL;; ++*level) {
		uint64_t *entry = entry_at(table, *level, pa);

		if (!desc_valid(*entry)) {
			if (leaf_fits(*level, pa, pa, bytes))
				return entry;

			const uint64_t *added = take_table();

			if (!added)
				return NULL;
			write_entry(entry, table_desc(added)); /* cleared since boot */
		} else if (!desc_is_table(*entry, *level)) {
			return entry;
		}
		table = desc_table(*entry);
	}
}

/*
 * From hole to mapping needs no TLB maintenance, only that the walker sees the entry before we use
 * the address.
 */
enum vt_err el2_map(uint64_t pa, uint64_t bytes, enum el2_attr attr)
{
	const uint64_t attrs = attributes(attr);
	enum vt_err err = VT_OK;

	if (bytes == 0 || !IS_ALIGNED(pa | bytes, PAGE_BYTES) || !in_va_range(pa, bytes) || !attrs)
		return VT_EINVAL;

	for (uint64_t at = pa; at < pa + bytes;) {
		unsigned level;
		uint64_t *entry = find_place(at, pa + bytes - at, &level);

		if (!entry) {
			err = VT_ENOMEM;
			break;
		}
		if (!desc_valid(*entry))
			write_entry(entry, leaf_desc(at, level, attrs));
		at = ALIGN_DOWN(at, level_bytes(level)) + level_bytes(level);
	}
	dsb_ishst();
	isb();
	return err;
}

enum vt_err el2_unmap_page(uint64_t pa)
{
	uint64_t *entry;
	unsigned level;

	if (!IS_ALIGNED(pa, PAGE_BYTES) || !in_va_range(pa, PAGE_BYTES))
		return VT_EINVAL;

	entry = entry_at(tables[0], START_LEVEL, pa);
	for (level = START_LEVEL; level < LAST_LEVEL; level++) {
		if (!desc_valid(*entry))
			return VT_ENOENT;
		if (!desc_is_table(*entry, level)) {
			uint64_t *split = take_table();

			if (!split)
				return VT_ENOMEM;
			desc_fill_from_block(split, *entry, level);
			tlb_el2_replace(entry, table_desc(split), pa);
		}
		entry = entry_at(desc_table(*entry), level + 1, pa);
	}
	if (!desc_valid(*entry))
		return VT_ENOENT;
	tlb_el2_replace(entry, 0, pa);
	return VT_OK;
}

void el2_mmu_values(struct el2_mmu *mmu)
{
	*mmu = (struct el2_mmu){
		.ttbr0 = (uint64_t)(uintptr_t)tables[0],
		.tcr = FIELD_PREP(TCR_T0SZ, 64 - VA_BITS) | FIELD_PREP(TCR_IRGN0, TCR_RGN_WBWA) |
		       FIELD_PREP(TCR_ORGN0, TCR_RGN_WBWA) | FIELD_PREP(TCR_SH0, SH_INNER) |
		       FIELD_PREP(TCR_TG0, TCR_TG0_4K) |
		       FIELD_PREP(TCR_PS, pa_range_encode(machine_pa_bits())) | TCR_EL2_RES1,
		.mair = MAIR_ATTR(MAIR_DEVICE, MAIR_ATTR_DEVICE_NGNRE) |
			MAIR_ATTR(MAIR_NORMAL, MAIR_ATTR_NORMAL_WBWA),
		.sctlr = SCTLR_M | SCTLR_C | SCTLR_SA | SCTLR_I | SCTLR_WXN | SCTLR_EL2_RES1,
	};
}
