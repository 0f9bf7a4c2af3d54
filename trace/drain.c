/*
 * The drain: whichever CPU fills a page gives all full pages of all rings to the device, which
 * reads them where they are. A CPU that finds another one at it goes on at once: a guest never
 * waits for the host. What the device does not take stays in its ring.
 */
#include "trace/drain.h"

#include "dev/virtio_serial.h"
#include "hal/hal.h"
#include "lib/bits.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "trace/clock.h"
#include "trace/trace.h"

#define FINISH_ROUNDS 1000000u
#define TEXT_BYTES    2560u

/* What a dump of the memory is searched for. */
struct trace_rings trace_rings = {
	.magic = {'V', 'T', 'R', 'R', 'I', 'N', 'G', 'S'},
	.version = TRACE_RINGS_VERSION,
	.page_count = TRACE_RING_PAGES,
	.page_bytes = TRACE_PAGE_BYTES,
};
_Static_assert(HAL_MAX_CPUS <= TRACE_RINGS_MAX, "each CPU has a place");

static struct trace_ring *rings[HAL_MAX_CPUS];
static bool draining; /* atomic: a try-lock */

/* The lines so far; the first page of them stays as it is, for dumps. */
static struct {
	struct trace_page_header header;
	char text[TEXT_BYTES];
} metadata[2];
static size_t metadata_used;
static bool first_is_sent;

void trace_drain_add(struct trace_ring *ring)
{
	rings[trace_rings.rings] = ring;
	trace_rings.self = (uintptr_t)&trace_rings;
	trace_rings.metadata = (uintptr_t)metadata[0].text;
	trace_rings.ring[trace_rings.rings++] = (uintptr_t)ring;
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
	const uint32_t offered = trace_ring_begin_sending(ring);

	while (ring->sent != offered) {
		const struct trace_page_header *header = trace_page(ring, ring->sent);

		if (virtio_serial_send(VIRTIO_SERIAL_PORT_TRACE, header,
				       (uint32_t)sizeof(*header) + header->commit, ring) != VT_OK)
			return false;
		ring->sent++;
	}
	return true;
}

void trace_drain(void)
{
	if (__atomic_exchange_n(&draining, true, __ATOMIC_ACQUIRE))
		return;
	reap();
	for (unsigned i = 0; i < trace_rings.rings; i++)
		if (!send(rings[i]))
			break;
	reap();
	__atomic_store_n(&draining, false, __ATOMIC_RELEASE);
}

void trace_page_ready(struct trace_ring *ring)
{
	(void)ring;
	trace_drain();
}

void trace_metadata_send(void)
{
	struct trace_page_header *header = &metadata[first_is_sent].header;

	*header = (struct trace_page_header){
		.magic = TRACE_PAGE_MAGIC,
		.version = TRACE_PAGE_VERSION,
		.cpu = TRACE_CPU_METADATA,
		.commit = (uint32_t)ALIGN_UP(metadata_used, 8),
		.base_ticks = trace_clock(),
	};
	if (metadata_used)
		virtio_serial_write_sync(VIRTIO_SERIAL_PORT_TRACE, header,
					 (uint32_t)sizeof(*header) + header->commit);
	if (!first_is_sent)
		trace_rings.metadata_bytes = metadata_used;
	first_is_sent = true;
	metadata_used = 0;
	memset(&metadata[1], 0, sizeof(metadata[1]));
}

void trace_metadata(const char *format, ...)
{
	char line[160];
	va_list args;

	va_start(args, format);
	const size_t bytes =
		MIN((size_t)vt_vsnprintf(line, sizeof(line), format, args), sizeof(line) - 1);
	va_end(args);
	if (metadata_used + bytes > TEXT_BYTES)
		trace_metadata_send();
	memcpy(metadata[first_is_sent].text + metadata_used, line, bytes);
	metadata_used += bytes;
}

static bool all_sent(void)
{
	for (unsigned i = 0; i < trace_rings.rings; i++)
		if (rings[i]->reaped != rings[i]->offered)
			return false;
	return true;
}

void trace_drain_finish(bool panicking, uint32_t writing)
{
	if (panicking)
		__atomic_store_n(&draining, false, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < trace_rings.rings; i++) {
		if (writing >> rings[i]->cpu & 1)
			continue;
		trace_seal(rings[i]);
		trace_offer(rings[i]);
	}
	for (unsigned round = 0; round < FINISH_ROUNDS && !all_sent() &&
				 virtio_serial_port_open(VIRTIO_SERIAL_PORT_TRACE);
	     round++)
		trace_drain();
}
