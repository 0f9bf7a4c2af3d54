/*
 * Exits put together by what they have in common: reason, name, vCPU, guest PC, or several of these. For each group a count, times
 * and a histogram.
 *
 * Memory is bounded: from MAX_GROUPS on, what is new goes to one group "others"; from MAX_HISTOGRAMS on, a new group
 * has no quantiles.
 */
#ifndef TRACE_HOST_GROUPS_H
#define TRACE_HOST_GROUPS_H

#include "trace/host/histogram.h"
#include "trace/host/metadata.h"
#include "trace/host/names.h"
#include "trace/host/reader.h"

#define MAX_GROUPS     (1u << 16)
#define MAX_HISTOGRAMS 4096u
#define NAMES_KEPT     1024u /* a power of two */

enum group_by { BY_REASON = 1, BY_NAME = 2, BY_VCPU = 4, BY_PC = 8 };

struct group {
	uint64_t name_hash, pc; /* what its exits have in common; 0 when that is not asked for */
	uint8_t reason, vcpu;
	bool others;
	uint64_t exits, total_ticks, min_ticks, max_ticks;
	uint64_t *histogram; /* NULL: one exit only (it is max_ticks), or no room */
	char *name;	     /* BY_NAME */
};

/* The hash of an exit's name, so that it need not be made for each exit. */
struct kept_name {
	const struct vm_info *vm;
	uint64_t key, hash; /* hash 0: nothing is kept here */
};

struct groups {
	unsigned by; /* enum group_by, ORed */
	uint32_t count, room, histograms;
	uint32_t *slot;		/* hash table of 2 * room: index into group[], plus one */
	struct group *group;	/* [0] is "others" */
	struct kept_name *kept; /* NAMES_KEPT, by their keys; BY_NAME */
	bool out_of_memory;
};

/* False: out of memory. */
bool groups_begin(struct groups *groups, unsigned by);
void groups_end(struct groups *groups);

/* Count an exit, its device named as `metadata` has it so far. */
void groups_add(struct groups *groups, const struct metadata *metadata, const struct record *exit);

/* The group with what `like` says, made when there is none. Valid until the next call. */
struct group *groups_find(struct groups *groups, const struct group *like);

/* Add `exits` exits of `ticks` each to a group's times. */
void group_count(struct groups *groups, struct group *group, uint64_t ticks, uint64_t exits);

/* "MMIO write", "linux/0 irq 27 vtimer", "0xffff80000801". */
void group_label(const struct groups *groups, const struct group *group,
		 const struct metadata *metadata, char *to, size_t bytes);

/* In ticks; false: not known. */
bool group_quantile(const struct group *group, double share, uint64_t *ticks);

/* Groups that have exits, most exits first; equal ones in the order of what they stand for. Free the array. NULL: no memory. */
struct group **groups_sorted(const struct groups *groups, uint32_t *count);

#endif
