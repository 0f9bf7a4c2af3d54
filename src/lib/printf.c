/*
 * Formatted text. One loop copies the format and stops at each %; a conversion is parsed into
 * `struct spec` and written by one of two writers, number or text. Memory use is constant; what
 * does not fit is counted, not written.
 */
#include "lib/printf.h"

#include "lib/bits.h"

#include <stdbool.h>
#include <stdint.h>

#include "lib/string.h"

struct out {
	char *buffer;
	size_t size;
	size_t length; /* of the whole text, written or not */
};

struct spec {
	bool left, zero, plus, space, alternate;
	int width;
	int precision; /* -1: none given */
	int size;      /* of the integer argument in bytes */
};

#define MAX_DIGITS     24 /* 64 bits in octal would be 22 */
#define POINTER_DIGITS 16

static void put(struct out *out, char c)
{
	if (out->length + 1 < out->size)
		out->buffer[out->length] = c;
	out->length++;
}

static void put_times(struct out *out, char c, int times)
{
	while (times-- > 0)
		put(out, c);
}

static void put_text(struct out *out, const struct spec *spec, const char *text, size_t length)
{
	const int padding = spec->width - (int)length;

	if (!spec->left)
		put_times(out, ' ', padding);
	for (size_t i = 0; i < length; i++)
		put(out, text[i]);
	if (spec->left)
		put_times(out, ' ', padding);
}

/*
 * [spaces][prefix][zeroes][digits][spaces]; a precision asks for at least so many digits and turns
 * the 0 flag off.
 */
static void put_number(struct out *out, const struct spec *spec, uint64_t value, unsigned base,
		       bool upper, const char *prefix)
{
	const char *const digit_of = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char digits[MAX_DIGITS];
	int count = 0;

	for (; value > 0; value /= base)
		digits[count++] = digit_of[value % base];

	const int least = spec->precision >= 0 ? spec->precision : 1;
	int zeroes = least > count ? least - count : 0;
	int padding = spec->width - (int)strlen(prefix) - zeroes - count;

	if (spec->zero && !spec->left && spec->precision < 0 && padding > 0) {
		zeroes += padding;
		padding = 0;
	}
	if (!spec->left)
		put_times(out, ' ', padding);
	while (*prefix)
		put(out, *prefix++);
	put_times(out, '0', zeroes);
	while (count > 0)
		put(out, digits[--count]);
	if (spec->left)
		put_times(out, ' ', padding);
}

/* Wide enough for any log line; also keeps a wild width from looping for long. */
#define MAX_WIDTH 4096

static const char *parse_count(const char *at, int *count)
{
	*count = 0;
	for (; *at >= '0' && *at <= '9'; at++)
		if (*count < MAX_WIDTH)
			*count = *count * 10 + (*at - '0');
	return at;
}

static const char *parse_flags(const char *at, struct spec *spec)
{
	for (;; at++) {
		switch (*at) {
		case '-':
			spec->left = true;
			break;
		case '0':
			spec->zero = true;
			break;
		case '+':
			spec->plus = true;
			break;
		case ' ':
			spec->space = true;
			break;
		case '#':
			spec->alternate = true;
			break;
		default:
			return at;
		}
	}
}

static const char *parse_size(const char *at, struct spec *spec)
{
	switch (*at) {
	case 'h':
		spec->size = at[1] == 'h' ? sizeof(char) : sizeof(short);
		return at + (at[1] == 'h' ? 2 : 1);
	case 'l':
		spec->size = at[1] == 'l' ? sizeof(long long) : sizeof(long);
		return at + (at[1] == 'l' ? 2 : 1);
	case 'z':
	case 't':
	case 'j':
		spec->size = sizeof(uint64_t);
		return at + 1;
	default:
		spec->size = sizeof(int);
		return at;
	}
}

static uint64_t truncated(uint64_t value, int bytes)
{
	return bytes == 8 ? value : value & ((UINT64_C(1) << 8 * bytes) - 1);
}

static int64_t sign_extended(uint64_t value, int bytes)
{
	const uint64_t sign = UINT64_C(1) << (8 * bytes - 1);

	return (int64_t)((truncated(value, bytes) ^ sign) - sign);
}

static void put_signed(struct out *out, const struct spec *spec, int64_t value)
{
	const char *prefix = value < 0 ? "-" : spec->plus ? "+" : spec->space ? " " : "";

	put_number(out, spec, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, false, prefix);
}

static void put_hex(struct out *out, const struct spec *spec, uint64_t value, bool upper)
{
	const char *prefix = !spec->alternate || value == 0 ? "" : upper ? "0X" : "0x";

	put_number(out, spec, value, 16, upper, prefix);
}

/* Looks at no byte beyond the precision: the text need not end in a NUL. */
static void put_string(struct out *out, const struct spec *spec, const char *text)
{
	size_t length = 0;

	if (!text)
		text = "(null)";
	while ((spec->precision < 0 || length < (size_t)spec->precision) && text[length])
		length++;
	put_text(out, spec, text, length);
}

static void put_pointer(struct out *out, struct spec spec, const void *pointer)
{
	spec.precision = POINTER_DIGITS;
	put_number(out, &spec, (uintptr_t)pointer, 16, false, "0x");
}

/*
 * `start` is behind the %. Returns what follows the conversion; an unknown one is copied as it
 * stands.
 */
static const char *convert(struct out *out, const char *const start, va_list *args)
{
	struct spec spec = {.precision = -1};
	const char *at = parse_flags(start, &spec);
	uint64_t integer;

	if (*at == '*') {
		spec.width = va_arg(*args, int);
		if (spec.width < 0) {
			spec.left = true;
			spec.width = spec.width < -MAX_WIDTH ? MAX_WIDTH : -spec.width;
		}
		at++;
	} else {
		at = parse_count(at, &spec.width);
	}
	if (*at == '.') {
		at++;
		if (*at == '*') {
			spec.precision = va_arg(*args, int);
			at++;
		} else {
			at = parse_count(at, &spec.precision);
		}
	}
	at = parse_size(at, &spec);

	switch (*at) {
	case 'd':
	case 'i':
	case 'u':
	case 'x':
	case 'X':
		integer = spec.size == 8 ? va_arg(*args, uint64_t) : va_arg(*args, unsigned);
		if (*at == 'd' || *at == 'i')
			put_signed(out, &spec, sign_extended(integer, spec.size));
		else if (*at == 'u')
			put_number(out, &spec, truncated(integer, spec.size), 10, false, "");
		else
			put_hex(out, &spec, truncated(integer, spec.size), *at == 'X');
		return at + 1;
	case 'c':
		put_text(out, &spec, (char[]){(char)va_arg(*args, int)}, 1);
		return at + 1;
	case 's':
		put_string(out, &spec, va_arg(*args, const char *));
		return at + 1;
	case 'p':
		put_pointer(out, spec, va_arg(*args, void *));
		return at + 1;
	case '%':
		put(out, '%');
		return at + 1;
	default:
		put(out, '%');
		return start;
	}
}

int vt_vsnprintf(char *buffer, size_t size, const char *format, va_list args)
{
	struct out out = {.buffer = buffer, .size = size};
	va_list rest;

	va_copy(rest, args); /* a pointer to it can be passed on, whatever type va_list has */
	while (*format) {
		if (*format != '%') {
			put(&out, *format++);
			continue;
		}
		format = convert(&out, format + 1, &rest);
	}
	va_end(rest);

	if (size > 0)
		buffer[out.length < size ? out.length : size - 1] = '\0';
	return (int)out.length;
}

int vt_snprintf(char *buffer, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	const int length = vt_vsnprintf(buffer, size, format, args);
	va_end(args);
	return length;
}

void vt_append(char *buffer, size_t size, size_t *used, const char *format, ...)
{
	va_list args;

	if (*used >= size)
		return;
	va_start(args, format);
	*used += (size_t)vt_vsnprintf(buffer + *used, size - *used, format, args);
	va_end(args);
	*used = MIN(*used, size - 1);
}
