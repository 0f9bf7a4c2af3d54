/*
 * Calls that are about the trace: marks, a text, and commands. The boot argument how=N says which:
 *
 *   1 marks around a time without a trace     2 a command that this VM may not give
 *   3 marks around a time when exits are only counted
 */
#include "guest.h"

#define TRACE_MARK    0xc6000001u
#define TRACE_TEXT    0xc6000004u
#define TRACE_CONTROL 0xc6000005u
#define DENIED	      (-3)
#define INVALID	      (-2)
#define CALLS	      100

void secondary(uint64_t vcpu)
{
	(void)vcpu;
}

/* At most 24 characters, in x1-x3. */
static int64_t call_with_text(uint32_t function, const char *text)
{
	uint64_t words[3] = {0};

	for (unsigned i = 0; text[i] && i < sizeof(words); i++)
		words[i / 8] |= (uint64_t)(uint8_t)text[i] << i % 8 * 8;
	return (int64_t)hvc(function, words[0], words[1], words[2]);
}

static void be_busy(void)
{
	for (unsigned i = 0; i < CALLS; i++)
		hvc(PSCI_VERSION, 0, 0, 0);
}

void first(const void *device_tree)
{
	const uint64_t how = option(device_tree, "how");

	if (how == 2) {
		check(call_with_text(TRACE_CONTROL, "level off") == DENIED,
		      "a VM that may not choose is denied");
		finish();
	}
	hvc(TRACE_MARK, 1, 0, 0);
	check(call_with_text(TRACE_CONTROL, "level loud") == INVALID,
	      "what is no command is refused");
	check(call_with_text(TRACE_CONTROL, how == 3 ? "level counters" : "level off") == 0,
	      "the level goes down");
	be_busy();
	hvc(TRACE_MARK, 2, 0, 0);
	check(call_with_text(TRACE_CONTROL, "level events") == 0, "and up again");
	be_busy();
	check(call_with_text(TRACE_TEXT, "here we are") == 0, "a text is taken");
	check(call_with_text(TRACE_TEXT, "") == INVALID, "no text is not");
	hvc(TRACE_MARK, 3, 0, 0);
	finish();
}
