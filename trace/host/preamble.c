/* See preamble.h. */
#include <ctype.h>
#include <stdlib.h>

#include "trace/host/names.h"
#include "trace/host/perf.h"
#include "trace/host/preamble.h"
#include "trace/host/tasks.h"

#define RANK_HYPERVISOR (MAX_VMS + 1)

static uint32_t vm_slot(const struct metadata *metadata, uint32_t vcpu, uint32_t *local)
{
	const struct vm_info *vm = metadata_vm_of(metadata, vcpu, local);

	if (vm)
		return (uint32_t)(vm - metadata->vm);
	*local = vcpu;
	return NO_VM_SLOT;
}

static uint32_t slot_pid(uint32_t slot)
{
	return slot == NO_VM_SLOT ? PID_NO_VM : PID_VM(slot);
}

uint32_t vcpu_vm_slot(const struct metadata *metadata, uint32_t vcpu)
{
	uint32_t local;

	return vm_slot(metadata, vcpu, &local);
}

uint32_t vcpu_pid(const struct metadata *metadata, uint32_t vcpu)
{
	return slot_pid(vcpu_vm_slot(metadata, vcpu));
}

int64_t vcpu_tid(const struct metadata *metadata, uint32_t vcpu)
{
	uint32_t local;
	const uint32_t slot = vm_slot(metadata, vcpu, &local);

	return (int64_t)slot_pid(slot) + 1 + local;
}

static uint8_t *open_packet(struct perfetto *p, uint64_t ns)
{
	uint8_t *packet = pb_open_packet(&p->pb, TRACE_PACKET);

	pb_uint(&p->pb, PACKET_TIMESTAMP, ns);
	pb_uint(&p->pb, PACKET_SEQUENCE_ID, SEQUENCE_TRACE);
	return packet;
}

static void write_root(struct perfetto *p, uint64_t ns)
{
	uint8_t *packet = open_packet(p, ns);
	uint8_t *track = pb_open(&p->pb, PACKET_TRACK_DESCRIPTOR);

	pb_uint(&p->pb, TRACK_UUID, 0);
	pb_uint(&p->pb, TRACK_PROCESS_ORDER, ORDER_EXPLICIT);
	pb_uint(&p->pb, TRACK_THREAD_ORDER, ORDER_EXPLICIT);
	pb_close(&p->pb, track);
	pb_close(&p->pb, packet);
}

static void write_process(struct perfetto *p, uint64_t ns, uint32_t uuid, uint32_t pid,
			  const char *name, uint32_t rank)
{
	uint8_t *packet = open_packet(p, ns);
	uint8_t *track = pb_open(&p->pb, PACKET_TRACK_DESCRIPTOR);
	uint8_t *process;

	pb_uint(&p->pb, TRACK_UUID, uuid);
	process = pb_open(&p->pb, TRACK_PROCESS);
	pb_uint(&p->pb, PROCESS_PID, pid);
	pb_string(&p->pb, PROCESS_NAME, name);
	pb_close(&p->pb, process);
	pb_uint(&p->pb, TRACK_RANK, rank);
	pb_close(&p->pb, track);
	pb_close(&p->pb, packet);
}

static void write_thread(struct perfetto *p, uint64_t ns, uint32_t uuid, uint32_t pid, uint64_t tid,
			 const char *name, uint32_t rank)
{
	uint8_t *packet = open_packet(p, ns);
	uint8_t *track = pb_open(&p->pb, PACKET_TRACK_DESCRIPTOR);
	uint8_t *thread;

	pb_uint(&p->pb, TRACK_UUID, uuid);
	thread = pb_open(&p->pb, TRACK_THREAD);
	pb_uint(&p->pb, THREAD_PID, pid);
	pb_uint(&p->pb, THREAD_TID, tid);
	pb_string(&p->pb, THREAD_NAME, name);
	pb_close(&p->pb, thread);
	pb_uint(&p->pb, TRACK_RANK, rank);
	pb_close(&p->pb, track);
	pb_close(&p->pb, packet);
}

/* A track that is no process or thread. A counter when `unit` is given; `explicit_order`: its children have ranks. */
static void write_track(struct perfetto *p, uint64_t ns, uint32_t uuid, uint32_t parent,
			const char *name, uint32_t rank, const char *unit, bool explicit_order)
{
	uint8_t *packet = open_packet(p, ns);
	uint8_t *track = pb_open(&p->pb, PACKET_TRACK_DESCRIPTOR);
	uint8_t *counter;

	pb_uint(&p->pb, TRACK_UUID, uuid);
	pb_string(&p->pb, TRACK_NAME, name);
	pb_uint(&p->pb, TRACK_PARENT, parent);
	if (unit) {
		counter = pb_open(&p->pb, TRACK_COUNTER);
		pb_string(&p->pb, COUNTER_UNIT_NAME, unit);
		pb_string(&p->pb, COUNTER_SHARE_KEY, unit);
		pb_close(&p->pb, counter);
	}
	if (explicit_order)
		pb_uint(&p->pb, TRACK_CHILD_ORDER, CHILD_ORDER_EXPLICIT);
	pb_uint(&p->pb, TRACK_RANK, rank);
	pb_close(&p->pb, track);
	pb_close(&p->pb, packet);
}

static void write_vm(struct perfetto *p, const struct metadata *metadata, uint64_t ns,
		     uint32_t slot, bool says_something)
{
	char name[NAME_BYTES];

	if (slot == NO_VM_SLOT)
		snprintf(name, sizeof(name), "no VM");
	else if (metadata->vm[slot].name[0])
		snprintf(name, sizeof(name), "%s", metadata->vm[slot].name);
	else
		snprintf(name, sizeof(name), "vm%u", (unsigned)slot);
	write_process(p, ns, UUID_VM(slot), slot_pid(slot), name, slot);
	if (says_something)
		write_track(p, ns, UUID_CONSOLE(slot), UUID_VM(slot), "console", 0, NULL, false);
}

static void write_vms(struct perfetto *p, const struct summary *summary, uint64_t ns)
{
	const struct metadata *metadata = &summary->metadata;
	const uint64_t *seen = summary->events_by_id;
	bool written[MAX_VMS + 1] = {false};

	for (uint32_t vcpu = 0; vcpu < MAX_VCPUS; vcpu++) {
		char name[NAME_BYTES + 16];
		uint32_t local;
		const uint32_t slot = vm_slot(metadata, vcpu, &local);

		if (slot == NO_VM_SLOT && !summary->vcpu_seen[vcpu])
			continue;
		if (!written[slot])
			write_vm(p, metadata, ns, slot,
				 seen[TRACE_CONSOLE] || seen[TRACE_MARK] || seen[TRACE_MARK_TEXT]);
		written[slot] = true;
		vcpu_label(metadata, vcpu, name, sizeof(name));
		write_thread(p, ns, UUID_VCPU(vcpu), slot_pid(slot),
			     (uint64_t)vcpu_tid(metadata, vcpu), name, local);
		if (seen[TRACE_DEBUGGER])
			write_track(p, ns, UUID_DEBUGGER(vcpu), UUID_VCPU(vcpu), "debugger", 0,
				    NULL, false);
	}
}

static void write_perf_counters(struct perfetto *p, const struct summary *summary, uint64_t ns)
{
	char name[PERF_NAME_BYTES];

	if (!summary->events_by_id[TRACE_PERF])
		return;
	write_track(p, ns, UUID_PERFS, UUID_HYPERVISOR, "performance counters", 4, NULL, true);
	for (uint32_t i = 0; i < perf_words(&summary->metadata); i++)
		for (uint32_t side = 0; side < PERF_SIDES; side++) {
			perf_name(&summary->metadata, i, side, name, sizeof(name));
			write_track(p, ns, UUID_PERF(i, side), UUID_PERFS, name, i * 2 + side, "/s",
				    false);
		}
}

/* Counters must be described before their first value. Those that would stay at zero are left out. */
static void write_counters(struct perfetto *p, const struct summary *summary, uint64_t ns)
{
	char name[48];

	write_track(p, ns, UUID_EXIT_RATES, UUID_HYPERVISOR, "exits a second", 0, NULL, true);
	for (uint32_t i = 0; i < MAX_REASONS; i++)
		if (summary->reason[i].exits) {
			reason_text((uint8_t)i, name, sizeof(name));
			write_track(p, ns, UUID_EXIT_RATE(i), UUID_EXIT_RATES, name, i, "exits/s",
				    false);
		}
	write_track(p, ns, UUID_EL2_SHARES, UUID_HYPERVISOR, "EL2's share", 1, NULL, true);
	write_track(p, ns, UUID_RUN_QUEUES, UUID_HYPERVISOR, "vCPUs waiting for a CPU", 2, NULL,
		    true);
	for (uint32_t cpu = 0; cpu < MAX_CPUS; cpu++)
		if (summary->cpu[cpu].pages) {
			snprintf(name, sizeof(name), "EL2 on cpu%u", (unsigned)cpu);
			write_track(p, ns, UUID_EL2_SHARE(cpu), UUID_EL2_SHARES, name, cpu, "%",
				    false);
			snprintf(name, sizeof(name), "waiting for cpu%u", (unsigned)cpu);
			write_track(p, ns, UUID_RUN_QUEUE(cpu), UUID_RUN_QUEUES, name, cpu, "vCPUs",
				    false);
		}
	if (summary->reason[REASON_NESTED_PAGE_FAULT].exits)
		write_track(p, ns, UUID_FAULTS, UUID_HYPERVISOR, "stage-2 faults", 3, "faults/s",
			    false);
	write_perf_counters(p, summary, ns);
	write_track(p, ns, UUID_LOST, UUID_HYPERVISOR, "records lost", 5, "records", false);
}

static void write_cpus(struct perfetto *p, const struct summary *summary, uint64_t ns)
{
	write_process(p, ns, UUID_HYPERVISOR, PID_HYPERVISOR, "vitrine", RANK_HYPERVISOR);
	for (uint32_t cpu = 0; cpu < MAX_CPUS; cpu++) {
		char name[16];

		if (!summary->cpu[cpu].pages && !summary_lost(summary, cpu))
			continue;
		snprintf(name, sizeof(name), "cpu%u", (unsigned)cpu);
		write_thread(p, ns, UUID_CPU(cpu), PID_HYPERVISOR, TID_CPU(cpu), name, cpu);
	}
}

/* FNV-1a over what distinguishes one recording from another; the UI caches by it. */
static void write_uuid(struct perfetto *p, const struct summary *summary, uint64_t ns,
		       uint64_t raw_bytes)
{
	enum { UUID_MSB = 1, UUID_LSB = 2 };
	const uint64_t told[] = {raw_bytes, summary->events, summary->exits, summary->first_ticks,
				 summary->last_ticks};
	uint64_t hash = 0xcbf29ce484222325ull;
	uint8_t *packet = open_packet(p, ns);
	uint8_t *uuid = pb_open(&p->pb, PACKET_TRACE_UUID);

	for (size_t i = 0; i < sizeof(told); i++)
		hash = (hash ^ ((const uint8_t *)told)[i]) * 0x100000001b3ull;
	pb_uint(&p->pb, UUID_MSB, hash);
	pb_uint(&p->pb, UUID_LSB, summary->last_ticks);
	pb_close(&p->pb, uuid);
	pb_close(&p->pb, packet);
}

static void write_system_info(struct perfetto *p, const struct summary *summary, uint64_t ns)
{
	enum { INFO_UTSNAME = 1, INFO_SERVICE_VERSION = 4, INFO_CPUS = 8, INFO_MACHINE_NAME = 17 };
	enum { UTS_SYSNAME = 1, UTS_RELEASE = 3, UTS_MACHINE = 4 };
	uint8_t *packet = open_packet(p, ns);
	uint8_t *info = pb_open(&p->pb, PACKET_SYSTEM_INFO);
	uint8_t *uts = pb_open(&p->pb, INFO_UTSNAME);
	uint32_t cpus = 0;

	for (uint32_t i = 0; i < MAX_CPUS; i++)
		cpus += summary->cpu[i].pages != 0;
	pb_string(&p->pb, UTS_SYSNAME, "Vitrine");
	pb_string(&p->pb, UTS_RELEASE, metadata_get(&summary->metadata, "git", "unknown"));
	pb_string(&p->pb, UTS_MACHINE, "aarch64");
	pb_close(&p->pb, uts);
	pb_string(&p->pb, INFO_SERVICE_VERSION, "vtrace");
	pb_uint(&p->pb, INFO_CPUS, summary->metadata.cpus ? summary->metadata.cpus : cpus);
	pb_string(&p->pb, INFO_MACHINE_NAME, "vitrine");
	pb_close(&p->pb, info);
	pb_close(&p->pb, packet);
}

static void write_attributes(struct perfetto *p, const struct summary *summary, uint64_t ns)
{
	enum { ATTRIBUTES_ATTRIBUTE = 1, ATTRIBUTE_KEY = 1, ATTRIBUTE_STRING = 3 };
	const struct metadata *metadata = &summary->metadata;
	uint8_t *packet = open_packet(p, ns);
	uint8_t *attributes = pb_open(&p->pb, PACKET_TRACE_ATTRIBUTES);

	for (uint32_t i = 0; i < metadata->attributes; i++) {
		uint8_t *attribute = pb_open(&p->pb, ATTRIBUTES_ATTRIBUTE);

		pb_string(&p->pb, ATTRIBUTE_KEY, metadata->attribute[i].key);
		pb_string(&p->pb, ATTRIBUTE_STRING, metadata->attribute[i].value);
		pb_close(&p->pb, attribute);
	}
	pb_close(&p->pb, attributes);
	pb_close(&p->pb, packet);
}

void write_preamble(struct perfetto *p, const struct summary *summary, uint64_t raw_bytes)
{
	const uint64_t first = summary->first_ticks == UINT64_MAX ? 0 : summary->first_ticks;
	const uint64_t ns = ticks_to_ns(summary->cntfrq, first);

	write_uuid(p, summary, ns, raw_bytes);
	write_system_info(p, summary, ns);
	write_attributes(p, summary, ns);
	write_root(p, ns);
	write_vms(p, summary, ns);
	write_cpus(p, summary, ns);
	write_counters(p, summary, ns);
}

static void map_sequence(struct pb *pb, uint32_t sequence, uint32_t buffer)
{
	uint8_t *writer = pb_open(pb, STATS_WRITERS);

	pb_uint(pb, WRITER_SEQUENCE_ID, sequence);
	pb_uint(pb, WRITER_BUFFER, buffer);
	pb_close(pb, writer);
}

/* One "buffer" a physical CPU: that is what a ring is. */
void write_stats(struct perfetto *p, const struct summary *summary, const uint16_t cpu_of_vcpu[256])
{
	struct pb *pb = &p->pb;
	uint8_t *packet = open_packet(p, ticks_to_ns(summary->cntfrq, summary->last_ticks));
	uint8_t *stats = pb_open(pb, PACKET_TRACE_STATS);
	uint32_t cpus = 0;

	for (uint32_t cpu = 0; cpu < MAX_CPUS; cpu++)
		if (summary->cpu[cpu].pages || summary_lost(summary, cpu))
			cpus = cpu + 1;
	for (uint32_t cpu = 0; cpu < cpus; cpu++) {
		uint8_t *buffer = pb_open(pb, STATS_BUFFERS);

		pb_uint(pb, BUFFER_PACKET_LOSS, summary_lost(summary, cpu));
		pb_close(pb, buffer);
	}
	for (uint32_t cpu = 0; cpu < cpus; cpu++) {
		map_sequence(pb, SEQUENCE_TASKS(cpu), cpu);
		map_sequence(pb, SEQUENCE_CPU(cpu), cpu);
		map_sequence(pb, SEQUENCE_IRQS(cpu), cpu);
	}
	for (uint32_t vcpu = 0; vcpu < MAX_VCPUS; vcpu++)
		if (cpu_of_vcpu[vcpu] != NO_CPU) {
			map_sequence(pb, SEQUENCE_EXITS(vcpu), cpu_of_vcpu[vcpu]);
			map_sequence(pb, SEQUENCE_INSTANTS(vcpu), cpu_of_vcpu[vcpu]);
			map_sequence(pb, SEQUENCE_DEBUGGER(vcpu), cpu_of_vcpu[vcpu]);
			map_sequence(pb, SEQUENCE_SAMPLES(vcpu), cpu_of_vcpu[vcpu]);
		}
	pb_close(pb, stats);
	pb_close(pb, packet);
}
