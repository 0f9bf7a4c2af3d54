/*
 * The form of a VM's node in the manifest: which properties there are and what each must look like.
 * Shared by manifest.c, which gives them their meaning, and manifest_node.c.
 */
#ifndef VM_MANIFEST_NODE_H
#define VM_MANIFEST_NODE_H

#include <libfdt.h>

#include "vm/manifest.h"

enum property {
#define PROPERTY(id, name, shape, required, value, otherwise) PROP_##id,
#include "vm/manifest_properties.def"
	PROPERTIES,
};

/* One VM's node while it is being read: the properties found, in a form that the table has vouched
 * for. */
struct vm_node {
	struct manifest *manifest;
	const char *name; /* of the node */
	struct {
		const uint8_t *bytes; /* NULL: not there */
		uint32_t count;
	} property[PROPERTIES];
};

/* Keep a complaint: one line, made printable. Those beyond the space for them are counted. */
void manifest_complain(struct manifest *manifest, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

const char *manifest_property_name(enum property which);

/* "vm NODE: PROPERTY: ...", and false so that callers can leave with it. */
#define REJECT(vm, which, format, ...)                                          \
	(manifest_complain((vm)->manifest, "vm %.31s: %s: " format, (vm)->name, \
			   manifest_property_name(which), ##__VA_ARGS__),       \
	 false)

/* Collect the node's properties: all known, all well-formed, none missing, and no nodes below. Else
 * complains. */
bool vm_node_collect(struct vm_node *vm, const void *blob, int node);

/* dtc adds some properties to any node that has a label. */
bool manifest_is_added_by_dtc(const char *name);

static inline uint32_t vm_cell(const struct vm_node *vm, enum property which, unsigned index)
{
	return fdt32_ld((const fdt32_t *)(const void *)(vm->property[which].bytes + 4 * index));
}

static inline uint64_t vm_cell_pair(const struct vm_node *vm, enum property which, unsigned index)
{
	return ((uint64_t)vm_cell(vm, which, index) << 32) | vm_cell(vm, which, index + 1);
}

static inline const char *vm_text(const struct vm_node *vm, enum property which,
				  const char *otherwise)
{
	return vm->property[which].bytes ? (const char *)vm->property[which].bytes : otherwise;
}

#endif
