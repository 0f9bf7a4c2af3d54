"""After the run: what the hypervisor's log says about the end, the trace, and our exit status."""

import gzip
import os
import re
import subprocess
import tempfile
import zlib

from .messages import BUILD, EXIT_HYPERVISOR, EXIT_OK, EXIT_SETUP, say, shown

QEMU_FAILED = 1

STAMP = re.compile(r"\[ *\d+\.\d+\] ")
EXIT_LINE = re.compile(r"exit: status=(\d{1,3}) reason=([\w-]+)$")
SUMMARY_PREFIX = "summary: "
ENDED_AS = {
    "guest-crash": "a guest crashed; its crash record is in",
    "panic": "hypervisor fault; the report is in",
    "no-vm": "no VM could be started; the reasons are in",
}


class LogEnd:
    """The hypervisor's last words: its summary, and the status it ended with (None: it never said)."""

    def __init__(self, path):
        self.status = self.reason = None
        self.summary = []
        self.is_empty = True
        try:
            with open(path, encoding="utf-8", errors="replace") as log:
                for line in log:
                    self.is_empty = False
                    self._read(line.strip())
        except FileNotFoundError:
            pass

    def _read(self, line):
        line = STAMP.sub("", line, count=1)
        if line.startswith(SUMMARY_PREFIX):
            self.summary.append(line[len(SUMMARY_PREFIX):])
        match = EXIT_LINE.match(line)
        if match:
            self.status, self.reason = int(match[1]), match[2]


def _never_began(ending, end):
    """QEMU itself ends with 1, or is killed. Any other status is one that the hypervisor chose."""
    return end.is_empty and (ending.returncode == QEMU_FAILED or ending.returncode < 0)


def _how_it_ended(ending, end, log):
    """One line, or None when there is nothing to add to a clean power-off."""
    if ending.stop_status is not None:
        return f"{ending.stop_reason}: QEMU was ended"
    if end.status is not None:
        return f"{ENDED_AS[end.reason]} {shown(log)}" if end.reason in ENDED_AS else None
    if ending.returncode < 0:
        how = f"QEMU was killed by signal {-ending.returncode}"
    else:
        how = f"QEMU ended with status {ending.returncode}"
    if _never_began(ending, end):
        return f"{how} before the hypervisor said anything"
    return f"hypervisor fault: {how}, and the log has no exit line: {shown(log)}"


def _exit_status(ending, end):
    if ending.stop_status is not None:
        return ending.stop_status
    if end.status is not None:
        return end.status
    return EXIT_SETUP if _never_began(ending, end) else EXIT_HYPERVISOR


def _symbol_files(images, folder):
    """The guests' images as files that vtrace reads names from: ELF files and uncompressed Linux Images. Others have none."""
    for number, (vm, image) in enumerate(images):
        if image[:2] == b"\x1f\x8b":
            try:
                image = gzip.decompress(image)
            except (OSError, EOFError, zlib.error):
                continue
        if image[:4] == b"\x7fELF" or image[0x38:0x3C] == b"ARM\x64":
            path = os.path.join(folder, str(number))
            with open(path, "wb") as file:
                file.write(image)
            yield f"{vm}={path}"


def _run_converter(converter, raw, trace, images, hypervisor):
    """With names of the code if that can be; a stripped image is no reason to do without a trace."""
    plain = [converter, "convert", raw, "-o", trace]
    elf = os.path.splitext(hypervisor)[0] + ".elf"
    with tempfile.TemporaryDirectory(prefix="vitrine-") as folder:
        guests = plain + [f"--symbols={symbols}" for symbols in _symbol_files(images, folder)]
        named = guests + ([f"--symbols=vitrine={elf}"] if os.path.exists(elf) else [])
        for command in (named, guests, plain):
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, check=False)
            if done.returncode == 0:
                break
    return done


def _convert(raw, trace, images, hypervisor):
    """The raw trace to Perfetto's format. A trace that cannot be converted does not change how the run ended."""
    if not os.path.exists(raw) or os.path.getsize(raw) == 0:
        say("trace: nothing was recorded")
        return
    converter = os.path.join(BUILD, "host", "vtrace")
    if not os.access(converter, os.X_OK):
        say(f"trace: kept raw in {shown(raw)}: the converter {shown(converter)} is not built")
        return
    done = _run_converter(converter, raw, trace, images, hypervisor)
    for line in done.stdout.decode(errors="replace").splitlines():
        say(f"trace: {line}")
    if done.returncode or not os.path.exists(trace):
        say(f"trace: kept raw in {shown(raw)}: its conversion failed")
        return
    say(f"trace: {shown(trace)}")
    say("       to see it: https://ui.perfetto.dev -> Open trace file (no upload leaves the machine)")


def report(ending, files, images):
    """Tell how the run went; the exit status of the command."""
    end = LogEnd(files.log)
    line = _how_it_ended(ending, end, files.log)
    if line:
        say(line)
    for text in end.summary:
        say(text)
    say(f"wall time {ending.wall_s:.1f} s")
    status = _exit_status(ending, end)
    if files.raw_trace and status != EXIT_SETUP:
        _convert(files.raw_trace, files.trace, images, files.hypervisor)
    if status not in (EXIT_OK, EXIT_SETUP):
        say(f"log: {shown(files.log)}")
    return status
