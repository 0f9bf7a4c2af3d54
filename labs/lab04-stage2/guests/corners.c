/* The edges of a VM's RAM: its first and last byte are there, the bytes beside them are not; and every page of it is one of its own. */
#include "guest.h"

#define BYTES	   UL(0x600000) /* three blocks of 2 MiB: the manifest of this lab */
#define PAGE_BYTES UL(0x1000)
#define FREE_RAM   (RAM_BASE + UL(0x100000))

static bool is_outside(uint64_t address)
{
	return FAULTS(read32(address)) == 1 && FAULT_CLASS() == CLASS_DATA && fault.far == address;
}

void first(const void *device_tree)
{
	uint64_t wrong = 0;

	(void)device_tree;
	check(is_outside(RAM_BASE - 4), "the word below RAM is not there");
	check(is_outside(RAM_BASE + BYTES), "the word above RAM is not there");
	CHECK_EQUAL(FAULTS(write32(RAM_BASE + BYTES - 4, 1)), 0, "the last word of RAM is there");
	CHECK_EQUAL(FAULTS(read32(RAM_BASE)), 0, "the first word of RAM is there");

	for (uint64_t at = FREE_RAM; at < RAM_BASE + BYTES; at += PAGE_BYTES)
		*(volatile uint64_t *)at = at;
	for (uint64_t at = FREE_RAM; at < RAM_BASE + BYTES; at += PAGE_BYTES)
		wrong += *(volatile uint64_t *)at != at;
	CHECK_EQUAL(wrong, 0, "each page of RAM is one of its own");
	CHECK_EQUAL(FAULTS(((void (*)(void))(RAM_BASE + BYTES))()), 1,
		    "no code is fetched from beside RAM");
	finish();
}
