/*
 * vFile: the program's file, for reading, so that GDB finds symbols without having the file itself.
 *
 * The answers have a format of their own: "F" and a number, or "F-1," and an error of GDB's
 * File-I/O.
 */
#include "internal.h"

/* struct stat of File-I/O, big endian: what follows the mode, and the size, and is zero at last. */
#define STAT_BYTES	64
#define STAT_AFTER_MODE 52
#define STAT_AFTER_SIZE 28
#define MODE_FILE_READ	0100444

enum file_error { FILE_ENOENT = 2, FILE_EBADF = 9, FILE_EINVAL = 22, FILE_EROFS = 30 };

static enum gdb_err fail(struct gdb_stub *stub, enum file_error error)
{
	gdb_put_named(stub, "F-1,", error);
	return GDB_REPLIED;
}

static enum gdb_err succeed(struct gdb_stub *stub, uint64_t number)
{
	gdb_put_named(stub, "F", number);
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
	const char *const name = gdb_string(stub);
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
	const uint64_t pid = stub->address;
	size_t room, count;
	uint8_t *bytes;

	gdb_expect(stub, ',');
	gdb_range(stub, ',');
	if (!gdb_parsed(stub))
		return GDB_EINVAL;
	if (!gdb_process_exists(stub, pid))
		return fail(stub, FILE_EBADF);
	bytes = gdb_spare(stub, stub->address, &room);
	count = room;
	if (stub->config.ops->exec_file->read(stub->config.target, (uint32_t)pid, stub->length,
					      bytes, &count) != GDB_OK ||
	    count > room)
		return GDB_EIO;
	succeed(stub, count);
	gdb_put(stub, ';');
	gdb_put_binary(stub, bytes, count);
	return GDB_REPLIED;
}

enum gdb_err gdb_do_file_stat(struct gdb_stub *stub)
{
	uint64_t size;

	if (!gdb_process_exists(stub, stub->address))
		return fail(stub, FILE_EBADF);
	size = stub->config.ops->exec_file->size(stub->config.target, (uint32_t)stub->address);
	gdb_put_named(stub, "F", STAT_BYTES);
	gdb_put(stub, ';');
	for (unsigned left = STAT_BYTES; left--;) {
		const bool mode = left >= STAT_AFTER_MODE;
		const unsigned shift = 8 * (left - (mode ? STAT_AFTER_MODE : STAT_AFTER_SIZE));

		gdb_put(stub, shift < 64 ? (char)((mode ? MODE_FILE_READ : size) >> shift) : 0);
	}
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
