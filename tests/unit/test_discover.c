/* Claims about src/hal/discover*.c and src/hal/qemu-virt, over the device trees that this host's QEMU really writes. */
/* sources: src/hal/discover.c src/hal/discover_gicv3.c src/hal/qemu-virt/devices.c src/lib/printf.c */
#define _DEFAULT_SOURCE /* mkdtemp() */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <libfdt.h>

#include "hal/hal.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "tests/unit/fakes.h"

#define TREE_BYTES (2 * MIB)

static uint64_t tree[TREE_BYTES / 8];

/* Any bytes do for kernel and initrd: QEMU only has to place them. The kernel is an Image header, else there is no /chosen initrd. */
static const char *const make_files =
	"cd %s && head -c 3000 /dev/zero > initrd && "
	"{ head -c 56 /dev/zero; printf 'ARM\\144'; head -c 4096 /dev/zero; } > kernel && ";

/* Have QEMU write the tree of a machine with these options, and leave room in it for changes. */
static void ask_qemu(const char *options)
{
	char folder[] = "/tmp/discover-XXXXXX";
	char command[1024], path[64];

	assert_non_null(mkdtemp(folder));

	int used = snprintf(command, sizeof(command), make_files, folder);

	snprintf(command + used, sizeof(command) - (size_t)used,
		 "qemu-system-aarch64 -cpu cortex-a57 -nodefaults -no-user-config -display none "
		 "-kernel kernel "
		 "-M virt,virtualization=on,dtb-randomness=off,dumpdtb=tree,%s >said 2>&1 || { cat "
		 "said; exit 1; }",
		 options);
	assert_int_equal(system(command), 0);

	snprintf(path, sizeof(path), "%s/tree", folder);

	FILE *in = fopen(path, "rb");

	assert_non_null(in);
	assert_true(fread(tree, 1, sizeof(tree), in) > 0);
	fclose(in);
	assert_int_equal(fdt_open_into(tree, tree, sizeof(tree)), 0);

	static const char *const files[] = {"tree", "kernel", "initrd", "said"};

	for (unsigned i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		remove(path);
	}
	rmdir(folder);
}

static int usual_machine(void **state)
{
	(void)state;
	ask_qemu("gic-version=3 -smp 4 -m 768 -initrd initrd -append 'trace=off log=uart'");
	return 0;
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

static int node(const char *path)
{
	const int found = fdt_path_offset(tree, path);

	assert_true(found >= 0);
	return found;
}

static void the_usual_machine_is_found(void **state)
{
	(void)state;
	expect_found();
	assert_int_equal(hal.uart_base, hal_early_uart);
	assert_int_equal(hal.uart_intid, 33);
	assert_int_equal(hal.gicd_base, 0x08000000);
	assert_int_equal(hal.gicd_size, 0x10000);
	assert_int_equal(hal.gicr_base, 0x080a0000);
	assert_true(hal.gicr_size >= 4 * 0x20000);
	assert_int_equal(hal.ram_ranges, 1);
	assert_int_equal(hal.ram[0].base, 0x40000000);
	assert_int_equal(hal.ram[0].size, 768 * MIB);
	assert_int_equal(hal.cpus, 4);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(hal.mpidr[i], i);
	assert_string_equal(hal.bootargs, "trace=off log=uart");
	assert_int_equal(hal.initrd_size, 3000);
	assert_true(hal.initrd_base > 0x40000000 && hal.initrd_base < 0x40000000 + 768 * MIB);
}

/* QEMU lists the transports from the top down in some versions: slot 0 is the lowest all the same. */
static void virtio_transports_are_a_row(void **state)
{
	(void)state;
	expect_found();
	assert_int_equal(hal.virtio_mmio_base, 0x0a000000);
	assert_int_equal(hal.virtio_mmio_stride, 0x200);
	assert_int_equal(hal.virtio_mmio_slots, 32);
	assert_int_equal(hal.virtio_mmio_intid, 48);
}

static void no_bootargs_and_no_initrd_is_fine(void **state)
{
	(void)state;
	ask_qemu("gic-version=3");
	expect_found();
	assert_int_equal(hal.cpus, 1);
	assert_string_equal(hal.bootargs, "");
	assert_int_equal(hal.initrd_base, 0);
	assert_int_equal(hal.initrd_size, 0);
}

/* Some boot loaders write the initrd's ends as one cell. */
static void initrd_ends_may_be_32_bits(void **state)
{
	(void)state;
	assert_int_equal(fdt_setprop_u32(tree, node("/chosen"), "linux,initrd-start", 0x48000000),
			 0);
	assert_int_equal(fdt_setprop_u32(tree, node("/chosen"), "linux,initrd-end", 0x48000100), 0);
	expect_found();
	assert_int_equal(hal.initrd_base, 0x48000000);
	assert_int_equal(hal.initrd_size, 0x100);
}

/* The second UART is the secure world's. */
static void with_two_uarts_the_normal_worlds_is_ours(void **state)
{
	(void)state;
	ask_qemu("gic-version=3,secure=on");
	expect_found();
	assert_int_equal(hal.uart_base, hal_early_uart);
	assert_int_equal(hal.uart_intid, 33);
}

static void cpus_beyond_our_room_are_left_alone(void **state)
{
	(void)state;
	ask_qemu("gic-version=3 -smp 10");
	fake_log_lines = 0;
	expect_found();
	assert_int_equal(hal.cpus, HAL_MAX_CPUS);
	assert_int_equal(fake_log_lines, 2);
	assert_string_equal(fake_log_text, "/cpus/cpu@9: not used: there is room for 8 CPUs");
}

static void a_gicv2_wants_another_image(void **state)
{
	(void)state;
	ask_qemu("gic-version=2");
	expect_complaint(
		"/intc@8000000: compatible: this image is for GICv3, another is for GICv2");
}

static void what_is_missing_is_named(void **state)
{
	usual_machine(state);
	fdt_del_node(tree, node("/memory@40000000"));
	expect_complaint("/memory: reg: no RAM found");
	usual_machine(state);
	fdt_del_node(tree, node("/pl011@9000000"));
	expect_complaint("/: no UART with compatible \"arm,pl011\"");
	usual_machine(state);
	fdt_delprop(tree, node("/pl011@9000000"), "interrupts");
	expect_complaint("/pl011@9000000: interrupts: a shared interrupt wanted");
	usual_machine(state);
	fdt_del_node(tree, node("/cpus"));
	expect_complaint("/cpus: node is missing");
	usual_machine(state);
	fdt_delprop(tree, node("/cpus/cpu@2"), "reg");
	expect_complaint("/cpus/cpu@2: reg: 1 cells wanted");
	usual_machine(state);
	fdt_del_node(tree, node("/intc@8000000"));
	expect_complaint("/: no interrupt controller with compatible \"arm,gic-v3\"");
	usual_machine(state);
	fdt_setprop(tree, node("/intc@8000000"), "reg", "\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\1", 16);
	expect_complaint("/intc@8000000: reg: distributor and redistributors wanted");
	usual_machine(state);
	fdt_setprop(tree, node("/chosen"), "bootargs", "quiet", 5);
	expect_complaint("/chosen: bootargs: a string wanted");
	usual_machine(state);
	fdt_setprop_u64(tree, node("/chosen"), "linux,initrd-end", 0x1000);

	const char *complaint = hal_discover(tree);

	assert_non_null(complaint);
	assert_memory_equal(complaint, "/chosen: linux,initrd-end: 0x1000 is below the start, ",
			    54);
}

static void no_tree_at_all(void **state)
{
	static uint64_t zeros[8];
	const char *complaint = hal_discover(NULL);

	(void)state;
	assert_string_equal(
		complaint,
		"device tree: none at 0x0000000000000000: the boot loader must pass one in x0");
	complaint = hal_discover(zeros);
	assert_non_null(complaint);
	assert_memory_equal(complaint, "device tree: what is at 0x", 26);
}

int main(void)
{
#define WITH_USUAL(test) cmocka_unit_test_setup(test, usual_machine)
	const struct CMUnitTest tests[] = {
		WITH_USUAL(the_usual_machine_is_found),
		WITH_USUAL(virtio_transports_are_a_row),
		cmocka_unit_test(no_bootargs_and_no_initrd_is_fine),
		WITH_USUAL(initrd_ends_may_be_32_bits),
		cmocka_unit_test(with_two_uarts_the_normal_worlds_is_ours),
		cmocka_unit_test(cpus_beyond_our_room_are_left_alone),
		cmocka_unit_test(a_gicv2_wants_another_image),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(no_tree_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
