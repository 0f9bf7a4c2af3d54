/*
 * Driver for QEMU's virtio-serial device (virtio-mmio version 2, multiport): EL2's fast way out, and in.
 * Output is zero copy: the device reads straight from the caller's memory. Polled: no interrupt is
 * needed.
 *
 * Source: virtio 1.2, 4.2 (MMIO), 5.3 (console device). LOCK_VIRTIO inside. Callable from any CPU.
 */
#ifndef DEV_VIRTIO_SERIAL_H
#define DEV_VIRTIO_SERIAL_H

#include <stdbool.h>
#include <stdint.h>

#include <vitrine/err.h>

#define VIRTIO_SERIAL_PORT_LOG	 1u
#define VIRTIO_SERIAL_PORT_TRACE 2u
#define VIRTIO_SERIAL_PORT_GDB	 3u /* announced by some machines; images built with GDB=1 open it */
#define VIRTIO_SERIAL_PORTS	 4u
#ifdef VT_GDB
#define VIRTIO_SERIAL_LAST_PORT VIRTIO_SERIAL_PORT_GDB
#else
#define VIRTIO_SERIAL_LAST_PORT VIRTIO_SERIAL_PORT_TRACE
#endif

/*
 * Probe the transports of hal_info, negotiate, open the ports. VT_ENOENT when the machine has no
 * such device.
 */
enum vt_err virtio_serial_init(void);

/* The host has connected this port (it has announced it with PORT_ADD and PORT_OPEN). No lock. */
bool virtio_serial_port_open(unsigned port);

/* The machine has this port, connected or not. */
bool virtio_serial_port_added(unsigned port);
/* How often the host has connected or gone: a change means that whoever was there is there no more. No lock. */
uint32_t virtio_serial_port_sessions(unsigned port);

/*
 * Give `bytes` bytes at `data` to the device; they must not change until virtio_serial_reap() hands
 * `cookie` (not NULL) back. VT_EIO when the port is not there; VT_ENOMEM when the queue is full
 * (try later: nothing was queued); VT_EINVAL: nothing to send.
 */
enum vt_err virtio_serial_send(unsigned port, const void *data, uint32_t bytes, void *cookie);

/*
 * One finished buffer of this port, oldest first: its cookie; NULL when none has finished. A device
 * that fails gives all back.
 */
void *virtio_serial_reap(unsigned port);

/*
 * Copy text out through an internal buffer and wait, bounded, until the device has taken it: for
 * the log. What finds no room is dropped and counted.
 */
void virtio_serial_write_sync(unsigned port, const void *data, uint32_t bytes);

/*
 * What the host has written to this port (trace or GDB), at most `room` (>= 1) bytes. 0: nothing now. What is not
 * fetched waits at the host: nothing is lost.
 */
uint32_t virtio_serial_receive(unsigned port, void *to, uint32_t room);

/*
 * Now and then, from a tick: learn which ports the host has opened or closed, and whether the
 * device has failed.
 */
void virtio_serial_poll(void);

/* EL2 is about to stop: no locks from here on, since their holders may never run again. */
void virtio_serial_panic_mode(void);

/* Counts for the summary: visible, never silent. */
struct virtio_serial_stats {
	uint64_t dropped_bytes; /* given to write_sync, not written */
	uint64_t refused_sends; /* VT_EIO: port closed or device failed */
	uint64_t timeouts;	/* waits for the device that ended without it */
	uint64_t bad_used; /* buffers that the device claimed to have finished, and never had */
	uint64_t device_failures; /* DEVICE_NEEDS_RESET, or a control queue that does not answer */
};
extern struct virtio_serial_stats virtio_serial_stats;

#endif
