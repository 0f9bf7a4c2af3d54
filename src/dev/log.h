/* What main and core/panic.c do with the log besides writing lines (lib/log.h). */
#ifndef DEV_LOG_H
#define DEV_LOG_H

#include <stdbool.h>

/* Option log=uart: every line goes to the terminal too, also after a guest has spoken. */
void log_set_uart_always(bool always);

/* Devices are there: open the log port, and write out to it what has been kept since the start. */
void log_port_ready(void);

/*
 * EL2 is about to stop: no locks from here on, every line to the UART, and to the port as far as it
 * still works.
 */
void log_panic_mode(void);

#endif
