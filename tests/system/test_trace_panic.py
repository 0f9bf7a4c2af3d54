"""Recordings of a hypervisor that dies under its guests: what QEMU's own stub writes over EL2's code makes it do so."""

import re
import socket
import subprocess
import time

import harness
import pytest
from debugger import free_port

pytestmark = pytest.mark.once
IMAGE_AT = 0x40200000  # QEMU's -kernel: the RAM's base and the image's text offset
ELF = harness.BUILD / "vitrine.elf"
BRK, LOOP = 0xd42000e0, 0x14000000
ALL_RUN_BYTES = 1 << 20  # by then the last of four vCPUs has long been started


def symbol(name):
    table = subprocess.run(["aarch64-linux-gnu-nm", ELF], capture_output=True, text=True, check=True).stdout
    return IMAGE_AT + int(re.search(rf"^(\w+) \w {name}(?:\.\S+)?$", table, re.MULTILINE)[1], 16)


def patch(port, words):
    """Stop the machine, write 32-bit words at physical addresses, let it go on."""
    with socket.create_connection(("127.0.0.1", port), timeout=harness.BACKSTOP_S) as stub:
        file = stub.makefile("rb")

        def ask(text):
            stub.sendall(b"$%s#%02x" % (text.encode(), sum(text.encode()) & 0xff))
            answer = b"T"  # that connecting has stopped the machine is told in between
            while answer.startswith(b"T"):
                while file.read(1) != b"$":
                    pass
                answer = b""
                while not answer.endswith(b"#"):
                    answer += file.read(1)
                file.read(2)
                stub.sendall(b"+")
            assert answer == b"OK#", (text, answer)

        ask("Qqemu.PhyMemMode:1")
        for address, word in words.items():
            ask(f"M{address:x},4:{word.to_bytes(4, 'little').hex()}")
        ask("D")


def panicked(folder, words):
    """Four vCPUs on four CPUs: one polls a device, one waits, one calls, one never traps."""
    port = free_port()
    with harness.Dialogue(folder, f"--qemu-gdb={port}", nodes=[harness.test_guest("guest", "reset", vcpus=4)]) as run:
        run.expect("start")
        end = time.monotonic() + harness.BACKSTOP_S
        while (folder / "run.vtr").stat().st_size < ALL_RUN_BYTES:
            assert time.monotonic() < end
            time.sleep(0.02)
        patch(port, words)
        done = run.end()
    assert done.status == 4 and "panic on cpu" in done.log, done.report()
    check = subprocess.run([harness.VTRACE, "check", folder / "run.vtr", "--pftrace", folder / "run.pftrace"], capture_output=True,
                           text=True, check=False)
    dump = subprocess.run([harness.VTRACE, "dump", "--symbols", f"vitrine={ELF}", folder / "run.vtr"], capture_output=True, text=True,
                          check=True).stdout
    return check, dump


def test_all_that_ran_is_recorded_to_the_last_exit(tmp_path):
    """The other CPUs stop between two records, and what each of them has produced is what is read."""
    check, dump = panicked(tmp_path, {symbol("on_hvc"): BRK})
    found = re.fullmatch(r"check: exits=(\d+) lost=(\d+) total=(\d+) ok\n", check.stdout)
    assert check.returncode == 0 and found, check
    exits, lost, total = map(int, found.groups())
    assert exits + lost >= total > 0
    assert len(set(re.findall(r"^[\d.]+ (cpu\d) guest/\d EXIT", dump, re.MULTILINE))) >= 2
    panic = re.findall(r"^[\d.]+ cpu\d - PANIC (.*)$", dump, re.MULTILINE)
    assert len(panic) == 1 and panic[0].startswith("stack=on_hvc") and "exception_class=0x3c" in panic[0], panic
    assert b"on_hvc" in (tmp_path / "run.pftrace").read_bytes(), "vitrine run names it, too"


def test_a_cpu_that_does_not_stop_is_left_alone(tmp_path):
    """It hangs in EL2, perhaps in the middle of a page: nothing is said of its ring, the others' are whole."""
    check, dump = panicked(tmp_path, {symbol("on_hvc"): BRK, symbol("exit_irq"): LOOP})
    assert check.returncode == 0 and re.fullmatch(r"check: exits=\d+ lost=\d+ total=unknown ok\n", check.stdout), check
    told = set(re.findall(r"^# total\.events\.(\d)=", dump, re.MULTILINE))
    assert 0 < len(told) < 4 and " PANIC " in dump


def test_a_file_that_is_not_this_hypervisor_is_refused(tmp_path):
    done = harness.run(tmp_path, "--hv-append", "panic-test=assert", nodes=[harness.test_guest("guest", "reset")])
    assert done.status == 4
    other = tmp_path / "other.elf"
    other.write_bytes(ELF.read_bytes().replace(b"\ngit=", b"\ngot="))
    said = subprocess.run([harness.VTRACE, "dump", "--symbols", f"vitrine={other}", tmp_path / "run.vtr"], capture_output=True, text=True,
                          check=False)
    assert said.returncode == 1 and f"{other}: not the hypervisor that made the recording, git " in said.stderr, said
    unnamed = subprocess.run([harness.VTRACE, "dump", tmp_path / "run.vtr"], capture_output=True, text=True, check=True).stdout
    assert re.search(r" PANIC stack=image\+0x[0-9a-f]+ ", unnamed)
