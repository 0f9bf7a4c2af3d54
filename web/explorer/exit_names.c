/* See exit_names.h. */
#include <stdlib.h>
#include <string.h>

#include "trace/host/names.h"
#include "web/explorer/exit_names.h"

static const struct {
	uint32_t id;
	uint8_t reason;
	const char *name;
} functions[] = {
#define FUNCTION(id, name, forms, answer, reason) {id, REASON_##reason, #name},
#include "core/smccc_functions.def"
#undef FUNCTION
};

static const struct {
	const char *text;
} reasons[] = {
#define REASON(name, text) {text},
#include "core/exit_reasons.def"
#undef REASON
};

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool ends(const char *text, const char *with)
{
	const size_t length = strlen(text), tail = strlen(with);

	return length >= tail && strcmp(text + length - tail, with) == 0;
}

static uint64_t function_of_name(const char *name)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (strcmp(functions[i].name, name) == 0)
			return functions[i].id;
	return strtoull(name, NULL, 0);
}

/* The call that leaves for this reason; of several, the first. */
static uint64_t function_of_reason(uint8_t reason)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (functions[i].reason == reason && reason != REASON_HYPERCALL)
			return functions[i].id;
	return 0;
}

/* Names that are not the reason's text with something behind it. */
static struct exit_kind irregular(const char *name)
{
	if (begins(name, "irq "))
		return (struct exit_kind){REASON_EXTERNAL_INTERRUPT, strtoull(name + 4, NULL, 10)};
	if (begins(name, "sysreg "))
		return (struct exit_kind){
			ends(name, " read") ? REASON_SYSREG_READ : REASON_SYSREG_WRITE, 0};
	if (begins(name, "SGI "))
		return (struct exit_kind){REASON_SEND_IPI, strtoull(name + 4, NULL, 10) << 24};
	if (begins(name, "WF"))
		return (struct exit_kind){REASON_HALT, 0};
	if (begins(name, "debug "))
		return (struct exit_kind){REASON_DEBUG, 0};
	return (struct exit_kind){REASON_EXCEPTION, 0};
}

struct exit_kind exit_kind_of(const char *name)
{
	struct exit_kind kind = {REASON_COUNT, 0};
	size_t longest = 0;

	if (begins(name, "hypercall "))
		return (struct exit_kind){REASON_HYPERCALL,
					  function_of_name(name + strlen("hypercall "))};
	for (uint8_t i = 0; i < REASON_COUNT; i++)
		if (begins(name, reasons[i].text) && strlen(reasons[i].text) > longest) {
			kind = (struct exit_kind){i, function_of_reason(i)};
			longest = strlen(reasons[i].text);
		}
	return longest ? kind : irregular(name);
}
