/*
 * A VM's node, held against the table of what may be in it. After vm_node_collect() the rest of the parser needs to check
 * values only: sizes and terminating NULs are right.
 */
#include <stdarg.h>

#include "lib/bits.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "vm/manifest_node.h"

enum shape {
	SHAPE_U32,
	SHAPE_U64,
	SHAPE_U32S,
	SHAPE_RANGE,
	SHAPE_BYTES,
	SHAPE_STRING,
	SHAPE_STRINGS
};

/* What a VM's node may hold, and in what form. */
static const struct {
	char name[16];
	uint8_t shape;
	bool required;
} property_rules[PROPERTIES] = {
#define PROPERTY(id, name, shape, required, value, otherwise) \
	[PROP_##id] = {name, SHAPE_##shape, required},
#include "vm/manifest_properties.def"
};

const char *manifest_property_name(enum property which)
{
	return property_rules[which].name;
}

/* Names come from the blob: whatever they hold, a complaint stays one printable line. */
static void make_printable(char *text)
{
	for (; *text; text++) {
		if (*text < ' ' || *text > '~')
			*text = '?';
	}
}

void manifest_complain(struct manifest *manifest, const char *format, ...)
{
	va_list args;

	if (manifest->complaints == ARRAY_SIZE(manifest->complaint)) {
		manifest->complaints_lost++;
		return;
	}

	char *line = manifest->complaint[manifest->complaints++];

	va_start(args, format);
	vt_vsnprintf(line, MANIFEST_COMPLAINT_BYTES, format, args);
	va_end(args);
	make_printable(line);
}

/* Is there a list of NUL-terminated strings here (for one string: exactly one)? An empty list has no bytes. */
static bool is_text(const uint8_t *bytes, uint32_t count, bool single)
{
	if (count == 0)
		return !single;
	if (bytes[count - 1] != '\0')
		return false;
	return !single || memchr(bytes, '\0', count) == bytes + count - 1;
}

static bool has_shape(struct vm_node *vm, enum property which)
{
	const uint32_t count = vm->property[which].count;

	switch ((enum shape)property_rules[which].shape) {
	case SHAPE_U32:
		return count == 4 ||
		       REJECT(vm, which, "one cell (4 bytes) wanted, has %u bytes", count);
	case SHAPE_U64:
		return count == 8 ||
		       REJECT(vm, which, "two cells (8 bytes) wanted, has %u bytes", count);
	case SHAPE_U32S:
		return (count != 0 && count % 4 == 0) ||
		       REJECT(vm, which, "a list of cells wanted, has %u bytes", count);
	case SHAPE_RANGE:
		return count == 16 ||
		       REJECT(vm, which,
			      "base and size (four cells, 16 bytes) wanted, has %u bytes", count);
	case SHAPE_BYTES:
		return count != 0 || REJECT(vm, which, "is empty");
	case SHAPE_STRING:
	case SHAPE_STRINGS:
		return is_text(vm->property[which].bytes, count,
			       property_rules[which].shape == SHAPE_STRING) ||
		       REJECT(vm, which, "%s wanted",
			      property_rules[which].shape == SHAPE_STRING ? "one string"
									  : "a list of strings");
	}
	return false;
}

static enum property find_rule(const char *name)
{
	enum property which;

	for (which = 0; which < PROPERTIES; which++) {
		if (strcmp(name, property_rules[which].name) == 0)
			break;
	}
	return which;
}

bool manifest_is_added_by_dtc(const char *name)
{
	return strcmp(name, "phandle") == 0 || strcmp(name, "linux,phandle") == 0;
}

bool vm_node_collect(struct vm_node *vm, const void *blob, int node)
{
	int offset;

	fdt_for_each_property_offset(offset, blob, node) {
		const char *name;
		int count;
		const void *bytes = fdt_getprop_by_offset(blob, offset, &name, &count);

		if (!bytes) {
			manifest_complain(vm->manifest, "vm %.31s: a property is malformed",
					  vm->name);
			return false;
		}
		if (manifest_is_added_by_dtc(name))
			continue;

		const enum property which = find_rule(name);

		if (which == PROPERTIES) {
			manifest_complain(vm->manifest, "vm %.31s: %.31s: unknown property",
					  vm->name, name);
			return false;
		}
		vm->property[which].bytes = bytes;
		vm->property[which].count = (uint32_t)count;
		if (!has_shape(vm, which))
			return false;
	}

	for (enum property which = 0; which < PROPERTIES; which++) {
		if (property_rules[which].required && !vm->property[which].bytes)
			return REJECT(vm, which, "is missing");
	}

	const int below = fdt_first_subnode(blob, node);

	if (below >= 0) {
		const char *name = fdt_get_name(blob, below, NULL);

		manifest_complain(vm->manifest, "vm %.31s: %.31s: unknown node", vm->name,
				  name ? name : "?");
		return false;
	}
	return true;
}
