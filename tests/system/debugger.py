"""A guest under the debugger that Vitrine has in itself: a run with its port, and GDBs on it."""

import re
import subprocess
import time

import harness
from lablib.common import free_port

GUEST = harness.GUESTS / "tests/debugged.elf"
CONNECT = ("set language c", "set remotetimeout 60", "target remote 127.0.0.1:{port}")
LET_IT_END = ("delete", "set *(long *)&released = 1", "continue")


def gdb_image():
    subprocess.run(["make", "-s", "-j2", "gdb-image"], cwd=harness.ROOT, check=True, capture_output=True)


class Debugged:
    """A run with the debugger's port, and GDBs on it."""

    def __init__(self, folder, *arguments, nodes=None, symbols=GUEST, trace=True):
        self.port, self.symbols, self.folder = free_port(), symbols, folder
        self.dialogue = harness.Dialogue(folder, *arguments, f"--gdb={self.port}", nodes=nodes, trace=trace)

    def __enter__(self):
        self.dialogue.__enter__()
        end = time.monotonic() + harness.BACKSTOP_S
        while "gdb: port ready" not in self.log():
            assert self.dialogue.child.poll() is None and time.monotonic() < end, self.log()
            time.sleep(0.1)
        return self

    def __exit__(self, *what):
        self.dialogue.__exit__(*what)

    def log(self):
        log = self.folder / "vitrine.log"
        return log.read_text(errors="replace") if log.exists() else ""

    def start(self, *commands, **how):
        """GDB with these commands; it ends after the last, and lets go of the guest then."""
        argv = ["gdb-multiarch", "-nx", "-q", "-batch", *([self.symbols] if self.symbols else [])]
        for command in (*CONNECT, *commands):
            argv += ["-ex", command.format(port=self.port)]
        return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                errors="replace", cwd=self.folder, **how)

    def gdb(self, *commands):
        child = self.start(*commands)
        try:
            return child.communicate(timeout=harness.BACKSTOP_S)[0]
        finally:
            child.kill()
            child.wait()


def two_vcpus():
    return harness.test_guest("debugged", "debugged", vcpus=2)


def passed(debugged):
    run = debugged.dialogue.end()
    run.assert_passed()
    assert run.exit_line() == (0, "poweroff"), run.report()
    return run


def numbers(text, pattern):
    return [int(found, 0) for found in re.findall(pattern, text)]
