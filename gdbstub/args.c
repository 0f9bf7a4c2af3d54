/*
 * Reading a packet: numbers, bytes, texts. Everything that GDB sends is checked here.
 */
#include "internal.h"

int gdb_hex_digit(uint8_t character)
{
	uint8_t digit = character - '0';

	if (digit < 10)
		return digit;
	digit = (character | 0x20) - 'a';
	return digit < 6 ? digit + 10 : -1;
}

int gdb_at_end(const struct gdb_stub *stub)
{
	return stub->at == stub->end;
}

int gdb_parsed(const struct gdb_stub *stub)
{
	return gdb_at_end(stub) && !stub->malformed;
}

/* Behind the packet stands a NUL: no text goes beyond it. */
int gdb_accept_text(struct gdb_stub *stub, const char *text)
{
	const size_t count = strlen(text);

	if ((size_t)(stub->end - stub->at) < count || memcmp(stub->at, text, count) != 0)
		return false;
	stub->at += count;
	return true;
}

int gdb_accept(struct gdb_stub *stub, char character)
{
	const char text[2] = {character, 0};

	return gdb_accept_text(stub, text);
}

void gdb_expect(struct gdb_stub *stub, char character)
{
	if (!gdb_accept(stub, character))
		stub->malformed = true;
}

/* Leading zeros count as digits: more than 64 bits are refused however they are written. */
uint64_t gdb_number(struct gdb_stub *stub)
{
	const uint8_t *const start = stub->at;
	uint64_t value = 0;

	for (; !gdb_at_end(stub) && gdb_hex_digit(*stub->at) >= 0; stub->at++)
		value = value << 4 | (unsigned)gdb_hex_digit(*stub->at);
	if ((size_t)(stub->at - start - 1) > 15)
		stub->malformed = true;
	return value;
}

void gdb_range(struct gdb_stub *stub, char separator)
{
	stub->address = gdb_number(stub);
	gdb_expect(stub, separator);
	stub->length = gdb_number(stub);
}

static uint8_t take_digit(struct gdb_stub *stub)
{
	const int digit = gdb_at_end(stub) ? -1 : gdb_hex_digit(*stub->at);

	if (digit < 0)
		stub->malformed = true;
	else
		stub->at++;
	return (uint8_t)digit;
}

void gdb_bytes(struct gdb_stub *stub, uint8_t *bytes, size_t count)
{
	for (; count && !stub->malformed; count--) {
		const uint8_t high = take_digit(stub);

		*bytes++ = (uint8_t)(high << 4) | take_digit(stub);
	}
}

size_t gdb_binary(struct gdb_stub *stub)
{
	uint8_t *const start = stub->at, *to = start;

	while (!gdb_at_end(stub)) {
		const bool escaped = gdb_accept(stub, '}');

		if (gdb_at_end(stub)) {
			stub->malformed = true;
			break;
		}
		*to++ = escaped ? *stub->at ^ 0x20 : *stub->at;
		stub->at++;
	}
	return (size_t)(to - start);
}

/*
 * The NUL has room: two digits become one byte, and rx.c leaves one byte behind the packet. Only an
 * empty text has none, but at the packet's end. A NUL in it would cut it.
 */
char *gdb_string(struct gdb_stub *stub, char until)
{
	uint8_t *const text = stub->at, *to = text;

	while (!gdb_at_end(stub) && *stub->at != (uint8_t)until && !stub->malformed) {
		gdb_bytes(stub, to, 1);
		stub->malformed |= !*to++;
	}
	if (to == stub->at && !gdb_at_end(stub))
		stub->malformed = true;
	else
		*to = 0;
	return (char *)text;
}

int gdb_wraps(uint64_t address, uint64_t length)
{
	return length && address + (length - 1) < address;
}
