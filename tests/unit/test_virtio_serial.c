/* The virtio-serial driver against a device that reads the rings as the memory that they are. */
/* sources: src/dev/virtio_mmio.c src/dev/virtqueue.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * Its state is static, one machine long. Included, so that each test can begin with a new machine.
 */
#include "dev/virtio_serial.c"
#include "hal/hal.h"

#define SLOT_BASE   UINT64_C(0x0a000000)
#define SLOT_STRIDE UINT64_C(0x200)
#define SLOTS	    8u
#define DEVICE_SLOT 5u
#define QUEUES	    10u
#define SENT_BYTES  65536u
#define PAGE	    4096u
#define HZ	    1000u

struct hal_info hal;

struct fake_queue {
	uint32_t limit, number, ready;
	uint64_t descriptors, driver, device; /* addresses */
	uint16_t seen, finished;
};

static struct {
	uint32_t version, id, status, driver_features[2], features_word, queue_selected;
	uint64_t features;
	bool refuses_features, deaf; /* deaf: takes no buffer of any port */
	bool control_deaf;
	bool announces[VIRTIO_SERIAL_PORTS], connected[VIRTIO_SERIAL_PORTS];
	bool guest_open[VIRTIO_SERIAL_PORTS]; /* what the driver has said */
	bool ready_heard;
	unsigned notifications;
	struct fake_queue queue[QUEUES];
	uint8_t sent[VIRTIO_SERIAL_PORTS][SENT_BYTES];
	uint32_t sent_count[VIRTIO_SERIAL_PORTS];
	const void *last_address;
} dev;

static uint64_t time_ticks;

uint64_t clock_ticks(void)
{
	return time_ticks++;
}

uint64_t clock_hz(void)
{
	return HZ;
}

static uint16_t get16(uint64_t address)
{
	uint16_t value;

	memcpy(&value, (void *)(uintptr_t)address, sizeof(value));
	return value;
}

static void put(uint64_t address, uint32_t value, size_t bytes)
{
	memcpy((void *)(uintptr_t)address, &value, bytes);
}

/* The used ring: 16-bit flags and index, then 8 bytes an entry. (virtio 1.2, 2.7.8.) */
static void finish(struct fake_queue *queue, uint32_t id, uint32_t bytes)
{
	const uint64_t entry = queue->device + 4 + 8 * (queue->finished % queue->number);

	put(entry, id, 4);
	put(entry + 4, bytes, 4);
	put(queue->device + 2, ++queue->finished, 2);
}

/*
 * The next buffer that the driver has offered: descriptors of 16 bytes, the ring after 4 bytes.
 * (2.7.5, 2.7.6.)
 */
static bool next_buffer(struct fake_queue *queue, uint32_t *id, uint8_t **data, uint32_t *bytes)
{
	uint64_t descriptor, address;

	if (!queue->ready || queue->seen == get16(queue->driver + 2))
		return false;
	*id = get16(queue->driver + 4 + 2 * (queue->seen++ % queue->number));
	assert_true(*id < queue->number);
	descriptor = queue->descriptors + 16 * *id;
	memcpy(&address, (void *)(uintptr_t)descriptor, 8);
	memcpy(bytes, (void *)(uintptr_t)(descriptor + 8), 4);
	*data = (uint8_t *)(uintptr_t)address;
	return true;
}

/* The device speaks: struct virtio_console_control, and for PORT_NAME a text. */
static void say(uint32_t port, uint16_t event, uint16_t value)
{
	const struct control message = {.id = port, .event = event, .value = value};
	uint32_t id, bytes;
	uint8_t *data;

	assert_true(next_buffer(&dev.queue[2], &id, &data, &bytes));
	assert_true(bytes >= sizeof(message));
	memcpy(data, &message, sizeof(message));
	finish(&dev.queue[2], id, sizeof(message));
}

static void hear(const struct control *message)
{
	switch (message->event) {
	case 0: /* DEVICE_READY */
		dev.ready_heard = message->value;
		for (unsigned i = 0; i < VIRTIO_SERIAL_PORTS; i++)
			if (dev.announces[i])
				say(i, 1, 1);
		break;
	case 3: /* PORT_READY: its name, and whether the host is there */
		assert_true(message->id < VIRTIO_SERIAL_PORTS && dev.announces[message->id]);
		say(message->id, 7, 1);
		if (dev.connected[message->id])
			say(message->id, 6, 1);
		break;
	case 6: /* PORT_OPEN */
		dev.guest_open[message->id] = message->value;
		break;
	default:
		fail_msg("the driver has sent control event %u", message->event);
	}
}

static void take_output(unsigned port)
{
	struct fake_queue *queue = &dev.queue[2 * port + 3];
	uint32_t id, bytes;
	uint8_t *data;

	while (!dev.deaf && next_buffer(queue, &id, &data, &bytes)) {
		assert_true(dev.sent_count[port] + bytes <= SENT_BYTES);
		memcpy(dev.sent[port] + dev.sent_count[port], data, bytes);
		dev.sent_count[port] += bytes;
		dev.last_address = data;
		finish(queue, id, 0);
	}
}

static void notified(uint32_t index)
{
	struct control message;
	uint32_t id, bytes;
	uint8_t *data;

	assert_true(index < QUEUES && dev.queue[index].ready);
	assert_true(dev.status & VIRTIO_STATUS_DRIVER_OK);
	dev.notifications++;
	if (index == 3) {
		while (!dev.control_deaf && next_buffer(&dev.queue[3], &id, &data, &bytes)) {
			assert_int_equal(bytes, sizeof(message));
			memcpy(&message, data, sizeof(message));
			finish(&dev.queue[3], id, 0);
			hear(&message);
		}
	} else if (index >= 5 && index % 2 == 1) {
		take_output((index - 3) / 2);
	}
}

uint32_t virtio_mmio_read(uint64_t base, uint32_t offset)
{
	const struct fake_queue *queue = &dev.queue[dev.queue_selected];

	assert_true(base >= SLOT_BASE && base < SLOT_BASE + SLOTS * SLOT_STRIDE);
	if (offset == VIRTIO_MAGIC_VALUE)
		return 0x74726976;
	if (base != SLOT_BASE + DEVICE_SLOT * SLOT_STRIDE) {
		assert_true(offset <=
			    VIRTIO_DEVICE_ID); /* an empty slot: nothing else may be read */
		return offset == VIRTIO_VERSION ? 2 : 0;
	}
	switch (offset) {
	case VIRTIO_VERSION:
		return dev.version;
	case VIRTIO_DEVICE_ID:
		return dev.id;
	case VIRTIO_DEVICE_FEATURES:
		return (uint32_t)(dev.features >> 32 * dev.features_word);
	case VIRTIO_QUEUE_NUM_MAX:
		return queue->limit;
	case VIRTIO_QUEUE_READY:
		return queue->ready;
	case VIRTIO_STATUS:
		return dev.status;
	case VIRTIO_CONFIG + 4:
		return VIRTIO_SERIAL_PORTS;
	default:
		fail_msg("the driver has read register %#x", offset);
		return 0;
	}
}

static void set_half(uint64_t *address, bool high, uint32_t value)
{
	const unsigned shift = high ? 32 : 0;

	*address = (*address & ~(UINT64_C(0xffffffff) << shift)) | (uint64_t)value << shift;
}

static void reset_device(void)
{
	for (unsigned i = 0; i < QUEUES; i++) {
		const uint32_t limit = dev.queue[i].limit;

		dev.queue[i] = (struct fake_queue){.limit = limit};
	}
	dev.status = 0;
}

static void set_status(uint32_t value)
{
	if (value == 0)
		reset_device();
	else if (dev.refuses_features)
		dev.status = value & ~(uint32_t)VIRTIO_STATUS_FEATURES_OK;
	else
		dev.status = value;
}

void virtio_mmio_write(uint64_t base, uint32_t offset, uint32_t value)
{
	struct fake_queue *queue = &dev.queue[dev.queue_selected];

	assert_int_equal(base, SLOT_BASE + DEVICE_SLOT * SLOT_STRIDE);
	switch (offset) {
	case VIRTIO_DEVICE_FEATURES_SEL:
	case VIRTIO_DRIVER_FEATURES_SEL:
		dev.features_word = value;
		break;
	case VIRTIO_DRIVER_FEATURES:
		dev.driver_features[dev.features_word] = value;
		break;
	case VIRTIO_QUEUE_SEL:
		assert_true(value < QUEUES);
		dev.queue_selected = value;
		break;
	case VIRTIO_QUEUE_NUM:
		assert_true(value && value <= queue->limit && (value & (value - 1)) == 0);
		queue->number = value;
		break;
	case VIRTIO_QUEUE_READY:
		assert_true(value == 1 && queue->number && queue->device);
		assert_true(dev.status & VIRTIO_STATUS_FEATURES_OK);
		assert_int_equal(queue->descriptors % 16 + queue->driver % 2 + queue->device % 4,
				 0);
		queue->ready = value;
		break;
	case VIRTIO_QUEUE_NOTIFY:
		notified(value);
		break;
	case VIRTIO_STATUS:
		set_status(value);
		break;
	case VIRTIO_QUEUE_DESC_LOW:
	case VIRTIO_QUEUE_DESC_HIGH:
		set_half(&queue->descriptors, offset == VIRTIO_QUEUE_DESC_HIGH, value);
		break;
	case VIRTIO_QUEUE_DRIVER_LOW:
	case VIRTIO_QUEUE_DRIVER_HIGH:
		set_half(&queue->driver, offset == VIRTIO_QUEUE_DRIVER_HIGH, value);
		break;
	case VIRTIO_QUEUE_DEVICE_LOW:
	case VIRTIO_QUEUE_DEVICE_HIGH:
		set_half(&queue->device, offset == VIRTIO_QUEUE_DEVICE_HIGH, value);
		break;
	default:
		fail_msg("the driver has written register %#x", offset);
	}
}

/*
 * A machine like the one tools/vitrine starts: a device with ports 1 and 2, both connected to
 * files.
 */
static int new_machine(void **state)
{
	(void)state;
	memset(&serial, 0, sizeof(serial));
	memset(&virtio_serial_stats, 0, sizeof(virtio_serial_stats));
	memset(&dev, 0, sizeof(dev));
	time_ticks = 0;
	hal.virtio_mmio_base = SLOT_BASE;
	hal.virtio_mmio_stride = SLOT_STRIDE;
	hal.virtio_mmio_slots = SLOTS;
	dev.version = 2;
	dev.id = 3;
	dev.features =
		BIT(32) | BIT(1) | BIT(0) | BIT(29); /* more than we want: size, event index */
	for (unsigned i = 0; i < QUEUES; i++)
		dev.queue[i].limit = 1024;
	dev.announces[1] = dev.connected[1] = true;
	dev.announces[2] = dev.connected[2] = true;
	return 0;
}

static int ready_machine(void **state)
{
	new_machine(state);
	assert_int_equal(virtio_serial_init(), VT_OK);
	return 0;
}

static void both_ports_open_at_start(void **state)
{
	(void)state;
	assert_int_equal(virtio_serial_init(), VT_OK);
	assert_true(dev.ready_heard);
	assert_true(dev.guest_open[1] && dev.guest_open[2]);
	assert_true(virtio_serial_port_open(1) && virtio_serial_port_open(2));
	assert_false(virtio_serial_port_open(0));
	assert_false(virtio_serial_port_open(3));
	assert_false(virtio_serial_port_open(~0u));
}

static void only_the_two_features_are_asked_for(void **state)
{
	(void)state;
	assert_int_equal(virtio_serial_init(), VT_OK);
	assert_int_equal(dev.driver_features[0], BIT(1));
	assert_int_equal(dev.driver_features[1], 1);
}

static void no_device_is_not_an_error_of_ours(void **state)
{
	(void)state;
	dev.id = 2; /* a disk */
	assert_int_equal(virtio_serial_init(), VT_ENOENT);
	assert_int_equal(virtio_serial_send(2, "x", 1, &dev), VT_EIO);
	virtio_serial_write_sync(1, "x", 1);
	virtio_serial_poll();
	assert_null(virtio_serial_reap(2));
	assert_null(virtio_serial_reap(~0u));
	assert_int_equal(virtio_serial_stats.dropped_bytes, 1);
}

static void a_legacy_device_is_left_alone(void **state)
{
	(void)state;
	dev.version = 1;
	assert_int_equal(virtio_serial_init(), VT_ENOENT);
}

static void a_device_without_multiport_is_refused(void **state)
{
	(void)state;
	dev.features &= ~BIT(1);
	assert_int_equal(virtio_serial_init(), VT_ENOSYS);
	assert_true(dev.status & VIRTIO_STATUS_FAILED);
	assert_false(virtio_serial_port_open(1));
}

static void a_device_that_refuses_our_features_is_refused(void **state)
{
	(void)state;
	dev.refuses_features = true;
	assert_int_equal(virtio_serial_init(), VT_ENOSYS);
}

static void a_device_that_does_not_answer_is_given_up(void **state)
{
	(void)state;
	dev.control_deaf = true;
	assert_int_equal(virtio_serial_init(), VT_EIO);
	assert_int_equal(dev.status, 0);
	assert_int_equal(virtio_serial_stats.device_failures, 1);
	assert_int_equal(virtio_serial_stats.timeouts, 1);
}

/* No trace port on this machine; and a port 3, which is accepted and not opened. */
static void ports_that_are_not_ours_or_not_there_are_no_trouble(void **state)
{
	(void)state;
	dev.announces[2] = false;
	dev.announces[3] = dev.connected[3] = true;
	assert_int_equal(virtio_serial_init(), VT_OK);
	assert_true(virtio_serial_port_open(1));
	assert_false(virtio_serial_port_open(2));
	assert_false(dev.guest_open[3]);
	assert_int_equal(virtio_serial_send(2, "x", 1, &dev), VT_EIO);
	assert_int_equal(virtio_serial_stats.refused_sends, 1);
}

/* The host writes to a port: as much as the driver has room for. */
static void host_writes(unsigned port, const char *text)
{
	uint32_t id, bytes;
	uint8_t *data;

	assert_true(next_buffer(&dev.queue[2 * port + 2], &id, &data, &bytes));
	assert_true(strlen(text) <= bytes);
	memcpy(data, text, strlen(text));
	finish(&dev.queue[2 * port + 2], id, (uint32_t)strlen(text));
}

/* In pieces of any size, in order, buffer after buffer; each comes back to the device once it is empty. */
static void what_the_host_writes_is_received(void **state)
{
	char text[8] = "";

	(void)state;
	assert_int_equal(virtio_serial_receive(2, text, 8), 0);
	for (unsigned round = 0; round < 3 * INPUT_BUFFERS; round++) {
		host_writes(2, "hello");
		host_writes(2, "you");
		assert_int_equal(virtio_serial_receive(2, text, 2), 2);
		assert_memory_equal(text, "he", 2);
		assert_int_equal(virtio_serial_receive(2, text, 8), 3);
		assert_memory_equal(text, "llo", 3);
		assert_int_equal(virtio_serial_receive(2, text, 8), 3);
		assert_memory_equal(text, "you", 3);
		assert_int_equal(virtio_serial_receive(2, text, 8), 0);
	}
	assert_int_equal(virtio_serial_receive(1, text, 8), 0);
	assert_int_equal(virtio_serial_receive(~0u, text, 8), 0);
}

static void a_device_that_claims_too_much_input_is_cut_short(void **state)
{
	uint32_t id, bytes;
	uint8_t *data, text[2 * INPUT_BYTES];

	(void)state;
	assert_true(next_buffer(&dev.queue[6], &id, &data, &bytes));
	finish(&dev.queue[6], id, 0xffffffff);
	assert_int_equal(virtio_serial_receive(2, text, sizeof(text)), INPUT_BYTES);
}

/* Three buffers at a time walk round a ring of four: each position comes to hold each number. */
static void small_queues_are_accepted(void **state)
{
	uint8_t text[3] = "abc";

	(void)state;
	for (unsigned i = 0; i < QUEUES; i++)
		dev.queue[i].limit = 4;
	assert_int_equal(virtio_serial_init(), VT_OK);
	for (unsigned round = 0; round < 9; round++) {
		dev.deaf = true;
		for (unsigned i = 0; i < 3; i++)
			assert_int_equal(virtio_serial_send(2, &text[i], 1, &text[i]), VT_OK);
		dev.deaf = false;
		take_output(2);
		for (unsigned i = 0; i < 3; i++)
			assert_ptr_equal(virtio_serial_reap(2), &text[i]);
		assert_memory_equal(dev.sent[2] + 3 * round, "abc", 3);
	}
	dev.deaf = true;
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(virtio_serial_send(2, text, 1, text), VT_OK);
	assert_int_equal(virtio_serial_send(2, text, 1, text), VT_ENOMEM);
}

/* Zero copy: the device reads the caller's own memory. And the cookies come back in order. */
static void pages_go_out_and_come_back(void **state)
{
	static uint8_t page[12][PAGE];

	(void)state;
	for (unsigned i = 0; i < 12; i++) {
		memset(page[i], (int)i + 1, PAGE);
		assert_int_equal(virtio_serial_send(2, page[i], PAGE, page[i]), VT_OK);
		assert_ptr_equal(dev.last_address, page[i]);
	}
	for (unsigned i = 0; i < 12; i++)
		assert_ptr_equal(virtio_serial_reap(2), page[i]);
	assert_null(virtio_serial_reap(2));
	assert_int_equal(dev.sent_count[2], 12 * PAGE);
	assert_memory_equal(dev.sent[2], page, 12 * PAGE);
}

/* The rings wrap, and so do their 16-bit indices. */
static void a_long_recording_wraps_the_rings(void **state)
{
	uint32_t word;

	(void)state;
	for (word = 0; word < 140000; word++) {
		dev.sent_count[2] = 0;
		assert_int_equal(virtio_serial_send(2, &word, sizeof(word), &word), VT_OK);
		assert_memory_equal(dev.sent[2], &word, sizeof(word));
		assert_ptr_equal(virtio_serial_reap(2), &word);
	}
}

static void a_full_queue_says_so_and_recovers(void **state)
{
	static uint8_t byte[TRACE_BUFFERS + 1];

	(void)state;
	dev.deaf = true;
	for (unsigned i = 0; i < TRACE_BUFFERS; i++)
		assert_int_equal(virtio_serial_send(2, &byte[i], 1, &byte[i]), VT_OK);
	assert_int_equal(virtio_serial_send(2, &byte[32], 1, &byte[32]), VT_ENOMEM);
	assert_null(virtio_serial_reap(2));
	dev.deaf = false;
	take_output(2);
	assert_ptr_equal(virtio_serial_reap(2), &byte[0]);
	assert_int_equal(virtio_serial_send(2, &byte[32], 1, &byte[32]), VT_OK);
	assert_int_equal(dev.sent_count[2], TRACE_BUFFERS + 1);
}

static void a_send_of_nothing_is_refused(void **state)
{
	(void)state;
	assert_int_equal(virtio_serial_send(2, "x", 0, &dev), VT_EINVAL);
	assert_int_equal(virtio_serial_send(2, "x", 1, NULL), VT_EINVAL);
}

static void long_text_is_written_whole(void **state)
{
	char text[3 * SYNC_BYTES + 5];

	(void)state;
	for (unsigned i = 0; i < sizeof(text); i++)
		text[i] = (char)i;
	for (unsigned i = 0; i < 20; i++)
		virtio_serial_write_sync(1, text, sizeof(text));
	assert_int_equal(dev.sent_count[1], 20 * sizeof(text));
	assert_memory_equal(dev.sent[1] + 19 * sizeof(text), text, sizeof(text));
	assert_int_equal(virtio_serial_stats.dropped_bytes, 0);
}

/* The trace's own pages and a text on the same port do not steal each other's buffers. */
static void text_and_pages_share_a_port(void **state)
{
	char text[3000];
	uint8_t page[2] = {0};

	(void)state;
	memset(text, 't', sizeof(text));
	assert_int_equal(virtio_serial_send(2, &page[0], 1, &page[0]), VT_OK);
	virtio_serial_write_sync(2, text, sizeof(text)); /* more than the internal buffers hold */
	assert_int_equal(virtio_serial_send(2, &page[1], 1, &page[1]), VT_OK);
	assert_int_equal(dev.sent_count[2], sizeof(text) + 2);
	assert_memory_equal(dev.sent[2] + 1, text, sizeof(text));
	assert_int_equal(virtio_serial_stats.dropped_bytes, 0);
	assert_ptr_equal(virtio_serial_reap(2), &page[0]);
	assert_ptr_equal(virtio_serial_reap(2), &page[1]);
	assert_null(virtio_serial_reap(2));
}

/*
 * A host that does not read costs one wait, then the log is dropped and counted until it reads
 * again.
 */
static void a_stuck_log_port_costs_one_wait(void **state)
{
	uint64_t before;

	(void)state;
	dev.deaf = true;
	virtio_serial_write_sync(1, "0", 1);
	assert_int_equal(virtio_serial_stats.timeouts, 1);
	before = time_ticks;
	for (unsigned i = 0; i < 9; i++)
		virtio_serial_write_sync(1, "x", 1);
	assert_true(time_ticks - before < 20);
	assert_int_equal(virtio_serial_stats.timeouts, 1);
	assert_int_equal(virtio_serial_stats.dropped_bytes, 6);

	dev.deaf = false;
	take_output(1);
	virtio_serial_write_sync(1, "y", 1);
	assert_int_equal(dev.sent_count[1], 5);
	assert_int_equal(dev.sent[1][4], 'y');
}

static void the_host_may_close_a_port_and_open_it_again(void **state)
{
	(void)state;
	say(2, CONTROL_PORT_OPEN, 0);
	assert_true(virtio_serial_port_open(2));
	virtio_serial_poll();
	assert_false(virtio_serial_port_open(2));
	assert_int_equal(virtio_serial_send(2, "x", 1, &dev), VT_EIO);
	say(2, CONTROL_PORT_OPEN, 1);
	virtio_serial_poll();
	assert_int_equal(virtio_serial_send(2, "x", 1, &dev), VT_OK);
	say(2, CONTROL_PORT_REMOVE, 1);
	say(2, CONTROL_PORT_OPEN, 1); /* it is not there any more */
	virtio_serial_poll();
	assert_false(virtio_serial_port_open(2));
}

/* DEVICE_NEEDS_RESET: the device lets go of our memory before we hand it back. */
static void a_failed_device_gives_all_buffers_back(void **state)
{
	uint8_t page[2] = {0};

	(void)state;
	dev.deaf = true;
	virtio_serial_send(2, &page[0], 1, &page[0]);
	virtio_serial_send(2, &page[1], 1, &page[1]);
	dev.status |= VIRTIO_STATUS_DEVICE_NEEDS_RESET;
	virtio_serial_poll();
	assert_int_equal(dev.status, 0);
	assert_int_equal(virtio_serial_stats.device_failures, 1);
	assert_ptr_equal(virtio_serial_reap(2), &page[0]);
	assert_ptr_equal(virtio_serial_reap(2), &page[1]);
	assert_null(virtio_serial_reap(2));
	assert_int_equal(virtio_serial_send(2, page, 1, page), VT_EIO);
	virtio_serial_write_sync(1, "x", 1);
	virtio_serial_poll();
	assert_int_equal(virtio_serial_stats.device_failures, 1);
}

/*
 * What the device writes is not believed: ids beyond the queue, ids never offered, nonsense
 * messages.
 */
static void a_lying_device_does_no_harm(void **state)
{
	uint8_t page = 0;

	(void)state;
	dev.deaf = true;
	virtio_serial_send(2, &page, 1, &page);
	finish(&dev.queue[7], 77, 0);
	finish(&dev.queue[7], 3, 0);
	finish(&dev.queue[7], UINT32_MAX, 0);
	assert_null(virtio_serial_reap(2));
	assert_int_equal(virtio_serial_stats.bad_used, 3);
	dev.deaf = false;
	take_output(2);
	assert_ptr_equal(virtio_serial_reap(2), &page);

	say(UINT32_MAX, CONTROL_PORT_OPEN, 1);
	say(0, 999, 999);
	say(UINT32_MAX, CONTROL_PORT_REMOVE, 1);
	virtio_serial_poll();
	assert_true(virtio_serial_port_open(1) && virtio_serial_port_open(2));
}

static void a_tick_with_nothing_to_hear_is_quiet(void **state)
{
	const unsigned before = dev.notifications;

	(void)state;
	virtio_serial_poll();
	assert_int_equal(dev.notifications, before);
}

/* Whoever held the lock may never run again. */
static void a_panic_needs_no_lock(void **state)
{
	(void)state;
	spin_lock(&serial_lock);
	virtio_serial_panic_mode();
	virtio_serial_write_sync(1, "the end", 7);
	spin_unlock(&serial_lock);
	assert_memory_equal(dev.sent[1], "the end", 7);
}

#define AT_START(name) cmocka_unit_test_setup(name, new_machine)
#define RUNNING(name)  cmocka_unit_test_setup(name, ready_machine)

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_START(both_ports_open_at_start),
		AT_START(only_the_two_features_are_asked_for),
		AT_START(no_device_is_not_an_error_of_ours),
		AT_START(a_legacy_device_is_left_alone),
		AT_START(a_device_without_multiport_is_refused),
		AT_START(a_device_that_refuses_our_features_is_refused),
		AT_START(a_device_that_does_not_answer_is_given_up),
		AT_START(ports_that_are_not_ours_or_not_there_are_no_trouble),
		AT_START(small_queues_are_accepted),
		RUNNING(pages_go_out_and_come_back),
		RUNNING(a_long_recording_wraps_the_rings),
		RUNNING(a_full_queue_says_so_and_recovers),
		RUNNING(a_send_of_nothing_is_refused),
		RUNNING(long_text_is_written_whole),
		RUNNING(text_and_pages_share_a_port),
		RUNNING(a_stuck_log_port_costs_one_wait),
		RUNNING(the_host_may_close_a_port_and_open_it_again),
		RUNNING(a_failed_device_gives_all_buffers_back),
		RUNNING(a_lying_device_does_no_harm),
		RUNNING(a_tick_with_nothing_to_hear_is_quiet),
		RUNNING(a_panic_needs_no_lock),
		RUNNING(what_the_host_writes_is_received),
		RUNNING(a_device_that_claims_too_much_input_is_cut_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
