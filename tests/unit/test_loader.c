/* Claims about src/vm/loader.c and the image formats: what lands where, and what is refused with which words. */
/* sources: src/vm/loader.c src/vm/image_linux.c src/vm/image_gzip.c src/vm/image_elf.c src/vm/image_raw.c src/vm/guest_dt.c src/lib/printf.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <elf.h>
#include <libfdt.h>
#include <zlib.h>

#include "core/pmu.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "vm/loader.h"

#define RAM_BASE     UINT64_C(0x80000000)
#define RAM_BYTES    (16 * MIB)
#define DTB_OFFSET   (RAM_BYTES - 2 * MIB)
#define KERNEL_BYTES 200000u

static uint8_t *ram; /* exactly RAM_BYTES long: the sanitizer sees a byte beyond */
static uint8_t kernel[KERNEL_BYTES];
static struct vm_config vm;
static struct loaded_guest guest;

/* What the ID registers say. */
bool pmu_is_there(void)
{
	return true;
}

/* An arm64 Image with enough variety in it to make deflate work. */
static void make_kernel(uint64_t text_offset, uint64_t image_size)
{
	uint32_t random = 1;

	for (unsigned i = 0; i < sizeof(kernel); i++) {
		random = random * 1664525 + 1013904223;
		kernel[i] = (i / 1000) % 2 ? (uint8_t)(random >> 24) : (uint8_t)i;
	}
	memset(kernel, 0, 64);
	memcpy(kernel + 8, &text_offset, 8);
	memcpy(kernel + 16, &image_size, 8);
	memcpy(kernel + 56, "ARM\x64", 4);
}

static int start(void **state)
{
	(void)state;
	ram = calloc(1, RAM_BYTES);
	make_kernel(0x80000, 0x100000);
	vm = (struct vm_config){
		.name = "test",
		.vcpus = 1,
		.ram_base = RAM_BASE,
		.ram_bytes = RAM_BYTES,
		.image = kernel,
		.image_bytes = sizeof(kernel),
		.image_offset = 0x80000,
		.bootargs = "",
		.has_pl011 = true,
	};
	return 0;
}

static int finish(void **state)
{
	(void)state;
	free(ram);
	return 0;
}

static void expect_loaded(void)
{
	const char *complaint = loader_load(&vm, ram, &guest);

	if (complaint)
		fail_msg("%s", complaint);
}

static void expect_complaint(const char *wanted)
{
	const char *complaint = loader_load(&vm, ram, &guest);

	assert_non_null(complaint);
	assert_string_equal(complaint, wanted);
}

static void expect_zero(uint64_t from, uint64_t to)
{
	while (from < to && ram[from] == 0)
		from++;
	assert_int_equal(from, to);
}

/* ---- layout ---- */

static void a_kernel_goes_to_its_text_offset(void **state)
{
	(void)state;
	expect_loaded();
	assert_int_equal(guest.entry_ipa, RAM_BASE + 0x80000);
	assert_memory_equal(ram + 0x80000, kernel, sizeof(kernel));
	expect_zero(0, 0x80000);
	expect_zero(0x80000 + sizeof(kernel), DTB_OFFSET);
}

/* image_size 0: older than Linux 3.17, whose text_offset is 0x80000 whatever the header says. */
static void an_old_kernel_goes_to_0x80000(void **state)
{
	(void)state;
	make_kernel(0x1000, 0);
	expect_loaded();
	assert_int_equal(guest.entry_ipa, RAM_BASE + 0x80000);
}

static void the_device_tree_has_the_last_2_mib(void **state)
{
	(void)state;
	expect_loaded();
	assert_int_equal(guest.dtb_ipa, RAM_BASE + DTB_OFFSET);
	assert_int_equal(fdt_check_full(ram + DTB_OFFSET, 2 * MIB), 0);
	assert_int_equal(guest.initrd_ipa, 0);
	assert_int_equal(guest.initrd_end_ipa, 0);
}

static void the_initrd_ends_below_the_device_tree(void **state)
{
	const fdt32_t *told;

	(void)state;
	vm.initrd = "ramdisk";
	vm.initrd_bytes = 7;
	expect_loaded();
	assert_int_equal(guest.initrd_ipa, RAM_BASE + DTB_OFFSET - 4096);
	assert_int_equal(guest.initrd_end_ipa, guest.initrd_ipa + 7);
	assert_memory_equal(ram + DTB_OFFSET - 4096, "ramdisk", 7);

	told = fdt_getprop(ram + DTB_OFFSET, fdt_path_offset(ram + DTB_OFFSET, "/chosen"),
			   "linux,initrd-start", NULL);
	assert_non_null(told);
	assert_int_equal(fdt64_ld((const fdt64_t *)(const void *)told), guest.initrd_ipa);
}

static void the_smallest_guest_has_2_mib(void **state)
{
	(void)state;
	vm.ram_bytes = 2 * MIB;
	vm.type = IMAGE_RAW;
	expect_loaded();
	assert_int_equal(guest.dtb_ipa, RAM_BASE + 3 * MIB / 2);
	assert_int_equal(fdt_check_full(ram + 3 * MIB / 2, MIB / 2), 0);
	expect_zero(2 * MIB, RAM_BYTES);
}

/* ---- too much for the RAM ---- */

static void an_image_larger_than_ram(void **state)
{
	(void)state;
	vm.ram_bytes = 2 * MIB;
	vm.type = IMAGE_RAW;
	vm.image_bytes = 2 * MIB + 1;
	vm.image = calloc(1, vm.image_bytes);
	expect_complaint("vm test: image: 0x200001 bytes at offset 0x80000 do not fit in the "
			 "0x180000 bytes of RAM below the "
			 "initrd and device tree");
	free((void *)(uintptr_t)vm.image);
}

/* The file is short, but its BSS would run over the device tree. */
static void a_kernel_whose_bss_does_not_fit(void **state)
{
	(void)state;
	make_kernel(0, DTB_OFFSET + 1);
	expect_complaint("vm test: image: 0xe00001 bytes at offset 0 do not fit in the 0xe00000 "
			 "bytes of RAM below the "
			 "initrd and device tree");
	make_kernel(0, DTB_OFFSET);
	expect_loaded();
}

static void a_text_offset_that_wraps(void **state)
{
	(void)state;
	make_kernel(UINT64_MAX - 0xfff, 0x2000);
	expect_complaint("vm test: image: 0x30d40 bytes at offset 0xfffffffffffff000 do not fit in "
			 "the 0xe00000 bytes of RAM "
			 "below the initrd and device tree");
	make_kernel(0x1000, UINT64_MAX);
	expect_complaint("vm test: image: 0xffffffffffffffff bytes at offset 0x1000 do not fit in "
			 "the 0xe00000 bytes of RAM "
			 "below the initrd and device tree");
}

static void an_initrd_larger_than_ram(void **state)
{
	(void)state;
	vm.initrd = kernel; /* never read */
	vm.initrd_bytes = DTB_OFFSET + 1;
	expect_complaint("vm test: initrd: 0xe00001 bytes do not fit in 0x1000000 bytes of RAM");
}

static void an_initrd_that_leaves_no_room_for_the_image(void **state)
{
	(void)state;
	vm.initrd_bytes = DTB_OFFSET - 0x80000;
	vm.initrd = calloc(1, vm.initrd_bytes);
	expect_complaint("vm test: image: 0x100000 bytes at offset 0x80000 do not fit in the "
			 "0x80000 bytes of RAM below the "
			 "initrd and device tree");
	free((void *)(uintptr_t)vm.initrd);
}

static void bootargs_that_burst_the_device_tree(void **state)
{
	char *bootargs = malloc(3 * MIB);

	(void)state;
	memset(bootargs, 'x', 3 * MIB - 1);
	bootargs[3 * MIB - 1] = '\0';
	vm.bootargs = bootargs;
	expect_complaint(
		"vm test: bootargs: the device tree with them does not fit in 0x200000 bytes");
	free(bootargs);
}

/* ---- linux ---- */

static void a_bad_linux_magic(void **state)
{
	(void)state;
	vm.type = IMAGE_LINUX;
	memcpy(kernel + 56, "ELF!", 4);
	expect_complaint("vm test: image: bad magic 0x21464c45 at byte 56: no arm64 Linux Image "
			 "(0x644d5241)");
}

static void a_kernel_shorter_than_its_header(void **state)
{
	(void)state;
	vm.type = IMAGE_LINUX;
	vm.image_bytes = 63;
	expect_complaint(
		"vm test: image: truncated: 63 bytes, an arm64 Linux Image's header has 64");
}

static void a_big_endian_kernel(void **state)
{
	(void)state;
	kernel[24] |= 1;
	expect_complaint(
		"vm test: image: a big-endian kernel: only little-endian ones are supported");
}

static void an_efi_zboot_image(void **state)
{
	(void)state;
	memcpy(kernel, "MZ\0\0zimg", 8);
	expect_complaint("vm test: image: an EFI zboot image, which needs firmware: give the Image "
			 "inside it");
}

static void an_empty_image(void **state)
{
	(void)state;
	vm.image_bytes = 0;
	expect_complaint("vm test: image: is empty");
}

/* ---- raw, and what auto takes for raw ---- */

static void a_raw_image_goes_to_its_offset(void **state)
{
	(void)state;
	vm.type = IMAGE_RAW;
	vm.image_offset = 0x1000;
	expect_loaded();
	assert_int_equal(guest.entry_ipa, RAM_BASE + 0x1000);
	assert_memory_equal(ram + 0x1000, kernel, sizeof(kernel));
}

static void auto_takes_anything_else_for_raw(void **state)
{
	(void)state;
	vm.image = "\1";
	vm.image_bytes = 1;
	expect_loaded();
	assert_int_equal(guest.entry_ipa, RAM_BASE + 0x80000);
	assert_int_equal(ram[0x80000], 1);
}

/* ---- gzip ---- */

static uint8_t packed[KERNEL_BYTES + 4096];

/* What `gzip` writes; with all optional header fields when `full`. */
static void pack(const uint8_t *bytes, unsigned count, bool full)
{
	z_stream stream = {0};
	gz_header header = {
		.name = (Bytef *)"Image",
		.comment = (Bytef *)"a kernel",
		.extra = (Bytef *)"abcd",
		.extra_len = 4,
		.hcrc = 1,
	};

	assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
			 Z_OK);
	if (full)
		assert_int_equal(deflateSetHeader(&stream, &header), Z_OK);
	stream.next_in = (Bytef *)(uintptr_t)bytes;
	stream.avail_in = count;
	stream.next_out = packed;
	stream.avail_out = sizeof(packed);
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	vm.image = packed;
	vm.image_bytes = stream.total_out;
	assert_int_equal(deflateEnd(&stream), Z_OK);
}

static void a_gzipped_kernel_is_inflated_in_place(void **state)
{
	(void)state;
	for (int full = 0; full < 2; full++) {
		memset(ram, 0, RAM_BYTES);
		pack(kernel, sizeof(kernel), full);
		expect_loaded();
		assert_int_equal(guest.entry_ipa, RAM_BASE + 0x80000);
		assert_memory_equal(ram + 0x80000, kernel, sizeof(kernel));
		expect_zero(0, 0x80000);
		expect_zero(0x80000 + sizeof(kernel), DTB_OFFSET);
	}
}

/* zlib worked in the device tree's slot: nothing of that may be left for the guest. */
static void inflating_leaves_no_scratch_behind(void **state)
{
	static uint8_t slot[64 * KIB];

	(void)state;
	vm.type = IMAGE_RAW;
	expect_loaded();
	memcpy(slot, ram + DTB_OFFSET, sizeof(slot));
	memset(ram, 0, RAM_BYTES);
	vm.type = IMAGE_GZIP;
	pack(kernel, sizeof(kernel), false);
	expect_loaded();
	assert_memory_equal(ram + DTB_OFFSET, slot, sizeof(slot));
}

static void a_gzipped_anything_else_is_refused(void **state)
{
	(void)state;
	kernel[56] = 'X';
	pack(kernel, sizeof(kernel), false);
	expect_complaint("vm test: image: bad magic 0x644d5258 at byte 56: no arm64 Linux Image "
			 "(0x644d5241)");
	pack(kernel, 10, false);
	expect_complaint("vm test: image: gzip holds less than a kernel's header: 10 bytes");
	pack(kernel, 0, false);
	expect_complaint("vm test: image: gzip holds nothing");
}

/* A small file that inflates to more than the RAM (image_size lies) stops at the end of the room. */
static void a_gzip_bomb_is_stopped(void **state)
{
	(void)state;
	make_kernel(DTB_OFFSET - 100000, 100000);
	pack(kernel, sizeof(kernel), false);

	const char *complaint = loader_load(&vm, ram, &guest);

	assert_non_null(complaint);
	assert_non_null(strstr(complaint, "do not fit in the 0xe00000 bytes of RAM"));
}

static void a_damaged_gzip_is_noticed(void **state)
{
	(void)state;
	pack(kernel, sizeof(kernel), false);
	packed[vm.image_bytes - 8] ^= 1; /* CRC32 */
	expect_complaint("vm test: image: gzip check sum or length is wrong: the image is damaged");
	packed[vm.image_bytes - 8] ^= 1;
	packed[vm.image_bytes - 1] ^= 1; /* ISIZE */
	expect_complaint("vm test: image: gzip check sum or length is wrong: the image is damaged");
	packed[vm.image_bytes - 1] ^= 1;
	packed[10] |= 6; /* deflate block type 3 does not exist */
	expect_complaint("vm test: image: gzip data is corrupt: invalid block type");
	packed[2] = 7;
	expect_complaint("vm test: image: no gzip file: bad magic, method or header");
}

/* Cut anywhere, in an exact copy: always a complaint, never a read beyond. */
static void a_truncated_gzip_is_noticed(void **state)
{
	(void)state;
	vm.type = IMAGE_GZIP;
	pack(kernel, 3000, true);

	const uint64_t whole = vm.image_bytes;

	for (uint64_t count = 1; count < whole; count++) {
		void *cut = malloc(count);

		memcpy(cut, packed, count);
		vm.image = cut;
		vm.image_bytes = count;
		assert_non_null(loader_load(&vm, ram, &guest));
		free(cut);
	}
}

/* ---- elf ---- */

/* Two segments, as a linker would lay out code and data; virtual addresses are elsewhere. */
static struct small_elf {
	Elf64_Ehdr header;
	Elf64_Phdr segment[3];
	uint8_t code[64], data[32];
} elf;

static void make_elf(void)
{
	memset(&elf, 0, sizeof(elf));
	memcpy(elf.header.e_ident, ELFMAG, SELFMAG);
	elf.header.e_ident[EI_CLASS] = ELFCLASS64;
	elf.header.e_ident[EI_DATA] = ELFDATA2LSB;
	elf.header.e_type = ET_EXEC;
	elf.header.e_machine = EM_AARCH64;
	elf.header.e_entry = 0xffff000000001010;
	elf.header.e_phoff = offsetof(struct small_elf, segment);
	elf.header.e_phentsize = sizeof(Elf64_Phdr);
	elf.header.e_phnum = 3;
	elf.segment[0] = (Elf64_Phdr){.p_type = PT_NOTE, .p_offset = UINT64_MAX, .p_filesz = 1};
	elf.segment[1] = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_offset = offsetof(struct small_elf, code),
		.p_vaddr = 0xffff000000001000,
		.p_paddr = RAM_BASE + 0x100000,
		.p_filesz = sizeof(elf.code),
		.p_memsz = sizeof(elf.code),
	};
	elf.segment[2] = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_offset = offsetof(struct small_elf, data),
		.p_vaddr = 0xffff000000002000,
		.p_paddr = RAM_BASE,
		.p_filesz = sizeof(elf.data),
		.p_memsz = 0x1000,
	};
	memset(elf.code, 0xc0, sizeof(elf.code));
	memset(elf.data, 0xda, sizeof(elf.data));
	vm.image = &elf;
	vm.image_bytes = sizeof(elf);
	vm.type = IMAGE_AUTO;
}

static void an_elf_goes_to_its_physical_addresses(void **state)
{
	(void)state;
	make_elf();
	expect_loaded();
	assert_int_equal(guest.entry_ipa, RAM_BASE + 0x100010);
	assert_memory_equal(ram + 0x100000, elf.code, sizeof(elf.code));
	assert_memory_equal(ram, elf.data, sizeof(elf.data));
	expect_zero(sizeof(elf.data), 0x100000);
}

/* Each line spoils one field of a good file. */
static void a_bad_elf_is_refused(void **state)
{
	(void)state;
#define SPOIL(field, value, why)                          \
	do {                                              \
		make_elf();                               \
		elf.field = (value);                      \
		vm.type = IMAGE_ELF;                      \
		expect_complaint("vm test: image: " why); \
	} while (0)

	SPOIL(header.e_ident[1], 'e', "bad magic: no ELF file");
	SPOIL(header.e_ident[EI_CLASS], ELFCLASS32, "an ELF file, but not 64-bit little-endian");
	SPOIL(header.e_ident[EI_DATA], ELFDATA2MSB, "an ELF file, but not 64-bit little-endian");
	SPOIL(header.e_machine, EM_X86_64, "an ELF file for machine 62, not AArch64 (183)");
	SPOIL(header.e_type, ET_REL, "ELF type 1 cannot be run: link it first");
	SPOIL(header.e_phnum, 0, "an ELF file without program headers");
	SPOIL(header.e_phentsize, 32, "ELF program headers of 32 bytes, 56 wanted");
	SPOIL(header.e_phnum, 5, "truncated: ELF program headers end beyond the file's 328 bytes");
	SPOIL(header.e_phoff, UINT64_MAX,
	      "truncated: ELF program headers end beyond the file's 328 bytes");
	SPOIL(header.e_phoff, 300,
	      "truncated: ELF program headers end beyond the file's 328 bytes");
	SPOIL(header.e_entry, 0xffff000000001040,
	      "ELF entry point 0xffff000000001040 is in none of the loaded segments");
	SPOIL(header.e_entry, 0xffff000000001002,
	      "ELF entry point 0xffff000000001002 is no multiple of 4");
	SPOIL(segment[1].p_filesz, 65,
	      "ELF segment 1: 0x41 bytes in the file, only 0x40 in memory");
	SPOIL(segment[2].p_filesz, 33, "truncated: ELF segment 2 ends beyond the file's 328 bytes");
	SPOIL(segment[2].p_offset, UINT64_MAX,
	      "truncated: ELF segment 2 ends beyond the file's 328 bytes");
	SPOIL(segment[1].p_paddr, RAM_BASE - 4,
	      "ELF segment 1: 0x40 bytes at 0x7ffffffc are outside the RAM free for it, "
	      "0x80000000..0x80dfffff");
	SPOIL(segment[1].p_paddr, RAM_BASE + DTB_OFFSET - 4,
	      "ELF segment 1: 0x40 bytes at 0x80dffffc are outside the RAM free for it, "
	      "0x80000000..0x80dfffff");
	SPOIL(segment[1].p_paddr, UINT64_MAX - 3,
	      "ELF segment 1: 0x40 bytes at 0xfffffffffffffffc are outside the RAM free for it, "
	      "0x80000000..0x80dfffff");
	SPOIL(segment[2].p_memsz, UINT64_MAX,
	      "ELF segment 2: 0xffffffffffffffff bytes at 0x80000000 are outside the RAM free for "
	      "it, "
	      "0x80000000..0x80dfffff");
}

static void a_truncated_elf_is_refused(void **state)
{
	(void)state;
	make_elf();
	for (uint64_t count = 1; count < sizeof(elf); count++) {
		void *cut = malloc(count);

		memcpy(cut, &elf, count);
		vm.type = IMAGE_ELF;
		vm.image = cut;
		vm.image_bytes = count;
		assert_non_null(loader_load(&vm, ram, &guest));
		free(cut);
	}
}

int main(void)
{
#define LOADER_TEST(test) cmocka_unit_test_setup_teardown(test, start, finish)
	const struct CMUnitTest tests[] = {
		LOADER_TEST(a_kernel_goes_to_its_text_offset),
		LOADER_TEST(an_old_kernel_goes_to_0x80000),
		LOADER_TEST(the_device_tree_has_the_last_2_mib),
		LOADER_TEST(the_initrd_ends_below_the_device_tree),
		LOADER_TEST(the_smallest_guest_has_2_mib),
		LOADER_TEST(an_image_larger_than_ram),
		LOADER_TEST(a_kernel_whose_bss_does_not_fit),
		LOADER_TEST(a_text_offset_that_wraps),
		LOADER_TEST(an_initrd_larger_than_ram),
		LOADER_TEST(an_initrd_that_leaves_no_room_for_the_image),
		LOADER_TEST(bootargs_that_burst_the_device_tree),
		LOADER_TEST(a_bad_linux_magic),
		LOADER_TEST(a_kernel_shorter_than_its_header),
		LOADER_TEST(a_big_endian_kernel),
		LOADER_TEST(an_efi_zboot_image),
		LOADER_TEST(an_empty_image),
		LOADER_TEST(a_raw_image_goes_to_its_offset),
		LOADER_TEST(auto_takes_anything_else_for_raw),
		LOADER_TEST(a_gzipped_kernel_is_inflated_in_place),
		LOADER_TEST(inflating_leaves_no_scratch_behind),
		LOADER_TEST(a_gzipped_anything_else_is_refused),
		LOADER_TEST(a_gzip_bomb_is_stopped),
		LOADER_TEST(a_damaged_gzip_is_noticed),
		LOADER_TEST(a_truncated_gzip_is_noticed),
		LOADER_TEST(an_elf_goes_to_its_physical_addresses),
		LOADER_TEST(a_bad_elf_is_refused),
		LOADER_TEST(a_truncated_elf_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
