/* The target description: one XML document that names every register, its size and its group. See registers.h. */
#include "debug/registers.h"
#include "lib/bits.h"
#include "lib/printf.h"
#include "lib/string.h"

#define DESCRIPTION_BYTES 14336u

static char text[DESCRIPTION_BYTES];
static size_t length;

#define ADD(...) vt_append(text, sizeof(text), &length, __VA_ARGS__)

/* Bits of PSTATE as `p $cpsr` shows them. */
static const struct {
	const char *name;
	uint8_t bit;
} flags[] = {{"SP", 0},	 {"nRW", 4},  {"F", 6},	   {"I", 7},  {"A", 8},	 {"D", 9},  {"IL", 20},
	     {"SS", 21}, {"PAN", 22}, {"UAO", 23}, {"V", 28}, {"C", 29}, {"Z", 30}, {"N", 31}};

static void add_core(void)
{
	ADD("<feature name=\"org.gnu.gdb.aarch64.core\"><flags id=\"cpsr_flags\" size=\"4\">");
	for (unsigned i = 0; i < ARRAY_SIZE(flags); i++)
		ADD("<field name=\"%s\" start=\"%u\" end=\"%u\"/>", flags[i].name, flags[i].bit,
		    flags[i].bit);
	ADD("<field name=\"EL\" start=\"2\" end=\"3\"/></flags>");
	for (unsigned i = 0; i < REGISTER_SP; i++)
		ADD("<reg name=\"x%u\" bitsize=\"64\"/>", i);
	ADD("<reg name=\"sp\" bitsize=\"64\" type=\"data_ptr\"/>"
	    "<reg name=\"pc\" bitsize=\"64\" type=\"code_ptr\"/>"
	    "<reg name=\"cpsr\" bitsize=\"32\" type=\"cpsr_flags\"/></feature>");
}

/* The views of a vector register that GDB shows, as a union. */
static const struct {
	const char *id, *type, *field;
	uint8_t count;
} views[] = {{"v2d", "ieee_double", "d", 2}, {"v2u", "uint64", "u64", 2},
	     {"v4f", "ieee_single", "s", 4}, {"v4u", "uint32", "u32", 4},
	     {"v8u", "uint16", "h", 8},	     {"v16u", "uint8", "b", 16}};

static void add_fpu(void)
{
	ADD("<feature name=\"org.gnu.gdb.aarch64.fpu\">");
	for (unsigned i = 0; i < ARRAY_SIZE(views); i++)
		ADD("<vector id=\"%s\" type=\"%s\" count=\"%u\"/>", views[i].id, views[i].type,
		    views[i].count);
	ADD("<union id=\"vector\">");
	for (unsigned i = 0; i < ARRAY_SIZE(views); i++)
		ADD("<field name=\"%s\" type=\"%s\"/>", views[i].field, views[i].id);
	ADD("</union>");
	for (unsigned i = 0; i < REGISTER_FPSR - REGISTER_V0; i++)
		ADD("<reg name=\"v%u\" bitsize=\"128\" type=\"vector\"%s/>", i,
		    i ? "" : " regnum=\"34\"");
	ADD("<reg name=\"fpsr\" bitsize=\"32\"/><reg name=\"fpcr\" bitsize=\"32\"/></feature>");
}

/*
 * save-restore="no": a function called from GDB would else have every one of them written back. Numbers follow one another
 * from the first on, and features with the group's name keep a group together.
 */
static void add_system(void)
{
	const char *group = "";

	for (unsigned i = 0; i < system_registers_count; i++) {
		const struct system_register *row = &system_registers[i];

		if (strcmp(group, row->group) != 0)
			ADD("%s<feature name=\"org.vitrine.%s\">", i ? "</feature>" : "",
			    row->group);
		group = row->group;
		ADD("<reg name=\"%s\" bitsize=\"64\" regnum=\"%u\" group=\"%s\" "
		    "save-restore=\"no\"/>",
		    row->name, REGISTER_SYSTEM + i, group);
	}
	ADD("</feature>");
}

void description_make(void)
{
	length = 0;
	ADD("<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\">"
	    "<target><architecture>aarch64</architecture>");
	add_core();
	add_fpu();
	add_system();
	ADD("</target>");
}

enum gdb_err description_read(const char *annex, uint64_t offset, uint8_t *bytes, size_t *count)
{
	if (strcmp(annex, "target.xml") != 0)
		return GDB_ENOENT;
	*count = offset < length ? MIN(*count, length - offset) : 0;
	memcpy(bytes, text + offset, *count);
	return GDB_OK;
}
