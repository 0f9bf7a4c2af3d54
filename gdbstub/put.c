/*
 * What replies are made of: texts, numbers, bytes, thread ids, and pieces of documents.
 */
#include "internal.h"

static char digit(uint64_t value)
{
	return "0123456789abcdef"[value & 15];
}

/* Of a document only a window goes into the reply. */
static int in_window(struct gdb_stub *stub)
{
	if (!stub->windowed)
		return true;
	if (stub->window_skip) {
		stub->window_skip--;
		return false;
	}
	if (!stub->window_left) {
		stub->window_cut = true;
		return false;
	}
	stub->window_left--;
	return true;
}

/*
 * What would mean something else on the wire is escaped, '*' too, which stands for a run. Texts and
 * numbers of ours have none of these.
 */
void gdb_put(struct gdb_stub *stub, char character)
{
	if (!in_window(stub))
		return;
	if (character == '#' || character == '$' || character == '}' || character == '*') {
		gdb_emit_shortened(stub, '}');
		character ^= 0x20;
	}
	gdb_emit_shortened(stub, (uint8_t)character);
}

void gdb_put_binary(struct gdb_stub *stub, const void *bytes, size_t count)
{
	for (const char *at = bytes; count; count--)
		gdb_put(stub, *at++);
}

void gdb_put_text(struct gdb_stub *stub, const char *text)
{
	gdb_put_binary(stub, text, strlen(text));
}

void gdb_put_number(struct gdb_stub *stub, uint64_t value)
{
	for (int shift = 60; shift >= 0; shift -= 4)
		if (value >> shift || !shift)
			gdb_put(stub, digit(value >> shift));
}

void gdb_put_named(struct gdb_stub *stub, const char *name, uint64_t value)
{
	gdb_put_text(stub, name);
	gdb_put_number(stub, value);
}

void gdb_put_byte(struct gdb_stub *stub, uint8_t byte)
{
	gdb_put(stub, digit(byte >> 4));
	gdb_put(stub, digit(byte));
}

void gdb_put_bytes(struct gdb_stub *stub, const void *bytes, size_t count)
{
	for (const uint8_t *at = bytes; count; count--)
		gdb_put_byte(stub, *at++);
}

void gdb_put_thread(struct gdb_stub *stub, struct gdb_thread thread)
{
	if (stub->multiprocess) {
		gdb_put(stub, 'p');
		gdb_put_number(stub, thread.pid);
		gdb_put(stub, '.');
	}
	gdb_put_number(stub, thread.tid);
}

/*
 * 'm': there is more. Whether that is so is known only at the end. At worst every byte is escaped.
 */
void gdb_document_begin(struct gdb_stub *stub)
{
	const size_t room = gdb_reply_room(stub) / 2 - 1;

	gdb_emit_first(stub, 'm');
	stub->windowed = true;
	stub->window_cut = false;
	stub->window_skip = stub->address;
	stub->window_left = stub->length < room ? stub->length : room;
}

enum gdb_err gdb_document_end(struct gdb_stub *stub)
{
	stub->windowed = false;
	if (!stub->window_cut)
		gdb_change_first(stub, 'l');
	return GDB_REPLIED;
}
