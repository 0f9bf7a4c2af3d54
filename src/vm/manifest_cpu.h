/* See manifest_cpu.c. */
#ifndef VM_MANIFEST_CPU_H
#define VM_MANIFEST_CPU_H

#include "vm/manifest_node.h"

/* The node's memory has been read. False: there is a complaint. */
bool manifest_read_cpu(struct vm_node *vm, struct vm_config *config);

#endif
