"""A real GDB debugs the toy processor of examples/gdbstub-host through the library, over a socket."""

import pathlib
import re
import signal
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILT = ROOT / "build/gdbstub-host"


class Toy:
    def __init__(self):
        command = [BUILT / "toy", BUILT / "guest.bin", "0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.port = re.search(r"127\.0\.0\.1:(\d+)", self.process.stdout.readline()).group(1)

    def command(self, *commands):
        argv = ["gdb-multiarch", "-nx", "-batch", BUILT / "guest.elf", "-ex", "set debuginfod enabled off",
                "-ex", f"target remote 127.0.0.1:{self.port}"]
        for command in commands:
            argv += ["-ex", command]
        return argv

    def gdb(self, *commands):
        done = subprocess.run(self.command(*commands), capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def executed(self):
        return int(re.search(r"(\d+) instructions", self.gdb("monitor executed", "detach")).group(1))


@pytest.fixture
def toy():
    machine = Toy()
    yield machine
    assert machine.process.poll() is None, "the toy has ended"
    machine.process.kill()
    machine.process.wait()


def test_break_step_and_print(toy):
    out = toy.gdb("print $pc", "break tick", "continue", "print *(long *)&counter", "stepi", "print $x2", "info threads",
                  "next", "print $pc", "detach")
    assert "$1 = (void (*)()) 0x1000 <_start>" in out
    assert "Breakpoint 1, tick ()" in out
    assert "$2 = 1\n" in out and "$3 = 1\n" in out
    assert "* 1    Thread 1" in out
    assert "$4 = (void (*)()) 0x1018 <loop+16>" in out
    assert "warning" not in out


def test_a_condition_is_evaluated_in_the_target(toy):
    out = toy.gdb("set breakpoint condition-evaluation target",
                  "break loop if $x0 == 5000 && *(long *)0x2000 == 5000", "set debug remote 1", "continue", "set debug remote 0", "print $x0",
                  "detach")
    assert "$1 = 5000" in out
    # One resume, not one a hit.
    assert out.count("Sending packet: $vCont;c") == 1


def test_commands_run_in_the_target(toy):
    out = toy.gdb("set dprintf-style agent", r'dprintf tick,"tick %d at %p, %5u%%\n", $x0, $pc, $x0', "break loop if $x0 == 3", "continue",
                  "detach")
    for count in (1, 2, 3):
        assert f"tick {count} at 0x101c,     {count}%\n" in out


def test_watchpoint_memory_and_search(toy):
    out = toy.gdb("watch *(long *)&counter", "continue", "delete", "set var *(long *)&counter = 0x1122334455667788",
                  "print/x *(long *)&counter", "find /w 0x1000, +0x100, 0xd65f03c0", "set $x7 = 99", "print $x7", "compare-sections .text",
                  "print *(long *)0x20000", "detach")
    assert "New value = 1" in out
    assert "$1 = 0x1122334455667788" in out
    assert "0x1020 <tick+4>\n1 pattern found." in out
    assert "$2 = 99" in out
    assert "Section .text, range 0x1000 -- 0x1024: matched." in out
    assert "Cannot access memory at address 0x20000" in out


def test_detached_it_goes_on(toy):
    before = toy.executed()
    time.sleep(0.1)
    assert toy.executed() > before


def test_gdb_is_killed_and_comes_back(toy):
    first = subprocess.Popen(toy.command("break tick if $x0 == -1", "continue"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             text=True)
    for line in first.stdout:
        if "Breakpoint 1 at" in line:
            break
    time.sleep(1)
    first.send_signal(signal.SIGKILL)
    first.wait()
    out = toy.gdb("info threads", "break tick", "continue", "detach")
    assert "* 1    Thread 1" in out and "Breakpoint 1, tick ()" in out
    before = toy.executed()
    time.sleep(0.1)
    assert toy.executed() > before
