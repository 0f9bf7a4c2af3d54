/*
 * The ZCU102: two Cadence UARTs, the lower one is the console, the other takes the log. No virtio,
 * hence no way to get a trace out. Part of hal_discover().
 */
#include <libfdt.h>

#include "hal/discover.h"
#include "hal/hal.h"
#include "lib/bits.h"

#define NULL_PAGE_BYTES (4 * KIB)
#define LOW_RAM_END	(2 * GIB) /* UG1085: DDR low */

/* UART0, before the device tree has been read. */
const uint64_t hal_early_uart = UINT64_C(0xff000000);

const char *platform_read_uart(const void *dtb)
{
	for (int node = -1;;) {
		uint64_t base, size;

		node = fdt_node_offset_by_compatible(dtb, node, "xlnx,zynqmp-uart");
		if (node < 0)
			break;
		if (!dt_enabled(dtb, node))
			continue;

		const uint32_t intid = dt_spi(dtb, node);

		if (!dt_reg(dtb, node, 0, &base, &size) || intid == 0)
			return dt_complain("/%.31s: reg, interrupts: an address and a shared "
					   "interrupt wanted",
					   dt_name(dtb, node));
		if (hal.uart_base && base > hal.uart_base) {
			hal.log_uart_base = base;
			continue;
		}
		hal.log_uart_base = hal.uart_base;
		hal.uart_base = base;
		hal.uart_intid = intid;
	}
	return hal.uart_base ? NULL
			     : dt_complain("/: no UART with compatible \"xlnx,zynqmp-uart\"");
}

/*
 * QEMU tells of all RAM as one range from 0. What is above 2 GiB is elsewhere, and not used. The
 * first page stays out as well, so that EL2's null pointers lead nowhere.
 */
const char *platform_read_devices(const void *dtb)
{
	(void)dtb;
	for (unsigned i = 0; i < hal.ram_ranges; i++) {
		const uint64_t start = MAX(hal.ram[i].base, NULL_PAGE_BYTES);
		const uint64_t end = MIN(hal.ram[i].base + hal.ram[i].size, LOW_RAM_END);

		hal.ram[i].base = start;
		hal.ram[i].size = end > start ? end - start : 0;
	}
	return NULL;
}
