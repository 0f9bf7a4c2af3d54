/* The log goes to a virtio-serial port. */
#include "dev/log_port.h"

#include "dev/virtio_serial.h"

/* main has called virtio_serial_init(), for the trace as well. */
void log_port_init(void)
{
}

bool log_port_open(void)
{
	return virtio_serial_port_open(VIRTIO_SERIAL_PORT_LOG);
}

void log_port_write(const void *data, uint32_t bytes)
{
	virtio_serial_write_sync(VIRTIO_SERIAL_PORT_LOG, data, bytes);
}

void log_port_panic_mode(void)
{
	virtio_serial_panic_mode();
}
