/*
 * Numbers for things that a trace names once and then refers to: keys in, small numbers from 1 up out.
 *
 * A table has a fixed limit, so that memory stays bounded whatever a recording holds; a full table gives 0 for what
 * is new, and the caller writes that in full.
 */
#ifndef TRACE_HOST_INTERN_H
#define TRACE_HOST_INTERN_H

#include <stdbool.h>
#include <stdint.h>

struct intern_key {
	uint64_t a, b;
};

struct intern {
	uint32_t limit; /* iids are below this */
	uint32_t mask;
	uint32_t used;		/* the highest iid in use */
	struct intern_key *key; /* by iid */
	uint32_t *slot;
};

/* Room for iids first .. limit - 1; limit is a power of two. False: out of memory. */
bool intern_begin(struct intern *table, uint32_t first, uint32_t limit);
void intern_end(struct intern *table);

/* The slow half: a key that is not where its hash points to. */
uint32_t intern_probe(struct intern *table, struct intern_key key, uint32_t at, bool *fresh);

/* *fresh: this key was not there before. */
static inline uint32_t intern(struct intern *table, uint64_t a, uint64_t b, bool *fresh)
{
	const uint64_t hash = (a ^ (b << 29 | b >> 35)) * 0x9e3779b97f4a7c15ull;
	const uint32_t at = (uint32_t)(hash >> 32) & table->mask;
	const uint32_t iid = table->slot[at];

	*fresh = false;
	if (iid && table->key[iid].a == a && table->key[iid].b == b)
		return iid;
	return intern_probe(table, (struct intern_key){a, b}, at, fresh);
}

#endif
