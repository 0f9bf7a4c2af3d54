"""What the system tests share: write a manifest, run it with tools/vitrine, look at what came out.

Guests speak lines: "ok: CLAIM", "FAIL: CLAIM", "done: N checks" (guests/tests/guest.h). Time-outs are a backstop against a hang,
never a measure: the machine may be busy.
"""

import os
import pathlib
import pty
import re
import select
import subprocess
import sys
import time
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from lablib.manifest import SMALL_RAM, manifest, vm  # noqa: E402, F401

BUILD = pathlib.Path(os.environ.get("VITRINE_BUILD") or ROOT / "build")
VITRINE = ROOT / "tools/vitrine"
VTRACE = BUILD / "host/vtrace"
GUESTS = BUILD / "guests"
BACKSTOP_S = 240
MIB = 1 << 20
# `make system CPU=...` and `make matrix`: every test that does not choose its CPU itself runs on this one.
CPU = os.environ.get("VITRINE_CPU")


def cpus(*models):
    """For parametrize: the CPUs that a test is about; the chosen one, when there is one. None is the launcher's default."""
    return [CPU] if CPU else list(models)


def test_guest(name, guest, how="", **properties):
    return vm(name, f"tests/{guest}.elf", bootargs=how or None, **properties)


test_guest.__test__ = False  # a helper, whatever pytest makes of its name


def bystander(naps=30):
    """A guest beside a hostile one: it must go on as if nothing were."""
    return test_guest("bystander", "bystander", f"naps={naps}")


@dataclass
class Run:
    status: int
    console: str  # the guests' terminal, carriage returns removed
    said: str  # what tools/vitrine said: standard error
    log: str
    folder: pathlib.Path

    def lines_of(self, name):
        """What one of several VMs said."""
        return [line[len(name) + 3:] for line in self.console.splitlines() if line.startswith(f"[{name}] ")]

    def exit_line(self):
        found = re.search(r"exit: status=(\d+) reason=(\S+)$", self.log, re.MULTILINE)
        return found and (int(found[1]), found[2])

    def report(self):
        return f"status {self.status}\n--- console\n{self.console}\n--- said\n{self.said}\n--- log\n{self.log}"

    def assert_passed(self, name=None):
        """A test guest has come to its end and none of its checks has failed."""
        lines = self.lines_of(name) if name else self.console.splitlines()
        assert not [line for line in lines if "FAIL" in line], self.report()
        assert [line for line in lines if line.startswith("done: ")], self.report()
        assert "panic" not in self.log, self.report()


def on_the_cpu(arguments):
    """What chooses the CPU, for a run that has not done so."""
    return [] if CPU is None or "--cpu" in arguments or "--machine" in arguments else ["--cpu", CPU]


def command(folder, *arguments, trace=True):
    return [VITRINE, "run", *arguments, *on_the_cpu(arguments), "--log", folder / "vitrine.log", "--timeout", str(BACKSTOP_S),
            *(["--trace", folder / "run.pftrace"] if trace else ["--no-trace"])]


def _collect(folder, done):
    def text(data):
        return data.decode(errors="replace").replace("\r", "")

    log = folder / "vitrine.log"
    return Run(done.returncode, text(done.stdout), text(done.stderr), log.read_text(errors="replace") if log.exists() else "",
               folder)


def run(folder, *arguments, nodes=None, stdin=b"", trace=True):
    """Run to the end. `nodes`: the VMs of a manifest made for this run, instead of one in `arguments`."""
    arguments = [str(argument) for argument in arguments]
    if nodes is not None:
        source = folder / "vms.dts"
        source.write_text(manifest(*nodes))
        arguments.insert(0, str(source))
    done = subprocess.run(command(folder, *arguments, trace=trace), input=stdin, capture_output=True, cwd=folder, check=False,
                          timeout=BACKSTOP_S + 60)
    return _collect(folder, done)


def boot_raw(folder, *qemu_arguments, append="", seconds=60, until=None):
    """QEMU alone with our image, without the launcher: for machines that it would not make. Ends when `until` is on the UART."""
    argv = ["qemu-system-aarch64", "-M", "virt,virtualization=on,gic-version=3", "-cpu", CPU or "cortex-a57", "-m", "256M", "-nodefaults",
            "-display", "none", "-monitor", "none", "-chardev", "stdio,id=con,signal=off", "-serial", "chardev:con",
            "-kernel", str(BUILD / "vitrine.img"), "-append", append, *qemu_arguments]
    child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=folder)
    try:
        output = read_until(child.stdout.fileno(), until, seconds)
        if until is None:
            return child.wait(timeout=seconds), output
        return None, output
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


def read_until(fd, text, seconds, so_far=""):
    """Everything up to the line with `text`; to the end of the file when that is None."""
    end = time.monotonic() + seconds
    while text is None or text not in so_far:
        ready, _, _ = select.select([fd], [], [], max(0, end - time.monotonic()))
        try:
            data = os.read(fd, 65536) if ready else b""
        except OSError:  # a terminal whose other side is closed
            data = b""
        if not data:
            if text is not None or not ready:
                raise AssertionError(f"no {text!r} in:\n{so_far}")
            return so_far
        so_far += data.decode(errors="replace").replace("\r", "")
    return so_far


class Dialogue:
    """A run that is talked to: say() and expect() on its console, through a pipe or a terminal."""

    def __init__(self, folder, *arguments, nodes=None, terminal=False, trace=True):
        arguments = [str(argument) for argument in arguments]
        if nodes is not None:
            (folder / "vms.dts").write_text(manifest(*nodes))
            arguments.insert(0, str(folder / "vms.dts"))
        self.folder = folder
        self.errors = open(folder / "stderr", "wb")
        self.heard = ""
        if terminal:
            self.fd, slave = pty.openpty()
            self.child = subprocess.Popen(command(folder, *arguments, trace=trace), stdin=slave, stdout=slave, stderr=self.errors, cwd=folder,
                                          start_new_session=True)
            os.close(slave)
            self.output = self.fd
        else:
            self.child = subprocess.Popen(command(folder, *arguments, trace=trace), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                          stderr=self.errors, cwd=folder)
            self.fd = self.child.stdin.fileno()
            self.output = self.child.stdout.fileno()
        self.terminal = terminal

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.child.poll() is None:
            self.child.terminate()
            self.child.wait()
        self.errors.close()
        if self.terminal:
            os.close(self.fd)
        else:
            self.child.stdin.close()
            self.child.stdout.close()

    def say(self, keys):
        os.write(self.fd, keys if isinstance(keys, bytes) else keys.encode())

    def expect(self, text, seconds=BACKSTOP_S):
        """Wait until the console has said this since the last expect(); gives what came before and with it."""
        self.heard = read_until(self.output, text, seconds, self.heard)
        before, _, self.heard = self.heard.partition(text)
        return before + text

    def end(self):
        """Wait for the end; the Run without what expect() took."""
        console = read_until(self.output, None, BACKSTOP_S, self.heard)
        status = self.child.wait(timeout=BACKSTOP_S)
        self.errors.flush()
        return Run(status, console, (self.folder / "stderr").read_text(errors="replace"),
                   (self.folder / "vitrine.log").read_text(errors="replace"), self.folder)


def check_trace(folder):
    """The recording balances: what was read is what was counted, nothing lost. Gives the number of exits."""
    done = subprocess.run([VTRACE, "check", folder / "run.vtr", "--pftrace", folder / "run.pftrace"], capture_output=True, text=True,
                          check=False)
    found = re.search(r"check: exits=(\d+) lost=(\d+) total=(\d+) ok", done.stdout)
    assert done.returncode == 0 and found, done.stdout + done.stderr
    exits, lost, total = (int(number) for number in found.groups())
    assert lost == 0 and exits == total > 0, done.stdout
    return exits
