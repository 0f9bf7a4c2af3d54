/*
 * Threads and processes: which there are, and which of them a thread id means.
 */
#include "internal.h"

/* A client that knows no processes can name one only: the one that stopped last. */
static int visible(const struct gdb_stub *stub, struct gdb_thread thread)
{
	return stub->multiprocess || !stub->stop.thread.pid || thread.pid == stub->stop.thread.pid;
}

/* So that no list of a target's can keep us for ever. */
int gdb_next_any(const struct gdb_stub *stub, struct gdb_thread *thread)
{
	struct gdb_thread next = *thread;

	if (!stub->config.ops->core->next_thread(stub->config.target, &next) ||
	    next.pid < thread->pid || (next.pid == thread->pid && next.tid <= thread->tid))
		return false;
	*thread = next;
	return true;
}

int gdb_next_thread(const struct gdb_stub *stub, struct gdb_thread *thread)
{
	struct gdb_thread next = *thread;

	while (gdb_next_any(stub, &next)) {
		if (visible(stub, next)) {
			*thread = next;
			return true;
		}
	}
	return false;
}

static int matches(uint32_t number, uint32_t selection)
{
	return !selection || selection == GDB_ALL || number == selection;
}

int gdb_thread_matches(struct gdb_thread thread, struct gdb_thread selection)
{
	return matches(thread.pid, selection.pid) && matches(thread.tid, selection.tid);
}

struct gdb_thread gdb_pick_thread(const struct gdb_stub *stub, struct gdb_thread selection)
{
	struct gdb_thread next = {0, 0}, found = {0, 0};

	while (gdb_next_thread(stub, &next)) {
		if (!gdb_thread_matches(next, selection))
			continue;
		if (!found.tid || gdb_thread_matches(next, stub->stop.thread))
			found = next;
	}
	return found;
}

int gdb_thread_exists(const struct gdb_stub *stub, struct gdb_thread selection)
{
	return gdb_pick_thread(stub, selection).tid != 0;
}

int gdb_process_exists(const struct gdb_stub *stub, uint64_t pid)
{
	const struct gdb_thread selection = {(uint32_t)pid, GDB_ALL};

	return pid && pid < GDB_ALL && gdb_thread_exists(stub, selection);
}

/* -1: all; otherwise 32 bits, of which the last number is taken by "all". */
static uint32_t id(struct gdb_stub *stub)
{
	uint64_t value = GDB_ALL;

	if (!gdb_accept_text(stub, "-1")) {
		value = gdb_number(stub);
		stub->malformed |= value >= GDB_ALL;
	}
	return (uint32_t)value;
}

/* TID, pPID (all its threads) or pPID.TID. Without a process it is the one that GDB looks at. */
struct gdb_thread gdb_thread_id(struct gdb_stub *stub)
{
	struct gdb_thread thread = {stub->g.pid, GDB_ALL};
	const bool process = gdb_accept(stub, 'p');

	if (process)
		thread.pid = id(stub);
	if (!process || gdb_accept(stub, '.'))
		thread.tid = id(stub);
	return thread;
}

/* All and any one are always right: GDB asks for them before it knows whether there are any. */
static enum gdb_err select_thread(const struct gdb_stub *stub, struct gdb_thread *selection)
{
	const struct gdb_thread wanted = stub->selected;

	if (wanted.pid + 1 > 1 || wanted.tid + 1 > 1) {
		if (!gdb_thread_exists(stub, wanted))
			return GDB_ESRCH;
	}
	*selection = wanted;
	return GDB_OK;
}

/* Whose registers and memory. */
enum gdb_err gdb_do_select_g(struct gdb_stub *stub)
{
	return select_thread(stub, &stub->g);
}

/* Who goes on at `c` and `s`. */
enum gdb_err gdb_do_select_c(struct gdb_stub *stub)
{
	return select_thread(stub, &stub->c);
}

enum gdb_err gdb_do_alive(struct gdb_stub *stub)
{
	return gdb_thread_exists(stub, stub->selected) ? GDB_OK : GDB_ESRCH;
}

enum gdb_err gdb_do_current(struct gdb_stub *stub)
{
	gdb_put_text(stub, "QC");
	gdb_put_thread(stub, stub->thread);
	return GDB_REPLIED;
}

/* As many as fit: an id takes up to 20 characters. */
enum gdb_err gdb_do_more_threads(struct gdb_stub *stub)
{
	char before = 'm';

	while (gdb_reply_room(stub) > 20 && gdb_next_thread(stub, &stub->listed)) {
		gdb_put(stub, before);
		gdb_put_thread(stub, stub->listed);
		before = ',';
	}
	if (before == 'm')
		gdb_put(stub, 'l');
	return GDB_REPLIED;
}

enum gdb_err gdb_do_first_threads(struct gdb_stub *stub)
{
	const struct gdb_thread before_all = {0, 0};

	stub->listed = before_all;
	return gdb_do_more_threads(stub);
}

enum gdb_err gdb_do_thread_text(struct gdb_stub *stub)
{
	const struct gdb_thread thread = gdb_pick_thread(stub, stub->selected);
	char text[GDB_MAX_TEXT_BYTES];

	if (!thread.tid)
		return GDB_ESRCH;
	stub->config.ops->thread_info->state(stub->config.target, thread, text, sizeof(text));
	gdb_put_bytes(stub, text, strlen(text));
	return GDB_REPLIED;
}
