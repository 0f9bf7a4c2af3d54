/*
 * `vtrace open`: the Perfetto UI shows a trace that lies on this machine. The UI is a page in the browser; it fetches the trace from
 * us, by HTTP on the loopback, and nothing leaves the machine.
 *
 * The UI's own rules (Content-Security-Policy) let it fetch from http://127.0.0.1:9001 only, and the browser lets it read what comes
 * when the answer names its origin. Nobody else is answered: a Host of another name is what a rebound DNS name would bring.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <arpa/inet.h>
#include <unistd.h>

#include "trace/host/commands.h"
#include "trace/host/stream.h"

#define DEFAULT_UI    "https://ui.perfetto.dev"
#define DEFAULT_PORT  9001u
#define REQUEST_BYTES 8192u
#define CHUNK_BYTES   (256u << 10)
#define PATIENCE_S    2 /* for a browser that connects ahead of need and says nothing */

/* What stays on top: how busy EL2 is on each CPU, and which vCPU waits. All but the hypervisor's own group is unfolded. */
#define DEFAULT_PIN    "^(EL2 on|waiting for) cpu[0-9]+$"
#define DEFAULT_EXPAND "^(?!vitrine).*"

struct site {
	const char *ui;
	char origin[256];
	char path[512]; /* "/run.pftrace", percent-encoded */
	struct source trace;
	unsigned port;
	bool served; /* to the last byte */
};

struct request {
	char method[8], path[512], host[128];
	bool ranged;
	uint64_t first, last; /* of the bytes asked for */
	bool bad_range;
};

/* Percent-encoding of all but the unreserved characters (RFC 3986, 2.3). */
static void encode(const char *text, char *to, size_t room)
{
	size_t n = 0;

	for (; *text && n + 4 < room; text++) {
		if (isalnum((unsigned char)*text) || strchr("-._~", *text))
			to[n++] = *text;
		else
			n += (size_t)snprintf(to + n, room - n, "%%%02X", (unsigned char)*text);
	}
	to[n] = '\0';
}

/* A text inside a JSON string. */
static void quote(const char *text, char *to, size_t room)
{
	size_t n = 0;

	for (; *text && n + 3 < room; text++) {
		if (*text == '"' || *text == '\\')
			to[n++] = '\\';
		to[n++] = *text;
	}
	to[n] = '\0';
}

static void make_link(const struct site *site, const char *pin, char *to, size_t room)
{
	char regex[512], json[1536], commands[4096], name[1024];

	encode(site->path + 1, name,
	       sizeof(name)); /* once more: the UI decodes its fragment first */
	quote(pin, regex, sizeof(regex));
	snprintf(json, sizeof(json),
		 "[{\"id\":\"dev.perfetto.PinTracksByRegex\",\"args\":[\"%s\"]},"
		 "{\"id\":\"dev.perfetto.ExpandTracksByRegex\",\"args\":[\"%s\"]}]",
		 regex, DEFAULT_EXPAND);
	encode(json, commands, sizeof(commands));
	snprintf(to, room, "%s/#!/?url=http://127.0.0.1:%u/%s&startupCommands=%s", site->ui,
		 site->port, name, commands);
}

/* scheme://host[:port], without what follows. */
static bool set_origin(struct site *site, const char *ui)
{
	const char *host = strstr(ui, "://");
	size_t bytes;

	if (!host || (strncmp(ui, "https://", 8) != 0 && strncmp(ui, "http://", 7) != 0))
		return false;
	bytes = (size_t)(host + 3 - ui) + strcspn(host + 3, "/");
	if (bytes >= sizeof(site->origin) || !host[3])
		return false;
	memcpy(site->origin, ui, bytes);
	site->origin[bytes] = '\0';
	site->ui = site->origin;
	return true;
}

static int listen_on(unsigned port)
{
	const struct sockaddr_in address = {.sin_family = AF_INET,
					    .sin_port = htons((uint16_t)port),
					    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
		    listen(fd, 8) == 0)
			return fd;
	}
	fprintf(stderr, "vtrace: port %u of 127.0.0.1: %s%s\n", port, strerror(errno),
		errno == EADDRINUSE ? " (another vtrace open, or trace_processor?)" : "");
	if (fd >= 0)
		close(fd);
	return -1;
}

/* "bytes=A-B", "bytes=A-", "bytes=-N" (RFC 9110, 14.1.2); several ranges, or none that we know: the whole is a right answer. */
static void take_range(struct request *request, const char *value, uint64_t bytes)
{
	char *end;
	uint64_t number;

	if (strncasecmp(value, "bytes=", 6) != 0 || strchr(value, ','))
		return;
	value += 6;
	if (*value == '-') {
		number = strtoull(value + 1, &end, 10);
		request->first = number < bytes ? bytes - number : 0;
		request->last = bytes - 1;
		request->bad_range = number == 0 || bytes == 0;
	} else {
		request->first = strtoull(value, &end, 10);
		if (end == value || *end != '-')
			return;
		request->last = bytes - 1;
		if (isdigit((unsigned char)end[1]))
			request->last = strtoull(end + 1, &end, 10);
		if (request->last >= bytes)
			request->last = bytes - 1;
		request->bad_range = request->first >= bytes || request->last < request->first;
	}
	request->ranged = true;
}

/* The head of a request, up to the empty line. False: it never came, or is too long. */
static bool read_head(int fd, char head[REQUEST_BYTES])
{
	size_t held = 0;

	while (held + 1 < REQUEST_BYTES) {
		const ssize_t got = recv(fd, head + held, REQUEST_BYTES - 1 - held, 0);

		if (got <= 0)
			return false;
		held += (size_t)got;
		head[held] = '\0';
		if (strstr(head, "\r\n\r\n"))
			return true;
	}
	return false;
}

static bool parse_request(char *head, struct request *request, uint64_t bytes)
{
	char *line = strtok(head, "\r\n");

	*request = (struct request){.last = bytes ? bytes - 1 : 0};
	if (!line || sscanf(line, "%7s %511s HTTP/1.", request->method, request->path) != 2)
		return false;
	while ((line = strtok(NULL, "\r\n"))) {
		char *value = strchr(line, ':');

		if (!value)
			continue;
		*value++ = '\0';
		value += strspn(value, " \t");
		if (strcasecmp(line, "host") == 0)
			snprintf(request->host, sizeof(request->host), "%s", value);
		else if (strcasecmp(line, "range") == 0)
			take_range(request, value, bytes);
	}
	return true;
}

static void answer(const struct site *site, int fd, const char *status, const char *more,
		   uint64_t bytes)
{
	char head[2048];
	const int n = snprintf(head, sizeof(head),
			       "HTTP/1.1 %s\r\nAccess-Control-Allow-Origin: %s\r\nVary: Origin\r\n"
			       "Access-Control-Allow-Methods: GET, HEAD, OPTIONS\r\n"
			       "Access-Control-Allow-Headers: Range\r\n"
			       "Access-Control-Allow-Private-Network: true\r\n"
			       "Access-Control-Expose-Headers: Content-Length, Content-Range\r\n"
			       "Accept-Ranges: bytes\r\nCache-Control: no-store\r\n"
			       "Content-Type: application/octet-stream\r\n%s"
			       "Content-Length: %" PRIu64 "\r\nConnection: close\r\n\r\n",
			       status, site->origin, more, bytes);

	write_all(fd, head, (size_t)n);
}

/* True when the trace's last byte has gone out. */
static bool send_bytes(const struct site *site, int fd, uint64_t first, uint64_t last)
{
	char *chunk = malloc(CHUNK_BYTES);
	uint64_t at = first;

	while (chunk && at <= last) {
		const uint64_t left = last - at + 1;
		const size_t bytes = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES;

		if (!source_read(&site->trace, at, chunk, bytes) || !write_all(fd, chunk, bytes))
			break;
		at += bytes;
	}
	free(chunk);
	return at > last && at == site->trace.bytes;
}

static bool for_us(const struct site *site, const struct request *request)
{
	char address[32], name[32];

	snprintf(address, sizeof(address), "127.0.0.1:%u", site->port);
	snprintf(name, sizeof(name), "localhost:%u", site->port);
	return strcmp(request->host, address) == 0 || strcmp(request->host, name) == 0;
}

static void serve(struct site *site, int fd)
{
	const uint64_t bytes = site->trace.bytes;
	char head[REQUEST_BYTES], range[96] = "";
	struct request request;

	if (!read_head(fd, head))
		return;
	if (!parse_request(head, &request, bytes)) {
		answer(site, fd, "400 Bad Request", "", 0);
	} else if (!for_us(site, &request)) {
		answer(site, fd, "403 Forbidden", "", 0);
	} else if (strcmp(request.method, "OPTIONS") == 0) {
		answer(site, fd, "204 No Content", "", 0);
	} else if (strcmp(request.method, "GET") != 0 && strcmp(request.method, "HEAD") != 0) {
		answer(site, fd, "405 Method Not Allowed", "Allow: GET, HEAD, OPTIONS\r\n", 0);
	} else if (strcmp(request.path, site->path) != 0) {
		answer(site, fd, "404 Not Found", "", 0);
	} else if (request.ranged && request.bad_range) {
		snprintf(range, sizeof(range), "Content-Range: bytes */%" PRIu64 "\r\n", bytes);
		answer(site, fd, "416 Range Not Satisfiable", range, 0);
	} else {
		if (request.ranged)
			snprintf(range, sizeof(range),
				 "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n",
				 request.first, request.last, bytes);
		answer(site, fd, request.ranged ? "206 Partial Content" : "200 OK", range,
		       bytes ? request.last - request.first + 1 : 0);
		if (*request.method == 'G' && send_bytes(site, fd, request.first, request.last))
			site->served = true;
	}
}

/* Until the trace was fetched once (`keep`: for ever), or Ctrl-C. */
static void serve_all(struct site *site, int listener, bool keep)
{
	const struct timeval patience = {.tv_sec = PATIENCE_S};

	while (!stream_interrupted() && (keep || !site->served)) {
		const int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			continue;
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		serve(site, fd);
		shutdown(fd, SHUT_WR);
		close(fd);
	}
}

static void open_browser(const char *link)
{
	const pid_t child = fork();

	if (child == 0) {
		if (fork() == 0) { /* its parent will be init: nobody need wait for it */
			execlp("xdg-open", "xdg-open", link, (char *)NULL);
			fprintf(stderr, "vtrace: xdg-open: %s\n", strerror(errno));
			_exit(127);
		}
		_exit(0);
	}
	if (child > 0)
		waitpid(child, NULL, 0);
}

/* What is to be served: the file itself, or what it converts to, without a name on disk. */
static bool open_trace(struct site *site, const struct arguments *arguments)
{
	const char *path = arguments->operand[0];
	struct symbol_set symbols = {0};
	struct recording recording;
	uint32_t magic = 0;
	FILE *converted;
	bool done;

	if (!source_open(&site->trace, path))
		return false;
	if (site->trace.bytes < sizeof(magic) ||
	    !source_read(&site->trace, 0, &magic, sizeof(magic)) || magic != TRACE_PAGE_MAGIC)
		return true;
	source_close(&site->trace);
	converted = tmpfile();
	if (!converted || !recording_open(&recording, path, false, NULL)) {
		if (!converted)
			perror("vtrace: a temporary file");
		return false;
	}
	summary_complain(&recording.source, recording.summary);
	done = symbols_given(&symbols, arguments, OPTION_open_SYMBOLS, recording.summary) ==
		       EXIT_DONE &&
	       convert_recording(&recording.source, recording.summary, &symbols, converted, path) ==
		       EXIT_DONE &&
	       fflush(converted) == 0;
	symbol_set_free(&symbols);
	recording_close(&recording);
	site->trace = (struct source){.name = path, .fd = dup(fileno(converted))};
	source_refresh(&site->trace);
	fclose(converted);
	return done && site->trace.fd >= 0;
}

static void set_path(struct site *site, const char *file)
{
	const char *slash = strrchr(file, '/');
	char name[200];
	size_t stem;

	snprintf(name, sizeof(name), "%.180s", slash ? slash + 1 : file);
	stem = strlen(name);
	if (stem > 4 && strcmp(name + stem - 4, ".vtr") == 0)
		snprintf(name + stem - 4, sizeof(name) - stem + 4, ".pftrace");
	site->path[0] = '/';
	encode(name, site->path + 1, sizeof(site->path) - 1);
}

int command_open(const struct arguments *arguments)
{
	const char *ui = option_value(arguments, OPTION_open_UI);
	const char *pin = option_value(arguments, OPTION_open_PIN);
	struct site site = {.trace.fd = -1};
	uint64_t port = DEFAULT_PORT;
	char link[8192];
	int listener;

	if (!option_number(arguments, OPTION_open_PORT, 1, 65535, &port))
		return EXIT_USAGE;
	if (!set_origin(&site, ui ? ui : DEFAULT_UI))
		return usage_error(arguments, "--ui: '%s' is not an address such as %s", ui,
				   DEFAULT_UI);
	site.port = (unsigned)port;
	set_path(&site, arguments->operand[0]);
	stream_catch_signals();
	listener = listen_on(site.port); /* first: a conversion may take long */
	if (listener < 0)
		return EXIT_BAD_DATA;
	if (!open_trace(&site, arguments)) {
		close(listener);
		return EXIT_BAD_DATA;
	}
	make_link(&site, pin ? pin : DEFAULT_PIN, link, sizeof(link));
	printf("%s\n", link);
	fflush(stdout);
	if (option_value(arguments, OPTION_open_BROWSER))
		open_browser(link);
	serve_all(&site, listener, option_value(arguments, OPTION_open_KEEP));
	source_close(&site.trace);
	close(listener);
	return EXIT_DONE;
}
