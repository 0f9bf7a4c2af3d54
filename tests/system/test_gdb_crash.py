"""A guest that crashes, or does what its manifest names, stops and waits for GDB, when it has been asked to; else it ends as ever."""

import time

import pytest

import harness
from debugger import Debugged, free_port, gdb_image

pytestmark = pytest.mark.once  # the protocol and its commands, not the CPU: test_gdb.py is for that

GUEST = harness.GUESTS / "tests/crash.elf"
WAITS = "waits for the debugger"


@pytest.fixture(scope="module", autouse=True)
def image():
    gdb_image()


def crashing(folder, *arguments, **properties):
    return Debugged(folder, *arguments, nodes=[harness.test_guest("crash", "crash", "how=1", **properties)], symbols=GUEST)


def wait_for(guest, text):
    end = time.monotonic() + harness.BACKSTOP_S
    while text not in guest.log():
        assert time.monotonic() < end and guest.dialogue.child.poll() is None, guest.log()
        time.sleep(0.1)


def assert_crashed(guest):
    run = guest.dialogue.end()
    assert run.exit_line() == (3, "guest-crash"), run.report()


def test_a_crash_is_seen_by_gdb_with_its_registers(tmp_path):
    """The vectors cannot be fetched: it stands where it would have gone on. There is nothing but the end behind it."""
    with crashing(tmp_path, "--halt") as guest:
        said = guest.gdb("continue", "p/x $x20", "monitor explain", "continue")
        assert "SIGABRT" in said and "$1 = 0x5afe" in said, said
        assert_crashed(guest)


def test_a_crash_that_nobody_wants_ends_the_vm(tmp_path):
    with crashing(tmp_path, "--halt") as guest:
        said = guest.gdb("monitor crash off", "continue")
        assert "received" not in said, said
        assert_crashed(guest)


@pytest.mark.parametrize("how", ["monitor", "manifest"])
def test_a_crash_waits_for_a_debugger_that_comes_later(tmp_path, how):
    asked = {"debug-stop": ["crash"]} if how == "manifest" else {}
    with crashing(tmp_path, *([] if asked else ["--halt"]), **asked) as guest:
        if not asked:
            guest.gdb("monitor crash on", "detach")
        wait_for(guest, WAITS)
        said = guest.gdb("p/x $x20", "monitor crash off", "continue")
        assert "$1 = 0x5afe" in said and "received" not in said, said
        assert_crashed(guest)


def test_without_a_rule_a_crash_is_the_end(tmp_path):
    with crashing(tmp_path) as guest:
        assert_crashed(guest)


def test_a_rule_of_the_manifest_stops_its_vm(tmp_path):
    """A second one, which has none, goes on meanwhile; GDB finds the one that waits."""
    nodes = [harness.bystander(), harness.test_guest("debugged", "debugged", vcpus=2, debug_stop=["psci CPU_ON", "irq 33"])]
    with Debugged(tmp_path, nodes=nodes) as guest:
        wait_for(guest, f"vm debugged: {WAITS}")
        guest.dialogue.expect("done: ")
        said = guest.gdb("monitor break", "x/i $pc - 4", "info inferiors")
        assert "1: psci 0x84000003" in said and "2: irq 33" in said and "hvc" in said and "process 2" in said, said


def test_a_rule_that_makes_no_sense_leaves_the_vm_out(tmp_path):
    run = harness.run(tmp_path, f"--gdb={free_port()}", nodes=[harness.test_guest("bad", "debugged", debug_stop=["crash", "exit nonsense"])])
    assert "vm bad: debug-stop: nonsense: no exit reason" in run.log, run.report()
