/*
 * Going on: vCont, and `c`, `s`, `C`, `S` of clients that have no vCont.
 *
 * A vCont is a list of actions, and for each thread the first that names it holds. It is read again
 * for each thread, so that no list need be kept.
 */
#include "internal.h"

/* A letter and what belongs to it. In capitals: with a signal. */
static void take_action(struct gdb_stub *stub, struct gdb_action *action)
{
	const bool ranges = stub->config.ops->core->range_step;
	const uint8_t letter = gdb_at_end(stub) ? 0 : *stub->at++;

	*action = (struct gdb_action){.kind = GDB_ACTION_RUN, .signal = GDB_SIGNAL_NONE};
	switch (letter) {
	case 'C':
		gdb_bytes(stub, &action->signal, 1);
		break;
	case 'S':
		gdb_bytes(stub, &action->signal, 1);
		action->kind = GDB_ACTION_STEP;
		break;
	case 's':
		action->kind = GDB_ACTION_STEP;
		break;
	case 't':
		action->kind = GDB_ACTION_STAY;
		break;
	case 'r':
		action->begin = gdb_number(stub);
		gdb_expect(stub, ',');
		action->end = gdb_number(stub);
		if (!ranges || action->begin > action->end)
			stub->malformed = true;
		action->kind = GDB_ACTION_RANGE;
		if (action->begin == action->end)
			action->kind = GDB_ACTION_STEP;
		break;
	case 'c':
		break;
	default:
		stub->malformed = true;
	}
}

/*
 * A list of actions, each with a thread behind ':' or else for whom stub->selected says. The first
 * that is for this thread; "stay" if none is.
 */
static int find_action(struct gdb_stub *stub, uint8_t *list, struct gdb_thread thread,
		       struct gdb_action *action)
{
	int found = false;

	for (stub->at = list; !found;) {
		struct gdb_thread whom = stub->selected;

		take_action(stub, action);
		if (gdb_accept(stub, ':'))
			whom = gdb_thread_id(stub);
		found = thread.tid != 0 && gdb_thread_matches(thread, whom);
		if (!found && !gdb_accept(stub, ';')) {
			action->kind = GDB_ACTION_STAY;
			break;
		}
	}
	return found;
}

/* A list that moves nobody is never followed by a stop: it must be answered now. */
static enum gdb_err follow(struct gdb_stub *stub, uint8_t *list)
{
	const struct gdb_core_ops *core = stub->config.ops->core;
	struct gdb_thread next = {0, 0};
	struct gdb_action action;
	bool moves = false, found = false;
	enum gdb_err result = GDB_OK;

	find_action(stub, list, next, &action);
	if (!gdb_parsed(stub))
		return GDB_EINVAL;
	while (result == GDB_OK && gdb_next_any(stub, &next)) {
		found |= find_action(stub, list, next, &action);
		moves |= action.kind != GDB_ACTION_STAY;
		result = core->set_action(stub->config.target, next, &action);
	}
	if (result != GDB_OK)
		return result;
	if (!found)
		return GDB_ESRCH;
	/* The target may have stopped again before resume() returns: so in this order. */
	if (moves) {
		gdb_begin_run(stub, true);
		return gdb_end_run(stub, core->resume(stub->config.target));
	}
	stub->stop.reason = GDB_STOP_SIGNAL;
	stub->stop.signal = GDB_SIGNAL_NONE;
	gdb_put_stop(stub);
	return GDB_REPLIED;
}

enum gdb_err gdb_do_vcont(struct gdb_stub *stub)
{
	const struct gdb_thread all = {GDB_ALL, GDB_ALL};

	stub->selected = all;
	gdb_expect(stub, ';');
	return follow(stub, stub->at);
}

/*
 * The packet is a vCont action, for the threads that Hc has selected; a step is for one of them. To
 * go on at another address is not offered: GDB writes the pc.
 */
enum gdb_err gdb_do_go(struct gdb_stub *stub)
{
	const bool named = stub->c.tid + 1 > 1;

	stub->selected = stub->c;
	if (!named && (stub->config.rx[0] | 0x20) == 's')
		stub->selected = gdb_pick_thread(stub, stub->g);
	return follow(stub, stub->config.rx);
}
