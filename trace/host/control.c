/* See control.h; and the command `vtrace control`. */
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "trace/host/commands.h"
#include "trace/host/control.h"
#include "trace/host/stream.h"

#define SUFFIX	   ".control"
#define LINE_BYTES 256u
#define PEER_MS	   500 /* who connects and says nothing is not waited for longer */
#define SETTLE_MS  200 /* QEMU reads what it was sent before it notices that we have gone */

static bool control_path(const char *socket, char *path, size_t room)
{
	struct stat st;

	return stat(socket, &st) == 0 && S_ISSOCK(st.st_mode) &&
	       (size_t)snprintf(path, room, "%s" SUFFIX, socket) < room;
}

static bool address_of(const char *path, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(address->sun_path))
		return false;
	strcpy(address->sun_path, path);
	return true;
}

/* Connected, or -1: nobody listens there. */
static int reach(const char *path)
{
	struct sockaddr_un address;
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && address_of(path, &address) &&
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

void relay_open(struct relay *relay, const char *socket_name)
{
	struct sockaddr_un address;
	int other;

	*relay = (struct relay){.fd = -1};
	if (!control_path(socket_name, relay->path, sizeof(relay->path)) ||
	    !address_of(relay->path, &address))
		return;
	other = reach(relay->path);
	if (other >= 0) { /* another recorder's: leave it alone */
		close(other);
		return;
	}
	unlink(relay->path);
	relay->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (relay->fd >= 0 && bind(relay->fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	    listen(relay->fd, 4) == 0)
		return;
	fprintf(stderr, "vtrace: warning: %s: %s: no control words while this records\n",
		relay->path, strerror(errno));
	relay_close(relay);
}

void relay_close(struct relay *relay)
{
	if (relay->fd < 0)
		return;
	close(relay->fd);
	unlink(relay->path);
	relay->fd = -1;
}

void relay_pass(const struct relay *relay, int to)
{
	const int peer = accept(relay->fd, NULL, NULL);
	struct pollfd fds = {.fd = peer, .events = POLLIN};
	char text[LINE_BYTES];
	size_t held = 0;
	ssize_t got;

	if (peer < 0)
		return;
	while (held < sizeof(text) && poll(&fds, 1, PEER_MS) > 0 &&
	       (got = read(peer, text + held, sizeof(text) - held)) > 0)
		held += (size_t)got;
	if (held && text[held - 1] == '\n' && write_all(to, text, held))
		write_all(peer, "ok\n", 3);
	close(peer);
}

bool control_send(int fd, const char *words)
{
	char line[LINE_BYTES];
	const size_t bytes = strlen(words);

	for (size_t i = 0; i < bytes; i++)
		if (!isprint((unsigned char)words[i])) {
			fprintf(stderr, "vtrace: control words are one line of ASCII\n");
			return false;
		}
	if (bytes == 0 || bytes + 1 >= sizeof(line)) {
		fprintf(stderr, "vtrace: control words: 1 to %zu characters\n", sizeof(line) - 2);
		return false;
	}
	memcpy(line, words, bytes);
	line[bytes] = '\n';
	if (write_all(fd, line, bytes + 1))
		return true;
	fprintf(stderr, "vtrace: control words can not be sent: %s\n", strerror(errno));
	return false;
}

/* By a recorder: it says whether it has passed them on. */
static int send_by_relay(int fd, const char *words)
{
	char answer[4] = "";
	bool sent = control_send(fd, words);

	shutdown(fd, SHUT_WR);
	if (sent && read(fd, answer, sizeof(answer)) != 3) {
		fprintf(stderr, "vtrace: the recorder did not pass the words on\n");
		sent = false;
	}
	close(fd);
	return sent ? EXIT_DONE : EXIT_BAD_DATA;
}

static int send_directly(const char *name, const char *words)
{
	const int fd = socket_connect(name, 0);
	char sink[4096];
	bool sent;

	if (fd < 0)
		return EXIT_BAD_DATA;
	sent = control_send(fd, words);
	for (struct pollfd fds = {.fd = fd, .events = POLLIN};
	     sent && poll(&fds, 1, SETTLE_MS) > 0 && read(fd, sink, sizeof(sink)) > 0;)
		;
	close(fd);
	return sent ? EXIT_DONE : EXIT_BAD_DATA;
}

int command_control(const struct arguments *arguments)
{
	const char *name = arguments->operand[0];
	char words[LINE_BYTES] = "", path[112];
	int fd;

	for (uint32_t i = 1; i < arguments->operands; i++) {
		const size_t held = strlen(words);

		if ((size_t)snprintf(words + held, sizeof(words) - held, "%s%s", i > 1 ? " " : "",
				     arguments->operand[i]) >= sizeof(words) - held)
			return usage_error(arguments, "more than %u characters", LINE_BYTES - 2);
	}
	stream_catch_signals();
	fd = control_path(name, path, sizeof(path)) ? reach(path) : -1;
	return fd >= 0 ? send_by_relay(fd, words) : send_directly(name, words);
}
