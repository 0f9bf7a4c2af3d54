/*
 * The split virtqueue. Called by virtio_serial.c under LOCK_VIRTIO.
 *
 * The device is a coherent observer of our memory (`virt` says dma-coherent), so barriers are all
 * it takes; no cache is cleaned. What the device writes is checked before it is used: a wrong id is
 * counted and skipped.
 */
#include "dev/virtqueue.h"

#include "dev/virtio_mmio.h"
#include "hal/arm64.h"
#include "lib/bits.h"
#include "lib/string.h"

#define DESCRIPTOR_F_WRITE   2u /* the device writes this buffer */
#define AVAIL_F_NO_INTERRUPT 1u /* we poll */
#define USED_F_NO_NOTIFY     1u /* the device polls */

/* EL2 is identity mapped: a pointer is what the device must be told. */
static uint64_t device_address(const volatile void *pointer)
{
	return (uint64_t)(uintptr_t)pointer;
}

static void write_address(uint64_t base, uint32_t low, uint32_t high, const volatile void *pointer)
{
	virtio_mmio_write(base, low, (uint32_t)device_address(pointer));
	virtio_mmio_write(base, high, (uint32_t)(device_address(pointer) >> 32));
}

enum vt_err virtqueue_init(struct virtqueue *queue, uint64_t base, uint32_t index, unsigned size)
{
	uint32_t limit;

	memset(queue, 0, sizeof(*queue));
	virtio_mmio_write(base, VIRTIO_QUEUE_SEL, index);
	limit = virtio_mmio_read(base, VIRTIO_QUEUE_NUM_MAX);
	if (limit == 0 || virtio_mmio_read(base, VIRTIO_QUEUE_READY))
		return VT_ENOSYS;
	while (size > limit)
		size /= 2;

	queue->base = base;
	queue->index = index;
	queue->size = size;
	queue->memory.avail_flags = AVAIL_F_NO_INTERRUPT;
	virtio_mmio_write(base, VIRTIO_QUEUE_NUM, size);
	write_address(base, VIRTIO_QUEUE_DESC_LOW, VIRTIO_QUEUE_DESC_HIGH,
		      queue->memory.descriptor);
	write_address(base, VIRTIO_QUEUE_DRIVER_LOW, VIRTIO_QUEUE_DRIVER_HIGH,
		      &queue->memory.avail_flags);
	write_address(base, VIRTIO_QUEUE_DEVICE_LOW, VIRTIO_QUEUE_DEVICE_HIGH,
		      &queue->memory.used_flags);
	dsb_sy();
	virtio_mmio_write(base, VIRTIO_QUEUE_READY, 1);
	return VT_OK;
}

static bool is_full(const struct virtqueue *queue)
{
	return queue->in_flight == GENMASK(31, 0) >> (32 - queue->size);
}

enum vt_err virtqueue_add(struct virtqueue *queue, void *data, uint32_t bytes, bool device_writes,
			  void *cookie)
{
	unsigned id;

	if (queue->size == 0 || is_full(queue))
		return VT_ENOMEM;
	id = (unsigned)__builtin_ctz(~queue->in_flight);
	queue->in_flight |= 1u << id;
	queue->cookie[id] = cookie;

	queue->memory.descriptor[id].address = device_address(data);
	queue->memory.descriptor[id].bytes = bytes;
	queue->memory.descriptor[id].flags = device_writes ? DESCRIPTOR_F_WRITE : 0;
	queue->memory.avail_ring[queue->avail_index % queue->size] = (uint16_t)id;

	/* The descriptor and the data before the index that offers them. (virtio 1.2, 2.7.13.) */
	dsb_sy();
	queue->memory.avail_index = ++queue->avail_index;
	return VT_OK;
}

void virtqueue_kick(struct virtqueue *queue)
{
	/*
	 * The index before the look at whether the device wants a kick, and before the kick.
	 * (virtio 1.2, 2.7.13.4.)
	 */
	dsb_sy();
	if (!(queue->memory.used_flags & USED_F_NO_NOTIFY))
		virtio_mmio_write(queue->base, VIRTIO_QUEUE_NOTIFY, queue->index);
}

static bool is_in_flight(const struct virtqueue *queue, uint32_t id)
{
	return id < queue->size && queue->in_flight & 1u << id;
}

void *virtqueue_take(struct virtqueue *queue, uint32_t *bytes)
{
	if (queue->size == 0)
		return NULL;
	while (queue->memory.used_index != queue->used_index) {
		const unsigned entry = queue->used_index++ % queue->size;
		uint32_t id;

		dmb_ish(); /* the index before the entry it offers */
		id = queue->memory.used_ring[entry].id;
		if (!is_in_flight(queue, id)) {
			queue->bad_used++;
			continue;
		}
		if (bytes)
			*bytes = queue->memory.used_ring[entry].bytes;
		queue->in_flight &= ~(1u << id);
		return queue->cookie[id];
	}
	return NULL;
}

void *virtqueue_reclaim(struct virtqueue *queue)
{
	unsigned id;

	if (queue->in_flight == 0)
		return NULL;
	id = (unsigned)__builtin_ctz(queue->in_flight);
	queue->in_flight &= ~(1u << id);
	return queue->cookie[id];
}
