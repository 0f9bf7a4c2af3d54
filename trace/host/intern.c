/* See intern.h. */
#include <stdlib.h>

#include "trace/host/intern.h"

#define SLOTS_AN_ENTRY 4u /* sparse enough to probe linearly */

bool intern_begin(struct intern *table, uint32_t first, uint32_t limit)
{
	table->limit = limit;
	table->mask = limit * SLOTS_AN_ENTRY - 1;
	table->used = first - 1;
	table->key = calloc(limit, sizeof(*table->key));
	table->slot = calloc((size_t)limit * SLOTS_AN_ENTRY, sizeof(*table->slot));
	return table->key && table->slot;
}

void intern_end(struct intern *table)
{
	free(table->key);
	free(table->slot);
}

uint32_t intern_probe(struct intern *table, struct intern_key key, uint32_t at, bool *fresh)
{
	while (table->slot[at]) {
		const struct intern_key *there = &table->key[table->slot[at]];

		if (there->a == key.a && there->b == key.b)
			return table->slot[at];
		at = (at + 1) & table->mask;
	}
	if (table->used + 1 >= table->limit)
		return 0;
	*fresh = true;
	table->slot[at] = ++table->used;
	table->key[table->used] = key;
	return table->used;
}
