/*
 * What a VM's node says about its CPUs' registers: SCTLR_EL1 at the first instruction, the trap set, the size of its addresses.
 *
 * Allow-lists: a manifest may make its guest's life harder, never get the guest nearer to EL2, EL3 or another VM. What a trap
 * that is set here meets is in manifest_traps.def.
 */
#include "core/sysregs.h"
#include "core/traps.h"
#include "lib/string.h"
#include "vm/manifest_cpu.h"

/* SCTLR_EL1: what the first architecture has, but for endianness, which emulated loads and stores rely on. */
#define SCTLR_M	      BIT(0)
#define SCTLR_A	      BIT(1)
#define SCTLR_C	      BIT(2)
#define SCTLR_SA      BIT(3)
#define SCTLR_SA0     BIT(4)
#define SCTLR_CP15BEN BIT(5)
#define SCTLR_ITD     BIT(7)
#define SCTLR_SED     BIT(8)
#define SCTLR_UMA     BIT(9)
#define SCTLR_I	      BIT(12)
#define SCTLR_DZE     BIT(14)
#define SCTLR_UCT     BIT(15)
#define SCTLR_NTWI    BIT(16)
#define SCTLR_NTWE    BIT(18)
#define SCTLR_WXN     BIT(19)
#define SCTLR_UCI     BIT(26)
#define SCTLR_MAY_BE_SET                                                                     \
	(SCTLR_M | SCTLR_A | SCTLR_C | SCTLR_SA | SCTLR_SA0 | SCTLR_CP15BEN | SCTLR_ITD |    \
	 SCTLR_SED | SCTLR_UMA | SCTLR_I | SCTLR_DZE | SCTLR_UCT | SCTLR_NTWI | SCTLR_NTWE | \
	 SCTLR_WXN | SCTLR_UCI)

/* Beyond the traps that every guest has (core/traps.h). */
static const struct {
	char name[20];
	struct vcpu_bits hcr, cnthctl;
} traps[] = {
#define TRAP(name, hcr_set, hcr_clear, cnthctl_clear, finds) \
	{name, {.set = (hcr_set), .clear = (hcr_clear)}, {.clear = (cnthctl_clear)}},
#include "vm/manifest_traps.def"
#undef TRAP
};

/* WFI may hold the CPU, ID registers may show what is hidden all the same. */
#define HCR_MAY_BE_SET                                                                       \
	(HCR_TWE | HCR_TID1 | HCR_TID2 | HCR_TPC | HCR_TPU | HCR_TTLB | HCR_TVM | HCR_TRVM | \
	 HCR_TDZ)
#define HCR_MAY_BE_CLEARED (HCR_TWI | HCR_TID3 | HCR_API | HCR_APK)

static bool read_bits(struct vm_node *vm, enum property which, uint64_t allowed, uint64_t *bits)
{
	if (!vm->property[which].bytes)
		return true;

	const uint64_t wanted = vm_cell_pair(vm, which, 0);

	if (wanted & ~allowed)
		return REJECT(vm, which, "bits %#lx are not a manifest's to change: of these, %#lx",
			      wanted & ~allowed, allowed);
	*bits |= wanted;
	return true;
}

static bool read_sctlr(struct vm_node *vm, struct vm_config *config)
{
	if (!vm->property[PROP_SCTLR_EL1].bytes)
		return true;

	const uint64_t wanted = vm_cell_pair(vm, PROP_SCTLR_EL1, 0);

	if ((wanted ^ SCTLR_EL1_RESET) & ~SCTLR_MAY_BE_SET)
		return REJECT(vm, PROP_SCTLR_EL1,
			      "%#lx: wanted is %#lx, and of these bits what you like: %#lx", wanted,
			      SCTLR_EL1_RESET, SCTLR_MAY_BE_SET);
	config->sctlr_el1.set = wanted & ~SCTLR_EL1_RESET;
	return true;
}

static bool read_traps(struct vm_node *vm, struct vm_config *config)
{
	const char *name = (const char *)vm->property[PROP_TRAPS].bytes;
	const char *end = name ? name + vm->property[PROP_TRAPS].count : 0;

	for (; name < end; name += strlen(name) + 1) {
		unsigned i = 0;

		while (i < ARRAY_SIZE(traps) && strcmp(name, traps[i].name) != 0)
			i++;
		if (i == ARRAY_SIZE(traps))
			return REJECT(vm, PROP_TRAPS, "\"%.31s\" is unknown", name);
		config->hcr.set |= traps[i].hcr.set;
		config->hcr.clear |= traps[i].hcr.clear;
		config->cnthctl.clear |= traps[i].cnthctl.clear;
	}
	return true;
}

static bool read_ipa_bits(struct vm_node *vm, struct vm_config *config)
{
	if (!vm->property[PROP_IPA_BITS].bytes)
		return true;

	const uint32_t bits = vm_cell(vm, PROP_IPA_BITS, 0);

	if (bits < MANIFEST_IPA_BITS_MIN || bits > MANIFEST_IPA_BITS_MAX)
		return REJECT(vm, PROP_IPA_BITS, "%u is not in %u..%u", bits, MANIFEST_IPA_BITS_MIN,
			      MANIFEST_IPA_BITS_MAX);
	if (config->ram_base + config->ram_bytes > BIT(bits))
		return REJECT(vm, PROP_IPA_BITS, "%u: RAM ends at %#lx", bits,
			      config->ram_base + config->ram_bytes);
	config->ipa_bits = bits;
	return true;
}

bool manifest_read_cpu(struct vm_node *vm, struct vm_config *config)
{
	return read_sctlr(vm, config) && read_traps(vm, config) &&
	       read_bits(vm, PROP_HCR_EL2_SET, HCR_MAY_BE_SET, &config->hcr.set) &&
	       read_bits(vm, PROP_HCR_EL2_CLEAR, HCR_MAY_BE_CLEARED, &config->hcr.clear) &&
	       read_ipa_bits(vm, config);
}
