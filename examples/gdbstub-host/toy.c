/*
 * A toy processor debugged through the GDB library: `toy IMAGE PORT` loads IMAGE at 0x1000 and
 * waits for GDB on 127.0.0.1; port 0 is any that is free. The library's tables are in target.c.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "toy.h"

#define ENTRY 0x1000
#define SLICE 1000 /* instructions between two looks at the socket */

struct toy toy;
const struct gdb_thread the_thread = {1, 1};

void toy_stop(enum gdb_stop_reason reason, uint8_t signal, uint64_t address)
{
	toy.running = false;
	gdb_stopped(&toy.stub, &(struct gdb_stop){.thread = the_thread,
						  .reason = reason,
						  .signal = signal,
						  .address = address});
}

/* At a breakpoint or before a watched store: true if that ends the run. */
static bool hits_a_point(void)
{
	const uint64_t pc = toy.cpu.r[CPU_PC], store = cpu_stores_to(&toy.cpu);

	for (const struct point *point = toy.points; point < toy.points + POINTS; point++) {
		if (point->used && point->watch && store < point->address + point->bytes &&
		    point->address < store + 8) {
			toy_stop(GDB_STOP_WATCH, 0, point->address);
			return true;
		}
	}
	if (!toy_has_breakpoint(pc))
		return false;
	switch (gdb_breakpoint_hit(&toy.stub, the_thread, false, pc)) {
	case GDB_HIT_COMMANDS:
		gdb_breakpoint_commands(&toy.stub, the_thread, false, pc);
		return false;
	case GDB_HIT_GO_ON:
		return false;
	default:
		toy_stop(GDB_STOP_SWBREAK, 0, 0);
		return true;
	}
}

static void run_one(void)
{
	const enum gdb_action_kind kind = toy.action.kind;
	uint64_t pc;

	if (!toy.stepping_over && hits_a_point())
		return;
	toy.stepping_over = false;
	if (cpu_step(&toy.cpu) != CPU_WENT_ON) {
		toy_stop(GDB_STOP_SIGNAL, GDB_SIGNAL_ILL, 0);
		return;
	}
	pc = toy.cpu.r[CPU_PC];
	if (kind == GDB_ACTION_STEP ||
	    (kind == GDB_ACTION_RANGE && (pc < toy.action.begin || pc >= toy.action.end)))
		toy_stop(GDB_STOP_SIGNAL, GDB_SIGNAL_TRAP, 0);
}

/* What has come from GDB; false when GDB has gone. A byte that is not taken is offered again. */
static bool serve(void)
{
	static uint8_t bytes[4096];
	static ssize_t count, at;

	if (at == count) {
		at = 0;
		count = recv(toy.client, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (count == 0)
			return false;
		if (count < 0)
			count = 0;
	}
	while (at < count && gdb_rx(&toy.stub, bytes[at]))
		at++;
	gdb_poll(&toy.stub);
	return true;
}

static int listen_on(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons((uint16_t)port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const int server = socket(AF_INET, SOCK_STREAM, 0), yes = 1;

	setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(server, (struct sockaddr *)&address, sizeof(address)) || listen(server, 1)) {
		perror("toy: cannot listen");
		exit(1);
	}
	socklen_t length = sizeof(address);
	getsockname(server, (struct sockaddr *)&address, &length);
	printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
	fflush(stdout);
	return server;
}

static void load(const char *path)
{
	FILE *const file = fopen(path, "rb");

	if (!file || !fread(toy.cpu.memory + ENTRY, 1, MEMORY_BYTES - ENTRY, file)) {
		fprintf(stderr, "toy: cannot read %s\n", path);
		exit(1);
	}
	fclose(file);
	toy.cpu.r[CPU_PC] = ENTRY;
}

int main(int argc, char **argv)
{
	const struct gdb_config config = {.ops = &toy_ops,
					  .rx = toy.rx,
					  .rx_bytes = sizeof(toy.rx),
					  .tx = toy.tx,
					  .tx_bytes = sizeof(toy.tx),
					  .agent_space = toy.agent,
					  .agent_bytes = sizeof(toy.agent)};
	int server;

	if (argc != 3) {
		fprintf(stderr, "usage: toy IMAGE PORT\n");
		return 2;
	}
	load(argv[1]);
	toy_describe();
	gdb_init(&toy.stub, &config);
	toy_stop(GDB_STOP_SIGNAL, GDB_SIGNAL_TRAP, 0);
	server = listen_on(atoi(argv[2]));
	toy.client = -1;
	for (;;) {
		struct pollfd wait = {.fd = toy.client < 0 ? server : toy.client, .events = POLLIN};

		poll(&wait, 1, toy.running ? 0 : 10);
		if (toy.client < 0) {
			if (wait.revents)
				toy.client = accept(server, NULL, NULL);
		} else if (!serve()) {
			close(toy.client);
			toy.client = -1;
			gdb_disconnected(&toy.stub);
		}
		for (unsigned i = 0; toy.running && i < SLICE; i++)
			run_one();
	}
}
