/* See breaks.h. */
#include "debug/breaks.h"

#include "lib/bits.h"
#include "lib/string.h"

#define WORD_BYTES 4u

/* DBGBCR<n>_EL1, DBGWCR<n>_EL1: fields at the same places. SSC = 0, HMC = 0: EL1 and EL0, never EL2. */
#define CONTROL_ENABLE	 BIT(0)
#define CONTROL_EL1_EL0	 (UINT64_C(3) << 1) /* PMC, PAC */
#define CONTROL_LSC	 GENMASK(4, 3)
#define CONTROL_BAS	 GENMASK(12, 5)
#define CONTROL_MASK	 GENMASK(28, 24)
#define BAS_INSTRUCTION	 0xfu
#define BAS_ALL		 0xffu
#define LSC_LOAD	 1u
#define LSC_STORE	 2u
#define DOUBLEWORD_BYTES UINT64_C(8)
#define MASK_MOST_BITS	 31u

/* The largest access: LDP of Q registers. DC ZVA's block is larger, and is reported by its start. */
#define NEAR_BYTES 64u

void breaks_init(struct breaks *breaks, unsigned breakpoint_slots, unsigned watchpoint_slots)
{
	memset(breaks, 0, sizeof(*breaks));
	breaks->breakpoint_slots = MIN(breakpoint_slots, GUEST_DEBUG_MOST);
	breaks->watchpoint_slots = MIN(watchpoint_slots, GUEST_DEBUG_MOST);
}

struct software_break *breaks_find(struct breaks *breaks, uint64_t va)
{
	for (unsigned i = 0; i < breaks->softwares; i++)
		if (breaks->software[i].va == va)
			return &breaks->software[i];
	return NULL;
}

struct software_break *breaks_find_pa(struct breaks *breaks, uint64_t pa)
{
	for (unsigned i = 0; i < breaks->softwares; i++)
		if (breaks->software[i].pa == pa)
			return &breaks->software[i];
	return NULL;
}

enum vt_err breaks_add(struct breaks *breaks, uint64_t va, uint64_t pa, uint32_t original)
{
	if (breaks->softwares == BREAKS_SOFTWARE_MOST)
		return VT_ENOMEM;
	breaks->software[breaks->softwares++] =
		(struct software_break){.va = va, .pa = pa, .original = original};
	return VT_OK;
}

void breaks_drop(struct breaks *breaks, struct software_break *which)
{
	*which = breaks->software[--breaks->softwares];
}

/* Exchange or copy the overlap of one patched word and a range, byte by byte. */
static void overlay(struct software_break *patch, uint64_t pa, uint8_t *bytes, size_t count,
		    bool write)
{
	const uint8_t *brk = (const uint8_t *)&(uint32_t){BREAKS_INSTRUCTION};
	uint8_t *original = (uint8_t *)&patch->original;

	for (unsigned i = 0; i < WORD_BYTES; i++) {
		const uint64_t at = patch->pa + i - pa;

		if (patch->pa + i < pa || at >= count)
			continue;
		if (write) {
			original[i] = bytes[at];
			bytes[at] = brk[i];
		} else {
			bytes[at] = original[i];
		}
	}
}

void breaks_hide(const struct breaks *breaks, uint64_t pa, uint8_t *bytes, size_t count)
{
	for (unsigned i = 0; i < breaks->softwares; i++) {
		struct software_break patch = breaks->software[i];

		overlay(&patch, pa, bytes, count, false);
	}
}

void breaks_write_below(struct breaks *breaks, uint64_t pa, uint8_t *bytes, size_t count)
{
	uint8_t plain[WORD_BYTES];

	for (unsigned i = 0; i < breaks->softwares; i++) {
		struct software_break *patch = &breaks->software[i];

		/* Two names of one word: the first has taken the new bytes already. */
		for (unsigned before = 0; before < i; before++) {
			if (breaks->software[before].pa != patch->pa)
				continue;
			memcpy(plain, &breaks->software[before].original, sizeof(plain));
			memcpy(&patch->original, plain, sizeof(plain));
			patch = NULL;
			break;
		}
		if (patch)
			overlay(patch, pa, bytes, count, true);
	}
}

static int find_hardware(const struct breaks *breaks, uint64_t va)
{
	for (unsigned i = 0; i < breaks->breakpoint_slots; i++)
		if (breaks->breakpoints & 1u << i && breaks->registers.bvr[i] == va)
			return (int)i;
	return -1;
}

/* The lowest register that is free; `slots` if none is. */
static unsigned free_slot(uint16_t used, unsigned slots)
{
	unsigned i = 0;

	while (i < slots && used & 1u << i)
		i++;
	return i;
}

enum vt_err breaks_add_hardware(struct breaks *breaks, uint64_t va)
{
	const unsigned slot = free_slot(breaks->breakpoints, breaks->breakpoint_slots);

	if (va % WORD_BYTES)
		return VT_EINVAL;
	if (find_hardware(breaks, va) >= 0)
		return VT_OK;
	if (slot == breaks->breakpoint_slots)
		return VT_ENOMEM;
	breaks->breakpoints |= (uint16_t)(1u << slot);
	breaks->registers.bvr[slot] = va;
	breaks->registers.bcr[slot] =
		CONTROL_ENABLE | CONTROL_EL1_EL0 | FIELD_PREP(CONTROL_BAS, BAS_INSTRUCTION);
	return VT_OK;
}

void breaks_drop_hardware(struct breaks *breaks, uint64_t va)
{
	const int slot = find_hardware(breaks, va);

	if (slot < 0)
		return;
	breaks->breakpoints &= (uint16_t) ~(1u << slot);
	breaks->registers.bvr[slot] = breaks->registers.bcr[slot] = 0;
}

bool breaks_has_hardware(const struct breaks *breaks, uint64_t va)
{
	return find_hardware(breaks, va) >= 0;
}

/*
 * The largest piece that one register can watch from `address` on: bytes within a doubleword, or an aligned power of two of
 * doublewords.
 */
static uint64_t piece_bytes(uint64_t address, uint64_t bytes)
{
	const uint64_t to_boundary = DOUBLEWORD_BYTES - address % DOUBLEWORD_BYTES;
	uint64_t piece = DOUBLEWORD_BYTES;

	if (to_boundary != DOUBLEWORD_BYTES || bytes < DOUBLEWORD_BYTES)
		return MIN(bytes, to_boundary);
	while (piece * 2 <= bytes && IS_ALIGNED(address, piece * 2) &&
	       piece * 2 <= BIT(MASK_MOST_BITS))
		piece *= 2;
	return piece;
}

static void set_watch_register(struct breaks *breaks, unsigned slot, enum watch_kind kind,
			       uint64_t address, uint64_t bytes)
{
	static const uint8_t lsc[] = {[WATCH_WRITE] = LSC_STORE,
				      [WATCH_READ] = LSC_LOAD,
				      [WATCH_ACCESS] = LSC_LOAD | LSC_STORE};
	const uint64_t bas = bytes >= DOUBLEWORD_BYTES
				     ? BAS_ALL
				     : (BIT(bytes) - 1) << address % DOUBLEWORD_BYTES;
	const unsigned mask = bytes > DOUBLEWORD_BYTES ? (unsigned)__builtin_ctzll(bytes) : 0;

	breaks->registers.wvr[slot] = ALIGN_DOWN(address, DOUBLEWORD_BYTES);
	breaks->registers.wcr[slot] = CONTROL_ENABLE | CONTROL_EL1_EL0 |
				      FIELD_PREP(CONTROL_LSC, lsc[kind]) |
				      FIELD_PREP(CONTROL_BAS, bas) | FIELD_PREP(CONTROL_MASK, mask);
}

static void release_watch_registers(struct breaks *breaks, uint16_t slots)
{
	for (unsigned i = 0; i < GUEST_DEBUG_MOST; i++)
		if (slots & 1u << i)
			breaks->registers.wvr[i] = breaks->registers.wcr[i] = 0;
	breaks->watchpoints &= (uint16_t)~slots;
}

static struct watch *find_watch(struct breaks *breaks, enum watch_kind kind, uint64_t address,
				uint64_t bytes)
{
	for (unsigned i = 0; i < breaks->watches; i++) {
		struct watch *watch = &breaks->watch[i];

		if (watch->kind == kind && watch->address == address && watch->bytes == bytes)
			return watch;
	}
	return NULL;
}

enum vt_err breaks_add_watch(struct breaks *breaks, enum watch_kind kind, uint64_t address,
			     uint64_t bytes)
{
	struct watch watch = {.kind = kind, .address = address, .bytes = bytes};

	if (!bytes || address + (bytes - 1) < address)
		return VT_EINVAL;
	if (find_watch(breaks, kind, address, bytes))
		return VT_OK;
	while (bytes) {
		const unsigned slot = free_slot(breaks->watchpoints, breaks->watchpoint_slots);
		const uint64_t piece = piece_bytes(address, bytes);

		if (slot == breaks->watchpoint_slots) {
			release_watch_registers(breaks, watch.slots);
			return VT_ENOMEM;
		}
		set_watch_register(breaks, slot, kind, address, piece);
		watch.slots |= (uint16_t)(1u << slot);
		breaks->watchpoints |= (uint16_t)(1u << slot);
		address += piece;
		bytes -= piece;
	}
	/* Each has a register at least, so there are never more of them than registers. */
	breaks->watch[breaks->watches++] = watch;
	return VT_OK;
}

void breaks_drop_watch(struct breaks *breaks, enum watch_kind kind, uint64_t address,
		       uint64_t bytes)
{
	struct watch *watch = find_watch(breaks, kind, address, bytes);

	if (!watch)
		return;
	release_watch_registers(breaks, watch->slots);
	*watch = breaks->watch[--breaks->watches];
}

const struct watch *breaks_watch_at(const struct breaks *breaks, uint64_t far)
{
	const struct watch *nearest = NULL;
	uint64_t distance = NEAR_BYTES;

	for (unsigned i = 0; i < breaks->watches; i++) {
		const struct watch *watch = &breaks->watch[i];

		if (far - watch->address < watch->bytes)
			return watch;
		/* FAR may also be rounded down to the doubleword, and so lie below. */
		if (watch->address - far < distance) {
			distance = watch->address - far;
			nearest = watch;
		}
	}
	return nearest;
}
