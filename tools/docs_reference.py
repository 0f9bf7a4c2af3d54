#!/usr/bin/python3
"""Makes the pages of docs/reference that are made of tables in the sources: `make docs-reference`.

  tools/docs_reference.py             writes them all
  tools/docs_reference.py --check     writes none; status 1 and their names when one is not what it would write

Needs build/host/vtrace, for its --help.
"""
import ast
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = Path(os.environ.get("VITRINE_BUILD") or ROOT / "build")
SHAPES = {"STRINGS": "strings", "STRING": "string", "U32": "cell", "U32S": "cells", "U64": "two cells", "RANGE": "four cells", "BYTES": "bytes"}


def text_of(path):
    return (ROOT / path).read_text()


def made_of(*sources):
    names = " and ".join(f"`{source}`" for source in sources)
    return f"Made from {names} by `tools/docs_reference.py`: change that, not this.\n"


def rows(path, macro):
    """The rows of a .def table: each a list of texts; string literals that stand side by side are one."""
    found = []
    for row in re.findall(rf"^{macro}\((.*)\)(?: */\*.*\*/)?$", text_of(path), re.MULTILINE):
        cells = re.findall(r'\s*((?:"(?:[^"\\]|\\.)*"|\([^()]*\)|[^,"()])+)(?:,|$)', row)
        found.append([ast.literal_eval(cell) if cell.startswith('"') else cell for cell in map(str.strip, cells)])
    return found


def table(head, lines):
    cells = [head, ["---"] * len(head), *lines]
    return "".join("| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |\n" for line in cells)


def enumerators(path, enum):
    """(name, value or "", comment) of a C enum whose every line may end in a comment."""
    body = re.search(rf"^enum {enum} {{\n(.*?)^}};", text_of(path), re.MULTILINE | re.DOTALL)[1]
    return re.findall(r"(\w+)(?:\s*=\s*(-?\w+))?,\s*(?:/\*\s*(.*?)\s*\*/)?", body)


def output_of(*command):
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "COLUMNS": "100"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout


def manifest():
    path, traps = "src/vm/manifest_properties.def", "src/vm/manifest_traps.def"
    return f"""# Manifest

{made_of(path, traps)}
[How to write one](../use/manifest.md) has an example. A property that stands in no table below is refused, with its name.

## The root

{table(["property", "value", "when it is missing"],
       [[f"`{name}`", value, other] for name, value, other in rows(path, "ROOT_PROPERTY")]
       + [[f"`trace-{name}`", value, other] for name, value, other in rows(path, "TRACE_PROPERTY")])}
What the words of tracing mean: [Traces](../use/traces.md#choose-what-is-recorded).

## A VM

A node below the root, with any name.

{table(["property", "type", "value", "when it is missing"],
       [[f"`{name}`", SHAPES[shape], value, other] for _, name, shape, _, value, other in rows(path, "PROPERTY")])}
## Traps

The words of `traps`. What traps without anybody to emulate it is UNDEFINED for the guest, and the log names the register once.

{table(["word", "in `HCR_EL2`", "the guest finds"],
       [[f"`{word}`", ("sets " + bits(sets) if sets != "0" else "clears " + bits(clears) if clears != "0"
                       else f"none; clears {bits(counter)} in `CNTHCTL_EL2`"), finds]
        for word, sets, clears, counter, finds in rows(traps, "TRAP")])}"""


def bits(expression):
    return ", ".join(f"`{bit.strip().partition('_')[2]}`" for bit in expression.split("|"))


def exit_reasons():
    path, classes, faults = "src/core/exit_reasons.def", "src/core/exception_classes.def", "src/core/fault_types.def"
    found = re.findall(r'^REASON\((\w+), +"(.*?)"\) +/\* (.*) \*/$', text_of(path), re.MULTILINE)
    return f"""# Exit reasons

{made_of(path, classes, faults)}
Why a guest came back to EL2. The number is that of recordings; the name that of `vtrace dump` (`reason=`) and, in small letters,
of the debugger's `monitor break exit`; a person reads the third column.

{table(["number", "name", "shown as", "the guest has done"],
       [[str(i), f"`{name}`", text, what] for i, (name, text, what) in enumerate(found)])}
## Exception classes

`ESR_EL2.EC`, bits 31:26, says which kind of exception has come. Arm ARM DDI 0487, D19.2.

{table(["EC", "what it is", "in a trace"], [[f"`{row[0]}`", row[1], row[2]] for row in rows(classes, "CLASS")])}
## Kinds of fault

What the fault status code of an abort says, `ESR_EL2.ISS` bits 5:0.

{table(["kind", "codes"],
       [[text, ", ".join(f"`{first}`" if first == last else f"`{first}` to `{last}`"
                         for first, last, kind, _ in rows(faults, "FAULT_CODES") if kind == name)]
        for name, text in rows(faults, "FAULT_TYPE")])}"""


VALUES_OF = {"CLASS": "a class: [Exit reasons](exit-reasons.md#exception-classes)", "FAULT": "a fault: [Exit reasons](exit-reasons.md#kinds-of-fault)",
             "REGISTER": "`x0` to `x30`; 31: the zero register"}


def field_rows(body):
    """The fields of one layout, each with all that follows it: [bits, name, what it says]."""
    found = []
    for macro, arguments in re.findall(r"^(\w+)\((.*)\)$", body, re.MULTILINE):
        cells = re.findall(r'"(?:[^"\\]|\\.)*"|[^,\s]+', arguments)
        text = ast.literal_eval(cells[-1]) if cells[-1].startswith('"') else cells[-1]
        if macro in ("FIELD", "FIELD_IF"):
            high, low, name = cells[-4:-1]
            only = f"; only while bit {cells[0]} is {cells[1]}" if macro == "FIELD_IF" else ""
            found.append([high if high == low else f"{high}:{low}", f"`{name}`", text + only])
        elif macro == "VALUE":
            found[-1][2] += f"<br>{cells[0]}: {text}"
        elif macro == "VALUES":
            found[-1][2] += f"<br>{VALUES_OF[text]}"
    return found


def syndrome():
    path = "src/core/syndrome_fields.def"
    layouts = re.findall(r'^LAYOUT\((\w+), "(.*?)", "(.*?)"\)\n((?:(?!LAYOUT|ISS\().*\n)*)', text_of(path), re.MULTILINE)
    classes = {}
    for first, last, layout in rows(path, "ISS"):
        classes.setdefault(layout, []).append(f"`{first}`" if first == last else f"`{first}` to `{last}`")
    parts = []
    for name, title, section, body in layouts:
        heading = f"ISS: {title}" if name in classes else title
        where = f"Exception class {', '.join(classes[name])}. " if name in classes else ""
        fields = field_rows(body)
        parts.append(f"## {heading[0].upper() + heading[1:]}\n\n{where}Arm ARM DDI 0487, {section}.\n"
                     + (f"\n{table(['bits', 'field', 'what it says'], fields)}" if fields else ""))
    return f"""# Syndrome registers

{made_of(path)}
What the bits of `ESR_EL2`, `HPFAR_EL2`, `FAR_EL2` and `SPSR_EL2` say after an exit; how to read `ESR_EL2.ISS` depends on the exception class.
The [exit explorer](../use/explorer.md) draws them for a value of yours. Bits that stand in no row are RES0.

{chr(10).join(parts)}"""


def gdb():
    packets, features, monitor = "gdbstub/packets.def", "gdbstub/query.c", "src/debug/monitor.c"
    commands = re.findall(r'^\t\{"(\w+)", "(.*?)", "(.*?)",\s*\w+\},$', text_of(monitor), re.MULTILINE)
    told = re.findall(r'{GDB_TABLE\((\w+)\), "([^"]+)"}', text_of(features))

    def needs_of(word):
        return "" if word == "NO_TABLE" else f"`{word.removeprefix('TABLE(').rstrip(')')}`"

    return f"""# GDB: packets and commands

{made_of(packets, features, monitor)}
How to debug a guest: [Debugging](../use/debugging.md). The protocol is GDB's own, its manual's appendix *Remote Serial Protocol*.

## Packets

Looked for in this order. *Needs* is the table of `gdbstub/gdb_ops.h` without which the packet is not there; Vitrine has all of
them. Any other packet gets the empty answer, which means: not here.

{table(["packet", "what it is for", "needs"],
       [[f"`{name}`", about, needs_of(needs)] for name, _, _, needs, about in rows(packets, "PACKET")])}
## Features told by `qSupported`

{table(["feature", "needs"], [[f"`{name}`", "" if needs == "core" else f"`{needs}`"]
                              for needs, name in told])}
Besides `PacketSize`.

## Errors

The library's answers `Exx`; xx is hexadecimal. Unknown packets are not errors.

{table(["answer", "name", "why"], [[f"`E{int(value):02x}`", f"`{name}`", why]
                                   for name, value, why in enumerators("gdbstub/gdb_ops.h", "gdb_err") if int(value) > 0])}
## `monitor` commands

{table(["command", "arguments", "what it shows or does"],
       [[f"`monitor {word}`", f"`{arguments}`" if arguments else "", what] for word, arguments, what in commands])}"""


def errors():
    sys.path.insert(0, str(ROOT / "tools"))
    sys.dont_write_bytecode = True
    from vitrine_cli.messages import EXIT_STATUS_HELP  # pylint: disable=import-outside-toplevel
    statuses = re.findall(r"^  (\S+) +(.*)$", EXIT_STATUS_HELP, re.MULTILINE)
    return f"""# Errors

{made_of("include/vitrine/err.h", "tools/vitrine_cli/messages.py")}
## Inside: `enum vt_err`

What a function of Vitrine returns when it can fail. Nothing else signals an error.

{table(["name", "why"], [[f"`{name}`", why or "it has been done"] for name, _, why in enumerators("include/vitrine/err.h", "vt_err")])}
## Outside: the exit status of `tools/vitrine` and `make run`

{table(["status", "how it ended"], [[status, why] for status, why in statuses])}
`vtrace` ends with 0 for success, 1 for bad data or a difference, 2 for wrong usage. What the debugger answers is in
[GDB: packets and commands](gdb.md), what a guest's calls answer in [Calls from a guest](hypercalls.md).
"""


def make():
    targets = re.findall(r"^  make ([a-z-]+) +(.*)$", output_of("make", "-s", "help"), re.MULTILINE)
    switches = [(name, about) for name, about in re.findall(r"`make ((?:CC|MODE|PERF|GDB|PLATFORM|V)=\S+?)`:? ([^`]*?)(?=\. `|\.\n|; the image|\n#)",
                                                            text_of("Makefile").replace("\n# ", " "))]
    return f"""# Make targets

{made_of("Makefile", "tools/make/*.mk")}
{table(["target", "what it does"], [[f"`make {target}`", about] for target, about in targets])}
Words that change what is built, to be given after `make`:

{table(["word", "effect"], [[f"`{name}`", about.strip()] for name, about in switches])}"""


def command_line():
    vtrace = str(BUILD / "host/vtrace")
    blocks = [("tools/vitrine", output_of("tools/vitrine", "--help"), "Runs guests: [Running guests](../use/running.md).")]
    overview = output_of(vtrace, "--help")
    blocks.append(("vtrace", overview, "Reads recordings: [Traces](../use/traces.md). It is `build/host/vtrace`, its manual page "
                                       "`man -l docs/man/vtrace.1`."))
    for command in re.findall(r"^  ([a-z]+) ", overview, re.MULTILINE):
        if command != "help":
            blocks.append((f"vtrace {command}", output_of(vtrace, command, "--help"), ""))
    blocks.append(("tools/render_trace.py", output_of("tools/render_trace.py", "--help"), "Draws a stretch of a trace."))
    body = "".join(f"\n## {name}\n\n{about + chr(10) * 2 if about else ''}```text\n{text.rstrip().replace(str(BUILD), 'build')}\n```\n"
                   for name, text, about in blocks)
    return f"# Command line\n\nWhat each tool's `--help` prints.\n\n{made_of('the tools themselves').replace('`', '', 2)}{body}"


def lock_order():
    path = "src/lib/spinlock.h"
    users = {}
    for source in sorted([*ROOT.glob("src/*/*.c"), *ROOT.glob("trace/*.c")]):
        for rank in re.findall(r"SPINLOCK_INIT\((LOCK_\w+)\)", source.read_text()):
            users.setdefault(rank, []).append(f"`{source.relative_to(ROOT)}`")
    return f"""# Lock order

{made_of(path)}
Outermost first: a CPU that holds a lock takes only locks of later rows. `make MODE=debug build` asserts it at each acquire, and
`panic()` tells the rank that was asked for and those that were held, as bits. No lock is held while a guest runs, and EL2 runs with interrupts masked, so no lock
needs an interrupt state.

{table(["rank", "lock", "guards", "made in"],
       [[str(i), f"`{name}`", about, ", ".join(users.get(name, ["none at present"]))]
        for i, (name, _, about) in enumerate(enumerators(path, "lock_rank")) if name != "LOCK_RANKS"])}
Run queues have no lock: each belongs to its CPU, and others ask by setting a bit in a vCPU's `requests` and sending SGI_KICK
(`src/vm/sched.c`).
"""


PAGES = {
    "docs/reference/manifest.md": manifest,
    "docs/reference/exit-reasons.md": exit_reasons,
    "docs/reference/syndrome.md": syndrome,
    "docs/reference/gdb.md": gdb,
    "docs/reference/errors.md": errors,
    "docs/reference/make.md": make,
    "docs/reference/command-line.md": command_line,
    "docs/contribute/lock-order.md": lock_order,
}


def main():
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit("usage: docs_reference.py [--check]")
    stale = []
    for name, page in PAGES.items():
        text = page()
        if sys.argv[1:] and (not (ROOT / name).is_file() or text_of(name) != text):
            stale.append(name)
        elif not sys.argv[1:]:
            (ROOT / name).write_text(text)
    if stale:
        sys.exit(f"not as tools/docs_reference.py makes them: {' '.join(stale)}")


if __name__ == "__main__":
    main()
