/* The GICv3 in the device tree: part of hal_discover(). */
#include <libfdt.h>

#include "hal/discover.h"
#include "hal/hal.h"
#include "lib/bits.h"

const char *read_gic(const void *dtb)
{
	const int node = fdt_node_offset_by_compatible(dtb, -1, "arm,gic-v3");

	if (node < 0) {
		static const char gicv2[][20] = {"arm,cortex-a15-gic", "arm,gic-400"};

		for (unsigned i = 0; i < ARRAY_SIZE(gicv2); i++) {
			const int old = fdt_node_offset_by_compatible(dtb, -1, gicv2[i]);

			if (old >= 0)
				return dt_complain("/%.31s: compatible: this image is for GICv3, "
						   "another is for GICv2",
						   dt_name(dtb, old));
		}
		return dt_complain("/: no interrupt controller with compatible \"arm,gic-v3\"");
	}
	if (!dt_reg(dtb, node, 0, &hal.gicd_base, &hal.gicd_size) ||
	    !dt_reg(dtb, node, 1, &hal.gicr_base, &hal.gicr_size))
		return dt_complain("/%.31s: reg: distributor and redistributors wanted",
				   dt_name(dtb, node));
	return NULL;
}
