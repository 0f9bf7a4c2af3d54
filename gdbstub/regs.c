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

static enum gdb_err take_register(struct gdb_stub *stub, uint64_t reg, bool write)
{
	const size_t bytes = gdb_register_bytes(stub, reg);
	uint8_t value[GDB_MAX_REGISTER_BYTES];

	if (!bytes)
		return GDB_EINVAL;
	gdb_bytes(stub, value, bytes);
	if (!write)
		return GDB_OK;
	return stub->config.ops->core->write_register(stub->config.target, stub->thread,
						      (unsigned)reg, value);
}

/* First all is looked at, then all is written: a malformed packet changes nothing. */
static enum gdb_err take_registers(struct gdb_stub *stub, uint64_t first, unsigned count)
{
	uint8_t *const start = stub->at;
	enum gdb_err result = GDB_OK;

	for (int write = false; write <= true; write++) {
		stub->at = start;
		for (unsigned i = 0; result == GDB_OK && i < count; i++)
			result = take_register(stub, first + i, write);
		if (result == GDB_OK && !gdb_parsed(stub))
			result = GDB_EINVAL;
	}
	return result;
}

enum gdb_err gdb_do_write_all(struct gdb_stub *stub)
{
	return take_registers(stub, 0, stub->config.ops->core->g_registers);
}

enum gdb_err gdb_do_write_one(struct gdb_stub *stub)
{
	gdb_expect(stub, '=');
	return take_registers(stub, stub->address, 1);
}
