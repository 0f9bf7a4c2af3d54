"""The purpose-built guests of guests/tests/: what a guest's CPU, interrupts, timer, devices and calls do."""

import re

import pytest

import harness


def beside_a_bystander(folder, guest, vcpus=1, pcpus=1, how="", options=()):
    """The guest and a second VM on the same CPUs: both must come to a good end."""
    run = harness.run(folder, *options, "--pcpus", pcpus, nodes=[harness.test_guest("guest", guest, how, vcpus=vcpus), harness.bystander()])
    run.assert_passed("guest")
    run.assert_passed("bystander")
    assert run.status == 0, run.report()
    assert run.exit_line() == (0, "poweroff"), run.report()
    harness.check_trace(folder)
    return run


def test_two_vms_on_one_cpu_keep_their_registers(tmp_path):
    run = harness.run(tmp_path, "--pcpus", 1, nodes=[harness.test_guest("one", "registers", "seed=1"),
                                                     harness.test_guest("two", "registers", "seed=2")])
    run.assert_passed("one")
    run.assert_passed("two")
    assert run.status == 0, run.report()


@pytest.mark.parametrize("guest", ["timer", "irq", "mmio", "sysregs", "walk"])
def test_guest(tmp_path, guest):
    beside_a_bystander(tmp_path, guest)


@pytest.mark.parametrize("pcpus", [1, 2, 4])
def test_sgis_between_vcpus(tmp_path, pcpus):
    beside_a_bystander(tmp_path, "ipi", vcpus=4, pcpus=pcpus)


@pytest.mark.parametrize("pcpus", [1, 2])
def test_calls(tmp_path, pcpus):
    beside_a_bystander(tmp_path, "calls", vcpus=2, pcpus=pcpus)


@pytest.mark.parametrize("guest, vcpus, pcpus", [("timer", 1, 1), ("ptimer", 1, 1), ("irq", 1, 1), ("ipi", 4, 1), ("ipi", 4, 2),
                                                 ("calls", 2, 2), ("registers", 1, 1)])
def test_guest_on_gicv2(tmp_path, guest, vcpus, pcpus):
    """What has to do with interrupts or with the vCPU's state, on the other GIC and its image."""
    beside_a_bystander(tmp_path, guest, vcpus, pcpus, options=["--gic", "2"])


@pytest.mark.parametrize("cpu", harness.cpus("cortex-a76", "max,pauth-impdef=on"))
def test_system_registers_of_newer_cpus(tmp_path, cpu):
    """More registers exist there; none of them may be a way out, and each one shown must work."""
    run = harness.run(tmp_path, "--cpu", cpu, nodes=[harness.test_guest("guest", "sysregs"), harness.bystander()])
    run.assert_passed("guest")
    run.assert_passed("bystander")
    assert run.status == 0, run.report()


WAYS_TO_CRASH = {
    1: "vectors where nothing is, undefined instruction",
    2: "vectors where nothing is, wild read",
    3: "vectors in a device",
    4: "jump to nowhere",
    5: "trapped register",
    7: "translation tables outside RAM",
}


@pytest.mark.parametrize("how", WAYS_TO_CRASH, ids=WAYS_TO_CRASH.get)
def test_endless_exceptions_stop_that_vm_with_a_record(tmp_path, how):
    run = harness.run(tmp_path, "--pcpus", 1, nodes=[harness.test_guest("guest", "crash", f"how={how}"), harness.bystander()])

    run.assert_passed("bystander")
    assert run.status == 3, run.report()
    assert run.exit_line() == (3, "guest-crash"), run.report()
    assert "crash: vm guest vcpu 0: its exception vectors can not be fetched" in run.log, run.report()
    assert "(instruction abort, lower EL)" in run.log, "the record decodes ESR"
    assert "x20 0000000000005afe" in run.log, "the record has the registers"
    assert "vbar_el1 0000000070000000" in run.log or "vbar_el1 0000000008000000" in run.log, run.report()
    history = run.log.split("last 16 exits")[1].split("vm guest: stopped")[0].splitlines()[1:]
    assert len([line for line in history if " pc 0x" in line]) == 16, run.report()
    assert "vm guest: stopped after its crash" in run.log, run.report()
    assert "vm bystander: powered off" in run.log, run.report()
    assert "a guest crashed" in run.said, run.report()


def test_a_guest_that_faults_for_ever_keeps_nobody_from_anything(tmp_path):
    """Its vectors can be fetched, so it is the guest's own endless loop: the others go on, and the keys work."""
    nodes = [harness.test_guest("guest", "crash", "how=6"), harness.bystander()]
    with harness.Dialogue(tmp_path, "--pcpus", 1, nodes=nodes) as talk:
        talk.expect("[bystander] done: ")
        talk.say(b"\x01x")
        run = talk.end()
    assert run.status == 0, run.report()
    assert run.exit_line() == (0, "quit"), run.report()


def test_a_vm_whose_vcpus_are_all_off_has_ended(tmp_path):
    run = harness.run(tmp_path, "--pcpus", 1,
                      nodes=[harness.test_guest("guest", "crash", "how=8", vcpus=2), harness.bystander()])
    run.assert_passed("bystander")
    assert run.status == 0, run.report()
    assert "vm guest: every vcpu is off" in run.log, run.report()


RESETS = 40


@pytest.mark.parametrize("pcpus", [1, 4])
def test_resets_in_a_row(tmp_path, pcpus):
    run = harness.run(tmp_path, "--pcpus", pcpus, nodes=[harness.test_guest("guest", "reset", vcpus=4), harness.bystander()],
                      stdin=b"r" * RESETS + b"q")
    run.assert_passed("guest")
    run.assert_passed("bystander")
    assert run.status == 0, run.report()
    assert run.lines_of("guest").count("start") == RESETS + 1, run.report()
    assert run.log.count("vm guest: reset") == RESETS, run.report()


def test_interrupts_while_a_vm_is_reset(tmp_path):
    """One CPU clears 128 MiB again and again: EL2's timer, of two VMs' consoles, is served meanwhile, and nothing is upset."""
    guest = harness.test_guest("guest", "reset", vcpus=2, memory="<0x0 0x40000000 0x0 0x08000000>")
    run = harness.run(tmp_path, "--pcpus", 1, nodes=[guest, harness.bystander()], stdin=b"r" * 10 + b"q")
    run.assert_passed("guest")
    run.assert_passed("bystander")
    assert run.status == 0, run.report()
    assert re.search(r"summary: interrupts at EL2 +[1-9]", run.log), run.report()
    harness.check_trace(tmp_path)


def test_quit_in_the_middle_of_resets(tmp_path):
    """With this much RAM to fill, the VM is nearly always in a reset."""
    guest = harness.test_guest("guest", "reset", vcpus=4, memory="<0x0 0x40000000 0x0 0x04000000>")
    with harness.Dialogue(tmp_path, "--pcpus", 4, nodes=[guest]) as talk:
        talk.say(b"r" * 20 + b"\x01x")
        run = talk.end()
    assert run.status == 0, run.report()
    assert run.exit_line() == (0, "quit"), run.report()
