/*
 * Which packet is whose: one row a packet. What stands in no row is answered by an empty packet:
 * "not here". A row also says which table of the target's must be there, and what is read from the
 * packet before the handler is called.
 */
#include "internal.h"

enum {
	WHOLE = 1,   /* the packet is this name and nothing more */
	NUMBER = 2,  /* a number follows, into stub->address */
	COMMA = 4,   /* two numbers with a comma, into address and length */
	THREAD = 8,  /* a thread id, into stub->selected */
	END = 16,    /* and then nothing */
	CURRENT = 32 /* there must be a thread that GDB looks at: stub->thread */
};

#define TABLE	 GDB_TABLE
#define NO_TABLE GDB_TABLE(core)

struct row {
	gdb_handler *handler;
	uint8_t reads, table;
	char name[22];
};

/* The first row that fits is the one. */
static const struct row rows[] = {
	{gdb_do_reason, WHOLE, NO_TABLE, "?"},
	{gdb_do_extended, WHOLE, NO_TABLE, "!"},
	{gdb_do_read_all, WHOLE | CURRENT, NO_TABLE, "g"},
	{gdb_do_write_all, CURRENT, NO_TABLE, "G"},
	{gdb_do_read_one, NUMBER | END | CURRENT, NO_TABLE, "p"},
	{gdb_do_write_one, NUMBER | CURRENT, NO_TABLE, "P"},
	{gdb_do_read_memory, COMMA | END | CURRENT, NO_TABLE, "m"},
	{gdb_do_write_hex, COMMA | CURRENT, NO_TABLE, "M"},
	{gdb_do_write_binary, COMMA | CURRENT, NO_TABLE, "X"},
	{gdb_do_insert, CURRENT, NO_TABLE, "Z"},
	{gdb_do_remove, CURRENT, NO_TABLE, "z"},
	{gdb_do_select_g, THREAD | END, NO_TABLE, "Hg"},
	{gdb_do_select_c, THREAD | END, NO_TABLE, "Hc"},
	{gdb_do_alive, THREAD | END, NO_TABLE, "T"},
	{gdb_do_go, 0, NO_TABLE, "c"},
	{gdb_do_go, 0, NO_TABLE, "C"},
	{gdb_do_go, 0, NO_TABLE, "s"},
	{gdb_do_go, 0, NO_TABLE, "S"},
	{gdb_do_detach, 0, NO_TABLE, "D"},
	{gdb_do_kill_all, WHOLE, NO_TABLE, "k"},
	{gdb_do_restart, 0, TABLE(reset), "R"},
	{gdb_do_vcont_query, WHOLE, NO_TABLE, "vCont?"},
	{gdb_do_vcont, 0, NO_TABLE, "vCont"},
	{gdb_do_attach, NUMBER | END, TABLE(processes), "vAttach;"},
	{gdb_do_kill, NUMBER | END, TABLE(processes), "vKill;"},
	{gdb_do_run, 0, TABLE(reset), "vRun;"},
	{gdb_do_file_system, NUMBER | END, TABLE(exec_file), "vFile:setfs:"},
	{gdb_do_file_open, 0, TABLE(exec_file), "vFile:open:"},
	{gdb_do_file_read, NUMBER, TABLE(exec_file), "vFile:pread:"},
	{gdb_do_file_stat, NUMBER | END, TABLE(exec_file), "vFile:fstat:"},
	{gdb_do_file_close, NUMBER | END, TABLE(exec_file), "vFile:close:"},
	{gdb_do_supported, 0, NO_TABLE, "qSupported"},
	{gdb_do_no_ack, WHOLE, NO_TABLE, "QStartNoAckMode"},
	{gdb_do_current, WHOLE | CURRENT, NO_TABLE, "qC"},
	{gdb_do_first_threads, WHOLE, NO_TABLE, "qfThreadInfo"},
	{gdb_do_more_threads, WHOLE, NO_TABLE, "qsThreadInfo"},
	{gdb_do_thread_text, THREAD | END, TABLE(thread_info), "qThreadExtraInfo,"},
	{gdb_do_attached, WHOLE, NO_TABLE, "qAttached"},
	{gdb_do_attached, NUMBER | END, NO_TABLE, "qAttached:"},
	{gdb_do_offsets, WHOLE | CURRENT, TABLE(exec_file), "qOffsets"},
	{gdb_do_features, CURRENT, TABLE(description), "qXfer:features:read:"},
	{gdb_do_thread_list, COMMA | END, TABLE(thread_info), "qXfer:threads:read::"},
	{gdb_do_exec_path, CURRENT, TABLE(exec_file), "qXfer:exec-file:read:"},
	{gdb_do_monitor, CURRENT, TABLE(monitor), "qRcmd,"},
	{gdb_do_search, CURRENT, NO_TABLE, "qSearch:memory:"},
	{gdb_do_crc, COMMA | END | CURRENT, NO_TABLE, "qCRC:"},
};

int gdb_has_table(const struct gdb_stub *stub, unsigned table)
{
	return ((const void *const *)stub->config.ops)[table] != NULL;
}

static int fits(struct gdb_stub *stub, const struct row *row)
{
	stub->at = stub->config.rx;
	return gdb_accept_text(stub, row->name) && (!(row->reads & WHOLE) || gdb_at_end(stub)) &&
	       gdb_has_table(stub, row->table);
}

static enum gdb_err handle(struct gdb_stub *stub, const struct row *row)
{
	const uint8_t reads = row->reads;

	if (reads & NUMBER)
		stub->address = gdb_number(stub);
	if (reads & COMMA)
		gdb_range(stub, ',');
	if (reads & THREAD)
		stub->selected = gdb_thread_id(stub);
	if (stub->malformed || (reads & END && !gdb_at_end(stub)))
		return GDB_EINVAL;
	if (reads & CURRENT) {
		stub->thread = gdb_pick_thread(stub, stub->g);
		if (!stub->thread.tid)
			return GDB_ESRCH;
	}
	return row->handler(stub);
}

enum gdb_err gdb_handle_packet(struct gdb_stub *stub)
{
	stub->end = stub->config.rx + stub->rx_count;
	*stub->end = 0;
	stub->malformed = false;
	stub->address = 0;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (fits(stub, &rows[i]))
			return handle(stub, &rows[i]);
	}
	return GDB_UNSUPPORTED;
}
