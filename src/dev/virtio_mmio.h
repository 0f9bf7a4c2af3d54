/*
 * The virtio-mmio transport's registers, as virtio 1.2 section 4.2.2 names them, and how they are
 * accessed. Unit tests supply the two accessors, and with them a device.
 */
#ifndef DEV_VIRTIO_MMIO_H
#define DEV_VIRTIO_MMIO_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/bits.h"

#define VIRTIO_MAGIC_VALUE	   0x000u
#define VIRTIO_VERSION		   0x004u
#define VIRTIO_DEVICE_ID	   0x008u
#define VIRTIO_DEVICE_FEATURES	   0x010u
#define VIRTIO_DEVICE_FEATURES_SEL 0x014u
#define VIRTIO_DRIVER_FEATURES	   0x020u
#define VIRTIO_DRIVER_FEATURES_SEL 0x024u
#define VIRTIO_QUEUE_SEL	   0x030u
#define VIRTIO_QUEUE_NUM_MAX	   0x034u
#define VIRTIO_QUEUE_NUM	   0x038u
#define VIRTIO_QUEUE_READY	   0x044u
#define VIRTIO_QUEUE_NOTIFY	   0x050u
#define VIRTIO_STATUS		   0x070u
#define VIRTIO_QUEUE_DESC_LOW	   0x080u
#define VIRTIO_QUEUE_DESC_HIGH	   0x084u
#define VIRTIO_QUEUE_DRIVER_LOW	   0x090u
#define VIRTIO_QUEUE_DRIVER_HIGH   0x094u
#define VIRTIO_QUEUE_DEVICE_LOW	   0x0a0u
#define VIRTIO_QUEUE_DEVICE_HIGH   0x0a4u
#define VIRTIO_CONFIG		   0x100u

#define VIRTIO_MAGIC	      0x74726976u /* "virt" */
#define VIRTIO_VERSION_MODERN 2u
#define VIRTIO_ID_CONSOLE     3u

/* Device status, section 2.1. */
#define VIRTIO_STATUS_ACKNOWLEDGE	 BIT(0)
#define VIRTIO_STATUS_DRIVER		 BIT(1)
#define VIRTIO_STATUS_DRIVER_OK		 BIT(2)
#define VIRTIO_STATUS_FEATURES_OK	 BIT(3)
#define VIRTIO_STATUS_DEVICE_NEEDS_RESET BIT(6)
#define VIRTIO_STATUS_FAILED		 BIT(7)

/* Feature bits: the device-independent ones (section 6) and the console's (5.3.3). */
#define VIRTIO_F_VERSION_1	   BIT(32)
#define VIRTIO_CONSOLE_F_MULTIPORT BIT(1)

#if __STDC_HOSTED__
uint32_t virtio_mmio_read(uint64_t base, uint32_t offset);
void virtio_mmio_write(uint64_t base, uint32_t offset, uint32_t value);
#else
#include "hal/arm64.h"

static inline uint32_t virtio_mmio_read(uint64_t base, uint32_t offset)
{
	return mmio_read32(base + offset);
}

static inline void virtio_mmio_write(uint64_t base, uint32_t offset, uint32_t value)
{
	mmio_write32(base + offset, value);
}
#endif

/* The first modern device of this kind in hal's transports; 0 when there is none. */
uint64_t virtio_mmio_find(uint32_t device_id);

/*
 * Reset the device and ask for exactly the features `wanted`. False when it does not offer them
 * all, or does not agree. (virtio 1.2, 3.1.1, steps 1 to 6.)
 */
bool virtio_mmio_negotiate(uint64_t base, uint64_t wanted);

#endif
