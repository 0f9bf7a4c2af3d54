/* `monitor WORD ...`: what GDB itself has no command for. One line in, a text out. See monitor.h. */
#include "debug/monitor.h"
#include "debug/registers.h"

#include "lib/bits.h"
#include "lib/string.h"
#include "trace/control.h"

#define ANSWER_BYTES 8192u

static char answer[ANSWER_BYTES];
static size_t answer_length, answer_given;

void monitor_say(const char *format, ...)
{
	static const char cut[] = "...\n";
	va_list args;

	va_start(args, format);
	answer_length += (size_t)vt_vsnprintf(answer + answer_length,
					      sizeof(answer) - answer_length, format, args);
	va_end(args);
	if (answer_length >= sizeof(answer)) {
		answer_length = sizeof(answer) - 1;
		memcpy(answer + answer_length - (sizeof(cut) - 1), cut, sizeof(cut) - 1);
	}
}

const char *monitor_take_line(void)
{
	char *end = strchr(answer, '\n');

	answer_length = 0;
	if (end)
		*end = '\0';
	return answer;
}

static const char *skip_blanks(const char *text)
{
	while (*text == ' ')
		text++;
	return text;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 'a' ^ 'A';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* "pc", "sp", "lr" or "x0" to "x30", also with a $ in front, which GDB does not replace here. */
static bool register_value(const struct debug_vcpu *debug, const char *word, uint64_t *value)
{
	unsigned number = 0;

	word += *word == '$';
	if (strcmp(word, "pc") == 0)
		number = REGISTER_PC;
	else if (strcmp(word, "sp") == 0)
		number = REGISTER_SP;
	else if (strcmp(word, "lr") == 0)
		number = REGISTER_LR;
	else if (*word++ != 'x' || digit_of(*word) > 9)
		return false;
	else
		for (; digit_of(*word) <= 9 && number < REGISTER_SP; word++)
			number = number * 10 + (unsigned)digit_of(*word);
	return number <= REGISTER_PC && register_read(debug, number, (uint8_t *)value) == GDB_OK;
}

bool monitor_address(const struct debug_vcpu *debug, const char *rest, uint64_t *value)
{
	return monitor_number(&rest, value) || register_value(debug, rest, value);
}

bool monitor_number(const char **rest, uint64_t *value)
{
	const char *at = *rest;
	const bool hex = at[0] == '0' && (at[1] == 'x' || at[1] == 'X');
	const int base = hex ? 16 : 10;

	at += hex ? 2 : 0;
	if (digit_of(*at) >= base)
		return false;
	for (*value = 0; digit_of(*at) < base; at++)
		*value = *value * (uint64_t)base + (uint64_t)digit_of(*at);
	if (*at && *at != ' ')
		return false;
	*rest = skip_blanks(at);
	return true;
}

bool monitor_choice(const char *rest, const char *yes, const char *no, bool *value)
{
	const bool is_yes = strcmp(rest, yes) == 0;

	if (!is_yes && strcmp(rest, no) != 0) {
		monitor_say("%s or %s?\n", yes, no);
		return false;
	}
	*value = is_yes;
	return true;
}

static void vtime(struct debug_vcpu *debug, const char *rest)
{
	monitor_choice(rest, "run", "freeze", &debug->vm->time_runs);
}

static void stepirq(struct debug_vcpu *debug, const char *rest)
{
	monitor_choice(rest, "on", "off", &debug->vm->step_interrupts);
}

static void phys(struct debug_vcpu *debug, const char *rest)
{
	(void)debug;
	monitor_choice(rest, "on", "off", &server_settings.physical);
}

static void lost(struct debug_vcpu *debug, const char *rest)
{
	(void)debug;
	monitor_choice(rest, "resume", "stay", &server_settings.resume_when_lost);
}

/* The words are the trace's own: trace/control.h. */
static void trace(struct debug_vcpu *debug, const char *rest)
{
	char text[256];

	(void)debug;
	trace_command(*rest ? rest : "status", text, sizeof(text));
	monitor_say("%s\n", text);
}

static void crash(struct debug_vcpu *debug, const char *rest)
{
	bool stays;

	if (!monitor_choice(rest, "on", "off", &stays))
		return;
	debug->vm->crash_stays = stays;
	debug->vm->crash_ends = !stays;
}

static void reset(struct debug_vcpu *debug, const char *rest)
{
	(void)debug;
	(void)rest;
	server_reset();
	monitor_say("reset; now: maintenance flush register-cache\n");
}

static void help(struct debug_vcpu *debug, const char *rest);

static const struct {
	const char *word, *arguments, *text;
	monitor_command command;
} commands[] = {
	{"help", "", "this list", help},
	{"vms", "", "the virtual machines", monitor_vms},
	{"vcpus", "", "their vCPUs: state, PC, where they run", monitor_vcpus},
	{"exits", "", "how many exits of each kind this VM has had", monitor_exits},
	{"last", "[N]", "the last exits of the CPU that runs this vCPU", monitor_last},
	{"explain", "", "this vCPU's last exit that EL2 had to think about, in words",
	 monitor_explain},
	{"s1", "VA", "walk the guest's own tables", monitor_s1},
	{"s2", "IPA", "where guest-physical memory really is", monitor_s2},
	{"gic", "", "interrupts of this vCPU and its VM", monitor_gic},
	{"timer", "", "the vCPU's timers", monitor_timer},
	{"sysreg", "NAME", "one system register; without a name, all of them", monitor_sysreg},
	{"break", "KIND WHAT", "stop at: exit REASON, sysreg NAME, psci FN, irq INTID,",
	 monitor_break},
	{"break", "[off [N]]", "ipa 0xFIRST [BYTES] [r|w], exec 0xPAGE [BYTES]; the list; not N",
	 monitor_break},
	{"trace", "COMMAND", "level, classes, vcpus, mode, sample, dump or status", trace},
	{"crash", "on|off", "a VM that crashes waits for GDB (if GDB has it)", crash},
	{"phys", "on|off", "addresses in GDB are guest-physical", phys},
	{"stepirq", "on|off", "interrupts arrive while stepping (off)", stepirq},
	{"vtime", "freeze|run", "the guest's time while it is stopped (freeze)", vtime},
	{"lost", "stay|resume", "what a VM does when GDB goes without a word (stay)", lost},
	{"reset", "", "the VM begins anew, stopped; better: run", reset},
};

static void help(struct debug_vcpu *debug, const char *rest)
{
	(void)debug;
	(void)rest;
	for (unsigned i = 0; i < ARRAY_SIZE(commands); i++)
		monitor_say("monitor %-8s %-18s %s\n", commands[i].word, commands[i].arguments,
			    commands[i].text);
}

static enum gdb_err start(void *target, struct gdb_thread thread, const char *line)
{
	struct debug_vcpu *debug = debug_vcpu_at(thread);
	const char *word = skip_blanks(line);
	size_t length = 0;

	(void)target;
	answer_length = answer_given = 0;
	while (word[length] && word[length] != ' ')
		length++;
	for (unsigned i = 0; debug && i < ARRAY_SIZE(commands); i++)
		if (length && strlen(commands[i].word) == length &&
		    strncmp(commands[i].word, word, length) == 0) {
			commands[i].command(debug, skip_blanks(word + length));
			return GDB_OK;
		}
	if (length)
		monitor_say("%.40s: no such command; there is: monitor help\n", word);
	else
		help(debug, "");
	return GDB_OK;
}

static size_t more(void *target, char *text, size_t room)
{
	const size_t count = MIN(room, answer_length - answer_given);

	(void)target;
	memcpy(text, answer + answer_given, count);
	answer_given += count;
	return count;
}

const struct gdb_monitor_ops monitor_ops = {.start = start, .more = more};
