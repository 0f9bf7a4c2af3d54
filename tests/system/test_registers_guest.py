"""Registers that are emulated or switched for a guest: its physical timer, debug registers, PMU, SGI registers, pointer keys, and
what it must not find. The guests are in guests/tests; a second one on the same CPU shows that state is its own."""

import re

import pytest

import harness


def pair(folder, guest, *options, vcpus=1):
    """Two of these on one CPU, with seeds that differ."""
    run = harness.run(folder, "--pcpus", 1, *options,
                      nodes=[harness.test_guest(name, guest, f"seed={seed}", vcpus=vcpus) for seed, name in enumerate(("one", "two"))])
    for name in ("one", "two"):
        run.assert_passed(name)
    assert run.status == 0, run.report()
    harness.check_trace(folder)
    return run


@pytest.mark.parametrize("guest, vcpus", [("ptimer", 1), ("debug", 1), ("pmu", 1), ("sgi", 4)])
def test_two_guests_on_one_cpu(tmp_path, guest, vcpus):
    pair(tmp_path, guest, vcpus=vcpus)


@pytest.mark.parametrize("guest", ["ptimer", "debug", "pmu", "hidden"])
@pytest.mark.parametrize("cpu", ["cortex-a53", "neoverse-n1", "max,pauth-impdef=on"])
def test_on_other_cpus(tmp_path, cpu, guest):
    pair(tmp_path, guest, "--cpu", cpu)


def test_keys_of_pointer_authentication_are_a_guests_own(tmp_path):
    run = pair(tmp_path, "pauth", "--cpu", "max,pauth-impdef=on")
    signed = [re.search(r"^signed (0x\w+)$", "\n".join(run.lines_of(name)), re.MULTILINE)[1] for name in ("one", "two")]
    assert signed[0] != signed[1], run.report()


def test_what_a_guest_must_not_find_is_named_once(tmp_path):
    run = pair(tmp_path, "hidden", "--cpu", "max,pauth-impdef=on")
    assert run.log.count("write of LORC_EL1 at pc") == 1, run.report()
