/*
 * What a guest finds behind a trapped system register, by the table core/trapped_regs.def. Cold
 * compared with the ID registers and SGIs, which core/dispatch.c answers before it comes here.
 */
#include "core/sysreg_trap.h"

#include <vitrine/embed.h>

#include "core/aarch32.h"
#include "core/guest_debug.h"
#include "core/pmu.h"
#include "core/sysreg_names.h"
#include "core/vcpu_internal.h"
#include "hal/arm64.h"
#include "lib/log.h"

#define KEY_DC_CSW SYSREG_KEY(1, 0, 7, 10, 2)

enum policy { UNDEF, ZERO, IGNORE, DEBUG, PMU, EMBEDDER, SET_WAY };

struct policies {
	uint8_t read, write; /* enum policy */
};

/* The compiler makes a search of it; a row that is there twice is an error. */
static struct policies policies_of(uint32_t key)
{
	switch (key) {
#define TRAPPED(op0, op1, crn, crm, op2, name, read, write) \
	case SYSREG_KEY(op0, op1, crn, crm, op2):           \
		return (struct policies){read, write};
#include "core/trapped_regs.def"
#undef TRAPPED
	default:
		return (struct policies){UNDEF, UNDEF};
	}
}

bool sysreg_read(struct vcpu *vcpu, uint32_t key, uint64_t *value)
{
	const enum policy policy = policies_of(key).read;

	*value = 0;
	if (policy == DEBUG)
		return guest_debug_read(vcpu, key, value);
	if (policy == PMU)
		return guest_pmu_read(vcpu, key, value);
	if (policy == EMBEDDER)
		return embed_sysreg_read(vcpu, key, value);
	return policy == ZERO;
}

/*
 * Cache maintenance by set and way works on one CPU's own caches, and a vCPU has a home CPU for its
 * life, so doing it here is what the guest has asked for. Never without the clean: other VMs have
 * lines in those caches.
 */
static bool by_set_and_way(uint32_t key, uint64_t set_way)
{
	if (key != KEY_DC_CSW) {
		dc_cisw(set_way);
		return true;
	}
	dc_csw(set_way);
	return true;
}

bool sysreg_write(struct vcpu *vcpu, uint32_t key, uint64_t value)
{
	const enum policy policy = policies_of(key).write;

	if (policy == SET_WAY)
		return by_set_and_way(key, value);
	if (policy == EMBEDDER)
		return embed_sysreg_write(vcpu, key, value);
	if (policy == DEBUG)
		return guest_debug_write(vcpu, key, value);
	if (policy == PMU)
		return guest_pmu_write(vcpu, key, value);
	return policy == IGNORE;
}

#define APSR_NZCV GENMASK(31, 28)

bool sysreg_coproc(struct vcpu *vcpu, uint64_t esr)
{
	const uint32_t key = aarch32_coproc_key(esr);
	const unsigned low = (unsigned)FIELD_GET(ISS_CP_RT, esr);
	const unsigned high = (unsigned)FIELD_GET(ISS_CP_PAIR_RT2, esr);
	const bool pair = FIELD_GET(ESR_EC, esr) == EC_CP15_PAIR;
	uint64_t value;

	if (key == 0)
		return false;

	const bool readable = sysreg_read(vcpu, key, &value);

	if (!(esr & ISS_CP_READ)) {
		/* Of a register of 64 bits MCR writes the lower half. (Arm ARM G8.4, PMCCNTR.) */
		value = pair ? gpr(vcpu, high) << 32 : value & GENMASK(63, 32);
		return sysreg_write(vcpu, key, value | (uint32_t)gpr(vcpu, low));
	}
	if (!readable)
		return false;
	set_gpr(vcpu, low, (uint32_t)value);
	if (pair)
		set_gpr(vcpu, high, value >> 32);
	else if (low == 31) /* MRC to APSR_nzcv */
		vcpu->frame.pstate = (vcpu->frame.pstate & ~APSR_NZCV) | (value & APSR_NZCV);
	return true;
}

/* Is this the first time? Later ones, and those beyond the table's end, are not worth a line. */
static bool is_news(uint32_t key)
{
	static uint32_t named[16];

	for (uint32_t *place = named; place < named + 16; place++) {
		uint32_t was = __atomic_load_n(place, __ATOMIC_ACQUIRE);

		if (was == 0 && __atomic_compare_exchange_n(place, &was, key, false,
							    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			return true;
		if (was == key)
			break;
	}
	return false;
}

void sysreg_undefined(struct vcpu *vcpu, struct sysreg_access access)
{
	char name[SYSREG_NAME_BYTES];

	if (is_news(access.key | access.write))
		log_line("vcpu %u: %s of %s at pc 0x%llx: no such register here, UNDEFINED",
			 vcpu->id, access.write ? "write" : "read", sysreg_name(access.key, name),
			 (unsigned long long)vcpu->frame.pc);
	vcpu_inject_undefined(vcpu);
}
