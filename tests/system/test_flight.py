"""The flight recorder of a hypervisor that runs: asked for by its control channel, and read out of the machine's RAM without its help."""

import json
import os
import re
import socket
import subprocess
import time

import harness
import pytest

pytestmark = pytest.mark.once
RAM_BASE, RAM_BYTES = 0x40000000, 258 << 20


class Monitor:
    """QEMU's machine protocol, as far as a dump of memory needs it."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(harness.BACKSTOP_S)
        self.socket.connect(str(path))
        self.file = self.socket.makefile("rw")
        self.file.readline()
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        self.file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.file.flush()
        answer = {"event": ""}
        while "event" in answer:
            answer = json.loads(self.file.readline())
        assert "return" in answer, answer

    def close(self):
        self.file.close()
        self.socket.close()


def vtrace(*arguments):
    return subprocess.run([harness.VTRACE, *arguments], capture_output=True, text=True, check=False)


def wait_for(condition):
    end = time.monotonic() + harness.BACKSTOP_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_flight_recorder_is_asked_and_read_out_of_ram(tmp_path):
    """Nothing is sent until `dump`; what a dump of RAM holds is sound, by either of QEMU's ways; in the end all of it balances."""
    port, qmp, raw, trace = (tmp_path / name for name in ("trace.sock", "qmp.sock", "run.vtr", "run.pftrace"))
    (tmp_path / "vms.dts").write_text(harness.manifest(harness.test_guest("guest", "reset", vcpus=4)))
    recorder = subprocess.Popen([harness.VTRACE, "record", port, "-o", raw, "--pftrace", trace, "--wait", str(harness.BACKSTOP_S)],
                                stderr=subprocess.PIPE, text=True)
    machine = subprocess.Popen([harness.VITRINE, "run", tmp_path / "vms.dts", "--hv-append", "trace=flight", "--trace-socket", port,
                                "--log", tmp_path / "log", "--qemu-arg=-qmp", f"--qemu-arg=unix:{qmp},server=on,wait=off"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path)
    try:
        heard = harness.read_until(machine.stdout.fileno(), "start", harness.BACKSTOP_S)
        assert "panic" not in heard
        before = raw.stat().st_size
        assert before < 4096, "only what the machine is, in text"

        monitor = Monitor(qmp)
        monitor.ask("stop")
        monitor.ask("pmemsave", val=RAM_BASE, size=RAM_BYTES, filename=str(tmp_path / "ram.bin"))
        monitor.ask("dump-guest-memory", paging=False, protocol=f"file:{tmp_path}/ram.elf")
        monitor.ask("cont")
        texts = []
        for name in ("ram.bin", "ram.elf"):
            check = vtrace("check", "--ram-dump", tmp_path / name)
            assert re.match(r"check: exits=[1-9]\d* lost=\d+ total=unknown ok", check.stdout), check
            convert = vtrace("convert", "--ram-dump", tmp_path / name, "-o", tmp_path / "ram.pftrace")
            assert convert.returncode == 0 and (tmp_path / "ram.pftrace").stat().st_size > 1000, convert.stderr
            texts.append(vtrace("dump", "--ram-dump", tmp_path / name).stdout)
            os.unlink(tmp_path / name)
        assert texts[0] == texts[1] and "STAGE2_MAP" in texts[0] and " CLOCK " in texts[0]

        assert vtrace("control", port, "dump").returncode == 0
        wait_for(lambda: raw.stat().st_size > before + 100)
        machine.stdin.write(b"q")
        machine.stdin.close()
        assert machine.wait(timeout=harness.BACKSTOP_S) == 0
        assert recorder.wait(timeout=harness.BACKSTOP_S) == 0, recorder.stderr.read()
    finally:
        for child in (machine, recorder):
            child.kill()
            child.wait()
    assert "trace: level=events mode=flight" in (tmp_path / "log").read_text()
    check = vtrace("check", raw, "--pftrace", trace)
    found = re.fullmatch(r"check: exits=(\d+) lost=(\d+) total=(\d+) ok\n", check.stdout)
    assert check.returncode == 0 and found, check
    exits, lost, total = map(int, found.groups())
    assert exits > 100 and lost > 0 and total > exits
