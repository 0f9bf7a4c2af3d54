/*
 * The hypervisor's log. One call is one line; the line goes wherever dev/console.c sends the log
 * (the log port, and the UART with a prefix until a guest has spoken). Safe from any CPU. Never
 * used on the hot exit path.
 */
#ifndef LIB_LOG_H
#define LIB_LOG_H

#include <stdarg.h>

/* Supplied by dev/log.c. The text has no newline at its end. */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * An EL2 fault of our own: print a report, stop all CPUs, end. Never for what a guest did. Supplied
 * by main/panic.c.
 */
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define ASSERT(condition)                                                                      \
	do {                                                                                   \
		if (!(condition))                                                              \
			panic("assertion failed: %s (%s:%d)", #condition, __FILE__, __LINE__); \
	} while (0)

#endif
