/*
 * Translation table descriptors, as both stages of VMSAv8-64 with a 4 KiB granule know them.
 *
 * Source: Arm ARM DDI 0487 D8.3 (descriptor formats), D8.2.8 (the 4 KiB granule).
 */
#ifndef MM_DESCRIPTOR_H
#define MM_DESCRIPTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/bits.h"

#define TABLE_ENTRIES	 512
#define LAST_LEVEL	 3u
#define LAST_LEVEL_SHIFT 12
#define LEVEL_BITS	 9

#define DESC_VALID BIT(0)
#define DESC_TABLE \
	BIT(1) /* at levels 0 to 2: a table and not a block; at level 3 it must be set \
			   */
#define DESC_ADDRESS GENMASK(47, 12)

/* Bits that mean the same in leaves of both stages. */
#define DESC_SH GENMASK(9, 8)
#define DESC_AF BIT(10) /* access flag: 0 would fault on first use */
#define DESC_XN BIT(54)

#define SH_INNER UINT64_C(3)

/* Leaf attributes of EL2's stage 1: a regime with a single privilege level, hence AP[1] RES1. */
#define DESC_S1_ATTRINDX  GENMASK(4, 2)
#define DESC_S1_AP1_RES1  BIT(6)
#define DESC_S1_READ_ONLY BIT(7)

/* Leaf attributes of stage 2. */
#define DESC_S2_MEMATTR		GENMASK(5, 2)
#define DESC_S2_S2AP		GENMASK(7, 6)
#define S2_MEMATTR_DEVICE_NGNRE UINT64_C(0x1)
#define S2_MEMATTR_NORMAL_WB	UINT64_C(0xf)
#define S2AP_READ		UINT64_C(1)
#define S2AP_READ_WRITE		UINT64_C(3)

/* Control register fields that TCR_EL2 and VTCR_EL2 have in common. */
#define TCR_T0SZ     GENMASK(5, 0)
#define TCR_IRGN0    GENMASK(9, 8)
#define TCR_ORGN0    GENMASK(11, 10)
#define TCR_SH0	     GENMASK(13, 12)
#define TCR_TG0	     GENMASK(15, 14)
#define TCR_PS	     GENMASK(18, 16)
#define TCR_RGN_WBWA UINT64_C(1)
#define TCR_TG0_4K   UINT64_C(0)

static inline unsigned level_shift(unsigned level)
{
	return LAST_LEVEL_SHIFT + LEVEL_BITS * (LAST_LEVEL - MIN(level, LAST_LEVEL));
}

/* What one entry of a table at `level` covers: 512 GiB, 1 GiB, 2 MiB, 4 KiB. */
static inline uint64_t level_bytes(unsigned level)
{
	return BIT(level_shift(level));
}

static inline uint64_t *entry_at(uint64_t *table, unsigned level, uint64_t address)
{
	return &table[(address >> level_shift(level)) % TABLE_ENTRIES];
}

static inline bool desc_valid(uint64_t desc)
{
	return desc & DESC_VALID;
}

static inline bool desc_is_table(uint64_t desc, unsigned level)
{
	return level < LAST_LEVEL && (desc & DESC_VALID) && (desc & DESC_TABLE);
}

/* EL2 is identity mapped, so a table's physical address is its pointer. */
static inline uint64_t *desc_table(uint64_t desc)
{
	return (uint64_t *)(uintptr_t)(desc & DESC_ADDRESS);
}

static inline uint64_t table_desc(const uint64_t *table)
{
	return (uint64_t)(uintptr_t)table | DESC_TABLE | DESC_VALID;
}

static inline uint64_t leaf_desc(uint64_t pa, unsigned level, uint64_t attributes)
{
	return pa | attributes | (level == LAST_LEVEL ? DESC_TABLE : 0) | DESC_VALID;
}

/*
 * Level 0 has no blocks with this granule; elsewhere both addresses and the length must allow one.
 */
static inline bool leaf_fits(unsigned level, uint64_t address, uint64_t pa, uint64_t bytes)
{
	return level > 0 && IS_ALIGNED(address | pa, level_bytes(level)) &&
	       bytes >= level_bytes(level);
}

/* Fill a table so that it says the same as the block `desc` at `level` which it is to replace. */
static inline void desc_fill_from_block(uint64_t *table, uint64_t desc, unsigned level)
{
	const uint64_t attributes = desc & ~(DESC_ADDRESS | DESC_TABLE | DESC_VALID);
	const uint64_t pa = desc & DESC_ADDRESS;

	for (unsigned i = 0; i < TABLE_ENTRIES; i++)
		table[i] = leaf_desc(pa + i * level_bytes(level + 1), level + 1, attributes);
}

/* Other CPUs' table walkers read entries at any time: one whole 64-bit store each. */
static inline void write_entry(uint64_t *entry, uint64_t desc)
{
	__atomic_store_n(entry, desc, __ATOMIC_RELAXED);
}

#endif
