/*
 * Reading a packet: numbers, bytes, texts. Everything that GDB sends is checked here.
 */
#include "internal.h"

int gdb_hex_digit(uint8_t character)
{
	const uint8_t lower = character | 0x20;

	if (character >= '0' && character <= '9')
		return character - '0';
	if (lower >= 'a' && lower <= 'f')
		return lower - 'a' + 10;
	return -1;
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

	if ((size_t)(stub->end - stub->at) < count || memcmp(stub->at, text, count))
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

/* The digits are looked at before the first byte is written. */
void gdb_bytes(struct gdb_stub *stub, uint8_t *bytes, size_t count)
{
	if ((size_t)(stub->end - stub->at) / 2 < count)
		stub->malformed = true;
	for (size_t i = 0; !stub->malformed && i < 2 * count; i++)
		stub->malformed = gdb_hex_digit(stub->at[i]) < 0;
	if (stub->malformed)
		return;
	for (; count; count--, stub->at += 2)
		*bytes++ = (uint8_t)(gdb_hex_digit(stub->at[0]) << 4 | gdb_hex_digit(stub->at[1]));
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

/* The NUL has room: two digits become one byte, and rx.c leaves one byte behind the packet. */
char *gdb_string(struct gdb_stub *stub, char until)
{
	uint8_t *const text = stub->at;
	size_t digits = 0;

	while (text + digits != stub->end && text[digits] != (uint8_t)until)
		digits++;
	/* An empty one has no room, but at the packet's end; and a NUL in a text would cut it. */
	if (digits % 2 || (!digits && !gdb_at_end(stub)))
		stub->malformed = true;
	gdb_bytes(stub, text, digits / 2);
	if (!stub->malformed) {
		text[digits / 2] = 0;
		stub->malformed = strlen((char *)text) != digits / 2;
	}
	return (char *)text;
}

int gdb_wraps(uint64_t address, uint64_t length)
{
	return length && address + (length - 1) < address;
}
