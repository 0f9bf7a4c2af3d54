/*
 * The conditions and commands of breakpoints, as GDB has sent them, and what a breakpoint that is
 * hit is to do.
 *
 * agent_space holds one entry after the other: an expression, with a head that says which
 * breakpoint it belongs to. Most breakpoints have none, few have more than one.
 */
#include "internal.h"

struct head {
	uint64_t address;
	uint32_t pid;
	uint16_t count; /* bytes of code behind this head */
	bool hardware, command;
};

int gdb_agent_present(const struct gdb_stub *stub)
{
	return stub->config.ops->agent && stub->config.ops->breakpoints && stub->config.agent_space;
}

/* Heads lie at any address: they are copied out. Moves on to the next. */
static int next_entry(const struct gdb_stub *stub, size_t *at, struct head *head)
{
	if (*at >= stub->agent_used)
		return false;
	memcpy(head, stub->config.agent_space + *at, sizeof(*head));
	*at += sizeof(*head) + head->count;
	return true;
}

static int belongs(const struct head *head, uint32_t pid, bool hardware, uint64_t address)
{
	return head->pid == pid && head->hardware == hardware && head->address == address;
}

void gdb_agent_forget(struct gdb_stub *stub, uint32_t pid, bool hardware, const uint64_t *address)
{
	uint8_t *const space = stub->config.agent_space;
	size_t at = 0, kept = 0, next = 0;
	struct head head;

	for (; next_entry(stub, &next, &head); at = next) {
		if (address ? belongs(&head, pid, hardware, *address) : !pid || head.pid == pid)
			continue;
		memmove(space + kept, space + at, next - at);
		kept += next - at;
	}
	stub->agent_used = kept;
}

/*
 * ";X...X..." are conditions, ";cmds:" PERSIST ",X...X..." commands, either or both: and "X" LENGTH
 * "," has twice as many digits behind it.
 */
static enum gdb_err store_next(struct gdb_stub *stub, struct head *head)
{
	uint8_t *const to = stub->config.agent_space + stub->agent_used;
	uint64_t count;

	if (gdb_accept_text(stub, ";cmds:")) {
		head->command = true;
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
	if (stub->config.agent_bytes - stub->agent_used < sizeof(*head) + count)
		return GDB_ENOMEM;
	head->count = (uint16_t)count;
	memcpy(to, head, sizeof(*head));
	gdb_bytes(stub, to + sizeof(*head), (size_t)count);
	stub->agent_used += sizeof(*head) + (size_t)count;
	return stub->malformed ? GDB_EINVAL : GDB_OK;
}

enum gdb_err gdb_agent_store(struct gdb_stub *stub, bool hardware)
{
	struct head head = {
		.address = stub->address, .pid = stub->thread.pid, .hardware = hardware};
	enum gdb_err result = GDB_OK;

	while (result == GDB_OK && !gdb_at_end(stub))
		result = store_next(stub, &head);
	return result;
}

/*
 * Run this breakpoint's commands if there is a printer, evaluate its conditions if there is none.
 */
static enum gdb_verdict walk(const struct gdb_stub *stub, struct gdb_stub *printer,
			     struct gdb_thread thread, bool hardware, uint64_t address)
{
	enum gdb_verdict verdict = GDB_HIT_STOP;
	bool conditional = false, holds = false;
	size_t at = 0;
	struct head head;
	uint64_t value = 1;

	while (next_entry(stub, &at, &head)) {
		const uint8_t *const code = stub->config.agent_space + at - head.count;

		if (!belongs(&head, thread.pid, hardware, address))
			continue;
		if (head.command)
			verdict = GDB_HIT_COMMANDS;
		if (head.command != (printer != NULL))
			continue;
		conditional = true;
		if (!gdb_agent_run(stub, printer, thread, code, head.count, &value)) {
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
