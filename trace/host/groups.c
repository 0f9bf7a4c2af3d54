/* See groups.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/host/groups.h"

#define FIRST_ROOM 256u /* a power of two, as is MAX_GROUPS */

static uint32_t hash(const struct group *g)
{
	uint64_t h = g->name_hash * 0x9e3779b97f4a7c15ull;

	h = (h ^ g->pc) * 0xff51afd7ed558ccdull;
	h = (h ^ h >> 32 ^ ((uint64_t)g->reason << 8 | g->vcpu)) * 0x9e3779b97f4a7c15ull;
	return (uint32_t)(h >> 32);
}

/* Room for `room` groups, their places found anew. */
static bool resize(struct groups *groups, uint32_t room)
{
	uint32_t *slot = calloc(2u * room, sizeof(*slot));
	struct group *group = slot ? realloc(groups->group, room * sizeof(*group)) : NULL;

	if (!group) {
		free(slot);
		return false;
	}
	free(groups->slot);
	groups->slot = slot;
	groups->group = group;
	groups->room = room;
	for (uint32_t i = 1; i < groups->count; i++) {
		uint32_t at = hash(&group[i]) % (2 * room);

		while (slot[at])
			at = (at + 1) % (2 * room);
		slot[at] = i + 1;
	}
	return true;
}

bool groups_begin(struct groups *groups, unsigned by)
{
	*groups = (struct groups){.by = by};
	if (by & BY_NAME)
		groups->kept = calloc(NAMES_KEPT, sizeof(*groups->kept));
	if ((by & BY_NAME && !groups->kept) || !resize(groups, FIRST_ROOM))
		return false;
	groups->group[groups->count++] = (struct group){.others = true, .min_ticks = UINT64_MAX};
	return true;
}

void groups_end(struct groups *groups)
{
	for (uint32_t i = 0; groups->group && i < groups->count; i++) {
		free(groups->group[i].histogram);
		free(groups->group[i].name);
	}
	free(groups->kept);
	free(groups->group);
	free(groups->slot);
	*groups = (struct groups){0};
}

static bool alike(const struct group *a, const struct group *b)
{
	return a->name_hash == b->name_hash && a->pc == b->pc && a->reason == b->reason &&
	       a->vcpu == b->vcpu;
}

struct group *groups_find(struct groups *groups, const struct group *like)
{
	struct group *group;
	uint32_t at;

	if (groups->count == groups->room && groups->room < MAX_GROUPS)
		groups->out_of_memory |= !resize(groups, 2 * groups->room);
	at = hash(like) % (2 * groups->room);
	while (groups->slot[at]) {
		group = &groups->group[groups->slot[at] - 1];
		if (alike(group, like))
			return group;
		at = (at + 1) % (2 * groups->room);
	}
	if (groups->count == groups->room)
		return &groups->group[0];
	group = &groups->group[groups->count++];
	groups->slot[at] = groups->count;
	*group = (struct group){.name_hash = like->name_hash,
				.pc = like->pc,
				.reason = like->reason,
				.vcpu = like->vcpu,
				.min_ticks = UINT64_MAX};
	return group;
}

/* One exit needs no histogram: its time is the maximum. That spares most of the many PCs that are met once. */
static void count_size(struct groups *groups, struct group *group, uint64_t ticks, uint64_t exits)
{
	if (!group->histogram && group->exits + exits > 1 && groups->histograms < MAX_HISTOGRAMS &&
	    (group->exits == 0 || group->exits == 1)) {
		group->histogram = calloc(HISTOGRAM_BUCKETS, sizeof(*group->histogram));
		groups->out_of_memory |= !group->histogram;
		groups->histograms += group->histogram != NULL;
		if (group->histogram && group->exits == 1)
			group->histogram[histogram_bucket(group->max_ticks)]++;
	}
	if (group->histogram)
		group->histogram[histogram_bucket(ticks)] += exits;
}

void group_count(struct groups *groups, struct group *group, uint64_t ticks, uint64_t exits)
{
	if (!exits)
		return;
	count_size(groups, group, ticks, exits);
	if (ticks > group->max_ticks)
		group->max_ticks = ticks;
	if (ticks < group->min_ticks)
		group->min_ticks = ticks;
	group->exits += exits;
	group->total_ticks += ticks * exits;
}

/* FNV-1a; never 0. */
static uint64_t hash_of_text(const char *text)
{
	uint64_t h = 0xcbf29ce484222325ull;

	while (*text)
		h = (h ^ (unsigned char)*text++) * 0x100000001b3ull;
	return h ? h : 1;
}

/* Different keys may have one name: the same register of several redistributors. So groups are told apart by the name itself. */
static uint64_t name_hash(struct groups *groups, const struct vm_info *vm,
			  const struct record *exit)
{
	const uint64_t key = exit_name_key(vm, exit, TRACE_NO_VCPU);
	struct kept_name *kept = &groups->kept[(key * 0x9e3779b97f4a7c15ull >> 32) % NAMES_KEPT];
	char name[EXIT_NAME_BYTES];

	if (kept->hash && kept->key == key && kept->vm == vm)
		return kept->hash;
	exit_name(vm, exit, TRACE_NO_VCPU, name, sizeof(name));
	*kept = (struct kept_name){vm, key, hash_of_text(name)};
	return kept->hash;
}

void groups_add(struct groups *groups, const struct metadata *metadata, const struct record *exit)
{
	uint32_t local;
	const struct vm_info *vm =
		groups->by & BY_NAME ? metadata_vm_of(metadata, exit->vcpu, &local) : NULL;
	struct group *group;
	struct group like = {.reason = groups->by & BY_REASON ? exit->arg : 0,
			     .vcpu = groups->by & BY_VCPU ? exit->vcpu : 0,
			     .pc = groups->by & BY_PC ? exit->pc : 0,
			     .name_hash = groups->by & BY_NAME ? name_hash(groups, vm, exit) : 0};

	group = groups_find(groups, &like);
	if (groups->by & BY_NAME && !group->others && !group->name) {
		group->name = malloc(EXIT_NAME_BYTES);
		if (group->name)
			exit_name(vm, exit, TRACE_NO_VCPU, group->name, EXIT_NAME_BYTES);
		groups->out_of_memory |= !group->name;
	}
	group_count(groups, group, exit->duration_ticks, 1);
}

void group_label(const struct groups *groups, const struct group *group,
		 const struct metadata *metadata, char *to, size_t bytes)
{
	char vcpu[NAME_BYTES + 16] = "", reason[32] = "", pc[24] = "";
	const char *name = group->name ? group->name : "";

	if (group->others) {
		snprintf(to, bytes, "others");
		return;
	}
	if (groups->by & BY_VCPU)
		vcpu_label(metadata, group->vcpu, vcpu, sizeof(vcpu));
	if (groups->by & BY_REASON)
		reason_text(group->reason, reason, sizeof(reason));
	if (groups->by & BY_PC)
		snprintf(pc, sizeof(pc), "0x%" PRIx64, group->pc);
	snprintf(to, bytes, "%s%s%s%s%s%s%s", vcpu, *vcpu && *reason ? " " : "", reason,
		 (*vcpu || *reason) && *name ? " " : "", name,
		 (*vcpu || *reason || *name) && *pc ? " " : "", pc);
}

bool group_quantile(const struct group *group, double share, uint64_t *ticks)
{
	*ticks = group->max_ticks;
	if (!group->histogram)
		return group->exits == 1;
	*ticks = histogram_quantile(group->histogram, share);
	if (*ticks > group->max_ticks) /* a bucket's middle may lie beyond what was ever seen */
		*ticks = group->max_ticks;
	if (*ticks < group->min_ticks)
		*ticks = group->min_ticks;
	return true;
}

static int by_count(const void *a, const void *b)
{
	const struct group *x = *(struct group *const *)a, *y = *(struct group *const *)b;

	if (x->exits != y->exits)
		return x->exits < y->exits ? 1 : -1;
	if (x->vcpu != y->vcpu)
		return x->vcpu - y->vcpu;
	if (x->reason != y->reason)
		return x->reason - y->reason;
	if (x->name_hash != y->name_hash)
		return x->name_hash < y->name_hash ? -1 : 1;
	return x->pc < y->pc ? -1 : x->pc > y->pc;
}

struct group **groups_sorted(const struct groups *groups, uint32_t *count)
{
	struct group **sorted = malloc((groups->count + 1u) * sizeof(struct group *));

	*count = 0;
	if (!sorted)
		return NULL;
	for (uint32_t i = 0; i < groups->count; i++)
		if (groups->group[i].exits)
			sorted[(*count)++] = &groups->group[i];
	qsort(sorted, *count, sizeof(struct group *), by_count);
	return sorted;
}
