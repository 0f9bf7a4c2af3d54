/*
 * QEMU's `virt`: a PL011 and a row of virtio transports. Part of hal_discover(); also runs in
 * tests/unit/test_discover.c.
 */
#include <libfdt.h>

#include "hal/discover.h"
#include "hal/hal.h"
#include "lib/bits.h"

/* Before the device tree has been read. */
const uint64_t hal_early_uart = UINT64_C(0x09000000);

/* The lowest enabled one: with secure=on there is a second, which is the secure world's. */
const char *platform_read_uart(const void *dtb)
{
	for (int node = -1;;) {
		uint64_t base, size;

		node = fdt_node_offset_by_compatible(dtb, node, "arm,pl011");
		if (node < 0)
			break;
		if (!dt_enabled(dtb, node))
			continue;
		if (!dt_reg(dtb, node, 0, &base, &size))
			return dt_complain("/%.31s: reg: an address wanted", dt_name(dtb, node));
		if (hal.uart_base && base > hal.uart_base)
			continue;
		hal.uart_base = base;
		hal.uart_intid = dt_spi(dtb, node);
		if (hal.uart_intid == 0)
			return dt_complain("/%.31s: interrupts: a shared interrupt wanted",
					   dt_name(dtb, node));
	}
	return hal.uart_base ? NULL : dt_complain("/: no UART with compatible \"arm,pl011\"");
}

/*
 * virtio transports stand in a row with interrupts in a row; the tree lists them in any order. The lowest is slot 0; the
 * highest and their number give the stride. None at all is fine: then there is no log or trace port.
 */
const char *platform_read_devices(const void *dtb)
{
	uint64_t lowest = UINT64_MAX, highest = 0;

	for (int node = -1;;) {
		uint64_t base, size;

		node = fdt_node_offset_by_compatible(dtb, node, "virtio,mmio");
		if (node < 0)
			break;

		const uint32_t intid = dt_spi(dtb, node);

		if (!dt_reg(dtb, node, 0, &base, &size) || intid == 0)
			return dt_complain(
				"/%.31s: reg, interrupts: an address and a shared interrupt wanted",
				dt_name(dtb, node));
		hal.virtio_mmio_slots++;
		if (base < lowest) {
			lowest = base;
			hal.virtio_mmio_intid = intid;
			hal.virtio_mmio_stride = size;
		}
		highest = MAX(highest, base);
	}

	if (hal.virtio_mmio_slots > 0)
		hal.virtio_mmio_base = lowest;
	if (hal.virtio_mmio_slots > 1)
		hal.virtio_mmio_stride = (highest - lowest) / (hal.virtio_mmio_slots - 1);
	return NULL;
}
