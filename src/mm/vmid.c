/*
 * VMIDs as a bitmap, taken and given back without a lock. A VMID's TLB entries are cleaned by
 * stage2_init() and stage2_destroy(), not here.
 */
#include "mm/vmid.h"

#include <stdbool.h>
#include <stdint.h>

#include "lib/bits.h"
#include "lib/log.h"

#define VMIDS	  256u
#define WORD_BITS 64u

static uint64_t taken[VMIDS / WORD_BITS] = {BIT(0)}; /* VMID 0 is the host's */

unsigned vmid_take(void)
{
	for (unsigned word = 0; word < ARRAY_SIZE(taken); word++) {
		uint64_t seen = __atomic_load_n(&taken[word], __ATOMIC_RELAXED);

		while (~seen) {
			const unsigned bit = (unsigned)__builtin_ctzll(~seen);

			/* On failure `seen` has the word's new value: another CPU was first. */
			if (__atomic_compare_exchange_n(&taken[word], &seen, seen | BIT(bit), false,
							__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
				return word * WORD_BITS + bit;
		}
	}
	return 0;
}

void vmid_give(unsigned vmid)
{
	ASSERT(vmid > 0 && vmid < VMIDS);

	const uint64_t bit = BIT(vmid % WORD_BITS);
	const uint64_t before =
		__atomic_fetch_and(&taken[vmid / WORD_BITS], ~bit, __ATOMIC_RELEASE);

	ASSERT(before & bit);
}
