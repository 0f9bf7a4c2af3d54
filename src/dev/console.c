/*
 * The terminal's output side: guests' bytes and the hypervisor's own lines, one after the other.
 * Input is console_input.c.
 *
 * LOCK_CONSOLE guards everything here. Callers hold no later lock; this file logs nothing.
 */
#include "dev/console.h"

#include <vitrine/percpu.h>

#include "dev/clock.h"
#include "dev/console_parts.h"
#include "dev/terminal.h"
#include "lib/spinlock.h"
#include "lib/string.h"
#include "trace/writers.h"

#define LINE_BYTES     256u /* a longer line is shown in parts */
#define HALF_LINES_A_S 10u  /* an unfinished line is shown after 1/10 s */

/* A guest's line as far as it has come. */
struct line {
	uint8_t text[LINE_BYTES];
	unsigned count;
	unsigned shown;	      /* of these, already on the terminal's current line */
	bool returned;	      /* a carriage return came last: the next byte decides */
	uint64_t since_ticks; /* when the oldest byte not shown came */
};

static struct spinlock console_lock = SPINLOCK_INIT(LOCK_CONSOLE);

static struct {
	unsigned count;
	const char *name[CONSOLE_MAX];
	struct line line[CONSOLE_MAX];
	bool spoken;
} terminal;

/* Whose unfinished line the cursor stands on. CONSOLE_NONE: it is at the start of a line. */
static unsigned owner = CONSOLE_NONE;

unsigned console_add(const char *name)
{
	unsigned index = CONSOLE_NONE;

	spin_lock(&console_lock);
	if (terminal.count < CONSOLE_MAX) {
		index = terminal.count;
		terminal.name[index] = name;
		__atomic_store_n(&terminal.count, index + 1, __ATOMIC_RELEASE);
	}
	spin_unlock(&console_lock);
	return index;
}

unsigned console_count(void)
{
	return __atomic_load_n(&terminal.count, __ATOMIC_ACQUIRE);
}

const char *console_name(unsigned console)
{
	return terminal.name[console];
}

/*
 * Leave a guest's unfinished line. Nothing of it stands on the new line, so its next byte will show
 * it all again.
 */
static void start_of_line(void)
{
	if (owner == CONSOLE_NONE)
		return;
	terminal.line[owner].shown = 0;
	owner = CONSOLE_NONE;
	terminal_puts("\n");
}

static void begin_line(unsigned console)
{
	terminal_puts("[");
	terminal_puts(terminal.name[console]);
	terminal_puts("] ");
	owner = console;
}

/* Bring the terminal to the end of this guest's line so far. */
static void show_line(unsigned console)
{
	struct line *line = &terminal.line[console];

	if (owner != console) {
		start_of_line();
		begin_line(console);
	}
	for (; line->shown < line->count; line->shown++)
		terminal_putc((char)line->text[line->shown]);
}

static void end_line(unsigned console)
{
	struct line *line = &terminal.line[console];

	show_line(console);
	terminal_puts("\n");
	line->count = line->shown = 0;
	line->returned = false;
	owner = CONSOLE_NONE;
}

/* The guest writes its line over again (a progress display): so do we, prefix included. */
static void rewrite_line(unsigned console)
{
	struct line *line = &terminal.line[console];

	line->returned = false;
	if (line->count == 0 && owner != console)
		return;
	show_line(console);
	terminal_putc('\r');
	begin_line(console);
	line->count = line->shown = 0;
}

/*
 * Several VMs. A guest whose line the cursor stands on is echoed at once, so that typing feels
 * direct.
 */
static void output_by_line(unsigned console, uint8_t byte)
{
	struct line *line = &terminal.line[console];

	if (byte == '\n') {
		end_line(console);
		return;
	}
	if (byte == '\r') {
		line->returned = true;
		return;
	}
	if (line->returned)
		rewrite_line(console);

	if (line->shown == line->count)
		line->since_ticks = clock_ticks();
	line->text[line->count++] = byte;
	if (owner == console || line->count == LINE_BYTES)
		show_line(console);
	if (line->count == LINE_BYTES)
		line->count = line->shown = 0;
}

/* A guest's line as far as the trace has not got it yet; a line that is longer goes there in parts. */
#define PART_BYTES ((TRACE_RECORD_LIMIT_WORDS - 1) * 8)
#define GOES_ON	   0x80u
static union {
	uint8_t text[PART_BYTES];
	uint64_t words[PART_BYTES / 8];
} part[CONSOLE_MAX];
static uint8_t part_bytes[CONSOLE_MAX];

static TRACE_COLD void trace_output(unsigned console, uint8_t byte)
{
	const bool ends = byte == '\n';
	uint8_t *count = &part_bytes[console];

	if (byte != '\r' && !ends)
		part[console].text[(*count)++] = byte;
	if ((!ends && *count < PART_BYTES) || !*count)
		return;
	trace_CONSOLE(this_cpu()->ring,
		      this_cpu()->current ? this_cpu()->current->id : TRACE_NO_VCPU,
		      *count | (ends ? 0 : GOES_ON), part[console].words, (*count + 7u) / 8);
	*count = 0;
	memset(&part[console], 0, sizeof(part[console]));
}

void console_output(unsigned console, uint8_t byte)
{
	spin_lock(&console_lock);
	if (trace_wants(this_cpu()->ring, TRACE_CLASS_CONSOLE) && console < CONSOLE_MAX)
		trace_output(console, byte);
	__atomic_store_n(&terminal.spoken, true, __ATOMIC_RELAXED);
	if (terminal.count == 1) {
		terminal_putc((char)byte);
		owner = byte == '\n' ? CONSOLE_NONE : 0;
	} else if (console < terminal.count) {
		output_by_line(console, byte);
	}
	spin_unlock(&console_lock);
}

void console_tick(void)
{
	if (console_count() < 2)
		return;

	const uint64_t now = clock_ticks();
	const uint64_t patience = clock_hz() / HALF_LINES_A_S;

	spin_lock(&console_lock);
	for (unsigned i = 0; i < terminal.count; i++) {
		const struct line *line = &terminal.line[i];

		if (line->shown < line->count && owner != i && now - line->since_ticks >= patience)
			show_line(i);
	}
	spin_unlock(&console_lock);
}

void console_show(unsigned console)
{
	spin_lock(&console_lock);
	if (terminal.count > 1 && terminal.line[console].count)
		show_line(console);
	spin_unlock(&console_lock);
}

bool console_guest_has_spoken(void)
{
	return __atomic_load_n(&terminal.spoken, __ATOMIC_RELAXED);
}

void console_host_line(const char *text)
{
	spin_lock(&console_lock);
	start_of_line();
	terminal_puts("[vitrine] ");
	terminal_puts(text);
	terminal_puts("\n");
	spin_unlock(&console_lock);
}

#ifdef VT_GDB

void console_lend(bool lent)
{
	spin_lock(&console_lock);
	terminal_lend(lent);
	spin_unlock(&console_lock);
}

size_t console_take(char *to, size_t room)
{
	spin_lock(&console_lock);
	room = terminal_take(to, room);
	spin_unlock(&console_lock);
	return room;
}

#endif
