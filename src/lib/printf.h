/*
 * Formatted text without a C library.
 *
 * Supports %d %i %u %x %X %c %s %p %% with flags 0 - + space #, width, precision, and l ll z j t h hh. Anything else is
 * copied as it stands. %p prints 0x and 16 digits.
 */
#ifndef LIB_PRINTF_H
#define LIB_PRINTF_H

#include <stdarg.h>
#include <stddef.h>

/* Write at most size bytes including the final NUL; return the length that the whole text has. */
int vt_vsnprintf(char *buffer, size_t size, const char *format, va_list args);
int vt_snprintf(char *buffer, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * The same behind the *used bytes that `buffer` holds already; *used grows by what fits and never
 * beyond size - 1.
 */
void vt_append(char *buffer, size_t size, size_t *used, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
