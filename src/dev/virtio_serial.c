/*
 * The virtio-serial driver: set-up, the control queue's conversation, and the ports' output and input.
 *
 * Called by log.c (write_sync), the trace's drain (send, reap), a debugger (send, reap, receive), and a tick (poll). LOCK_VIRTIO
 * guards all of it and is innermost: nothing here logs. A device that fails is reset and never used
 * again: the VMs go on without log port and trace.
 */
#include "dev/virtio_serial.h"

#include "dev/clock.h"
#include "dev/virtio_mmio.h"
#include "dev/virtqueue.h"
#include "lib/bits.h"
#include "lib/spinlock.h"
#include "lib/string.h"

/*
 * Queue numbers, virtio 1.2, 5.3.2: port 0 has 0 and 1, control 2 and 3, port n >= 1 the pair from
 * 2n + 2.
 */
#define CONTROL_RX_QUEUE    2u
#define CONTROL_TX_QUEUE    3u
#define PORT_RX_QUEUE(port) (2 * (port) + 2)
#define PORT_TX_QUEUE(port) (2 * (port) + 3)

#define CONFIG_MAX_NR_PORTS (VIRTIO_CONFIG + 4)

/* The ports we use, and how many buffers each may have with the device. */
#define FIRST_PORT	VIRTIO_SERIAL_PORT_LOG
#define LAST_PORT	VIRTIO_SERIAL_LAST_PORT
#define LOG_BUFFERS	4u
#define TRACE_BUFFERS	32u
#define CONTROL_BUFFERS 8u
#define INPUT_BUFFERS	4u
#define INPUT_BYTES	512u

/* struct virtio_console_control, 5.3.6.2. A port's name may follow it. */
struct control {
	uint32_t id;
	uint16_t event, value;
};
enum control_event {
	CONTROL_DEVICE_READY = 0,
	CONTROL_PORT_ADD = 1,
	CONTROL_PORT_REMOVE = 2,
	CONTROL_PORT_READY = 3,
	CONTROL_PORT_OPEN = 6,
};
#define CONTROL_RX_BYTES 64u

/*
 * At start the device answers within the notification itself, or soon: this many looks at an empty
 * queue end the waiting.
 */
#define QUIET_LOOKS  2000u
#define WAITS_A_S    10u /* no wait for the device is longer than 1/10 s */
#define SYNC_BYTES   256u
#define SYNC_BUFFERS LOG_BUFFERS

struct port {
	struct virtqueue tx;
	void *done
		[VIRTQUEUE_MAX]; /* finished, not yet reaped: the callers' cookies, oldest first */
	unsigned done_head, done_count;
	bool added;	   /* the device has announced it */
	bool open;	   /* and the host is connected */
	uint32_t sessions; /* how often it has connected or gone; atomic */
	bool slow; /* it has kept us waiting once: do not wait for it again until it has moved */

	struct virtqueue rx; /* not of the log */
	_Alignas(8) uint8_t in[INPUT_BUFFERS][INPUT_BYTES];
	uint8_t *input; /* the buffer that is being read, with input_end bytes; NULL: none */
	uint32_t input_at, input_end;
};

struct virtio_serial_stats virtio_serial_stats;

/* Apart from the state, so that this stays in .bss: the image holds no zeros for it. */
static struct spinlock serial_lock = SPINLOCK_INIT(LOCK_VIRTIO);

static struct {
	uint64_t base; /* 0: no device, or it has failed */
	bool panicking;
	struct virtqueue control_rx, control_tx;
	_Alignas(8) uint8_t control_in[CONTROL_BUFFERS][CONTROL_RX_BYTES];
	struct control control_out;
	struct port port[LAST_PORT + 1];
	uint8_t sync[SYNC_BUFFERS][SYNC_BYTES];
	uint32_t sync_busy; /* one bit a buffer of the above */
} serial;

static void lock(void)
{
	if (!serial.panicking)
		spin_lock(&serial_lock);
}

static void unlock(void)
{
	if (!serial.panicking)
		spin_unlock(&serial_lock);
}

static bool is_our_port(unsigned port)
{
	return port >= FIRST_PORT && port <= LAST_PORT;
}

/*
 * The reset makes the device let go of all memory that it has been given, so virtio_serial_reap()
 * may hand it back.
 */
static void fail_device(void)
{
	virtio_mmio_write(serial.base, VIRTIO_STATUS, 0);
	serial.base = 0;
	virtio_serial_stats.device_failures++;
	for (unsigned i = FIRST_PORT; i <= LAST_PORT; i++)
		__atomic_store_n(&serial.port[i].open, false, __ATOMIC_RELEASE);
}

/* A wait for the device: start it, then ask after each look whether it has been too long. */
static bool waited_too_long(uint64_t since_ticks)
{
	cpu_relax();
	if (clock_ticks() - since_ticks <= clock_hz() / WAITS_A_S)
		return false;
	virtio_serial_stats.timeouts++;
	return true;
}

/* One message at a time, each waited for: a device that does not take it is of no use. */
static void send_control(uint32_t id, enum control_event event, uint16_t value)
{
	struct control *message = &serial.control_out;
	const uint64_t start = clock_ticks();

	*message = (struct control){.id = id, .event = (uint16_t)event, .value = value};
	virtqueue_add(&serial.control_tx, message, sizeof(*message), false, message);
	virtqueue_kick(&serial.control_tx);
	while (!virtqueue_take(&serial.control_tx, NULL)) {
		if (waited_too_long(start)) {
			fail_device();
			return;
		}
	}
}

/* What the device says about a port. A port that we do not use is accepted and left alone. */
static void hear_control(const struct control *message)
{
	struct port *port = is_our_port(message->id) ? &serial.port[message->id] : NULL;

	switch (message->event) {
	case CONTROL_PORT_ADD:
		if (port)
			port->added = true;
		send_control(message->id, CONTROL_PORT_READY, 1);
		if (port && serial.base)
			send_control(message->id, CONTROL_PORT_OPEN, 1);
		break;
	case CONTROL_PORT_REMOVE:
		if (port) {
			port->added = false;
			__atomic_store_n(&port->open, false, __ATOMIC_RELEASE);
		}
		break;
	case CONTROL_PORT_OPEN:
		if (port) {
			port->slow = false;
			__atomic_fetch_add(&port->sessions, 1, __ATOMIC_RELEASE);
			__atomic_store_n(&port->open, port->added && message->value,
					 __ATOMIC_RELEASE);
		}
		break;
	default: /* PORT_NAME, CONSOLE_PORT, RESIZE: ports are known by their numbers */
		break;
	}
}

static void offer_control_buffer(uint8_t *buffer)
{
	virtqueue_add(&serial.control_rx, buffer, CONTROL_RX_BYTES, true, buffer);
	virtqueue_kick(&serial.control_rx);
}

/* One message from the device, if there is one. */
static bool take_control(void)
{
	struct control message;
	uint32_t bytes;
	uint8_t *buffer = virtqueue_take(&serial.control_rx, &bytes);

	if (!buffer)
		return false;
	memcpy(&message, buffer, sizeof(message));
	offer_control_buffer(buffer);
	if (bytes >= sizeof(message))
		hear_control(&message);
	return true;
}

/* Log and trace: a debugger comes when it likes. */
static bool all_ports_open(void)
{
	for (unsigned i = FIRST_PORT; i <= VIRTIO_SERIAL_PORT_TRACE; i++)
		if (!serial.port[i].open)
			return false;
	return true;
}

static enum vt_err set_up_port(uint64_t base, unsigned number)
{
	struct port *port = &serial.port[number];
	const enum vt_err err =
		virtqueue_init(&port->tx, base, PORT_TX_QUEUE(number),
			       number == VIRTIO_SERIAL_PORT_LOG ? LOG_BUFFERS : TRACE_BUFFERS);

	if (err != VT_OK || number == VIRTIO_SERIAL_PORT_LOG)
		return err;
	return virtqueue_init(&port->rx, base, PORT_RX_QUEUE(number), INPUT_BUFFERS);
}

static enum vt_err set_up_queues(uint64_t base)
{
	const uint32_t device_ports = virtio_mmio_read(base, CONFIG_MAX_NR_PORTS);
	enum vt_err err;

	err = virtqueue_init(&serial.control_rx, base, CONTROL_RX_QUEUE, CONTROL_BUFFERS);
	if (err == VT_OK)
		err = virtqueue_init(&serial.control_tx, base, CONTROL_TX_QUEUE, CONTROL_BUFFERS);
	for (unsigned i = FIRST_PORT; err == VT_OK && i <= LAST_PORT && i < device_ports; i++)
		err = set_up_port(base, i);
	return err;
}

static void offer_input(struct port *port, uint8_t *buffer)
{
	virtqueue_add(&port->rx, buffer, INPUT_BYTES, true, buffer);
	virtqueue_kick(&port->rx);
}

/*
 * Tell the device that we are there, and listen until both ports are open or it has no more to say.
 */
static void meet_ports(void)
{
	unsigned quiet = 0;

	for (unsigned i = 0; i < serial.control_rx.size; i++)
		offer_control_buffer(serial.control_in[i]);
	for (unsigned i = FIRST_PORT; i <= LAST_PORT; i++)
		for (unsigned n = 0; n < serial.port[i].rx.size; n++)
			offer_input(&serial.port[i], serial.port[i].in[n]);
	send_control(0, CONTROL_DEVICE_READY, 1);
	while (serial.base && quiet < QUIET_LOOKS && !all_ports_open())
		quiet = take_control() ? 0 : quiet + 1;
}

enum vt_err virtio_serial_init(void)
{
	const uint64_t base = virtio_mmio_find(VIRTIO_ID_CONSOLE);
	enum vt_err err = VT_ENOSYS;

	if (!base)
		return VT_ENOENT;
	lock();
	if (virtio_mmio_negotiate(base, VIRTIO_F_VERSION_1 | VIRTIO_CONSOLE_F_MULTIPORT))
		err = set_up_queues(base);
	if (err == VT_OK) {
		virtio_mmio_write(base, VIRTIO_STATUS,
				  VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER |
					  VIRTIO_STATUS_FEATURES_OK | VIRTIO_STATUS_DRIVER_OK);
		serial.base = base;
		meet_ports();
		err = serial.base ? VT_OK : VT_EIO;
	} else {
		virtio_mmio_write(base, VIRTIO_STATUS, VIRTIO_STATUS_FAILED);
	}
	unlock();
	return err;
}

bool virtio_serial_port_open(unsigned port)
{
	return is_our_port(port) && __atomic_load_n(&serial.port[port].open, __ATOMIC_ACQUIRE);
}

bool virtio_serial_port_added(unsigned port)
{
	return is_our_port(port) && serial.port[port].added;
}

uint32_t virtio_serial_port_sessions(unsigned port)
{
	return is_our_port(port) ? __atomic_load_n(&serial.port[port].sessions, __ATOMIC_ACQUIRE)
				 : 0;
}

enum vt_err virtio_serial_send(unsigned port, const void *data, uint32_t bytes, void *cookie)
{
	enum vt_err err = VT_EIO;

	if (!cookie || !bytes)
		return VT_EINVAL;
	lock();
	if (virtio_serial_port_open(port)) {
		/* The device only reads it; the queue takes both kinds of buffer. */
		err = virtqueue_add(&serial.port[port].tx, (void *)(uintptr_t)data, bytes, false,
				    cookie);
		if (err == VT_OK)
			virtqueue_kick(&serial.port[port].tx);
	} else {
		virtio_serial_stats.refused_sends++;
	}
	unlock();
	return err;
}

/* Is this cookie one of write_sync's buffers? Then free it. */
static bool release_sync_buffer(const void *cookie)
{
	for (unsigned i = 0; i < SYNC_BUFFERS; i++) {
		if (cookie == serial.sync[i]) {
			serial.sync_busy &= ~(1u << i);
			return true;
		}
	}
	return false;
}

/* Take what has finished: write_sync's buffers come free, the callers' wait to be reaped. */
static void collect(struct port *port)
{
	struct virtqueue *queue = &port->tx;
	void *cookie;

	while (port->done_count < VIRTQUEUE_MAX) {
		cookie = serial.base ? virtqueue_take(queue, NULL) : virtqueue_reclaim(queue);
		if (!cookie)
			break;
		if (!release_sync_buffer(cookie))
			port->done[(port->done_head + port->done_count++) % VIRTQUEUE_MAX] = cookie;
	}
	virtio_serial_stats.bad_used += queue->bad_used;
	queue->bad_used = 0;
}

void *virtio_serial_reap(unsigned port_number)
{
	struct port *port;
	void *cookie = NULL;

	if (!is_our_port(port_number))
		return NULL;
	port = &serial.port[port_number];
	lock();
	collect(port);
	if (port->done_count) {
		cookie = port->done[port->done_head];
		port->done_head = (port->done_head + 1) % VIRTQUEUE_MAX;
		port->done_count--;
	}
	unlock();
	return cookie;
}

static uint8_t *free_sync_buffer(void)
{
	for (unsigned i = 0; i < SYNC_BUFFERS; i++)
		if (!(serial.sync_busy & 1u << i))
			return serial.sync[i];
	return NULL;
}

static bool is_busy(const uint8_t *buffer)
{
	return serial.sync_busy & 1u << ((unsigned)(buffer - serial.sync[0]) / SYNC_BYTES);
}

/* At most SYNC_BYTES. Returns whether the device has them, or will have them when it moves on. */
static bool write_part(struct port *port, const uint8_t *data, uint32_t bytes)
{
	const uint64_t start = clock_ticks();
	uint8_t *buffer;

	collect(port);
	buffer = free_sync_buffer();
	if (!buffer)
		return false;
	memcpy(buffer, data, bytes);
	if (virtqueue_add(&port->tx, buffer, bytes, false, buffer) != VT_OK)
		return false;
	serial.sync_busy |= 1u << ((unsigned)(buffer - serial.sync[0]) / SYNC_BYTES);
	virtqueue_kick(&port->tx);

	collect(port);
	while (!port->slow && is_busy(buffer)) {
		port->slow = waited_too_long(start);
		collect(port);
	}
	if (!is_busy(buffer))
		port->slow = false;
	return true;
}

void virtio_serial_write_sync(unsigned port, const void *data, uint32_t bytes)
{
	const uint8_t *from = data;

	lock();
	while (bytes && virtio_serial_port_open(port)) {
		const uint32_t part = MIN(bytes, SYNC_BYTES);

		if (!write_part(&serial.port[port], from, part))
			break;
		from += part;
		bytes -= part;
	}
	virtio_serial_stats.dropped_bytes += bytes;
	unlock();
}

/* The next buffer with something in it; a device that claims more than it was given is cut short. */
static bool next_input(struct port *port)
{
	uint32_t bytes = 0;

	if (!serial.base || !port->rx.size)
		return false;
	port->input = virtqueue_take(&port->rx, &bytes);
	port->input_at = 0;
	port->input_end = MIN(bytes, INPUT_BYTES);
	return port->input != NULL;
}

uint32_t virtio_serial_receive(unsigned port_number, void *to, uint32_t room)
{
	struct port *port;
	uint32_t count = 0;

	if (!is_our_port(port_number))
		return 0;
	port = &serial.port[port_number];
	lock();
	if (port->input || next_input(port)) {
		count = MIN(room, port->input_end - port->input_at);
		memcpy(to, port->input + port->input_at, count);
		port->input_at += count;
		if (port->input_at == port->input_end) {
			if (serial.base)
				offer_input(port, port->input);
			port->input = NULL;
		}
	}
	unlock();
	return count;
}

void virtio_serial_poll(void)
{
	lock();
	if (serial.base &&
	    virtio_mmio_read(serial.base, VIRTIO_STATUS) & VIRTIO_STATUS_DEVICE_NEEDS_RESET)
		fail_device();
	/* No more messages than there are buffers for: the device cannot keep us here. */
	for (unsigned i = 0; serial.base && i < CONTROL_BUFFERS && take_control(); i++)
		;
	unlock();
}

void virtio_serial_panic_mode(void)
{
	serial.panicking = true;
}
