/* What a VM says and what is done to it: console lines, marks, the debugger. Part of `vtrace convert`. */
#include "trace/host/conversion.h"
#include "trace/host/names.h"

#define LINE_GOES_ON 0x80u /* in a CONSOLE record's argument */

static void write_on_console(struct conversion *c, uint32_t vcpu, uint64_t ns, const char *text,
			     const char *category, const struct event *with)
{
	struct event event;

	event_begin(&event, TYPE_INSTANT);
	if (with)
		event = *with;
	event.name = text;
	event.category_iid = perfetto_category(&c->perfetto, category);
	event_write(&c->perfetto, console_of(&c->tracks, c->vm_slot[vcpu]), ns, &event);
}

static void end_line(struct conversion *c, uint32_t vcpu, uint64_t ns)
{
	struct console_line *line = &c->line[vcpu];

	if (line->used)
		write_on_console(c, vcpu, ns, line->text, "console", NULL);
	line->used = 0;
}

/* Records hold parts of lines: a line is shown whole, where it ends. */
void convert_console(struct conversion *c, const struct record *record, uint64_t ns)
{
	struct console_line *line = &c->line[record->vcpu];

	record_string(record, line->text + line->used, sizeof(line->text) - line->used);
	line->used += (uint32_t)strlen(line->text + line->used);
	if (!(record->arg & LINE_GOES_ON) || line->used + 1 >= sizeof(line->text))
		end_line(c, record->vcpu, ns);
}

void convert_mark(struct conversion *c, const struct record *record, uint64_t ns)
{
	char text[CONSOLE_LINE_BYTES];
	struct event event;

	event_begin(&event, TYPE_INSTANT);
	if (record->event == TRACE_MARK) {
		event_arg(&event, c->arg.value, ARG_POINTER, record->value[0]);
		snprintf(text, sizeof(text), "mark 0x%llx", (unsigned long long)record->value[0]);
	} else {
		record_string(record, text, sizeof(text));
	}
	write_on_console(c, record->vcpu, ns, *text ? text : "mark", "mark", &event);
}

static void resume(struct conversion *c, uint32_t vcpu, uint64_t ns)
{
	if (c->stopped[vcpu])
		slice_end(&c->perfetto, debugger_of(&c->tracks, vcpu), ns);
	c->stopped[vcpu] = false;
}

/* A stop is a slice until the vCPU goes on; a new reason to stop ends the one before. */
void convert_debugger(struct conversion *c, const struct record *record, uint64_t ns)
{
	const bool stops = record->arg >= TRACE_DEBUG_BREAKPOINT && record->arg <= TRACE_DEBUG_STOP;
	struct generic generic;

	if (record->vcpu == TRACE_NO_VCPU) {
		convert_generic(c, record, ns, 0, 0);
		return;
	}
	if (stops || record->arg == TRACE_DEBUG_RESUME || record->arg == TRACE_DEBUG_DETACH)
		resume(c, record->vcpu, ns);
	if (record->arg == TRACE_DEBUG_RESUME)
		return;
	generic_event(c, record, &generic);
	generic.event.type = stops ? TYPE_BEGIN : TYPE_INSTANT;
	event_write(&c->perfetto, debugger_of(&c->tracks, record->vcpu), ns, &generic.event);
	c->stopped[record->vcpu] = stops;
}

void console_break(struct conversion *c, uint32_t vcpu, uint64_t ns)
{
	end_line(c, vcpu, ns);
	resume(c, vcpu, ns);
}
