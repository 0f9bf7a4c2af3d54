"""Golden traces: what the tiny guests' runs look like event by event, with time removed. A change of the hypervisor that changes
what a guest experiences changes one of these.

The text is that of `vtrace dump --no-time`, exits and states only (how they came about is for other tests), made independent of the compiler that built the guest: a PC becomes the function
it lies in, a syndrome its class, and console output one line a text. `VITRINE_GOLDEN=update` writes the files anew: look at
the difference before you commit it.
"""

import bisect
import os
import re
import subprocess

import pytest

import harness

FOLDER = harness.ROOT / "tests/system/golden"
GUESTS = ["irq", "sysregs", "walk", "isv0", "hidden"]
SHOWN = re.compile(r"\S+ (EXIT|SCHED_IN|SCHED_OUT|VCPU_STATE|VIRQ_INJECT|LOST)\b")


class Functions:
    def __init__(self, elf):
        text = subprocess.run(["aarch64-linux-gnu-nm", "-n", elf], capture_output=True, text=True, check=True).stdout
        rows = [line.split() for line in text.splitlines()]
        rows = [(int(address, 16), name) for address, kind, name in rows if kind in "tT" and not name.startswith("$")]
        self.addresses, self.names = [row[0] for row in rows], [row[1] for row in rows]

    def at(self, pc):
        found = bisect.bisect_right(self.addresses, pc) - 1
        return self.names[found] if found >= 0 else f"{pc:#x}"


def normal(text, functions):
    """One line an event; characters that go to the console one after the other are one line."""
    console = ""
    for line in text.splitlines():
        if "pl011 UARTFR" in line or not SHOWN.match(line):
            continue
        written = re.search(r'name="MMIO write pl011 UARTDR".* value=(0x[0-9a-f]+)', line)
        if written:
            console += chr(int(written[1], 16) & 0x7f)
            if not console.endswith("\n"):
                continue
        if console:
            yield f"console {console.strip()!r}"
            console = ""
        if written:
            continue
        line = re.sub(r" became=\w+", "", line)
        line = re.sub(r" esr=0x([0-9a-f]{8})", lambda m: f" ec={int(m[1], 16) >> 26:#x}", line)
        yield re.sub(r" pc=(0x[0-9a-f]+)", lambda m: f" in={functions.at(int(m[1], 16))}", line)
    if console:
        yield f"console {console!r}"


def recorded(folder, guest, *options):
    run = harness.run(folder, "--icount", *options, nodes=[harness.test_guest("guest", guest)])
    assert run.status == 0, run.report()
    harness.check_trace(folder)
    text = subprocess.run([harness.VTRACE, "dump", "--no-time", folder / "run.vtr"], capture_output=True, text=True, check=True)
    return "".join(line + "\n" for line in normal(text.stdout, Functions(harness.GUESTS / f"tests/{guest}.elf")))


@pytest.mark.parametrize("guest", GUESTS)
def test_the_events_are_those_that_they_always_were(tmp_path, guest):
    golden, now = FOLDER / f"{guest}.txt", tmp_path / "now.txt"
    now.write_text(recorded(tmp_path, guest))
    if os.environ.get("VITRINE_GOLDEN") == "update":
        golden.write_text(now.read_text())
    done = subprocess.run([harness.VTRACE, "diff", "--golden", golden, now], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_time_does_not_show(tmp_path):
    """A slower hypervisor (it logs on the UART) and another clock: not one line differs."""
    now = tmp_path / "now.txt"
    now.write_text(recorded(tmp_path, GUESTS[0], "--hv-append", "log=uart", "--cpu", "cortex-a57,cntfrq=62500000"))
    done = subprocess.run([harness.VTRACE, "diff", "--golden", FOLDER / f"{GUESTS[0]}.txt", now], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr
