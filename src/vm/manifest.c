/*
 * The manifest: from a blob that anybody may have written to a list of VMs that can be made.
 *
 * main() calls it once at boot, on one CPU. Nothing in the blob is believed before it is checked: fdt_check_full() walks
 * the whole structure first, then manifest_node.c holds every property of a VM against a table.
 */
#include <libfdt.h>

#include "core/psci.h"
#include "lib/bits.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "vm/debug_rule.h"
#include "vm/manifest.h"
#include "vm/manifest_cpu.h"
#include "vm/manifest_node.h"

#define MANIFEST_COMPATIBLE "vitrine,manifest-v1"
#define VM_COMPATIBLE	    "vitrine,vm"

/* Below are the GIC and the UART of every VM. */
#define RAM_LOWEST    UINT64_C(0x40000000)
#define RAM_END_LIMIT BIT(MANIFEST_IPA_BITS_MAX)
#define RAM_ALIGNMENT (2 * MIB)

#define DEFAULT_RAW_OFFSET UINT64_C(0x80000)
#define NAME_LIMIT	   31
#define HEADER_BYTES	   sizeof(struct fdt_header)

static const char image_type_names[][8] = {
	[IMAGE_AUTO] = "auto", [IMAGE_LINUX] = "linux", [IMAGE_GZIP] = "gzip",
	[IMAGE_ELF] = "elf",   [IMAGE_RAW] = "raw",
};

/* The name stands before console and log lines, so it is short, printable and nobody else's. */
static bool read_name(struct vm_node *vm, struct vm_config *config)
{
	config->name = vm_text(vm, PROP_VM_NAME, vm->name);

	const size_t length = strlen(config->name);

	if (length == 0 || length > NAME_LIMIT)
		return REJECT(vm, PROP_VM_NAME, "1 to %d characters wanted", NAME_LIMIT);
	for (size_t i = 0; i < length; i++) {
		if (config->name[i] <= ' ' || config->name[i] > '~')
			return REJECT(vm, PROP_VM_NAME,
				      "only printable characters and no spaces are allowed");
	}
	for (unsigned i = 0; i < vm->manifest->vms; i++) {
		if (strcmp(config->name, vm->manifest->vm[i].name) == 0)
			return REJECT(vm, PROP_VM_NAME, "\"%s\" is another VM's name already",
				      config->name);
	}
	return true;
}

static bool read_cpus(struct vm_node *vm, struct vm_config *config, unsigned cpus)
{
	config->vcpus = vm_cell(vm, PROP_VCPUS, 0);
	if (config->vcpus == 0 || config->vcpus > MANIFEST_MAX_VCPUS)
		return REJECT(vm, PROP_VCPUS, "%u is not in 1..%u", config->vcpus,
			      MANIFEST_MAX_VCPUS);

	memset(config->cpu, MANIFEST_ANY_CPU, sizeof(config->cpu));
	if (!vm->property[PROP_CPU_AFFINITY].bytes)
		return true;

	const uint32_t listed = vm->property[PROP_CPU_AFFINITY].count / 4;

	if (listed != config->vcpus)
		return REJECT(vm, PROP_CPU_AFFINITY, "lists %u CPUs for %u vCPUs", listed,
			      config->vcpus);
	for (unsigned i = 0; i < listed; i++) {
		const uint32_t cpu = vm_cell(vm, PROP_CPU_AFFINITY, i);

		if (cpu >= cpus)
			return REJECT(vm, PROP_CPU_AFFINITY, "CPU %u: this machine has 0..%u", cpu,
				      cpus - 1);
		config->cpu[i] = (uint8_t)cpu;
	}
	return true;
}

static bool read_memory(struct vm_node *vm, struct vm_config *config)
{
	const uint64_t base = vm_cell_pair(vm, PROP_MEMORY, 0);
	const uint64_t bytes = vm_cell_pair(vm, PROP_MEMORY, 2);

	if (!IS_ALIGNED(base, RAM_ALIGNMENT) || !IS_ALIGNED(bytes, RAM_ALIGNMENT))
		return REJECT(vm, PROP_MEMORY, "base %#lx and size %#lx are not multiples of 2 MiB",
			      base, bytes);
	if (bytes == 0)
		return REJECT(vm, PROP_MEMORY, "size is 0");
	if (base < RAM_LOWEST)
		return REJECT(vm, PROP_MEMORY,
			      "base %#lx overlaps the devices: RAM starts at %#lx or above", base,
			      RAM_LOWEST);
	if (base >= RAM_END_LIMIT || bytes > RAM_END_LIMIT - base)
		return REJECT(vm, PROP_MEMORY, "base %#lx, size %#lx ends above %#lx", base, bytes,
			      RAM_END_LIMIT);

	config->ram_base = base;
	config->ram_bytes = bytes;
	return true;
}

static bool read_image(struct vm_node *vm, struct vm_config *config)
{
	const char *type = vm_text(vm, PROP_IMAGE_TYPE, image_type_names[IMAGE_AUTO]);
	unsigned known = 0;

	while (known < ARRAY_SIZE(image_type_names) && strcmp(type, image_type_names[known]) != 0)
		known++;
	if (known == ARRAY_SIZE(image_type_names))
		return REJECT(vm, PROP_IMAGE_TYPE,
			      "\"%.15s\" is none of auto, linux, gzip, elf, raw", type);

	config->type = (enum image_type)known;
	config->image = vm->property[PROP_IMAGE].bytes;
	config->image_bytes = vm->property[PROP_IMAGE].count;
	config->image_offset = DEFAULT_RAW_OFFSET;

	if (vm->property[PROP_IMAGE_OFFSET].bytes) {
		config->image_offset = vm_cell(vm, PROP_IMAGE_OFFSET, 0);
		if (config->type != IMAGE_RAW && config->type != IMAGE_AUTO)
			return REJECT(vm, PROP_IMAGE_OFFSET,
				      "only a raw image has one, this is \"%s\"", type);
		if (!IS_ALIGNED(config->image_offset, 4))
			return REJECT(vm, PROP_IMAGE_OFFSET,
				      "%#lx is no multiple of 4 (an instruction)",
				      config->image_offset);
		if (config->image_offset >= config->ram_bytes)
			return REJECT(vm, PROP_IMAGE_OFFSET, "%#lx is outside the RAM's %#lx bytes",
				      config->image_offset, config->ram_bytes);
	}

	config->initrd = vm->property[PROP_INITRD].bytes;
	config->initrd_bytes = vm->property[PROP_INITRD].count;
	config->bootargs = vm_text(vm, PROP_BOOTARGS, "");
	return true;
}

/* `devices;` and `devices = "";` both mean none. */
static bool read_devices(struct vm_node *vm, struct vm_config *config)
{
	const char *device = (const char *)vm->property[PROP_DEVICES].bytes;

	if (!device) {
		config->has_pl011 = true;
		return true;
	}

	const char *end = device + vm->property[PROP_DEVICES].count;

	for (; device < end; device += strlen(device) + 1) {
		if (strcmp(device, "pl011") == 0)
			config->has_pl011 = true;
		else if (*device)
			return REJECT(vm, PROP_DEVICES, "\"%.31s\" is unknown; there is: pl011",
				      device);
	}
	return true;
}

/*
 * SMCs that EL3 may see from this VM. Not those that switch the machine's own CPUs on and off, or
 * that give EL3 an address to enter EL2 at.
 */
static bool is_about_the_machine(uint32_t function)
{
	const uint32_t id = function & ~SMCCC_64;

	return id >= PSCI_FIRST_FUNCTION && id <= SDEI_LAST_FUNCTION;
}

static bool read_smcs(struct vm_node *vm, struct vm_config *config)
{
	const uint32_t listed = vm->property[PROP_SMC_ALLOW].count / 4;

	if (listed > MANIFEST_MAX_SMCS)
		return REJECT(vm, PROP_SMC_ALLOW, "lists %u functions: there is room for %u",
			      listed, MANIFEST_MAX_SMCS);
	for (unsigned i = 0; i < listed; i++) {
		const uint32_t function = vm_cell(vm, PROP_SMC_ALLOW, i);

		if (is_about_the_machine(function))
			return REJECT(vm, PROP_SMC_ALLOW,
				      "%#x is PSCI or SDEI: it is about the whole machine",
				      function);
		config->smc_allowed[i] = function;
	}
	config->smcs_allowed = listed;
	config->trace_control = vm->property[PROP_TRACE_CONTROL].bytes != NULL;
	return true;
}

/* Without a debugger in the image they are words that nobody asks for. */
static bool read_debug_stops(struct vm_node *vm, struct vm_config *config)
{
	config->debug_stops = (const char *)vm->property[PROP_DEBUG_STOP].bytes;
	config->debug_stops_bytes = vm->property[PROP_DEBUG_STOP].count;
	for (uint32_t at = 0; at < config->debug_stops_bytes;) {
		const char *rule = config->debug_stops + at;
		const char *why = debug_rule_error(rule);

		if (why)
			return REJECT(vm, PROP_DEBUG_STOP, "%.100s", why);
		at += (uint32_t)strlen(rule) + 1;
	}
	return true;
}

static void read_vm(struct manifest *manifest, const void *blob, int node, const char *name,
		    unsigned cpus)
{
	struct vm_node vm = {.manifest = manifest, .name = name};
	struct vm_config config = {0};

	if (manifest->vms == MANIFEST_MAX_VMS) {
		manifest_complain(manifest, "vm %.31s: too many VMs: there is room for %u", name,
				  MANIFEST_MAX_VMS);
		return;
	}
	if (vm_node_collect(&vm, blob, node) && read_name(&vm, &config) &&
	    read_cpus(&vm, &config, cpus) && read_memory(&vm, &config) &&
	    read_image(&vm, &config) && read_devices(&vm, &config) && read_smcs(&vm, &config) &&
	    read_debug_stops(&vm, &config) && manifest_read_cpu(&vm, &config))
		manifest->vm[manifest->vms++] = config;
}

/* May libfdt walk this at all? After this its int offsets cannot overflow and every tag is whole. */
static bool is_sound(struct manifest *manifest, const void *blob, uint64_t bytes)
{
	if (!blob || bytes == 0) {
		manifest_complain(manifest, "manifest: there is none: give one as the initrd");
		return false;
	}
	if ((uintptr_t)blob % 8 != 0) {
		manifest_complain(manifest, "manifest: not at a multiple of 8 bytes in memory");
		return false;
	}
	if (bytes < HEADER_BYTES) {
		manifest_complain(manifest,
				  "manifest: truncated: %lu bytes, the header alone has %lu", bytes,
				  HEADER_BYTES);
		return false;
	}
	if (fdt_magic(blob) != FDT_MAGIC) {
		manifest_complain(manifest,
				  "manifest: bad magic %#x: not a flattened device tree (%#x)",
				  fdt_magic(blob), FDT_MAGIC);
		return false;
	}
	if (fdt_totalsize(blob) > bytes) {
		manifest_complain(
			manifest,
			"manifest: truncated: its header says %u bytes, only %lu are here",
			fdt_totalsize(blob), bytes);
		return false;
	}

	const int error = fdt_check_full(blob, bytes);

	if (error) {
		manifest_complain(manifest, "manifest: malformed device tree (libfdt error %d)",
				  error);
		return false;
	}
	return true;
}

/* "trace-level" = "counters" is the command "level counters"; a number is written out. False: no such property. */
static bool read_trace(struct manifest *manifest, const char *name, const char *value, int bytes)
{
	static const char words[MANIFEST_TRACE_COMMANDS][10] = {
#define TRACE_PROPERTY(name, value, otherwise) name,
#include "vm/manifest_properties.def"
	};
	unsigned i = 0;
	char *command;

	if (manifest->trace_commands == MANIFEST_TRACE_COMMANDS)
		return false;

	while (i < ARRAY_SIZE(words) &&
	       (strncmp(name, "trace-", 6) != 0 || strcmp(name + 6, words[i]) != 0))
		i++;
	if (i == ARRAY_SIZE(words))
		return false;
	command = manifest->trace[manifest->trace_commands];
	if (i == ARRAY_SIZE(words) - 1 && bytes == 4)
		vt_snprintf(command, MANIFEST_TRACE_BYTES, "sample %u",
			    fdt32_ld((const fdt32_t *)(const void *)value));
	else
		vt_snprintf(command, MANIFEST_TRACE_BYTES, "%s %.48s", words[i],
			    bytes && !value[bytes - 1] ? value : "?");
	manifest->trace_commands++;
	return true;
}

/* False: no such property. What the CPU can count, main() finds out. */
static bool read_perf_events(struct manifest *manifest, const char *name, const void *value,
			     int bytes)
{
	const unsigned listed = (unsigned)bytes / 4;

	if (strcmp(name, "perf-events") != 0)
		return false;
	if (bytes % 4 || !listed || listed > PERF_EVENTS) {
		manifest_complain(manifest,
				  "manifest: /: perf-events: 1 to %u event numbers wanted",
				  PERF_EVENTS);
		return true;
	}
	for (unsigned i = 0; i < listed; i++)
		manifest->perf_events[i] = fdt32_ld((const fdt32_t *)value + i);
	manifest->perf_events_count = listed;
	return true;
}

/* The root's own properties. A strange one is worth a line and stops nobody; another kind of tree is no manifest. */
static bool read_root(struct manifest *manifest, const void *blob)
{
	int offset;

	if (fdt_node_check_compatible(blob, 0, MANIFEST_COMPATIBLE) != 0) {
		manifest_complain(manifest, "manifest: /: compatible: \"%s\" wanted",
				  MANIFEST_COMPATIBLE);
		return false;
	}
	fdt_for_each_property_offset(offset, blob, 0) {
		static const char allowed[][16] = {
#define ROOT_PROPERTY(name, value, otherwise) name,
#include "vm/manifest_properties.def"
		};
		const char *name, *value;
		unsigned i;
		int bytes;

		value = fdt_getprop_by_offset(blob, offset, &name, &bytes);
		if (!value || read_trace(manifest, name, value, bytes) ||
		    read_perf_events(manifest, name, value, bytes))
			continue;
		for (i = 0; i < ARRAY_SIZE(allowed) && strcmp(name, allowed[i]) != 0; i++)
			;
		if (i == ARRAY_SIZE(allowed) && !manifest_is_added_by_dtc(name))
			manifest_complain(manifest, "manifest: /: %.31s: unknown property", name);
	}
	return true;
}

void manifest_parse(struct manifest *manifest, const void *blob, uint64_t bytes, unsigned cpus)
{
	int node;

	memset(manifest, 0, sizeof(*manifest));
	if (!is_sound(manifest, blob, bytes) || !read_root(manifest, blob))
		return;

	fdt_for_each_subnode(node, blob, 0) {
		const char *name = fdt_get_name(blob, node, NULL);

		if (!name || fdt_node_check_compatible(blob, node, VM_COMPATIBLE) != 0)
			manifest_complain(
				manifest,
				"manifest: /%.31s: unknown node: its compatible is not \"%s\"",
				name ? name : "?", VM_COMPATIBLE);
		else
			read_vm(manifest, blob, node, name, cpus);
	}

	if (manifest->vms == 0 && manifest->complaints == 0)
		manifest_complain(manifest, "manifest: empty: no node with compatible \"%s\"",
				  VM_COMPATIBLE);
	if (manifest->complaints_lost)
		vt_snprintf(manifest->complaint[manifest->complaints - 1], MANIFEST_COMPLAINT_BYTES,
			    "manifest: %u more complaints", manifest->complaints_lost + 1);
}
