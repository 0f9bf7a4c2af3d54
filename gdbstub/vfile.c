/*
 * vFile: the program's file, for reading, so that GDB finds symbols without having the file itself.
 *
 * The answers have a format of their own: "F" and a number, or "F-1," and an error of GDB's
 * File-I/O.
 */
#include "internal.h"

/* struct stat of File-I/O: 64 bytes, big endian. */
#define STAT_BYTES     64
#define STAT_MODE      8
#define STAT_SIZE      28
#define MODE_FILE_READ 0100444

enum file_error { FILE_ENOENT = 2, FILE_EBADF = 9, FILE_EINVAL = 22, FILE_EROFS = 30 };

static enum gdb_err fail(struct gdb_stub *stub, enum file_error error)
{
	gdb_put_text(stub, "F-1,");
	gdb_put_number(stub, error);
	return GDB_REPLIED;
}

static enum gdb_err succeed(struct gdb_stub *stub, uint64_t number)
{
	gdb_put(stub, 'F');
	gdb_put_number(stub, number);
	return GDB_REPLIED;
}

uint32_t gdb_owner_of(struct gdb_stub *stub, const char *name)
{
	struct gdb_thread next = {0, 0};

	while (stub->config.ops->exec_file && gdb_next_thread(stub, &next)) {
		char path[GDB_MAX_TEXT_BYTES] = "";

		if (stub->config.ops->exec_file->path(stub->config.target, next.pid, path,
						      sizeof(path)) == GDB_OK &&
		    strlen(path) == strlen(name) && memcmp(path, name, strlen(name)) == 0)
			return next.pid;
		next.tid = GDB_ALL;
	}
	return 0;
}

/*
 * PATH "," FLAGS "," MODE. Flags of 0: for reading only. The number of the open file is its
 * process: there is nothing else to remember.
 */
static enum gdb_err open_file(struct gdb_stub *stub)
{
	const char *const name = gdb_string(stub, ',');
	uint32_t pid;

	gdb_expect(stub, ',');
	gdb_range(stub, ',');
	if (!gdb_parsed(stub))
		return fail(stub, FILE_EINVAL);
	pid = gdb_owner_of(stub, name);
	if (!pid)
		return fail(stub, FILE_ENOENT);
	return stub->address ? fail(stub, FILE_EROFS) : succeed(stub, pid);
}

/* "," COUNT "," OFFSET. Short reads are right ones; none means the end. */
static enum gdb_err read_file(struct gdb_stub *stub, uint32_t pid, uint64_t size)
{
	const struct gdb_exec_file_ops *file = stub->config.ops->exec_file;
	/* "F", up to 16 digits, ";" */
	const size_t room = (gdb_reply_room(stub) - 18) / 2;
	uint64_t offset, left;
	uint8_t bytes[256];

	gdb_expect(stub, ',');
	gdb_range(stub, ',');
	if (!gdb_parsed(stub))
		return fail(stub, FILE_EINVAL);
	offset = stub->length;
	left = offset < size ? size - offset : 0;
	if (left > stub->address)
		left = stub->address;
	if (left > room)
		left = room;
	succeed(stub, left);
	gdb_put(stub, ';');
	while (left) {
		size_t count = left < sizeof(bytes) ? (size_t)left : sizeof(bytes);

		if (file->read(stub->config.target, pid, offset, bytes, &count) != GDB_OK ||
		    !count || count > left || count > sizeof(bytes))
			return GDB_EIO;
		gdb_put_binary(stub, bytes, count);
		offset += count;
		left -= count;
	}
	return GDB_REPLIED;
}

static enum gdb_err stat_file(struct gdb_stub *stub, uint64_t size)
{
	uint8_t stat[STAT_BYTES] = {0};

	stat[STAT_MODE + 2] = MODE_FILE_READ >> 8;
	stat[STAT_MODE + 3] = MODE_FILE_READ & 0xff;
	for (unsigned i = 0; i < 8; i++)
		stat[STAT_SIZE + i] = (uint8_t)(size >> (56 - 8 * i));
	succeed(stub, sizeof(stat));
	gdb_put(stub, ';');
	gdb_put_binary(stub, stat, sizeof(stat));
	return GDB_REPLIED;
}

/* There is one file system, whoever asks. */
static enum gdb_err set_fs(struct gdb_stub *stub)
{
	gdb_number(stub);
	return gdb_parsed(stub) ? succeed(stub, 0) : fail(stub, FILE_EINVAL);
}

enum gdb_err gdb_do_file(struct gdb_stub *stub)
{
	bool read, close;
	uint64_t pid, size;

	if (gdb_accept_text(stub, "setfs:"))
		return set_fs(stub);
	if (gdb_accept_text(stub, "open:"))
		return open_file(stub);
	read = gdb_accept_text(stub, "pread:");
	close = gdb_accept_text(stub, "close:");
	if (!read && !close && !gdb_accept_text(stub, "fstat:"))
		return GDB_UNSUPPORTED;

	pid = gdb_number(stub);
	if (stub->malformed || (!read && !gdb_at_end(stub)) || !gdb_process_exists(stub, pid))
		return fail(stub, FILE_EBADF);
	if (close)
		return succeed(stub, 0);
	size = stub->config.ops->exec_file->size(stub->config.target, (uint32_t)pid);
	return read ? read_file(stub, (uint32_t)pid, size) : stat_file(stub, size);
}
