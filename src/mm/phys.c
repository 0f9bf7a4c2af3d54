/*
 * Physical memory at boot. Two short tables: what RAM there is, and what of the address space is
 * taken. Taken ranges are kept sorted and merged, and free memory is found by looking between them
 * (first fit).
 */
#include "mm/phys.h"

#include <stdbool.h>
#include <stddef.h>

#include "lib/bits.h"
#include "lib/log.h"
#include "lib/string.h"

#define MAX_RAM	  4
#define MAX_TAKEN 64 /* merged: image, DTB, initrd, VMs' RAM and the gaps that alignment leaves */

struct range {
	uint64_t begin, end; /* end is exclusive */
};

static struct range ram[MAX_RAM];
static unsigned ram_ranges;

static struct range taken[MAX_TAKEN];
static unsigned taken_ranges;

/* Where the next small object goes: the rest of the last page that boot_alloc() took. */
static struct range open_page;
static uint64_t boot_alloc_bytes;

static bool overlap(struct range a, struct range b)
{
	return a.begin < b.end && b.begin < a.end;
}

static bool wraps(uint64_t base, uint64_t bytes)
{
	return bytes == 0 || base + bytes < base || base + bytes > ~UINT64_C(0) - PAGE_BYTES;
}

/* Insert, swallowing every range that it overlaps or touches. The table stays sorted by address. */
static enum vt_err mark_taken(struct range new)
{
	unsigned first = 0, last;

	while (first < taken_ranges && taken[first].end < new.begin)
		first++;
	for (last = first; last < taken_ranges && taken[last].begin <= new.end; last++) {
		new.begin = MIN(new.begin, taken[last].begin);
		new.end = MAX(new.end, taken[last].end);
	}

	if (last == first && taken_ranges == MAX_TAKEN)
		return VT_ENOMEM;
	memmove(&taken[first + 1], &taken[last], (taken_ranges - last) * sizeof(taken[0]));
	taken[first] = new;
	taken_ranges = taken_ranges - (last - first) + 1;
	return VT_OK;
}

enum vt_err phys_add_ram(uint64_t base, uint64_t bytes)
{
	if (wraps(base, bytes))
		return VT_EINVAL;

	/* Only whole pages can be handed out, and never page 0: phys_take() says "nothing" by 0. */
	const struct range new = {MAX(ALIGN_UP(base, PAGE_BYTES), PAGE_BYTES),
				  ALIGN_DOWN(base + bytes, PAGE_BYTES)};

	if (new.begin >= new.end)
		return VT_EINVAL;
	for (unsigned i = 0; i < ram_ranges; i++)
		if (overlap(ram[i], new))
			return VT_EEXIST;
	if (ram_ranges == MAX_RAM)
		return VT_ENOMEM;
	ram[ram_ranges++] = new;
	return VT_OK;
}

enum vt_err phys_reserve(uint64_t base, uint64_t bytes)
{
	if (wraps(base, bytes))
		return VT_EINVAL;
	return mark_taken(
		(struct range){ALIGN_DOWN(base, PAGE_BYTES), ALIGN_UP(base + bytes, PAGE_BYTES)});
}

/*
 * The lowest address in `within` where `bytes` fit between the taken ranges; 0 when there is none.
 */
static uint64_t first_fit(struct range within, uint64_t bytes, uint64_t alignment)
{
	uint64_t at = ALIGN_UP(within.begin, alignment);

	for (unsigned i = 0; i < taken_ranges; i++) {
		if (taken[i].end <= at)
			continue;
		if (at < taken[i].begin && taken[i].begin - at >= bytes)
			break;
		at = ALIGN_UP(taken[i].end, alignment);
	}
	/* Rounding up may have wrapped past the end of the address space. */
	return at >= within.begin && at < within.end && within.end - at >= bytes ? at : 0;
}

uint64_t phys_take(uint64_t bytes, uint64_t alignment)
{
	if (bytes == 0 || bytes > ALIGN_DOWN(~UINT64_C(0), PAGE_BYTES))
		return 0;
	ASSERT(alignment >= PAGE_BYTES && IS_ALIGNED(alignment, alignment));

	bytes = ALIGN_UP(bytes, PAGE_BYTES);
	for (unsigned i = 0; i < ram_ranges; i++) {
		const uint64_t at = first_fit(ram[i], bytes, alignment);

		if (at)
			return mark_taken((struct range){at, at + bytes}) == VT_OK ? at : 0;
	}
	return 0;
}

/*
 * The object goes into the open page when it fits, else into fresh pages. What these leave over
 * becomes the open page if it is the larger rest.
 */
static uint64_t place(uint64_t bytes, uint64_t alignment)
{
	const uint64_t in_open = ALIGN_UP(open_page.begin, alignment);

	if (in_open <= open_page.end && open_page.end - in_open >= bytes) {
		open_page.begin = in_open + bytes;
		return in_open;
	}

	const uint64_t fresh = phys_take(bytes, MAX(alignment, PAGE_BYTES));

	if (!fresh)
		return 0;

	const struct range rest = {fresh + bytes, fresh + ALIGN_UP(bytes, PAGE_BYTES)};

	boot_alloc_bytes += rest.end - fresh;
	if (rest.end - rest.begin > open_page.end - open_page.begin)
		open_page = rest;
	return fresh;
}

#define SMALLEST_ALIGNMENT UINT64_C(16) /* enough for every C type */

void *boot_alloc(uint64_t bytes, uint64_t alignment, const char *what)
{
	const uint64_t at = place(MAX(bytes, 1), MAX(alignment, SMALLEST_ALIGNMENT));

	if (!at)
		panic("out of memory: %llu bytes for %s", (unsigned long long)bytes, what);
	return memset((void *)(uintptr_t)at, 0, bytes);
}

uint64_t boot_alloc_used(void)
{
	return boot_alloc_bytes;
}
