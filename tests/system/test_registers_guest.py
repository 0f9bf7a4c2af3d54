"""Registers that are emulated or switched for a guest: its physical timer, debug registers, PMU, SGI registers, pointer keys, and
what it must not find. The guests are in guests/tests; a second one on the same CPU shows that state is its own."""

import re
import sys

import pytest

import harness

sys.dont_write_bytecode = True
sys.path.insert(0, str(harness.ROOT / "guests/linux"))

import mkinitrd  # noqa: E402


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
@pytest.mark.parametrize("cpu", harness.cpus("cortex-a53", "neoverse-n1", "max,pauth-impdef=on"))
def test_on_other_cpus(tmp_path, cpu, guest):
    pair(tmp_path, guest, "--cpu", cpu)


@pytest.mark.once
def test_keys_of_pointer_authentication_are_a_guests_own(tmp_path):
    run = pair(tmp_path, "pauth", "--cpu", "max,pauth-impdef=on")
    signed = [re.search(r"^signed (0x\w+)$", "\n".join(run.lines_of(name)), re.MULTILINE)[1] for name in ("one", "two")]
    assert signed[0] != signed[1], run.report()


@pytest.mark.once
def test_what_a_guest_must_not_find_is_named_once(tmp_path):
    run = pair(tmp_path, "hidden", "--cpu", "max,pauth-impdef=on")
    assert run.log.count("write of LORC_EL1 at pc") == 1, run.report()


def with_program(folder):
    """Linux's initramfs with guests/linux/registers.c in it: a second archive behind the first."""
    linux = harness.GUESTS / "linux"
    first = mkinitrd.read(linux / "initrd.gz")
    program = mkinitrd.newc_entry(1, "bin/registers", 0o100755, mkinitrd.read(linux / "registers"))
    (folder / "initrd").write_bytes(mkinitrd.pad(first) + program + mkinitrd.newc_entry(0, "TRAILER!!!", 0))
    return f'/incbin/("{folder}/initrd")'


@pytest.mark.parametrize("pcpus", [1, 2])
@pytest.mark.parametrize("cpu", harness.cpus("cortex-a57", "max,pauth-impdef=on"))
def test_programs_of_linux_use_them(tmp_path, cpu, pcpus):
    """Watchpoints and cycle counts by perf_event_open(), single steps by ptrace(), pointer keys; on both vCPUs at once."""
    node = harness.vm("linux", "linux/Image", vcpus=2, memory="<0x0 0x40000000 0x0 0x08000000>", initrd=with_program(tmp_path),
                      bootargs="console=ttyAMA0")
    script = (b"stty -echo; taskset 1 registers > /tmp/one & taskset 2 registers > /tmp/two; wait; "
              b"sed 's/^/one /' /tmp/one; sed 's/^/two /' /tmp/two; grep Features /proc/cpuinfo; dmesg | grep perfevents; poweroff -f\n")
    run = harness.run(tmp_path, "--cpu", cpu, "--pcpus", pcpus, nodes=[node], stdin=script)
    assert run.status == 0 and "FAIL" not in run.console, run.report()
    expected = 7 if "pauth" in cpu else 5
    for name in ("one", "two"):
        assert run.console.count(f"{name} ok: ") == expected and f"{name} program ends" in run.console, run.report()
    assert ("paca pacg" in run.console) == ("pauth" in cpu), run.report()
    assert "hw perfevents: enabled with armv8_pmuv3" in run.console, run.report()
