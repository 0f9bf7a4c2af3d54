/* See merge.h. */
#include <stdlib.h>
#include <string.h>

#include "trace/host/merge.h"
#include "trace/host/progress.h"

struct offset_queue {
	uint64_t *offset;
	size_t head, count, room;
};

struct cursor {
	struct offset_queue queue;
	uint64_t
		pages_left; /* by the first pass, so that a CPU without more pages costs no search */
	struct page page;
	uint8_t *records;
	size_t room;
	uint32_t at;
	bool loss_pending; /* `next` stands behind a gap that was not told yet */
	uint64_t lost_now;
	uint64_t lost_told;
	uint64_t last_ticks;
	struct record next;
};

struct merge {
	const struct source *source;
	uint64_t end;  /* of the sound part */
	uint64_t scan; /* first page that nobody has seen yet */
	uint32_t live_cpus;
	uint16_t live[MAX_CPUS];
	struct cursor cursor[MAX_CPUS];
};

static bool queue_push(struct offset_queue *queue, uint64_t offset)
{
	if (queue->head + queue->count == queue->room) {
		if (queue->head > queue->room / 2) {
			memmove(queue->offset, queue->offset + queue->head,
				queue->count * sizeof(*queue->offset));
			queue->head = 0;
		} else {
			const size_t room = queue->room ? queue->room * 2 : 64;
			uint64_t *bigger = realloc(queue->offset, room * sizeof(*bigger));

			if (!bigger)
				return false;
			queue->offset = bigger;
			queue->room = room;
		}
	}
	queue->offset[queue->head + queue->count++] = offset;
	return true;
}

/* The page at `offset`, shortened to the sound part of the recording. */
static bool sound_page(const struct merge *m, uint64_t offset, struct page *page)
{
	const char *why;
	bool cut;

	if (offset + sizeof(struct trace_page_header) > m->end ||
	    page_read(m->source, offset, page, &cut, &why) != READ_OK)
		return false;
	if (page_end(page) > m->end) {
		page->bytes = (uint32_t)(m->end - offset - sizeof(struct trace_page_header));
		page->cut = true;
	}
	return true;
}

/* Find the next page of `cpu`, leaving pages of other CPUs in their queues. */
static bool find_page(struct merge *m, uint16_t cpu, struct page *page)
{
	struct offset_queue *queue = &m->cursor[cpu].queue;

	if (m->cursor[cpu].pages_left == 0)
		return false;
	m->cursor[cpu].pages_left--;
	if (queue->count) {
		queue->count--;
		return sound_page(m, queue->offset[queue->head++], page);
	}
	queue->head = 0;
	while (sound_page(m, m->scan, page)) {
		m->scan = page_end(page);
		progress_at(m->scan);
		if (page->cpu == cpu)
			return true;
		if (page->cpu < MAX_CPUS && !queue_push(&m->cursor[page->cpu].queue, page->offset))
			return false;
	}
	return false;
}

static bool load_page(struct merge *m, struct cursor *cursor, const struct page *page)
{
	if (page->bytes > cursor->room || !cursor->records) {
		free(cursor->records);
		cursor->room = page->bytes < TRACE_PAGE_BYTES ? TRACE_PAGE_BYTES : page->bytes;
		cursor->records = malloc(cursor->room);
		if (!cursor->records) {
			cursor->room = 0;
			return false;
		}
	}
	cursor->page = *page;
	cursor->at = 0;
	return source_read(m->source, page->offset + sizeof(struct trace_page_header),
			   cursor->records, page->bytes);
}

/* Put the CPU's next record, or a gap, into its cursor. False: this CPU has no more. */
static bool advance(struct merge *m, uint16_t cpu)
{
	struct cursor *cursor = &m->cursor[cpu];
	const char *why;
	bool cut;

	for (;;) {
		struct page page;

		if (cursor->at < cursor->page.bytes &&
		    record_decode(&cursor->page, cursor->records, cursor->at, &cursor->next, &cut,
				  &why) == READ_OK) {
			cursor->at += cursor->next.words * 8u;
			return true;
		}
		if (!find_page(m, cpu, &page) || !load_page(m, cursor, &page))
			return false;
		if (page.lost > cursor->lost_told) {
			cursor->lost_now = page.lost - cursor->lost_told;
			cursor->lost_told = page.lost;
			cursor->loss_pending = true;
			cursor->next = (struct record){
				.cpu = cpu, .end_ticks = page.base_ticks, .vcpu = TRACE_NO_VCPU};
			return true;
		}
	}
}

struct merge *merge_begin(const struct source *source, const struct summary *summary)
{
	struct merge *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->source = source;
	m->end = summary->good_bytes;
	progress_begin("writing", m->end);
	for (uint32_t cpu = 0; cpu < MAX_CPUS; cpu++)
		m->cursor[cpu].pages_left = summary->cpu[cpu].pages;
	for (uint32_t cpu = 0; cpu < MAX_CPUS; cpu++)
		if (m->cursor[cpu].pages_left && advance(m, (uint16_t)cpu))
			m->live[m->live_cpus++] = (uint16_t)cpu;
	return m;
}

/* Which of the live CPUs has the earliest record; the lower CPU wins a tie, so that output is reproducible. */
static uint32_t earliest(const struct merge *m)
{
	uint32_t best = 0;

	for (uint32_t i = 1; i < m->live_cpus; i++)
		if (m->cursor[m->live[i]].next.end_ticks < m->cursor[m->live[best]].next.end_ticks)
			best = i;
	return best;
}

bool merge_next(struct merge *m, struct item *item)
{
	struct cursor *cursor;
	uint32_t slot;

	if (m->live_cpus == 0)
		return false;
	slot = earliest(m);
	cursor = &m->cursor[m->live[slot]];
	item->record = cursor->next;
	item->lost = cursor->loss_pending ? cursor->lost_now : 0;
	item->lost_since_ticks = cursor->last_ticks ? cursor->last_ticks : item->record.end_ticks;
	cursor->loss_pending = false;
	cursor->last_ticks = item->record.end_ticks;

	if (!advance(m, m->live[slot])) {
		m->live_cpus--;
		memmove(&m->live[slot], &m->live[slot + 1],
			(m->live_cpus - slot) * sizeof(m->live[0]));
	}
	return true;
}

void merge_end(struct merge *m)
{
	progress_end();
	for (uint32_t cpu = 0; cpu < MAX_CPUS; cpu++) {
		free(m->cursor[cpu].queue.offset);
		free(m->cursor[cpu].records);
	}
	free(m);
}
