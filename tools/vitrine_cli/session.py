"""One life of QEMU: start it, watch it, and end it whatever happens to us.

QEMU inherits standard input and output, so the guest's console never passes through this process:
a terminal, a pipe and a file all behave as QEMU makes them. QEMU puts a terminal into raw mode and
restores it when it exits; a killed QEMU cannot, so the state is saved here and restored here.
"""

import ctypes
import fcntl
import os
import re
import select
import signal
import subprocess
import termios
import time
from dataclasses import dataclass
from typing import Optional

from .messages import EXIT_SETUP, EXIT_SIGNAL, EXIT_TIMEOUT, Failure, say

TERM_GRACE_S = 1.0  # from SIGTERM, which lets QEMU close its files, to SIGKILL
TICK_MS = 200  # how late a signal or the time-out may be noticed
PR_SET_PDEATHSIG = 1
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GATEKEEPER = 'until [ -s "$1" ]; do sleep 0.05; done; exec cat'
OWN_STOP_NOTICE = re.compile(r"terminating on signal \d+")


@dataclass
class Ending:
    returncode: int  # as subprocess has it: negative for a signal
    wall_s: float
    stop_status: Optional[int]  # our exit status if it was we who ended QEMU, else None
    stop_reason: str = ""


class _Terminal:
    """Standard input's modes and the O_NONBLOCK flags that QEMU changes, kept for later."""

    def __init__(self):
        self.modes = termios.tcgetattr(0) if os.isatty(0) else None
        self.flags = {fd: fcntl.fcntl(fd, fcntl.F_GETFL) for fd in (0, 1, 2)}

    def restore(self):
        for fd, flags in self.flags.items():
            fcntl.fcntl(fd, fcntl.F_SETFL, flags)
        try:
            if self.modes is None or termios.tcgetattr(0) == self.modes:
                return
            # A process in the background may set modes only while it ignores SIGTTOU.
            before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
            termios.tcsetattr(0, termios.TCSADRAIN, self.modes)
            signal.signal(signal.SIGTTOU, before)
        except termios.error:
            pass  # the terminal has gone away; nothing is left to restore


def _die_with_parent():
    """In the child before exec: the kernel ends QEMU even if we are killed by SIGKILL."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Session:
    def __init__(self, argv, timeout_s, noise, input_gate=None):
        """`input_gate`: a file; input from a pipe is held back until something stands in it."""
        self.argv = argv
        self.input_gate = None if os.isatty(0) else input_gate
        self.gatekeeper = None
        self.noise = noise  # a pattern: lines of QEMU's that nobody wants to read
        self.timeout_s = timeout_s
        self.child = None
        self.stop_status = None
        self.stop_reason = ""
        self.kill_at = None
        self.partial = b""

    def run(self):
        terminal = _Terminal()
        handlers = {}
        for number in ENDING_SIGNALS:
            # Ignored means: started by nohup, or in a script's background. That wish is respected.
            if signal.getsignal(number) != signal.SIG_IGN:
                handlers[number] = signal.signal(number, self._on_signal)
        started = time.monotonic()
        try:
            self._start()
            self._watch(started)
        finally:
            if self.child is not None and self.child.poll() is None:
                self.child.kill()
                self.child.wait()
            if self.gatekeeper is not None:
                self.gatekeeper.kill()
                self.gatekeeper.wait()
            terminal.restore()
            for number, handler in handlers.items():
                signal.signal(number, handler)
        return Ending(self.child.returncode, time.monotonic() - started, self.stop_status, self.stop_reason)

    def _start(self):
        try:
            # pylint: disable=subprocess-popen-preexec-fn  # no threads here
            if self.input_gate:
                self.gatekeeper = subprocess.Popen(["sh", "-c", GATEKEEPER, "sh", self.input_gate],
                                                   stdout=subprocess.PIPE, preexec_fn=_die_with_parent)
            self.child = subprocess.Popen(self.argv, stderr=subprocess.PIPE, preexec_fn=_die_with_parent,
                                          stdin=self.gatekeeper.stdout if self.gatekeeper else None)
        except OSError as error:
            raise Failure(EXIT_SETUP, f"{self.argv[0]} did not start: {error.strerror}") from None
        if self.gatekeeper:
            self.gatekeeper.stdout.close()  # QEMU has it: cat must notice when QEMU is gone

    def _on_signal(self, number, _frame):
        self._stop(EXIT_SIGNAL + number, f"{signal.Signals(number).name} received")

    def _stop(self, status, reason):
        """Asks QEMU to end; the first reason is the one reported."""
        if self.stop_status is None:
            self.stop_status, self.stop_reason = status, reason

    def _watch(self, started):
        """Until QEMU has ended: pass on its error output, mind the clock, the signals and our reader."""
        errors = self.child.stderr.fileno()
        os.set_blocking(errors, False)
        pidfd = os.pidfd_open(self.child.pid)
        poll = select.poll()
        poll.register(pidfd, select.POLLIN)
        poll.register(errors, select.POLLIN)
        poll.register(1, 0)  # only POLLERR: the reader of a pipe has gone
        try:
            while True:
                ready = dict(poll.poll(TICK_MS))
                if errors in ready and not self._relay(errors):
                    poll.unregister(errors)
                if pidfd in ready:
                    self.child.wait()
                    self._relay(errors)
                    return
                if 1 in ready:
                    poll.unregister(1)
                    self._stop(EXIT_SIGNAL + signal.SIGPIPE, "standard output was closed")
                if self.timeout_s and time.monotonic() - started >= self.timeout_s:
                    self._stop(EXIT_TIMEOUT, f"time-out after {self.timeout_s:g} s")
                self._carry_out_stop()
        finally:
            os.close(pidfd)
            self.child.stderr.close()

    def _carry_out_stop(self):
        if self.stop_status is None:
            return
        if self.kill_at is None:
            self.kill_at = time.monotonic() + TERM_GRACE_S
            self.child.terminate()
        elif time.monotonic() >= self.kill_at:
            self.child.kill()

    def _relay(self, fd):
        """QEMU's complaints, whole lines, with our prefix. False at the end of file."""
        while True:
            try:
                data = os.read(fd, 65536)
            except BlockingIOError:
                return True
            lines = (self.partial + data).split(b"\n")
            self.partial = b"" if not data else lines.pop()
            for line in lines:
                text = line.decode(errors="replace").rstrip("\r")
                if not text or self.noise.search(text):
                    continue
                if self.stop_status is None or not OWN_STOP_NOTICE.search(text):
                    say(f"qemu: {text}")
            if not data:
                return False
