/* See index.h. */
#include <stdlib.h>
#include <string.h>

#include "trace/host/intern.h"
#include "trace/host/names.h"
#include "web/explorer/index.h"

#define BLOCK_BITS  16u /* records a block: 2 MiB */
#define BLOCK_MASK  ((1u << BLOCK_BITS) - 1)
#define MAX_BLOCKS  4096u
#define MAX_CHAINS  4096u
#define MAX_PCS	    (1u << 18) /* different guest addresses; what comes later goes to the pool */
#define NO_RUN	    UINT32_MAX
#define POOL_HEADER 3u /* words before a pooled record's values: their number, duration, PC */

struct entry {
	uint64_t end_ticks;
	uint64_t value; /* value[0]; of MMIO both, 32 bits each; pooled: where in the pool */
	uint32_t esr;
	uint32_t duration_ticks;
	uint32_t pc : 24, result : 3, values : 2, pooled : 1;
	uint8_t event, vcpu, arg, cpu;
};

_Static_assert(sizeof(struct entry) == 32, "what a record costs in memory");

/* Neighbours of one chain; its entries end where the next run begins. */
struct run {
	uint32_t first;
	uint32_t next; /* of the same chain; NO_RUN */
};

static struct {
	struct entry *block[MAX_BLOCKS];
	uint32_t count;
	uint64_t *pool;
	size_t pool_used, pool_room;
	struct intern pcs;
	struct run *run;
	uint32_t runs, run_room;
	uint32_t first_run[MAX_CHAINS], last_run[MAX_CHAINS];
	uint32_t chain; /* of the last entry */
	uint32_t *in_time;
	uint32_t *exits; /* by vCPU, each in order of time */
	uint32_t exits_begin[257];
} kept;

static struct entry *entry_at(uint32_t number)
{
	return &kept.block[number >> BLOCK_BITS][number & BLOCK_MASK];
}

bool index_begin(void)
{
	for (uint32_t i = 0; i < MAX_BLOCKS; i++)
		free(kept.block[i]);
	free(kept.pool);
	free(kept.run);
	free(kept.in_time);
	free(kept.exits);
	intern_end(&kept.pcs);
	memset(&kept, 0, sizeof(kept));
	memset(kept.first_run, 0xff, sizeof(kept.first_run));
	memset(kept.last_run, 0xff, sizeof(kept.last_run));
	kept.chain = MAX_CHAINS;
	return intern_begin(&kept.pcs, 1, MAX_PCS);
}

static bool begin_run(uint32_t chain)
{
	if (kept.runs == kept.run_room) {
		const uint32_t room = kept.run_room ? 2 * kept.run_room : 1024;
		struct run *bigger = realloc(kept.run, room * sizeof(*bigger));

		if (!bigger)
			return false;
		kept.run = bigger;
		kept.run_room = room;
	}
	kept.run[kept.runs] = (struct run){.first = kept.count, .next = NO_RUN};
	if (kept.last_run[chain] == NO_RUN)
		kept.first_run[chain] = kept.runs;
	else
		kept.run[kept.last_run[chain]].next = kept.runs;
	kept.last_run[chain] = kept.runs++;
	kept.chain = chain;
	return true;
}

static bool add_to_pool(struct entry *entry, const struct record *record)
{
	const size_t words = POOL_HEADER + record->values;

	if (kept.pool_used + words > kept.pool_room) {
		const size_t room = 2 * (kept.pool_used + words);
		uint64_t *bigger = realloc(kept.pool, room * sizeof(*bigger));

		if (!bigger)
			return false;
		kept.pool = bigger;
		kept.pool_room = room;
	}
	entry->pooled = 1;
	entry->value = kept.pool_used;
	kept.pool[kept.pool_used] = record->values;
	kept.pool[kept.pool_used + 1] = record->duration_ticks;
	kept.pool[kept.pool_used + 2] = record->pc;
	memcpy(&kept.pool[kept.pool_used + POOL_HEADER], record->value,
	       record->values * sizeof(uint64_t));
	kept.pool_used += words;
	return true;
}

static bool is_packed_mmio(const struct record *record)
{
	return record->event == TRACE_EXIT && is_mmio(record->arg) && record->values == 2 &&
	       record->value[0] <= UINT32_MAX && record->value[1] <= UINT32_MAX;
}

bool index_add(uint32_t chain, const struct record *record)
{
	const uint32_t block = kept.count >> BLOCK_BITS;
	struct entry *entry;
	bool fresh;

	if (chain >= MAX_CHAINS || block >= MAX_BLOCKS)
		return false;
	if (!kept.block[block])
		kept.block[block] = malloc(sizeof(struct entry) << BLOCK_BITS);
	if (!kept.block[block] || (chain != kept.chain && !begin_run(chain)))
		return false;
	entry = entry_at(kept.count);
	*entry = (struct entry){
		.end_ticks = record->end_ticks,
		.esr = record->esr,
		.duration_ticks = (uint32_t)record->duration_ticks,
		.pc = record->pc ? intern(&kept.pcs, record->pc, 0, &fresh) & 0xffffff : 0,
		.result = record->result & 7,
		.event = record->event,
		.vcpu = record->vcpu,
		.arg = record->arg,
		.cpu = (uint8_t)record->cpu,
	};
	if (is_packed_mmio(record)) {
		entry->values = 2;
		entry->value = record->value[0] | record->value[1] << 32;
	} else if (record->values <= 1 && record->duration_ticks <= UINT32_MAX &&
		   (!record->pc || entry->pc)) {
		entry->values = record->values & 1;
		entry->value = record->values ? record->value[0] : 0;
	} else if (!add_to_pool(entry, record)) {
		return false;
	}
	kept.count++;
	return true;
}

uint32_t index_count(void)
{
	return kept.count;
}

uint32_t index_in_time(uint32_t n)
{
	return kept.in_time[n];
}

uint8_t index_event(uint32_t number)
{
	return entry_at(number)->event;
}

uint8_t index_reason(uint32_t number)
{
	return entry_at(number)->arg;
}

uint64_t index_end_ticks(uint32_t number)
{
	return entry_at(number)->end_ticks;
}

uint64_t index_begin_ticks(uint32_t number)
{
	const struct entry *entry = entry_at(number);
	const uint64_t ticks = entry->pooled ? kept.pool[entry->value + 1] : entry->duration_ticks;

	return entry->end_ticks > ticks ? entry->end_ticks - ticks : 0;
}

struct record index_record(uint32_t number)
{
	const struct entry *entry = entry_at(number);
	struct record record = {
		.end_ticks = entry->end_ticks,
		.duration_ticks = entry->duration_ticks,
		.pc = entry->pc ? kept.pcs.key[entry->pc].a : 0,
		.esr = entry->esr,
		.cpu = entry->cpu,
		.event = entry->event,
		.vcpu = entry->vcpu,
		.arg = entry->arg,
		.result = entry->result,
		.values = entry->values,
	};

	if (entry->pooled) {
		const uint64_t *pooled = &kept.pool[entry->value];

		record.values = (uint8_t)pooled[0];
		record.duration_ticks = pooled[1];
		record.pc = pooled[2];
		memcpy(record.value, pooled + POOL_HEADER, record.values * sizeof(uint64_t));
	} else if (entry->values == 2) {
		record.value[0] = (uint32_t)entry->value;
		record.value[1] = entry->value >> 32;
	} else {
		record.value[0] = entry->value;
	}
	return record;
}

/* The chains' heads while they are merged: what is next in each, and where its run ends. */
struct head {
	uint64_t ticks;
	uint32_t at, end, run;
};

static void enter_run(struct head *head, uint32_t run)
{
	head->run = run;
	head->at = kept.run[run].first;
	head->end = run + 1 < kept.runs ? kept.run[run + 1].first : kept.count;
	head->ticks = entry_at(head->at)->end_ticks;
}

/* False: this chain has no more. */
static bool step(struct head *head)
{
	if (++head->at < head->end)
		head->ticks = entry_at(head->at)->end_ticks;
	else if (kept.run[head->run].next != NO_RUN)
		enter_run(head, kept.run[head->run].next);
	else
		return false;
	return true;
}

static void merge_chains(struct head *heads)
{
	uint32_t live = 0;

	for (uint32_t chain = 0; chain < MAX_CHAINS; chain++)
		if (kept.first_run[chain] != NO_RUN)
			enter_run(&heads[live++], kept.first_run[chain]);
	for (uint32_t n = 0; live; n++) {
		uint32_t best = 0;

		for (uint32_t i = 1; i < live; i++)
			if (heads[i].ticks < heads[best].ticks)
				best = i;
		kept.in_time[n] = heads[best].at;
		if (!step(&heads[best]))
			memmove(&heads[best], &heads[best + 1], (--live - best) * sizeof(*heads));
	}
}

static void sort_by_vcpu(void)
{
	uint32_t at[256];

	for (uint32_t i = 0; i < kept.count; i++)
		if (entry_at(i)->event == TRACE_EXIT)
			kept.exits_begin[entry_at(i)->vcpu + 1]++;
	for (uint32_t i = 0; i < 256; i++) {
		kept.exits_begin[i + 1] += kept.exits_begin[i];
		at[i] = kept.exits_begin[i];
	}
	for (uint32_t n = 0; n < kept.count; n++) {
		const struct entry *entry = entry_at(kept.in_time[n]);

		if (entry->event == TRACE_EXIT)
			kept.exits[at[entry->vcpu]++] = kept.in_time[n];
	}
}

bool index_sort(void)
{
	struct head *heads = malloc(MAX_CHAINS * sizeof(*heads));

	kept.in_time = malloc((kept.count + 1) * sizeof(uint32_t));
	kept.exits = malloc((kept.count + 1) * sizeof(uint32_t));
	if (!heads || !kept.in_time || !kept.exits) {
		free(heads);
		return false;
	}
	merge_chains(heads);
	free(heads);
	sort_by_vcpu();
	return true;
}

const uint32_t *index_exits_of(uint32_t vcpu, uint32_t *count)
{
	*count = kept.exits_begin[vcpu + 1] - kept.exits_begin[vcpu];
	return kept.exits + kept.exits_begin[vcpu];
}
