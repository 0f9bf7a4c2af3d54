/* See summary.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/host/events.h"
#include "trace/host/progress.h"
#include "trace/host/summary.h"

#define KERNEL_HALF (1ull << 63) /* of a guest's addresses: those that TTBR1_EL1 translates */

static void damaged(struct summary *s, uint64_t offset, bool cut, const char *why)
{
	s->good_bytes = offset;
	s->damage = (struct damage){.found = true, .cut = cut, .offset = offset, .why = why};
}

static void count_exit(struct summary *s, const struct record *record)
{
	struct reason_summary *reason = &s->reason[record->arg];
	const uint64_t ticks = record->duration_ticks;

	s->exits++;
	s->cpu[record->cpu].exits++;
	s->vcpu_exits[record->vcpu][record->arg % MAX_REASONS]++;
	reason->exits++;
	reason->total_ticks += ticks;
	if (ticks > reason->max_ticks)
		reason->max_ticks = ticks;
	if (record->arg == REASON_HALT && record->pc & KERNEL_HALF)
		s->idle_pc[record->vcpu] = record->pc;
	if (s->groups)
		groups_add(s->groups, &s->metadata, record);
}

void summary_note(struct summary *s, const struct record *record)
{
	const uint64_t begin = record->end_ticks > record->duration_ticks
				       ? record->end_ticks - record->duration_ticks
				       : 0;

	s->events++;
	s->events_by_id[record->event]++;
	s->vcpu_seen[record->vcpu] = true;
	if (begin < s->first_ticks)
		s->first_ticks = begin;
	if (record->end_ticks > s->last_ticks)
		s->last_ticks = record->end_ticks;
}

static void count_record(struct summary *s, const struct record *record)
{
	struct cpu_summary *cpu = &s->cpu[record->cpu];

	if (record->end_ticks < cpu->last_ticks)
		cpu->time_errors++;
	cpu->last_ticks = record->end_ticks;
	cpu->events++;
	if (event_info(record->event)->symbol)
		cpu->by_class[event_info(record->event)->class_bit]++;
	summary_note(s, record);
	if (record->event == TRACE_LEVEL)
		s->exits_left_out |=
			record->arg != TRACE_LEVEL_EVENTS || !(record->value[0] & TRACE_CLASS_EXIT);
	if (record->event == TRACE_EXIT)
		count_exit(s, record);
	else if (!event_info(record->event)->symbol)
		s->unknown_events++;
}

/*
 * A CPU's pages come in order, count from 0 without gaps, and never go back in time or un-lose records. A flight recorder has
 * overwritten its oldest pages, and says in `lost` how many records went with them.
 */
static void count_page(struct summary *s, const struct page *page)
{
	struct cpu_summary *cpu = &s->cpu[page->cpu];

	cpu->flight |= page->overwrite;
	if (page->seq != cpu->next_seq && !(page->overwrite && page->seq > cpu->next_seq))
		cpu->seq_errors++;
	if (page->base_ticks < cpu->last_ticks || page->lost < cpu->lost)
		cpu->time_errors++;
	cpu->next_seq = page->seq + 1;
	cpu->last_ticks = page->base_ticks;
	if (page->lost > cpu->lost)
		cpu->lost = page->lost;
	cpu->pages++;
}

/* False when the walk ends in this page. */
static bool walk_records(struct summary *s, const struct page *page, const uint8_t *records)
{
	const uint64_t payload = page->offset + sizeof(struct trace_page_header);

	for (uint32_t at = 0;;) {
		struct record record;
		const char *why;
		bool cut;
		const enum read_status status =
			record_decode(page, records, at, &record, &cut, &why);

		if (status == READ_BAD) {
			damaged(s, payload + at, false, why);
			return false;
		}
		if (status == READ_END) {
			if (page->cut)
				damaged(s, payload + at, true, "the file ends inside this page");
			return !page->cut;
		}
		count_record(s, &record);
		at += record.words * 8u;
	}
}

static bool walk_page(const struct source *source, struct summary *s, const struct page *page,
		      uint8_t *buffer)
{
	if (!source_read(source, page->offset + sizeof(struct trace_page_header), buffer,
			 page->bytes)) {
		damaged(s, page->offset, false, "cannot read this page");
		return false;
	}
	if (page->cpu != TRACE_CPU_METADATA) {
		count_page(s, page);
		return walk_records(s, page, buffer);
	}
	s->metadata_pages++;
	if (page->cut) { /* half a line of metadata may be half a number: leave it */
		damaged(s, page->offset, true, "the file ends inside this page");
		return false;
	}
	metadata_parse(&s->metadata, (const char *)buffer, page->bytes);
	return true;
}

/* What the run began with, by its metadata. */
static bool begins_without_exits(const struct metadata *m)
{
	const char *level = metadata_get(m, "level", "events");
	const uint64_t classes = strtoull(metadata_get(m, "classes", "0xffff"), NULL, 0);

	return strcmp(level, "events") != 0 || !(classes & TRACE_CLASS_EXIT);
}

void summary_begin(struct summary *summary, struct groups *groups)
{
	memset(summary, 0, sizeof(*summary));
	summary->first_ticks = UINT64_MAX;
	summary->cntfrq = DEFAULT_CNTFRQ;
	summary->groups = groups;
}

bool summary_continue(const struct source *source, struct summary *summary, bool live)
{
	const uint64_t held = source->bytes - source->origin;
	uint8_t *buffer = malloc(held < MAX_PAGE_BYTES ? held + 1 : MAX_PAGE_BYTES);
	uint64_t offset = summary->good_bytes;
	struct page page;
	const char *why;
	bool cut;

	if (!buffer) {
		damaged(summary, offset, false, "out of memory");
		return false;
	}
	for (;;) {
		const enum read_status status = page_read(source, offset, &page, &cut, &why);

		summary->good_bytes = offset;
		if (live && (status == READ_END || (status == READ_OK && page.cut)))
			break;
		if (status == READ_BAD)
			damaged(summary, offset, false, why);
		else if (status == READ_END && cut)
			damaged(summary, offset, true, "the file ends inside this page header");
		else if (status == READ_END && source->bytes == 0)
			damaged(summary, offset, false, "the recording is empty");
		if (status != READ_OK || !walk_page(source, summary, &page, buffer))
			break;
		offset = page_end(&page);
		progress_at(offset);
	}
	free(buffer);
	if (summary->metadata.cntfrq)
		summary->cntfrq = summary->metadata.cntfrq;
	summary->exits_left_out |= begins_without_exits(&summary->metadata);
	return !summary->damage.found;
}

void summarize(const struct source *source, struct summary *summary, struct groups *groups)
{
	progress_begin("reading", source->bytes);
	summary_begin(summary, groups);
	summary_continue(source, summary, false);
	progress_end();
}

uint64_t summary_lost(const struct summary *summary, uint32_t cpu)
{
	const struct total *total = &summary->metadata.lost[cpu];

	return total->known ? total->value : summary->cpu[cpu].lost;
}

uint64_t summary_lost_everywhere(const struct summary *summary)
{
	uint64_t lost = 0;

	for (uint32_t cpu = 0; cpu < MAX_CPUS; cpu++)
		lost += summary_lost(summary, cpu);
	return lost;
}

bool summary_complain(const struct source *source, const struct summary *summary)
{
	const struct damage *damage = &summary->damage;
	bool error = damage->found && !damage->cut;

	for (uint32_t i = 0; i < MAX_CPUS; i++) {
		const struct cpu_summary *cpu = &summary->cpu[i];

		if (cpu->seq_errors)
			fprintf(stderr,
				"vtrace: %s: error: CPU %" PRIu32 ": %" PRIu64
				" gap(s) in the page sequence\n",
				source->name, i, cpu->seq_errors);
		if (cpu->time_errors)
			fprintf(stderr,
				"vtrace: %s: error: CPU %" PRIu32
				": time or lost count goes back %" PRIu64 " time(s)\n",
				source->name, i, cpu->time_errors);
		error |= cpu->seq_errors || cpu->time_errors;
	}
	if (damage->found)
		fprintf(stderr, "vtrace: %s: %s: byte %" PRIu64 ": %s\n", source->name,
			damage->cut ? "warning" : "error", damage->offset, damage->why);
	if (!summary->metadata.cntfrq && summary->events)
		fprintf(stderr, "vtrace: %s: warning: no cntfrq in the recording: %u Hz assumed\n",
			source->name, DEFAULT_CNTFRQ);
	if (summary->unknown_events)
		fprintf(stderr,
			"vtrace: %s: warning: %" PRIu64 " record(s) of unknown events skipped\n",
			source->name, summary->unknown_events);
	return error;
}
