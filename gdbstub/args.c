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

int gdb_parsed(const struct gdb_stub *stub)
{
	return gdb_at_end(stub) && !stub->malformed;
}

/*
 * Behind the packet stands a NUL, which is in no text and is no digit: nothing here reads beyond it.
 */
int gdb_accept(struct gdb_stub *stub, char character)
{
	if (*stub->at != (uint8_t)character)
		return false;
	stub->at++;
	return true;
}

int gdb_accept_text(struct gdb_stub *stub, const char *text)
{
	uint8_t *const start = stub->at;

	while (*text) {
		if (!gdb_accept(stub, *text++)) {
			stub->at = start;
			return false;
		}
	}
	return true;
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

	for (int digit; (digit = gdb_hex_digit(*stub->at)) >= 0; stub->at++)
		value = value << 4 | (unsigned)digit;
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

void gdb_bytes(struct gdb_stub *stub, uint8_t *bytes, size_t count)
{
	uint8_t *at = stub->at;

	for (; count; count--, at += 2) {
		const int high = gdb_hex_digit(at[0]);
		const int low = high < 0 ? high : gdb_hex_digit(at[1]);

		if (low < 0) {
			stub->malformed = true;
			break;
		}
		*bytes++ = (uint8_t)(high << 4 | low);
	}
	stub->at = at;
}

size_t gdb_binary(struct gdb_stub *stub)
{
	uint8_t *const start = stub->at, *to = start;
	uint8_t escape = 0;

	for (; !gdb_at_end(stub); stub->at++) {
		if (*stub->at == '}' && !escape) {
			escape = 0x20;
			continue;
		}
		*to++ = *stub->at ^ escape;
		escape = 0;
	}
	stub->malformed |= escape != 0;
	return (size_t)(to - start);
}

/*
 * The NUL has room: two digits become one byte. Where there are none it takes the place of what
 * follows, which then is malformed. A NUL among them would cut the text.
 */
char *gdb_string(struct gdb_stub *stub)
{
	uint8_t *const text = stub->at, *to = text;

	while (gdb_hex_digit(*stub->at) >= 0 && !stub->malformed) {
		gdb_bytes(stub, to, 1);
		stub->malformed |= !*to++;
	}
	*to = 0;
	return (char *)text;
}

int gdb_wraps(uint64_t address, uint64_t length)
{
	return length && address + (length - 1) < address;
}
