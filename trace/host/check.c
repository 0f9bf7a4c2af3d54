/* `vtrace check`: whether a recording is whole and its numbers agree with those that the hypervisor counted itself. */
#include <inttypes.h>
#include <stdarg.h>

#include "trace/host/commands.h"
#include "trace/host/events.h"
#include "trace/host/pftrace.h"

/* Say what is wrong. Always false, so that a check can end with it. */
__attribute__((format(printf, 1, 2))) static bool wrong(const char *format, ...)
{
	va_list args;

	fputs("vtrace: check: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return false;
}

enum verdict check_cpu_balance(const struct summary *s, uint32_t cpu)
{
	const struct total *total = &s->metadata.events[cpu];

	if (!total->known)
		return VERDICT_UNKNOWN;
	return s->cpu[cpu].events + summary_lost(s, cpu) == total->value ? VERDICT_GOOD
									 : VERDICT_BAD;
}

static bool check_cpu(const struct summary *s, uint32_t cpu)
{
	const struct total *lost = &s->metadata.lost[cpu];
	bool ok = true;

	if (lost->known && s->cpu[cpu].lost > lost->value)
		ok = wrong("CPU %" PRIu32 ": page headers say %" PRIu64
			   " lost, the final count says %" PRIu64,
			   cpu, s->cpu[cpu].lost, lost->value);
	if (check_cpu_balance(s, cpu) == VERDICT_BAD)
		ok = wrong("CPU %" PRIu32 ": %" PRIu64 " read + %" PRIu64
			   " lost is not the %" PRIu64 " produced",
			   cpu, s->cpu[cpu].events, summary_lost(s, cpu),
			   s->metadata.events[cpu].value);
	return ok;
}

/* The same for each class of events: what was lost of it is left out when it is nothing. */
static bool check_classes(const struct summary *s, uint32_t cpu)
{
	bool ok = true;

	for (uint32_t bit = 0; bit < MAX_CLASSES; bit++) {
		const struct total *total = &s->metadata.class_events[cpu][bit];
		const uint64_t read = s->cpu[cpu].by_class[bit];
		const uint64_t lost = s->metadata.class_lost[cpu][bit].value;

		if (total->known && read + lost != total->value)
			ok = wrong("CPU %" PRIu32 ", class %s: %" PRIu64 " read + %" PRIu64
				   " lost is not the %" PRIu64 " produced",
				   cpu, event_class_name(bit), read, lost, total->value);
	}
	return ok;
}

/*
 * How many exits are among the lost records: exactly so when every CPU that lost any says, else between none and all.
 */
static void lost_exits(const struct summary *s, uint64_t *least, uint64_t *most)
{
	*least = *most = 0;
	for (uint32_t cpu = 0; cpu < MAX_CPUS; cpu++) {
		const struct total *exits = &s->metadata.lost_exits[cpu];

		*least += exits->known ? exits->value : 0;
		*most += exits->known ? exits->value : summary_lost(s, cpu);
	}
}

enum verdict check_exit_count(const struct summary *s)
{
	const struct total *total = &s->metadata.exits;
	uint64_t least, most;

	lost_exits(s, &least, &most);
	if (!total->known)
		return VERDICT_UNKNOWN;
	if (s->exits > total->value || total->value - s->exits < least)
		return VERDICT_BAD;
	return s->exits_left_out || total->value - s->exits <= most ? VERDICT_GOOD : VERDICT_BAD;
}

static bool check_exits(const struct summary *s)
{
	uint64_t least, most;

	if (check_exit_count(s) != VERDICT_BAD)
		return true;
	lost_exits(s, &least, &most);
	return wrong("%" PRIu64 " exits read, %" PRIu64 " counted by the hypervisor, %" PRIu64
		     " to %" PRIu64 " lost",
		     s->exits, s->metadata.exits.value, least, most);
}

/* What the hypervisor counted must be here, but for what it lost; and nothing may be here that it did not count. */
enum verdict check_counters(const struct summary *s, uint32_t *counters, uint64_t *missing)
{
	const struct metadata *m = &s->metadata;
	uint64_t least, most, counted = 0;

	*counters = m->counters;
	*missing = 0;
	if (m->counters == 0)
		return VERDICT_UNKNOWN;
	for (uint32_t i = 0; i < m->counters; i++) {
		const struct counter *c = &m->counter[i];
		const uint64_t read = s->vcpu_exits[c->vcpu][c->reason];

		if (read > c->exits)
			return VERDICT_BAD;
		*missing += c->exits - read;
		counted += read;
	}
	lost_exits(s, &least, &most);
	if (counted != s->exits || *missing < least)
		return VERDICT_BAD;
	return s->exits_left_out || *missing <= most ? VERDICT_GOOD : VERDICT_BAD;
}

static bool check_each_counter(const struct summary *s)
{
	const struct metadata *m = &s->metadata;
	uint32_t counters;
	uint64_t missing;
	bool ok = true;

	if (check_counters(s, &counters, &missing) != VERDICT_BAD)
		return true;
	for (uint32_t i = 0; i < m->counters; i++) {
		const struct counter *c = &m->counter[i];
		const uint64_t read = s->vcpu_exits[c->vcpu][c->reason];
		char who[NAME_BYTES + 16], reason[32];

		if (read == c->exits)
			continue;
		vcpu_label(m, c->vcpu, who, sizeof(who));
		reason_symbol(c->reason, reason, sizeof(reason));
		ok = wrong("%s %s: %" PRIu64 " read, the hypervisor counted %" PRIu64, who, reason,
			   read, c->exits);
	}
	return ok ? wrong("exits were read that the hypervisor has no counter for") : false;
}

static bool check_pftrace(const struct summary *s, const char *path)
{
	struct pftrace_counts counts;

	if (!pftrace_count(path, &counts))
		return false;
	if (counts.exit_begins != s->exits || counts.exit_ends != s->exits)
		return wrong("%s: %" PRIu64 " exits begin and %" PRIu64
			     " end, the recording has %" PRIu64,
			     path, counts.exit_begins, counts.exit_ends, s->exits);
	return true;
}

int check_recording(const struct source *source, const struct summary *s, const char *pftrace,
		    FILE *out)
{
	bool ok = !summary_complain(source, s);

	for (uint32_t cpu = 0; cpu < MAX_CPUS; cpu++) {
		ok &= check_cpu(s, cpu);
		ok &= check_classes(s, cpu);
	}
	ok &= check_exits(s);
	/* Counters count at the level `counters`, too, when nothing is recorded. */
	if (s->events)
		ok &= check_each_counter(s);
	if (pftrace)
		ok &= check_pftrace(s, pftrace);
	fprintf(out, "check: exits=%" PRIu64 " lost=%" PRIu64 " total=", s->exits,
		summary_lost_everywhere(s));
	if (s->metadata.exits.known)
		fprintf(out, "%" PRIu64, s->metadata.exits.value);
	else
		fputs("unknown", out);
	fprintf(out, " %s\n", ok ? "ok" : "FAILED");
	return worse(finish_output(out), !ok);
}
