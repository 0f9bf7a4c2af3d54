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
	const size_t count = strlen(name) + 1;
	struct gdb_thread next = {0, 0};

	while (stub->config.ops->exec_file && gdb_next_thread(stub, &next)) {
		char path[GDB_MAX_TEXT_BYTES];

		if (stub->config.ops->exec_file->path(stub->config.target, next.pid, path,
						      sizeof(path)) == GDB_OK &&
		    count <= sizeof(path) && memcmp(path, name, count) == 0)
			return next.pid;
		next.tid = GDB_ALL;
	}
	return 0;
}

/*
 * PATH "," FLAGS "," MODE. Flags of 0: for reading only. The number of the open file is its
 * process: there is nothing else to remember.
 */
enum gdb_err gdb_do_file_open(struct gdb_stub *stub)
{
	const char *const name = gdb_string(stub, ',');
	uint32_t pid;

	gdb_expect(stub, ',');
	gdb_range(stub, ',');
	if (!gdb_parsed(stub))
		return GDB_EINVAL;
	pid = gdb_owner_of(stub, name);
	if (!pid)
		return fail(stub, FILE_ENOENT);
	return stub->address ? fail(stub, FILE_EROFS) : succeed(stub, pid);
}

/* FILE "," COUNT "," OFFSET. Short reads are right ones; none means the end. */
enum gdb_err gdb_do_file_read(struct gdb_stub *stub)
{
	const struct gdb_exec_file_ops *file = stub->config.ops->exec_file;
	/* "F", up to 16 digits, ";" */
	const size_t room = (gdb_reply_room(stub) - 18) / 2;
	const uint32_t pid = (uint32_t)stub->address;
	const bool is_open = gdb_process_exists(stub, stub->address);
	uint64_t size, left = 0;

	gdb_expect(stub, ',');
	gdb_range(stub, ',');
	if (!gdb_parsed(stub))
		return GDB_EINVAL;
	if (!is_open)
		return fail(stub, FILE_EBADF);
	size = file->size(stub->config.target, pid);
	if (stub->length < size)
		left = size - stub->length;
	if (left > stub->address)
		left = stub->address;
	if (left > room)
		left = room;
	succeed(stub, left);
	gdb_put(stub, ';');
	while (left) {
		uint8_t bytes[256];
		size_t count = left < sizeof(bytes) ? (size_t)left : sizeof(bytes);

		if (file->read(stub->config.target, pid, stub->length, bytes, &count) != GDB_OK ||
		    count - 1 >= left || count > sizeof(bytes))
			return GDB_EIO;
		gdb_put_binary(stub, bytes, count);
		stub->length += count;
		left -= count;
	}
	return GDB_REPLIED;
}

enum gdb_err gdb_do_file_stat(struct gdb_stub *stub)
{
	uint8_t stat[STAT_BYTES] = {0};
	uint64_t size;

	if (!gdb_process_exists(stub, stub->address))
		return fail(stub, FILE_EBADF);
	size = stub->config.ops->exec_file->size(stub->config.target, (uint32_t)stub->address);
	stat[STAT_MODE + 2] = MODE_FILE_READ >> 8;
	stat[STAT_MODE + 3] = MODE_FILE_READ & 0xff;
	for (unsigned i = STAT_SIZE + 8; i-- > STAT_SIZE; size >>= 8)
		stat[i] = (uint8_t)size;
	succeed(stub, sizeof(stat));
	gdb_put(stub, ';');
	gdb_put_binary(stub, stat, sizeof(stat));
	return GDB_REPLIED;
}

enum gdb_err gdb_do_file_close(struct gdb_stub *stub)
{
	return gdb_process_exists(stub, stub->address) ? succeed(stub, 0) : fail(stub, FILE_EBADF);
}

/* Whose file system is to be used: there is one, whoever asks. */
enum gdb_err gdb_do_file_system(struct gdb_stub *stub)
{
	return succeed(stub, 0);
}
