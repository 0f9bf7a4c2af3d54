/*
 * One split virtqueue (virtio 1.2, 2.7) of single-descriptor buffers: no chains, no indirection, no
 * interrupts. The owner serialises all calls on a queue.
 */
#ifndef DEV_VIRTQUEUE_H
#define DEV_VIRTQUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vitrine/err.h>

#define VIRTQUEUE_MAX 32u /* descriptors: one bit each in a word */

struct virtqueue_descriptor {
	uint64_t address;
	uint32_t bytes;
	uint16_t flags, next;
};

struct virtqueue_used {
	uint32_t id, bytes;
};

/* What the device reads and writes. It may do so at any time, hence volatile. */
struct virtqueue_memory {
	_Alignas(16) volatile struct virtqueue_descriptor descriptor[VIRTQUEUE_MAX];
	volatile uint16_t avail_flags, avail_index, avail_ring[VIRTQUEUE_MAX];
	_Alignas(4) volatile uint16_t used_flags;
	volatile uint16_t used_index;
	volatile struct virtqueue_used used_ring[VIRTQUEUE_MAX];
};

_Static_assert(offsetof(struct virtqueue_memory, avail_ring) ==
		       offsetof(struct virtqueue_memory, avail_flags) + 4,
	       "the available ring's layout is the device's: virtio 1.2, 2.7.6");
_Static_assert(offsetof(struct virtqueue_memory, used_ring) ==
		       offsetof(struct virtqueue_memory, used_flags) + 4,
	       "the used ring's layout is the device's: virtio 1.2, 2.7.8");

struct virtqueue {
	uint64_t base; /* of the device's registers */
	uint32_t index;
	unsigned size;	    /* descriptors in use, a power of two; 0: not set up */
	uint32_t in_flight; /* one bit a descriptor */
	uint16_t avail_index, used_index;
	uint64_t bad_used; /* entries of the used ring that named no buffer of ours */
	void *cookie[VIRTQUEUE_MAX];
	struct virtqueue_memory memory;
};

/*
 * Tell the device of queue `index`, at most `size` (a power of two) entries. VT_ENOSYS when the
 * device has no such queue.
 */
enum vt_err virtqueue_init(struct virtqueue *queue, uint64_t base, uint32_t index, unsigned size);

/*
 * Offer a buffer and make it visible to the device; VT_ENOMEM when the queue is full.
 * virtqueue_kick() then tells the device.
 */
enum vt_err virtqueue_add(struct virtqueue *queue, void *data, uint32_t bytes, bool device_writes,
			  void *cookie);
void virtqueue_kick(struct virtqueue *queue);

/*
 * The cookie of the next buffer that the device has finished; NULL when there is none. *bytes (may
 * be NULL) is how much the device says it has written to it.
 */
void *virtqueue_take(struct virtqueue *queue, uint32_t *bytes);
/*
 * After the device has been reset: take back a buffer that it never finished; NULL when there is
 * none left.
 */
void *virtqueue_reclaim(struct virtqueue *queue);

#endif
