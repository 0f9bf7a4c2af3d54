/* See server.h. */
#include "debug/server.h"

#include <vitrine/percpu.h>

#include "core/id_regs.h"
#include "debug/port.h"
#include "debug/registers.h"
#include "hal/arm64.h"
#include "lib/log.h"
#include "lib/string.h"
#include "vm/debug_hook.h"

#define PACKET_BYTES  16384u
#define RECEIVE_BYTES 512u
#define AGENT_BYTES   4096u
#define POLL_MS	      5u   /* the port is looked at that often while guests run */
#define END_MS	      200u /* a debugger that does not listen keeps the machine on no longer */
#define AWAKE_MS      10u  /* after the debugger's last word: the next one often follows at once */

static struct {
	struct gdb_stub stub;
	struct spinlock
		lock; /* LOCK_GDB: the stub, for commands of breakpoints come from any CPU */
	uint8_t rx[PACKET_BYTES], tx[PACKET_BYTES];
	_Alignas(8) uint8_t agent[AGENT_BYTES];
	uint8_t in[RECEIVE_BYTES];
	uint32_t in_at, in_end;
	const struct port *port; /* NULL: the machine has none */
	bool uart;		 /* wanted: the console's, if there is no other */
	bool halt;		 /* VMs wait for the debugger from their first instruction on */
	uint32_t sessions;	 /* of the port, as last seen */
	bool fresh;		 /* nothing has been heard in this session */
	uint64_t heard_ticks;
} server = {.lock = SPINLOCK_INIT(LOCK_GDB)};

struct server_settings server_settings;

size_t server_send(const uint8_t *bytes, size_t count)
{
	return server.port->send(bytes, count);
}

/* The port has been closed since we looked, and perhaps opened again: whoever speaks now is somebody else. */
static void look_for_sessions(void)
{
	const uint32_t sessions = server.port->sessions();

	if (sessions == server.sessions)
		return;
	server.sessions = sessions;
	server.fresh = true;
	server.in_at = server.in_end = 0;
	log_line("gdb: %s", server.port->is_open() ? "connected" : "connection closed");
	gdb_disconnected(&server.stub);
	control_end_killed();
	if (server.port->is_open() || !server_settings.resume_when_lost)
		return;
	control_release();
	gdb_released(&server.stub);
}

/*
 * What has come goes behind the words at hand. Whether the port has been opened meanwhile is looked at afterwards, each time: the
 * first word of a session would be taken for the last one of another, and its answer go nowhere.
 */
static uint32_t take(void)
{
	uint8_t *const to = server.in + server.in_end;
	const uint32_t count = server.port->receive(to, sizeof(server.in) - server.in_end);

	if (!count)
		return 0;
	look_for_sessions(); /* in another one there is nothing at hand */
	memmove(server.in + server.in_end, to, count);
	server.in_end += count;
	return count;
}

/*
 * A debugger that has waited for us while we started has said its first word several times, and expects one answer.
 */
static void skip_repetitions(void)
{
	static const char first_word[] = "$qSupported";

	while (server.in_end < sizeof(server.in) && take())
		;
	for (uint32_t at = server.in_at + 1; at + sizeof(first_word) <= server.in_end; at++)
		if (memcmp(server.in + at, first_word, sizeof(first_word) - 1) == 0)
			server.in_at = at;
	server.fresh = false;
}

static bool fetch(void)
{
	server.in_at = server.in_end = 0;
	if (!take())
		return false;
	if (server.fresh)
		skip_repetitions();
	return true;
}

/* True: something has come. */
static bool receive(void)
{
	bool heard = false;

	for (;;) {
		if (server.in_at == server.in_end)
			heard |= fetch();
		if (server.in_at == server.in_end || control_is_resetting() ||
		    !gdb_rx(&server.stub, server.in[server.in_at]))
			return heard;
		server.in_at++;
	}
}

bool server_goes_on(struct gdb_thread thread, bool hardware, uint64_t address)
{
	return gdb_breakpoint_hit(&server.stub, thread, hardware, address) == GDB_HIT_GO_ON;
}

/* Its commands need the stub, which another CPU may be using: they wait for that, and the VM's other vCPUs for nothing. */
bool server_is_hit(struct gdb_thread thread, bool hardware, uint64_t address)
{
	const enum gdb_verdict verdict =
		gdb_breakpoint_hit(&server.stub, thread, hardware, address);

	if (verdict == GDB_HIT_COMMANDS) {
		spin_lock(&server.lock);
		gdb_breakpoint_commands(&server.stub, thread, hardware, address);
		spin_unlock(&server.lock);
	}
	return verdict == GDB_HIT_STOP;
}

/* What a guest has written before it stopped is told before. True: not all of that could be. */
static bool look_for_stops(void)
{
	if (server.port->tell && server.port->tell(&server.stub, control_has_any()))
		return true;
	control_look_for_stops(&server.stub);
	return false;
}

/* True: something has come, or is still to be said. */
static bool serve(void)
{
	bool busy;

	spin_lock(&server.lock);
	look_for_sessions();
	busy = look_for_stops();
	busy |= receive();
	busy |= gdb_poll(&server.stub);
	busy |= look_for_stops();
	spin_unlock(&server.lock);
	return busy;
}

bool debug_poll(void)
{
	if (!server.port || this_cpu()->index != SERVER_CPU)
		return false;

	const uint64_t now = READ_SYSREG(CNTPCT_EL0);

	if (serve())
		server.heard_ticks = now;
	return now - server.heard_ticks < READ_SYSREG(CNTFRQ_EL0) / 1000 * AWAKE_MS;
}

void debug_end(void)
{
	const uint64_t begin = READ_SYSREG(CNTPCT_EL0);
	bool busy = server.port;

	while (busy && READ_SYSREG(CNTPCT_EL0) - begin < READ_SYSREG(CNTFRQ_EL0) / 1000 * END_MS) {
		busy = serve();
		busy |= server.port->is_sending() || gdb_is_awaiting_stop(&server.stub);
	}
}

unsigned debug_poll_ms(void)
{
	return server.port ? POLL_MS : 0;
}

bool debug_option(const char *word)
{
	if (strcmp(word, "gdb=uart") == 0) {
		server.uart = true;
		return true;
	}
	if (strcmp(word, "gdb=halt") != 0 && strcmp(word, "gdb=run") != 0)
		return false;
	server.halt = word[4] == 'h';
	return true;
}

static void make_vm(unsigned index)
{
	struct debug_vm *debug = &debug_vms[index];
	struct vm *vm = vms[index];

	*debug = (struct debug_vm){.vm = vm, .lock = SPINLOCK_INIT(LOCK_DEBUG)};
	breaks_init(&debug->breaks, cpu_breakpoints(), cpu_watchpoints());
	for (unsigned i = 0; i < vm->vcpus; i++)
		*debug_vcpu_of(vm->vcpu[i]) = (struct debug_vcpu){
			.vcpu = vm->vcpu[i], .vm = debug, .action = {.kind = GDB_ACTION_RUN}};
}

/* The other is a terminal for those who have not asked for it. */
static const struct port *find_port(void)
{
	if (port_virtio.init())
		return &port_virtio;
	return server.uart && port_uart.init() ? &port_uart : NULL;
}

void debug_start(void)
{
	const struct gdb_config config = {.ops = &target_ops,
					  .rx = server.rx,
					  .rx_bytes = sizeof(server.rx),
					  .tx = server.tx,
					  .tx_bytes = sizeof(server.tx),
					  .agent_space = server.agent,
					  .agent_bytes = sizeof(server.agent)};

	for (unsigned i = 0; i < vm_count; i++)
		make_vm(i);
	description_make();
	server.port = find_port();
	server.fresh = true;
	if (!server.port) {
		log_line(
			"gdb: this machine has no port for it; there is gdb=uart, for the console");
		return;
	}
	for (unsigned i = 0; i < vm_count; i++)
		rules_apply(&debug_vms[i]);
	if (gdb_init(&server.stub, &config) != GDB_OK)
		panic("gdb: the library refuses its configuration");
	if (server.halt)
		server_attach(&debug_vms[0]);
	log_line("gdb: port ready, %s; vm %s %s", server.port->name, vms[0]->config->name,
		 server.halt ? "waits at its first instruction" : "runs");
}
