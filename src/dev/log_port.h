/*
 * The log's own way out, beside the terminal: dev/log_port_virtio.c or dev/log_port_cadence.c, as
 * the platform has it. Callers hold LOCK_LOG, but in a panic.
 */
#ifndef DEV_LOG_PORT_H
#define DEV_LOG_PORT_H

#include <stdbool.h>
#include <stdint.h>

/* The machine is known, its devices are mapped: open the port if there is one. */
void log_port_init(void);
bool log_port_open(void);
void log_port_write(const void *data, uint32_t bytes);
/* EL2 is about to stop: no locks from here on. */
void log_port_panic_mode(void);

#endif
