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
#define PACKET(name, handler, reads, table, about) {handler, reads, table, name},
#include "packets.def"
#undef PACKET
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
	stub->malformed = false;
	stub->address = 0;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (fits(stub, &rows[i]))
			return handle(stub, &rows[i]);
	}
	return GDB_UNSUPPORTED;
}
