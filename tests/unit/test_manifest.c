/* Claims about src/vm/manifest.c: what a manifest may hold, and that a bad VM costs nobody else anything. */
/* sources: src/vm/manifest.c src/vm/manifest_node.c src/vm/manifest_cpu.c src/lib/printf.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <libfdt.h>

#include "lib/bits.h"
#include "lib/string.h"
#include "vm/manifest.h"

#define CPUS 4

/* A manifest under construction. uint64_t: a blob lies at a multiple of 8. */
static uint64_t space[64 * 1024 / 8];
static void *const blob = space;
static struct manifest manifest;

static void set(int node, const char *name, const void *value, int bytes)
{
	assert_int_equal(fdt_setprop(blob, node, name, value, bytes), 0);
}

static void set_cells(int node, const char *name, const uint32_t *cells, unsigned count)
{
	fdt32_t big_endian[16];

	for (unsigned i = 0; i < count; i++)
		big_endian[i] = cpu_to_fdt32(cells[i]);
	set(node, name, big_endian, (int)(count * 4));
}

#define CELLS(...)    (const uint32_t[]){__VA_ARGS__}, ARRAY_SIZE(((const uint32_t[]){__VA_ARGS__}))
#define TEXT(literal) literal, sizeof(literal)

static int vm_node(const char *name)
{
	return fdt_subnode_offset(blob, 0, name);
}

static int add_vm(const char *name)
{
	const int node = fdt_add_subnode(blob, 0, name);

	assert_true(node >= 0);
	set(node, "compatible", TEXT("vitrine,vm"));
	set_cells(node, "vcpus", CELLS(2));
	set_cells(node, "memory", CELLS(0, 0x40000000, 0, 0x800000));
	set(node, "image", "\1\2\3\4", 4);
	return node;
}

/* An empty manifest, good but for having no VM. */
static void start(void)
{
	assert_int_equal(fdt_create_empty_tree(blob, sizeof(space)), 0);
	set(0, "compatible", TEXT("vitrine,manifest-v1"));
}

static void parse(void)
{
	manifest_parse(&manifest, blob, fdt_totalsize(blob), CPUS);
	for (unsigned i = 0; i < manifest.complaints; i++)
		assert_null(strchr(manifest.complaint[i], '\n'));
}

/* Two good VMs; the tests spoil the first. */
static int start_with_two(void **state)
{
	(void)state;
	start();
	add_vm("second");
	add_vm("first"); /* fdt_add_subnode() puts it before its elder */
	return 0;
}

static void expect_only_second(const char *complaint)
{
	parse();
	assert_int_equal(manifest.complaints, 1);
	assert_string_equal(manifest.complaint[0], complaint);
	assert_int_equal(manifest.vms, 1);
	assert_string_equal(manifest.vm[0].name, "second");
}

static void expect_none(const void *bytes, uint64_t count, const char *complaint)
{
	manifest_parse(&manifest, bytes, count, CPUS);
	assert_int_equal(manifest.vms, 0);
	assert_int_equal(manifest.complaints, 1);
	assert_string_equal(manifest.complaint[0], complaint);
}

/* ---- what is right ---- */

static void defaults_fill_what_is_not_said(void **state)
{
	(void)state;
	parse();

	const struct vm_config *vm = &manifest.vm[0];

	assert_int_equal(manifest.complaints, 0);
	assert_int_equal(manifest.vms, 2);
	assert_string_equal(vm->name, "first");
	assert_int_equal(vm->vcpus, 2);
	assert_int_equal(vm->cpu[0], MANIFEST_ANY_CPU);
	assert_int_equal(vm->cpu[1], MANIFEST_ANY_CPU);
	assert_int_equal(vm->ram_base, 0x40000000);
	assert_int_equal(vm->ram_bytes, 0x800000);
	assert_int_equal(vm->type, IMAGE_AUTO);
	assert_int_equal(vm->image_bytes, 4);
	assert_memory_equal(vm->image, "\1\2\3\4", 4);
	assert_int_equal(vm->image_offset, 0x80000);
	assert_null(vm->initrd);
	assert_string_equal(vm->bootargs, "");
	assert_true(vm->has_pl011);
}

static void all_properties_are_read(void **state)
{
	const int node = vm_node("first");

	(void)state;
	set(node, "vm-name", TEXT("linux"));
	set_cells(node, "vcpus", CELLS(3));
	set_cells(node, "cpu-affinity", CELLS(3, 0, 3));
	set_cells(node, "memory", CELLS(0x1, 0x00200000, 0x2, 0));
	set(node, "image-type", TEXT("raw"));
	set_cells(node, "image-offset", CELLS(0x1000));
	set(node, "initrd", "ramdisk", 7);
	set(node, "bootargs", TEXT("console=ttyAMA0 quiet"));
	set(node, "devices", NULL, 0);
	set_cells(node, "phandle", CELLS(7)); /* dtc's, for a label */
	parse();

	const struct vm_config *vm = &manifest.vm[0];

	assert_int_equal(manifest.complaints, 0);
	assert_string_equal(vm->name, "linux");
	assert_int_equal(vm->vcpus, 3);
	assert_int_equal(vm->cpu[0], 3);
	assert_int_equal(vm->cpu[1], 0);
	assert_int_equal(vm->cpu[2], 3);
	assert_int_equal(vm->cpu[3], MANIFEST_ANY_CPU);
	assert_int_equal(vm->ram_base, 0x100200000);
	assert_int_equal(vm->ram_bytes, 0x200000000);
	assert_int_equal(vm->type, IMAGE_RAW);
	assert_int_equal(vm->image_offset, 0x1000);
	assert_int_equal(vm->initrd_bytes, 7);
	assert_memory_equal(vm->initrd, "ramdisk", 7);
	assert_string_equal(vm->bootargs, "console=ttyAMA0 quiet");
	assert_false(vm->has_pl011);
}

static void every_image_type_has_its_name(void **state)
{
	static const char names[][8] = {"auto", "linux", "gzip", "elf", "raw"};

	(void)state;
	for (unsigned type = IMAGE_AUTO; type <= IMAGE_RAW; type++) {
		assert_int_equal(
			fdt_setprop_string(blob, vm_node("first"), "image-type", names[type]), 0);
		parse();
		assert_int_equal(manifest.vms, 2);
		assert_int_equal(manifest.vm[0].type, type);
	}
}

static void an_empty_device_string_means_none(void **state)
{
	(void)state;
	set(vm_node("first"), "devices", TEXT(""));
	parse();
	assert_int_equal(manifest.vms, 2);
	assert_false(manifest.vm[0].has_pl011);
}

/* The highest address that 39 bits hold is still RAM; 8 vCPUs are not too many. */
static void limits_are_inclusive(void **state)
{
	(void)state;
	set_cells(vm_node("first"), "memory", CELLS(0x7f, 0xffe00000, 0, 0x200000));
	set_cells(vm_node("first"), "vcpus", CELLS(8));
	parse();
	assert_int_equal(manifest.vms, 2);
}

static void allowed_smcs_are_kept_in_order(void **state)
{
	(void)state;
	set_cells(vm_node("first"), "smc-allow", CELLS(0xc2000001, 0x84000040));
	parse();
	assert_int_equal(manifest.complaints, 0);
	assert_int_equal(manifest.vm[0].smcs_allowed, 2);
	assert_int_equal(manifest.vm[0].smc_allowed[0], 0xc2000001);
	assert_int_equal(manifest.vm[0].smc_allowed[1], 0x84000040);
	assert_int_equal(manifest.vm[1].smcs_allowed, 0);
}

/* ---- the CPUs' registers: src/vm/manifest_cpu.c ---- */

static void registers_are_left_alone(void **state)
{
	const struct vm_config *vm = &manifest.vm[0];

	(void)state;
	parse();
	assert_true(vm->sctlr_el1.set == 0 && vm->sctlr_el1.clear == 0);
	assert_true(vm->hcr.set == 0 && vm->hcr.clear == 0);
	assert_true(vm->cnthctl.set == 0 && vm->cnthctl.clear == 0);
	assert_int_equal(vm->ipa_bits, 0);
}

static void registers_are_changed(void **state)
{
	const int node = vm_node("first");
	const struct vm_config *vm = &manifest.vm[0];

	(void)state;
	set_cells(node, "sctlr-el1", CELLS(0, 0x30d00800 | 0x1005));
	set_cells(node, "hcr-el2-set", CELLS(0, 1 << 30));
	set_cells(node, "hcr-el2-clear", CELLS(0x300, 1 << 13 | 1 << 18));
	set(node, "traps", TEXT("wfe\0cache-maintenance\0physical-counter"));
	set_cells(node, "ipa-bits", CELLS(32));
	parse();
	assert_int_equal(manifest.complaints, 0);
	assert_true(vm->sctlr_el1.set == 0x1005 && vm->sctlr_el1.clear == 0);
	assert_true(vm->hcr.set == (BIT(30) | BIT(14) | BIT(23) | BIT(24)));
	assert_true(vm->hcr.clear == (BIT(13) | BIT(18) | BIT(40) | BIT(41)));
	assert_true(vm->cnthctl.set == 0 && vm->cnthctl.clear == BIT(0));
	assert_int_equal(vm->ipa_bits, 32);
}

static void each_trap_has_its_bits(void **state)
{
	static const struct {
		const char *name;
		uint64_t set, clear;
	} traps[] = {
		{"wfe", BIT(14), 0},
		{"id-group-1", BIT(16), 0},
		{"cache-id", BIT(17), 0},
		{"cache-maintenance", BIT(23) | BIT(24), 0},
		{"tlb-maintenance", BIT(25), 0},
		{"translation-writes", BIT(26), 0},
		{"translation-reads", BIT(30), 0},
		{"dc-zva", BIT(28), 0},
		{"pointer-auth", 0, BIT(40) | BIT(41)},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(traps); i++) {
		set(vm_node("first"), "traps", traps[i].name, (int)strlen(traps[i].name) + 1);
		parse();
		assert_int_equal(manifest.complaints, 0);
		assert_true(manifest.vm[0].hcr.set == traps[i].set);
		assert_true(manifest.vm[0].hcr.clear == traps[i].clear);
	}
}

/* Every bit of HCR_EL2 alone, both ways: most are refused, none of those that hold a guest gets through. */
static void only_harmless_bits_of_hcr_change(void **state)
{
	const uint64_t may_be_set =
		BIT(14) | BIT(16) | BIT(17) | GENMASK(26, 23) | BIT(28) | BIT(30);
	const uint64_t may_be_cleared = BIT(13) | BIT(18) | BIT(40) | BIT(41);

	(void)state;
	for (unsigned bit = 0; bit < 64; bit++) {
		const uint64_t value = BIT(bit);

		start_with_two(NULL);
		set_cells(vm_node("first"), "hcr-el2-set",
			  CELLS((uint32_t)(value >> 32), (uint32_t)value));
		parse();
		assert_int_equal(manifest.complaints, !(may_be_set & value));
		start_with_two(NULL);
		set_cells(vm_node("first"), "hcr-el2-clear",
			  CELLS((uint32_t)(value >> 32), (uint32_t)value));
		parse();
		assert_int_equal(manifest.complaints, !(may_be_cleared & value));
	}
}

/* ---- one bad VM: named, left out, the other starts ---- */

static const char seventeen_cells[68];

static void bad_values_name_node_and_property(void **state)
{
#define BAD(property, value, bytes, why)                                \
	{                                                               \
		property, value, bytes, "vm first: " property ": " why, \
		{                                                       \
			0                                               \
		}                                                       \
	}
#define BAD_CELLS(property, why, ...)                                          \
	{                                                                      \
		property, NULL, ARRAY_SIZE(((const uint32_t[]){__VA_ARGS__})), \
			"vm first: " property ": " why,                        \
		{                                                              \
			__VA_ARGS__                                            \
		}                                                              \
	}
	static const struct {
		const char *property;
		const char *value; /* NULL: cells */
		int count;
		const char *complaint;
		uint32_t cells[8];
	} bad[] = {
		BAD_CELLS("vcpus", "0 is not in 1..8", 0),
		BAD_CELLS("vcpus", "9 is not in 1..8", 9),
		BAD_CELLS("vcpus", "4294967295 is not in 1..8", 0xffffffff),
		BAD_CELLS("vcpus", "one cell (4 bytes) wanted, has 8 bytes", 1, 2),
		BAD("vcpus", "\0\1", 2, "one cell (4 bytes) wanted, has 2 bytes"),
		BAD("vcpus", "", 0, "one cell (4 bytes) wanted, has 0 bytes"),
		BAD_CELLS("cpu-affinity", "lists 1 CPUs for 2 vCPUs", 0),
		BAD_CELLS("cpu-affinity", "lists 3 CPUs for 2 vCPUs", 0, 1, 2),
		BAD_CELLS("cpu-affinity", "CPU 4: this machine has 0..3", 0, 4),
		BAD("cpu-affinity", "abc", 3, "a list of cells wanted, has 3 bytes"),
		BAD("cpu-affinity", "", 0, "a list of cells wanted, has 0 bytes"),
		BAD_CELLS("memory", "base and size (four cells, 16 bytes) wanted, has 8 bytes",
			  0x40000000, 0x800000),
		BAD_CELLS("memory", "base 0x40001000 and size 0x800000 are not multiples of 2 MiB",
			  0, 0x40001000, 0, 0x800000),
		BAD_CELLS("memory", "base 0x40000000 and size 0x801000 are not multiples of 2 MiB",
			  0, 0x40000000, 0, 0x801000),
		BAD_CELLS("memory", "size is 0", 0, 0x40000000, 0, 0),
		BAD_CELLS("memory",
			  "base 0x8000000 overlaps the devices: RAM starts at 0x40000000 or above",
			  0, 0x8000000, 0, 0x800000),
		BAD_CELLS("memory",
			  "base 0 overlaps the devices: RAM starts at 0x40000000 or above", 0, 0, 0,
			  0x80000000),
		BAD_CELLS("memory", "base 0x7fffe00000, size 0x400000 ends above 0x8000000000",
			  0x7f, 0xffe00000, 0, 0x400000),
		BAD_CELLS("memory",
			  "base 0x40000000, size 0xffffffffffe00000 ends above 0x8000000000", 0,
			  0x40000000, 0xffffffff, 0xffe00000),
		BAD("image", "", 0, "is empty"),
		BAD("initrd", "", 0, "is empty"),
		BAD("image-type", "zip", 4, "\"zip\" is none of auto, linux, gzip, elf, raw"),
		BAD("image-type", "raw", 3, "one string wanted"),
		BAD("image-type", "raw\0elf", 8, "one string wanted"),
		BAD_CELLS("image-offset", "0x802 is no multiple of 4 (an instruction)", 0x802),
		BAD_CELLS("image-offset", "0x800000 is outside the RAM's 0x800000 bytes", 0x800000),
		BAD("bootargs", "quiet", 5, "one string wanted"),
		BAD("devices", "virtio", 7, "\"virtio\" is unknown; there is: pl011"),
		BAD("devices", "pl011\0gpu", 10, "\"gpu\" is unknown; there is: pl011"),
		BAD("devices", "pl011", 5, "a list of strings wanted"),
		BAD_CELLS("smc-allow", "0x84000008 is PSCI or SDEI: it is about the whole machine",
			  0xc2000001, 0x84000008),
		BAD_CELLS("smc-allow", "0xc400003f is PSCI or SDEI: it is about the whole machine",
			  0xc400003f),
		BAD("smc-allow", "", 0, "a list of cells wanted, has 0 bytes"),
		BAD("smc-allow", seventeen_cells, 68, "lists 17 functions: there is room for 16"),
		BAD_CELLS("sctlr-el1", "two cells (8 bytes) wanted, has 4 bytes", 0x30d00800),
		BAD_CELLS("sctlr-el1",
			  "0x32d00800: wanted is 0x30d00800, and of these bits what you like: "
			  "0x40dd3bf",
			  0, 0x32d00800),
		BAD_CELLS("sctlr-el1",
			  "0x30500800: wanted is 0x30d00800, and of these bits what you like: "
			  "0x40dd3bf",
			  0, 0x30500800),
		BAD_CELLS("hcr-el2-clear",
			  "bits 0x19 are not a manifest's to change: of these, 0x30000042000", 0,
			  0x2019),
		BAD("traps", "wfe\0smc", 8, "\"smc\" is unknown"),
		BAD("traps", "wfe", 3, "a list of strings wanted"),
		BAD_CELLS("ipa-bits", "31 is not in 32..39", 31),
		BAD_CELLS("ipa-bits", "40 is not in 32..39", 40),
		BAD("vm-name", "", 1, "1 to 31 characters wanted"),
		BAD("vm-name", "12345678901234567890123456789012", 33, "1 to 31 characters wanted"),
		BAD("vm-name", "two\nlines", 10,
		    "only printable characters and no spaces are allowed"),
		BAD("memroy", "", 0, "unknown property"),
	};

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		start_with_two(state);
		if (bad[i].value)
			set(vm_node("first"), bad[i].property, bad[i].value, bad[i].count);
		else
			set_cells(vm_node("first"), bad[i].property, bad[i].cells,
				  (unsigned)bad[i].count);
		expect_only_second(bad[i].complaint);
	}
}

static void required_properties_are_missed(void **state)
{
	static const char *const required[] = {"vcpus", "memory", "image"};

	for (unsigned i = 0; i < ARRAY_SIZE(required); i++) {
		char complaint[64];

		start_with_two(state);
		assert_int_equal(fdt_delprop(blob, vm_node("first"), required[i]), 0);
		snprintf(complaint, sizeof(complaint), "vm first: %s: is missing", required[i]);
		expect_only_second(complaint);
	}
}

static void an_offset_is_for_raw_images(void **state)
{
	(void)state;
	set(vm_node("first"), "image-type", TEXT("elf"));
	set_cells(vm_node("first"), "image-offset", CELLS(0));
	expect_only_second("vm first: image-offset: only a raw image has one, this is \"elf\"");
}

static void a_node_inside_a_vm_is_unknown(void **state)
{
	(void)state;
	assert_true(fdt_add_subnode(blob, vm_node("first"), "disk") >= 0);
	expect_only_second("vm first: disk: unknown node");
}

static void a_strange_node_stops_nobody(void **state)
{
	(void)state;
	assert_true(fdt_add_subnode(blob, 0, "chosen") >= 0);
	parse();
	assert_int_equal(manifest.vms, 2);
	assert_int_equal(manifest.complaints, 1);
	assert_string_equal(
		manifest.complaint[0],
		"manifest: /chosen: unknown node: its compatible is not \"vitrine,vm\"");
}

static void a_strange_root_property_stops_nobody(void **state)
{
	(void)state;
	set(0, "colour", TEXT("blue"));
	parse();
	assert_int_equal(manifest.vms, 2);
	assert_string_equal(manifest.complaint[0], "manifest: /: colour: unknown property");
}

/* The first to come keeps the name. */
static void names_are_unique(void **state)
{
	(void)state;
	set(vm_node("second"), "vm-name", TEXT("first"));
	parse();
	assert_int_equal(manifest.vms, 1);
	assert_int_equal(manifest.complaints, 1);
	assert_string_equal(manifest.complaint[0],
			    "vm second: vm-name: \"first\" is another VM's name already");
}

static void a_ninth_vm_is_too_many(void **state)
{
	(void)state;
	start();
	for (char name[] = "i"; name[0] >= 'a'; name[0]--)
		add_vm(name);
	parse();
	assert_int_equal(manifest.vms, MANIFEST_MAX_VMS);
	assert_int_equal(manifest.complaints, 1);
	assert_string_equal(manifest.complaint[0], "vm i: too many VMs: there is room for 8");
}

static void complaints_beyond_the_room_are_counted(void **state)
{
	(void)state;
	start();
	for (char name[] = "a"; name[0] < 'a' + 20; name[0]++)
		assert_true(fdt_add_subnode(blob, 0, name) >= 0);
	parse();
	assert_int_equal(manifest.vms, 0);
	assert_int_equal(manifest.complaints, MANIFEST_MAX_VMS + 1);
	assert_string_equal(manifest.complaint[MANIFEST_MAX_VMS], "manifest: 12 more complaints");
}

/* A name with control characters in it must not break the log's lines or a terminal. */
static void complaints_are_printable(void **state)
{
	(void)state;
	assert_true(fdt_add_subnode(blob, 0, "a\n\033[2Jb") >= 0);
	parse();
	assert_string_equal(
		manifest.complaint[0],
		"manifest: /a??[2Jb: unknown node: its compatible is not \"vitrine,vm\"");
}

/* ---- no VM at all ---- */

static void no_manifest(void **state)
{
	(void)state;
	expect_none(NULL, 0, "manifest: there is none: give one as the initrd");
	expect_none(blob, 0, "manifest: there is none: give one as the initrd");
}

static void an_empty_manifest(void **state)
{
	(void)state;
	start();
	expect_none(blob, fdt_totalsize(blob),
		    "manifest: empty: no node with compatible \"vitrine,vm\"");
}

static void another_kind_of_tree(void **state)
{
	(void)state;
	set(0, "compatible", TEXT("linux,dummy-virt"));
	expect_none(blob, fdt_totalsize(blob),
		    "manifest: /: compatible: \"vitrine,manifest-v1\" wanted");
}

static void bad_magic(void **state)
{
	(void)state;
	fdt_set_magic(blob, 0x1f8b0808);
	expect_none(blob, sizeof(space),
		    "manifest: bad magic 0x1f8b0808: not a flattened device tree (0xd00dfeed)");
}

static void a_blob_off_its_alignment(void **state)
{
	(void)state;
	expect_none((const char *)blob + 4, 100,
		    "manifest: not at a multiple of 8 bytes in memory");
}

/* Cut anywhere, it is refused; the copy has exactly the bytes, so a read beyond them is a sanitizer's finding. */
static void truncated_blobs_are_refused(void **state)
{
	(void)state;
	assert_int_equal(fdt_pack(blob), 0);

	const uint32_t whole = fdt_totalsize(blob);

	for (uint32_t count = 1; count < whole; count++) {
		void *cut = malloc(count);

		memcpy(cut, blob, count);
		manifest_parse(&manifest, cut, count, CPUS);
		assert_int_equal(manifest.vms, 0);
		assert_int_equal(manifest.complaints, 1);
		assert_memory_equal(manifest.complaint[0], "manifest: truncated: ", 21);

		/* And when the header lies about it, what is left of the structure does not hold together. */
		if (count >= sizeof(struct fdt_header)) {
			fdt_set_totalsize(cut, count);
			manifest_parse(&manifest, cut, count, CPUS);
			assert_int_equal(manifest.vms, 0);
			assert_int_equal(manifest.complaints, 1);
		}
		free(cut);
	}
}

int main(void)
{
#define WITH_TWO(test) cmocka_unit_test_setup(test, start_with_two)
	const struct CMUnitTest tests[] = {
		WITH_TWO(defaults_fill_what_is_not_said),
		WITH_TWO(all_properties_are_read),
		WITH_TWO(every_image_type_has_its_name),
		WITH_TWO(an_empty_device_string_means_none),
		WITH_TWO(limits_are_inclusive),
		WITH_TWO(allowed_smcs_are_kept_in_order),
		WITH_TWO(registers_are_left_alone),
		WITH_TWO(registers_are_changed),
		WITH_TWO(each_trap_has_its_bits),
		WITH_TWO(only_harmless_bits_of_hcr_change),
		WITH_TWO(bad_values_name_node_and_property),
		WITH_TWO(required_properties_are_missed),
		WITH_TWO(an_offset_is_for_raw_images),
		WITH_TWO(a_node_inside_a_vm_is_unknown),
		WITH_TWO(a_strange_node_stops_nobody),
		WITH_TWO(a_strange_root_property_stops_nobody),
		WITH_TWO(names_are_unique),
		WITH_TWO(a_ninth_vm_is_too_many),
		WITH_TWO(complaints_beyond_the_room_are_counted),
		WITH_TWO(complaints_are_printable),
		WITH_TWO(no_manifest),
		WITH_TWO(an_empty_manifest),
		WITH_TWO(another_kind_of_tree),
		WITH_TWO(bad_magic),
		WITH_TWO(a_blob_off_its_alignment),
		WITH_TWO(truncated_blobs_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
