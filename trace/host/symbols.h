/*
 * Names of code addresses: each guest's, and the hypervisor's own.
 *
 * A table comes from an ELF file's .symtab, from text as in System.map or /proc/kallsyms, or from the kallsyms tables
 * inside a Linux Image. Files name link addresses; where a guest kernel moved itself (KASLR) is found from the recording.
 */
#ifndef TRACE_HOST_SYMBOLS_H
#define TRACE_HOST_SYMBOLS_H

#include "trace/host/metadata.h"

struct symbol {
	uint64_t address;
	uint32_t name; /* offset into the table's text */
};

struct symbol_table {
	struct symbol *symbol; /* by address */
	uint32_t symbols, room;
	char *text;
	uint32_t text_bytes, text_room;
	uint64_t slide; /* what the guest's addresses lie above the table's */
};

/* One table a VM, and one of the hypervisor, by offsets in its image. NULL: none was given. */
struct symbol_set {
	struct symbol_table *vm[MAX_VMS], *hypervisor;
};

void symbol_set_free(struct symbol_set *set);

/* NULL, with a message on stderr, when the file has no symbols that we can read. */
struct symbol_table *symbols_read(const char *path);
void symbols_free(struct symbol_table *table);

/* The symbol that `address` lies in; NULL: none. */
const struct symbol *symbols_find(const struct symbol_table *table, uint64_t address);
const char *symbol_name(const struct symbol_table *table, const struct symbol *symbol);

/* The address of a name, 0 when the table does not have it. */
uint64_t symbols_address(const struct symbol_table *table, const char *name);

/* "vfs_read+0x1c", or "0xffff800008012345". */
void symbols_text(const struct symbol_table *table, uint64_t address, char *to, size_t bytes);

/*
 * Where the guest's kernel runs, from an address at which it waited for an interrupt: that instruction is in
 * cpu_do_idle(). Leaves the table as it is when that makes no sense.
 */
void symbols_find_slide(struct symbol_table *table, uint64_t idle_pc);

/* For readers of files (symbols.c, kallsyms.c): add one, then sort. False: out of memory. */
bool symbols_add(struct symbol_table *table, uint64_t address, const char *name, size_t name_bytes);

/* kallsyms.c: the tables inside an uncompressed arm64 Image. False: not there, or not understood. */
bool kallsyms_read(struct symbol_table *table, const uint8_t *image, size_t bytes);

#endif
