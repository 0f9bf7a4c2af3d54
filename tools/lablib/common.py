"""Where things are, what fails and how, and how long things may take on this machine."""

import operator
import os
import pathlib
import re
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("VITRINE_BUILD") or ROOT / "build")
LABS = ROOT / "labs"

EXIT_GRADED, EXIT_FAILED, EXIT_INFRASTRUCTURE, EXIT_USAGE = 0, 1, 2, 3
STATUS_TODO = 64  # how a run ends that has come to an unwritten function

# What calibrate() counts to, in the time that it takes on the machine that the labs' time-outs were chosen on.
_NOMINAL_LOOPS, _NOMINAL_S = 400_000, 0.02


class LabError(Exception):
    """The person asked for something that cannot be: one line that names it."""


class Infrastructure(Exception):
    """Not the student's fault: a tool is missing, QEMU did not start. Never costs points."""


def shown(path):
    """A path as a person wants to read it: from the tree's root where it is in the tree."""
    path = pathlib.Path(path).absolute()
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


def run(arguments, **options):
    """A command's end, with its output as text. A tool that is missing is no student's fault."""
    options = {"capture_output": True, "text": True, "errors": "replace", "stdin": subprocess.DEVNULL, "check": False, **options}
    try:
        return subprocess.run([str(a) for a in arguments], **options)
    except FileNotFoundError as error:
        raise Infrastructure(f"{arguments[0]}: not found: `tools/setup.sh test` installs what is missing") from error


def addresses(elf):
    """{symbol: its address} of an ELF file."""
    rows = [line.split() for line in run(["aarch64-linux-gnu-nm", elf]).stdout.splitlines()]
    return {row[2]: int(row[0], 16) for row in rows if len(row) == 3}


def make(*arguments):
    """Our Makefile, free of what the make that called us was told."""
    kept = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "LAB", "LABS")}
    return run(["make", "--no-print-directory", "-s", *arguments], cwd=ROOT, env=kept)


def free_port():
    """A port of 127.0.0.1 that nobody has just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def time_scale():
    """How much slower than nominal this machine is now, at least 1; VITRINE_TIMEOUT_SCALE comes on top."""
    if time_scale.measured is None:
        begin = time.process_time()  # of this CPU alone: how many share it is the load's affair
        for _ in range(_NOMINAL_LOOPS):
            pass
        slowness = (time.process_time() - begin) / _NOMINAL_S
        load = os.getloadavg()[0] / (os.cpu_count() or 1)
        time_scale.measured = max(1.0, slowness) * max(1.0, load)
    return time_scale.measured * float(os.environ.get("VITRINE_TIMEOUT_SCALE") or 1)


time_scale.measured = None


_BOUND = re.compile(r"(==|!=|<=|>=|<|>) *(\d+)\Z")
_COMPARE = {"==": operator.eq, "!=": operator.ne, "<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt}


def bound(text):
    """What ">= 10" asks of a number, or None."""
    match = _BOUND.match(text.strip())
    return match and (lambda count: _COMPARE[match[1]](count, int(match[2])))


def counts(bounds, lines):
    """For each regular expression of {it: bound}: (it, the bound, how many lines match, whether that is within)."""
    for pattern, wanted in bounds.items():
        count = sum(bool(re.search(pattern, line)) for line in lines)
        yield pattern, wanted, count, bound(wanted)(count)


def case_pattern(pattern):
    """fnmatch's `*` and `?` only: claims may hold brackets."""
    return re.compile("".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern) + r"\Z", re.DOTALL)
