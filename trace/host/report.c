/* `vtrace stat` and `vtrace check`: a recording in numbers, and whether the numbers agree. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#include "trace/host/commands.h"
#include "trace/host/names.h"
#include "trace/host/pftrace.h"

/* Three significant figures and a unit that fits: "1.25 us". */
static void format_time(double ns, char *to, size_t bytes)
{
	static const char *const units[] = {"ns", "us", "ms", "s"};
	unsigned unit = 0;

	while (ns >= 999.5 && unit < 3) {
		ns /= 1000;
		unit++;
	}
	snprintf(to, bytes, "%.*f %s", ns < 9.995 ? 2 : ns < 99.95 ? 1 : 0, ns, units[unit]);
}

static void print_reason(FILE *out, const struct summary *s, const char *name,
			 const struct reason_summary *reason)
{
	const double ns_per_tick = 1e9 / (double)s->cntfrq;
	const double exits = reason->exits ? (double)reason->exits : 1;
	char total[24], mean[24], max[24];

	format_time((double)reason->total_ticks * ns_per_tick, total, sizeof(total));
	format_time((double)reason->total_ticks / exits * ns_per_tick, mean, sizeof(mean));
	format_time((double)reason->max_ticks * ns_per_tick, max, sizeof(max));
	fprintf(out, "%-24s %12" PRIu64 " %6.2f%% %10s %10s %10s\n", name, reason->exits,
		s->exits ? 100.0 * (double)reason->exits / (double)s->exits : 0.0, total, mean,
		max);
}

static const struct summary *sorted_summary; /* qsort has no argument to pass on */

static int by_count(const void *a, const void *b)
{
	const uint64_t x = sorted_summary->reason[*(const uint8_t *)a].exits;
	const uint64_t y = sorted_summary->reason[*(const uint8_t *)b].exits;

	return x != y ? (x < y ? 1 : -1) : *(const uint8_t *)a - *(const uint8_t *)b;
}

static void print_reasons(const struct summary *s, FILE *out)
{
	uint8_t order[256];
	struct reason_summary all = {.exits = s->exits};
	char name[32];

	for (uint32_t i = 0; i < 256; i++) {
		order[i] = (uint8_t)i;
		all.total_ticks += s->reason[i].total_ticks;
		if (s->reason[i].max_ticks > all.max_ticks)
			all.max_ticks = s->reason[i].max_ticks;
	}
	sorted_summary = s;
	qsort(order, 256, 1, by_count);
	fprintf(out, "%-24s %12s %7s %10s %10s %10s\n", "EXIT REASON", "COUNT", "SHARE", "TOTAL",
		"MEAN", "MAX");
	for (uint32_t i = 0; i < 256 && s->reason[order[i]].exits; i++) {
		reason_text(order[i], name, sizeof(name));
		print_reason(out, s, name, &s->reason[order[i]]);
	}
	print_reason(out, s, "all exits", &all);
}

static void print_events(const struct summary *s, FILE *out)
{
	fprintf(out, "\n%-24s %12s\n", "EVENT", "COUNT");
	for (uint32_t i = 0; i < 256; i++) {
		const char *symbol = event_symbol((uint8_t)i);

		if (symbol && s->events_by_id[i])
			fprintf(out, "%-24s %12" PRIu64 "\n", symbol, s->events_by_id[i]);
	}
	if (s->unknown_events)
		fprintf(out, "%-24s %12" PRIu64 "\n", "unknown", s->unknown_events);
	fprintf(out, "%-24s %12" PRIu64 "\n", "all events", s->events);
}

/* Does the CPU's own count of what it produced agree with what is here plus what was lost? */
static const char *cpu_verdict(const struct summary *s, uint32_t cpu)
{
	const struct total *total = &s->metadata.events[cpu];

	if (!total->known)
		return "not recorded";
	return s->cpu[cpu].events + summary_lost(s, cpu) == total->value ? "balanced"
									 : "NOT BALANCED";
}

static bool cpu_used(const struct summary *s, uint32_t cpu)
{
	return s->cpu[cpu].pages || s->metadata.events[cpu].known || s->metadata.lost[cpu].known;
}

static void print_cpus(const struct summary *s, FILE *out)
{
	fprintf(out, "\n%-6s %10s %12s %12s %12s %12s  %s\n", "CPU", "PAGES", "READ", "EXITS",
		"LOST", "PRODUCED", "BALANCE");
	for (uint32_t cpu = 0; cpu < MAX_CPUS; cpu++) {
		const struct total *total = &s->metadata.events[cpu];
		char produced[24] = "-";

		if (!cpu_used(s, cpu))
			continue;
		if (total->known)
			snprintf(produced, sizeof(produced), "%" PRIu64, total->value);
		fprintf(out,
			"%-6" PRIu32 " %10" PRIu64 " %12" PRIu64 " %12" PRIu64 " %12" PRIu64
			" %12s  %s\n",
			cpu, s->cpu[cpu].pages, s->cpu[cpu].events, s->cpu[cpu].exits,
			summary_lost(s, cpu), produced, cpu_verdict(s, cpu));
	}
}

int stat_recording(const struct summary *s, FILE *out)
{
	const uint64_t begin = s->first_ticks == UINT64_MAX ? 0 : s->first_ticks;
	char span[24];

	format_time((double)(s->last_ticks - begin) * 1e9 / (double)s->cntfrq, span, sizeof(span));
	print_reasons(s, out);
	print_events(s, out);
	print_cpus(s, out);
	fprintf(out, "\nspan %s, counter %" PRIu64 " Hz, exits read %" PRIu64, span, s->cntfrq,
		s->exits);
	if (s->metadata.exits.known)
		fprintf(out, ", by the hypervisor's count %" PRIu64, s->metadata.exits.value);
	fprintf(out, ", records lost %" PRIu64 "\n", summary_lost_everywhere(s));
	return fflush(out) != 0 || ferror(out) ? EXIT_BAD_DATA : EXIT_DONE;
}

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

static bool check_cpu(const struct summary *s, uint32_t cpu)
{
	const struct total *events = &s->metadata.events[cpu];
	const struct total *lost = &s->metadata.lost[cpu];
	bool ok = true;

	if (lost->known && s->cpu[cpu].lost > lost->value)
		ok = wrong("CPU %" PRIu32 ": page headers say %" PRIu64
			   " lost, the final count says %" PRIu64,
			   cpu, s->cpu[cpu].lost, lost->value);
	if (events->known && s->cpu[cpu].events + summary_lost(s, cpu) != events->value)
		ok = wrong("CPU %" PRIu32 ": %" PRIu64 " read + %" PRIu64
			   " lost is not the %" PRIu64 " produced",
			   cpu, s->cpu[cpu].events, summary_lost(s, cpu), events->value);
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

static bool check_exits(const struct summary *s)
{
	const struct total *total = &s->metadata.exits;
	uint64_t least, most, missing;

	lost_exits(s, &least, &most);
	missing = total->value - s->exits;
	if (!total->known || (s->exits <= total->value && missing >= least && missing <= most))
		return true;
	return wrong("%" PRIu64 " exits read, %" PRIu64 " counted by the hypervisor, %" PRIu64
		     " to %" PRIu64 " lost",
		     s->exits, total->value, least, most);
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

	for (uint32_t cpu = 0; cpu < MAX_CPUS; cpu++)
		ok &= check_cpu(s, cpu);
	ok &= check_exits(s);
	if (pftrace)
		ok &= check_pftrace(s, pftrace);
	fprintf(out, "check: exits=%" PRIu64 " lost=%" PRIu64 " total=", s->exits,
		summary_lost_everywhere(s));
	if (s->metadata.exits.known)
		fprintf(out, "%" PRIu64, s->metadata.exits.value);
	else
		fputs("unknown", out);
	fprintf(out, " %s\n", ok ? "ok" : "FAILED");
	return ok && fflush(out) == 0 ? EXIT_DONE : EXIT_BAD_DATA;
}
