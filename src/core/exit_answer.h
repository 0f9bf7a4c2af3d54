/*
 * A handler's answer, as core/dispatch.c makes it and core/exit_trace.c reads it: word 0 of the exit's trace
 * record, with an enum exit_action where the vCPU's index will be. Its size is 4 words; 5 when the note's value
 * belongs to the record, which then may be 4 all the same: asm/vectors.S and trace_exit() see to it. Such are the
 * exits of MMIO; C goes by that, as the vectors have changed the size when they ask it for help.
 */
#ifndef CORE_EXIT_ANSWER_H
#define CORE_EXIT_ANSWER_H

#include "trace/format.h"

#define ANSWER_REASON(answer) TRACE_EXIT_REASON((answer) >> 24)
#define ANSWER_IS_MMIO(answer) \
	(ANSWER_REASON(answer) == EXIT_MMIO_READ || ANSWER_REASON(answer) == EXIT_MMIO_WRITE)

#endif
