/*
 * A recording as it comes: from a file that grows, or from QEMU's socket. Memory holds only what has not been read yet.
 */
#ifndef TRACE_HOST_STREAM_H
#define TRACE_HOST_STREAM_H

#include "trace/host/reader.h"
#include "trace/host/summary.h"

struct stream {
	struct source source; /* what the summary reads */
	int socket;	      /* -1: a file */
	uint8_t *buffer;      /* what came by the socket and is not read yet; source.memory */
	size_t held, room;
	int copy;	  /* where what was read is written to, page by page; -1: nowhere */
	bool copy_failed; /* with a message */
	bool ended;
};

/*
 * A regular file, the path of a Unix socket, or HOST:PORT (loopback is what QEMU should listen on). Waits up to `wait_s` seconds
 * for somebody who listens. False, with a message.
 */
bool stream_open(struct stream *stream, const char *name, unsigned wait_s);
void stream_close(struct stream *stream);

/* All of it, whatever it takes. False: see errno. */
bool write_all(int fd, const void *data, size_t bytes);

/* Connect only. -1, with a message. */
int socket_connect(const char *name, unsigned wait_s);

/*
 * Wait up to `timeout_ms` for something new, or for `other_fd` (-1: none) to become readable. False: the stream has ended or
 * failed (with a message).
 */
bool stream_wait(struct stream *stream, int timeout_ms, int other_fd, bool *other_ready);

/*
 * Read on as far as whole pages go, and forget what was read. False: damage, or the copy can not be written. `last`: what is
 * left will not grow.
 */
bool stream_read(struct stream *stream, struct summary *summary, bool last);

/* Ctrl-C and SIGTERM ask for an end from here on, which stream_interrupted() then tells. */
void stream_catch_signals(void);
bool stream_interrupted(void);

#endif
