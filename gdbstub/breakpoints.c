/*
 * Z and z packets: breakpoints, with conditions and commands, and watchpoints.
 */
#include "internal.h"

/* Of the packet: 0 software, 1 hardware, then the watchpoints in the order of enum gdb_watch. */
#define HARDWARE    1
#define FIRST_WATCH 2
#define TYPES	    5

/* TYPE "," ADDRESS "," KIND; what follows is a breakpoint's conditions. */
static enum gdb_err take_point(struct gdb_stub *stub, uint64_t *type)
{
	const struct gdb_ops *ops = stub->config.ops;

	*type = gdb_number(stub);
	if (*type >= TYPES || !(*type < FIRST_WATCH ? (const void *)ops->breakpoints
						    : (const void *)ops->watchpoints))
		return GDB_UNSUPPORTED;
	gdb_expect(stub, ',');
	gdb_range(stub, ',');
	if (stub->malformed)
		return GDB_EINVAL;
	if (*type >= FIRST_WATCH && (!stub->length || gdb_wraps(stub->address, stub->length)))
		return GDB_EINVAL;
	return GDB_OK;
}

static enum gdb_err tell_target(struct gdb_stub *stub, uint64_t type, bool insert)
{
	const struct gdb_breakpoint_ops *breaks = stub->config.ops->breakpoints;
	const struct gdb_watchpoint_ops *watches = stub->config.ops->watchpoints;

	if (type >= FIRST_WATCH)
		return (insert ? watches->insert : watches->remove)(
			stub->config.target, stub->thread, (enum gdb_watch)(type - FIRST_WATCH),
			stub->address, stub->length);
	return (insert ? breaks->insert : breaks->remove)(
		stub->config.target, stub->thread, type == HARDWARE, stub->address, stub->length);
}

static void forget(struct gdb_stub *stub, uint64_t type)
{
	if (type < FIRST_WATCH)
		gdb_agent_forget(stub, stub->thread.pid, type == HARDWARE, &stub->address);
}

/* GDB repeats the packet to change the conditions: the latest list holds. */
enum gdb_err gdb_do_insert(struct gdb_stub *stub)
{
	uint64_t type;
	enum gdb_err result = take_point(stub, &type);

	if (result != GDB_OK)
		return result;
	forget(stub, type);
	if (!gdb_at_end(stub)) {
		if (type >= FIRST_WATCH || !gdb_agent_present(stub))
			return GDB_EINVAL;
		result = gdb_agent_store(stub, type == HARDWARE);
	}
	if (result == GDB_OK)
		result = tell_target(stub, type, true);
	if (result != GDB_OK)
		forget(stub, type);
	return result;
}

enum gdb_err gdb_do_remove(struct gdb_stub *stub)
{
	uint64_t type;
	const enum gdb_err result = take_point(stub, &type);

	if (result != GDB_OK)
		return result;
	if (!gdb_at_end(stub))
		return GDB_EINVAL;
	forget(stub, type);
	return tell_target(stub, type, false);
}
