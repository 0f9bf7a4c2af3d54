/*
 * The part of the Perfetto trace format that we write, as C: field numbers, sequences, interning.
 *
 * perfetto_subset.proto beside this file says the same to protoc; the tests decode every trace with it.
 * Not thread safe; one struct perfetto is one output file.
 */
#ifndef TRACE_HOST_PERFETTO_H
#define TRACE_HOST_PERFETTO_H

#include "trace/host/intern.h"
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
	PACKET_STACK_SAMPLE = 135,
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
enum {
	DEFAULTS_TRACK_EVENT = 11,
	DEFAULTS_CLOCK_ID = 58,
	DEFAULTS_STACK_SAMPLE = 100,
	TRACK_EVENT_DEFAULTS_UUID = 11
};
enum {
	INTERNED_CATEGORIES = 1,
	INTERNED_NAMES = 2,
	INTERNED_ARG_NAMES = 3,
	INTERNED_LOCATIONS = 4,
	INTERNED_FUNCTIONS = 5,
	INTERNED_FRAMES = 6,
	INTERNED_CALLSTACKS = 7,
	INTERNED_STRINGS = 29
};
enum { INTERNED_IID = 1, INTERNED_TEXT = 2 };
enum { LOCATION_FILE = 2, LOCATION_FUNCTION = 3 };
enum {
	EVENT_CATEGORY_IIDS = 3,
	EVENT_ARGS = 4,
	EVENT_TYPE = 9,
	EVENT_NAME_IID = 10,
	EVENT_TRACK_UUID = 11,
	EVENT_NAME = 23,
	EVENT_COUNTER_VALUE = 30,
	EVENT_LOCATION_IID = 34,
	EVENT_FLOWS = 47,
	EVENT_FLOW_ENDS = 48
};
enum {
	SAMPLE_TASK = 1,
	SAMPLE_EXECUTION = 3,
	SAMPLE_CALLSTACK_IID = 6,
	SAMPLE_WEIGHT = 11,
	TASK_CONTEXT_PID = 2,
	TASK_CONTEXT_TID = 3,
	EXECUTION_CPU = 2,
	EXECUTION_MODE = 3,
	SAMPLE_DEFAULTS_SOURCE = 1,
	SAMPLE_DEFAULTS_PRIMARY = 2,
	SAMPLE_COUNTER_NAME = 2,
	SAMPLE_COUNTER_UNIT = 3,
	SAMPLE_UNIT_COUNT = 9
};
enum { MODE_GUEST_USER = 4, MODE_GUEST_KERNEL = 5 };
enum { FRAME_FUNCTION = 2, CALLSTACK_FRAMES = 2 };
enum { TYPE_BEGIN = 1, TYPE_END = 2, TYPE_INSTANT = 3, TYPE_COUNTER = 4 };
enum {
	ARG_NAME_IID = 1,
	ARG_UINT = 3,
	ARG_INT = 4,
	ARG_STRING = 6,
	ARG_POINTER = 7,
	ARG_STRING_IID = 17
};
enum {
	TRACK_UUID = 1,
	TRACK_NAME = 2,
	TRACK_PROCESS = 3,
	TRACK_THREAD = 4,
	TRACK_PARENT = 5,
	TRACK_COUNTER = 8,
	TRACK_CHILD_ORDER = 11,
	TRACK_RANK = 12,
	TRACK_PROCESS_ORDER = 19,
	TRACK_THREAD_ORDER = 20
};
enum { ORDER_EXPLICIT = 1, CHILD_ORDER_EXPLICIT = 3 };
enum { COUNTER_UNIT_NAME = 6, COUNTER_SHARE_KEY = 7 };
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

#define MAX_NAMES \
	2048u /* interned slice names; a hostile recording may have more kinds, and gets general names */
#define SLICE_NAME_BYTES 96u
#define MAX_CATEGORIES	 32u
#define MAX_ARG_NAMES	 128u
#define MAX_STRINGS	 8192u	/* values of arguments: syndromes, mostly */
#define MAX_LOCATIONS	 32768u /* guests' code addresses */
#define FIRST_STRING	 16u /* strings below are results of exits: enum trace_exit_result, plus one */
#define EVENT_ARGS_MAX	 24u
#define EVENT_FLOWS_MAX	 10u

/* Packed bits: which interned ids a sequence has defined. */
#define BIT_WORDS(bits) (((bits) + 63) / 64)

/* Interned strings and locations that a sequence has defined: many, so only those have them that hold exits. */
struct exit_words {
	uint64_t has_string[BIT_WORDS(MAX_STRINGS)];
	uint64_t has_location[BIT_WORDS(MAX_LOCATIONS)];
};

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
	const char *sampled; /* what its stack samples are of; NULL: it holds none */
	uint64_t has_category;
	uint64_t has_arg[BIT_WORDS(MAX_ARG_NAMES)];
	uint64_t has_name[BIT_WORDS(MAX_NAMES)];
	struct exit_words *words; /* NULL: it refers to no interned strings and locations */
};

struct arg {
	uint32_t name_iid;
	uint32_t kind;	  /* ARG_* */
	uint64_t value;	  /* or a string's iid */
	const char *text; /* ARG_STRING */
};

/* A track event before it is written; event_begin() makes one. */
struct event {
	uint32_t type;
	uint32_t name_iid;
	const char *name; /* when name_iid is 0 */
	uint32_t category_iid;
	uint32_t location_iid;
	uint32_t args, flows;
	uint64_t flow_end; /* 0: none. This flow arrives here and goes no further */
	uint64_t flow[EVENT_FLOWS_MAX];
	struct arg arg[EVENT_ARGS_MAX];
};

/* How a sequence spells an interned string or location when it first uses it. */
struct spelling {
	void *context;
	void (*string)(void *context, uint32_t iid, char *to, size_t bytes);
	void (*location)(void *context, const struct sequence *s, uint32_t iid, char *function,
			 char *address, size_t bytes);
};

#define SPELLING_BYTES 256u

struct perfetto {
	struct pb pb;
	struct spelling spelling;
	const char *category[MAX_CATEGORIES]; /* by iid; static strings */
	uint32_t categories;
	const char *arg_name[MAX_ARG_NAMES]; /* by iid; static strings */
	uint32_t arg_names;
	char name[MAX_NAMES][SLICE_NAME_BYTES]; /* by iid */
	uint32_t names;
	uint8_t *packet; /* what is open */
};

/* Sequences must begin as zeros but for their id and track. */
void perfetto_begin(struct perfetto *p, FILE *out);
/* Write what is left; false when the output failed. */
bool perfetto_end(struct perfetto *p);

/* Interned id of a name; 0 when the table is full. Does not look for equal names: the caller keys them. */
uint32_t perfetto_add_name(struct perfetto *p, const char *name);
/* Interned ids of a category and of an argument's name; the string must outlive p. */
uint32_t perfetto_category(struct perfetto *p, const char *category);
uint32_t perfetto_arg_name(struct perfetto *p, const char *name);

/* Open a packet of a sequence at `ns`. Time never goes back within a sequence: a smaller `ns` counts as the last. */
void packet_open(struct perfetto *p, struct sequence *s, uint64_t ns);
void packet_close(struct perfetto *p);

/* Begin a slice, or an instant or a counter, on a sequence's track; end the innermost slice. */
void event_write(struct perfetto *p, struct sequence *s, uint64_t ns, const struct event *event);
void slice_end(struct perfetto *p, struct sequence *s, uint64_t ns);
void counter_write(struct perfetto *p, struct sequence *s, uint64_t ns, uint64_t track_uuid,
		   uint64_t value);

/* Define an interned text in the open packet. */
void add_interned(struct pb *pb, uint32_t field, uint32_t iid, const char *text);

/* True once for each bit. */
static inline bool first_use(uint64_t *bits, uint32_t iid)
{
	const uint64_t bit = 1ull << (iid % 64);
	const bool first = !(bits[iid / 64] & bit);

	bits[iid / 64] |= bit;
	return first;
}

/* A new event without name, arguments or flows. (The arrays stay as they are: this is done for every exit.) */
static inline void event_begin(struct event *event, uint32_t type)
{
	event->type = type;
	event->name_iid = event->category_iid = event->location_iid = event->args = event->flows =
		0;
	event->name = NULL;
	event->flow_end = 0;
}

static inline void event_arg(struct event *event, uint32_t name_iid, uint32_t kind, uint64_t value)
{
	if (event->args < EVENT_ARGS_MAX)
		event->arg[event->args++] =
			(struct arg){.name_iid = name_iid, .kind = kind, .value = value};
}

static inline void event_flow(struct event *event, uint64_t flow)
{
	if (flow && event->flows < EVENT_FLOWS_MAX)
		event->flow[event->flows++] = flow;
}

#endif
