"""Tests of the tier G: a student's script for GDB, run on a boot. What it prints is compared with what the guest tells the grader
itself, in its mailbox; the numbers are others in each boot.

A script can say what this lab is about, and nothing else: a command that starts programs, reads or writes files is refused before GDB
sees it. GDB has no network besides, and limits, as all code of a student's has; it speaks to the stub by a socket in the boot's folder.
"""

import re
import shutil
import subprocess

from . import answers, golden, jail
from .common import Infrastructure, time_scale

MOST_CHARS = 1 << 20  # of what GDB says
SOCKET = "gdb.socket"
ALLOWED = frozenset("""
    # break b br brea tbreak tb hbreak hb thbreak watch rwatch awatch dprintf delete d disable enable clear condition ignore commands end
    silent continue c fg step s stepi si next n nexti ni finish fin until u advance print p inspect call printf echo output x info i
    display undisplay set frame f up down backtrace bt where list l disassemble thread monitor mon if else while loop_break loop_continue
    detach quit q
""".split())
# Where what follows a command could be another one, or a file.
_FURTHER = {
    "set": re.compile(r"\s+(\$|var(iable)?\b|language\b|print\b|listsize\b|scheduler-locking\b|disassemble-next-line\b)"),
    **dict.fromkeys(("thread", "frame", "f"), re.compile(r"(\s+\d+)?\Z")),
}
_WORD = re.compile(r"#|[a-z0-9_.-]+|\S")
# The hypervisor's port of the debugger, and its wish to wait for one; as `--gdb --halt`, but not by the network.
OPTIONS = ("--hv-append", "gdb=halt", "--qemu-arg=-chardev", f"--qemu-arg=socket,id=gdb,path={SOCKET},server=on,wait=off",
           "--qemu-arg=-device", "--qemu-arg=virtserialport,chardev=gdb,nr=3,name=vitrine.gdb")


def refused(path):
    """The first line of a script that is not for this lab, or nothing."""
    text = path.read_bytes().decode(errors="replace").replace("\r\n", "\n")
    joined = text.replace("\\\n", "")  # as GDB reads it
    for number, line in enumerate(joined.split("\n"), 1):
        line = line.strip()
        word = _WORD.match(line)
        known = not word or word[0] in ALLOWED and (word[0] not in _FURTHER or _FURTHER[word[0]].match(line, word.end()))
        if not known or "$_shell" in line:
            return f"{path.name}:{number}: {line[:40]}: not a command of this lab"
    return ""


def talk(script, elf, folder, seconds):
    """What GDB says while it follows the script."""
    if not shutil.which("gdb-multiarch"):
        raise Infrastructure("gdb-multiarch: not found: `tools/setup.sh grade` installs what is missing")
    place = folder / "debugger"
    place.mkdir()
    command = [*jail.prefix(), "gdb-multiarch", "-nx", "-q", "-batch", "-iex", "set auto-load off", "-iex", "set debuginfod enabled off", elf,
               "-ex", f"set remotetimeout {int(10 * time_scale()) + 1}", "-ex", f"target remote ../{SOCKET}", "-x", script]
    said = place / "said"
    with open(said, "wb") as out:
        try:
            subprocess.run([str(word) for word in command], cwd=place, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                           check=False, timeout=seconds, preexec_fn=jail.limit)
        except subprocess.TimeoutExpired:
            out.write(f"\nGDB was still busy after {seconds:.0f} s\n".encode())
    with open(said, encoding="utf-8", errors="replace") as text:
        return text.read(MOST_CHARS).splitlines()


def _agree(printed, told, functions):
    """A number in any notation; where the guest tells a function's address, any place in it, or its name."""
    printed = answers.plain(printed)
    if told not in functions.addresses:
        return printed == told
    return (functions.at(printed) if isinstance(printed, int) else printed) == functions.at(told)


def grade(outcome, boots):
    """G: what the script has printed of one thing, the last time that it did."""
    test = outcome.test
    outcome.total, outcome.rerun = 1, boots.rerun(test.boot)
    booted = boots.get(test.boot)
    told = re.match(r"seen (0x[0-9a-f]+) ", booted.values.get(test.printed, ""))
    printed = re.findall(test.line or rf"^{test.printed} *= *(.*\S) *$", booted.debugger, re.MULTILINE)
    if booted.refused:
        outcome.failures.append(booted.refused)
    elif not printed:
        outcome.failures.append(f"{test.printed}: your script has not printed it")
    elif not told:
        outcome.failures.append(f"{test.printed}: the guest has not come to where it tells it: {booted.how_it_ended()}")
    elif _agree(printed[-1], int(told[1], 16), golden.Functions(booted.elf)):
        outcome.passed = 1
    else:
        outcome.failures.append(f"{test.printed}: your script has printed {printed[-1]}, in this boot it is {told[1]}")
