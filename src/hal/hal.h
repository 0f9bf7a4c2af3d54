/*
 * What a platform supplies. One folder of hal/ is linked; there is no run-time choice and no
 * function pointer.
 *
 * All functions run at EL2 with interrupts masked. Addresses are physical; EL2 maps devices at
 * their own address.
 */
#ifndef HAL_HAL_H
#define HAL_HAL_H

#include <stdbool.h>
#include <stdint.h>

#define HAL_MAX_CPUS 8

/*
 * The interrupt controller that this image is built for: 2 or 3. The build says so for each
 * platform (PLATFORM in tools/make/hypervisor.mk); EL2's driver and what a guest sees follow it.
 */
#ifndef HAL_GIC_VERSION
#define HAL_GIC_VERSION 3
#endif

/* Most of what a platform is, read from the boot loader's device tree by hal_discover(). */
struct hal_info {
	uint64_t uart_base;
	uint32_t uart_intid;	/* GIC INTID of the console UART: SPI number + 32 */
	uint64_t log_uart_base; /* a second UART, for the log; 0: none, or not its use */
	uint64_t gicd_base, gicd_size;
	uint64_t gicr_base, gicr_size; /* GICv3: redistributors */
	/*
	 * GICv2: the CPU interface, EL2's half of the virtual one, and the guests' half. Of the CPU
	 * interfaces the second page, which has one register (DIR), may be apart from the first.
	 */
	uint64_t gicc_base, gicc_dir;
	uint64_t gich_base;
	uint64_t gicv_base, gicv_dir;
	unsigned cpus;
	uint64_t mpidr[HAL_MAX_CPUS]; /* affinity bits only; index 0 need not be the boot CPU */
	struct {
		uint64_t base, size;
	} ram[4];
	unsigned ram_ranges;
	uint64_t virtio_mmio_base; /* the first transport; 0 without any */
	uint64_t virtio_mmio_stride;
	unsigned virtio_mmio_slots;
	uint32_t virtio_mmio_intid; /* of slot 0; slot n has this + n */
	uint64_t initrd_base, initrd_size;
	const char *bootargs; /* "" when there are none */
};

extern struct hal_info hal;

/* The console UART's address before the device tree has been read: for the first error messages. */
extern const uint64_t hal_early_uart;

/*
 * Read the device tree (libfdt). Returns NULL, or a one-line complaint that names node and
 * property.
 */
const char *hal_discover(const void *dtb);

/*
 * Start CPU `mpidr` at `entry` with x0 = argument: PSCI CPU_ON by SMC. Returns the PSCI status, 0
 * is success.
 */
int64_t hal_cpu_on(uint64_t mpidr, uint64_t entry, uint64_t argument);

/* Power the machine off by PSCI SYSTEM_OFF; never returns. */
_Noreturn void hal_power_off(void);

/*
 * End, and tell whoever started the machine how it went: with `semihosting`, `status` becomes the
 * emulator's exit status (tests ask for that); without, the same as hal_power_off(). A machine
 * without semihosting takes the call as an undefined instruction, so ask for it only where the
 * option was given.
 */
_Noreturn void hal_exit(unsigned status, bool semihosting);

#endif
