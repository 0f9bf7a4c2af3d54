"""GDB's commands `vitrine ...`, which tools/gdb/vitrine.py brings: for a guest under Vitrine's stub, for Vitrine itself under QEMU's."""

import re
import subprocess

import pytest

import debugger
import harness
from debugger import LET_IT_END, Debugged, free_port, numbers, passed, two_vcpus

pytestmark = pytest.mark.once  # GDB's side

SOURCE = f"source {harness.ROOT}/tools/gdb/vitrine.py"


@pytest.fixture(scope="module", autouse=True)
def gdb_image():
    debugger.gdb_image()


def between(said, name):
    return re.search(rf"^<{name}>\n(.*?)^</{name}>$", said, re.M | re.S)[1]


def marked(name, command):
    return [f"echo <{name}>\\n", command, f"echo </{name}>\\n"]


def test_a_guest_is_looked_at_from_below(tmp_path):
    both = ["vms", "vcpus", "timer", "gic", "sysreg vbar_el1", "sysreg", "explain", "last 3", "exits", "s2 0x70000000"]
    with Debugged(tmp_path, "--halt", nodes=[two_vcpus()]) as guest:
        looks = []
        for i, words in enumerate(both):
            looks += [*marked(f"own{i}", f"vitrine {words}"), *marked(f"stub{i}", f"monitor {words}")]
        said = guest.gdb(SOURCE, "vitrine break exit mmio_write", "continue", "vitrine break", "vitrine break off", *looks,
                         *marked("walk", "vitrine walk call + 4"), *marked("help", "help vitrine"), *marked("monitor", "monitor help"),
                         "complete vitrine sysreg vbar", "complete vitrine break exit mmio_w", "complete vitrine trace level c",
                         *LET_IT_END)
        assert "1: exit MMIO_WRITE" in said, said
        for i, words in enumerate(both):
            assert between(said, f"own{i}") == between(said, f"stub{i}") != "", words
        first, second = between(said, "walk").splitlines()
        ipa = numbers(first, r"VA 0x\w+ -> IPA (0x\w+)")
        assert ipa and f"IPA {ipa[0]:#x} -> PA 0x" in second, said
        there = set(re.findall(r"^monitor (\w+)", between(said, "monitor"), re.M)) - {"help"}
        ours = set(re.findall(r"^vitrine (\w+) --", between(said, "help"), re.M))
        assert there | {"walk", "el2"} == ours, there ^ ours
        for completed in ("vitrine sysreg vbar_el1", "vitrine break exit mmio_write", "vitrine trace level counters"):
            assert re.search(rf"^{completed}$", said, re.M), f"{completed}\n{said}"
        passed(guest)


def el2_gdb(port, *commands):
    argv = ["gdb-multiarch", "-nx", "-q", "-batch", "-ex", "set architecture aarch64", "-ex", f"target remote 127.0.0.1:{port}",
            "-ex", SOURCE]
    for command in commands:
        argv += ["-ex", command]
    return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                          timeout=harness.BACKSTOP_S, check=False).stdout


def test_vitrine_itself_is_looked_at(tmp_path):
    """Both VMs' vCPUs as they are, and the trace rings, which vtrace reads and which hold what was sent."""
    port = free_port()
    with harness.Dialogue(tmp_path, f"--qemu-gdb={port}", nodes=[two_vcpus(), harness.test_guest("other", "stepped")]) as run:
        run.expect("waiting\n")
        said = el2_gdb(port, f"vitrine el2 load {harness.BUILD}/vitrine.elf", "p vm_count", "vitrine el2 vms", "vitrine el2 frame 1.1",
                       "vitrine el2 frame 9.1", "complete vitrine el2 frame 1", f"vitrine el2 trace {tmp_path}/rings",
                       "info symbol $VBAR_EL2", "detach")
        run.say("\x01x")
        done = run.end()
    assert "Vitrine is at 0x40200000" in said and "$1 = 2\n" in said, said
    assert re.search(r"^1\.1 debugged\.vcpu0 +cpu \d, loaded +running +pc 0x4008\w+$", said, re.M), said
    assert re.search(r"^1\.2 debugged\.vcpu1 ", said, re.M) and re.search(r"^2\.1 other\.vcpu0 .* off ", said, re.M), said
    assert re.search(r"^debugged\.vcpu0: EXIT_\w+$", said, re.M) and re.search(r"^x30 .*pc +0x000000004008\w+ ", said, re.M), said
    assert "9.1: no such vCPU" in said and "vitrine el2 frame 1.2\n" in said and "el2_vectors_traced" in said, said
    assert done.exit_line() == (0, "quit"), done.report()

    def dump(*where):
        text = subprocess.run([harness.VTRACE, "dump", *where], capture_output=True, text=True, check=True).stdout
        return [line for line in text.splitlines() if "HYPERCALL" in line or "VCPU_STATE" in line]

    kept, sent = dump("--ram-dump", tmp_path / "rings"), dump(tmp_path / "run.vtr")
    assert kept and kept == sent[:len(kept)], f"{kept[:5]}\n{sent[:5]}"


def test_what_cannot_be_done_is_said_in_a_line(tmp_path):
    """Nobody there; the wrong stub; Vitrine has not started."""
    said = subprocess.run(["gdb-multiarch", "-nx", "-q", "-batch", "-ex", SOURCE, "-ex", "vitrine vms", "-ex", "vitrine walk",
                           "-ex", "vitrine el2 vms"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False).stdout
    assert "which address? vitrine walk" in said and "Python" not in said and len(said.splitlines()) == 3, said
    port = free_port()
    with harness.Dialogue(tmp_path, f"--qemu-gdb={port}", "--qemu-arg=-S", nodes=[two_vcpus()]) as run:
        run.child.poll()
        end = el2_gdb(port, "vitrine el2 vms", f"vitrine el2 load {harness.BUILD}/vitrine.elf", "kill")
        assert "vitrine el2 load" in end and "has not started on this CPU yet" in end and "Python" not in end, end
