/*
 * The conditions and commands of breakpoints, as GDB has sent them, and what a breakpoint that is
 * hit is to do.
 *
 * agent_space holds one entry after the other: a head that says which breakpoint it belongs to, and
 * an expression. Most breakpoints have none, few have more than one.
 */
#include "internal.h"

struct entry {
	uint64_t address;
	uint32_t pid;
	uint16_t count; /* bytes of code */
	bool hardware, command;
	uint8_t code[];
};

int gdb_agent_present(const struct gdb_stub *stub)
{
	return stub->config.ops->agent && stub->config.ops->breakpoints && stub->config.agent_space;
}

static struct entry *entry_at(const struct gdb_stub *stub, size_t at)
{
	return (struct entry *)((uint8_t *)stub->config.agent_space + at);
}

/* The next head lies where a uint64_t may. */
static size_t size_of(uint64_t count)
{
	return (sizeof(struct entry) + (size_t)count + 7) & ~(size_t)7;
}

static int belongs(const struct entry *entry, uint32_t pid, bool hardware, uint64_t address)
{
	return entry->pid == pid && entry->hardware == hardware && entry->address == address;
}

void gdb_agent_forget(struct gdb_stub *stub, uint32_t pid, bool hardware, const uint64_t *address)
{
	const size_t end = stub->agent_used;
	size_t size;

	stub->agent_used = 0;
	for (size_t at = 0; at < end; at += size) {
		const struct entry *const entry = entry_at(stub, at);

		size = size_of(entry->count);
		if (address ? belongs(entry, pid, hardware, *address) : !pid || entry->pid == pid)
			continue;
		memmove(entry_at(stub, stub->agent_used), entry, size);
		stub->agent_used += size;
	}
}

/*
 * ";X...X..." are conditions, ";cmds:" PERSIST ",X...X..." commands, either or both: and "X" LENGTH
 * "," has twice as many digits behind it.
 */
enum gdb_err gdb_agent_store(struct gdb_stub *stub, bool hardware)
{
	bool command = false;

	while (!gdb_at_end(stub)) {
		struct entry *const entry = entry_at(stub, stub->agent_used);
		uint64_t count;

		if (gdb_accept_text(stub, ";cmds:")) {
			command = true;
			gdb_number(stub);
			gdb_expect(stub, ',');
		} else {
			gdb_accept(stub, ';');
		}
		gdb_expect(stub, 'X');
		count = gdb_number(stub);
		gdb_expect(stub, ',');
		if (stub->malformed || count > UINT16_MAX)
			return GDB_EINVAL;
		if (stub->config.agent_bytes - stub->agent_used < size_of(count))
			return GDB_ENOMEM;
		entry->address = stub->address;
		entry->pid = stub->thread.pid;
		entry->count = (uint16_t)count;
		entry->hardware = hardware;
		entry->command = command;
		gdb_bytes(stub, entry->code, (size_t)count);
		stub->agent_used += size_of(count);
	}
	return stub->malformed ? GDB_EINVAL : GDB_OK;
}

/*
 * Run this breakpoint's commands if there is a printer, evaluate its conditions if there is none.
 */
static enum gdb_verdict walk(const struct gdb_stub *stub, struct gdb_stub *printer,
			     struct gdb_thread thread, bool hardware, uint64_t address)
{
	enum gdb_verdict verdict = GDB_HIT_STOP;
	bool conditional = false, holds = false;
	const struct entry *entry;

	for (size_t at = 0; at < stub->agent_used; at += size_of(entry->count)) {
		uint64_t value;

		entry = entry_at(stub, at);
		if (!belongs(entry, thread.pid, hardware, address))
			continue;
		if (entry->command)
			verdict = GDB_HIT_COMMANDS;
		if (entry->command != (printer != NULL))
			continue;
		conditional = true;
		if (!gdb_agent_run(stub, printer, thread, entry->code, entry->count, &value)) {
			value = 1;
			if (printer)
				gdb_console(printer, "breakpoint command failed\n", 26);
		}
		holds |= value != 0;
	}
	return conditional && !holds ? GDB_HIT_GO_ON : verdict;
}

/* One true condition is enough, and so is one that cannot be evaluated: better a stop too many. */
enum gdb_verdict gdb_breakpoint_hit(const struct gdb_stub *stub, struct gdb_thread thread,
				    bool hardware, uint64_t address)
{
	return walk(stub, NULL, thread, hardware, address);
}

void gdb_breakpoint_commands(struct gdb_stub *stub, struct gdb_thread thread, bool hardware,
			     uint64_t address)
{
	walk(stub, stub, thread, hardware, address);
}
