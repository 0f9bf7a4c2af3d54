/*
 * The manifest: a flattened device tree that says which VMs to make. Shape: docs/use/running.md.
 *
 * Pure: reads the blob with libfdt, writes a list of VM descriptions that point into it. A bad VM
 * is left out and its complaint (one line, naming node and property) is kept; the others still
 * start.
 */
#ifndef VM_MANIFEST_H
#define VM_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vitrine/perf.h>
#include <vitrine/vcpu.h>

#define MANIFEST_MAX_VMS	 8u
#define MANIFEST_MAX_VCPUS	 8u
#define MANIFEST_COMPLAINT_BYTES 192u
#define MANIFEST_ANY_CPU	 0xffu
#define MANIFEST_MAX_SMCS	 16u
#define MANIFEST_TRACE_COMMANDS	 5u
#define MANIFEST_TRACE_BYTES	 64u
/* More would cost a level of stage-2 tables. */
#define MANIFEST_IPA_BITS_MIN 32u
#define MANIFEST_IPA_BITS_MAX 39u

enum image_type { IMAGE_AUTO, IMAGE_LINUX, IMAGE_GZIP, IMAGE_ELF, IMAGE_RAW };

struct vm_config {
	const char *name;
	unsigned vcpus;
	uint8_t cpu[MANIFEST_MAX_VCPUS]; /* physical CPU index of each vCPU, or MANIFEST_ANY_CPU */
	uint64_t ram_base, ram_bytes;	 /* IPA; 2 MiB aligned */
	enum image_type type;
	const void *image;
	uint64_t image_bytes;
	uint64_t image_offset; /* raw images: from ram_base */
	const void *initrd;    /* NULL for none */
	uint64_t initrd_bytes;
	const char *bootargs; /* "" for none */
	bool has_pl011;
	uint32_t smc_allowed[MANIFEST_MAX_SMCS]; /* function ids that go on to EL3 */
	unsigned smcs_allowed;
	bool trace_control;	 /* its guest may say what is traced */
	const char *debug_stops; /* strings, one behind the other: where it waits for a debugger */
	uint32_t debug_stops_bytes;
	/* For struct vcpu_setup: changes to the defaults of core/traps.h. */
	struct vcpu_bits sctlr_el1, hcr, cnthctl;
	unsigned ipa_bits; /* 0: as RAM needs */
};

struct manifest {
	struct vm_config vm[MANIFEST_MAX_VMS];
	unsigned vms;
	/* The root's trace-* properties, as the commands that they stand for: trace/control.h. */
	char trace[MANIFEST_TRACE_COMMANDS][MANIFEST_TRACE_BYTES];
	unsigned trace_commands;
	uint32_t perf_events[PERF_EVENTS]; /* the root's perf-events: include/vitrine/perf.h */
	unsigned perf_events_count;
	char complaint[MANIFEST_MAX_VMS + 1][MANIFEST_COMPLAINT_BYTES];
	unsigned complaints;
	unsigned complaints_lost; /* no room for them: the last complaint then tells how many */
};

/*
 * @param blob      start of the initrd slot; may be NULL (no manifest).
 * @param bytes     its size as the boot loader told it; the blob's own totalsize is checked against
 * it.
 * @param cpus      physical CPUs, to check cpu-affinity.
 * Fills in *manifest; vms == 0 means that none can start and `complaint` says why.
 */
void manifest_parse(struct manifest *manifest, const void *blob, uint64_t bytes, unsigned cpus);

#endif
