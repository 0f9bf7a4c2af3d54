"""What a debugger sees and changes of a stopped guest: its registers of every group, its time, its data by watchpoints of every kind."""

import os
import re
import signal
import time

import pytest

import debugger
import harness
from debugger import LET_IT_END, Debugged, numbers, passed, two_vcpus

READ_CNTVCT, HZ_LEAST = 0xd53be040, 1_000_000  # mrs x0, cntvct_el0; Arm's least frequency, for those that do not say
SLEEP_S = 3
SYSTEM_REGISTERS_FROM = 68  # the first one's number in the target description


@pytest.fixture(scope="module", autouse=True)
def gdb_image():
    debugger.gdb_image()


def halted(folder):
    return Debugged(folder, "--halt", nodes=[two_vcpus()])


def test_what_is_written_is_in_the_cpu(tmp_path):
    """A step takes the registers there and back: general, FP and SIMD ones. A PC that no instruction has is refused."""
    with halted(tmp_path) as guest:
        said = guest.gdb("hbreak *call", "continue", "set $x20 = 0x1122334455667788", "set $v3.u64[0] = 0x0123456789abcdef",
                         "set $v31.u32[3] = 0xcafe", "set $fpsr = 0x08000001", "set $fpcr = 0x01000000", "stepi", "p/x $x20",
                         "p/x $v3.u64[0]", "p/x $v31.u32[3]", "p/x $fpsr", "p/x $fpcr", "set $pc = $pc + 2", *LET_IT_END)
        assert numbers(said, r"\$\d+ = (0x\w+)") == [0x1122334455667788, 0x0123456789abcdef, 0xcafe, 0x08000001, 0x01000000], said
        assert re.search(r"Could not write register|Remote failure reply", said), said
        passed(guest)


@pytest.mark.once
def test_registers_come_in_groups_and_only_where_there_are_any(tmp_path):
    groups = {"el1": "TTBR0_EL1", "timer": "CNTV_CVAL_EL0", "gic": "ICH_VMCR_EL2", "debug": "DBGBVR0_EL1", "el2-vm": "VTTBR_EL2"}
    with halted(tmp_path) as guest:
        said = guest.gdb(*(f"info registers {group}" for group in groups), "thread 2", "p $x0", "p $VBAR_EL1", "p $v0.u64[0]",
                         "thread 1", *LET_IT_END)
        for group, register in groups.items():
            assert re.search(rf"^{register} +0x", said, re.M), f"{group}\n{said}"
        assert said.count("= <unavailable>") == 3, said
        passed(guest)


@pytest.mark.once
def test_a_function_called_from_gdb_changes_what_it_changes(tmp_path):
    """Its registers come back, without a write to the hundred that it has nothing to do with."""
    with halted(tmp_path) as guest:
        said = guest.gdb("hbreak *call", "continue", "set scheduler-locking on", "p/x $pc", "p *(long *)&watched", "set debug remote 1",
                         "p ((int (*)(long))touch)(77)", "set debug remote 0", "p *(long *)&watched", "p/x $pc", "p $x0",
                         "set scheduler-locking off", *LET_IT_END)
        values = re.findall(r"^\$\d+ = (\w+)$", said, re.M)
        assert values[1] == "0" and values[-4:] == [values[-4], "77", values[0], "1"], said
        writes = re.findall(r"Sending packet: \$P(\w+)=", said)
        assert writes and all(int(number, 16) < SYSTEM_REGISTERS_FROM for number in writes), writes
        passed(guest)


@pytest.mark.once
@pytest.mark.parametrize("mode", ["freeze", "run"])
def test_time_stands_still_or_goes_on(tmp_path, mode):
    """As the guest's own instruction reads it, on both sides of a pause."""
    read_it = ["set $pc = &touch", "stepi", "p $x0"]
    with halted(tmp_path) as guest:
        said = guest.gdb("hbreak *call", "continue", "delete", f"monitor vtime {mode}", "set $old = *(int *)touch",
                         "set $was = $pc", "set $number = $x0", f"set *(int *)touch = {READ_CNTVCT}", *read_it, f"shell sleep {SLEEP_S}",
                         *read_it, "p *(int *)touch = $old", "set $pc = $was", "set $x0 = $number", "monitor timer", *LET_IT_END)
        before, after = numbers(said, r"\$\d+ = (\d+)\n")[:2] if "$2" in said else (0, 0)
        hz = numbers(said, r"(\d+) Hz")[0]
        assert hz >= HZ_LEAST and before, said
        assert (after - before >= SLEEP_S * hz) == (mode == "run"), said
        passed(guest)


def test_watchpoints_of_every_kind_and_place(tmp_path):
    """Reads and both; across doublewords, and longer than one register watches; on a vCPU that is switched on later. Too many are
    refused."""
    watched = "(char *)&watched"
    with halted(tmp_path) as guest:
        said = guest.gdb("rwatch *((long *)&spins + 1)", "continue", "info threads", "delete",
                         f"awatch *(long *)({watched} + 3)", "continue", "p $x0", "delete",
                         f"awatch *(char (*)[24])({watched} - 16)", "continue", "p $x0", "delete",
                         *(f"watch *((long *)&spins + {2 * i + 8})" for i in range(17)), "continue", "delete", *LET_IT_END)
        assert "Hardware read watchpoint 1" in said and re.search(r'^\* 2 .*"debugged.vcpu1"', said, re.M), said
        assert said.count("Hardware access (read/write) watchpoint") == 4, said  # set, and met
        assert numbers(said, r"\$\d+ = (\d+)\n") == [1, 2], said
        assert re.search(r"too many hardware (breakpoints/)?watchpoints", said), said
        passed(guest)


@pytest.mark.once
@pytest.mark.parametrize("when", ["stay", "resume"])
def test_a_guest_whose_debugger_is_killed_stays_or_goes_on(tmp_path, when):
    with halted(tmp_path) as guest:
        child = guest.start(f"monitor lost {when}", "break *touch", "continue", "echo stands\\n", "shell sleep 1000",
                            start_new_session=True)
        harness.read_until(child.stdout.fileno(), "stands\n", harness.BACKSTOP_S)
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        if when == "resume":
            guest.dialogue.expect("waiting\n")
        else:
            time.sleep(1)
        said = guest.gdb("x/i touch", "p *(long *)&watched", *LET_IT_END)
        assert "brk" not in said and f"= {5 if when == 'resume' else 0}\n" in said, said
        passed(guest)
