"""The same guest under QEMU's own debugger, at EL1 with nobody below, and under Vitrine's: GDB comes by the same places."""

import re
import subprocess

import pytest

import debugger
import harness
from debugger import Debugged, free_port

pytestmark = pytest.mark.once  # the protocol and its commands, not the CPU: test_gdb.py is for that

GUEST = harness.GUESTS / "tests/stepped.elf"
WALK = ["hbreak walk", "continue", "delete"]
WALKS = {
    "stepi from the first instruction": ["stepi"] * 60,
    "stepi": [*WALK, *["stepi"] * 100],
    "many at once": [*WALK, *["stepi 97"] * 10],
    "nexti": [*WALK, *["nexti"] * 60],
    "step": [*WALK, *["step"] * 60],
    "next": [*WALK, *["next"] * 5, "hbreak sort", "continue", "delete", *["next"] * 8],
    "finish": ["break fibonacci", *["continue"] * 4, "delete", *["finish"] * 4, "stepi"],
    "until": ["hbreak sort", "continue", "delete", "until exceptions", *["until"] * 2],
    "advance": [*WALK, "advance exceptions", "stepi", "stepi", "advance fibonacci", "stepi"],
    "a breakpoint again and again": ["break leaf", *["continue"] * 8, "stepi", "delete", "break fibonacci", *["continue"] * 8],
    "a condition": ["break leaf if number == 5", "continue", "stepi", "break fibonacci if number < 3", "continue", "continue"],
    "a watchpoint": [*WALK, "watch watched", *["continue"] * 12],
    "its own exceptions": ["hbreak exceptions", "continue", "delete", *["stepi"] * 100],
    "its own breakpoint": ["hbreak exceptions", "continue", "delete", "break on_exception", *["continue"] * 3, "finish", *["stepi"] * 3],
}


@pytest.fixture(scope="module", autouse=True)
def gdb_image():
    debugger.gdb_image()


def with_places(commands):
    """The registers that every place is known by, said after each command. (The device tree is elsewhere: x0 at the start.)"""
    return ["set $x0 = 0", *(line for command in commands for line in (command, 'printf "at %lx sp %lx x0 %lx\\n", $pc, $sp, $x0'))]


def places(said):
    return re.findall(r"^at (\w+ sp \w+ x0 \w+)$", said, re.M)


class Bare:
    """QEMU, its own stub, and the guest at EL1 without a hypervisor. Quacks like Debugged."""

    def __init__(self, folder):
        self.folder, self.port, self.symbols = folder, free_port(), GUEST

    def __enter__(self):
        self.child = subprocess.Popen(
            ["qemu-system-aarch64", "-M", "virt,virtualization=off,gic-version=3", "-cpu", "cortex-a57", "-m", "64M", "-nodefaults",
             "-display", "none", "-serial", "null", "-gdb", f"tcp:127.0.0.1:{self.port}", "-S", "-kernel", GUEST],
            stdin=subprocess.DEVNULL, cwd=self.folder)
        return self

    def __exit__(self, *what):
        self.child.kill()
        self.child.wait()

    start, gdb = Debugged.start, Debugged.gdb


@pytest.mark.parametrize("name", WALKS)
def test_gdb_comes_by_the_same_places(tmp_path, name):
    walk = with_places(WALKS[name])
    (tmp_path / "bare").mkdir()
    with Bare(tmp_path / "bare") as bare:
        expected = bare.gdb(*walk)
    with Debugged(tmp_path, "--halt", nodes=[harness.test_guest("stepped", "stepped")], symbols=GUEST) as guest:
        said = guest.gdb(*walk, "delete", "continue")
        assert len(places(expected)) == len(WALKS[name]), expected
        assert places(said) == places(expected), f"{said}\n--- QEMU's\n{expected}"
        guest.dialogue.end().assert_passed()
