/*
 * The drain: whichever CPU fills a page gives all full pages of all rings to the device, which
 * reads them where they are. A CPU that finds another one at it goes on at once: a guest never
 * waits for the host. What the device does not take stays in its ring.
 */
#include "trace/drain.h"

#include "dev/virtio_serial.h"
#include "hal/hal.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "trace/clock.h"
#include "trace/trace.h"

#define FINISH_ROUNDS 1000000u

static struct trace_ring *rings[HAL_MAX_CPUS];
static unsigned ring_count;
static bool draining; /* atomic: a try-lock */

void trace_drain_add(struct trace_ring *ring)
{
	rings[ring_count++] = ring;
}

static uint8_t *page(const struct trace_ring *ring, uint32_t number)
{
	return ring->pages + (uint64_t)(number % TRACE_RING_PAGES) * TRACE_PAGE_BYTES;
}

/*
 * The device finishes buffers of one port in order, so a count is enough. The cookie says whose
 * page it was.
 */
static void reap(void)
{
	struct trace_ring *ring;

	while ((ring = virtio_serial_reap(VIRTIO_SERIAL_PORT_TRACE)) != 0)
		__atomic_store_n(&ring->reaped, ring->reaped + 1, __ATOMIC_RELEASE);
}

/* False when the device takes no more for now. */
static bool send(struct trace_ring *ring)
{
	while (ring->sent != __atomic_load_n(&ring->filled, __ATOMIC_ACQUIRE)) {
		const struct trace_page_header *header = (const void *)page(ring, ring->sent);

		if (virtio_serial_send(VIRTIO_SERIAL_PORT_TRACE, header,
				       (uint32_t)sizeof(*header) + header->commit, ring) != VT_OK)
			return false;
		ring->sent++;
	}
	return true;
}

static void drain(void)
{
	if (__atomic_exchange_n(&draining, true, __ATOMIC_ACQUIRE))
		return;
	reap();
	for (unsigned i = 0; i < ring_count; i++)
		if (!send(rings[i]))
			break;
	reap();
	__atomic_store_n(&draining, false, __ATOMIC_RELEASE);
}

void trace_page_ready(struct trace_ring *ring)
{
	(void)ring;
	drain();
}

bool trace_drain_metadata(const char *text, uint32_t bytes)
{
	static struct {
		struct trace_page_header header;
		char text[TRACE_METADATA_BYTES];
	} metadata;

	if (bytes > TRACE_METADATA_BYTES || !virtio_serial_port_open(VIRTIO_SERIAL_PORT_TRACE))
		return false;
	memset(&metadata, 0, sizeof(metadata));
	metadata.header = (struct trace_page_header){
		.magic = TRACE_PAGE_MAGIC,
		.version = TRACE_PAGE_VERSION,
		.cpu = TRACE_CPU_METADATA,
		.commit = (uint32_t)ALIGN_UP(bytes, 8),
		.base_ticks = trace_clock(),
	};
	memcpy(metadata.text, text, bytes);
	virtio_serial_write_sync(VIRTIO_SERIAL_PORT_TRACE, &metadata,
				 (uint32_t)sizeof(metadata.header) + metadata.header.commit);
	return true;
}

void trace_drain_finish(void)
{
	for (unsigned i = 0; i < ring_count; i++)
		trace_seal(rings[i]);
	for (unsigned round = 0; round < FINISH_ROUNDS; round++) {
		bool done = true;

		drain();
		for (unsigned i = 0; i < ring_count; i++)
			done &= rings[i]->reaped == rings[i]->filled;
		if (done)
			return;
	}
}
