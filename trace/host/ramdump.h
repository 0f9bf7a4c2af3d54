/*
 * The trace's rings in a dump of the machine's RAM, as a recording: for when the hypervisor has stopped and nobody drained them.
 *
 * A dump is an ELF core with physical addresses (QEMU's dump-guest-memory) or plain bytes (pmemsave); struct trace_rings in it
 * (trace/format.h) says where the rings are. It is anyone's bytes: nothing in it is trusted.
 */
#ifndef TRACE_HOST_RAMDUMP_H
#define TRACE_HOST_RAMDUMP_H

#include "trace/host/reader.h"

/*
 * Gather the rings' pages, and metadata, into one recording; free *recording. False: there are none, and one line on stderr says
 * so. Pages that are damaged are left out, with a warning.
 */
bool ramdump_gather(const struct source *dump, uint8_t **recording, size_t *bytes);

#endif
