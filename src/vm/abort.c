/*
 * See abort.h. Stage 2 is not the guest's to know of: what it refuses is for the guest a bus that has answered with an
 * error. So the code is never that of the fault which EL2 took, a translation or permission fault of stage 2, whose meaning
 * would be that the guest's own tables are wrong: a kernel would then page something in and try again for ever.
 *
 * The access itself: a synchronous external abort, 0x10, for loads, stores and fetches alike, be there nothing or be it not
 * allowed. (KVM does the same: inject_abt64().) A table that stage 1 could not fetch: an external abort on the walk, 0x14 and
 * the level in stage 1, which is not the level in ESR_EL2: that one is stage 2's.
 *
 * Source: Arm ARM DDI 0487, D8.15 (external aborts), D19.2 (ESR_EL1: DFSC, IFSC, FnV, CM, WnR).
 */
#include "vm/abort.h"

#include "core/esr.h"
#include "lib/string.h"
#include "vm/guest_state.h"
#include "vm/vm.h"

/* EL2 is identity mapped. A table in a device is no table: HCR_EL2.PTW. */
static bool read_descriptor(void *stage2, uint64_t ipa, uint64_t *descriptor)
{
	struct stage2_leaf leaf;

	if (stage2_walk(stage2, ipa, &leaf) != VT_OK || leaf.attr == STAGE2_DEVICE)
		return false;
	memcpy(descriptor, (const void *)(uintptr_t)leaf.pa, sizeof(*descriptor));
	return true;
}

/*
 * Another vCPU may have changed the tables since, or they are of a kind that we do not know. Then there is no level to tell,
 * and the code without one is still true.
 */
static uint32_t status_of_walk(struct vm_vcpu *vcpu, uint64_t va)
{
	const struct walk_regime regime = guest_walk_regime();
	struct walk walk;

	return walk_stage1(&regime, va, read_descriptor, &vcpu->vm->stage2, &walk) == VT_EIO
		       ? VCPU_ABORT_ON_WALK(walk.step[walk.steps].level)
		       : VCPU_ABORT_EXTERNAL;
}

uint32_t abort_iss(struct vm_vcpu *vcpu)
{
	const struct vcpu_exit *exit = &vcpu->core.exit;
	const bool fetch = FIELD_GET(ESR_EC, exit->esr) == EC_IABT_LOWER;
	const uint32_t kept =
		(uint32_t)exit->esr & (fetch ? 0 : VCPU_ABORT_WRITE | VCPU_ABORT_MAINTENANCE);

	if (exit->esr & ISS_ABT_S1PTW)
		return status_of_walk(vcpu, exit->far) | kept;
	return VCPU_ABORT_EXTERNAL | kept | ((uint32_t)exit->esr & VCPU_ABORT_NO_FAR);
}
