/* See events.h. */
#include <string.h>

#include "trace/format.h"
#include "trace/host/events.h"

/* A tuple of events.def as the initialiser of its fields. */
#define FIELDS(tuple)	     FIELDS_OF tuple
#define FIELDS_OF(kind, ...) FIELDS_##kind(__VA_ARGS__)
#define FIELDS_ARG(name, type)      \
	{                           \
#name, FIELD_##type \
	}
#define FIELDS_WORD(name, type)             \
	{                                   \
		{#name, FIELD_##type},      \
		{                           \
			NULL, TYPE_NO_FIELD \
		}                           \
	}
#define FIELDS_WORDS(name, type) FIELDS_WORD(name, type)
#define FIELDS_PAIR(low, lt, high, ht)    \
	{                                 \
		{#low, FIELD_##lt},       \
		{                         \
#high, FIELD_##ht \
		}                         \
	}
/* An argument is (NONE) or (ARG, name, type): how many parts there are says which. */
#define ARGUMENT(tuple)			  ARGUMENT_KIND tuple
#define ARGUMENT_KIND(...)		  ARGUMENT_PICK(__VA_ARGS__, ARG, BAD, NONE, )(__VA_ARGS__)
#define ARGUMENT_PICK(a, b, c, pick, ...) ARGUMENT_##pick
#define ARGUMENT_ARG(kind, name, type) \
	{                              \
#name, FIELD_##type    \
	}
#define ARGUMENT_NONE(kind)         \
	{                           \
		NULL, TYPE_NO_FIELD \
	}

enum {
#define CLASS(name, bit, doc) CLASS_BIT_##name = (bit),
#include "trace/events.def"
};

static const struct event_info infos[256] = {
#define EVENT0(name, id, class, arg, text)      \
	[id] = {.symbol = #name,                \
		.doc = text,                    \
		.class_bit = CLASS_BIT_##class, \
		.argument = ARGUMENT(arg)},
#define EVENT1(name, id, class, arg, w1, text)  \
	[id] = {.symbol = #name,                \
		.doc = text,                    \
		.class_bit = CLASS_BIT_##class, \
		.words = 1,                     \
		.argument = ARGUMENT(arg),      \
		.word = {FIELDS(w1)}},
#define EVENT2(name, id, class, arg, w1, w2, text) \
	[id] = {.symbol = #name,                   \
		.doc = text,                       \
		.class_bit = CLASS_BIT_##class,    \
		.words = 2,                        \
		.argument = ARGUMENT(arg),         \
		.word = {FIELDS(w1), FIELDS(w2)}},
#define EVENT3(name, id, class, arg, w1, w2, w3, text) \
	[id] = {.symbol = #name,                       \
		.doc = text,                           \
		.class_bit = CLASS_BIT_##class,        \
		.words = 3,                            \
		.argument = ARGUMENT(arg),             \
		.word = {FIELDS(w1), FIELDS(w2), FIELDS(w3)}},
#define EVENTV(name, id, class, arg, w1, text)  \
	[id] = {.symbol = #name,                \
		.doc = text,                    \
		.class_bit = CLASS_BIT_##class, \
		.words = 1,                     \
		.many = true,                   \
		.argument = ARGUMENT(arg),      \
		.word = {FIELDS(w1)}},
#include "trace/events.def"
};

static const char *const classes[] = {
#define CLASS(name, bit, doc) [bit] = #name,
#include "trace/events.def"
};

#define CLASSES (sizeof(classes) / sizeof(classes[0]))

static const char *const timers[] = {
	[TRACE_TIMER_VIRTUAL] = "virtual",
	[TRACE_TIMER_PHYSICAL] = "physical",
};
static const char *const levels[] = {
	[TRACE_LEVEL_OFF] = "off",
	[TRACE_LEVEL_COUNTERS] = "counters",
	[TRACE_LEVEL_EVENTS] = "events",
};
static const char *const debug_kinds[] = {
	[TRACE_DEBUG_ATTACH] = "attach",
	[TRACE_DEBUG_DETACH] = "detach",
	[TRACE_DEBUG_BREAKPOINT] = "breakpoint",
	[TRACE_DEBUG_WATCHPOINT] = "watchpoint",
	[TRACE_DEBUG_STEP] = "step",
	[TRACE_DEBUG_STOP] = "stop",
	[TRACE_DEBUG_RESUME] = "resume",
};

const struct event_info *event_info(uint8_t event)
{
	return &infos[event];
}

const char *event_class_name(uint32_t bit)
{
	return bit < CLASSES ? classes[bit] : NULL;
}

bool event_class_by_name(const char *name, uint32_t *bit)
{
	for (uint32_t i = 0; i < CLASSES; i++)
		if (classes[i] && strcmp(classes[i], name) == 0) {
			*bit = i;
			return true;
		}
	return false;
}

static const char *const reason_symbols[] = {
#define REASON(name, text) #name,
#include "core/exit_reasons.def"
#undef REASON
};

bool reason_by_symbol(const char *symbol, uint8_t *reason)
{
	for (uint32_t i = 0; i < sizeof(reason_symbols) / sizeof(reason_symbols[0]); i++)
		if (strcmp(reason_symbols[i], symbol) == 0) {
			*reason = (uint8_t)i;
			return true;
		}
	return false;
}

#define NAME_IN(table, value) ((value) < sizeof(table) / sizeof((table)[0]) ? (table)[value] : NULL)

const char *event_result_name(uint8_t result)
{
	static const char *const results[] = {
		[TRACE_RESULT_ANSWERED] = "answered", [TRACE_RESULT_LEFT] = "left",
		[TRACE_RESULT_INJECTED] = "injected", [TRACE_RESULT_REFUSED] = "refused",
		[TRACE_RESULT_BLOCKED] = "blocked",   [TRACE_RESULT_SWITCHED] = "switched",
		[TRACE_RESULT_STOPPED] = "stopped",
	};
	const char *name = NAME_IN(results, result);

	return name ? name : "unknown";
}

const char *event_value_name(enum event_type type, uint64_t value)
{
	switch (type) {
	case FIELD_TIMER:
		return NAME_IN(timers, value);
	case FIELD_LEVEL:
		return NAME_IN(levels, value);
	case FIELD_DEBUG_KIND:
		return NAME_IN(debug_kinds, value);
	default:
		return NULL;
	}
}
