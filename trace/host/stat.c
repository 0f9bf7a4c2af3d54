/* `vtrace stat`: where the exits went. A table of groups, one of events, and each CPU's balance. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "trace/host/commands.h"
#include "trace/host/events.h"
#include "trace/host/stat.h"

#define LABEL_COLUMNS 30

void format_time(double ns, char to[TIME_TEXT_BYTES])
{
	static const char *const units[] = {"ns", "us", "ms", "s"};
	unsigned unit = 0;

	while (ns >= 999.5 && unit < 3) {
		ns /= 1000;
		unit++;
	}
	snprintf(to, TIME_TEXT_BYTES, "%.*f %s",
		 ns < 9.995   ? 2
		 : ns < 99.95 ? 1
			      : 0,
		 ns, units[unit]);
}

double summary_span_ns(const struct summary *s)
{
	return s->first_ticks == UINT64_MAX
		       ? 0
		       : (double)(s->last_ticks - s->first_ticks) * ns_per_tick(s);
}

unsigned parse_group_by(const char *text)
{
	static const struct {
		const char *word;
		unsigned by;
	} words[] = {{"reason", BY_REASON}, {"name", BY_NAME}, {"vcpu", BY_VCPU}, {"pc", BY_PC}};
	unsigned by = 0;

	for (;;) {
		const size_t bytes = strcspn(text, ",");
		unsigned found = 0;

		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			if (strlen(words[i].word) == bytes && !memcmp(words[i].word, text, bytes))
				found = words[i].by;
		if (!found)
			return 0;
		by |= found;
		if (!text[bytes])
			return by;
		text += bytes + 1;
	}
}

/* Its sizes are known to a doubling only: each is taken as 1.5 times the least it can be. */
static void group_of_counter(struct groups *groups, const struct counter *counter)
{
	const struct group like = {
		.reason = groups->by & BY_REASON ? counter->reason : 0,
		.vcpu = groups->by & BY_VCPU ? counter->vcpu : 0,
	};
	struct group *group = groups_find(groups, &like);
	const uint64_t max = group->max_ticks, min = group->min_ticks;
	const uint64_t exits = group->exits, ticks = group->total_ticks;

	if (!counter->exits)
		return;
	for (uint32_t i = 0; counter->sized && i < COUNTER_SIZES; i++)
		group_count(groups, group, i ? (1ull << i) + (1ull << i) / 2 : 1,
			    counter->by_log2[i]);
	group->exits = exits + counter->exits;
	group->total_ticks = ticks + counter->ticks;
	group->max_ticks = counter->max_ticks > max ? counter->max_ticks : max;
	group->min_ticks = counter->min_ticks < min ? counter->min_ticks : min;
}

bool groups_from_counters(struct groups *groups, const struct summary *s)
{
	if (s->exits || !s->metadata.counters || groups->by & (BY_NAME | BY_PC))
		return false;
	for (uint32_t i = 0; i < s->metadata.counters; i++)
		group_of_counter(groups, &s->metadata.counter[i]);
	return true;
}

static void print_quantile(const struct group *group, double share, double ns_per, char *to)
{
	uint64_t ticks;

	if (group_quantile(group, share, &ticks))
		format_time((double)ticks * ns_per, to);
	else
		snprintf(to, TIME_TEXT_BYTES, "-");
}

static void print_group(FILE *out, const struct summary *s, const char *label,
			const struct group *group, const struct group *all, bool quantiles)
{
	const double ns = ns_per_tick(s);
	const double exits = group->exits ? (double)group->exits : 1;
	char total[TIME_TEXT_BYTES], mean[TIME_TEXT_BYTES], max[TIME_TEXT_BYTES];
	char p50[TIME_TEXT_BYTES] = "-", p99[TIME_TEXT_BYTES] = "-";

	format_time((double)group->total_ticks * ns, total);
	format_time((double)group->total_ticks / exits * ns, mean);
	format_time((double)group->max_ticks * ns, max);
	if (quantiles) {
		print_quantile(group, 0.50, ns, p50);
		print_quantile(group, 0.99, ns, p99);
	}
	fprintf(out, "%-*s %11" PRIu64 " %6.2f%% %9s %6.2f%% %9s %9s %9s %9s\n", LABEL_COLUMNS,
		label, group->exits,
		all->exits ? 100.0 * (double)group->exits / (double)all->exits : 0.0, total,
		all->total_ticks ? 100.0 * (double)group->total_ticks / (double)all->total_ticks
				 : 0.0,
		mean, p50, p99, max);
}

static bool print_groups(const struct summary *s, const struct groups *groups, uint32_t top,
			 FILE *out)
{
	struct group all = {.min_ticks = UINT64_MAX};
	uint32_t count;
	struct group **sorted = groups_sorted(groups, &count);
	char label[NAME_BYTES + EXIT_NAME_BYTES + 64];

	if (!sorted || groups->out_of_memory) {
		fprintf(stderr, "vtrace: out of memory\n");
		free(sorted);
		return false;
	}
	for (uint32_t i = 0; i < count; i++) {
		all.exits += sorted[i]->exits;
		all.total_ticks += sorted[i]->total_ticks;
		if (sorted[i]->max_ticks > all.max_ticks)
			all.max_ticks = sorted[i]->max_ticks;
	}
	fprintf(out, "%-*s %11s %7s %9s %7s %9s %9s %9s %9s\n", LABEL_COLUMNS, "EXITS", "COUNT",
		"SHARE", "TOTAL", "TIME", "MEAN", "P50", "P99", "MAX");
	for (uint32_t i = 0; i < count && i < top; i++) {
		group_label(groups, sorted[i], &s->metadata, label, sizeof(label));
		print_group(out, s, label, sorted[i], &all, true);
	}
	if (count > top)
		fprintf(out, "(%" PRIu32 " more)\n", count - top);
	print_group(out, s, "all exits", &all, &all, false);
	free(sorted);
	return true;
}

static void print_events(const struct summary *s, FILE *out)
{
	fprintf(out, "\n%-*s %11s\n", LABEL_COLUMNS, "EVENTS", "COUNT");
	for (uint32_t i = 0; i < 256; i++) {
		const char *symbol = event_info((uint8_t)i)->symbol;

		if (symbol && s->events_by_id[i])
			fprintf(out, "%-*s %11" PRIu64 "\n", LABEL_COLUMNS, symbol,
				s->events_by_id[i]);
	}
	if (s->unknown_events)
		fprintf(out, "%-*s %11" PRIu64 "\n", LABEL_COLUMNS, "unknown", s->unknown_events);
	fprintf(out, "%-*s %11" PRIu64 "\n", LABEL_COLUMNS, "all events", s->events);
}

static bool cpu_used(const struct summary *s, uint32_t cpu)
{
	return s->cpu[cpu].pages || s->metadata.events[cpu].known || s->metadata.lost[cpu].known;
}

static void print_cpus(const struct summary *s, FILE *out)
{
	static const char *const verdicts[] = {"not recorded", "balanced", "NOT BALANCED"};

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
			summary_lost(s, cpu), produced, verdicts[check_cpu_balance(s, cpu)]);
	}
}

/* The last lines: do these totals equal the hypervisor's own? */
static void print_agreement(const struct summary *s, FILE *out)
{
	static const char *const verdicts[] = {"", ": they agree", ": THEY DO NOT AGREE"};
	char span[TIME_TEXT_BYTES];
	uint32_t counters;
	uint64_t missing;
	enum verdict verdict;

	format_time(summary_span_ns(s), span);
	fprintf(out,
		"\nspan %s, counter %" PRIu64 " Hz; quantiles are at most %.1f %% off\nexits read "
		"%" PRIu64 ", records lost %" PRIu64,
		span, s->cntfrq, HISTOGRAM_ERROR_PERCENT, s->exits, summary_lost_everywhere(s));
	if (s->metadata.exits.known)
		fprintf(out, ", by the hypervisor's count %" PRIu64 " exits%s%s",
			s->metadata.exits.value, verdicts[check_exit_count(s)],
			s->exits_left_out ? " (not all were to be recorded)" : "");
	fputc('\n', out);
	verdict = check_counters(s, &counters, &missing);
	if (verdict != VERDICT_UNKNOWN && s->exits)
		fprintf(out,
			"the hypervisor's %" PRIu32 " counters of exits by vCPU and reason%s%s\n",
			counters, verdicts[verdict],
			verdict == VERDICT_GOOD && !missing ? " to the last exit" : "");
}

int stat_recording(const struct summary *s, const struct groups *groups, uint32_t top, FILE *out)
{
	if (!s->exits && s->metadata.counters)
		fputs("No exit was recorded: these are the hypervisor's counters; quantiles are "
		      "known to a doubling only.\n\n",
		      out);
	if (!print_groups(s, groups, top, out))
		return EXIT_BAD_DATA;
	print_events(s, out);
	print_cpus(s, out);
	print_agreement(s, out);
	return finish_output(out);
}
