/*
 * What this target can do, told to GDB: made from which tables of functions are there.
 */
#include "internal.h"

static void offer(struct gdb_stub *stub, bool present, const char *feature)
{
	if (present)
		gdb_put_text(stub, feature);
}

/* GDB's list is of things that change our replies; the rest of it does not concern us. */
enum gdb_err gdb_do_supported(struct gdb_stub *stub)
{
	const struct gdb_ops *ops = stub->config.ops;

	while (!gdb_at_end(stub)) {
		stub->at++;
		if (gdb_accept_text(stub, "multiprocess+"))
			stub->multiprocess = ops->processes != NULL;
		else if (gdb_accept_text(stub, "swbreak+")) /* hwbreak+ comes with it */
			stub->reasons = ops->breakpoints != NULL;
		while (!gdb_at_end(stub) && *stub->at != ';')
			stub->at++;
	}

	/* With the NUL of rx.c and the frame of GDB's reckoning. */
	gdb_put_text(stub, "PacketSize=");
	gdb_put_number(stub, stub->config.rx_bytes - 8);
	gdb_put_text(stub, ";QStartNoAckMode+;vContSupported+");
	offer(stub, ops->processes, ";multiprocess+");
	offer(stub, ops->breakpoints, ";swbreak+;hwbreak+");
	offer(stub, ops->description, ";qXfer:features:read+");
	offer(stub, ops->thread_info, ";qXfer:threads:read+");
	offer(stub, ops->exec_file, ";qXfer:exec-file:read+");
	offer(stub, gdb_agent_present(stub), ";ConditionalBreakpoints+;BreakpointCommands+");
	return GDB_REPLIED;
}

enum gdb_err gdb_do_vcont_query(struct gdb_stub *stub)
{
	gdb_put_text(stub, "vCont;c;C;s;S;t");
	offer(stub, stub->config.ops->core->range_step, ";r");
	return GDB_REPLIED;
}

/* The packet itself is still acknowledged: that has been done when it came. */
enum gdb_err gdb_do_no_ack(struct gdb_stub *stub)
{
	stub->no_ack = true;
	return GDB_OK;
}

/* `target extended-remote` is for those who can start again or attach elsewhere. */
enum gdb_err gdb_do_extended(struct gdb_stub *stub)
{
	return stub->config.ops->reset || stub->config.ops->processes ? GDB_OK : GDB_UNSUPPORTED;
}

/* "1": it was there before GDB, so `quit` detaches rather than kills. */
enum gdb_err gdb_do_attached(struct gdb_stub *stub)
{
	if (stub->address && !gdb_process_exists(stub, stub->address))
		return GDB_ESRCH;
	gdb_put(stub, '1');
	return GDB_REPLIED;
}

enum gdb_err gdb_do_offsets(struct gdb_stub *stub)
{
	const uint64_t offset =
		stub->config.ops->exec_file->load_offset(stub->config.target, stub->thread.pid);

	gdb_put_text(stub, "Text=");
	gdb_put_number(stub, offset);
	gdb_put_text(stub, ";Data=");
	gdb_put_number(stub, offset);
	gdb_put_text(stub, ";Bss=");
	gdb_put_number(stub, offset);
	return GDB_REPLIED;
}

enum gdb_err gdb_do_monitor(struct gdb_stub *stub)
{
	const char *const line = gdb_string(stub, ';');
	enum gdb_err result;

	if (!gdb_parsed(stub))
		return GDB_EINVAL;
	result = stub->config.ops->monitor->start(stub->config.target, stub->thread, line);
	if (result != GDB_OK)
		return result;
	stub->job = GDB_JOB_MONITOR;
	return GDB_NO_REPLY;
}

/* A piece of text is one O packet; the line itself is answered when there is no more. */
enum gdb_err gdb_monitor_step(struct gdb_stub *stub)
{
	char text[256];
	const size_t count =
		stub->config.ops->monitor->more(stub->config.target, text, sizeof(text));

	if (!count)
		return GDB_OK;
	gdb_reply_begin(stub);
	gdb_put(stub, 'O');
	gdb_put_bytes(stub, text, count < sizeof(text) ? count : sizeof(text));
	gdb_reply_end(stub);
	return GDB_NO_REPLY;
}
