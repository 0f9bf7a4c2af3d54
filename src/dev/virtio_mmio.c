/* What every virtio-mmio driver does first: find its device and agree on features. No lock. */
#include "dev/virtio_mmio.h"

#include "hal/hal.h"

uint64_t virtio_mmio_find(uint32_t device_id)
{
	for (unsigned slot = 0; slot < hal.virtio_mmio_slots; slot++) {
		const uint64_t base = hal.virtio_mmio_base + slot * hal.virtio_mmio_stride;

		if (virtio_mmio_read(base, VIRTIO_MAGIC_VALUE) == VIRTIO_MAGIC &&
		    virtio_mmio_read(base, VIRTIO_VERSION) == VIRTIO_VERSION_MODERN &&
		    virtio_mmio_read(base, VIRTIO_DEVICE_ID) == device_id)
			return base;
	}
	return 0;
}

bool virtio_mmio_negotiate(uint64_t base, uint64_t wanted)
{
	uint32_t status = VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER;

	virtio_mmio_write(base, VIRTIO_STATUS, 0);
	virtio_mmio_write(base, VIRTIO_STATUS, VIRTIO_STATUS_ACKNOWLEDGE);
	virtio_mmio_write(base, VIRTIO_STATUS, status);
	for (unsigned word = 0; word < 2; word++) {
		const uint32_t bits = (uint32_t)(wanted >> 32 * word);

		virtio_mmio_write(base, VIRTIO_DEVICE_FEATURES_SEL, word);
		if ((virtio_mmio_read(base, VIRTIO_DEVICE_FEATURES) & bits) != bits)
			return false;
		virtio_mmio_write(base, VIRTIO_DRIVER_FEATURES_SEL, word);
		virtio_mmio_write(base, VIRTIO_DRIVER_FEATURES, bits);
	}
	status |= VIRTIO_STATUS_FEATURES_OK;
	virtio_mmio_write(base, VIRTIO_STATUS, status);
	return virtio_mmio_read(base, VIRTIO_STATUS) & VIRTIO_STATUS_FEATURES_OK;
}
