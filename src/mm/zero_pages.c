/*
 * Clearing whole pages. DC ZVA clears a cache line (often 64 bytes) without reading it from memory
 * first.
 */
#include "mm/zero_pages.h"

#include "hal/arm64.h"
#include "lib/bits.h"
#include "lib/string.h"

#ifdef __aarch64__

#define DCZID_BS \
	GENMASK(3, 0)	 /* log2 of the block size in 4-byte words; at most 2 KiB, so it divides a \
			    page */
#define DCZID_DZP BIT(4) /* DC ZVA is prohibited */

void zero_pages(void *start, uint64_t bytes)
{
	const uint64_t dczid = READ_SYSREG(dczid_el0);
	const uint64_t block_bytes = UINT64_C(4) << FIELD_GET(DCZID_BS, dczid);
	const uint64_t first = (uint64_t)start;

	if (dczid & DCZID_DZP) {
		memset(start, 0, bytes);
		return;
	}
	for (uint64_t at = first; at < first + bytes; at += block_bytes)
		__asm__ volatile("dc zva, %0" ::"r"(at) : "memory");
}

#else

void zero_pages(void *start, uint64_t bytes)
{
	memset(start, 0, bytes);
}

#endif
