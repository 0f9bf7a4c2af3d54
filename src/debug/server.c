/* See server.h. */
#include "debug/server.h"

#include <vitrine/percpu.h>

#include "core/id_regs.h"
#include "debug/registers.h"
#include "dev/virtio_serial.h"
#include "hal/arm64.h"
#include "lib/log.h"
#include "lib/string.h"
#include "vm/debug_hook.h"

#define PACKET_BYTES  16384u
#define SEND_BUFFERS  8u
#define SEND_BYTES    2048u
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
	uint8_t out[SEND_BUFFERS][SEND_BYTES];
	uint32_t out_busy; /* one bit a buffer that the device has */
	bool enabled;	   /* the machine has the port */
	bool halt;	   /* VMs wait for the debugger from their first instruction on */
	uint32_t sessions; /* of the port, as last seen */
	bool fresh;	   /* nothing has been heard in this session */
	uint64_t heard_ticks;
} server = {.lock = SPINLOCK_INIT(LOCK_GDB)};

struct server_settings server_settings;

static void reclaim_buffers(void)
{
	const uint8_t *done;

	while ((done = virtio_serial_reap(VIRTIO_SERIAL_PORT_GDB)))
		server.out_busy &= ~(1u << (unsigned)(done - server.out[0]) / SEND_BYTES);
}

/* What nobody listens to is gone: the session has ended. */
size_t server_send(const uint8_t *bytes, size_t count)
{
	size_t done = 0;

	reclaim_buffers();
	for (unsigned i = 0; i < SEND_BUFFERS && done < count; i++) {
		const uint32_t part = (uint32_t)MIN(count - done, SEND_BYTES);

		if (server.out_busy & 1u << i)
			continue;
		memcpy(server.out[i], bytes + done, part);

		const enum vt_err err = virtio_serial_send(VIRTIO_SERIAL_PORT_GDB, server.out[i],
							   part, server.out[i]);

		if (err == VT_EIO)
			return count;
		if (err != VT_OK)
			break;
		server.out_busy |= 1u << i;
		done += part;
	}
	return done;
}

/* The port has been closed since we looked, and perhaps opened again: whoever speaks now is somebody else. */
static void look_for_sessions(void)
{
	const uint32_t sessions = virtio_serial_port_sessions(VIRTIO_SERIAL_PORT_GDB);

	if (sessions == server.sessions)
		return;
	server.sessions = sessions;
	server.fresh = true;
	server.in_at = server.in_end = 0;
	log_line("gdb: %s", virtio_serial_port_open(VIRTIO_SERIAL_PORT_GDB) ? "connected"
									    : "connection closed");
	gdb_disconnected(&server.stub);
	control_end_killed();
	if (virtio_serial_port_open(VIRTIO_SERIAL_PORT_GDB) || !server_settings.resume_when_lost)
		return;
	control_release();
	gdb_released(&server.stub);
}

/*
 * What has come goes behind the words at hand. The device says that the port has been opened before it hands over what is said
 * there, so look at that afterwards, each time: the first word of a session would be taken for the last one of another, and its
 * answer go nowhere.
 */
static uint32_t take(void)
{
	uint8_t *const to = server.in + server.in_end;
	const uint32_t count = virtio_serial_receive(VIRTIO_SERIAL_PORT_GDB, to,
						     sizeof(server.in) - server.in_end);

	if (!count)
		return 0;
	virtio_serial_poll();
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

/* True: something has come, or is still to be said. */
static bool serve(void)
{
	bool busy;

	spin_lock(&server.lock);
	look_for_sessions();
	control_look_for_stops(&server.stub);
	busy = receive();
	busy |= gdb_poll(&server.stub);
	control_look_for_stops(&server.stub);
	spin_unlock(&server.lock);
	return busy;
}

bool debug_poll(void)
{
	if (!server.enabled || this_cpu()->index != SERVER_CPU)
		return false;

	const uint64_t now = READ_SYSREG(CNTPCT_EL0);

	if (serve())
		server.heard_ticks = now;
	return now - server.heard_ticks < READ_SYSREG(CNTFRQ_EL0) / 1000 * AWAKE_MS;
}

void debug_end(void)
{
	const uint64_t begin = READ_SYSREG(CNTPCT_EL0);
	bool busy = server.enabled;

	while (busy && READ_SYSREG(CNTPCT_EL0) - begin < READ_SYSREG(CNTFRQ_EL0) / 1000 * END_MS) {
		busy = serve();
		reclaim_buffers();
		busy |= gdb_is_awaiting_stop(&server.stub) || server.out_busy;
	}
}

unsigned debug_poll_ms(void)
{
	return server.enabled ? POLL_MS : 0;
}

bool debug_option(const char *word)
{
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
	virtio_serial_poll(); /* what the device has said of its ports */
	server.enabled = virtio_serial_port_added(VIRTIO_SERIAL_PORT_GDB);
	if (!server.enabled) {
		log_line("gdb: this machine has no port for it");
		return;
	}
	for (unsigned i = 0; i < vm_count; i++)
		rules_apply(&debug_vms[i]);
	if (gdb_init(&server.stub, &config) != GDB_OK)
		panic("gdb: the library refuses its configuration");
	if (server.halt)
		server_attach(&debug_vms[0]);
	log_line("gdb: port ready, vm %s %s", vms[0]->config->name,
		 server.halt ? "waits at its first instruction" : "runs");
}
