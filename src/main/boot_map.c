/*
 * The first tables and the stacks. boot_map() is the first C code to run, with the MMU still off:
 * it touches nothing but the image and the tables.
 */
#include <vitrine/percpu.h>

#include "core/secondary.h"
#include "hal/hal.h"
#include "lib/bits.h"
#include "lib/log.h"
#include "main/machine.h"
#include "mm/el2_map.h"
#include "mm/phys.h"

/* asm/boot.S loads these into the boot CPU. */
struct secondary_boot boot_mmu;
void boot_map(struct secondary_boot *boot, const void *dtb);

/* asm/boot.S: the boot CPU's stack, and the page below it. */
extern char boot_stack_guard[];

struct guarded_stack {
	char guard[PAGE_BYTES]; /* becomes a hole: running over the end faults at once */
	char stack[EL2_STACK_BYTES];
};

static struct guarded_stack stacks[HAL_MAX_CPUS] __attribute__((aligned(4096)));
static char emergency[HAL_MAX_CPUS][EL2_EMERGENCY_STACK_BYTES] __attribute__((aligned(16)));

#define DTB_MAGIC_AND_SIZE_BYTES 8
#define DTB_LIMIT		 MIB

static uint64_t address_of(const void *symbol)
{
	return (uint64_t)(uintptr_t)symbol;
}

static enum vt_err map_section(const char *start, const char *end, enum el2_attr attr)
{
	return el2_map(address_of(start), ALIGN_UP(address_of(end), PAGE_BYTES) - address_of(start),
		       attr);
}

/*
 * The tree's own totalsize, big-endian behind the magic. Bounded: a bad one is hal_discover()'s to
 * refuse.
 */
uint64_t boot_dtb_bytes(const void *dtb)
{
	const uint8_t *bytes = dtb;
	const uint64_t size = (uint64_t)bytes[4] << 24 | (uint64_t)bytes[5] << 16 |
			      (uint64_t)bytes[6] << 8 | bytes[7];

	return MAX(MIN(size, DTB_LIMIT), (uint64_t)DTB_MAGIC_AND_SIZE_BYTES);
}

void boot_map(struct secondary_boot *boot, const void *dtb)
{
	const uint64_t tree = ALIGN_DOWN(address_of(dtb), PAGE_BYTES);

	/*
	 * Nobody to tell if a table is missing: without these the next instruction would not be
	 * fetched.
	 */
	map_section(text_start, text_end, EL2_CODE);
	map_section(rodata_start, rodata_end, EL2_RODATA);
	map_section(data_start, image_end, EL2_DATA);
	el2_map(tree, ALIGN_UP(address_of(dtb) + DTB_LIMIT, PAGE_BYTES) - tree, EL2_RODATA);
	el2_map(hal_early_uart, PAGE_BYTES, EL2_DEVICE);
	el2_mmu_values(&boot->mmu);
}

void boot_stack_guard_on(void)
{
	if (el2_unmap_page(address_of(boot_stack_guard)) != VT_OK)
		panic("no guard page below the boot stack");
	for (unsigned i = 0; i < HAL_MAX_CPUS; i++)
		if (el2_unmap_page(address_of(stacks[i].guard)) != VT_OK)
			panic("no guard page below the stack of cpu %u", i);
}

uint64_t stack_for(unsigned cpu)
{
	return address_of(stacks[cpu].stack + sizeof(stacks[cpu].stack));
}

uint64_t emergency_stack_for(unsigned cpu)
{
	return address_of(emergency[cpu] + sizeof(emergency[cpu]));
}
