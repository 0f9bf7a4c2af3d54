/* What the trace is, and where its exits went: the table of `vtrace stat` by reason, and each reason's histogram. See answers.h. */
#include <stdio.h>
#include <stdlib.h>

#include "trace/host/names.h"
#include "web/explorer/answers.h"
#include "web/explorer/index.h"
#include "web/explorer/json.h"
#include "web/explorer/trace.h"

static double ns_of(uint64_t ticks)
{
	return (double)ticks * 1e9 / (double)trace.summary.cntfrq;
}

static void json_quantile(const char *key, const struct group *group, double share)
{
	uint64_t ticks = 0;

	group_quantile(group, share, &ticks);
	json_real(key, ns_of(ticks));
}

/* Pairs of a time and how many exits took about that long. */
static void json_histogram(const struct group *group)
{
	json_list("histogram");
	for (uint32_t i = 0; group->histogram && i < HISTOGRAM_BUCKETS; i++) {
		if (!group->histogram[i])
			continue;
		json_list(NULL);
		json_real(NULL, ns_of(histogram_value(i)));
		json_number(NULL, group->histogram[i]);
		json_close();
	}
	if (!group->histogram && group->exits) {
		json_list(NULL);
		json_real(NULL, ns_of(group->max_ticks));
		json_number(NULL, group->exits);
		json_close();
	}
	json_close();
}

static void json_reason(const struct group *group)
{
	char text[32], symbol[32];

	reason_text(group->reason, text, sizeof(text));
	reason_symbol(group->reason, symbol, sizeof(symbol));
	json_object(NULL);
	json_number("reason", group->reason);
	json_text("label", text);
	json_text("symbol", symbol);
	json_text("category", exit_category(group->reason));
	json_number("count", group->exits);
	json_real("total_ns", ns_of(group->total_ticks));
	json_real("mean_ns", ns_of(group->total_ticks) / (double)group->exits);
	json_quantile("p50_ns", group, 0.50);
	json_quantile("p99_ns", group, 0.99);
	json_real("max_ns", ns_of(group->max_ticks));
	json_histogram(group);
	json_close();
}

static void json_reasons(void)
{
	uint32_t count;
	struct group **sorted = groups_sorted(&trace.groups, &count);

	json_list("reasons");
	for (uint32_t i = 0; sorted && i < count; i++)
		json_reason(sorted[i]);
	json_close();
	free(sorted);
}

static void json_vcpus(void)
{
	char label[NAME_BYTES + 16];
	uint32_t exits;

	json_list("vcpus");
	for (uint32_t vcpu = 0; vcpu < MAX_VCPUS; vcpu++) {
		index_exits_of(vcpu, &exits);
		if (!exits && !trace.summary.vcpu_seen[vcpu])
			continue;
		vcpu_label(&trace.summary.metadata, vcpu, label, sizeof(label));
		json_object(NULL);
		json_number("vcpu", vcpu);
		json_text("label", label);
		json_number("exits", exits);
		json_close();
	}
	json_close();
}

/* What the recording says of itself, without the many counters that it ends with. */
static void json_lines(void)
{
	static const char *const keys[] = {"git",   "board", "cpu_model", "cpus",
					   "level", "mode",  "cntfrq"};
	const char *value;

	json_list("lines");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		value = metadata_get(&trace.summary.metadata, keys[i], NULL);
		if (!value)
			continue;
		json_list(NULL);
		json_text(NULL, keys[i]);
		json_text(NULL, value);
		json_close();
	}
	json_close();
}

static void json_fault(void)
{
	const struct damage *damage = &trace.summary.damage;
	char text[160];

	if (trace.fault)
		snprintf(text, sizeof(text), "byte %llu: %s",
			 (unsigned long long)trace.fault_offset, trace.fault);
	else if (damage->found)
		snprintf(text, sizeof(text), "byte %llu: %s", (unsigned long long)damage->offset,
			 damage->why);
	else
		return;
	json_text("fault", text);
}

const char *trace_overview(void)
{
	const struct summary *s = &trace.summary;

	json_begin();
	json_object(NULL);
	json_text("kind", trace.is_pftrace ? "pftrace" : "vtr");
	json_fault();
	json_number("events", index_count());
	json_number("exits", s->exits);
	json_number("lost", summary_lost_everywhere(s));
	json_number("span_ns", s->events ? trace_ns(s->last_ticks) : 0);
	json_vcpus();
	json_reasons();
	json_lines();
	json_close();
	return json_end();
}
