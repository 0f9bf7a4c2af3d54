/* Claims about src/hal/discover_gicv2.c and src/hal/zcu102, over the tree that QEMU makes of our zcu102.dts. */
/* sources: src/hal/discover.c src/hal/discover_gicv2.c src/hal/zcu102/devices.c src/lib/printf.c */
/* flags: -DHAL_GIC_VERSION=2 */
#define _DEFAULT_SOURCE /* mkdtemp() */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <libfdt.h>

#include "hal/hal.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "tests/unit/fakes.h"

#define TREE_BYTES (2 * MIB)
#define GIC	   "/interrupt-controller@f9010000"
#define CONSOLE	   "/serial@ff000000"
#define LOG_UART   "/serial@ff010000"

static uint64_t tree[TREE_BYTES / 8];

/* In the repository's root. The kernel is an Image header, which is all that QEMU looks at. */
static const char *const make_tree =
	"d=$(mktemp -d) && dtc -I dts -O dtb -o $d/in src/hal/zcu102/zcu102.dts && "
	"head -c 3000 /dev/zero >$d/initrd && "
	"{ head -c 56 /dev/zero; printf 'ARM\\144'; head -c 4096 /dev/zero; } >$d/kernel && "
	"qemu-system-aarch64 -M xlnx-zcu102,virtualization=on,dumpdtb=$d/out -smp 4 -m 3G "
	"-nodefaults -display none -dtb $d/in -kernel $d/kernel -initrd $d/initrd "
	"-append log=uart >$d/said 2>&1; cat $d/out; rm -r $d";

static int zcu102(void **state)
{
	FILE *in = popen(make_tree, "r");

	(void)state;
	assert_non_null(in);
	assert_true(fread(tree, 1, sizeof(tree), in) > 0);
	assert_int_equal(pclose(in), 0);
	assert_int_equal(fdt_open_into(tree, tree, sizeof(tree)), 0);
	return 0;
}

static int node(const char *path)
{
	const int found = fdt_path_offset(tree, path);

	assert_true(found >= 0);
	return found;
}

static void expect_found(void)
{
	const char *complaint = hal_discover(tree);

	if (complaint)
		fail_msg("%s", complaint);
}

static void expect_complaint(const char *wanted)
{
	const char *complaint = hal_discover(tree);

	assert_non_null(complaint);
	assert_string_equal(complaint, wanted);
}

static void the_board_is_found(void **state)
{
	(void)state;
	expect_found();
	assert_int_equal(hal.uart_base, hal_early_uart);
	assert_int_equal(hal.uart_intid, 32 + 21);
	assert_int_equal(hal.log_uart_base, 0xff010000);
	assert_int_equal(hal.cpus, 4);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(hal.mpidr[i], i);
	assert_int_equal(hal.ram_ranges, 1);
	/* Of 3 GiB, as the board has the rest elsewhere; and a null pointer must not be RAM. */
	assert_int_equal(hal.ram[0].base, 4 * KIB);
	assert_int_equal(hal.ram[0].size, 2 * GIB - 4 * KIB);
	assert_int_equal(hal.virtio_mmio_slots, 0);
	assert_int_equal(hal.initrd_size, 3000);
	assert_string_equal(hal.bootargs, "log=uart");
}

/* The second page of a CPU interface is where the first one's repetitions end. */
static void all_four_parts_of_the_gic_are_found(void **state)
{
	(void)state;
	expect_found();
	assert_int_equal(hal.gicd_base, 0xf9010000);
	assert_int_equal(hal.gicc_base, 0xf9020000);
	assert_int_equal(hal.gicc_dir, 0xf9030000);
	assert_int_equal(hal.gich_base, 0xf9040000);
	assert_int_equal(hal.gicv_base, 0xf9060000);
	assert_int_equal(hal.gicv_dir, 0xf9070000);
	assert_int_equal(hal.gicr_size, 0);
}

static void without_repetitions_the_pages_are_neighbours(void **state)
{
	static const char reg[] = "\0\0\0\0\x08\0\0\0\0\0\0\0\0\1\0\0"
				  "\0\0\0\0\x08\1\0\0\0\0\0\0\0\1\0\0"
				  "\0\0\0\0\x08\3\0\0\0\0\0\0\0\1\0\0"
				  "\0\0\0\0\x08\4\0\0\0\0\0\0\0\1\0";

	(void)state;
	assert_int_equal(fdt_setprop(tree, node(GIC), "reg", reg, sizeof(reg)), 0);
	expect_found();
	assert_int_equal(hal.gicc_dir, 0x08011000);
	assert_int_equal(hal.gicv_dir, 0x08041000);
}

static void one_uart_is_enough(void **state)
{
	(void)state;
	fdt_setprop_string(tree, node(LOG_UART), "status", "disabled");
	expect_found();
	assert_int_equal(hal.uart_base, 0xff000000);
	assert_int_equal(hal.log_uart_base, 0);
}

static void what_is_missing_is_named(void **state)
{
	int bytes;
	const void *reg = fdt_getprop(tree, node(GIC), "reg", &bytes);
	char copy[64];

	(void)state;
	assert_int_equal(bytes, sizeof(copy));
	memcpy(copy, reg, sizeof(copy));
	fdt_setprop(tree, node(GIC), "reg", copy, 32);
	expect_complaint(GIC ": reg: no virtual CPU interface: the machine wants "
			     "virtualization=on");
	fdt_setprop(tree, node(GIC), "reg", copy, 16);
	expect_complaint(GIC ": reg: distributor and CPU interface wanted");
	fdt_setprop_string(tree, node(GIC), "compatible", "arm,gic-v3");
	expect_complaint(GIC ": compatible: this image is for GICv2, another is for GICv3");
	fdt_delprop(tree, node(CONSOLE), "interrupts");
	expect_complaint(CONSOLE ": reg, interrupts: an address and a shared interrupt wanted");
	fdt_del_node(tree, node(CONSOLE));
	fdt_del_node(tree, node(LOG_UART));
	expect_complaint("/: no UART with compatible \"xlnx,zynqmp-uart\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_board_is_found, zcu102),
		cmocka_unit_test_setup(all_four_parts_of_the_gic_are_found, zcu102),
		cmocka_unit_test_setup(without_repetitions_the_pages_are_neighbours, zcu102),
		cmocka_unit_test_setup(one_uart_is_enough, zcu102),
		cmocka_unit_test_setup(what_is_missing_is_named, zcu102),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
