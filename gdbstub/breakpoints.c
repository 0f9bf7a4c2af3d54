/*
 * Z and z packets: breakpoints, with conditions and commands, and watchpoints.
 */
#include "internal.h"

/* Of the packet: 0 software, 1 hardware, then the watchpoints in the order of enum gdb_watch. */
#define HARDWARE    1
#define FIRST_WATCH 2
#define TYPES	    5

static enum gdb_err watch(struct gdb_stub *stub, bool insert, enum gdb_watch kind)
{
	const struct gdb_watchpoint_ops *ops = stub->config.ops->watchpoints;

	if (!stub->length || gdb_wraps(stub->address, stub->length))
		return GDB_EINVAL;
	return (insert ? ops->insert : ops->remove)(stub->config.target, stub->thread, kind,
						    stub->address, stub->length);
}

/* GDB repeats the packet to change the conditions: the latest list holds. */
static enum gdb_err breakpoint(struct gdb_stub *stub, bool insert, bool hardware)
{
	const struct gdb_breakpoint_ops *ops = stub->config.ops->breakpoints;
	enum gdb_err result = GDB_OK;

	gdb_agent_forget(stub, stub->thread.pid, hardware, &stub->address);
	if (!gdb_at_end(stub))
		result = gdb_agent_store(stub, hardware);
	if (result == GDB_OK)
		result = (insert ? ops->insert : ops->remove)(
			stub->config.target, stub->thread, hardware, stub->address, stub->length);
	if (result != GDB_OK)
		gdb_agent_forget(stub, stub->thread.pid, hardware, &stub->address);
	return result;
}

/* TYPE "," ADDRESS "," KIND; what follows is a new breakpoint's conditions. */
enum gdb_err gdb_do_point(struct gdb_stub *stub)
{
	const struct gdb_ops *ops = stub->config.ops;
	const bool insert = stub->config.rx[0] == 'Z';
	const uint64_t type = gdb_number(stub);
	const bool watches = type >= FIRST_WATCH;

	if (type >= TYPES ||
	    !(watches ? (const void *)ops->watchpoints : (const void *)ops->breakpoints))
		return GDB_UNSUPPORTED;
	gdb_expect(stub, ',');
	gdb_range(stub, ',');
	if (!gdb_at_end(stub) && (!insert || watches || !gdb_agent_present(stub)))
		stub->malformed = true;
	if (stub->malformed)
		return GDB_EINVAL;
	return watches ? watch(stub, insert, (enum gdb_watch)(type - FIRST_WATCH))
		       : breakpoint(stub, insert, type == HARDWARE);
}
