/*
 * Processes: let go, end, attach, start again.
 */
#include "internal.h"

/* With no process left the next session attaches one (rx.c). */
static enum gdb_err leave(struct gdb_stub *stub, uint32_t pid, bool kill)
{
	const struct gdb_thread any = {0, 0};
	enum gdb_err result = GDB_OK;

	gdb_drop_breakpoints(stub, pid);
	if (kill)
		result = stub->config.ops->processes->kill(stub->config.target, pid);
	else
		stub->config.ops->core->detach(stub->config.target, pid);
	stub->g = any;
	stub->c = any;
	return result;
}

static void leave_all(struct gdb_stub *stub, bool kill)
{
	struct gdb_thread next = {0, 0};

	while (gdb_next_any(stub, &next)) {
		leave(stub, next.pid, kill);
		next.tid = GDB_ALL;
	}
}

enum gdb_err gdb_do_detach(struct gdb_stub *stub)
{
	if (gdb_at_end(stub)) {
		leave_all(stub, false);
		return GDB_OK;
	}
	gdb_expect(stub, ';');
	stub->address = gdb_number(stub);
	if (!gdb_parsed(stub))
		return GDB_EINVAL;
	if (!gdb_process_exists(stub, stub->address))
		return GDB_ESRCH;
	return leave(stub, (uint32_t)stub->address, false);
}

/* `k` has no answer. A target that cannot be killed is let go. */
enum gdb_err gdb_do_kill_all(struct gdb_stub *stub)
{
	leave_all(stub, stub->config.ops->processes);
	return GDB_NO_REPLY;
}

enum gdb_err gdb_do_kill(struct gdb_stub *stub)
{
	if (!gdb_process_exists(stub, stub->address))
		return GDB_ESRCH;
	return leave(stub, (uint32_t)stub->address, true);
}

enum gdb_err gdb_do_attach(struct gdb_stub *stub)
{
	const uint64_t pid = stub->address;

	if (!pid || pid >= GDB_ALL || gdb_process_exists(stub, pid))
		return GDB_ESRCH;
	gdb_begin_run(stub, true);
	return gdb_end_run(stub,
			   stub->config.ops->processes->attach(stub->config.target, (uint32_t)pid));
}

static enum gdb_err restart(struct gdb_stub *stub, bool awaited)
{
	gdb_drop_breakpoints(stub, 0);
	gdb_begin_run(stub, awaited);
	return gdb_end_run(stub, stub->config.ops->reset->reset(stub->config.target));
}

/* Another program than the one that runs cannot be started, nor can it be given arguments. */
enum gdb_err gdb_do_run(struct gdb_stub *stub)
{
	const char *const file = gdb_string(stub);

	if (!gdb_parsed(stub))
		return GDB_EINVAL;
	return !*file || gdb_owner_of(stub, file) ? restart(stub, true) : GDB_ENOENT;
}

/* "R" and two digits that mean nothing. It has no answer, for good or ill: GDB asks `?` next. */
enum gdb_err gdb_do_restart(struct gdb_stub *stub)
{
	restart(stub, false);
	return GDB_NO_REPLY;
}
