/* A port of the virtio-serial device: fast, and it tells when GDB comes and goes. */
#include "debug/port.h"

#include "dev/virtio_serial.h"
#include "lib/bits.h"
#include "lib/string.h"

#define SEND_BUFFERS 8u
#define SEND_BYTES   2048u

static uint8_t out[SEND_BUFFERS][SEND_BYTES];
static uint32_t out_busy; /* one bit a buffer that the device has */

static bool init(void)
{
	virtio_serial_poll(); /* what the device has said of its ports */
	return virtio_serial_port_added(VIRTIO_SERIAL_PORT_GDB);
}

static uint32_t sessions(void)
{
	return virtio_serial_port_sessions(VIRTIO_SERIAL_PORT_GDB);
}

static bool is_open(void)
{
	return virtio_serial_port_open(VIRTIO_SERIAL_PORT_GDB);
}

static bool is_sending(void)
{
	const uint8_t *done;

	while ((done = virtio_serial_reap(VIRTIO_SERIAL_PORT_GDB)))
		out_busy &= ~(1u << (unsigned)(done - out[0]) / SEND_BYTES);
	return out_busy;
}

/* What nobody listens to is gone: the session has ended. */
static size_t send(const uint8_t *bytes, size_t count)
{
	size_t done = 0;

	is_sending();
	for (unsigned i = 0; i < SEND_BUFFERS && done < count; i++) {
		const uint32_t part = (uint32_t)MIN(count - done, SEND_BYTES);

		if (out_busy & 1u << i)
			continue;
		memcpy(out[i], bytes + done, part);

		const enum vt_err err =
			virtio_serial_send(VIRTIO_SERIAL_PORT_GDB, out[i], part, out[i]);

		if (err == VT_EIO)
			return count;
		if (err != VT_OK)
			break;
		out_busy |= 1u << i;
		done += part;
	}
	return done;
}

/* The device says that the port has been opened before it hands over what is said there: so learn that afterwards. */
static uint32_t receive(uint8_t *to, uint32_t room)
{
	const uint32_t count = virtio_serial_receive(VIRTIO_SERIAL_PORT_GDB, to, room);

	if (count)
		virtio_serial_poll();
	return count;
}

const struct port port_virtio = {
	.name = "virtio-serial",
	.init = init,
	.sessions = sessions,
	.is_open = is_open,
	.send = send,
	.receive = receive,
	.is_sending = is_sending,
};
