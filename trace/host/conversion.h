/* What the parts of `vtrace convert` share: one conversion's state. Only convert.c and its parts look inside. */
#ifndef TRACE_HOST_CONVERSION_H
#define TRACE_HOST_CONVERSION_H

#include "trace/host/counters.h"
#include "trace/host/interrupts.h"
#include "trace/host/labels.h"
#include "trace/host/samples.h"
#include "trace/host/summary.h"
#include "trace/host/symbols.h"
#include "trace/host/tasks.h"
#include "trace/host/tracks.h"

#define CONSOLE_LINE_BYTES 256u

/* Arguments of exits, in the order they are shown. ARGUMENT(name) */
#define EXIT_ARGUMENTS(ARGUMENT) \
	ARGUMENT(access)         \
	ARGUMENT(esr)            \
	ARGUMENT(pc)             \
	ARGUMENT(ipa)            \
	ARGUMENT(value)          \
	ARGUMENT(result)         \
	ARGUMENT(became)         \
	ARGUMENT(far)            \
	ARGUMENT(records)

struct argument_iids {
#define ARGUMENT(name) uint32_t name;
	EXIT_ARGUMENTS(ARGUMENT)
#undef ARGUMENT
	uint32_t field[256][EVENT_FIELDS];
};

struct console_line {
	char text[CONSOLE_LINE_BYTES];
	uint32_t used;
};

struct conversion {
	const struct summary *summary;
	const struct symbol_set *symbols;
	uint64_t overlaps; /* exits that began before the one before them ended: shortened */
	uint64_t lost_shown[MAX_CPUS];
	uint64_t last_ns[MAX_CPUS];
	uint16_t cpu_of_vcpu[256];
	uint8_t vm_slot[256];	      /* by vCPU */
	bool stopped[256];	      /* by the debugger: a slice is open */
	struct record perf[MAX_CPUS]; /* counts that belong to the CPU's next exit; event 0: none */
	uint32_t perf_arg[PERF_WORDS][PERF_SIDES]; /* 0: not interned yet */
	char perf_text[PERF_WORDS][PERF_SIDES][PERF_NAME_BYTES];
	struct console_line line[256];
	struct argument_iids arg;
	struct intern strings;	 /* ESR_EL2, address (NO_ADDRESS: none) */
	struct intern locations; /* guests' code addresses */
	struct tasks tasks;
	struct labels labels;
	struct interrupts interrupts;
	struct counters counters;
	struct samples samples;
	struct perfetto perfetto;
	struct tracks tracks;
};

#define NO_ADDRESS UINT64_MAX

static inline uint64_t to_ns(const struct conversion *c, uint64_t ticks)
{
	return ticks_to_ns(c->summary->cntfrq, ticks);
}

/* exits.c: an exit as a slice with its arguments. */
bool exits_begin(struct conversion *c);
void convert_exit(struct conversion *c, const struct record *exit, uint64_t end_ns);

/* console.c: lines, marks, and what a debugger does. */
void convert_console(struct conversion *c, const struct record *record, uint64_t ns);
void convert_mark(struct conversion *c, const struct record *record, uint64_t ns);
void convert_debugger(struct conversion *c, const struct record *record, uint64_t ns);
/* No more is known of the vCPU from `ns` on. */
void console_break(struct conversion *c, uint32_t vcpu, uint64_t ns);

/* instants.c: an event by the table alone. The texts must live until the event is written. */
struct generic {
	struct event event;
	char text[EVENT_FIELDS][FIELD_TEXT_BYTES];
};
void generic_event(struct conversion *c, const struct record *record, struct generic *generic);
void convert_generic(struct conversion *c, const struct record *record, uint64_t ns, uint64_t flow,
		     uint64_t flow_end);

#endif
