"""What a person types to debug a guest, and the file of settings that it names: made for each run, in the build folder."""

import os

from .messages import BUILD, EXIT_SETUP, ROOT, Failure, shown
from .options import DEFAULT_GDB_PORT, DEFAULT_QEMU_GDB_PORT

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
    # As the program, too, not as symbols alone: GDB then looks for no other, neither here nor at the guest.
    symbols = ["set exec-file-mismatch off", f"file {_quoted(options['symbols'])}"] if options["symbols"] else []
    return _write("gdbinit" if options["gdb"] == DEFAULT_GDB_PORT else f"gdbinit-{options['gdb']}", symbols, options["gdb"], [])


def write_el2(options, hypervisor):
    """The same for Vitrine itself, over QEMU's stub."""
    name = "gdbinit-el2" if options["qemu_gdb"] == DEFAULT_QEMU_GDB_PORT else f"gdbinit-el2-{options['qemu_gdb']}"
    return _write(name, [], options["qemu_gdb"], [f"vitrine el2 load {os.path.splitext(hypervisor)[0]}.elf"])


def _write(name, before, port, after):
    folder = os.path.join(BUILD, "gdb")
    path = os.path.join(folder, name)
    lines = [*before, f"target remote 127.0.0.1:{port}", f"source {os.path.join(ROOT, 'tools/gdb/vitrine.py')}", *after]
    try:
        os.makedirs(folder, exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(SETTINGS + "".join(f"{line}\n" for line in lines))
    except OSError as error:
        raise Failure(EXIT_SETUP, f"{shown(path)} cannot be written: {error.strerror}") from None
    return path


def command(path):
    return f"gdb-multiarch -x {shown(path)}"


def _quoted(path):
    """GDB splits at blanks; a backslash keeps them."""
    return "".join("\\" + c if c in " \\'\"" else c for c in path)
