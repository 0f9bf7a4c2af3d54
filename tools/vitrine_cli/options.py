"""The command line: one table of options, its parser, and the help text made from the same table.

Not argparse: that refuses values that begin with a dash (`--qemu-arg -S`), guesses abbreviations,
and cannot tell `--gdb VM.dts` from `--gdb=PORT`.
"""

import difflib
import math
import os
import re
import stat
from dataclasses import dataclass
from typing import Callable, Optional

from .messages import EXIT_STATUS_HELP, usage_failure

VERSION = "0.1.0"
MIB = 1 << 20
BLOCK_BYTES = 2 * MIB  # stage-2 maps RAM in 2 MiB blocks
MAX_RAM_BYTES = 511 << 30  # 39-bit guest-physical addresses, the lowest GiB is for devices
MAX_VCPUS = 8
MAX_PCPUS = 8
ZCU102_CPUS = 4
DEFAULT_GDB_PORT = 1234
DEFAULT_QEMU_GDB_PORT = 1235
MACHINES = ("virt", "zcu102")
MAX_SOCKET_PATH = 107  # sockaddr_un's sun_path with its NUL
HELP_WORDS = ("--help", "-h")

# QEMU's own spelling of models that have no 64-bit state, and so no EL2 that we could use.
CPU_32BIT = re.compile(r"(cortex-(a5|a7|a8|a9|a15|a17|m\d+|r\d+f?)|arm\d.*|pxa.*|sa1.*|ti925t)$")


def _whole_number(name, text, low, high):
    if not re.fullmatch(r"[+-]?\d+", text):
        raise usage_failure(f"{name}: '{text}' is not a whole number")
    if not low <= int(text) <= high:
        raise usage_failure(f"{name}: {text} is out of range, {low} to {high} is allowed")
    return int(text)


def _text(_name, text):
    return text


def _given_text(name, text):
    if not text:
        raise usage_failure(f"{name}: the value is empty")
    return text


def _output_file(name, text):
    """Checked before QEMU starts: a run of an hour must not fail at writing its result."""
    path = os.path.abspath(_given_text(name, text))
    if os.path.exists(path) and not os.path.isfile(path):
        raise usage_failure(f"{name}: '{text}' is not a regular file")
    if not os.path.isdir(os.path.dirname(path)):
        raise usage_failure(f"{name}: '{text}': its folder does not exist")
    if not os.access(path if os.path.exists(path) else os.path.dirname(path), os.W_OK):
        raise usage_failure(f"{name}: '{text}' cannot be written")
    return path


def _new_socket(name, text):
    """Where QEMU is to listen. One that is left over from a run that was killed may go; any other file may not."""
    path = os.path.abspath(_given_text(name, text))
    if len(os.fsencode(path)) > MAX_SOCKET_PATH:
        raise usage_failure(f"{name}: '{text}' is longer than a socket's path may be, {MAX_SOCKET_PATH} bytes")
    if os.path.lexists(path) and not stat.S_ISSOCK(os.lstat(path).st_mode):
        raise usage_failure(f"{name}: '{text}' is there already and is no socket")
    if not os.path.isdir(os.path.dirname(path)):
        raise usage_failure(f"{name}: '{text}': its folder does not exist")
    return path


def input_file(name, text):
    """A file that can be read and has something in it; `name` is the option or argument to blame."""
    path = os.path.abspath(_given_text(name, text))
    if not os.path.exists(path):
        raise usage_failure(f"{name}: '{text}' does not exist")
    if not os.path.isfile(path):
        raise usage_failure(f"{name}: '{text}' is not a regular file")
    try:
        with open(path, "rb") as file:
            if not file.read(1):
                raise usage_failure(f"{name}: '{text}' is empty")
    except OSError as error:
        raise usage_failure(f"{name}: '{text}' cannot be read: {error.strerror}") from None
    return path


def _memory(name, text):
    """QEMU's habit: a plain number is MiB. Result in bytes."""
    match = re.fullmatch(r"(\d+)([KMGkmg]?)", text)
    if not match:
        raise usage_failure(f"{name}: '{text}' is not a size; write 512M, 1G, or a number of MiB")
    unit = {"K": 1 << 10, "M": MIB, "G": 1 << 30}[match[2].upper() or "M"]
    size = int(match[1]) * unit
    if size == 0:
        raise usage_failure(f"{name}: '{text}' is no memory at all")
    if size % BLOCK_BYTES:
        raise usage_failure(f"{name}: '{text}' is not a multiple of 2 MiB")
    if size > MAX_RAM_BYTES:
        raise usage_failure(f"{name}: '{text}' is more than a guest can address, 511G at most")
    return size


def _seconds(name, text):
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise usage_failure(f"{name}: '{text}' is not a number of seconds")
    if value <= 0:
        raise usage_failure(f"{name}: {text} is not a positive number of seconds")
    return value


def _cpu(name, text):
    model = _given_text(name, text).split(",")[0]
    if CPU_32BIT.match(model):
        raise usage_failure(f"{name}: '{model}' is a 32-bit CPU; Vitrine needs AArch64, such as cortex-a57")
    return text


def _gic(name, text):
    if text not in ("2", "3"):
        raise usage_failure(f"{name}: '{text}' is not a GIC version we run on; use 2 or 3")
    return int(text)


def _machine(name, text):
    if text not in MACHINES:
        raise usage_failure(f"{name}: '{text}' is no machine we have an image for; use {' or '.join(MACHINES)}")
    return text


def _port(name, text):
    return _whole_number(name, text, 1, 65535)


@dataclass(frozen=True)
class Option:
    name: str
    metavar: str  # "" for a switch, "[=X]" for an optional value
    check: Optional[Callable]
    help: str
    repeats: bool = False
    default: object = None  # what a bare `--option` means when the value is optional

    @property
    def key(self):
        return self.name.lstrip("-").replace("-", "_")

    @property
    def spelling(self):
        gap = "" if self.metavar.startswith("[") or not self.metavar else " "
        return f"{self.name}{gap}{self.metavar}"


RUN_OPTIONS = (
    Option("--kernel", "IMAGE", input_file,
           "run this arm64 Image, gzip Image, ELF or raw binary; no manifest"),
    Option("--initrd", "FILE", input_file, "with --kernel: initial RAM disk"),
    Option("--append", "S", _text, "with --kernel: the guest's command line"),
    Option("--smp", "N", lambda n, t: _whole_number(n, t, 1, MAX_VCPUS),
           "with --kernel: number of vCPUs, 1 to 8 (default 1)"),
    Option("--mem", "M", _memory, "with --kernel: RAM, 512M or 1G or a number of MiB (default 512M)"),
    Option("--machine", "virt|zcu102", _machine,
           "QEMU's machine (default virt); zcu102: four Cortex-A53, GICv2, no trace"),
    Option("--cpu", "MODEL", _cpu, "QEMU CPU model (default cortex-a57)"),
    Option("--pcpus", "N", lambda n, t: _whole_number(n, t, 1, MAX_PCPUS),
           "physical CPUs, 1 to 8 (default: the largest VM's vCPUs, at most 4)"),
    Option("--gic", "2|3", _gic, "the machine's interrupt controller, the guests get the same (default 3)"),
    Option("--icount", "", None, "count instructions: repeatable runs, 1 tick = 1 instruction; one CPU"),
    Option("--trace", "FILE", _output_file, "where the Perfetto trace goes (default out/run.pftrace)"),
    Option("--no-trace", "", None, "record no trace"),
    Option("--trace-socket", "PATH", _new_socket,
           "send the trace to who connects to this Unix socket (vtrace record), and wait for him"),
    Option("--gdb", "[=PORT]", _port,
           "debug guests: Vitrine's own stub on 127.0.0.1 (default port 1234)", default=DEFAULT_GDB_PORT),
    Option("--gdb-uart", "", None,
           "with --gdb: over the console's UART, as on a board with no other port; GDB shows what guests print"),
    Option("--halt", "", None, "with --gdb: the first VM waits for GDB at its first instruction"),
    Option("--symbols", "FILE", input_file, "with --gdb: an ELF file with the guest's symbols, for the .gdbinit"),
    Option("--qemu-gdb", "[=PORT]", _port,
           "debug Vitrine: QEMU's stub on 127.0.0.1 (default port 1235), EL2 and guest together",
           default=DEFAULT_QEMU_GDB_PORT),
    Option("--timeout", "S", _seconds, "end the run after S seconds, exit status 124"),
    Option("--qemu-arg", "ARG", _text, "one more argument for QEMU; may be repeated", repeats=True),
    Option("--hv-append", "S", _text, "options for the hypervisor itself; may be repeated", repeats=True),
    Option("--hypervisor", "FILE", input_file, "hypervisor image (default the one in build/ for this machine)"),
    Option("--log", "FILE", _output_file, "the hypervisor's log (default out/vitrine.log)"),
    Option("--dry-run", "", None, "print the manifest used and the QEMU command, start nothing"),
)

MANIFEST_OPTIONS = (
    Option("-o", "FILE", _output_file, "where the compiled manifest goes"),
)

RUN_USAGE = "vitrine run [VM.dts | VM.dtb | --kernel IMAGE] [OPTION]..."
MANIFEST_USAGE = "vitrine manifest VM.dts -o FILE"

CHORD_HELP = """\
  C-a x    quit: end every VM            C-a n    input to the next VM
  C-a h    help (also C-a ?)             C-a p    input to the previous VM
  C-a a    send a C-a to the guest       C-a 1..9 input to that VM
  C-c, C-z and C-d are ordinary keys: they reach the guest."""


def help_text():
    rows = "\n".join(f"  {o.spelling:<21} {o.help}" for o in RUN_OPTIONS)
    return f"""\
usage: {RUN_USAGE}
       {MANIFEST_USAGE}
       vitrine --help | --version

Runs guests under the Vitrine hypervisor, in QEMU. The guest's console is standard input and output,
on a terminal or through a pipe; what the tool itself says goes to standard error.
With neither a manifest nor --kernel, vms/linux.dts is run.

options of run:
{rows}
An option's value follows it or is joined to it by '='. The last one given counts.

`manifest` compiles a manifest with the guest images in it, and starts nothing: a boot loader passes
the result to the hypervisor as its initrd.

console (Vitrine's own keys, on a terminal and through a pipe):
{CHORD_HELP}

exit status:
{EXIT_STATUS_HELP}
"""


class HelpWanted(Exception):
    """--help stands somewhere among the options."""


def _unknown(name, table):
    near = difflib.get_close_matches(name.lstrip("-"), [o.name.lstrip("-") for o in table], 1)
    hint = f"; did you mean --{near[0]}?" if near and len(name) > 2 else "; see vitrine --help"
    return usage_failure(f"unknown option '{name}'{hint}")


def parse(arguments, table, positional):
    """Arguments to a dict: key -> checked value, list for options that repeat; `positional` -> text.

    An option's value is taken as it stands, but another option's name in its place is a forgotten value.
    """
    by_name = {option.name: option for option in table}
    values = {option.key: [] if option.repeats else None for option in table}
    values[positional] = None
    rest = list(arguments)
    options_end = False

    while rest:
        word = rest.pop(0)
        if word == "--" and not options_end:
            options_end = True
            continue
        if options_end or not word.startswith("-") or word == "-":
            if values[positional] is not None:
                raise usage_failure(f"unexpected argument '{word}': one manifest a run")
            values[positional] = word
            continue
        if word in HELP_WORDS:
            raise HelpWanted
        name, joined, value = word.partition("=")
        option = by_name.get(name)
        if option is None:
            raise _unknown(name, table)
        values_given = _value_of(option, bool(joined), value, rest, by_name)
        if option.repeats:
            values[option.key].append(values_given)
        else:
            values[option.key] = values_given
    return values


def _value_of(option, joined, value, rest, by_name):
    if not option.metavar:
        if joined:
            raise usage_failure(f"{option.name}: takes no value")
        return True
    if not joined:
        if option.metavar.startswith("["):
            return option.default
        if not rest:
            raise usage_failure(f"{option.name}: its value {option.metavar} is missing")
        if rest[0].partition("=")[0] in by_name:
            raise usage_failure(f"{option.name}: its value {option.metavar} is missing before '{rest[0]}' "
                                f"(if that is the value, write {option.name}={rest[0]})")
        value = rest.pop(0)
    return option.check(option.name, value)


def _check_zcu102(options):
    """Nothing about this machine can be chosen."""
    if options["gic"] == 3:
        raise usage_failure("--gic: 3 with --machine zcu102, which has a GICv2")
    if options["cpu"]:
        raise usage_failure(f"--cpu: '{options['cpu']}' with --machine zcu102, which has Cortex-A53s")
    if options["pcpus"] not in (None, ZCU102_CPUS):
        raise usage_failure(f"--pcpus: {options['pcpus']} with --machine zcu102, which has {ZCU102_CPUS}")
    if options["icount"]:
        raise usage_failure(f"--icount: it counts on one CPU only, --machine zcu102 has {ZCU102_CPUS}")
    for key in ("trace", "trace_socket"):
        if options[key]:
            raise usage_failure(f"--{key.replace('_', '-')}: --machine zcu102 has no port that a trace could leave by")
    if options["gdb"] and not options["gdb_uart"]:
        raise usage_failure("--gdb: --machine zcu102 has no port of its own for it; there is --gdb-uart")


def parse_run(arguments):
    """The options of `run`, with the combinations that make no sense refused."""
    options = parse(arguments, RUN_OPTIONS, "vm")

    if options["vm"] is not None and options["kernel"]:
        raise usage_failure(f"both a manifest '{options['vm']}' and --kernel given: choose one")
    if not options["kernel"]:
        for key in ("initrd", "append", "smp", "mem"):
            if options[key] is not None:
                raise usage_failure(f"--{key}: only with --kernel; a manifest says this itself")
    for key in ("halt", "symbols", "gdb_uart"):
        if options[key] and not options["gdb"]:
            raise usage_failure(f"--{key.replace('_', '-')}: only with --gdb")
    if options["gdb"] and options["gdb"] == options["qemu_gdb"]:
        raise usage_failure(f"--gdb and --qemu-gdb: both on port {options['gdb']}")
    given = [name for name in ("--trace", "--no-trace", "--trace-socket") if options[name[2:].replace("-", "_")]]
    if len(given) > 1:
        raise usage_failure(f"both {given[0]} and {given[1]} given: choose one")
    if options["icount"] and (options["pcpus"] or 1) != 1:
        raise usage_failure(f"--pcpus: {options['pcpus']} with --icount, which counts on one CPU only")
    if options["machine"] == "zcu102":
        _check_zcu102(options)
    return options
