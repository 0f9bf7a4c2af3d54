/*
 * The debugger's connection, as server.c needs it: a port of the machine's virtio-serial device, or a UART where there is none. All of it
 * on the server's CPU.
 */
#ifndef DEBUG_PORT_H
#define DEBUG_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gdb_stub;

struct port {
	const char *name;
	/* False: this machine has none. */
	bool (*init)(void);
	/* Changes when whoever spoke is gone, as far as the port can tell; and is somebody there now? */
	uint32_t (*sessions)(void);
	bool (*is_open)(void);
	/* Both do what can be done now. What nobody listens to counts as sent. */
	size_t (*send)(const uint8_t *bytes, size_t count);
	uint32_t (*receive)(uint8_t *to, uint32_t room);
	/* Something sent is still on its way. */
	bool (*is_sending)(void);
	/* NULL: nothing to do. Text of the machine's for GDB; true: there is more. `attached`: the debugger has a VM. */
	bool (*tell)(struct gdb_stub *stub, bool attached);
};

extern const struct port port_virtio, port_uart;

#endif
