/*
 * Registers: all of the `g` packet, or one.
 */
#include "internal.h"

size_t gdb_register_bytes(const struct gdb_stub *stub, uint64_t reg)
{
	const size_t bytes =
		reg <= UINT32_MAX
			? stub->config.ops->core->register_bytes(stub->config.target, (unsigned)reg)
			: 0;

	return bytes <= GDB_MAX_REGISTER_BYTES ? bytes : 0;
}

enum gdb_err gdb_read_register(struct gdb_stub *stub, uint64_t reg, uint8_t *value, size_t *bytes)
{
	*bytes = gdb_register_bytes(stub, reg);
	return *bytes ? stub->config.ops->core->read_register(stub->config.target, stub->thread,
							      (unsigned)reg, value)
		      : GDB_EINVAL;
}

static enum gdb_err put_register(struct gdb_stub *stub, uint64_t reg)
{
	uint8_t value[GDB_MAX_REGISTER_BYTES];
	size_t bytes;
	const enum gdb_err result = gdb_read_register(stub, reg, value, &bytes);

	if (result > 0)
		return result;
	if (result == GDB_OK)
		gdb_put_bytes(stub, value, bytes);
	else
		for (; bytes; bytes--)
			gdb_put_text(stub, "xx");
	return GDB_REPLIED;
}

enum gdb_err gdb_do_read_all(struct gdb_stub *stub)
{
	enum gdb_err result = GDB_REPLIED;

	for (unsigned reg = 0; result == GDB_REPLIED && reg < stub->config.ops->core->g_registers;
	     reg++)
		result = put_register(stub, reg);
	return result;
}

enum gdb_err gdb_do_read_one(struct gdb_stub *stub)
{
	return put_register(stub, stub->address);
}

/* A value that begins with an x: GDB has none for this register, it stays as it is. */
static int is_unavailable(struct gdb_stub *stub, size_t bytes)
{
	if (gdb_at_end(stub) || *stub->at != 'x')
		return false;
	for (bytes *= 2; bytes; bytes--)
		gdb_expect(stub, 'x');
	return true;
}

static enum gdb_err take_register(struct gdb_stub *stub, uint64_t reg, bool write)
{
	const size_t bytes = gdb_register_bytes(stub, reg);
	uint8_t value[GDB_MAX_REGISTER_BYTES];

	if (is_unavailable(stub, bytes))
		return GDB_OK;
	gdb_bytes(stub, value, bytes);
	if (!write)
		return GDB_OK;
	return stub->config.ops->core->write_register(stub->config.target, stub->thread,
						      (unsigned)reg, value);
}

/* First all is looked at, then all is written: a malformed packet changes nothing. */
enum gdb_err gdb_do_write_all(struct gdb_stub *stub)
{
	uint8_t *const start = stub->at;
	const unsigned count = stub->config.ops->core->g_registers;
	enum gdb_err result = GDB_OK;

	for (unsigned reg = 0; reg < count; reg++)
		take_register(stub, reg, false);
	if (!gdb_parsed(stub))
		return GDB_EINVAL;
	stub->at = start;
	for (unsigned reg = 0; result == GDB_OK && reg < count; reg++)
		result = take_register(stub, reg, true);
	return result;
}

enum gdb_err gdb_do_write_one(struct gdb_stub *stub)
{
	uint8_t *start;

	gdb_expect(stub, '=');
	start = stub->at;
	if (!gdb_register_bytes(stub, stub->address))
		return GDB_EINVAL;
	take_register(stub, stub->address, false);
	if (!gdb_parsed(stub) || *start == 'x')
		return GDB_EINVAL;
	stub->at = start;
	return take_register(stub, stub->address, true);
}
