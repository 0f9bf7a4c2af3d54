"""A guest under GDB, by the debugger that Vitrine has in itself: gdb-multiarch from outside, and the guest must go on to its end."""

import os
import re
import signal
import subprocess
import time

import pytest

import debugger
import harness
from debugger import GUEST, LET_IT_END, Debugged, numbers, passed, two_vcpus
from lablib.common import addresses


@pytest.fixture(scope="module", autouse=True)
def gdb_image():
    debugger.gdb_image()


def test_it_waits_at_its_first_instruction(tmp_path):
    with Debugged(tmp_path, "--halt", nodes=[two_vcpus()]) as guest:
        said = guest.gdb("p/x $pc", "p &_start", "p/x $cpsr & 0xf", "p $x1", "info threads", "stepi", "p/x $pc", *LET_IT_END)
        first = numbers(said, r"\$\d+ = \(.*\) (0x[0-9a-f]+)")
        pcs = numbers(said, r"\$\d+ = (0x[0-9a-f]{5,})")
        assert pcs == [first[0], first[0] + 4], said
        assert '"debugged.vcpu0" (EL1)' in said and '"debugged.vcpu1" (off)' in said, said
        passed(guest)


def test_a_step_is_one_instruction_whoever_executes_it(tmp_path):
    """Trapped registers, HVC, SMC, device accesses and WFI included; the console gets its byte once. And a loop around an exclusive
    store, which an exception in it would keep from ever ending, is stepped over."""
    symbols = addresses(GUEST)
    begin, end, loop = (symbols[name] for name in ("steps_begin", "steps_end", "loop_begin"))
    steps = (end - begin) // 4
    with Debugged(tmp_path, "--halt", nodes=[two_vcpus()]) as guest:
        said = guest.gdb("hbreak *steps_begin", "continue", "delete", *(["stepi", "p/x $pc"] * steps), "p $x19", "stepi", "stepi",
                         "p/x $pc", *LET_IT_END)
        assert numbers(said, r"\$\d+ = (0x4008\w+)") == [*range(begin + 4, end + 4, 4), loop + 12], said
        assert re.search(r"\$\d+ = 7$", said, re.M), said
        console = passed(guest).console
        assert re.sub(r"^\[vitrine\].*", "", console, flags=re.M).count("S") == 1, console


def test_breakpoints_of_both_kinds(tmp_path):
    with Debugged(tmp_path, "--halt", nodes=[two_vcpus()]) as guest:
        said = guest.gdb("hbreak *call", "continue", "p $x0", "delete", "set breakpoint always-inserted on", "break *call",
                         "continue", "p $x0", "x/1i $pc", "continue",
                         "p $x0", "finish", "p $x0", *LET_IT_END)
        assert numbers(said, r"\$\d+ = (\d+)")[:3] == [1, 2, 3], said
        assert "brk" not in said, said
        passed(guest)


def test_a_watchpoint_sees_each_change(tmp_path):
    with Debugged(tmp_path, "--halt", nodes=[two_vcpus()]) as guest:
        said = guest.gdb("watch *(long *)&watched", "continue", "continue", "p $_exitcode", *LET_IT_END)
        assert re.findall(r"New value = (\d+)", said) == ["1", "2"], said
        passed(guest)


def test_registers_run_out_with_a_word(tmp_path):
    with Debugged(tmp_path, "--halt", nodes=[two_vcpus()]) as guest:
        said = guest.gdb(*(f"hbreak *(_start + {4 * i})" for i in range(1, 8)), "continue", "delete", *LET_IT_END[1:])
        assert "too many hardware breakpoints" in said, said
        passed(guest)


def test_gdb_finds_the_program_by_itself(tmp_path):
    """It is in the manifest: nobody need have the file. Its end is told, too."""
    with Debugged(tmp_path, "--halt", nodes=[two_vcpus()], symbols=None) as guest:
        said = guest.gdb("info inferiors", "hbreak call", "continue", "info symbol $pc", *LET_IT_END)
        assert "target:/debugged.elf" in said and "call in section .text" in said, said
        assert "exited normally" in said, said
        passed(guest)


def test_a_dprintf_is_printed_at_the_target(tmp_path):
    """GDB hears its text and of no stop: the breakpoint's commands are run where it is met."""
    with Debugged(tmp_path, "--halt", nodes=[two_vcpus()]) as guest:
        said = guest.gdb("set dprintf-style agent", "set breakpoint always-inserted on",
                         'dprintf *call,"called with %d at 0x%lx\\n", $x0, $pc', "set debug remote 1", LET_IT_END[1], "continue")
        assert re.findall(r"^called with (\d+) at 0x4008\w+$", said, re.M)[:3] == ["1", "2", "3"], said
        assert "Packet received: T05" not in said, said
        assert "exited normally" in said, said
        passed(guest)


def test_memory_that_is_not_there_is_not_read(tmp_path):
    """Nor are devices: a read could change them."""
    with Debugged(tmp_path, "--halt", nodes=[two_vcpus()]) as guest:
        said = guest.gdb("x/1xw 0x70000000", "x/1xw 0x09000000", "x/4xb 0x401ffffe", "p $VBAR_EL1 = 0x1234000", "p/x $VBAR_EL1",
                         "p $VBAR_EL1 = 0", "p $HCR_EL2 = 0", "p $cpsr = 0x3c9", *LET_IT_END)
        assert said.count("Cannot access memory at address") == 3, said
        assert "= 0x1234000" in said, said
        assert len(re.findall(r"Could not write register|Remote failure reply", said)) == 2, said
        passed(guest)


def test_ctrl_c_stops_all_and_all_go_on(tmp_path):
    with Debugged(tmp_path, nodes=[two_vcpus()]) as guest:
        guest.dialogue.expect("waiting\n")
        child = guest.start("info threads", "p spins", "echo going on\\n", "continue", "p/x *(long *)&spins", "info threads", *LET_IT_END,
                            start_new_session=True)
        before = harness.read_until(child.stdout.fileno(), "going on\n", harness.BACKSTOP_S)
        time.sleep(3)  # for `continue` to reach the guest; more is not wrong
        os.killpg(child.pid, signal.SIGINT)
        said = before + child.communicate(timeout=harness.BACKSTOP_S)[0]
        assert "received signal SIGINT" in said, said
        assert said.count('"debugged.vcpu1" (EL1)') == 2, said
        passed(guest)


def test_a_gdb_that_is_killed_can_come_back(tmp_path):
    with Debugged(tmp_path, nodes=[two_vcpus()]) as guest:
        guest.dialogue.expect("waiting\n")
        child = guest.start("break *touch", "watch *(long *)&watched", "echo going on\\n", "continue")
        harness.read_until(child.stdout.fileno(), "going on\n", harness.BACKSTOP_S)
        time.sleep(3)
        child.kill()
        child.communicate()
        said = guest.gdb("p *(long *)&watched", "x/2i touch", *LET_IT_END)
        assert "= 5" in said and "brk" not in said, said
        passed(guest)


def test_monitor_tells_what_only_a_hypervisor_sees(tmp_path):
    with Debugged(tmp_path, nodes=[two_vcpus()]) as guest:
        guest.dialogue.expect("waiting\n")
        said = guest.gdb("monitor help", "monitor vms", "monitor vcpus", "monitor exits", "monitor s1 pc", "monitor s2 0x40000000",
                         "monitor s2 0x70000000", "monitor timer", "monitor gic", "monitor sysreg vbar_el1", "monitor nonsense",
                         "monitor break exit nonsense", *LET_IT_END)
        for claim in ("monitor stepirq", "* 1 debugged", "debugged.vcpu1  cpu", "MMIO write", "the MMU is off", "-> PA 0x",
                      "IPA 0x70000000: not mapped", "virtual counter", "VBAR_EL1 ", "nonsense: no such command", "no exit reason"):
            assert claim in said, f"{claim}\n{said}"
        passed(guest)


def test_an_exit_of_a_kind_stops_the_vm(tmp_path):
    with Debugged(tmp_path, "--halt", nodes=[two_vcpus()]) as guest:
        said = guest.gdb("monitor break exit mmio_write", "continue", "monitor explain", "monitor last 3", "monitor break off",
                         *LET_IT_END)
        assert "SIGTRAP" in said, said
        passed(guest)


def test_run_begins_anew_and_kill_ends(tmp_path):
    with Debugged(tmp_path, "--halt", nodes=[two_vcpus()]) as guest:
        said = guest.gdb("disconnect", f"target extended-remote 127.0.0.1:{guest.port}", "hbreak *touch", "continue", "set confirm off",
                         "run", "p $x0", "delete", "kill")
        assert len(re.findall(r"hit Breakpoint 1,", said)) == 2, said
        run = guest.dialogue.end()
        assert run.console.count("\nready") == 2 and "waiting" not in run.console, run.report()
        assert run.exit_line() == (0, "poweroff"), run.report()


def test_the_other_vm_goes_on(tmp_path):
    """While one VM is stopped, time passes and interrupts come in the other."""
    with Debugged(tmp_path, "--halt", nodes=[two_vcpus(), harness.bystander()]) as guest:
        guest.dialogue.expect("[bystander] done: ")
        said = guest.gdb("info threads", *LET_IT_END)
        assert "bystander" not in said, said
        run = guest.dialogue.end()
        run.assert_passed("debugged")


def test_debian_stops_at_start_kernel_and_goes_on_to_its_shell(tmp_path):
    symbols = tmp_path / "linux.elf"
    subprocess.run([harness.ROOT / "tools/kallsyms-to-elf", harness.GUESTS / "linux/Image", "-o", symbols], check=True)
    manifest = tmp_path / "linux.dts"  # a CPU with RNDR would let the kernel choose where it goes
    manifest.write_text((harness.ROOT / "vms/linux.dts").read_text().replace("console=ttyAMA0", "console=ttyAMA0 nokaslr"))
    with Debugged(tmp_path, manifest, "--halt", symbols=symbols) as guest:
        said = guest.gdb("p/x $pc", "stepi", "hbreak *start_kernel", "continue", "bt 1", "delete", "break *do_idle", "continue", "bt 2",
                         "info threads", "stepi 30", "delete", "detach")
        assert "hit Breakpoint 1, 0x" in said and "in start_kernel ()" in said, said
        assert "hit Breakpoint 2, 0x" in said and "in do_idle ()" in said and "cpu_startup_entry" in said, said
        guest.dialogue.expect("vitrine:/#")
        said = guest.gdb("info threads", "detach")
        assert len(re.findall(r"linux\.vcpu\d. \(EL", said)) == 4, said
        guest.dialogue.say("nproc; dmesg | grep -c -e stall -e lockup; poweroff -f\n")
        run = guest.dialogue.end()
        assert re.search(r"^4$", run.console, re.M) and re.search(r"^0$", run.console, re.M), run.report()
        assert run.exit_line() == (0, "poweroff"), run.report()
