/*
 * Loads and stores done for the guest: see emulate.h. The order is what matters: nothing of the
 * guest changes before every check is passed and every element is answered.
 *
 * Another vCPU may change the instruction between the fault and our look at it. So what it says is
 * never believed alone: it must explain the fault that the CPU has seen.
 */
#include "vm/emulate.h"

#include <vitrine/embed.h>

#include "core/insn.h"
#include "core/vcpu_internal.h"
#include "hal/arm64.h"
#include "vm/guest_memory.h"
#include "vm/guest_state.h"
#include "vm/vm.h"

/* Device windows begin and end with a page: an access within one meets one device or none. */
#define DEVICE_PAGE_BYTES UINT64_C(4096)
#define DEVICE_OFFSET	  (DEVICE_PAGE_BYTES - 1)
#define ZERO_STEP_BYTES	  8u

#define ADDRESS_BITS GENMASK(55, 0) /* above them there may be a tag */

static const char NOTHING_THERE[] = "nothing there";

/* Is this instruction what has faulted: same direction, and FAR in what it touches? */
static bool explains(const struct insn_access *access, const struct insn_place *place,
		     const struct vcpu_exit *exit)
{
	const uint64_t first = place->address & ADDRESS_BITS, far = exit->far & ADDRESS_BITS;

	if (access->write != exit->fault.write)
		return false;
	return far >= first && far - first < place->bytes;
}

static struct mmio_access element_access(const struct insn_access *access, unsigned index,
					 uint64_t ipa)
{
	const struct insn_element *element = &access->element[index];

	return (struct mmio_access){
		.ipa = ipa + element->offset,
		.bytes = element->bytes,
		.reg = element->reg,
		.write = access->write,
		.sign_extend = element->sign_extend,
		.reg_is_64 = element->reg_is_64,
	};
}

/* The first element decides: the others are in the same page, so the same device answers. */
static bool load(struct vcpu *vcpu, const struct insn_access *access, uint64_t ipa)
{
	uint64_t values[INSN_ELEMENTS] = {0};

	for (unsigned i = 0; i < access->elements; i++) {
		const struct mmio_access one = element_access(access, i, ipa);
		uint64_t raw;

		if (embed_mmio_read(vcpu, &one, &raw) == false)
			return false;
		values[i] = mmio_read_value(&one, raw);
	}
	for (unsigned i = access->elements; i-- > 0;)
		if (access->element[i].reg != 31)
			vcpu->frame.x[access->element[i].reg] = values[i];
	return true;
}

static bool store(struct vcpu *vcpu, const struct insn_access *access, uint64_t ipa)
{
	bool done = true;

	for (unsigned i = 0; done && i < access->elements; i++) {
		const struct mmio_access one = element_access(access, i, ipa);

		done = embed_mmio_write(vcpu, &one, mmio_write_value(vcpu, &one));
	}
	return done;
}

static bool zero(struct vcpu *vcpu, uint64_t ipa, uint32_t bytes)
{
	for (uint32_t done = 0; done < bytes; done += ZERO_STEP_BYTES) {
		const struct mmio_access step = {
			.ipa = ipa + done,
			.bytes = ZERO_STEP_BYTES,
			.reg = 31,
			.write = true,
			.reg_is_64 = true,
		};

		if (!embed_mmio_write(vcpu, &step, 0))
			return false;
	}
	return true;
}

static bool perform(struct vcpu *vcpu, const struct insn_access *access, uint64_t ipa,
		    uint32_t bytes)
{
	bool answered;

	if (access->ordered)
		dmb_ish();
	if (access->zero_block)
		answered = zero(vcpu, ipa, bytes);
	else if (access->write)
		answered = store(vcpu, access, ipa);
	else
		answered = load(vcpu, access, ipa);
	if (access->ordered)
		dmb_ish();
	return answered;
}

/* What the instruction does besides the access. */
static void complete(struct vcpu *vcpu, const struct insn_access *access,
		     const struct insn_place *place)
{
	vcpu_advance(vcpu);
	if (!access->write_back)
		return;
	if (access->base_reg != INSN_SP)
		vcpu->frame.x[access->base_reg] = place->write_back_value;
	else
		guest_set_sp(vcpu, place->write_back_value);
}

const char *emulate_access(struct vm_vcpu *vcpu)
{
	struct vcpu *core = &vcpu->core;
	const struct vcpu_exit *exit = &core->exit;
	struct insn_access access;
	uint32_t word;

	if (core->frame.pstate & PSTATE_AARCH32)
		return "an AArch32 access without a syndrome";
	if (guest_read_va(vcpu, exit->pc, &word, sizeof(word)) != VT_OK)
		return "its instruction can not be read";

	const enum insn_status status = insn_decode(word, &access);

	if (status != INSN_OK)
		return insn_status_name(status);

	struct insn_registers registers;
	struct insn_place place;
	uint64_t ipa;

	registers.x = core->frame.x;
	registers.sp = guest_sp(core);
	registers.pc = exit->pc;
	place = insn_resolve(&access, &registers, guest_zva_bytes());
	if (!explains(&access, &place, exit))
		return "not what its instruction asks for";
	if (place.address % DEVICE_PAGE_BYTES + place.bytes > DEVICE_PAGE_BYTES)
		return "an access over the end of a page";
	ipa = exit->fault.ipa - exit->fault.ipa % DEVICE_PAGE_BYTES +
	      place.address % DEVICE_PAGE_BYTES;
	if (perform(core, &access, ipa, place.bytes)) {
		complete(core, &access, &place);
		return 0;
	}
	return NOTHING_THERE;
}
