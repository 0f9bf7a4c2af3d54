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

/* base 0: signed, decimal. Before a minus sign stand blanks. */
static void put_number(struct printer *p, uint64_t value, unsigned base, char filler,
		       unsigned width)
{
	char text[WIDTH_MAX], *const end = text + sizeof(text), *at = end;
	const char *const begin = end - (width < sizeof(text) ? width : sizeof(text));
	const bool negative = !base && value >> 63;

	value = negative ? 0 - value : value;
	base = base ? base : 10;
	do {
		*--at = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	if (negative) {
		*--at = '-';
		filler = ' ';
	}
	while (at > begin)
		*--at = filler;
	while (at != end)
		put(p, *at++);
}

/* As much of it as is readable, up to its NUL. */
static void put_string(struct printer *p, uint64_t address)
{
	const struct gdb_stub *stub = p->stub;
	uint8_t byte;

	for (unsigned i = 0; i < TEXT_BYTES; i++) {
		if (stub->config.ops->agent->read_memory(stub->config.target, p->thread, address++,
							 &byte, 1) != 1 ||
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
	unsigned width = 0, base = 16;
	bool wide = false;

	for (; *format && (*format < 'A' || *format == 'l' || *format == 'h' || *format == 'z');
	     format++) {
		const unsigned digit = (unsigned)*format - '0';

		if (digit < 10)
			width = width * 10 + digit;
		if (!width && !digit)
			filler = '0';
		wide |= *format >= 'l';
	}
	switch (*format) {
	case 'd':
	case 'i':
		base = 0;
		if (!wide)
			value = (uint64_t)(int32_t)value;
		wide = true;
		break;
	case 'u':
		base = 10;
		break;
	case 'o':
		base = 8;
		break;
	case 'x':
	case 'X':
		break;
	case 'p':
		put(p, '0');
		put(p, 'x');
		wide = true;
		break;
	case 's':
		put_string(p, value);
		return format;
	case 'c':
		put(p, (char)value);
		return format;
	default:
		put(p, '?');
		return format;
	}
	put_number(p, wide ? value : (uint32_t)value, base, filler, width);
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
		} else if (*format != '%' || *++format == '%') {
			put(&p, *format);
		} else {
			format = convert(&p, format, count ? args[--count] : 0);
			if (!*format)
				break;
		}
	}
	flush(&p);
}
