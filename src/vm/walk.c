/* See walk.h. */
#include "vm/walk.h"

#include "lib/bits.h"

#define SCTLR_M	 BIT(0)
#define SCTLR_EE BIT(25) /* tables are big-endian */

#define TCR_T0SZ GENMASK(5, 0)
#define TCR_EPD0 BIT(7)
#define TCR_TG0	 GENMASK(15, 14)
#define TCR_T1SZ GENMASK(21, 16)
#define TCR_EPD1 BIT(23)
#define TCR_TG1	 GENMASK(31, 30)
#define TCR_TBI0 BIT(37)
#define TCR_TBI1 BIT(38)

#define TTBR_BADDR   GENMASK(47, 1)
#define VA_HIGH_HALF BIT(55)
#define VA_TAG	     GENMASK(63, 56)

#define DESCRIPTOR_VALID BIT(0)
#define DESCRIPTOR_TABLE BIT(1) /* at level 3: a page */
#define DESCRIPTOR_OUT	 GENMASK(47, 12)

#define SMALLEST_TNSZ 16u
#define LARGEST_TNSZ  48u
#define IPA_BITS      48u

/* One half of the address space, its fields taken out of TCR_EL1. */
struct half {
	uint64_t table;
	unsigned bits;	       /* of input address */
	unsigned granule_bits; /* 12, 14, 16; 0: reserved */
	bool disabled, tagged;
};

static unsigned granule_of_tg0(uint64_t tcr)
{
	static const uint8_t bits[4] = {12, 16, 14, 0};

	return bits[FIELD_GET(TCR_TG0, tcr)];
}

/* The same choices, numbered differently. */
static unsigned granule_of_tg1(uint64_t tcr)
{
	static const uint8_t bits[4] = {0, 14, 12, 16};

	return bits[FIELD_GET(TCR_TG1, tcr)];
}

/* With a field out of range, `bits` is 0. */
static struct half half_of(const struct walk_regime *regime, bool high)
{
	const uint64_t tcr = regime->tcr;
	const uint64_t tnsz = high ? FIELD_GET(TCR_T1SZ, tcr) : FIELD_GET(TCR_T0SZ, tcr);

	return (struct half){
		.table = high ? regime->ttbr1 : regime->ttbr0,
		.bits = tnsz < SMALLEST_TNSZ || tnsz > LARGEST_TNSZ ? 0 : 64 - (unsigned)tnsz,
		.granule_bits = high ? granule_of_tg1(tcr) : granule_of_tg0(tcr),
		.disabled = tcr & (high ? TCR_EPD1 : TCR_EPD0),
		.tagged = tcr & (high ? TCR_TBI1 : TCR_TBI0),
	};
}

/* All bits above the half's range must repeat bit 55, but for a tag. */
static bool is_canonical(const struct half *half, uint64_t va)
{
	const uint64_t above = ~UINT64_C(0) << half->bits & (half->tagged ? ~VA_TAG : ~UINT64_C(0));

	return (va & above) == (va & VA_HIGH_HALF ? above : 0);
}

/* Blocks: 1 GiB and 2 MiB with 4 KiB pages, 32 MiB with 16 KiB, 512 MiB with 64 KiB. */
static bool may_be_block(const struct half *half, unsigned level)
{
	return level == 2 || (level == 1 && half->granule_bits == 12);
}

/* Index bits of one table: 9, 11, 13. Bits of address that an entry at `level` leaves over. */
static unsigned shift_of(const struct half *half, unsigned level)
{
	return half->granule_bits + (3 - level) * (half->granule_bits - 3);
}

/* The first level whose tables still have something to tell apart. */
static unsigned first_level(const struct half *half)
{
	unsigned level = 3;

	while (level > 0 && shift_of(half, level - 1) < half->bits)
		level--;
	return level;
}

static enum vt_err walk_tables(const struct half *half, bool big_endian, uint64_t va,
			       walk_read read, void *memory, struct walk *walk)
{
	const uint64_t input = va & (BIT(half->bits) - 1);
	unsigned level = first_level(half);
	const unsigned entries_bits = half->bits - MIN(shift_of(half, level), half->bits);
	uint64_t table = half->table & TTBR_BADDR & ~(BIT(entries_bits + 3) - 1);

	for (;; level++) {
		const unsigned shift = shift_of(half, level);
		const uint64_t index_mask = BIT(half->granule_bits - 3) - 1;
		struct walk_step *step = &walk->step[walk->steps];

		*step = (struct walk_step){
			.level = level,
			.ipa = table + (input >> shift & index_mask) * sizeof(uint64_t),
		};
		if (!read(memory, step->ipa, &step->descriptor))
			return VT_EIO;
		if (big_endian)
			step->descriptor = __builtin_bswap64(step->descriptor);
		walk->steps++;
		if (!(step->descriptor & DESCRIPTOR_VALID))
			return VT_ENOENT;

		const bool continues = level < 3 && step->descriptor & DESCRIPTOR_TABLE;
		const uint64_t out = step->descriptor & DESCRIPTOR_OUT;

		if (!continues) {
			if (level < 3 ? !may_be_block(half, level)
				      : !(step->descriptor & DESCRIPTOR_TABLE))
				return VT_ENOENT;
			walk->bytes = BIT(shift);
			walk->ipa = (out & ~(BIT(shift) - 1)) | (input & (BIT(shift) - 1));
			return VT_OK;
		}
		table = out & ~(BIT(half->granule_bits) - 1);
	}
}

enum vt_err walk_stage1(const struct walk_regime *regime, uint64_t va, walk_read read, void *memory,
			struct walk *walk)
{
	*walk = (struct walk){.mmu_off = !(regime->sctlr & SCTLR_M)};
	if (walk->mmu_off) {
		walk->ipa = va;
		walk->bytes = BIT(IPA_BITS);
		return va >> IPA_BITS ? VT_EINVAL : VT_OK;
	}

	const struct half half = half_of(regime, va & VA_HIGH_HALF);

	if (!half.bits || !half.granule_bits || !is_canonical(&half, va))
		return VT_EINVAL;
	if (half.disabled)
		return VT_ENOENT;
	return walk_tables(&half, regime->sctlr & SCTLR_EE, va, read, memory, walk);
}
