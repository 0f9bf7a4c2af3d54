/*
 * Stop replies: why the target stopped, told to GDB.
 */
#include "internal.h"

/*
 * What every look at a stopped thread begins with, so that it need not be asked for. One without a
 * value is left out: here, unlike in `g`, GDB knows no x's.
 */
static void put_expedited(struct gdb_stub *stub)
{
	const struct gdb_core_ops *core = stub->config.ops->core;
	uint8_t value[GDB_MAX_REGISTER_BYTES];
	size_t bytes;

	for (unsigned i = 0; i < core->expedited_count; i++) {
		if (gdb_read_register(stub, core->expedited[i], value, &bytes) != GDB_OK)
			continue;
		gdb_put_byte(stub, core->expedited[i]);
		gdb_put(stub, ':');
		gdb_put_bytes(stub, value, bytes);
		gdb_put(stub, ';');
	}
}

static void put_end(struct gdb_stub *stub)
{
	const bool exited = stub->stop.reason == GDB_STOP_EXITED;

	gdb_put(stub, exited ? 'W' : 'X');
	gdb_put_byte(stub, exited ? stub->stop.status : stub->stop.signal);
	if (stub->multiprocess)
		gdb_put_named(stub, ";process:", stub->stop.thread.pid);
}

/*
 * From here on GDB looks at the thread that it is told of. Reasons that it has not asked for it
 * would not understand: then the signal alone must do.
 */
void gdb_put_stop(struct gdb_stub *stub)
{
	static const char reasons[][12] = {
		"", "swbreak:", "hwbreak:", "watch:", "rwatch:", "awatch:"};
	const struct gdb_thread_info_ops *info = stub->config.ops->thread_info;
	const enum gdb_stop_reason reason = stub->stop.reason;
	int core = -1;

	if (reason >= GDB_STOP_EXITED) {
		put_end(stub);
		return;
	}
	stub->thread = stub->g = stub->stop.thread;
	gdb_put(stub, 'T');
	gdb_put_byte(stub, reason == GDB_STOP_SIGNAL ? stub->stop.signal : GDB_SIGNAL_TRAP);
	gdb_put_text(stub, "thread:");
	gdb_put_thread(stub, stub->g);
	if (info)
		core = info->core(stub->config.target, stub->g);
	if (core >= 0)
		gdb_put_named(stub, ";core:", (unsigned)core);
	gdb_put(stub, ';');
	if (reason >= GDB_STOP_WATCH || (reason != GDB_STOP_SIGNAL && stub->reasons)) {
		gdb_put_text(stub, reasons[reason]);
		if (reason >= GDB_STOP_WATCH)
			gdb_put_number(stub, stub->stop.address);
		gdb_put(stub, ';');
	}
	put_expedited(stub);
}

/* The first of a session: whatever an earlier one has left in the target's code goes now. */
enum gdb_err gdb_do_reason(struct gdb_stub *stub)
{
	const struct gdb_thread any = {0, 0};

	if (stub->fresh)
		gdb_drop_breakpoints(stub, 0);
	stub->fresh = false;
	/* The process that stopped may be gone, or detached, while others are there. */
	if (!gdb_thread_exists(stub, stub->stop.thread)) {
		const struct gdb_stop other = {.thread = gdb_pick_thread(stub, any)};

		if (other.thread.tid)
			stub->stop = other;
		else if (stub->stop.reason < GDB_STOP_EXITED)
			stub->stop.reason = GDB_STOP_EXITED;
	}
	gdb_put_stop(stub);
	return GDB_REPLIED;
}
