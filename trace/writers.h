/*
 * The writers: one function an event, named like its row in trace/events.def, its parameters the row's fields.
 *
 *   trace_PSCI_CALL(ring, vcpu, target, function, result)
 *
 * `ring` is this CPU's, NULL when there is no trace. The filter is looked at before anything else; what passes it
 * is written by one function out of line. `vcpu` is the global index, or TRACE_NO_VCPU.
 */
#ifndef TRACE_WRITERS_H
#define TRACE_WRITERS_H

#include "trace/trace.h"

/* A field tuple's parameters, and its value. */
#define TW_CALL(macro, kind, ...) macro##kind(__VA_ARGS__)
#define TW_PARAM(kind, ...)	  TW_CALL(TW_PARAM_, kind, __VA_ARGS__)
#define TW_VALUE(kind, ...)	  TW_CALL(TW_VALUE_, kind, __VA_ARGS__)
#define TW_PARAM_NONE(...)
#define TW_PARAM_ARG(name, type)       , unsigned name
#define TW_PARAM_WORD(name, type)      , uint64_t name
#define TW_PARAM_PAIR(low, t, high, u) , uint32_t low, uint32_t high
#define TW_PARAM_WORDS(name, type)     , const uint64_t *name, unsigned words /* NOLINT */
#define TW_VALUE_NONE(...)	       0
#define TW_VALUE_ARG(name, type)       (name)
#define TW_VALUE_WORD(name, type)      (name)
#define TW_VALUE_PAIR(low, t, high, u) ((uint64_t)(high) << 32 | (low))

#define TW_WRITER(name, class, words, arg, params, emit)                                 \
	static inline void trace_##name(struct trace_ring *ring,                         \
					unsigned vcpu TW_PARAM arg params)               \
	{                                                                                \
		if (__builtin_expect(trace_wants(ring, TRACE_CLASS_##class), 0)) {       \
			const uint64_t word0 =                                           \
				TRACE_WORD0(TRACE_##name, words, vcpu, TW_VALUE arg, 0); \
			emit;                                                            \
		}                                                                        \
	}

#define EVENT0(name, id, class, arg, doc) \
	TW_WRITER(name, class, 1, arg, , trace_emit(ring, word0, 0, 0))
#define EVENT1(name, id, class, arg, w1, doc) \
	TW_WRITER(name, class, 2, arg, TW_PARAM w1, trace_emit(ring, word0, TW_VALUE w1, 0))
#define EVENT2(name, id, class, arg, w1, w2, doc)               \
	TW_WRITER(name, class, 3, arg, TW_PARAM w1 TW_PARAM w2, \
		  trace_emit(ring, word0, TW_VALUE w1, TW_VALUE w2))
#define EVENTV(name, id, class, arg, list, doc)               \
	TW_WRITER(name, class, 1 + words, arg, TW_PARAM list, \
		  trace_emit_words(ring, word0, TW_LIST list))
#define TW_LIST(kind, name, type) name
#include "trace/events.def"

#undef TW_CALL
#undef TW_PARAM
#undef TW_VALUE
#undef TW_LIST
#undef TW_WRITER

#endif
