/*
 * qXfer: documents that GDB reads piece by piece: the target description, the list of threads, the
 * name of the program. Each piece is made anew.
 */
#include "internal.h"

enum gdb_err gdb_do_features(struct gdb_stub *stub)
{
	const char *const annex = (const char *)stub->at;
	size_t room, count;
	enum gdb_err result;
	uint8_t *bytes;

	/* The annex becomes a C string in place: its ':' makes room for the NUL. */
	while (*stub->at && *stub->at != ':')
		stub->at++;
	if (*stub->at)
		*stub->at++ = 0;
	gdb_range(stub, ',');
	if (!gdb_parsed(stub) || !stub->length)
		return GDB_EINVAL;
	bytes = gdb_spare(stub, stub->length, &room);
	count = room;
	result = stub->config.ops->description->read(stub->config.target, stub->thread.pid, annex,
						     stub->address, bytes, &count);
	if (result != GDB_OK)
		return result;
	if (count > room)
		return GDB_EIO;
	gdb_put(stub, count < room ? 'l' : 'm');
	gdb_put_binary(stub, bytes, count);
	return GDB_REPLIED;
}

/* What XML would need to escape is not worth the bytes here. */
static void put_label(struct gdb_stub *stub, const char *text)
{
	for (; *text; text++) {
		const bool plain =
			(uint8_t)*text >= ' ' && *text != '<' && *text != '&' && *text != '"';

		gdb_put(stub, plain ? *text : '?');
	}
}

static void put_thread(struct gdb_stub *stub, struct gdb_thread thread)
{
	const struct gdb_thread_info_ops *info = stub->config.ops->thread_info;
	void *const target = stub->config.target;
	const int core = info->core(target, thread);
	char text[GDB_MAX_TEXT_BYTES];

	gdb_put_text(stub, "<thread id=\"");
	gdb_put_thread(stub, thread);
	if (core >= 0) {
		gdb_put_named(stub, "\" core=\"0x", (unsigned)core);
	}
	gdb_put_text(stub, "\" name=\"");
	info->name(target, thread, text, sizeof(text));
	put_label(stub, text);
	gdb_put_text(stub, "\">");
	info->state(target, thread, text, sizeof(text));
	put_label(stub, text);
	gdb_put_text(stub, "</thread>");
}

enum gdb_err gdb_do_thread_list(struct gdb_stub *stub)
{
	struct gdb_thread next = {0, 0};

	if (!stub->length)
		return GDB_EINVAL;
	gdb_document_begin(stub);
	gdb_put_text(stub, "<threads>");
	while (gdb_next_thread(stub, &next))
		put_thread(stub, next);
	gdb_put_text(stub, "</threads>");
	return gdb_document_end(stub);
}

/* The annex is a process, or empty for the one that GDB looks at. */
enum gdb_err gdb_do_exec_path(struct gdb_stub *stub)
{
	uint64_t pid = stub->thread.pid;
	char path[GDB_MAX_TEXT_BYTES];
	enum gdb_err result;

	if (!gdb_accept(stub, ':')) {
		pid = gdb_number(stub);
		gdb_expect(stub, ':');
	}
	gdb_range(stub, ',');
	if (!gdb_parsed(stub) || !stub->length)
		return GDB_EINVAL;
	if (!gdb_process_exists(stub, pid))
		return GDB_ESRCH;
	result = stub->config.ops->exec_file->path(stub->config.target, (uint32_t)pid, path,
						   sizeof(path));
	if (result != GDB_OK)
		return result;
	gdb_document_begin(stub);
	gdb_put_text(stub, path);
	return gdb_document_end(stub);
}
