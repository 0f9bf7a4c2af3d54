"""A manifest's words about its guest's CPUs: the guest sees SCTLR_EL1 and the traps, its addresses end where they should, and what
would bring it nearer to EL2 is refused."""

import pytest

import harness

# Not translation-reads: the guest could not even read ESR_EL1 in its handler.
TRAPS = ["wfe", "cache-id", "cache-maintenance", "tlb-maintenance", "translation-writes", "dc-zva",
         "physical-counter", "id-group-1", "pointer-auth"]
SCTLR_RESET, SCTLR_I = 0x30d00800, 1 << 12


def cells(value):
    return f"<{value >> 32:#x} {value & 0xffffffff:#x}>"


def guest(how, **properties):
    return harness.test_guest("guest", "setup", how, vcpus=2, **properties)


@pytest.mark.parametrize("cpu, pauth", [("cortex-a57", 0), ("max,pauth-impdef=on", 1)])
def test_registers_and_traps_arrive(tmp_path, cpu, pauth):
    run = harness.run(tmp_path, "--cpu", cpu, "--pcpus", 1, nodes=[
        guest(f"sctlr={SCTLR_RESET | SCTLR_I} traps=1 pauth={pauth}", sctlr_el1=cells(SCTLR_RESET | SCTLR_I), traps=TRAPS, ipa_bits=39),
        harness.bystander()])
    run.assert_passed("guest")
    run.assert_passed("bystander")
    assert run.status == 0, run.report()
    assert "IPA 0x1000000000 into w" in run.log and "translation fault level 1" in run.log, run.report()
    assert "read of CTR_EL0" in run.log, "a trap that the guest meets is named: " + run.report()


def test_the_defaults(tmp_path):
    run = harness.run(tmp_path, "--pcpus", 1, nodes=[guest(f"sctlr={SCTLR_RESET} traps=0", vm_name="guest"), harness.bystander()])
    run.assert_passed("guest")
    assert run.status == 0, run.report()
    assert "translation fault level 0" in run.log, run.report()


def test_hcr_bits(tmp_path):
    """The raw bits do what the names do; WFI may be left to the guest."""
    node = guest(f"sctlr={SCTLR_RESET} traps=0", hcr_el2_set=cells(1 << 14), hcr_el2_clear=cells(1 << 13 | 1 << 18))
    run = harness.run(tmp_path, "--pcpus", 2, nodes=[node])
    run.assert_passed()
    assert run.status == 0, run.report()


REFUSED = {
    "stage 2 off": (dict(hcr_el2_clear=cells(1 << 0)), "hcr-el2-clear: bits 0x1 are not"),
    "its own interrupts": (dict(hcr_el2_clear=cells(3 << 3)), "hcr-el2-clear: bits 0x18 are not"),
    "SMCs to EL3": (dict(hcr_el2_clear=cells(1 << 19)), "hcr-el2-clear: bits 0x80000 are not"),
    "TGE": (dict(hcr_el2_set=cells(1 << 27)), "hcr-el2-set: bits 0x8000000 are not"),
    "E2H": (dict(hcr_el2_set=cells(1 << 34)), "hcr-el2-set: bits 0x400000000 are not"),
    "an unknown trap": (dict(traps="smc"), 'traps: "smc" is unknown'),
    "big-endian": (dict(sctlr_el1=cells(SCTLR_RESET | 1 << 25)), "sctlr-el1: 0x32d00800: "),
    "too many bits": (dict(ipa_bits=40), r"ipa-bits: 40 is not in 32..39"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(tmp_path, case):
    properties, complaint = REFUSED[case]
    run = harness.run(tmp_path, nodes=[guest("", **properties)], trace=False)
    assert run.status == 5, run.report()
    assert f"manifest: vm guest: {complaint}" in run.log, run.report()
