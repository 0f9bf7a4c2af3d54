/* `vtrace stat --json`: the same numbers for programs. Times are nanoseconds. One object, one line. */
#include <inttypes.h>
#include <stdlib.h>

#include "trace/host/commands.h"
#include "trace/host/events.h"
#include "trace/host/stat.h"

/* Names come from a recording: anyone's bytes. metadata.c has left printable ASCII only. */
static void put_text(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static void put_quantile(FILE *out, const char *name, const struct group *group, double share,
			 double ns)
{
	uint64_t ticks;

	if (group_quantile(group, share, &ticks))
		fprintf(out, ",\"%s_ns\":%.1f", name, (double)ticks * ns);
	else
		fprintf(out, ",\"%s_ns\":null", name);
}

static void put_group(FILE *out, const struct summary *s, const struct groups *groups,
		      const struct group *group)
{
	const double ns = ns_per_tick(s);
	char label[NAME_BYTES + EXIT_NAME_BYTES + 64];

	group_label(groups, group, &s->metadata, label, sizeof(label));
	fputs("{\"what\":", out);
	put_text(out, label);
	fprintf(out,
		",\"count\":%" PRIu64
		",\"total_ns\":%.1f,\"mean_ns\":%.1f,\"min_ns\":%.1f,\"max_ns\":%.1f",
		group->exits, (double)group->total_ticks * ns,
		(double)group->total_ticks / (double)group->exits * ns,
		(double)group->min_ticks * ns, (double)group->max_ticks * ns);
	put_quantile(out, "p50", group, 0.50, ns);
	put_quantile(out, "p99", group, 0.99, ns);
	fputc('}', out);
}

static void put_cpus(FILE *out, const struct summary *s)
{
	static const char *const verdicts[] = {"null", "true", "false"};
	const char *comma = "";

	for (uint32_t cpu = 0; cpu < MAX_CPUS; cpu++) {
		const struct total *total = &s->metadata.events[cpu];

		if (!s->cpu[cpu].pages && !total->known)
			continue;
		fprintf(out,
			"%s{\"cpu\":%" PRIu32 ",\"read\":%" PRIu64 ",\"exits\":%" PRIu64
			",\"lost\":%" PRIu64 ",\"balanced\":%s}",
			comma, cpu, s->cpu[cpu].events, s->cpu[cpu].exits, summary_lost(s, cpu),
			verdicts[check_cpu_balance(s, cpu)]);
		comma = ",";
	}
}

static void put_events(FILE *out, const struct summary *s)
{
	const char *comma = "";

	for (uint32_t i = 0; i < 256; i++) {
		const char *symbol = event_info((uint8_t)i)->symbol;

		if (!symbol || !s->events_by_id[i])
			continue;
		fprintf(out, "%s\"%s\":%" PRIu64, comma, symbol, s->events_by_id[i]);
		comma = ",";
	}
}

int stat_json(const struct summary *s, const struct groups *groups, uint32_t top, FILE *out)
{
	static const char *const verdicts[] = {"null", "true", "false"};
	uint32_t count;
	struct group **sorted = groups_sorted(groups, &count);

	if (!sorted || groups->out_of_memory) {
		fprintf(stderr, "vtrace: out of memory\n");
		free(sorted);
		return EXIT_BAD_DATA;
	}
	fprintf(out,
		"{\"span_ns\":%.0f,\"cntfrq\":%" PRIu64 ",\"exits\":%" PRIu64 ",\"lost\":%" PRIu64
		",\"counted_exits\":",
		summary_span_ns(s), s->cntfrq, s->exits, summary_lost_everywhere(s));
	if (s->metadata.exits.known)
		fprintf(out, "%" PRIu64, s->metadata.exits.value);
	else
		fputs("null", out);
	fprintf(out, ",\"agree\":%s,\"from_counters\":%s,\"groups\":[",
		verdicts[check_exit_count(s)],
		!s->exits && s->metadata.counters ? "true" : "false");
	for (uint32_t i = 0; i < count && i < top; i++) {
		fputs(i ? "," : "", out);
		put_group(out, s, groups, sorted[i]);
	}
	fputs("],\"events\":{", out);
	put_events(out, s);
	fputs("},\"cpus\":[", out);
	put_cpus(out, s);
	fputs("]}\n", out);
	free(sorted);
	return finish_output(out);
}
