"""What a person types to debug a guest, and the file of settings that it names: made for each run, in the build folder."""

import os

from .messages import BUILD, EXIT_SETUP, Failure, shown

# Of GDB's own settings only those that matter here; a person's ~/.gdbinit is read as ever.
SETTINGS = """\
# Made by tools/vitrine for one run; changes are lost.
set architecture aarch64
set remotetimeout 20
# Each VM is a process: what is done to one does not start or stop the others.
set schedule-multiple off
# A guest has no files of this machine.
set sysroot
set print pretty on
"""


def waiting(options):
    return "the first VM waits for GDB" if options["halt"] else "the guests run"


def write(options):
    """The file's path. It connects, so that one line starts a session."""
    folder = os.path.join(BUILD, "gdb")
    path = os.path.join(folder, "gdbinit" if options["gdb"] == 1234 else f"gdbinit-{options['gdb']}")
    text = SETTINGS
    if options["symbols"]:
        text += f"symbol-file {_quoted(options['symbols'])}\n"
    text += f"target remote 127.0.0.1:{options['gdb']}\n"
    try:
        os.makedirs(folder, exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise Failure(EXIT_SETUP, f"{shown(path)} cannot be written: {error.strerror}") from None
    return path


def command(path):
    return f"gdb-multiarch -x {shown(path)}"


def _quoted(path):
    """GDB splits at blanks; a backslash keeps them."""
    return "".join("\\" + c if c in " \\'\"" else c for c in path)
