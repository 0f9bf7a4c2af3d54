#!/usr/bin/python3
"""What a debugger costs, and how quick it is: GDB on the port of a live hypervisor, its bytes counted on the way. One line a figure:

    bench NAME VALUE UNIT

Packets and bytes are those that the stub has sent, without those of connecting, and are counts. Seconds and milliseconds are this
machine's, of the quickest of three. docs/reference/costs.md says what each figure means.
Exit status: 0; 1 when a count is over its budget; 6 when something to measure with is missing.
"""

import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests/system"))

import debugger  # noqa: E402
import harness  # noqa: E402
import run  # noqa: E402

BUDGETS = {"gdb_stepi100_packets": 760, "gdb_stepi100_bytes": 40_000, "gdb_dump64k_bytes": 24_000, "gdb_idle_exit_cost": 0,
           "gdb_library_text_bytes": 14 * 1024, "gdb_condition_cost": 1200, "gdb_condition_cost_software": 1200}
RUNS = 3
MEMORY = "<0x0 0x40000000 0x0 0x00400000>"
EMPTY = 0x40200000  # memory of the guest that it never uses
STEPS = 100
CONDITIONS = 5000
COUNTER_HZ = 62_500_000  # of QEMU's CPUs


class Meter:
    """A port in front of the debugger's, which counts what comes back."""

    def __init__(self, port):
        self.far_port, self.packets, self.bytes, self.sent = port, 0, 0, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            near, _ = self.listener.accept()
            with near, socket.create_connection(("127.0.0.1", self.far_port)) as far:
                for end in (near, far):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.carry(near, far)

    def carry(self, near, far):
        while True:
            for end in select.select([near, far], [], [])[0]:
                data = end.recv(65536)
                if not data:
                    return
                if end is far:
                    self.packets += data.count(b"$")
                    self.bytes += len(data)
                    near.sendall(data)
                else:
                    self.sent += len(data)
                    far.sendall(data)


def halted(folder, vcpus=1):
    return debugger.Debugged(folder, "--halt", nodes=[harness.test_guest("debugged", "debugged", vcpus=vcpus, memory=MEMORY)])


def counts(guest, *commands):
    """(packets, bytes to GDB, bytes from it) of a session with these commands."""
    near, guest.port = guest.port, None
    meter = Meter(near)
    guest.port = meter.port
    said = guest.gdb(*commands)
    guest.port = near
    if "warning" in said or "rror" in said:
        sys.exit(f"gdb.py: {said}")
    return meter.packets, meter.bytes, meter.sent


def traffic(folder):
    with halted(folder) as guest:
        hello = counts(guest)
        steps = counts(guest, f"stepi {STEPS}")
        steps_trusting = counts(guest, "set trust-readonly-sections on", f"stepi {STEPS}")
        typed = counts(guest, *["stepi"] * STEPS)
        dump = counts(guest, f"dump binary memory dump.bin {EMPTY:#x} {EMPTY + 0x10000:#x}")
    yield "gdb_connect_packets", hello[0], "packets"
    yield "gdb_connect_bytes", hello[1], "bytes"
    yield "gdb_stepi100_packets", steps[0] - hello[0], "packets"
    yield "gdb_stepi100_bytes", steps[1] - hello[1], "bytes"
    yield "gdb_stepi100_trusting_packets", steps_trusting[0] - hello[0], "packets"
    yield "gdb_stepi100_trusting_bytes", steps_trusting[1] - hello[1], "bytes"
    yield "gdb_stepi100_typed_packets", typed[0] - hello[0], "packets"
    yield "gdb_stepi100_typed_bytes", typed[1] - hello[1], "bytes"
    yield "gdb_dump64k_bytes", dump[1] - hello[1], "bytes"


def restore(folder):
    data = os.urandom(1 << 20)
    (folder / "random.bin").write_bytes(data)
    took = []
    with halted(folder) as guest:
        for _ in range(RUNS):
            said = guest.gdb("python import time; t = time.monotonic()", f"restore random.bin binary {EMPTY:#x}",
                             "python print('took', time.monotonic() - t)", f"dump binary memory back.bin {EMPTY:#x} {EMPTY + len(data):#x}")
            if (folder / "back.bin").read_bytes() != data:
                sys.exit(f"gdb.py: memory is not what has been written: {said}")
            took.append(float(re.search(r"^took (\S+)$", said, re.M)[1]))
    yield "gdb_restore1m_seconds", round(min(took), 2), "s"


def interrupt(folder):
    """By hand: GDB itself takes longer to understand the stop."""
    took = []
    with halted(folder, vcpus=4) as guest, socket.create_connection(("127.0.0.1", guest.port)) as wire:
        def ask(packet, then=b"$"):
            wire.sendall(b"$%s#%02x" % (packet, sum(packet) % 256) if packet != b"\x03" else packet)
            return hear(then)

        def hear(what):
            heard = b""
            while what not in heard or (what == b"$" and not re.search(rb"\$[^#]*#..", heard)):
                if not select.select([wire], [], [], harness.BACKSTOP_S)[0]:
                    sys.exit(f"gdb.py: silence after {heard!r}")
                heard += wire.recv(65536)
            return heard

        ask(b"qSupported:multiprocess+")
        ask(b"QStartNoAckMode")
        wire.sendall(b"+")
        ask(b"?")
        wire.sendall(b"$vCont;c#a8")
        guest.dialogue.expect("waiting\n")
        for _ in range(10):
            time.sleep(0.2)
            begin = time.monotonic()
            if b"T02" not in ask(b"\x03"):
                sys.exit("gdb.py: Ctrl-C has not stopped the guest")
            took.append((time.monotonic() - begin) * 1000)
            wire.sendall(b"$vCont;c#a8")
    took.sort()
    yield "gdb_interrupt_ms", round(took[len(took) // 2], 1), "ms"
    yield "gdb_interrupt_most_ms", round(took[-1], 1), "ms"


def ticks(folder, *options, kind=None, vcpus=1):
    """Of the counter, that a call in a loop takes, with a condition in the way that is never true."""
    nodes = [harness.test_guest("debugged", "debugged", vcpus=vcpus, memory=MEMORY)]
    with debugger.Debugged(folder, "--halt", *options, nodes=nodes) as guest:
        said = guest.gdb(f"set *(long *)&rounds = {CONDITIONS}", "hbreak *timed", "continue",
                         *([f"{kind} *spin if $x0 == 77"] if kind else []), "continue", *["p $x0", "continue"] * RUNS)
    took = [int(number) for number in re.findall(r"^\$\d+ = (\d+)$", said, re.M)]
    if len(took) != RUNS:
        sys.exit(f"gdb.py: {said}")
    return min(took) / CONDITIONS


KINDS = (("hbreak", ""), ("break", "_software"))


def rates(folder):
    """How often a condition can be false in a second, of one vCPU, and beside another that meets it, too."""
    for kind, suffix in KINDS:
        yield f"gdb_condition_rate{suffix}", round(COUNTER_HZ / ticks(folder, kind=kind)), "/s"
        yield f"gdb_condition_rate{suffix}_smp", round(COUNTER_HZ / ticks(folder, kind=kind, vcpus=2)), "/s"


def conditions(folder):
    """What a false condition takes."""
    without = ticks(folder, "--icount")
    for kind, suffix in KINDS:
        yield f"gdb_condition_cost{suffix}", round(ticks(folder, "--icount", kind=kind) - without), "instructions"


def library(_):
    said = subprocess.run(["make", "-s", "GDB=1", "gdbstub-size"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    yield "gdb_library_text_bytes", int(re.search(r"^\.text (\d+)$", said, re.M)[1]), "bytes"


def idle(folder):
    """What exits cost more in the image with a debugger, when none has come: the most of those that EL2 answers at once, and of all."""
    def probe(image):
        return run.probe(str(folder), "--no-trace", "--hypervisor", str(ROOT / "build" / image))[0]

    without, having = probe("vitrine.img"), probe("vitrine-gdb.img")
    more = {name: run.worst(having, name) - run.worst(without, name) for name in without}
    yield "gdb_idle_exit_cost", max(more[name] for name in run.EXITS), "instructions"
    yield "gdb_idle_exit_cost_most", max(more.values()), "instructions"


def main():
    if not shutil.which("gdb-multiarch"):
        print("gdb.py: no gdb-multiarch, so no figures of the debugger (`tools/setup.sh test` installs it)", file=sys.stderr)
        return 0
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    debugger.gdb_image()
    over = 0
    for figures in (library, idle, traffic, restore, interrupt, rates, conditions):
        with tempfile.TemporaryDirectory() as folder:
            for name, value, unit in figures(pathlib.Path(folder)):
                print(f"bench {name} {value} {unit}", flush=True)
                if name in BUDGETS and value > BUDGETS[name]:
                    print(f"gdb.py: {name} is over its budget of {BUDGETS[name]} {unit}", file=sys.stderr)
                    over = 1
    return over


if __name__ == "__main__":
    sys.exit(main())
