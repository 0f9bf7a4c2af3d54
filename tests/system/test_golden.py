"""Golden traces: what the tiny guests' runs look like event by event, with time removed. A change of the hypervisor that changes
what a guest experiences changes one of these.

The text is tools/lablib/golden.py's. `VITRINE_GOLDEN=update` writes the files anew: look at
the difference before you commit it.
"""

import os
import subprocess

import pytest

import harness
from lablib.golden import Functions, normal

pytestmark = pytest.mark.once

FOLDER = harness.ROOT / "tests/system/golden"
CPU = ["--cpu", "cortex-a57"]  # what the ID registers say is part of the sequence
GUESTS = ["irq", "sysregs", "walk", "isv0", "hidden"]


def recorded(folder, guest, *options):
    run = harness.run(folder, "--icount", *(options or CPU), nodes=[harness.test_guest("guest", guest)])
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
