/*
 * The GICv2 in the device tree: part of hal_discover(). Distributor, CPU interface, and the two
 * halves of the virtual one; all four must be there.
 */
#include <libfdt.h>

#include "hal/discover.h"
#include "hal/hal.h"
#include "lib/bits.h"

/*
 * A CPU interface is two pages of 4 KiB. Platforms for kernels with larger pages repeat each page
 * all over 64 KiB of its own; the size tells.
 */
#define ALIASED_BYTES (128 * KIB)

static uint64_t second_page(uint64_t base, uint64_t bytes)
{
	return base + (bytes >= ALIASED_BYTES ? 64 * KIB : 4 * KIB);
}

static int find_gicv2(const void *dtb)
{
	static const char compatible[][20] = {"arm,cortex-a15-gic", "arm,gic-400"};
	int node = -1;

	for (unsigned i = 0; i < ARRAY_SIZE(compatible) && node < 0; i++)
		node = fdt_node_offset_by_compatible(dtb, -1, compatible[i]);
	return node;
}

const char *read_gic(const void *dtb)
{
	const int node = find_gicv2(dtb);
	uint64_t gicc_bytes, gich_bytes, gicv_bytes;

	if (node < 0) {
		const int newer = fdt_node_offset_by_compatible(dtb, -1, "arm,gic-v3");

		if (newer >= 0)
			return dt_complain("/%.31s: compatible: this image is for GICv2, another "
					   "is for GICv3",
					   dt_name(dtb, newer));
		return dt_complain("/: no interrupt controller with compatible \"arm,gic-400\" or "
				   "\"arm,cortex-a15-gic\"");
	}
	if (!dt_reg(dtb, node, 0, &hal.gicd_base, &hal.gicd_size) ||
	    !dt_reg(dtb, node, 1, &hal.gicc_base, &gicc_bytes))
		return dt_complain("/%.31s: reg: distributor and CPU interface wanted",
				   dt_name(dtb, node));
	if (!dt_reg(dtb, node, 2, &hal.gich_base, &gich_bytes) ||
	    !dt_reg(dtb, node, 3, &hal.gicv_base, &gicv_bytes))
		return dt_complain("/%.31s: reg: no virtual CPU interface: the machine wants "
				   "virtualization=on",
				   dt_name(dtb, node));
	hal.gicc_dir = second_page(hal.gicc_base, gicc_bytes);
	hal.gicv_dir = second_page(hal.gicv_base, gicv_bytes);
	return NULL;
}
