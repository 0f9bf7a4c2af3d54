"""How the tool speaks, where it finds its files, and its exit statuses.

Standard output belongs to the guest's console, so everything we say goes to standard error.
"""

import os
import select

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
BUILD = os.environ.get("VITRINE_BUILD") or os.path.join(ROOT, "build")
OUT = os.environ.get("VITRINE_OUT") or os.path.join(ROOT, "out")

EXIT_OK = 0
EXIT_USAGE = 2
EXIT_HYPERVISOR = 4
EXIT_SETUP = 6
EXIT_TIMEOUT = 124
EXIT_SIGNAL = 128  # + the signal's number

EXIT_STATUS_HELP = """\
  0    every VM powered off cleanly
  2    usage error: an option, a file or the manifest is wrong; nothing was started
  3    a guest crashed (its crash record is in the log)
  4    hypervisor fault, or the hypervisor ended without a last word
  5    no VM could be started (the log names node and property)
  6    set-up failure: a tool or the hypervisor image is missing, or QEMU did not start
  124  time-out (--timeout)
  128+N  ended by signal N: 130 is SIGINT, 143 SIGTERM, 141 the reader of our output went away"""


class Failure(Exception):
    """Ends the command: one line for the person, one status for the script."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


def usage_failure(text):
    return Failure(EXIT_USAGE, text)


def say(text):
    """Print one line to standard error, prefixed.

    QEMU makes the terminal non-blocking, and standard error is often the same open file: a full
    terminal then answers EAGAIN, which is no reason to lose a message or to die.
    """
    data = f"vitrine: {text}\n".encode(errors="replace")
    while data:
        try:
            data = data[os.write(2, data):]
        except BlockingIOError:
            select.select([], [2], [], 1.0)
        except OSError:
            return  # standard error is closed: nobody listens, the run goes on


def shown(path):
    """A path as the person would type it: relative to where they stand, if that is shorter."""
    relative = os.path.relpath(path)
    return relative if len(relative) < len(path) else path
