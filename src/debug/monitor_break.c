/* `monitor break`: the list of stops that points.c looks for. */
#include "core/esr.h"
#include "core/smccc.h"
#include "core/sysreg_names.h"
#include "debug/monitor.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "lib/words.h"
#include "mm/phys.h"

#define CALL_BITS \
	(BIT(31) | GENMASK(29, 0)) /* of a function id, but whether it is the 64-bit form */

/* As people type them: the enumerators' names, in either case. */
static const char *const reasons[EXIT_REASONS] = {
#define REASON(name, text) #name,
#include "core/exit_reasons.def"
#undef REASON
};

static const struct {
	uint32_t id;
	const char *name;
} functions[] = {
#define FUNCTION(id, name, forms, answer, reason) {id, #name},
#include "core/smccc_functions.def"
#undef FUNCTION
};

static void say_point(const struct debug_vm *vm, unsigned i)
{
	const struct point *point = &vm->points[i];
	const unsigned long long value = point->value;
	char name[SYSREG_NAME_BYTES];

	switch (point->kind) {
	case POINT_EXIT:
		monitor_say("%u: exit %s\n", i + 1, reasons[value]);
		break;
	case POINT_SYSREG:
		monitor_say("%u: sysreg %s\n", i + 1, sysreg_name((uint32_t)value, name));
		break;
	case POINT_PSCI:
		monitor_say("%u: psci 0x%llx\n", i + 1, value);
		break;
	case POINT_IRQ:
		monitor_say("%u: irq %llu\n", i + 1, value);
		break;
	case POINT_EXEC:
		monitor_say("%u: exec 0x%llx,0x%llx\n", i + 1, value,
			    (unsigned long long)point->end - value);
		break;
	case POINT_IPA:
		monitor_say("%u: ipa 0x%llx,0x%llx %s%s\n", i + 1, value,
			    (unsigned long long)point->end - value, point->read ? "r" : "",
			    point->write ? "w" : "");
		break;
	default:
		break;
	}
}

static bool of_reason(struct point *point, const char *word)
{
	for (unsigned i = 0; i < EXIT_REASONS; i++)
		if (is_same_word(word, reasons[i])) {
			point->value = i;
			return true;
		}
	monitor_say("%.40s: no exit reason; there are:", word);
	for (unsigned i = 0; i < EXIT_REASONS; i++)
		monitor_say(" %s", reasons[i]);
	monitor_say("\n");
	return false;
}

static bool of_function(struct point *point, const char *word)
{
	static const char prefix[] = "PSCI_";
	uint64_t number;

	if (monitor_number(&word, &number)) {
		point->value = number & CALL_BITS;
		return true;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(functions); i++) {
		const char *name = functions[i].name;

		if (is_same_word(word, name) || (strncmp(name, prefix, sizeof(prefix) - 1) == 0 &&
						 is_same_word(word, name + sizeof(prefix) - 1))) {
			point->value = functions[i].id;
			return true;
		}
	}
	monitor_say("%.40s: no such function; CPU_ON, SYSTEM_OFF, ..., or its number\n", word);
	return false;
}

static bool of_register(struct point *point, const char *word)
{
	uint32_t key;

	if (!sysreg_key(word, &key)) {
		monitor_say("%.40s: no register that ever exits to Vitrine\n", word);
		return false;
	}
	point->value = key;
	return true;
}

static bool of_interrupt(struct point *point, const char *word)
{
	if (monitor_number(&word, &point->value) && point->value < 32 * (VGIC_SPI_BANKS + 1))
		return true;
	monitor_say("which interrupt? monitor break irq INTID\n");
	return false;
}

/* FIRST[,BYTES] [r|w] */
static bool of_range(struct point *point, const char *word)
{
	uint64_t bytes = 8;

	if (!monitor_number(&word, &point->value) ||
	    (*word && *word != 'r' && *word != 'w' && !monitor_number(&word, &bytes)) || !bytes ||
	    point->value + bytes < point->value ||
	    (*word && strcmp(word, "r") != 0 && strcmp(word, "w") != 0)) {
		monitor_say("which addresses? monitor break ipa 0xFIRST [BYTES] [r|w]\n");
		return false;
	}
	point->end = point->value + bytes;
	point->read = *word != 'w';
	point->write = *word != 'r';
	return true;
}

/* ADDRESS, of a page, or FIRST BYTES */
static bool of_code(struct point *point, const char *word)
{
	uint64_t bytes = 0;

	if (!monitor_number(&word, &point->value) ||
	    (*word && (!monitor_number(&word, &bytes) || !bytes)) || *word ||
	    point->value + bytes < point->value) {
		monitor_say("which page? monitor break exec 0xADDRESS [BYTES], guest-physical\n");
		return false;
	}
	point->value = bytes ? point->value : ALIGN_DOWN(point->value, PAGE_BYTES);
	point->end = point->value + (bytes ? bytes : PAGE_BYTES);
	return true;
}

static const struct {
	const char *word;
	enum point_kind kind;
	bool (*parse)(struct point *point, const char *word);
} kinds[] = {
	{"exit ", POINT_EXIT, of_reason},   {"sysreg ", POINT_SYSREG, of_register},
	{"psci ", POINT_PSCI, of_function}, {"irq ", POINT_IRQ, of_interrupt},
	{"ipa ", POINT_IPA, of_range},	    {"exec ", POINT_EXEC, of_code},
};

void monitor_add_point(struct debug_vm *vm, const struct point *point)
{
	unsigned i = 0;

	while (i < vm->points_used && vm->points[i].kind != POINT_NONE)
		i++;
	if (i == POINTS_MOST) {
		monitor_say("there are %u already\n", POINTS_MOST);
		return;
	}
	vm->points[i] = *point;
	vm->points_used = MAX(vm->points_used, i + 1);
	if ((point->kind == POINT_EXEC || point->kind == POINT_IPA) &&
	    guards_set(vm, point->value, point->end) != VT_OK) {
		points_drop(vm, &vm->points[i]);
		monitor_say("0x%llx: not in the guest's space, or no memory for finer tables\n",
			    (unsigned long long)point->value);
		return;
	}
	say_point(vm, i);
}

static void drop(struct debug_vm *vm, const char *word)
{
	const char *const said = word;
	uint64_t number;

	if (!*word) {
		points_drop_all(vm);
		return;
	}
	if (!monitor_number(&word, &number) || number - 1 >= vm->points_used) {
		monitor_say("%.20s: no such one; `monitor break` lists them\n", said);
		return;
	}
	points_drop(vm, &vm->points[number - 1]);
}

bool monitor_parse_point(const char *text, struct point *point)
{
	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
		const size_t length = strlen(kinds[i].word);

		if (strncmp(text, kinds[i].word, length) != 0)
			continue;
		*point = (struct point){.kind = (uint8_t)kinds[i].kind};
		return kinds[i].parse(point, text + length);
	}
	monitor_say("%.40s: exit, sysreg, psci, irq, ipa, exec or off?\n", text);
	return false;
}

void monitor_break(struct debug_vcpu *debug, const char *rest)
{
	struct debug_vm *vm = debug->vm;
	struct point point;

	if (strncmp(rest, "off", 3) == 0) {
		drop(vm, rest + 3 + (rest[3] == ' '));
	} else if (*rest) {
		if (monitor_parse_point(rest, &point))
			monitor_add_point(vm, &point);
	} else {
		for (unsigned i = 0; i < vm->points_used; i++)
			say_point(vm, i);
	}
}
