/*
 * Rights that a debugger takes from a guest for a while: see stage2_limit(). Only in images that call it.
 *
 * Permissions may change in a valid entry: only the TLBs must hear of it. (Arm ARM D8.16.1: break-before-make is for addresses, sizes
 * and memory types.)
 */
#include "lib/bits.h"
#include "mm/descriptor.h"
#include "mm/phys.h"
#include "mm/stage2.h"
#include "mm/tlb.h"

/* Bits 58:55 are software's. (Arm ARM D8.3.2.) */
#define DESC_LIMITED BIT(55)

static uint64_t limited(uint64_t desc, unsigned limits)
{
	uint64_t rights = S2AP_READ_WRITE;

	if (limits & STAGE2_NO_WRITE)
		rights = S2AP_READ;
	if (limits & STAGE2_NO_READ)
		rights &= ~S2AP_READ;
	desc &= ~(DESC_S2_S2AP | DESC_XN | DESC_LIMITED);
	return desc | FIELD_PREP(DESC_S2_S2AP, rights) |
	       (limits & STAGE2_NO_EXECUTE ? DESC_XN : 0) | (limits ? DESC_LIMITED : 0);
}

/* What the guest could never do with it is not given to it here. */
static bool is_ours(uint64_t desc)
{
	return desc_valid(desc) &&
	       (desc & DESC_LIMITED || (FIELD_GET(DESC_S2_MEMATTR, desc) == S2_MEMATTR_NORMAL_WB &&
					FIELD_GET(DESC_S2_S2AP, desc) == S2AP_READ_WRITE));
}

static void limit_all(struct stage2 *s2, uint64_t ipa, uint64_t end, unsigned limits)
{
	const uint64_t loaded = tlb_guest_begin(s2->vttbr);
	unsigned level;

	for (uint64_t at = ipa; at < end; at += level_bytes(level)) {
		uint64_t *entry = stage2_entry(s2, at, &level);

		at = ALIGN_DOWN(at, level_bytes(level));
		if (!is_ours(*entry))
			continue;
		write_entry(entry, limited(*entry, limits));
		dsb_ishst();
		tlb_guest_ipa(at);
	}
	tlb_guest_end(loaded, s2->vttbr);
}

enum vt_err stage2_limit(struct stage2 *s2, uint64_t ipa, uint64_t bytes, unsigned limits)
{
	const uint64_t end = ipa + bytes;

	if (!bytes || !IS_ALIGNED(ipa | bytes, PAGE_BYTES) || end < ipa || end > BIT(s2->ipa_bits))
		return VT_EINVAL;
	spin_lock(&s2->lock);

	enum vt_err err = stage2_split_at(s2, ipa);

	if (err == VT_OK && end < BIT(s2->ipa_bits))
		err = stage2_split_at(s2, end);
	if (err == VT_OK)
		limit_all(s2, ipa, end, limits);
	spin_unlock(&s2->lock);
	return err;
}
