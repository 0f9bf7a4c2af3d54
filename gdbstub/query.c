/*
 * What this target can do, told to GDB: made from which tables of functions are there.
 */
#include "internal.h"

static const struct {
	uint8_t table;
	char feature[23];
} features[] = {
	{GDB_TABLE(core), "QStartNoAckMode"},
	{GDB_TABLE(core), "vContSupported"},
	{GDB_TABLE(processes), "multiprocess"},
	{GDB_TABLE(breakpoints), "swbreak"},
	{GDB_TABLE(breakpoints), "hwbreak"},
	{GDB_TABLE(description), "qXfer:features:read"},
	{GDB_TABLE(thread_info), "qXfer:threads:read"},
	{GDB_TABLE(exec_file), "qXfer:exec-file:read"},
	{GDB_TABLE(agent), "ConditionalBreakpoints"},
	{GDB_TABLE(agent), "BreakpointCommands"},
};

/* GDB's list is of things that change our replies; the rest of it does not concern us. */
enum gdb_err gdb_do_supported(struct gdb_stub *stub)
{
	const struct gdb_ops *ops = stub->config.ops;

	while (*stub->at++) {
		if (gdb_accept_text(stub, "multiprocess+"))
			stub->multiprocess = ops->processes != NULL;
		if (gdb_accept_text(stub, "swbreak+")) /* hwbreak+ comes with it */
			stub->reasons = ops->breakpoints != NULL;
	}

	/* With the NUL of rx.c and the frame of GDB's reckoning. */
	gdb_put_named(stub, "PacketSize=", stub->config.rx_bytes - 8);
	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		const uint8_t table = features[i].table;

		if (!gdb_has_table(stub, table) ||
		    (table == GDB_TABLE(agent) && !gdb_agent_present(stub)))
			continue;
		gdb_put(stub, ';');
		gdb_put_text(stub, features[i].feature);
		gdb_put(stub, '+');
	}
	return GDB_REPLIED;
}

enum gdb_err gdb_do_vcont_query(struct gdb_stub *stub)
{
	gdb_put_text(stub,
		     stub->config.ops->core->range_step ? "vCont;c;C;s;S;t;r" : "vCont;c;C;s;S;t");
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
	static const char sections[][8] = {"Text=", ";Data=", ";Bss="};
	const uint64_t offset =
		stub->config.ops->exec_file->load_offset(stub->config.target, stub->thread.pid);

	for (unsigned i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		gdb_put_named(stub, sections[i], offset);
	return GDB_REPLIED;
}

/* A piece of text is one O packet; the line itself is answered when there is no more. */
static enum gdb_err monitor_step(struct gdb_stub *stub)
{
	size_t room, count;
	char *text;

	gdb_reply_begin(stub);
	gdb_put(stub, 'O');
	text = (char *)gdb_spare(stub, SIZE_MAX, &room);
	count = stub->config.ops->monitor->more(stub->config.target, text, room);
	if (!count)
		return GDB_OK;
	gdb_put_bytes(stub, text, count < room ? count : room);
	gdb_reply_end(stub);
	return GDB_NO_REPLY;
}

enum gdb_err gdb_do_monitor(struct gdb_stub *stub)
{
	const char *const line = gdb_string(stub);
	enum gdb_err result;

	if (!gdb_parsed(stub))
		return GDB_EINVAL;
	result = stub->config.ops->monitor->start(stub->config.target, stub->thread, line);
	if (result != GDB_OK)
		return result;
	stub->job = monitor_step;
	return GDB_NO_REPLY;
}
