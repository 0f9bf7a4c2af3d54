/*
 * The order of things: what is sent, answered or awaited next. Everything that reaches the target
 * starts in gdb_advance(), from one of the public calls, so nothing is entered twice.
 */
#include "internal.h"

/* At most so many turns a call: the embedder has other things to do. */
#define TURNS 8

enum gdb_err gdb_init(struct gdb_stub *stub, const struct gdb_config *config)
{
	if (!config->rx || config->rx_bytes < GDB_MIN_BUFFER_BYTES || !config->tx ||
	    config->tx_bytes < GDB_MIN_BUFFER_BYTES || (uintptr_t)config->agent_space % 8)
		return GDB_EINVAL;

	memset(stub, 0, sizeof(*stub));
	stub->config = *config;
	stub->running = true;
	gdb_reply_cancel(stub);
	gdb_new_session(stub);
	return GDB_OK;
}

/*
 * A session begins with nothing agreed upon. Breakpoints go at its `?`: only then is the target
 * surely stopped.
 */
void gdb_new_session(struct gdb_stub *stub)
{
	const struct gdb_thread any = {0, 0};

	stub->no_ack = false;
	stub->multiprocess = false;
	stub->reasons = false;
	stub->fresh = true;
	stub->awaited = false;
	stub->g = any;
	stub->c = any;
	stub->listed = any;
}

void gdb_disconnected(struct gdb_stub *stub)
{
	gdb_new_session(stub);
	stub->held = false;
	stub->job = NULL;
	stub->rx_state = 0;
	stub->tx_done = stub->tx_count = stub->tx_last = 0;
	gdb_reply_cancel(stub);
}

void gdb_set_running(struct gdb_stub *stub, bool awaited)
{
	stub->running = true;
	stub->stopping = false;
	stub->stop_new = false;
	stub->awaited = awaited;
}

void gdb_begin_run(struct gdb_stub *stub, bool awaited)
{
	gdb_reply_cancel(stub);
	gdb_set_running(stub, awaited);
}

enum gdb_err gdb_end_run(struct gdb_stub *stub, enum gdb_err result)
{
	if (result == GDB_OK)
		return GDB_NO_REPLY;
	stub->running = false;
	stub->awaited = false;
	return result;
}

void gdb_released(struct gdb_stub *stub)
{
	gdb_set_running(stub, false);
}

bool gdb_is_awaiting_stop(const struct gdb_stub *stub)
{
	return stub->awaited;
}

void gdb_drop_breakpoints(struct gdb_stub *stub, uint32_t pid)
{
	const struct gdb_ops *ops = stub->config.ops;

	if (ops->breakpoints)
		ops->breakpoints->remove_all(stub->config.target, pid);
	if (ops->watchpoints)
		ops->watchpoints->remove_all(stub->config.target, pid);
	gdb_agent_forget(stub, pid, false, NULL);
}

static void ask_to_stop(struct gdb_stub *stub)
{
	if (!stub->running || stub->stopping || stub->stop_new)
		return;
	stub->stopping = true;
	stub->config.ops->core->stop(stub->config.target);
}

/* Ctrl-C ends a long job too; while the target is stopped and nothing goes on it means nothing. */
void gdb_interrupt(struct gdb_stub *stub)
{
	if (stub->inside)
		return;
	stub->inside = true;
	if (stub->job) {
		stub->job = NULL;
		gdb_reply_result(stub, GDB_EINTR);
	} else {
		ask_to_stop(stub);
	}
	stub->inside = false;
}

void gdb_stopped(struct gdb_stub *stub, const struct gdb_stop *stop)
{
	stub->stop = *stop;
	stub->stop_new = true;
	gdb_advance(stub);
}

static void look_at_stop(struct gdb_stub *stub)
{
	stub->stop_new = false;
	stub->running = false;
	stub->stopping = false;
	if (!stub->awaited)
		return;
	stub->awaited = false;
	gdb_reply_begin(stub);
	gdb_put_stop(stub);
	gdb_reply_end(stub);
}

static void go_on_with_job(struct gdb_stub *stub)
{
	const enum gdb_err result = stub->job(stub);

	if (result != GDB_NO_REPLY) {
		stub->job = NULL;
		gdb_reply_result(stub, result);
	}
}

/*
 * A packet is looked at only while the target is stopped. If it runs it is stopped first: for a new
 * session silently, for one that waits with the reply that it waits for.
 */
static int turn(struct gdb_stub *stub)
{
	gdb_flush(stub);
	if (!gdb_drained(stub))
		return false;
	if (stub->stop_new) {
		look_at_stop(stub);
		return true;
	}
	if (stub->held && stub->running) {
		ask_to_stop(stub);
		return stub->stop_new;
	}
	if (stub->held) {
		stub->held = false;
		gdb_reply_begin(stub);
		gdb_reply_result(stub, gdb_handle_packet(stub));
		return true;
	}
	if (stub->job) {
		go_on_with_job(stub);
		return stub->job != NULL;
	}
	return false;
}

void gdb_advance(struct gdb_stub *stub)
{
	if (stub->inside)
		return;
	stub->inside = true;
	for (unsigned turns = 0; turns < TURNS && turn(stub); turns++)
		;
	gdb_flush(stub);
	stub->inside = false;
}

bool gdb_poll(struct gdb_stub *stub)
{
	gdb_advance(stub);
	return stub->job || !gdb_drained(stub);
}
