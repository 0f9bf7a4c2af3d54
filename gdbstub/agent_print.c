/*
 * The printf of a breakpoint's commands: `dprintf` with dprintf-style agent.
 */
#include "internal.h"

#define TEXT_BYTES 200 /* of a %s */
#define WIDTH_MAX  64
#define LINE_BYTES 256 /* of an O packet */

struct printer {
	struct gdb_stub *stub;
	struct gdb_thread thread;
	size_t count;
	char line[LINE_BYTES];
};

static void flush(struct printer *p)
{
	gdb_console(p->stub, p->line, p->count);
	p->count = 0;
}

static void put(struct printer *p, char character)
{
	p->line[p->count++] = character;
	if (p->count == sizeof(p->line))
		flush(p);
}

static void put_number(struct printer *p, uint64_t value, unsigned base, bool negative, char filler,
		       unsigned width)
{
	char text[WIDTH_MAX + 1], *at = text + sizeof(text);
	const char *const end = at;

	do {
		*--at = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	if (negative && filler == ' ')
		*--at = '-';
	while ((unsigned)(end - at) + (negative && filler == '0') < width)
		*--at = filler;
	if (negative && filler == '0')
		*--at = '-';
	while (at != end)
		put(p, *at++);
}

/* As much of it as is readable, up to its NUL. */
static void put_string(struct printer *p, uint64_t address)
{
	const struct gdb_stub *stub = p->stub;
	uint8_t byte;

	for (unsigned i = 0; i < TEXT_BYTES; i++) {
		if (stub->config.ops->agent->read_memory(stub->config.target, p->thread,
							 address + i, &byte, 1) != 1 ||
		    !byte)
			return;
		put(p, (char)byte);
	}
}

/*
 * Of a conversion's flags only the zero counts, and the width only for numbers: the rest is read
 * over. A plain int is 32 bits.
 */
static const char *convert(struct printer *p, const char *format, uint64_t value)
{
	char filler = ' ';
	unsigned width = 0, base = 10;
	bool wide = false, negative = false;

	while (*format && (*format < 'A' || *format == 'l' || *format == 'h' || *format == 'z')) {
		if (*format == '0' && !width)
			filler = '0';
		else if (*format >= '0' && *format <= '9')
			width = width * 10 + (unsigned)(*format - '0');
		wide |= *format == 'l' || *format == 'z';
		if (width > WIDTH_MAX)
			width = WIDTH_MAX;
		format++;
	}
	if (!wide && *format != 'p' && *format != 's')
		value = *format == 'd' || *format == 'i' ? (uint64_t)(int32_t)value
							 : (uint32_t)value;
	switch (*format) {
	case 'd':
	case 'i':
		negative = value >> 63;
		value = negative ? 0 - value : value;
		break;
	case 'u':
		break;
	case 'o':
		base = 8;
		break;
	case 'p':
		put(p, '0');
		put(p, 'x');
		base = 16;
		break;
	case 'x':
	case 'X':
		base = 16;
		break;
	case 'c':
		put(p, (char)value);
		return format;
	case 's':
		put_string(p, value);
		return format;
	default:
		put(p, '?');
		return format;
	}
	put_number(p, value, base, negative, filler, width);
	return format;
}

/* GDB sends the format as it was typed, escapes and all. */
static char unescaped(char character)
{
	switch (character) {
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case 'r':
		return '\r';
	default: /* a quote, a backslash */
		return character;
	}
}

/* The first argument is the last in args, where the stack had its top. */
void gdb_agent_print(struct gdb_stub *stub, struct gdb_thread thread, const char *format,
		     const uint64_t *args, size_t count)
{
	struct printer p;

	p.stub = stub;
	p.thread = thread;
	p.count = 0;
	for (; *format; format++) {
		if (*format == '\\' && format[1]) {
			put(&p, unescaped(*++format));
		} else if (*format != '%') {
			put(&p, *format);
		} else if (format[1] == '%') {
			put(&p, *format++);
		} else {
			format = convert(&p, format + 1, count ? args[--count] : 0);
			if (!*format)
				break;
		}
	}
	flush(&p);
}
