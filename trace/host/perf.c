/* See perf.h. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "trace/host/perf.h"

static const char *const event_names[] = {
#define PMU_EVENT(number, name) [number] = #name,
#include "trace/host/pmu_events.def"
#undef PMU_EVENT
};

#define EVENT_NAMES (sizeof(event_names) / sizeof(event_names[0]))

/* What the first two always are, and what an old recording has no line for. */
static const char *const own_names[] = {"cycles", "instructions"};

#define OWN_NAMES (sizeof(own_names) / sizeof(own_names[0]))

/* The line's value; NULL: there is none. */
static const char *line_of(const struct metadata *metadata, uint32_t word)
{
	char key[16];

	snprintf(key, sizeof(key), "perf.%u", (unsigned)word);
	return metadata_get(metadata, key, NULL);
}

uint32_t perf_words(const struct metadata *metadata)
{
	uint32_t words = OWN_NAMES;

	while (words < PERF_WORDS && line_of(metadata, words))
		words++;
	return words;
}

void perf_name(const struct metadata *metadata, uint32_t word, enum perf_side side, char *to,
	       size_t bytes)
{
	const char *of = side == PERF_EL2 ? "el2" : "guest";
	const char *line = line_of(metadata, word);

	if (word < OWN_NAMES) {
		snprintf(to, bytes, "%s %s", of, own_names[word]);
		return;
	}

	const unsigned long event = line ? strtoul(line, NULL, 0) : ULONG_MAX;

	if (event < EVENT_NAMES)
		snprintf(to, bytes, "%s %s", of, event_names[event]);
	else if (event <= UINT16_MAX)
		snprintf(to, bytes, "%s event 0x%lx", of, event);
	else
		snprintf(to, bytes, "%s counter %u", of, (unsigned)word);
}
