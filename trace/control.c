/* See trace/control.h. LOCK_TRACE guards what is wanted; CPUs that take it over only read. */
#include "trace/control.h"

#include <vitrine/percpu.h>

#include "dev/clock.h"
#include "dev/virtio_serial.h"
#include "irq/gic.h"
#include "lib/bits.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "lib/spinlock.h"
#include "lib/string.h"
#include "trace/drain.h"
#include "trace/writers.h"

#define SAMPLE_MAX_HZ 10000u
#define LINE_BYTES    64u

struct settings {
	enum trace_level level;
	bool flight;
	uint32_t classes;
	uint32_t sample_hz; /* 0: off */
	uint32_t dumps;	    /* how often somebody has asked */
	uint64_t vcpus;
};

static struct spinlock control_lock = SPINLOCK_INIT(LOCK_TRACE);
static struct settings wanted = {
	.level = TRACE_LEVEL_EVENTS, .classes = TRACE_CLASSES_ALL, .vcpus = UINT64_MAX};
uint32_t trace_changes;

static const char level_names[][9] = {
	[TRACE_LEVEL_OFF] = "off",
	[TRACE_LEVEL_COUNTERS] = "counters",
	[TRACE_LEVEL_EVENTS] = "events",
};
static const char mode_names[][9] = {"stream", "flight"};
static const char class_names[][9] = {
#define CLASS(name, bit, doc) [bit] = #name,
#include "trace/events.def"
};

/* The length of the word that ends at a blank, a comma or the line's end. */
static size_t word_length(const char *text)
{
	size_t length = 0;

	while (text[length] > ' ' && text[length] != ',')
		length++;
	return length;
}

/* In either case: the table of classes shouts. */
static bool is_word(const char *text, const char *word)
{
	size_t i = 0;

	for (; word[i]; i++)
		if ((text[i] | 0x20) != (word[i] | 0x20))
			return false;
	return i == word_length(text);
}

static int find_word(const char *text, const char (*names)[9], unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (is_word(text, names[i]))
			return (int)i;
	return -1;
}

/* A decimal number up to `limit`; -1 for anything else. */
static int number(const char *text, unsigned limit)
{
	const size_t length = word_length(text);
	unsigned value = 0;

	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9' || value > limit)
			return -1;
		value = value * 10 + (unsigned)(text[i] - '0');
	}
	return length && value <= limit ? (int)value : -1;
}

/* Bits of a list: names of classes, or numbers of vCPUs when `names` is NULL. 0: something in it is wrong. */
static uint64_t list(const char *text, const char (*names)[9])
{
	uint64_t bits = 0;

	if (is_word(text, "all"))
		return UINT64_MAX;
	for (;; text++) {
		const int bit = names ? find_word(text, names, TRACE_CLASSES) : number(text, 63);

		if (bit < 0)
			return 0;
		bits |= UINT64_C(1) << bit;
		text += word_length(text);
		if (*text != ',')
			return bits;
	}
}

/* False: no such command, or its argument is wrong. */
static bool obey(struct settings *to, const char *line, const char *argument)
{
	int found;

	if (is_word(line, "status"))
		return true;
	if (is_word(line, "dump")) {
		to->dumps++;
		return true;
	}
	if (is_word(line, "level")) {
		found = find_word(argument, level_names, ARRAY_SIZE(level_names));
		to->level = (enum trace_level)found;
		return found >= 0;
	}
	if (is_word(line, "mode")) {
		found = find_word(argument, mode_names, ARRAY_SIZE(mode_names));
		to->flight = found == 1;
		return found >= 0;
	}
	if (is_word(line, "classes")) {
		to->classes = (uint32_t)list(argument, class_names) & TRACE_CLASSES_ALL;
		return to->classes != 0;
	}
	if (is_word(line, "vcpus")) {
		to->vcpus = list(argument, 0);
		return to->vcpus != 0;
	}
	if (is_word(line, "sample")) {
		found = is_word(argument, "off") ? 0 : number(argument, SAMPLE_MAX_HZ);
		to->sample_hz = (uint32_t)found;
		return found >= 0;
	}
	return false;
}

bool trace_command(const char *line, char *answer, size_t size)
{
	const char *argument = line + word_length(line);
	const bool changes = !is_word(line, "status");
	struct settings next;

	while (*argument == ' ')
		argument++;
	spin_lock(&control_lock);
	next = wanted;
	const bool understood = obey(&next, line, argument);

	if (understood && changes) {
		wanted = next;
		__atomic_store_n(&trace_changes, trace_changes + 1, __ATOMIC_RELEASE);
	}
	spin_unlock(&control_lock);

	if (!understood) {
		vt_snprintf(answer, size, "%.32s: not understood", line);
		return false;
	}
	vt_snprintf(answer, size, "level=%s mode=%s classes=0x%x vcpus=0x%llx sample=%u",
		    level_names[next.level], mode_names[next.flight], next.classes,
		    (unsigned long long)next.vcpus, next.sample_hz);
	/* Guests of other CPUs, and of this one, may run on for long without a reason to come back. */
	if (changes && this_cpu()->ring && percpu_is_enabled(this_cpu())) {
		gic_send_sgi_others(SGI_KICK);
		gic_send_sgi(this_cpu()->mpidr, SGI_KICK);
	}
	return true;
}

void trace_apply(struct trace_ring *ring)
{
	ring->applied = __atomic_load_n(&trace_changes, __ATOMIC_ACQUIRE);

	spin_lock(&control_lock);
	const struct settings now = wanted;

	spin_unlock(&control_lock);
	const uint32_t classes = now.level == TRACE_LEVEL_EVENTS ? now.classes : 0;

	/* The last event of what ends, or the first of what begins. */
	if (now.level != ring->level || classes != ring->classes) {
		ring->classes |= classes;
		trace_LEVEL(ring, TRACE_NO_VCPU, now.level, classes);
	}
	ring->classes = classes;
	ring->level = now.level;
	ring->vcpus = now.vcpus;
	if (ring->dumps != now.dumps || (ring->flight && !now.flight)) {
		trace_seal(ring);
		trace_offer(ring);
	}
	ring->dumps = now.dumps;
	ring->flight = now.flight;
	trace_drain();
}

const char *trace_level_name(enum trace_level level)
{
	return level_names[level];
}

uint64_t trace_sample_ticks(void)
{
	const uint32_t hz = __atomic_load_n(&wanted.sample_hz, __ATOMIC_RELAXED);

	return hz ? clock_hz() / hz : 0;
}

static void obey_host(const char *line)
{
	char answer[128];

	trace_command(line, answer, sizeof(answer));
	log_line("trace: %s", answer);
}

void trace_listen(void)
{
	static char line[LINE_BYTES];
	static unsigned length;
	char byte;

	while (virtio_serial_receive(VIRTIO_SERIAL_PORT_TRACE, &byte, 1)) {
		if (byte != '\n') {
			if (length < LINE_BYTES - 1)
				line[length++] = byte;
			continue;
		}
		line[length] = '\0';
		length = 0;
		obey_host(line);
	}
}
