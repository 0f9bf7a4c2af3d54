/*
 * Stage-2 tables of one VM. See mm/stage2.h for what callers get; here is how.
 *
 * Every walk is a loop down from the root: no recursion, at most four steps. Entries change in two
 * ways only: from hole to something (no maintenance, as TLBs hold no holes), and from something to
 * hole (clear, invalidate, and only then reuse).
 */
#include "mm/stage2.h"

#include <stddef.h>

#include "lib/bits.h"
#include "mm/descriptor.h"
#include "mm/pa_range.h"
#include "mm/phys.h"
#include "mm/tlb.h"

#define IPA_BITS_MIN	32u
#define IPA_BITS_MAX	48u
#define LEVEL1_IPA_BITS 39u /* one table at level 1 covers 512 GiB */
/* Smaller machines have no stage-2 level 0. (D8.2.8: 4 KiB granule, SL0.) */
#define LEVEL0_PA_BITS 44u
#define VMID_MAX       255u

#define VTCR_SL0	GENMASK(7, 6)
#define VTCR_SL0_LEVEL1 UINT64_C(1)
#define VTCR_SL0_LEVEL0 UINT64_C(2)
#define VTCR_RES1	BIT(31)
#define VTTBR_VMID	GENMASK(63, 48)

/*
 * What unmapping leaves for the end: addresses that TLBs must forget, and tables that may be reused
 * after that.
 */
#define MAX_STALE 16
struct unmapping {
	uint64_t stale[MAX_STALE];
	unsigned stale_count; /* MAX_STALE + 1: too many, drop the whole VMID */
	uint64_t *dead;	      /* linked through word 0: an even number, so no valid entry */
};

static uint64_t attributes(enum stage2_attr attr)
{
	uint64_t bits = DESC_AF;

	if (attr == STAGE2_DEVICE)
		bits |= FIELD_PREP(DESC_S2_MEMATTR, S2_MEMATTR_DEVICE_NGNRE) | DESC_XN;
	else
		bits |= FIELD_PREP(DESC_S2_MEMATTR, S2_MEMATTR_NORMAL_WB) |
			FIELD_PREP(DESC_SH, SH_INNER);
	if (attr == STAGE2_RO)
		return bits | FIELD_PREP(DESC_S2_S2AP, S2AP_READ);
	if (attr == STAGE2_RWX || attr == STAGE2_DEVICE)
		return bits | FIELD_PREP(DESC_S2_S2AP, S2AP_READ_WRITE);
	return 0;
}

static enum stage2_attr attr_of(uint64_t desc)
{
	if (FIELD_GET(DESC_S2_MEMATTR, desc) == S2_MEMATTR_DEVICE_NGNRE)
		return STAGE2_DEVICE;
	return FIELD_GET(DESC_S2_S2AP, desc) == S2AP_READ ? STAGE2_RO : STAGE2_RWX;
}

static bool in_range(uint64_t start, uint64_t bytes, unsigned bits)
{
	return start < BIT(bits) && bytes <= BIT(bits) - start;
}

static bool range_ok(const struct stage2 *s2, uint64_t ipa, uint64_t bytes)
{
	return bytes > 0 && IS_ALIGNED(ipa | bytes, PAGE_BYTES) &&
	       in_range(ipa, bytes, s2->ipa_bits);
}

enum vt_err stage2_init(struct stage2 *s2, struct page_pool *pool, unsigned ipa_bits,
			unsigned pa_bits, unsigned vmid)
{
	const unsigned start_level = ipa_bits <= LEVEL1_IPA_BITS ? 1 : 0;
	const uint64_t sl0 = start_level == 1 ? VTCR_SL0_LEVEL1 : VTCR_SL0_LEVEL0;

	if (ipa_bits < IPA_BITS_MIN || ipa_bits > IPA_BITS_MAX || ipa_bits > pa_bits)
		return VT_EINVAL;
	if (pa_range_encode(pa_bits) == PA_RANGE_NONE || vmid == 0 || vmid > VMID_MAX)
		return VT_EINVAL;
	if (start_level == 0 && pa_bits < LEVEL0_PA_BITS)
		return VT_ENOSYS;

	uint64_t *root = page_pool_take(pool);

	if (!root)
		return VT_ENOMEM;

	*s2 = (struct stage2){
		.lock = SPINLOCK_INIT(LOCK_STAGE2),
		.pool = pool,
		.root = root,
		.vttbr = (uint64_t)(uintptr_t)root | FIELD_PREP(VTTBR_VMID, vmid),
		.vtcr = FIELD_PREP(TCR_T0SZ, 64 - ipa_bits) | FIELD_PREP(VTCR_SL0, sl0) |
			FIELD_PREP(TCR_IRGN0, TCR_RGN_WBWA) | FIELD_PREP(TCR_ORGN0, TCR_RGN_WBWA) |
			FIELD_PREP(TCR_SH0, SH_INNER) | FIELD_PREP(TCR_TG0, TCR_TG0_4K) |
			FIELD_PREP(TCR_PS, pa_range_encode(pa_bits)) | VTCR_RES1,
		.ipa_bits = ipa_bits,
		.pa_bits = pa_bits,
		.start_level = start_level,
		.root_entries = TABLE_ENTRIES,
	};
	tlb_guest_all(s2->vttbr);
	return VT_OK;
}

uint64_t *stage2_entry(const struct stage2 *s2, uint64_t ipa, unsigned *level)
{
	uint64_t *table = s2->root;
	uint64_t *entry;

	*level = s2->start_level;
	for (;;) {
		entry = entry_at(table, *level, ipa);
		if (!desc_is_table(*entry, *level))
			break;
		table = desc_table(*entry);
		*level = *level + 1;
	}
	return entry;
}

/* Where the entry at `level` that holds `ipa` ends: the next address worth looking at. */
static uint64_t entry_end(uint64_t ipa, unsigned level)
{
	return ALIGN_DOWN(ipa, level_bytes(level)) + level_bytes(level);
}

static bool is_hole(const struct stage2 *s2, uint64_t ipa, uint64_t bytes)
{
	unsigned level;

	for (uint64_t at = ipa; at < ipa + bytes; at = entry_end(at, level))
		if (desc_valid(*stage2_entry(s2, at, &level)))
			return false;
	return true;
}

/*
 * Find the place of the largest leaf that can start the mapping, adding tables on the way. NULL:
 * the pool is empty.
 */
static uint64_t *find_place(struct stage2 *s2, uint64_t ipa, uint64_t pa, uint64_t bytes,
			    unsigned *level)
{
	for (;;) {
		uint64_t *entry = stage2_entry(s2, ipa, level);
		uint64_t *added;

		if (leaf_fits(*level, ipa, pa, bytes))
			return entry;
		added = page_pool_take(s2->pool);
		if (added == NULL)
			return NULL;
		dsb_ishst();
		write_entry(entry, table_desc(added));
	}
}

static enum vt_err map_hole(struct stage2 *s2, uint64_t ipa, uint64_t pa, uint64_t bytes,
			    uint64_t attrs)
{
	enum vt_err err = VT_OK;
	unsigned level;

	for (uint64_t done = 0; done < bytes; done += level_bytes(level)) {
		uint64_t *entry = find_place(s2, ipa + done, pa + done, bytes - done, &level);

		if (!entry) {
			err = VT_ENOMEM;
			break;
		}
		write_entry(entry, leaf_desc(pa + done, level, attrs));
	}
	dsb_ishst(); /* every walker sees the entries before the caller lets the guest run */
	isb();
	return err;
}

enum vt_err stage2_map(struct stage2 *s2, uint64_t ipa, uint64_t pa, uint64_t bytes,
		       enum stage2_attr attr)
{
	const uint64_t attrs = attributes(attr);

	if (!range_ok(s2, ipa, bytes) || !IS_ALIGNED(pa, PAGE_BYTES) ||
	    !in_range(pa, bytes, s2->pa_bits) || !attrs)
		return VT_EINVAL;

	spin_lock(&s2->lock);

	const enum vt_err err =
		is_hole(s2, ipa, bytes) ? map_hole(s2, ipa, pa, bytes, attrs) : VT_EEXIST;

	spin_unlock(&s2->lock);
	return err;
}

/*
 * Replace a block by a table that says the same. TLBs may not hold both at once (break-before-make,
 * D8.16.1), hence the hole in between.
 */
static enum vt_err split_block(struct stage2 *s2, uint64_t *entry, unsigned level, uint64_t ipa)
{
	uint64_t *table = page_pool_take(s2->pool);

	if (!table)
		return VT_ENOMEM;
	desc_fill_from_block(table, *entry, level);

	write_entry(entry, 0);

	const uint64_t loaded = tlb_guest_begin(s2->vttbr);

	tlb_guest_ipa(ipa);
	tlb_guest_end(loaded, s2->vttbr);

	write_entry(entry, table_desc(table));
	dsb_ishst();
	return VT_OK;
}

enum vt_err stage2_split_at(struct stage2 *s2, uint64_t ipa)
{
	enum vt_err err = VT_OK;
	unsigned level;
	uint64_t *entry = stage2_entry(s2, ipa, &level);

	while (err == VT_OK && desc_valid(*entry) && !IS_ALIGNED(ipa, level_bytes(level))) {
		err = split_block(s2, entry, level, ipa);
		entry = stage2_entry(s2, ipa, &level);
	}
	return err;
}

static void mark_stale(struct unmapping *un, uint64_t ipa)
{
	if (un->stale_count < MAX_STALE)
		un->stale[un->stale_count++] = ipa;
	else
		un->stale_count = MAX_STALE + 1;
}

static bool is_empty(const uint64_t *table)
{
	for (unsigned i = 0; i < TABLE_ENTRIES; i++)
		if (desc_valid(table[i]))
			return false;
	return true;
}

/* Take the table that the entry points to out of the tree. */
static void unlink_table(struct unmapping *un, uint64_t *entry, uint64_t ipa)
{
	uint64_t *table = desc_table(*entry);

	write_entry(entry, 0);
	mark_stale(un, ipa);
	write_entry(&table[0], (uint64_t)(uintptr_t)un->dead);
	un->dead = table;
}

/*
 * Clear the entry that holds `ipa`. After the last entry of a table or of the range, look
 * whether the table has become empty, and then so upwards. Returns the address after the entry.
 */
static uint64_t clear_one(struct stage2 *s2, struct unmapping *un, uint64_t ipa, uint64_t end)
{
	unsigned level, up;
	uint64_t *entry = stage2_entry(s2, ipa, &level);
	const uint64_t next = entry_end(ipa, level);

	if (desc_valid(*entry)) {
		write_entry(entry, 0);
		mark_stale(un, ipa);
	}
	/* From the table that held the entry upwards: each is looked for anew from the root. */
	for (up = level; up > s2->start_level; up--) {
		uint64_t *parent = entry_at(s2->root, s2->start_level, ipa);

		for (unsigned at = s2->start_level; at + 1 < up; at++)
			parent = entry_at(desc_table(*parent), at + 1, ipa);
		if (next < end && !IS_ALIGNED(next, level_bytes(up - 1)))
			break;
		if (!is_empty(desc_table(*parent)))
			break;
		unlink_table(un, parent, ipa);
	}
	return next;
}

/*
 * TLBs first, pages second: a page in the pool may become anything, and no walker may still read it
 * as a table.
 */
static void finish_unmapping(struct stage2 *s2, struct unmapping *un)
{
	if (un->stale_count == MAX_STALE + 1)
		tlb_guest_all(s2->vttbr);
	else if (un->stale_count != 0) {
		const uint64_t loaded = tlb_guest_begin(s2->vttbr);

		while (un->stale_count != 0)
			tlb_guest_ipa(un->stale[--un->stale_count]);
		tlb_guest_end(loaded, s2->vttbr);
	}

	while (un->dead) {
		uint64_t *table = un->dead;

		un->dead = (uint64_t *)(uintptr_t)table[0];
		page_pool_give(s2->pool, table);
	}
}

enum vt_err stage2_unmap(struct stage2 *s2, uint64_t ipa, uint64_t bytes)
{
	const uint64_t end = ipa + bytes;

	if (!range_ok(s2, ipa, bytes))
		return VT_EINVAL;

	spin_lock(&s2->lock);

	enum vt_err err = stage2_split_at(s2, ipa);

	if (err == VT_OK && end < BIT(s2->ipa_bits))
		err = stage2_split_at(s2, end);
	if (err == VT_OK) {
		struct unmapping un = {.stale_count = 0, .dead = NULL};

		for (uint64_t at = ipa; at < end;)
			at = clear_one(s2, &un, at, end);
		finish_unmapping(s2, &un);
	}

	spin_unlock(&s2->lock);
	return err;
}

enum vt_err stage2_walk(struct stage2 *s2, uint64_t ipa, struct stage2_leaf *leaf)
{
	unsigned level;

	if (!in_range(ipa, 1, s2->ipa_bits))
		return VT_ENOENT;

	spin_lock(&s2->lock);
	const uint64_t desc = *stage2_entry(s2, ipa, &level);
	spin_unlock(&s2->lock);

	if (!desc_valid(desc))
		return VT_ENOENT;

	*leaf = (struct stage2_leaf){
		.pa = (desc & DESC_ADDRESS) | (ipa & (level_bytes(level) - 1)),
		.bytes = level_bytes(level),
		.attr = attr_of(desc),
	};
	return VT_OK;
}

/* Unmapping all splits nothing, so it cannot fail. */
void stage2_destroy(struct stage2 *s2)
{
	(void)stage2_unmap(s2, 0, BIT(s2->ipa_bits));
	tlb_guest_all(s2->vttbr);
	page_pool_give(s2->pool, s2->root);
	s2->root = NULL;
}

/*
 * Root; two level-1 tables (level 0 may be in use, and RAM may cross 512 GiB); a level-2 table for
 * each GiB and two for unaligned ends; and spare ones for splits and device windows, three tables
 * each.
 */
unsigned stage2_pages_needed(uint64_t ram_bytes)
{
	const unsigned fixed = 1 + 2 + 2;
	const unsigned spare = 3 * 3 + 3;

	return fixed + spare + (unsigned)(ram_bytes / BLOCK_1G);
}
