"""The debugger on the other machine and build, by the commands that people type, and beside a guest's own debugging."""

import os
import re
import socket
import subprocess

import pytest

import debugger
import harness
from debugger import LET_IT_END, Debugged, numbers, passed, two_vcpus
from lablib.common import addresses, free_port

DEBUGS_ITSELF = harness.GUESTS / "tests/debug.elf"


@pytest.fixture(scope="module", autouse=True)
def gdb_image():
    debugger.gdb_image()


@pytest.mark.parametrize("when", ["attached", "behind breakpoints"])
def test_a_guest_debugs_itself_beside_gdb(tmp_path, when):
    """Its breakpoints, watchpoints and steps are its own. While GDB's are in place its registers keep what it writes, and have their
    effect when GDB's are gone."""
    look = ["continue"]
    if when != "attached":
        look = ["hbreak *stops_here", "set breakpoint always-inserted on", "continue", "p/x $DBGBVR0_EL1", "p/x $DBGBCR0_EL1 & 1",
                "p/x $MDSCR_EL1 & 0x8000", "continue", "p/x $MDSCR_EL1 & 0x8000", "delete", "continue"]
    with Debugged(tmp_path, "--halt", nodes=[harness.test_guest("debug", "debug", "seed=1")], symbols=DEBUGS_ITSELF) as guest:
        said = guest.gdb(*look)
        assert "exited normally" in said and "SIG" not in said, said
        if when != "attached":
            assert numbers(said, r"\$\d+ = (0x\w+)") == [addresses(DEBUGS_ITSELF)["stops_here"], 1, 0, 0x8000], said
            assert said.count("Breakpoint 1, ") == 2, said
        passed(guest)


@pytest.fixture(scope="module")
def gicv2_debug_image():
    """The other interrupt controller, in a build whose assertions, of the locks' order above all, hold in a session."""
    path = "build/aarch64-linux-gnu-gcc-debug-qemu-virt-gicv2-gdb/vitrine.img"
    done = subprocess.run(["make", "-s", "-j2", "CC=aarch64-linux-gnu-gcc", "MODE=debug", "PLATFORM=qemu-virt-gicv2", "GDB=1", path],
                          cwd=harness.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "warning" not in done.stderr, done.stdout + done.stderr
    return harness.ROOT / path


@pytest.mark.once
def test_on_a_machine_with_a_gicv2(tmp_path, gicv2_debug_image):
    """CPUs are stopped by it, and interrupts withheld in it."""
    guest_elf = harness.GUESTS / "tests/monitored.elf"
    unmask = addresses(guest_elf)["unmask"]
    with Debugged(tmp_path, "--gic", "2", "--halt", "--hypervisor", gicv2_debug_image,
                  nodes=[harness.test_guest("monitored", "monitored", vcpus=2)], symbols=guest_elf) as guest:
        said = guest.gdb("hbreak *unmask", "continue", "delete", *(["stepi", "p/x $pc"] * 3), "break *hot if $x0 == 950", "continue",
                         "p $x0", "info threads", "thread 1", "delete", "monitor gic", "monitor break irq 27", "monitor break off", *LET_IT_END)
        assert numbers(said, r"\$\d+ = (0x\w+)") == [unmask + 4, unmask + 8, unmask + 12], said
        assert "= 950\n" in said and '"monitored.vcpu1" (EL1)' in said and re.search(r"^ +27  priority", said, re.M), said
        passed(guest)


@pytest.mark.once
@pytest.mark.parametrize("way", ["--gdb-uart", "--pcpus=2"])
def test_with_assertions(tmp_path, gicv2_debug_image, way):
    """Over either port, with another VM beside."""
    with Debugged(tmp_path, "--halt", "--gic", "2", "--hypervisor", gicv2_debug_image, way,
                  nodes=[two_vcpus(), harness.bystander()]) as guest:
        said = guest.gdb("break *call if $x0 == 3", "continue", "p $x0", "watch *(long *)&watched", "continue", "monitor vcpus", "delete",
                         "monitor break ipa 0x09000000 4096 w", "continue", "monitor break off", *LET_IT_END)
        assert "$1 = 3" in said and "New value = 1" in said and "SIGTRAP" in said, said
        run = guest.dialogue.end()
        assert run.exit_line() == (0, "poweroff") and "panic" not in run.log, run.report()


@pytest.mark.once
def test_make_gdb_is_both_in_one_terminal():
    """What GDB is told comes from its standard input, what the guest prints goes to a file."""
    commands = ["info threads", "vitrine vms", "hbreak hello_first", "continue", "bt 1", "delete", "continue", "quit"]
    done = subprocess.run(["make", "-s", "gdb", "VM=hello"], cwd=harness.ROOT, input="".join(f"{c}\n" for c in commands), text=True,
                          capture_output=True,
                          env={**os.environ, "VITRINE_GDB_PORT": str(free_port())}, check=False,
                          timeout=harness.BACKSTOP_S)
    said = done.stdout
    assert done.returncode == 0, said + done.stderr
    assert '"hello.vcpu0" (EL1)' in said and "* 1 hello" in said and "in hello_first ()" in said, said
    assert "exited normally" in said and "error" not in (said + done.stderr).lower(), said + done.stderr
    assert "hello from EL1 on vCPU 0" in (harness.ROOT / "out/console.log").read_text(errors="replace")


def make_gdb_without_gdb(folder, manifest, port):
    """The script of `make gdb`, with a GDB that only says that it was started."""
    (folder / "gdb-multiarch").write_text("#!/bin/sh\necho started\n")
    (folder / "gdb-multiarch").chmod(0o755)
    return subprocess.run([harness.ROOT / "tools/gdb.sh", manifest], capture_output=True, text=True, check=False,
                          env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "VITRINE_GDB_PORT": str(port)})


@pytest.mark.once
def test_make_gdb_says_when_it_cannot(tmp_path):
    """The run does not come about: no GDB is started on whatever is there."""
    done = make_gdb_without_gdb(tmp_path, "no-such.dts", free_port())
    assert done.returncode == 6 and "no-such.dts" in done.stderr and "started" not in done.stdout, done


@pytest.mark.once
def test_make_gdb_leaves_another_runs_debugger_alone(tmp_path):
    """On the port that it wants, somebody else's run listens: no GDB is started on that one."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = make_gdb_without_gdb(tmp_path, "vms/hello.dts", port)
    assert done.returncode == 6 and f"port {port}" in done.stderr and "VITRINE_GDB_PORT" in done.stderr, done
    assert "started" not in done.stdout, done
