/* See stream.h. */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "trace/host/stream.h"

#define CHUNK_BYTES (256u << 10)
#define LOOK_MS	    50 /* how often a file is looked at */
#define MAX_HELD    (4u << 20)
#define RETRY_MS    100

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

void stream_catch_signals(void)
{
	const struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

bool stream_interrupted(void)
{
	return interrupted;
}

static int connect_unix(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		const int why = errno;

		close(fd);
		errno = why;
		return -1;
	}
	return fd;
}

static int connect_tcp(const char *host, const char *port)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *found, *at;
	int fd = -1;

	if (getaddrinfo(host, port, &hints, &found) != 0) {
		errno = EHOSTUNREACH;
		return -1;
	}
	for (at = found; at && fd < 0; at = at->ai_next) {
		fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
		if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
			const int why = errno;

			close(fd);
			errno = why;
			fd = -1;
		}
	}
	freeaddrinfo(found);
	return fd;
}

/* HOST:PORT has a colon with digits alone behind it, and no slash. */
static bool is_host_and_port(const char *name, char *host, size_t room, const char **port)
{
	const char *colon = strrchr(name, ':');

	if (!colon || strchr(name, '/') || (size_t)(colon - name) >= room || !colon[1] ||
	    colon[1 + strspn(colon + 1, "0123456789")])
		return false;
	memcpy(host, name, (size_t)(colon - name));
	host[colon - name] = '\0';
	*port = colon + 1;
	return true;
}

int socket_connect(const char *name, unsigned wait_s)
{
	const struct timespec pause = {.tv_nsec = RETRY_MS * 1000000};
	char host[256];
	const char *port;

	for (unsigned tries = wait_s * 1000 / RETRY_MS;; tries--) {
		const int fd = is_host_and_port(name, host, sizeof(host), &port)
				       ? connect_tcp(host, port)
				       : connect_unix(name);

		if (fd >= 0)
			return fd;
		if (tries == 0 || interrupted || (errno != ENOENT && errno != ECONNREFUSED)) {
			fprintf(stderr, "vtrace: %s: %s\n", name, strerror(errno));
			return -1;
		}
		nanosleep(&pause, NULL);
	}
}

bool stream_open(struct stream *stream, const char *name, unsigned wait_s)
{
	struct stat st;

	*stream = (struct stream){.socket = -1, .copy = -1, .source = {.name = name, .fd = -1}};
	if (stat(name, &st) == 0 && !S_ISSOCK(st.st_mode))
		return source_open(&stream->source, name);
	stream->buffer = malloc(CHUNK_BYTES);
	if (!stream->buffer) {
		fprintf(stderr, "vtrace: out of memory\n");
		return false;
	}
	stream->room = CHUNK_BYTES;
	stream->source.memory = stream->buffer;
	stream->socket = socket_connect(name, wait_s);
	if (stream->socket < 0)
		stream_close(stream);
	return stream->socket >= 0;
}

void stream_close(struct stream *stream)
{
	if (stream->socket >= 0)
		close(stream->socket);
	source_close(&stream->source);
	free(stream->buffer);
	*stream = (struct stream){.socket = -1, .copy = -1, .source = {.fd = -1}};
}

/* A page that is longer than any makes the summary stop: so what is held stays small. */
static bool receive(struct stream *stream)
{
	ssize_t got;

	if (stream->held + CHUNK_BYTES > stream->room) {
		const size_t room = stream->held + 2 * CHUNK_BYTES;
		uint8_t *bigger = room <= MAX_HELD ? realloc(stream->buffer, room) : NULL;

		if (!bigger) {
			fprintf(stderr, "vtrace: %s: out of memory\n", stream->source.name);
			return false;
		}
		stream->buffer = bigger;
		stream->source.memory = bigger;
		stream->room = room;
	}
	got = recv(stream->socket, stream->buffer + stream->held, CHUNK_BYTES, 0);
	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	/* A reset is an end, too: QEMU has gone before it had read our last control words. */
	if (got < 0 && errno != ECONNRESET)
		fprintf(stderr, "vtrace: %s: %s\n", stream->source.name, strerror(errno));
	if (got <= 0)
		return false;
	stream->held += (size_t)got;
	stream->source.bytes = stream->source.origin + stream->held;
	return true;
}

bool stream_wait(struct stream *stream, int timeout_ms, int other_fd, bool *other_ready)
{
	struct pollfd fds[2] = {{.fd = stream->socket, .events = POLLIN},
				{.fd = other_fd, .events = POLLIN}};
	const uint64_t before = stream->source.bytes;

	if (stream->socket < 0 && timeout_ms > LOOK_MS)
		timeout_ms = LOOK_MS;
	if (poll(fds, 2, timeout_ms) < 0 && errno != EINTR)
		return false;
	if (other_ready)
		*other_ready = fds[1].revents != 0;
	if (stream->socket < 0)
		source_refresh(&stream->source);
	else if (fds[0].revents && !receive(stream))
		stream->ended = true;
	return !stream->ended || stream->source.bytes != before;
}

bool write_all(int fd, const void *data, size_t bytes)
{
	for (size_t done = 0; done < bytes;) {
		const ssize_t got = write(fd, (const char *)data + done, bytes - done);

		if (got < 0 && errno != EINTR)
			return false;
		done += got > 0 ? (size_t)got : 0;
	}
	return true;
}

bool stream_read(struct stream *stream, struct summary *summary, bool last)
{
	const bool sound = summary_continue(&stream->source, summary, !last);
	size_t done;

	if (stream->socket < 0)
		return sound;
	done = last ? stream->held : (size_t)(summary->good_bytes - stream->source.origin);
	if (stream->copy >= 0 && !write_all(stream->copy, stream->buffer, done)) {
		fprintf(stderr, "vtrace: the recording can not be written: %s\n", strerror(errno));
		stream->copy_failed = true;
	}
	stream->held -= done;
	memmove(stream->buffer, stream->buffer + done, stream->held);
	stream->source.origin += done;
	return sound && !stream->copy_failed;
}
