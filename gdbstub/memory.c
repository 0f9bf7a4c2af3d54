/*
 * Memory: read, write, checksum, search. The last two go through memory in steps, one a gdb_poll(),
 * so that a gigabyte of it holds nobody up.
 */
#include "internal.h"

#define CRC_BYTES 512 /* a step */
/* How many bytes a step of the search compares at most, but for one comparison. */
#define SEARCH_BYTES (64u * 1024)

/* The next bytes of address and length, as many as there is room for. */
static size_t read_some(struct gdb_stub *stub, uint8_t *bytes, size_t room)
{
	const size_t want = stub->length < room ? (size_t)stub->length : room;
	const size_t got = stub->config.ops->core->read_memory(stub->config.target, stub->thread,
							       stub->address, bytes, want);

	return got < want ? got : want;
}

static void move_on(struct gdb_stub *stub, size_t count)
{
	stub->address += count;
	stub->length -= count;
}

/*
 * A short answer is a right one: the readable part, or as much as there is room for. Up to the last
 * address and no further.
 */
enum gdb_err gdb_do_read_memory(struct gdb_stub *stub)
{
	/* LAB 12.2 */
	size_t room, got;
	uint8_t *const bytes = gdb_spare(stub, SIZE_MAX, &room);

	if (!stub->length)
		return GDB_EINVAL;
	if (gdb_wraps(stub->address, stub->length))
		stub->length = 0 - stub->address;
	got = read_some(stub, bytes, room);
	gdb_put_bytes(stub, bytes, got);
	return got ? GDB_REPLIED : GDB_EFAULT;
	/* END LAB */
}

/* Of no length: GDB asks in this way whether there is an X packet. */
static enum gdb_err write_bytes(struct gdb_stub *stub, const uint8_t *bytes)
{
	/* LAB 12.2 */
	if (!gdb_parsed(stub))
		return GDB_EINVAL;
	if (!stub->length)
		return GDB_OK;
	if (gdb_wraps(stub->address, stub->length))
		return GDB_EFAULT;
	return stub->config.ops->core->write_memory(stub->config.target, stub->thread,
						    stub->address, bytes, (size_t)stub->length);
	/* END LAB */
}

enum gdb_err gdb_do_write_hex(struct gdb_stub *stub)
{
	/* LAB 12.2 */
	uint8_t *bytes;

	gdb_expect(stub, ':');
	bytes = stub->at;
	gdb_bytes(stub, bytes, (size_t)stub->length);
	return write_bytes(stub, bytes);
	/* END LAB */
}

enum gdb_err gdb_do_write_binary(struct gdb_stub *stub)
{
	/* LAB 12.2 */
	uint8_t *bytes;

	gdb_expect(stub, ':');
	bytes = stub->at;
	stub->malformed |= gdb_binary(stub) != stub->length;
	return write_bytes(stub, bytes);
	/* END LAB */
}

/* Polynomial 0x04c11db7, most significant bit first. */
static uint32_t crc_of(uint32_t crc, uint8_t byte)
{
	crc ^= (uint32_t)byte << 24;
	for (unsigned bit = 0; bit < 8; bit++)
		crc = crc << 1 ^ (crc >> 31 ? 0x04c11db7 : 0);
	return crc;
}

/* Nothing waits to be sent during a step, so the memory comes into the output buffer. */
static enum gdb_err crc_step(struct gdb_stub *stub)
{
	size_t got;

	if (!stub->length) {
		gdb_reply_begin(stub);
		gdb_put_named(stub, "C", stub->crc);
		return GDB_REPLIED;
	}
	got = read_some(stub, stub->config.tx, CRC_BYTES);
	if (!got)
		return GDB_EFAULT;
	for (size_t i = 0; i < got; i++)
		stub->crc = crc_of(stub->crc, stub->config.tx[i]);
	move_on(stub, got);
	return GDB_NO_REPLY;
}

static enum gdb_err begin_job(struct gdb_stub *stub, gdb_handler *job)
{
	if (!gdb_parsed(stub) || gdb_wraps(stub->address, stub->length))
		return GDB_EINVAL;
	stub->job = job;
	return GDB_NO_REPLY;
}

enum gdb_err gdb_do_crc(struct gdb_stub *stub)
{
	stub->crc = 0xffffffff;
	return begin_job(stub, crc_step);
}

static enum gdb_err search_step(struct gdb_stub *stub)
{
	uint8_t *const window = stub->config.tx;
	const size_t count = stub->pattern_bytes;
	size_t room = SEARCH_BYTES / count + count;
	size_t got, at;

	if (stub->length < count) {
		gdb_reply_begin(stub);
		gdb_put(stub, '0');
		return GDB_REPLIED;
	}
	if (room > stub->config.tx_bytes)
		room = stub->config.tx_bytes;
	got = read_some(stub, window, room);
	if (got < count)
		return GDB_EFAULT;
	for (at = 0; at + count <= got; at++) {
		if (memcmp(window + at, stub->pattern, count) == 0) {
			gdb_reply_begin(stub);
			gdb_put_named(stub, "1,", stub->address + at);
			return GDB_REPLIED;
		}
	}
	move_on(stub, at);
	return GDB_NO_REPLY;
}

/*
 * ADDRESS;LENGTH;PATTERN. The pattern stays where it is: no packet is taken while the job goes on.
 */
enum gdb_err gdb_do_search(struct gdb_stub *stub)
{
	gdb_range(stub, ';');
	gdb_expect(stub, ';');
	stub->pattern = stub->at;
	stub->pattern_bytes = gdb_binary(stub);
	if (!stub->length || !stub->pattern_bytes)
		return GDB_EINVAL;
	if (stub->pattern_bytes > stub->config.tx_bytes)
		return GDB_E2BIG;
	return begin_job(stub, search_step);
}
