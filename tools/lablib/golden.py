"""A run's events with time removed, independent of what compiled the guest: a PC becomes the function it lies in, a syndrome its
class, and characters that go to the console one after the other are one line."""

import bisect
import re

from .common import run

SHOWN = re.compile(r"\S+ (EXIT|SCHED_IN|SCHED_OUT|VCPU_STATE|VIRQ_INJECT|LOST)\b")


class Functions:
    def __init__(self, elf):
        text = run(["aarch64-linux-gnu-nm", "-n", elf]).stdout
        rows = [line.split() for line in text.splitlines()]
        rows = [(int(address, 16), name) for address, kind, name in rows if kind in "tT" and not name.startswith("$")]
        self.addresses, self.names = [row[0] for row in rows], [row[1] for row in rows]

    def at(self, pc):
        found = bisect.bisect_right(self.addresses, pc) - 1
        return self.names[found] if found >= 0 else f"{pc:#x}"


def normal(text, functions):
    """`text` is that of `vtrace dump --no-time`; exits and states only: how they came about is for other tests."""
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
