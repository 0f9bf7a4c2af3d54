/*
 * What the library needs of its target, for the toy: registers, memory, one thread, breakpoints.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "toy.h"

static size_t tx(void *target, const uint8_t *bytes, size_t count)
{
	const ssize_t sent = send(toy.client, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);

	(void)target;
	return sent > 0 ? (size_t)sent : 0;
}

static size_t register_bytes(void *target, unsigned reg)
{
	(void)target;
	return reg <= CPU_PC ? 8 : reg == CPU_PC + 1 ? 4 : 0;
}

static void *register_at(unsigned reg)
{
	return reg <= CPU_PC ? (void *)&toy.cpu.r[reg] : &toy.cpu.cpsr;
}

static enum gdb_err read_register(void *target, struct gdb_thread thread, unsigned reg,
				  uint8_t *value)
{
	(void)thread;
	memcpy(value, register_at(reg), register_bytes(target, reg));
	return GDB_OK;
}

static enum gdb_err write_register(void *target, struct gdb_thread thread, unsigned reg,
				   const uint8_t *value)
{
	(void)thread;
	memcpy(register_at(reg), value, register_bytes(target, reg));
	return GDB_OK;
}

static size_t read_memory(void *target, struct gdb_thread thread, uint64_t address, uint8_t *bytes,
			  size_t count)
{
	(void)target, (void)thread;
	if (address >= MEMORY_BYTES)
		return 0;
	if (count > MEMORY_BYTES - address)
		count = MEMORY_BYTES - address;
	memcpy(bytes, toy.cpu.memory + address, count);
	return count;
}

static enum gdb_err write_memory(void *target, struct gdb_thread thread, uint64_t address,
				 const uint8_t *bytes, size_t count)
{
	(void)target, (void)thread;
	if (address >= MEMORY_BYTES || count > MEMORY_BYTES - address)
		return GDB_EFAULT;
	memcpy(toy.cpu.memory + address, bytes, count);
	return GDB_OK;
}

static bool next_thread(void *target, struct gdb_thread *thread)
{
	const bool first = !thread->pid || (thread->pid == 1 && !thread->tid);

	(void)target;
	if (first)
		*thread = the_thread;
	return first;
}

static enum gdb_err set_action(void *target, struct gdb_thread thread,
			       const struct gdb_action *action)
{
	(void)target, (void)thread;
	toy.action = *action;
	return GDB_OK;
}

static enum gdb_err resume(void *target)
{
	(void)target;
	toy.running = true;
	toy.stepping_over = true; /* the instruction at pc is executed, breakpoint or not */
	return GDB_OK;
}

static void stop(void *target)
{
	(void)target;
	toy_stop(GDB_STOP_SIGNAL, GDB_SIGNAL_INT, 0);
}

static void detach(void *target, uint32_t pid)
{
	(void)target, (void)pid;
	toy.action.kind = GDB_ACTION_RUN;
	resume(target);
	gdb_released(&toy.stub);
}

static enum gdb_err describe(void *target, uint32_t pid, const char *annex, uint64_t offset,
			     uint8_t *bytes, size_t *count)
{
	const size_t length = strlen(toy.xml);

	(void)target, (void)pid;
	if (strcmp(annex, "target.xml") != 0)
		return GDB_ENOENT;
	if (offset > length)
		offset = length;
	if (*count > length - offset)
		*count = length - offset;
	memcpy(bytes, toy.xml + offset, *count);
	return GDB_OK;
}

static struct point *find(bool watch, uint64_t address, uint64_t bytes)
{
	for (struct point *point = toy.points; point < toy.points + POINTS; point++) {
		if (point->used && point->watch == watch && point->address == address &&
		    point->bytes == bytes)
			return point;
	}
	return NULL;
}

bool toy_has_breakpoint(uint64_t address)
{
	return find(false, address, 4);
}

static enum gdb_err insert(bool watch, uint64_t address, uint64_t bytes)
{
	if (find(watch, address, bytes))
		return GDB_OK;
	for (struct point *point = toy.points; point < toy.points + POINTS; point++) {
		if (!point->used) {
			*point = (struct point){true, watch, address, bytes};
			return GDB_OK;
		}
	}
	return GDB_ENOMEM;
}

static enum gdb_err take_out(bool watch, uint64_t address, uint64_t bytes)
{
	struct point *const point = find(watch, address, bytes);

	if (point)
		point->used = false;
	return GDB_OK;
}

static enum gdb_err insert_break(void *target, struct gdb_thread thread, bool hardware,
				 uint64_t address, uint64_t kind)
{
	(void)target, (void)thread;
	return hardware ? GDB_UNSUPPORTED : insert(false, address, kind);
}

static enum gdb_err remove_break(void *target, struct gdb_thread thread, bool hardware,
				 uint64_t address, uint64_t kind)
{
	(void)target, (void)thread;
	return hardware ? GDB_UNSUPPORTED : take_out(false, address, kind);
}

static enum gdb_err insert_watch(void *target, struct gdb_thread thread, enum gdb_watch watch,
				 uint64_t address, uint64_t bytes)
{
	(void)target, (void)thread;
	return watch == GDB_WATCH_WRITE ? insert(true, address, bytes) : GDB_UNSUPPORTED;
}

static enum gdb_err remove_watch(void *target, struct gdb_thread thread, enum gdb_watch watch,
				 uint64_t address, uint64_t bytes)
{
	(void)target, (void)thread;
	return watch == GDB_WATCH_WRITE ? take_out(true, address, bytes) : GDB_UNSUPPORTED;
}

static void remove_all(void *target, uint32_t pid)
{
	(void)target, (void)pid;
	memset(toy.points, 0, sizeof(toy.points));
}

static enum gdb_err monitor(void *target, struct gdb_thread thread, const char *line)
{
	(void)target, (void)thread;
	if (strcmp(line, "executed") != 0)
		return GDB_EINVAL;
	snprintf(toy.text, sizeof(toy.text), "%llu instructions\n",
		 (unsigned long long)toy.cpu.executed);
	return GDB_OK;
}

static size_t more(void *target, char *text, size_t room)
{
	const size_t count = strlen(toy.text);

	(void)target;
	if (count > room)
		return 0;
	memcpy(text, toy.text, count);
	toy.text[0] = 0;
	return count;
}

static const uint8_t expedited[] = {29, 30, CPU_SP, CPU_PC};
static const struct gdb_core_ops core = {
	.g_registers = CPU_PC + 2,
	.expedited = expedited,
	.expedited_count = sizeof(expedited),
	.range_step = true,
	.tx = tx,
	.register_bytes = register_bytes,
	.read_register = read_register,
	.write_register = write_register,
	.read_memory = read_memory,
	.write_memory = write_memory,
	.next_thread = next_thread,
	.set_action = set_action,
	.resume = resume,
	.stop = stop,
	.detach = detach,
};
static const struct gdb_description_ops description = {describe};
static const struct gdb_breakpoint_ops breakpoints = {insert_break, remove_break, remove_all};
static const struct gdb_watchpoint_ops watchpoints = {insert_watch, remove_watch, remove_all};
static const struct gdb_monitor_ops monitors = {monitor, more};
static const struct gdb_agent_ops agent = {read_register, read_memory};
const struct gdb_ops toy_ops = {
	.core = &core,
	.description = &description,
	.breakpoints = &breakpoints,
	.watchpoints = &watchpoints,
	.monitor = &monitors,
	.agent = &agent,
};

void toy_describe(void)
{
	char *at = toy.xml + sprintf(toy.xml, "<target><architecture>aarch64</architecture>"
					      "<feature name=\"org.gnu.gdb.aarch64.core\">");

	for (unsigned i = 0; i <= 30; i++)
		at += sprintf(at, "<reg name=\"x%u\" bitsize=\"64\"/>", i);
	sprintf(at, "<reg name=\"sp\" bitsize=\"64\" type=\"data_ptr\"/>"
		    "<reg name=\"pc\" bitsize=\"64\" type=\"code_ptr\"/>"
		    "<reg name=\"cpsr\" bitsize=\"32\"/></feature></target>");
}
