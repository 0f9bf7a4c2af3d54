/* See devices.h. */
#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

#include "trace/host/devices.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

enum device {
#define DEVICE(device, base, bytes, frame, shown) DEVICE_##device,
#define REGISTERS(device, offset, bytes, count, numbered, name)
#include "trace/host/device_registers.def"
#undef DEVICE
#undef REGISTERS
};

static const struct {
	uint64_t base, bytes, frame;
	const char *name, *shown;
} known[] = {
#define DEVICE(device, base, bytes, frame, shown) \
	[DEVICE_##device] = {base, bytes, frame, #device, shown},
#define REGISTERS(device, offset, bytes, count, numbered, name)
#include "trace/host/device_registers.def"
#undef DEVICE
#undef REGISTERS
};

static const struct {
	enum device device;
	uint32_t offset, bytes, count;
	bool numbered;
	const char *name;
} registers[] = {
#define DEVICE(device, base, bytes, frame, shown)
#define REGISTERS(device, offset, bytes, count, numbered, name) \
	{DEVICE_##device, offset, bytes, count, numbered, #name},
#include "trace/host/device_registers.def"
#undef DEVICE
#undef REGISTERS
};

/* A device that an address lies in. `kind` is its row in the table of registers, or ARRAY_SIZE(known): none fits. */
struct place {
	const char *name;
	uint64_t offset;
	size_t kind;
};

static size_t kind_named(const char *name)
{
	size_t kind = 0;

	while (kind < ARRAY_SIZE(known) && strcasecmp(known[kind].name, name) != 0)
		kind++;
	return kind;
}

static bool find_place(const struct vm_info *vm, uint64_t ipa, struct place *place)
{
	for (uint32_t i = 0; vm && i < vm->devices; i++)
		if (ipa - vm->device[i].base < vm->device[i].bytes) {
			*place = (struct place){vm->device[i].name, ipa - vm->device[i].base,
						kind_named(vm->device[i].name)};
			return true;
		}
	if (vm && vm->devices)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (ipa - known[i].base < known[i].bytes) {
			*place = (struct place){known[i].name, ipa - known[i].base, i};
			return true;
		}
	return false;
}

static void register_name(const struct place *place, char *to, size_t bytes)
{
	const size_t kind = place->kind;
	const uint64_t offset =
		kind < ARRAY_SIZE(known) ? place->offset % known[kind].frame : place->offset;

	for (size_t i = 0; kind < ARRAY_SIZE(known) && i < ARRAY_SIZE(registers); i++) {
		const uint64_t into =
			offset - registers[i].offset; /* wraps to huge below the register */

		if (registers[i].device != kind ||
		    into >= (uint64_t)registers[i].bytes * registers[i].count)
			continue;
		if (registers[i].numbered)
			snprintf(to, bytes, "%s%s%" PRIu64, known[kind].shown, registers[i].name,
				 into / registers[i].bytes);
		else
			snprintf(to, bytes, "%s%s", known[kind].shown, registers[i].name);
		return;
	}
	snprintf(to, bytes, "%s+0x%04" PRIx64, place->name, offset);
}

void address_name(const struct vm_info *vm, uint64_t ipa, char *to, size_t bytes)
{
	struct place place;

	if (find_place(vm, ipa, &place))
		register_name(&place, to, bytes);
	else
		snprintf(to, bytes, "0x%" PRIx64, ipa & ~UINT64_C(0xfff));
}

uint64_t address_key(const struct vm_info *vm, uint64_t ipa)
{
	struct place place;

	return find_place(vm, ipa, &place) ? ipa : ipa & ~UINT64_C(0xfff);
}
