/* See metadata.h. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/host/events.h"
#include "trace/host/metadata.h"

/* Text from a recording goes to terminals and into traces: keep what prints, and clip it. */
static void copy_printable(char *to, size_t room, const char *from, size_t bytes)
{
	size_t n = 0;

	for (size_t i = 0; i < bytes && n + 1 < room; i++)
		to[n++] = isprint((unsigned char)from[i]) ? from[i] : '?';
	to[n] = '\0';
}

static bool parse_number(const char *text, uint64_t *number)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*number = strtoull(text, &end, 0);
	return errno == 0 && *end == '\0';
}

/* `prefix`INDEX`suffix` with INDEX below `limit`, as in total.lost.3 or vm.0.name. */
static bool match_indexed(const char *key, const char *prefix, const char *suffix, uint32_t limit,
			  uint32_t *index)
{
	const size_t n = strlen(prefix);
	unsigned long number;
	char *end;

	if (strncmp(key, prefix, n) != 0 || !isdigit((unsigned char)key[n]))
		return false;
	number = strtoul(key + n, &end, 10);
	if (number >= limit || strcmp(end, suffix) != 0)
		return false;
	*index = (uint32_t)number;
	return true;
}

/* vm.K.device.N=NAME,BASE,BYTES. A later line for the same device replaces the first. */
static bool interpret_device(struct metadata *m, const char *key, const char *value)
{
	char tail[TEXT_BYTES], *end, *rest;
	struct device_info device;
	struct vm_info *vm;
	uint32_t i;

	if (sscanf(key, "vm.%" SCNu32 ".device.%*u", &i) != 1 || i >= MAX_VMS ||
	    !strstr(key, ".device."))
		return false;
	vm = &m->vm[i];
	snprintf(tail, sizeof(tail), "%s", value);
	end = strchr(tail, ',');
	if (!end)
		return true;
	*end = '\0';
	snprintf(device.name, sizeof(device.name), "%.*s", (int)sizeof(device.name) - 1, tail);
	rest = strchr(end + 1, ',');
	if (!rest)
		return true;
	*rest = '\0';
	if (!parse_number(end + 1, &device.base) || !parse_number(rest + 1, &device.bytes))
		return true;
	for (i = 0; i < vm->devices && strcmp(vm->device[i].name, device.name) != 0;)
		i++;
	if (i < MAX_DEVICES) {
		vm->device[i] = device;
		vm->devices += i == vm->devices;
	}
	return true;
}

static void interpret(struct metadata *m, const char *key, const char *value)
{
	uint32_t i;
	uint64_t number;

	if (match_indexed(key, "vm.", ".name", MAX_VMS, &i)) {
		snprintf(m->vm[i].name, sizeof(m->vm[i].name), "%.*s", (int)NAME_BYTES - 1, value);
		m->vm[i].known = true;
		return;
	}
	if (interpret_device(m, key, value) || !parse_number(value, &number))
		return;
	if (strcmp(key, "cntfrq") == 0)
		m->cntfrq = number;
	else if (strcmp(key, "cpus") == 0)
		m->cpus = number < MAX_CPUS ? (uint32_t)number : MAX_CPUS;
	else if (strcmp(key, "total.exits") == 0)
		m->exits = (struct total){true, number};
	else if (match_indexed(key, "total.events.", "", MAX_CPUS, &i))
		m->events[i] = (struct total){true, number};
	else if (match_indexed(key, "total.lost.", "", MAX_CPUS, &i))
		m->lost[i] = (struct total){true, number};
	else if (match_indexed(key, "total.lost_exits.", "", MAX_CPUS, &i))
		m->lost_exits[i] = (struct total){true, number};
	else if (match_indexed(key, "vm.", ".vcpus", MAX_VMS, &i) && number <= MAX_VCPUS) {
		m->vm[i].vcpus = (uint32_t)number;
		m->vm[i].known = true;
	} else if (match_indexed(key, "vm.", ".first", MAX_VMS, &i) && number <= MAX_VCPUS) {
		m->vm[i].first_vcpu = (uint32_t)number;
		m->vm[i].known = true;
	}
}

/* `prefix`INDEX.NAME, as in total.class.3.IRQ: what NAME is, or NULL. */
static const char *match_named(const char *key, const char *prefix, uint32_t limit, uint32_t *index)
{
	const size_t n = strlen(prefix);
	unsigned long number;
	char *end;

	if (strncmp(key, prefix, n) != 0 || !isdigit((unsigned char)key[n]))
		return NULL;
	number = strtoul(key + n, &end, 10);
	if (number >= limit || *end != '.')
		return NULL;
	*index = (uint32_t)number;
	return end + 1;
}

/* Numbers with commas between them; how many there are, at most `room`. */
static uint32_t numbers(const char *text, uint64_t *number, uint32_t room)
{
	uint32_t count = 0;
	char *end;

	while (count < room && isdigit((unsigned char)*text)) {
		number[count++] = strtoull(text, &end, 10);
		if (*end != ',')
			break;
		text = end + 1;
	}
	return count;
}

static struct counter *counter_of(struct metadata *m, uint32_t vcpu, const char *symbol)
{
	uint8_t reason;

	if (!reason_by_symbol(symbol, &reason))
		return NULL;
	for (uint32_t i = 0; i < m->counters; i++)
		if (m->counter[i].vcpu == vcpu && m->counter[i].reason == reason)
			return &m->counter[i];
	if (m->counters == MAX_COUNTERS)
		return NULL;
	m->counter[m->counters] = (struct counter){.vcpu = (uint8_t)vcpu, .reason = reason};
	return &m->counter[m->counters++];
}

/* The hypervisor's own counts, which are many: they have fields, and no place among the attributes. */
static bool take_counts(struct metadata *m, const char *key, const char *value)
{
	uint64_t number[COUNTER_SIZES] = {0};
	const uint32_t count = numbers(value, number, COUNTER_SIZES);
	struct counter *counter;
	const char *name;
	uint32_t i, class;

	if ((name = match_named(key, "exits.", MAX_VCPUS, &i)) && count == 4) {
		counter = counter_of(m, i, name);
		if (counter) {
			counter->exits = number[0];
			counter->ticks = number[1];
			counter->min_ticks = number[2];
			counter->max_ticks = number[3];
		}
		return counter != NULL;
	}
	if ((name = match_named(key, "hist.", MAX_VCPUS, &i)) && count) {
		counter = counter_of(m, i, name);
		if (counter) {
			memcpy(counter->by_log2, number, sizeof(number));
			counter->sized = true;
		}
		return counter != NULL;
	}
	if ((name = match_named(key, "total.class.", MAX_CPUS, &i)) && count == 1 &&
	    event_class_by_name(name, &class)) {
		m->class_events[i][class] = (struct total){true, number[0]};
		return true;
	}
	if ((name = match_named(key, "lost.class.", MAX_CPUS, &i)) && count == 1 &&
	    event_class_by_name(name, &class)) {
		m->class_lost[i][class] = (struct total){true, number[0]};
		return true;
	}
	return false;
}

static struct attribute *find_or_add(struct metadata *m, const char *key)
{
	for (uint32_t i = 0; i < m->attributes; i++)
		if (strcmp(m->attribute[i].key, key) == 0)
			return &m->attribute[i];
	if (m->attributes == MAX_ATTRIBUTES)
		return NULL;
	return &m->attribute[m->attributes++];
}

static void take_line(struct metadata *m, const char *line, size_t bytes)
{
	const char *equals = memchr(line, '=', bytes);
	struct attribute taken;
	struct attribute *slot;
	char value[COUNTER_SIZES * 21]; /* the longest: a histogram */

	if (bytes == 0)
		return;
	if (!equals || equals == line) {
		m->ignored_lines++;
		return;
	}
	copy_printable(taken.key, sizeof(taken.key), line, (size_t)(equals - line));
	copy_printable(value, sizeof(value), equals + 1, bytes - (size_t)(equals - line) - 1);
	if (take_counts(m, taken.key, value))
		return;
	memcpy(taken.value, value, sizeof(taken.value) - 1);
	taken.value[sizeof(taken.value) - 1] = '\0';
	interpret(m, taken.key, taken.value);
	slot = find_or_add(m, taken.key);
	if (slot)
		*slot = taken;
	else
		m->ignored_lines++;
}

void metadata_parse(struct metadata *metadata, const char *text, size_t bytes)
{
	const char *end = memchr(text, '\0', bytes); /* zero padding ends the text */

	if (!end)
		end = text + bytes;
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline ? newline : end;

		take_line(metadata, text, (size_t)(stop - text));
		text = stop + 1;
	}
}

const char *metadata_get(const struct metadata *metadata, const char *key, const char *otherwise)
{
	for (uint32_t i = 0; i < metadata->attributes; i++)
		if (strcmp(metadata->attribute[i].key, key) == 0)
			return metadata->attribute[i].value;
	return otherwise;
}

const struct vm_info *metadata_vm_of(const struct metadata *metadata, uint32_t vcpu,
				     uint32_t *local)
{
	for (uint32_t i = 0; i < MAX_VMS; i++) {
		const struct vm_info *vm = &metadata->vm[i];

		if (vm->known && vcpu >= vm->first_vcpu && vcpu - vm->first_vcpu < vm->vcpus) {
			*local = vcpu - vm->first_vcpu;
			return vm;
		}
	}
	return NULL;
}

void vcpu_label(const struct metadata *metadata, uint32_t vcpu, char *to, size_t bytes)
{
	uint32_t local;
	const struct vm_info *vm = metadata_vm_of(metadata, vcpu, &local);

	if (vcpu == TRACE_NO_VCPU)
		snprintf(to, bytes, "-");
	else if (!vm)
		snprintf(to, bytes, "vcpu%u", (unsigned)vcpu);
	else if (vm->name[0])
		snprintf(to, bytes, "%s/%u", vm->name, (unsigned)local);
	else
		snprintf(to, bytes, "vm%u/%u", (unsigned)(vm - metadata->vm), (unsigned)local);
}
