"""What GDB leaves to Vitrine: conditions of breakpoints, and stops at what only a hypervisor sees. The guest counts what it does, so a
stop that costs or repeats an instruction fails one of its checks."""

import re
import subprocess

import pytest

import harness
from debugger import LET_IT_END, Debugged, gdb_image, numbers, passed
from lablib.common import addresses

pytestmark = pytest.mark.once  # the protocol and its commands, not the CPU: test_gdb.py is for that

GUEST = harness.GUESTS / "tests/monitored.elf"


@pytest.fixture(scope="module", autouse=True)
def image():
    gdb_image()


def node(vcpus=2):
    return harness.test_guest("monitored", "monitored", vcpus=vcpus)


def halted(folder, *arguments):
    return Debugged(folder, "--halt", *arguments, nodes=[node()], symbols=GUEST)


def symbol(name):
    return addresses(GUEST)[name]


def stops(packets):
    return len(re.findall(r"Packet received: T05", packets))


@pytest.mark.parametrize("kind", ["break", "hbreak"])
def test_a_condition_is_asked_at_the_target(tmp_path, kind):
    """Of a thousand calls the guest stops at one, and GDB hears of no other."""
    with halted(tmp_path) as guest:
        said = guest.gdb(f"{kind} *hot if $x0 == 900 && *(long *)$x1 == 900", "set debug remote 1", "continue", "set debug remote 0",
                         "p $x0", "info breakpoints", *LET_IT_END)
        assert stops(said.split("$1 = ")[0]) == 1, said
        assert "$1 = 900" in said, said
        passed(guest)


@pytest.mark.parametrize("kind", ["break", "hbreak"])
def test_a_condition_that_is_false_disturbs_no_other_vcpu(tmp_path, kind):
    """Both call it all the time; the guest's own counts say whether each call was one."""
    with halted(tmp_path) as guest:
        said = guest.gdb("hbreak start_vcpu", "continue", "delete", f"{kind} *hot if $x0 == 950", "continue", "p $x0", "info threads",
                         *LET_IT_END)
        assert "$1 = 950" in said, said
        passed(guest)


@pytest.mark.parametrize("kind", ["break", "hbreak"])
def test_an_instruction_behind_a_false_condition_does_what_it_always_does(tmp_path, kind):
    """Simulated or stepped: the guest has done the same without breakpoints, and compares."""
    first, last = symbol("mixed"), symbol("mixed_end")
    every = range(first, last + 4, 4) if kind == "break" else range(first + 7 * 4, first + 11 * 4, 4)
    with halted(tmp_path) as guest:
        said = guest.gdb("hbreak mixed_once", "continue", "delete", *[f"{kind} *{pc:#x} if $x10 == 77" for pc in every],
                         "hbreak start_vcpu", "continue", *LET_IT_END)
        assert said.count("reakpoint") > len(every) and "start_vcpu" in said and "SIG" not in said, said
        passed(guest)


def test_a_breakpoint_met_by_another_address_can_be_left(tmp_path):
    """GDB knows of none there, so it does not step over: the target does."""
    with halted(tmp_path) as guest:
        said = guest.gdb("hbreak start_vcpu", "break *hot if $x0 == 7 && *(long *)$x1 == 1000", "continue", "p/x $pc", "p $x0",
                         "continue", *LET_IT_END)
        assert numbers(said, r"\$\d+ = (0x8\w+)") == [symbol("hot") + 0x40000000], said
        assert "hit Breakpoint 1" in said, said
        passed(guest)


def test_a_patch_is_in_memory_and_gdb_does_not_see_it(tmp_path):
    """The guest does; neither `x` nor `find` nor `compare-sections` do."""
    with halted(tmp_path) as guest:
        first = "*(unsigned *)hot"
        said = guest.gdb(f"p/x {first}", "set breakpoint always-inserted on", "break *hot", f"p/x {first}", "x/i hot",
                         "find /w (char *)hot, +16, 0xd43a1a00", "compare-sections .text", "monitor phys on", f"p/x {first}",
                         "monitor phys off", *LET_IT_END)
        words = numbers(said, r"\$\d+ = (0x\w+)")
        assert len(words) == 3 and len(set(words)) == 1, said
        assert "brk" not in said and "Pattern not found" in said and "matched" in said and "MIS-MATCHED" not in said, said
        passed(guest)


@pytest.mark.parametrize("interrupts", ["off", "on"])
def test_a_step_meets_an_interrupt_only_when_asked(tmp_path, interrupts):
    """The timer's has been pending since before the instruction that unmasks."""
    with halted(tmp_path) as guest:
        said = guest.gdb(f"monitor stepirq {interrupts}", "hbreak *unmask", "continue", "delete", *(["stepi", "p/x $pc"] * 3),
                         *LET_IT_END)
        pcs = numbers(said, r"\$\d+ = (0x\w+)")
        begin = symbol("unmask")
        if interrupts == "off":
            assert pcs == [begin + 4, begin + 8, begin + 12], said
        else:
            vectors = symbol("vectors")
            assert pcs[0] == begin + 4 and pcs[1] == vectors + 0x280, said
        passed(guest)


@pytest.mark.parametrize("what, exits", [("sysreg id_aa64pfr0_el1", "mrs"), ("psci cpu_on", "hvc"), ("ipa 0x09000000 4096 w", "str")])
def test_an_exit_is_stopped_at_by_what_it_is_about(tmp_path, what, exits):
    """The instruction before the place where it stops is the one; the next one of another kind is not."""
    with halted(tmp_path) as guest:
        said = guest.gdb(f"monitor break {what}", "continue", "x/2i $pc - 4", "monitor break", "monitor break off 1", "monitor break",
                         *LET_IT_END)
        assert "SIGTRAP" in said, said
        assert re.search(rf"^   0x\w+.*:\s+{exits}\s", said, re.M), said
        assert said.count("1: ") == 2, said
        passed(guest)


def test_an_interrupt_is_stopped_at_before_its_handler(tmp_path):
    with halted(tmp_path) as guest:
        said = guest.gdb("monitor break irq 27", "continue", "p (long)interrupts", *LET_IT_END)
        assert said.count("SIGTRAP") == 1 and "= 0\n" in said, said
        passed(guest)


def test_wrong_words_are_named(tmp_path):
    with halted(tmp_path) as guest:
        said = guest.gdb("monitor break sysreg nonsense", "monitor break psci nonsense", "monitor break irq x", "monitor break ipa x",
                         "monitor break off 9", "monitor break nonsense", "monitor trace nonsense", "monitor trace status",
                         "monitor crash maybe", *LET_IT_END)
        for claim in ("nonsense: no register", "nonsense: no such function", "which interrupt?", "which addresses?",
                      "9: no such one", "nonsense: exit, sysreg", "nonsense: not understood", "level=events", "on or off?"):
            assert claim in said, f"{claim}\n{said}"
        passed(guest)


def test_a_reset_by_monitor_begins_anew(tmp_path):
    with halted(tmp_path) as guest:
        said = guest.gdb("hbreak start_vcpu", "continue", "delete", "monitor reset", "maintenance flush register-cache", "p/x $pc",
                         "p &_start", *LET_IT_END)
        begin = numbers(said, r"\$\d+ = (?:\(.*\) )?(0x[0-9a-f]+)")
        assert len(begin) == 2 and begin[0] == begin[1], said
        run = passed(guest)
        assert run.console.count("each call is made once") == 2, run.report()


def test_the_trace_shows_what_a_debugger_did(tmp_path):
    subprocess.run(["make", "-s", "vtrace"], cwd=harness.ROOT, check=True, capture_output=True)
    with halted(tmp_path) as guest:
        guest.gdb("hbreak *hot", "continue", "delete", "stepi", "watch *(long *)&hots", "continue", *LET_IT_END)
        run = passed(guest)
    harness.check_trace(run.folder)  # nothing lost by the stops, and nothing counted twice
    text = subprocess.run([harness.ROOT / "build/host/vtrace", "dump", run.folder / "run.vtr"], capture_output=True, text=True,
                          check=True).stdout
    for kind in ("attach", "breakpoint", "step", "watchpoint", "stop", "resume"):
        assert re.search(rf"DEBUGGER.*{kind}", text, re.I), text[-3000:]


def test_a_page_of_code_is_stopped_at_by_each_instruction_asked_for(tmp_path):
    """Its first instruction is on the page, too, and is passed over; a step is one instruction there."""
    page = symbol("paged")
    with halted(tmp_path) as guest:
        said = guest.gdb(f"monitor break exec {page + 4:#x} 4", "continue", "p/x $pc", "stepi", "p/x $pc",
                         f"monitor break exec {page + 0x123:#x}", "monitor break", "continue", "p/x $pc", "continue", "p/x $pc",
                         "monitor break off 2", *LET_IT_END)
        pcs = numbers(said, r"\$\d+ = (0x\w+)")
        assert pcs[0] == page + 4 and pcs[1] & -4096 != page and pcs[2] & -4096 == page and pcs[3] == pcs[2] + 4, said
        assert f"2: exec {page:#x},0x1000" in said and said.count("SIGTRAP") == 3, said
        passed(guest)


@pytest.mark.parametrize("how, instruction, value", [("w", "str", 0), ("r", "ldr", 5)])
def test_memory_is_stopped_at_before_the_access(tmp_path, how, instruction, value):
    """The rest of its page is the guest's to use, also by other vCPUs; the stop is met once an access."""
    address = symbol("guarded") + 520 * 8
    with halted(tmp_path) as guest:
        said = guest.gdb("hbreak start_vcpu", "continue", f"monitor break ipa {address:#x} 8 {how}", "continue", "x/i $pc",
                         "p *(long *)((char *)&guarded + 4160)", *LET_IT_END)
        assert said.count("SIGTRAP") == 1 and re.search(rf"=> 0x.*:\s+{instruction}\s", said) and f"$1 = {value}\n" in said, said
        passed(guest)


def test_a_guarded_page_is_passed_by_all_vcpus_unseen(tmp_path):
    """Both write beside the guarded word all the time; their counts say whether an access was lost."""
    word = symbol("hots") + 7 * 8
    with halted(tmp_path) as guest:
        said = guest.gdb("hbreak start_vcpu", "hbreak paged", "continue", f"monitor break ipa {word:#x} 8", "continue",
                         "monitor break off", *LET_IT_END)
        assert "SIGTRAP" not in said and "hit Breakpoint 2" in said, said
        passed(guest)
