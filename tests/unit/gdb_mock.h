/*
 * A target for the GDB library: two processes, 1 with threads 1 and 2, 2 with thread 1; 34
 * registers and two more; 64 KiB of memory at 0x1000. And a client, which frames packets and undoes
 * run-length encoding.
 */
#ifndef TESTS_GDB_MOCK_H
#define TESTS_GDB_MOCK_H

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "gdbstub/gdbstub.h"

#define MOCK_THREADS	3
#define MOCK_G		34
#define MOCK_WIDE	34 /* 16 bytes, not in g */
#define MOCK_UNAVAIL	35 /* has no value */
#define MOCK_REGISTERS	36
#define MOCK_BASE	UINT64_C(0x1000)
#define MOCK_BYTES	0x10000
#define MOCK_BUFFER	0x1000
#define MOCK_TX_RECORD	(1 << 16)
#define MOCK_FILE_BYTES 3000

struct mock {
	struct gdb_stub stub;
	uint8_t rx[MOCK_BUFFER], tx[MOCK_BUFFER];
	_Alignas(8) uint8_t agent[512];

	bool attached[3];
	uint64_t registers[3][2][MOCK_REGISTERS];
	uint8_t memory[MOCK_BYTES];
	struct gdb_action actions[MOCK_THREADS];
	unsigned resumes, stops, detaches, kills, resets, removals;
	bool stop_at_once; /* stop() is answered before it returns */
	bool stop_owed;	   /* or not yet */
	bool run_at_once;  /* resume() too, by this stop: */
	struct gdb_stop next_stop;
	enum gdb_err resume_result, insert_result;
	char log[256]; /* of the latest breakpoint or monitor call */
	const char *monitor_text;

	size_t tx_room; /* what the transport takes */
	uint8_t sent[MOCK_TX_RECORD];
	size_t sent_count;
};

static size_t mock_tx(void *target, const uint8_t *bytes, size_t count)
{
	struct mock *mock = target;

	if (count > mock->tx_room)
		count = mock->tx_room;
	mock->tx_room -= count;
	for (size_t i = 0; i < count; i++) {
		if (mock->sent_count < sizeof(mock->sent))
			mock->sent[mock->sent_count++] = bytes[i];
	}
	return count;
}

static size_t mock_register_bytes(void *target, unsigned reg)
{
	(void)target;
	return reg == MOCK_WIDE ? 16 : reg == 33 ? 4 : reg < MOCK_REGISTERS ? 8 : 0;
}

static uint64_t *mock_register(struct mock *mock, struct gdb_thread thread, unsigned reg)
{
	if (thread.pid < 1 || thread.pid > 2 || thread.tid < 1 || thread.tid > 2)
		abort();
	return &mock->registers[thread.pid][thread.tid - 1][reg];
}

static enum gdb_err mock_read_register(void *target, struct gdb_thread thread, unsigned reg,
				       uint8_t *value)
{
	const size_t bytes = mock_register_bytes(target, reg);

	if (reg == MOCK_UNAVAIL)
		return GDB_UNAVAILABLE;
	memset(value, 0, bytes);
	memcpy(value, mock_register(target, thread, reg), bytes < 8 ? bytes : 8);
	return GDB_OK;
}

static enum gdb_err mock_write_register(void *target, struct gdb_thread thread, unsigned reg,
					const uint8_t *value)
{
	const size_t bytes = mock_register_bytes(target, reg);

	if (reg == MOCK_UNAVAIL)
		return GDB_EPERM;
	memcpy(mock_register(target, thread, reg), value, bytes < 8 ? bytes : 8);
	return GDB_OK;
}

static size_t mock_read_memory(void *target, struct gdb_thread thread, uint64_t address,
			       uint8_t *bytes, size_t count)
{
	struct mock *mock = target;

	(void)thread;
	if (!count || address + count - 1 < address)
		abort();
	if (address < MOCK_BASE || address >= MOCK_BASE + MOCK_BYTES)
		return 0;
	if (count > MOCK_BASE + MOCK_BYTES - address)
		count = (size_t)(MOCK_BASE + MOCK_BYTES - address);
	memcpy(bytes, mock->memory + (address - MOCK_BASE), count);
	return count;
}

static enum gdb_err mock_write_memory(void *target, struct gdb_thread thread, uint64_t address,
				      const uint8_t *bytes, size_t count)
{
	struct mock *mock = target;

	(void)thread;
	if (!count || address + count - 1 < address)
		abort();
	if (address < MOCK_BASE || address >= MOCK_BASE + MOCK_BYTES ||
	    count > MOCK_BASE + MOCK_BYTES - address)
		return GDB_EFAULT;
	memcpy(mock->memory + (address - MOCK_BASE), bytes, count);
	return GDB_OK;
}

static const struct gdb_thread mock_threads[MOCK_THREADS] = {{1, 1}, {1, 2}, {2, 1}};

static bool mock_next_thread(void *target, struct gdb_thread *thread)
{
	struct mock *mock = target;

	for (unsigned i = 0; i < MOCK_THREADS; i++) {
		const struct gdb_thread it = mock_threads[i];

		if (mock->attached[it.pid] &&
		    (it.pid > thread->pid || (it.pid == thread->pid && it.tid > thread->tid))) {
			*thread = it;
			return true;
		}
	}
	return false;
}

static enum gdb_err mock_set_action(void *target, struct gdb_thread thread,
				    const struct gdb_action *action)
{
	struct mock *mock = target;

	for (unsigned i = 0; i < MOCK_THREADS; i++) {
		if (mock_threads[i].pid == thread.pid && mock_threads[i].tid == thread.tid)
			mock->actions[i] = *action;
	}
	return GDB_OK;
}

static enum gdb_err mock_resume(void *target)
{
	struct mock *mock = target;

	if (mock->resume_result != GDB_OK)
		return mock->resume_result;
	mock->resumes++;
	if (mock->run_at_once)
		gdb_stopped(&mock->stub, &mock->next_stop);
	return GDB_OK;
}

static void mock_stop(void *target)
{
	struct mock *mock = target;

	mock->stops++;
	if (!mock->attached[1] && !mock->attached[2])
		mock->attached[1] = true;
	mock->stop_owed = !mock->stop_at_once;
	if (mock->stop_at_once)
		gdb_stopped(&mock->stub, &(struct gdb_stop){{mock->attached[1] ? 1 : 2, 1},
							    .signal = GDB_SIGNAL_INT});
}

static void mock_detach(void *target, uint32_t pid)
{
	struct mock *mock = target;

	mock->detaches++;
	mock->attached[pid] = false;
}

static const uint8_t mock_expedited[] = {29, MOCK_UNAVAIL, 32};

static const struct gdb_core_ops mock_core = {
	.g_registers = MOCK_G,
	.expedited = mock_expedited,
	.expedited_count = sizeof(mock_expedited),
	.range_step = true,
	.tx = mock_tx,
	.register_bytes = mock_register_bytes,
	.read_register = mock_read_register,
	.write_register = mock_write_register,
	.read_memory = mock_read_memory,
	.write_memory = mock_write_memory,
	.next_thread = mock_next_thread,
	.set_action = mock_set_action,
	.resume = mock_resume,
	.stop = mock_stop,
	.detach = mock_detach,
};

static const char mock_xml[] = "<target>#$}* all that must be escaped</target>";

static enum gdb_err mock_copy(const char *text, size_t length, uint64_t offset, uint8_t *bytes,
			      size_t *count)
{
	if (offset > length)
		offset = length;
	if (*count > length - offset)
		*count = (size_t)(length - offset);
	memcpy(bytes, text + offset, *count);
	return GDB_OK;
}

static enum gdb_err mock_description(void *target, uint32_t pid, const char *annex, uint64_t offset,
				     uint8_t *bytes, size_t *count)
{
	(void)target;
	(void)pid;
	if (strcmp(annex, "target.xml") != 0)
		return GDB_ENOENT;
	return mock_copy(mock_xml, strlen(mock_xml), offset, bytes, count);
}

static void mock_name(void *target, struct gdb_thread thread, char *text, size_t room)
{
	(void)target;
	snprintf(text, room, "cpu<%u>", thread.tid);
}

static void mock_state(void *target, struct gdb_thread thread, char *text, size_t room)
{
	(void)target;
	snprintf(text, room, "halted %u", thread.pid);
}

static int mock_cpu(void *target, struct gdb_thread thread)
{
	(void)target;
	return thread.pid == 1 ? (int)thread.tid - 1 : -1;
}

static enum gdb_err mock_insert(void *target, struct gdb_thread thread, bool hardware,
				uint64_t address, uint64_t kind)
{
	struct mock *mock = target;

	snprintf(mock->log, sizeof(mock->log), "insert %s %u %llx %llu", hardware ? "hw" : "sw",
		 thread.pid, (unsigned long long)address, (unsigned long long)kind);
	return mock->insert_result;
}

static enum gdb_err mock_remove(void *target, struct gdb_thread thread, bool hardware,
				uint64_t address, uint64_t kind)
{
	struct mock *mock = target;

	snprintf(mock->log, sizeof(mock->log), "remove %s %u %llx %llu", hardware ? "hw" : "sw",
		 thread.pid, (unsigned long long)address, (unsigned long long)kind);
	return GDB_OK;
}

static void mock_remove_all(void *target, uint32_t pid)
{
	struct mock *mock = target;

	(void)pid;
	mock->removals++;
}

static enum gdb_err mock_watch(void *target, struct gdb_thread thread, enum gdb_watch watch,
			       uint64_t address, uint64_t bytes)
{
	struct mock *mock = target;

	snprintf(mock->log, sizeof(mock->log), "watch %d %u %llx %llu", watch, thread.pid,
		 (unsigned long long)address, (unsigned long long)bytes);
	return mock->insert_result;
}

static enum gdb_err mock_unwatch(void *target, struct gdb_thread thread, enum gdb_watch watch,
				 uint64_t address, uint64_t bytes)
{
	struct mock *mock = target;

	snprintf(mock->log, sizeof(mock->log), "unwatch %d %u %llx %llu", watch, thread.pid,
		 (unsigned long long)address, (unsigned long long)bytes);
	return GDB_OK;
}

static enum gdb_err mock_monitor(void *target, struct gdb_thread thread, const char *line)
{
	struct mock *mock = target;

	(void)thread;
	snprintf(mock->log, sizeof(mock->log), "monitor '%s'", line);
	if (strcmp(line, "bad") == 0)
		return GDB_EINVAL;
	mock->monitor_text = strcmp(line, "quiet") == 0 ? "" : "first line\nsecond line\n";
	return GDB_OK;
}

/* A line at a time. */
static size_t mock_more(void *target, char *text, size_t room)
{
	struct mock *mock = target;
	const char *end = strchr(mock->monitor_text, '\n');
	const size_t count = end ? (size_t)(end + 1 - mock->monitor_text) : 0;

	if (count > room)
		abort();
	memcpy(text, mock->monitor_text, count);
	mock->monitor_text += count;
	return count;
}

static enum gdb_err mock_reset(void *target)
{
	struct mock *mock = target;

	mock->resets++;
	gdb_stopped(&mock->stub, &(struct gdb_stop){{1, 1}, .signal = GDB_SIGNAL_TRAP});
	return GDB_OK;
}

static enum gdb_err mock_attach(void *target, uint32_t pid)
{
	struct mock *mock = target;

	if (pid < 1 || pid > 2)
		return GDB_ESRCH;
	mock->attached[pid] = true;
	gdb_stopped(&mock->stub, &(struct gdb_stop){{pid, 1}, .signal = GDB_SIGNAL_INT});
	return GDB_OK;
}

static enum gdb_err mock_kill(void *target, uint32_t pid)
{
	struct mock *mock = target;

	mock->kills++;
	mock->attached[pid] = false;
	return GDB_OK;
}

static enum gdb_err mock_path(void *target, uint32_t pid, char *path, size_t room)
{
	(void)target;
	if (pid != 1)
		return GDB_ENOENT;
	snprintf(path, room, "/vm/one.elf");
	return GDB_OK;
}

static enum gdb_err mock_file(void *target, uint32_t pid, uint64_t offset, uint8_t *bytes,
			      size_t *count)
{
	(void)target;
	(void)pid;
	if (offset >= MOCK_FILE_BYTES)
		*count = 0;
	else if (*count > MOCK_FILE_BYTES - offset)
		*count = MOCK_FILE_BYTES - offset;
	for (size_t i = 0; i < *count; i++)
		bytes[i] = (uint8_t)(offset + i);
	return GDB_OK;
}

static uint64_t mock_size(void *target, uint32_t pid)
{
	(void)target;
	(void)pid;
	return MOCK_FILE_BYTES;
}

static uint64_t mock_offset(void *target, uint32_t pid)
{
	(void)target;
	(void)pid;
	return 0x200000;
}

static const struct gdb_description_ops mock_description_ops = {mock_description};
static const struct gdb_thread_info_ops mock_info_ops = {mock_name, mock_state, mock_cpu};
static const struct gdb_breakpoint_ops mock_breakpoint_ops = {mock_insert, mock_remove,
							      mock_remove_all};
static const struct gdb_watchpoint_ops mock_watchpoint_ops = {mock_watch, mock_unwatch,
							      mock_remove_all};
static const struct gdb_monitor_ops mock_monitor_ops = {mock_monitor, mock_more};
static const struct gdb_reset_ops mock_reset_ops = {mock_reset};
static const struct gdb_process_ops mock_process_ops = {mock_attach, mock_kill};
static const struct gdb_exec_file_ops mock_exec_ops = {mock_path, mock_file, mock_size,
						       mock_offset};
static const struct gdb_agent_ops mock_agent_ops = {mock_read_register, mock_read_memory};

static const struct gdb_ops mock_all = {
	.core = &mock_core,
	.description = &mock_description_ops,
	.thread_info = &mock_info_ops,
	.breakpoints = &mock_breakpoint_ops,
	.watchpoints = &mock_watchpoint_ops,
	.monitor = &mock_monitor_ops,
	.reset = &mock_reset_ops,
	.processes = &mock_process_ops,
	.exec_file = &mock_exec_ops,
	.agent = &mock_agent_ops,
};

/* A stub that can do nothing but what it must. */
static const struct gdb_core_ops mock_bare_core = {
	.g_registers = MOCK_G,
	.tx = mock_tx,
	.register_bytes = mock_register_bytes,
	.read_register = mock_read_register,
	.write_register = mock_write_register,
	.read_memory = mock_read_memory,
	.write_memory = mock_write_memory,
	.next_thread = mock_next_thread,
	.set_action = mock_set_action,
	.resume = mock_resume,
	.stop = mock_stop,
	.detach = mock_detach,
};
static const struct gdb_ops mock_bare = {.core = &mock_bare_core};

static void mock_init(struct mock *mock, const struct gdb_ops *ops)
{
	static uint8_t pattern[MOCK_BYTES];

	if (!pattern[MOCK_BYTES - 1]) {
		for (size_t i = 0; i < MOCK_BYTES; i++)
			pattern[i] = (uint8_t)(i * 7 >> 3);
	}
	/* Not what has been sent: it is long, and counted. */
	memset(mock, 0, offsetof(struct mock, sent));
	mock->sent_count = 0;
	memcpy(mock->memory, pattern, MOCK_BYTES);
	mock->attached[1] = true;
	mock->tx_room = SIZE_MAX;
	for (unsigned pid = 1; pid <= 2; pid++) {
		for (unsigned tid = 0; tid < 2; tid++) {
			for (unsigned reg = 0; reg < MOCK_REGISTERS; reg++)
				mock->registers[pid][tid][reg] = pid << 16 | tid << 8 | reg;
		}
	}
	if (gdb_init(&mock->stub, &(struct gdb_config){.ops = ops,
						       .target = mock,
						       .rx = mock->rx,
						       .rx_bytes = sizeof(mock->rx),
						       .tx = mock->tx,
						       .tx_bytes = sizeof(mock->tx),
						       .agent_space = mock->agent,
						       .agent_bytes = sizeof(mock->agent)}) !=
	    GDB_OK)
		abort();
}

/* As an embedder does: what is not taken is offered again. */
static void mock_feed(struct mock *mock, const void *bytes, size_t count)
{
	const uint8_t *at = bytes;

	for (unsigned tries = 0; count; tries++) {
		if (gdb_rx(&mock->stub, *at)) {
			at++;
			count--;
			tries = 0;
		} else if ((!gdb_poll(&mock->stub) && tries > 4) || tries > 1000) {
			return;
		}
	}
	for (unsigned i = 0; i < 1000 && gdb_poll(&mock->stub); i++)
		;
}

static void mock_send(struct mock *mock, const void *data, size_t count)
{
	uint8_t packet[2 * MOCK_BUFFER];
	uint8_t sum = 0;

	packet[0] = '$';
	memcpy(packet + 1, data, count);
	for (size_t i = 0; i < count; i++)
		sum += packet[1 + i];
	snprintf((char *)packet + 1 + count, 4, "#%02x", sum);
	mock_feed(mock, packet, count + 4);
}

#endif
