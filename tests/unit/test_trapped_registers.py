#!/usr/bin/python3
"""Claims about docs/reference/trapped-registers.md: its table is src/core/trapped_regs.def. Run as a program, it writes the table."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "src/core/trapped_regs.def"
PAGE = ROOT / "docs/reference/trapped-registers.md"
BEGIN, END = "<!-- table: written by tests/unit/test_trapped_registers.py -->\n", "<!-- end of table -->\n"

READ = {"UNDEF": "UNDEFINED", "ZERO": "0", "DEBUG": "its own", "PMU": "its own", "EMBEDDER": "its own"}
WRITE = {"UNDEF": "UNDEFINED", "IGNORE": "ignored", "DEBUG": "its own", "PMU": "its own", "EMBEDDER": "its own",
         "SET_WAY": "done by EL2"}
ANSWERED_BY = {"DEBUG": "src/core/guest_debug.c", "PMU": "src/core/pmu.c", "EMBEDDER": "src/vm/embed.c"}


def rows():
    """(name, encoding, read, write) of each row of the table."""
    return [(fields[5], tuple(int(field) for field in fields[:5]), fields[6], fields[7])
            for fields in (re.split(r", *", row) for row in re.findall(r"^TRAPPED\((.*)\)$", TABLE.read_text(), re.MULTILINE))]


def table():
    """As Markdown; registers that differ in a number only are one line."""
    families = {}
    for name, encoding, read, write in rows():
        numbered = re.fullmatch(r"(DBG[BW][VC]R|PMEV(?:CNTR|TYPER))(\d+)(_EL\d)", name)
        key = f"{numbered[1]}<n>{numbered[3]}" if numbered else name
        families.setdefault((key, read, write), []).append(encoding)
    lines = ["| Register | op0, op1, CRn, CRm, op2 | a read gives | a write is | answered in |", "| --- | --- | --- | --- | --- |"]
    for (name, read, write), encodings in families.items():
        where = ANSWERED_BY.get(read) or ANSWERED_BY.get(write) or "src/core/sysreg_trap.c"
        first, last = (", ".join(map(str, encodings[at])) for at in (0, -1))
        if len(encodings) > 1:
            first += f" to {last}"
        lines.append(f"| `{name}` | {first} | {READ[read]} | {WRITE[write]} | `{where}` |")
    return "\n".join(lines) + "\n"


def parts():
    before, _, rest = PAGE.read_text().partition(BEGIN)
    written, _, after = rest.partition(END)
    return before, written, after


def test_the_page_has_the_table():
    assert parts()[1] == table(), "run tests/unit/test_trapped_registers.py to write it again"


def test_every_row_is_read():
    assert len(rows()) == TABLE.read_text().count("\nTRAPPED(") > 150


def test_no_register_is_there_twice():
    names, encodings = zip(*((name, encoding) for name, encoding, _, _ in rows()))
    assert len(set(names)) == len(names) and len(set(encodings)) == len(encodings)


def test_no_name_is_given_twice():
    others = re.findall(r"^SYSREG\(.*, (\w+)\)$", (ROOT / "trace/host/sysreg_names.def").read_text(), re.MULTILINE)
    assert others and not {name for name, *_ in rows()} & set(others)


if __name__ == "__main__":
    text = parts()
    PAGE.write_text(text[0] + BEGIN + table() + END + text[2])
