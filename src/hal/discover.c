/*
 * What machine is this? Read from the device tree that the boot loader leaves in x0. Here is what
 * the trees of all platforms have in common; the rest is in hal/discover_gicv2.c or
 * hal/discover_gicv3.c, and in the platform's folder.
 *
 * Runs once, on the boot CPU. The tree comes from QEMU or firmware, which we have to trust for much
 * more than this; still each property is held against its size, and what is missing is named. Pure:
 * also runs in tests/unit/test_discover.c.
 */
#include <stddef.h>

#include <libfdt.h>

#include "hal/discover.h"
#include "hal/arm64.h"
#include "hal/hal.h"
#include "lib/bits.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "lib/string.h"

#define GIC_SPI	  0
#define FIRST_SPI 32
/* MPIDR_EL1.Aff3..Aff0: the bits of a CPU's number that PSCI CPU_ON wants. */

struct hal_info hal;

static char complaint[160];

const char *dt_complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vt_vsnprintf(complaint, sizeof(complaint), format, args);
	va_end(args);
	return complaint;
}

/* A number of one or two cells at *at, which moves behind it. */
static uint64_t take_cells(const fdt32_t **at, unsigned cells)
{
	uint64_t value = 0;

	for (; cells > 0; cells--)
		value = (value << 32) | fdt32_ld((*at)++);
	return value;
}

/* How many cells an address or size has in the children of this node; the specification's default otherwise. */
static unsigned cell_count(const void *dtb, int parent, const char *name, unsigned otherwise)
{
	int bytes;
	const fdt32_t *value = fdt_getprop(dtb, parent, name, &bytes);

	return value && bytes == 4 && fdt32_ld(value) <= 2 ? fdt32_ld(value) : otherwise;
}

/* Entry `index` of a root child's reg. False: there is none. */
bool dt_reg(const void *dtb, int node, unsigned index, uint64_t *base, uint64_t *size)
{
	const unsigned address_cells = cell_count(dtb, 0, "#address-cells", 2);
	const unsigned size_cells = cell_count(dtb, 0, "#size-cells", 1);
	const unsigned entry_bytes = 4 * (address_cells + size_cells);
	int bytes;
	const fdt32_t *at = fdt_getprop(dtb, node, "reg", &bytes);

	if (!at || entry_bytes == 0 || (unsigned)bytes / entry_bytes <= index)
		return false;
	at += (address_cells + size_cells) * index;
	*base = take_cells(&at, address_cells);
	*size = take_cells(&at, size_cells);
	return true;
}

/* The first interrupt of a node as a GIC INTID; 0 when it is no shared one. */
uint32_t dt_spi(const void *dtb, int node)
{
	int bytes;
	const fdt32_t *cells = fdt_getprop(dtb, node, "interrupts", &bytes);

	if (!cells || bytes < 12 || fdt32_ld(cells) != GIC_SPI)
		return 0;
	return fdt32_ld(cells + 1) + FIRST_SPI;
}

bool dt_enabled(const void *dtb, int node)
{
	int bytes;
	const char *status = fdt_getprop(dtb, node, "status", &bytes);

	return !status || bytes != sizeof("disabled") ||
	       memcmp(status, "disabled", sizeof("disabled")) != 0;
}

const char *dt_name(const void *dtb, int node)
{
	const char *name = fdt_get_name(dtb, node, NULL);

	return name ? name : "?";
}

static const char *read_memory(const void *dtb)
{
	int node;

	fdt_for_each_subnode(node, dtb, 0) {
		int bytes;
		const char *type = fdt_getprop(dtb, node, "device_type", &bytes);
		uint64_t base, size;

		if (!type || bytes != sizeof("memory") ||
		    memcmp(type, "memory", sizeof("memory")) != 0)
			continue;
		for (unsigned i = 0; dt_reg(dtb, node, i, &base, &size); i++) {
			if (size == 0)
				continue;
			if (hal.ram_ranges == ARRAY_SIZE(hal.ram)) {
				log_line("/%s: reg: RAM at %#lx is not used: there is room for %lu "
					 "ranges",
					 dt_name(dtb, node), base, ARRAY_SIZE(hal.ram));
				continue;
			}
			hal.ram[hal.ram_ranges].base = base;
			hal.ram[hal.ram_ranges].size = size;
			hal.ram_ranges++;
		}
	}
	return hal.ram_ranges ? NULL : dt_complain("/memory: reg: no RAM found");
}

static const char *read_cpus(const void *dtb)
{
	const int parent = fdt_path_offset(dtb, "/cpus");
	int node;

	if (parent < 0)
		return dt_complain("/cpus: node is missing");

	const unsigned address_cells = cell_count(dtb, parent, "#address-cells", 1);

	fdt_for_each_subnode(node, dtb, parent) {
		int bytes;
		const char *type = fdt_getprop(dtb, node, "device_type", &bytes);

		/* cpu-map, idle-states and caches live here too. */
		if (!type || bytes != sizeof("cpu") || memcmp(type, "cpu", sizeof("cpu")) != 0)
			continue;

		const fdt32_t *reg = fdt_getprop(dtb, node, "reg", &bytes);

		if (!reg || (unsigned)bytes != 4 * address_cells)
			return dt_complain("/cpus/%.31s: reg: %u cells wanted", dt_name(dtb, node),
					   address_cells);
		if (hal.cpus == HAL_MAX_CPUS) {
			log_line("/cpus/%s: not used: there is room for %u CPUs",
				 dt_name(dtb, node), HAL_MAX_CPUS);
			continue;
		}
		hal.mpidr[hal.cpus++] = take_cells(&reg, address_cells) & MPIDR_AFFINITY;
	}
	return hal.cpus ? NULL : dt_complain("/cpus: no node with device_type \"cpu\"");
}

/* A 32-bit or 64-bit number, as boot loaders write either. */
static bool read_number(const void *dtb, int node, const char *name, uint64_t *value)
{
	int bytes;
	const fdt32_t *cells = fdt_getprop(dtb, node, name, &bytes);

	if (!cells || (bytes != 4 && bytes != 8))
		return false;
	*value = take_cells(&cells, (unsigned)bytes / 4);
	return true;
}

/* No initrd is no error here: the manifest's parser has the words for it. */
static const char *read_chosen(const void *dtb)
{
	const int node = fdt_path_offset(dtb, "/chosen");
	uint64_t start, end;
	int bytes;

	hal.bootargs = "";
	if (node < 0)
		return NULL;

	const char *bootargs = fdt_getprop(dtb, node, "bootargs", &bytes);

	if (bootargs && (bytes == 0 || bootargs[bytes - 1] != '\0'))
		return dt_complain("/chosen: bootargs: a string wanted");
	if (bootargs)
		hal.bootargs = bootargs;

	if (read_number(dtb, node, "linux,initrd-start", &start) &&
	    read_number(dtb, node, "linux,initrd-end", &end)) {
		if (end < start)
			return dt_complain(
				"/chosen: linux,initrd-end: %#lx is below the start, %#lx", end,
				start);
		hal.initrd_base = start;
		hal.initrd_size = end - start;
	}
	return NULL;
}

const char *hal_discover(const void *dtb)
{
	static const char *(*const readers[])(const void *dtb) = {
		platform_read_uart, read_chosen, read_memory,
		read_cpus,	    read_gic,	 platform_read_devices,
	};

	memset(&hal, 0, sizeof(hal));
	hal.bootargs = "";
	if (!dtb || (uintptr_t)dtb % 8 != 0)
		return dt_complain("device tree: none at %p: the boot loader must pass one in x0",
				   dtb);
	if (fdt_check_header(dtb) != 0)
		return dt_complain("device tree: what is at %p is none (libfdt error %d)", dtb,
				   fdt_check_header(dtb));

	for (unsigned i = 0; i < ARRAY_SIZE(readers); i++) {
		const char *error = readers[i](dtb);

		if (error)
			return error;
	}
	return NULL;
}
