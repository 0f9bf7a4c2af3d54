/* See symbols.h. */
#include <ctype.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/host/symbols.h"

#define MAX_SYMBOLS	 (4u << 20)
#define FARTHEST_IN	 (1u << 20) /* no function is longer: past it an address has no symbol */
#define KERNEL_ALIGNMENT 0x10000u   /* KASLR moves an arm64 kernel by multiples of this */
#define IMAGE_MAGIC_AT	 0x38u	    /* Linux, Documentation/arch/arm64/booting.rst */
#define IMAGE_MAGIC	 "ARM\x64"
#define HIGH_HALF	 (1ull << 63)

bool symbols_add(struct symbol_table *t, uint64_t address, const char *name, size_t name_bytes)
{
	if (t->symbols == MAX_SYMBOLS || name_bytes == 0)
		return true;
	if (t->symbols == t->room) {
		const uint32_t room = t->room ? t->room * 2 : 4096;
		struct symbol *bigger = realloc(t->symbol, room * sizeof(*bigger));

		if (!bigger)
			return false;
		t->symbol = bigger;
		t->room = room;
	}
	if (t->text_bytes + name_bytes + 1 > t->text_room) {
		const uint32_t room = t->text_room * 2 + 65536 + (uint32_t)name_bytes;
		char *bigger = realloc(t->text, room);

		if (!bigger)
			return false;
		t->text = bigger;
		t->text_room = room;
	}
	memcpy(t->text + t->text_bytes, name, name_bytes);
	t->text[t->text_bytes + name_bytes] = '\0';
	t->symbol[t->symbols++] = (struct symbol){address, t->text_bytes};
	t->text_bytes += (uint32_t)name_bytes + 1;
	return true;
}

/* Functions only, and no mapping symbols ($x, $d), which stand at the same addresses and name nothing. */
static bool add_elf_symbol(struct symbol_table *t, const GElf_Sym *symbol, const char *name)
{
	const unsigned type = GELF_ST_TYPE(symbol->st_info);

	if (!name || *name == '$' || *name == '\0' || symbol->st_shndx == SHN_UNDEF ||
	    (type != STT_FUNC && type != STT_NOTYPE))
		return true;
	return symbols_add(t, symbol->st_value, name, strnlen(name, 255));
}

static bool read_elf(struct symbol_table *t, int fd)
{
	Elf *elf = elf_version(EV_CURRENT) == EV_NONE ? NULL : elf_begin(fd, ELF_C_READ, NULL);
	Elf_Scn *section = NULL;
	bool sound = elf != NULL;

	while (sound && (section = elf_nextscn(elf, section))) {
		GElf_Shdr header;
		Elf_Data *data = elf_getdata(section, NULL);

		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_SYMTAB || !data ||
		    !header.sh_entsize)
			continue;
		for (uint64_t i = 0;
		     sound && i < header.sh_size / header.sh_entsize && i < MAX_SYMBOLS; i++) {
			GElf_Sym symbol;

			if (gelf_getsym(data, (int)i, &symbol))
				sound = add_elf_symbol(t, &symbol,
						       elf_strptr(elf, header.sh_link,
								  symbol.st_name));
		}
	}
	elf_end(elf);
	return sound && t->symbols;
}

/* "ffff800008000000 T _text", and in /proc/kallsyms perhaps "[module]" behind. Text and weak symbols only. */
static bool read_text(struct symbol_table *t, const char *text, size_t bytes)
{
	const char *end = text + bytes;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline ? newline : end;
		uint64_t address;
		char line[320], name[256], type;

		snprintf(line, sizeof(line), "%.*s", (int)(stop - text < 319 ? stop - text : 319),
			 text);
		if (sscanf(line, "%" SCNx64 " %c %255s", &address, &type, name) != 3)
			return false;
		if (strchr("tTwW", type) && *name != '$' &&
		    !symbols_add(t, address, name, strlen(name)))
			return false;
		text = stop + 1;
	}
	return t->symbols != 0;
}

static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->name < y->name ? -1
				 : x->name > y->name; /* of two names the one that stood first */
}

static void sort(struct symbol_table *t)
{
	uint32_t kept = 0;

	qsort(t->symbol, t->symbols, sizeof(*t->symbol), by_address);
	for (uint32_t i = 0; i < t->symbols; i++)
		if (kept == 0 || t->symbol[kept - 1].address != t->symbol[i].address)
			t->symbol[kept++] = t->symbol[i];
	t->symbols = kept;
}

/* /proc/kallsyms shows zeros to those who may not see addresses. */
static bool all_zero(const struct symbol_table *t)
{
	return t->symbols && t->symbol[t->symbols - 1].address == 0;
}

static const char *read_symbols(struct symbol_table *t, int fd, const uint8_t *data, size_t bytes)
{
	if (bytes > SELFMAG && memcmp(data, ELFMAG, SELFMAG) == 0)
		return read_elf(t, fd) ? NULL
				       : "an ELF file without a symbol table that can be read";
	if (bytes > IMAGE_MAGIC_AT + 4 && memcmp(data + IMAGE_MAGIC_AT, IMAGE_MAGIC, 4) == 0)
		return kallsyms_read(t, data, bytes)
			       ? NULL
			       : "a Linux Image without kallsyms tables that we know";
	if (bytes > 1 && isxdigit(data[0]))
		return read_text(t, (const char *)data, bytes) ? NULL : "not a list of symbols";
	return "neither ELF, nor a Linux Image, nor a list of symbols";
}

struct symbol_table *symbols_read(const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct symbol_table *t = calloc(1, sizeof(*t));
	const char *why = NULL;
	struct stat st;
	void *data = MAP_FAILED;

	if (fd < 0 || !t || fstat(fd, &st) != 0 || st.st_size == 0) {
		why = fd >= 0 && t ? "empty" : strerror(errno);
	} else {
		data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		why = data == MAP_FAILED ? strerror(errno)
					 : read_symbols(t, fd, data, (size_t)st.st_size);
	}
	if (data != MAP_FAILED)
		munmap(data, (size_t)st.st_size);
	if (fd >= 0)
		close(fd);
	if (!why) {
		sort(t);
		why = all_zero(t) ? "its addresses are all zero: read it as root" : NULL;
	}
	if (!why)
		return t;
	fprintf(stderr, "vtrace: %s: %s\n", path, why);
	symbols_free(t);
	return NULL;
}

void symbols_free(struct symbol_table *t)
{
	if (t) {
		free(t->symbol);
		free(t->text);
	}
	free(t);
}

void symbol_set_free(struct symbol_set *set)
{
	for (uint32_t i = 0; i < MAX_VMS; i++)
		symbols_free(set->vm[i]);
	symbols_free(set->hypervisor);
}

const struct symbol *symbols_find(const struct symbol_table *t, uint64_t address)
{
	uint32_t low = 0, high;

	if (!t || t->symbols == 0)
		return NULL;
	address -= t->slide;
	for (high = t->symbols; low < high;) {
		const uint32_t middle = low + (high - low) / 2;

		if (t->symbol[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || address - t->symbol[low - 1].address >= FARTHEST_IN)
		return NULL;
	return &t->symbol[low - 1];
}

const char *symbol_name(const struct symbol_table *t, const struct symbol *symbol)
{
	return t->text + symbol->name;
}

uint64_t symbols_address(const struct symbol_table *t, const char *name)
{
	for (uint32_t i = 0; t && i < t->symbols; i++)
		if (strcmp(symbol_name(t, &t->symbol[i]), name) == 0)
			return t->symbol[i].address;
	return 0;
}

void symbols_text(const struct symbol_table *t, uint64_t address, char *to, size_t bytes)
{
	const struct symbol *symbol = symbols_find(t, address);

	if (symbol)
		snprintf(to, bytes, "%s+0x%" PRIx64, symbol_name(t, symbol),
			 address - t->slide - symbol->address);
	else
		snprintf(to, bytes, "0x%" PRIx64, address);
}

void symbols_find_slide(struct symbol_table *t, uint64_t idle_pc)
{
	const uint64_t idle = symbols_address(t, "cpu_do_idle");
	const uint64_t slide = (idle_pc - idle) & ~(uint64_t)(KERNEL_ALIGNMENT - 1);
	const struct symbol *symbol;

	if (!idle || !(idle_pc & HIGH_HALF) || !(idle & HIGH_HALF))
		return;
	t->slide = slide;
	symbol = symbols_find(t, idle_pc);
	if (!symbol || strcmp(symbol_name(t, symbol), "cpu_do_idle") != 0)
		t->slide = 0;
}
