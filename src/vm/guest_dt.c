/*
 * Write the device tree that a guest boots with. It is the same on every run: no seeds, no dates.
 *
 * Sequential writing with libfdt: the order of calls is the order in the tree. The first error sticks in `writer.error`, so
 * that the tree's shape is not buried under checks. Bindings: Linux Documentation/devicetree/bindings, as named below.
 */
#include <libfdt.h>

#include "dev/vuart.h"
#include "hal/hal.h"
#include "irq/vgic.h"
#include "lib/bits.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "vm/guest_dt.h"

#define PHANDLE_GIC   1
#define PHANDLE_CLOCK 2

/* interrupt-controller/arm,gic-v3.yaml, arm,gic.yaml: <type number flags> */
#define GIC_SPI		    0
#define GIC_PPI		    1
#define IRQ_TYPE_LEVEL_HIGH 4
#define FIRST_PPI	    16
#define FIRST_SPI	    32

/* The generic timer's PPIs (BSA 3.8): what a guest finds at INTID 29, 30, 27, 26. */
#define PPI_SECURE_PHYSICAL_TIMER (29 - FIRST_PPI)
#define PPI_PHYSICAL_TIMER	  (30 - FIRST_PPI)
#define PPI_VIRTUAL_TIMER	  (27 - FIRST_PPI)
#define PPI_HYP_TIMER		  (26 - FIRST_PPI)
#define PPI_PMU			  (23 - FIRST_PPI)

#define UART_CLOCK_HZ 24000000

struct writer {
	void *fdt;
	int error;
};

static void keep_error(struct writer *writer, int result)
{
	if (!writer->error)
		writer->error = result;
}

static void begin(struct writer *writer, const char *name)
{
	keep_error(writer, fdt_begin_node(writer->fdt, name));
}

/* "NAME@ADDRESS", as the device tree specification wants it for nodes with reg. */
static void begin_at(struct writer *writer, const char *name, uint64_t address)
{
	char full_name[48];

	vt_snprintf(full_name, sizeof(full_name), "%s@%lx", name, address);
	begin(writer, full_name);
}

static void end(struct writer *writer)
{
	keep_error(writer, fdt_end_node(writer->fdt));
}

static void bytes(struct writer *writer, const char *name, const void *value, size_t count)
{
	keep_error(writer, fdt_property(writer->fdt, name, value, (int)count));
}

static void flag(struct writer *writer, const char *name)
{
	bytes(writer, name, NULL, 0);
}

static void u32(struct writer *writer, const char *name, uint32_t value)
{
	keep_error(writer, fdt_property_u32(writer->fdt, name, value));
}

static void u64(struct writer *writer, const char *name, uint64_t value)
{
	keep_error(writer, fdt_property_u64(writer->fdt, name, value));
}

static void string(struct writer *writer, const char *name, const char *value)
{
	bytes(writer, name, value, strlen(value) + 1);
}

/* A list of strings, written in C as "one\0two": the literal's own NUL ends the last. */
#define STRINGS(writer, name, literal) bytes(writer, name, literal, sizeof(literal))

static void cells(struct writer *writer, const char *name, const uint32_t *values, unsigned count)
{
	fdt32_t big_endian[16];

	for (unsigned i = 0; i < count; i++)
		big_endian[i] = cpu_to_fdt32(values[i]);
	bytes(writer, name, big_endian, count * sizeof(fdt32_t));
}

#define CELLS(writer, name, ...)                             \
	cells(writer, name, (const uint32_t[]){__VA_ARGS__}, \
	      ARRAY_SIZE(((const uint32_t[]){__VA_ARGS__})))

#define HIGH(value) ((uint32_t)((uint64_t)(value) >> 32))
#define LOW(value)  ((uint32_t)(value))
#define PAIR(value) HIGH(value), LOW(value)

/* chosen.yaml */
static void write_chosen(struct writer *writer, const struct vm_config *config,
			 uint64_t initrd_start, uint64_t initrd_end)
{
	begin(writer, "chosen");
	if (config->has_pl011) {
		char path[32];

		vt_snprintf(path, sizeof(path), "/serial@%lx", VUART_IPA);
		string(writer, "stdout-path", path);
	}
	if (*config->bootargs)
		string(writer, "bootargs", config->bootargs);
	if (initrd_end > initrd_start) {
		u64(writer, "linux,initrd-start", initrd_start);
		u64(writer, "linux,initrd-end", initrd_end);
	}
	end(writer);
}

static void write_memory(struct writer *writer, const struct vm_config *config)
{
	begin_at(writer, "memory", config->ram_base);
	string(writer, "device_type", "memory");
	CELLS(writer, "reg", PAIR(config->ram_base), PAIR(config->ram_bytes));
	end(writer);
}

/* arm/cpus.yaml: reg is MPIDR's affinity, here Aff0 = index. */
static void write_cpus(struct writer *writer, const struct vm_config *config)
{
	begin(writer, "cpus");
	u32(writer, "#address-cells", 1);
	u32(writer, "#size-cells", 0);
	for (unsigned i = 0; i < config->vcpus; i++) {
		begin_at(writer, "cpu", i);
		string(writer, "device_type", "cpu");
		string(writer, "compatible", "arm,armv8");
		u32(writer, "reg", i);
		string(writer, "enable-method", "psci");
		end(writer);
	}
	end(writer);
}

/* arm/psci.yaml. 0.2 and up have fixed function ids, so none is listed. */
static void write_psci(struct writer *writer)
{
	begin(writer, "psci");
	STRINGS(writer, "compatible", "arm,psci-1.0\0arm,psci-0.2");
	string(writer, "method", "hvc");
	end(writer);
}

/* timer/arm,arch_timer.yaml. always-on: the virtual counter never stops, whatever state its vCPU is in. */
static void write_timer(struct writer *writer)
{
	begin(writer, "timer");
	string(writer, "compatible", "arm,armv8-timer");
	CELLS(writer, "interrupts", GIC_PPI, PPI_SECURE_PHYSICAL_TIMER, IRQ_TYPE_LEVEL_HIGH,
	      GIC_PPI, PPI_PHYSICAL_TIMER, IRQ_TYPE_LEVEL_HIGH, GIC_PPI, PPI_VIRTUAL_TIMER,
	      IRQ_TYPE_LEVEL_HIGH, GIC_PPI, PPI_HYP_TIMER, IRQ_TYPE_LEVEL_HIGH);
	flag(writer, "always-on");
	end(writer);
}

/* arm/pmu.yaml */
static void write_pmu(struct writer *writer)
{
	begin(writer, "pmu");
	string(writer, "compatible", "arm,armv8-pmuv3");
	CELLS(writer, "interrupts", GIC_PPI, PPI_PMU, IRQ_TYPE_LEVEL_HIGH);
	end(writer);
}

static void write_gic(struct writer *writer, const struct vm_config *config)
{
	begin_at(writer, "interrupt-controller", VGIC_GICD_IPA);
	string(writer, "compatible", HAL_GIC_VERSION == 2 ? "arm,gic-400" : "arm,gic-v3");
	flag(writer, "interrupt-controller");
	u32(writer, "#interrupt-cells", 3);
	u32(writer, "#address-cells", 0);
	if (HAL_GIC_VERSION == 2)
		CELLS(writer, "reg", PAIR(VGIC_GICD_IPA), PAIR(VGIC_GICD_BYTES),
		      PAIR(VGIC_GICC_IPA), PAIR(VGIC_GICC_BYTES));
	else
		CELLS(writer, "reg", PAIR(VGIC_GICD_IPA), PAIR(VGIC_GICD_BYTES),
		      PAIR(VGIC_GICR_IPA), PAIR(VGIC_GICR_BYTES_PER_VCPU * config->vcpus));
	u32(writer, "phandle", PHANDLE_GIC);
	end(writer);
}

/* serial/pl011.yaml and arm,primecell: the driver asks for both clocks, one will do. */
static void write_pl011(struct writer *writer)
{
	begin(writer, "apb-pclk");
	string(writer, "compatible", "fixed-clock");
	u32(writer, "#clock-cells", 0);
	u32(writer, "clock-frequency", UART_CLOCK_HZ);
	string(writer, "clock-output-names", "clk24mhz");
	u32(writer, "phandle", PHANDLE_CLOCK);
	end(writer);

	begin_at(writer, "serial", VUART_IPA);
	STRINGS(writer, "compatible", "arm,pl011\0arm,primecell");
	CELLS(writer, "reg", PAIR(VUART_IPA), PAIR(VUART_BYTES));
	CELLS(writer, "interrupts", GIC_SPI, VUART_INTID - FIRST_SPI, IRQ_TYPE_LEVEL_HIGH);
	CELLS(writer, "clocks", PHANDLE_CLOCK, PHANDLE_CLOCK);
	STRINGS(writer, "clock-names", "uartclk\0apb_pclk");
	end(writer);
}

size_t guest_dt_write(void *buffer, size_t size, const struct vm_config *config,
		      uint64_t initrd_start, uint64_t initrd_end, bool has_pmu)
{
	struct writer writer = {.fdt = buffer};

	if (fdt_create(buffer, (int)MIN(size, INT_MAX)) != 0)
		return 0;
	keep_error(&writer, fdt_finish_reservemap(buffer));
	begin(&writer, "");
	STRINGS(&writer, "compatible", "vitrine,guest\0linux,dummy-virt");
	string(&writer, "model", "vitrine,guest");
	u32(&writer, "#address-cells", 2);
	u32(&writer, "#size-cells", 2);
	u32(&writer, "interrupt-parent", PHANDLE_GIC);
	write_chosen(&writer, config, initrd_start, initrd_end);
	write_memory(&writer, config);
	write_cpus(&writer, config);
	write_psci(&writer);
	write_timer(&writer);
	if (has_pmu)
		write_pmu(&writer);
	write_gic(&writer, config);
	if (config->has_pl011)
		write_pl011(&writer);
	end(&writer);
	keep_error(&writer, fdt_finish(buffer));

	return writer.error ? 0 : fdt_totalsize(buffer);
}
