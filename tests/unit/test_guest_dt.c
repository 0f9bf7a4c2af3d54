/* Claims about src/vm/guest_dt.c: a guest finds its machine where the emulation has it. */
/* sources: src/vm/guest_dt.c src/lib/printf.c */
#define _DEFAULT_SOURCE /* mkstemp(), popen() */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <libfdt.h>

#include "dev/vuart.h"
#include "irq/vgic.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "vm/guest_dt.h"

static uint64_t space[64 * 1024 / 8];
static void *const dt = space;

static const struct vm_config linux_vm = {
	.name = "linux",
	.vcpus = 4,
	.ram_base = 0x140000000,
	.ram_bytes = 0x20000000,
	.bootargs = "console=ttyAMA0",
	.has_pl011 = true,
};

static void write(const struct vm_config *config, uint64_t initrd_start, uint64_t initrd_end)
{
	const size_t size =
		guest_dt_write(dt, sizeof(space), config, initrd_start, initrd_end, true);

	assert_true(size > 0);
	assert_int_equal(size, fdt_totalsize(dt));
	assert_int_equal(fdt_check_full(dt, size), 0);
}

static int node(const char *path)
{
	const int found = fdt_path_offset(dt, path);

	if (found < 0)
		fail_msg("no node %s", path);
	return found;
}

static void expect_text(const char *path, const char *name, const char *literal, int bytes)
{
	int count;
	const void *value = fdt_getprop(dt, node(path), name, &count);

	assert_non_null(value);
	assert_int_equal(count, bytes);
	assert_memory_equal(value, literal, (size_t)bytes);
}
#define EXPECT_TEXT(path, name, literal) expect_text(path, name, literal, sizeof(literal))

static void expect_cells(const char *path, const char *name, const uint32_t *cells, unsigned count)
{
	int bytes;
	const fdt32_t *value = fdt_getprop(dt, node(path), name, &bytes);

	assert_non_null(value);
	assert_int_equal(bytes, 4 * count);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(fdt32_ld(value + i), cells[i]);
}
#define EXPECT_CELLS(path, name, ...)                             \
	expect_cells(path, name, (const uint32_t[]){__VA_ARGS__}, \
		     ARRAY_SIZE(((const uint32_t[]){__VA_ARGS__})))

static void memory_is_the_manifests(void **state)
{
	(void)state;
	write(&linux_vm, 0, 0);
	EXPECT_TEXT("/memory@140000000", "device_type", "memory");
	EXPECT_CELLS("/memory@140000000", "reg", 1, 0x40000000, 0, 0x20000000);
}

static void there_is_a_cpu_for_each_vcpu(void **state)
{
	int cpu, cpus = 0;

	(void)state;
	write(&linux_vm, 0, 0);
	fdt_for_each_subnode(cpu, dt, node("/cpus")) {
		char path[32];

		snprintf(path, sizeof(path), "/cpus/cpu@%d", cpus);
		assert_int_equal(node(path), cpu);
		EXPECT_CELLS(path, "reg", (uint32_t)cpus);
		EXPECT_TEXT(path, "compatible", "arm,armv8");
		EXPECT_TEXT(path, "enable-method", "psci");
		cpus++;
	}
	assert_int_equal(cpus, 4);
}

static void psci_is_called_by_hvc(void **state)
{
	(void)state;
	write(&linux_vm, 0, 0);
	EXPECT_TEXT("/psci", "compatible", "arm,psci-1.0\0arm,psci-0.2");
	EXPECT_TEXT("/psci", "method", "hvc");
}

/* Redistributors take 128 KiB a vCPU; the root's interrupts all go to this controller. */
static void the_gic_is_where_the_emulation_is(void **state)
{
	(void)state;
	write(&linux_vm, 0, 0);
	EXPECT_TEXT("/interrupt-controller@8000000", "compatible", "arm,gic-v3");
	EXPECT_CELLS("/interrupt-controller@8000000", "reg", 0, VGIC_GICD_IPA, 0, VGIC_GICD_BYTES,
		     0, VGIC_GICR_IPA, 0, 4 * VGIC_GICR_BYTES_PER_VCPU);
	EXPECT_CELLS("/interrupt-controller@8000000", "#interrupt-cells", 3);
	assert_int_equal(fdt_get_phandle(dt, node("/interrupt-controller@8000000")),
			 fdt32_ld(fdt_getprop(dt, 0, "interrupt-parent", NULL)));
}

/* Secure physical, physical, virtual, hypervisor timer: PPI 13, 14, 11, 10, level, active high. */
static void the_timer_has_its_four_interrupts(void **state)
{
	(void)state;
	write(&linux_vm, 0, 0);
	EXPECT_TEXT("/timer", "compatible", "arm,armv8-timer");
	EXPECT_CELLS("/timer", "interrupts", 1, 13, 4, 1, 14, 4, 1, 11, 4, 1, 10, 4);
	assert_non_null(fdt_getprop(dt, node("/timer"), "always-on", NULL));
}

static void the_uart_is_the_console(void **state)
{
	(void)state;
	write(&linux_vm, 0, 0);
	EXPECT_TEXT("/chosen", "stdout-path", "/serial@9000000");
	EXPECT_TEXT("/serial@9000000", "compatible", "arm,pl011\0arm,primecell");
	EXPECT_CELLS("/serial@9000000", "reg", 0, VUART_IPA, 0, VUART_BYTES);
	EXPECT_CELLS("/serial@9000000", "interrupts", 0, VUART_INTID - 32, 4);

	const uint32_t clock = fdt_get_phandle(dt, node("/apb-pclk"));

	EXPECT_CELLS("/serial@9000000", "clocks", clock, clock);
	EXPECT_TEXT("/serial@9000000", "clock-names", "uartclk\0apb_pclk");
	EXPECT_CELLS("/apb-pclk", "clock-frequency", 24000000);
}

static void without_a_uart_nothing_names_it(void **state)
{
	struct vm_config config = linux_vm;

	(void)state;
	config.has_pl011 = false;
	write(&config, 0, 0);
	assert_int_equal(fdt_path_offset(dt, "/serial@9000000"), -FDT_ERR_NOTFOUND);
	assert_int_equal(fdt_path_offset(dt, "/apb-pclk"), -FDT_ERR_NOTFOUND);
	assert_null(fdt_getprop(dt, node("/chosen"), "stdout-path", NULL));
}

static void chosen_has_bootargs_and_initrd(void **state)
{
	(void)state;
	write(&linux_vm, 0x15ffff000, 0x15ffff123);
	EXPECT_TEXT("/chosen", "bootargs", "console=ttyAMA0");
	EXPECT_CELLS("/chosen", "linux,initrd-start", 1, 0x5ffff000);
	EXPECT_CELLS("/chosen", "linux,initrd-end", 1, 0x5ffff123);
}

static void no_initrd_and_no_bootargs_leave_no_trace(void **state)
{
	struct vm_config config = linux_vm;

	(void)state;
	config.bootargs = "";
	write(&config, 0, 0);
	assert_null(fdt_getprop(dt, node("/chosen"), "bootargs", NULL));
	assert_null(fdt_getprop(dt, node("/chosen"), "linux,initrd-start", NULL));
	assert_null(fdt_getprop(dt, node("/chosen"), "linux,initrd-end", NULL));
}

/* Runs are repeatable only when this is. */
static void the_same_vm_gets_the_same_tree(void **state)
{
	static uint64_t first[8 * 1024 / 8];

	(void)state;
	memset(space, 0x5a, sizeof(space));
	write(&linux_vm, 0, 0);

	const size_t size = fdt_totalsize(dt);

	assert_true(size <= sizeof(first));
	memcpy(first, dt, size);
	memset(space, 0xa5, sizeof(space));
	write(&linux_vm, 0, 0);
	assert_int_equal(fdt_totalsize(dt), size);
	assert_memory_equal(first, dt, size);
}

/* Any size below what is needed gives 0, and not a byte beyond the buffer is touched: the sanitizer watches. */
static void too_small_a_buffer_is_refused(void **state)
{
	size_t size = 0;

	(void)state;
	for (;; size += 8) {
		void *buffer = malloc(size);
		const size_t written =
			guest_dt_write(buffer, size, &linux_vm, 0x150000000, 0x150001000, true);

		assert_true(written <= size);
		free(buffer);
		if (written)
			break;
	}
	assert_true(size > 1000 && size < 8 * 1024);
}

/* dtc checks much of the specification: it must have nothing to say, for any number of vCPUs. */
static void dtc_has_no_complaint(void **state)
{
	struct vm_config config = linux_vm;

	(void)state;
	for (config.vcpus = 1; config.vcpus <= MANIFEST_MAX_VCPUS; config.vcpus++) {
		char file[] = "/tmp/guest-dt-XXXXXX";
		char command[128], said[512];

		write(&config, 0x150000000, 0x150001000);

		const int descriptor = mkstemp(file);
		FILE *out = fdopen(descriptor, "wb");

		assert_non_null(out);
		assert_int_equal(fwrite(dt, 1, fdt_totalsize(dt), out), fdt_totalsize(dt));
		fclose(out);
		snprintf(command, sizeof(command), "dtc -I dtb -O dts -o /dev/null %s 2>&1", file);

		FILE *dtc = popen(command, "r");
		const size_t count = fread(said, 1, sizeof(said) - 1, dtc);
		const int status = pclose(dtc);

		said[count] = '\0';
		remove(file);
		assert_string_equal(said, "");
		assert_int_equal(status, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_the_manifests),
		cmocka_unit_test(there_is_a_cpu_for_each_vcpu),
		cmocka_unit_test(psci_is_called_by_hvc),
		cmocka_unit_test(the_gic_is_where_the_emulation_is),
		cmocka_unit_test(the_timer_has_its_four_interrupts),
		cmocka_unit_test(the_uart_is_the_console),
		cmocka_unit_test(without_a_uart_nothing_names_it),
		cmocka_unit_test(chosen_has_bootargs_and_initrd),
		cmocka_unit_test(no_initrd_and_no_bootargs_leave_no_trace),
		cmocka_unit_test(the_same_vm_gets_the_same_tree),
		cmocka_unit_test(too_small_a_buffer_is_refused),
		cmocka_unit_test(dtc_has_no_complaint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
