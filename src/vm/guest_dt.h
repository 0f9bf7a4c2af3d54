/*
 * The device tree that a guest sees, written with libfdt: /chosen, /memory, /cpus (enable-method
 * psci), /psci (hvc), the GIC, arch timer, PL011 with its fixed clock. Addresses are those of
 * irq/vgic.h and dev/vuart.h.
 */
#ifndef VM_GUEST_DT_H
#define VM_GUEST_DT_H

#include <stddef.h>
#include <stdint.h>

#include "vm/manifest.h"

/* Write it at `buffer`; initrd_start == initrd_end: none; `has_pmu`: the vCPUs' ID registers show one. Returns its size in bytes, or 0 when
 * `size` is too small. */
size_t guest_dt_write(void *buffer, size_t size, const struct vm_config *config,
		      uint64_t initrd_start, uint64_t initrd_end, bool has_pmu);

#endif
