/* The log goes to a UART of its own. */
#include "dev/log_port.h"

#include "dev/cadence.h"
#include "hal/hal.h"

static uint64_t base; /* 0: not yet, or there is none */

void log_port_init(void)
{
	base = hal.log_uart_base;
	if (base)
		cadence_init(base);
}

bool log_port_open(void)
{
	return base;
}

void log_port_write(const void *data, uint32_t bytes)
{
	const uint8_t *at = data;

	for (uint32_t i = 0; base && i < bytes; i++)
		cadence_put(base, at[i]);
}

/* There is no lock to forget. */
void log_port_panic_mode(void)
{
}
