/*
 * The part of the Perfetto trace format that we write, as C: field numbers, sequences, interning.
 *
 * perfetto_subset.proto beside this file says the same to protoc; the tests decode every trace with it.
 * Not thread safe; one struct perfetto is one output file.
 */
#ifndef TRACE_HOST_PERFETTO_H
#define TRACE_HOST_PERFETTO_H

#include "trace/host/protobuf.h"

/* Field numbers, by message. */
enum { TRACE_PACKET = 1 };
enum {
	PACKET_CLOCK_SNAPSHOT = 6,
	PACKET_TIMESTAMP = 8,
	PACKET_SEQUENCE_ID = 10,
	PACKET_TRACK_EVENT = 11,
	PACKET_INTERNED_DATA = 12,
	PACKET_SEQUENCE_FLAGS = 13,
	PACKET_TRACE_STATS = 35,
	PACKET_PREVIOUS_DROPPED = 42,
	PACKET_SYSTEM_INFO = 45,
	PACKET_CLOCK_ID = 58,
	PACKET_DEFAULTS = 59,
	PACKET_TRACK_DESCRIPTOR = 60,
	PACKET_TRACE_UUID = 89,
	PACKET_TASK_STATE = 117,
	PACKET_TRACE_ATTRIBUTES = 126,
};
enum { SEQ_CLEARED = 1, SEQ_NEEDS_STATE = 2 };
enum { DROPPED_BUFFER_FULL = 256 }; /* DataLossReason SMB_FULL: the newest records had no room */
enum { CLOCK_BOOTTIME = 6, CLOCK_DELTA = 64 };
enum {
	SNAPSHOT_CLOCKS = 1,
	SNAPSHOT_PRIMARY = 2,
	CLOCK_ID = 1,
	CLOCK_TIMESTAMP = 2,
	CLOCK_INCREMENTAL = 3
};
enum { DEFAULTS_TRACK_EVENT = 11, DEFAULTS_CLOCK_ID = 58, TRACK_EVENT_DEFAULTS_UUID = 11 };
enum { INTERNED_CATEGORIES = 1, INTERNED_NAMES = 2, INTERNED_ARG_NAMES = 3, INTERNED_STRINGS = 29 };
enum { INTERNED_IID = 1, INTERNED_TEXT = 2 };
enum {
	EVENT_CATEGORY_IIDS = 3,
	EVENT_ARGS = 4,
	EVENT_TYPE = 9,
	EVENT_NAME_IID = 10,
	EVENT_NAME = 23
};
enum { TYPE_BEGIN = 1, TYPE_END = 2, TYPE_INSTANT = 3 };
enum { ARG_NAME_IID = 1, ARG_UINT = 3, ARG_POINTER = 7, ARG_STRING_IID = 17 };
enum {
	TRACK_UUID = 1,
	TRACK_PROCESS = 3,
	TRACK_THREAD = 4,
	TRACK_RANK = 12,
	TRACK_PROCESS_ORDER = 19,
	TRACK_THREAD_ORDER = 20
};
enum { ORDER_EXPLICIT = 1 };
enum { PROCESS_PID = 1, PROCESS_NAME = 6, THREAD_PID = 1, THREAD_TID = 2, THREAD_NAME = 5 };
enum { TASK_CPU = 1, TASK_TID = 3, TASK_STATE = 4 };
enum { TASK_RUNNABLE = 2, TASK_RUNNING = 3, TASK_SLEEP = 4, TASK_STOPPED = 6 };
enum {
	STATS_BUFFERS = 1,
	STATS_WRITERS = 18,
	BUFFER_PACKET_LOSS = 19,
	WRITER_SEQUENCE_ID = 1,
	WRITER_BUFFER = 4
};

/* Slice arguments. Their interned ids are their places here, plus one. */
/* clang-format off: it cannot make up its mind about this one */
#define SLICE_ARGS(ARG) \
	ARG(esr)        \
	ARG(ec)         \
	ARG(pc)         \
	ARG(ipa) ARG(value) ARG(intid) ARG(function) ARG(result) ARG(far) ARG(level) ARG(records)
enum slice_arg {
	SLICE_ARG_NONE,
#define ARG(name) SLICE_ARG_##name,
	SLICE_ARGS(ARG)
#undef ARG
		SLICE_ARG_COUNT
};
/* clang-format on */

#define MAX_NAMES \
	2048u /* interned slice names; a hostile recording may have more kinds, and gets general names */
#define SLICE_NAME_BYTES 96u
#define MAX_CATEGORIES	 32u
#define MAX_STRINGS	 65u /* one for each exception class */

/*
 * Everything with one trusted_packet_sequence_id: its timestamps are deltas to its last packet, and it must define
 * an interned id before it uses it. `restart` makes the next packet define everything anew.
 */
struct sequence {
	uint32_t id;
	uint64_t track_uuid;
	uint64_t last_ns;
	bool started;
	bool restart;
	uint64_t has_name[MAX_NAMES / 64];
	uint64_t has_category;
	uint64_t has_string[2];
};

struct perfetto {
	struct pb pb;
	const char *category[MAX_CATEGORIES]; /* by iid; static strings */
	uint32_t categories;
	const char *string[MAX_STRINGS]; /* by iid, for values of slice arguments; static strings */
	char name[MAX_NAMES][SLICE_NAME_BYTES]; /* by iid */
	uint32_t names;
	uint8_t *packet, *event; /* what is open */
};

/* Sequences must begin as zeros but for their id and track. */
void perfetto_begin(struct perfetto *p, FILE *out);
/* Write what is left; false when the output failed. */
bool perfetto_end(struct perfetto *p);

/* Interned id of a name; 0 when the table is full. Does not look for equal names: the caller keys them. */
uint32_t perfetto_add_name(struct perfetto *p, const char *name);
/* Interned id of a category; the string must outlive p. */
uint32_t perfetto_category(struct perfetto *p, const char *category);

/* Open a packet of a sequence at `ns`. Time never goes back within a sequence: a smaller `ns` counts as the last. */
void packet_open(struct perfetto *p, struct sequence *s, uint64_t ns);
void packet_close(struct perfetto *p);

/* Slices and instants on a sequence's track: open, then arguments, then close. */
void slice_open(struct perfetto *p, struct sequence *s, uint64_t ns, uint32_t type,
		uint32_t name_iid, uint32_t category_iid, uint32_t string_iid);
void slice_close(struct perfetto *p);
void slice_end(struct perfetto *p, struct sequence *s, uint64_t ns);

static inline void slice_arg(struct perfetto *p, enum slice_arg arg, uint32_t kind, uint64_t value)
{
	uint8_t *mark = pb_open(&p->pb, EVENT_ARGS);

	pb_uint(&p->pb, ARG_NAME_IID, arg);
	pb_uint(&p->pb, kind, value);
	pb_close(&p->pb, mark);
}

#endif
