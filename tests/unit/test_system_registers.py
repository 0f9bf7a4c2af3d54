#!/usr/bin/python3
"""Claims about src/core/sysregs.def: it names all of a guest's registers, and for each the file that really switches it; and
docs/reference/system-registers.md shows it. Run as a program, it writes that page's table."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "src/core/sysregs.def"
PAGE = ROOT / "docs/reference/system-registers.md"
BEGIN, END = "<!-- table: written by tests/unit/test_system_registers.py -->\n", "<!-- end of table -->\n"

# What the plan of the core names, one by one.
WANTED = """SP_EL1 ELR_EL1 SPSR_EL1 SCTLR_EL1 ACTLR_EL1 CPACR_EL1 TTBR0_EL1 TTBR1_EL1 TCR_EL1 ESR_EL1 FAR_EL1 AFSR0_EL1 AFSR1_EL1
PAR_EL1 MAIR_EL1 AMAIR_EL1 VBAR_EL1 CONTEXTIDR_EL1 TPIDR_EL0 TPIDR_EL1 TPIDRRO_EL0 CNTKCTL_EL1 CSSELR_EL1 CNTP_CTL_EL0 CNTP_CVAL_EL0
CNTV_CTL_EL0 CNTV_CVAL_EL0 CNTVOFF_EL2 VPIDR_EL2 VMPIDR_EL2 HCR_EL2 VTTBR_EL2 VTCR_EL2 CPTR_EL2 HSTR_EL2 MDCR_EL2 CNTHCTL_EL2
APIAKEYLO_EL1 APIAKEYHI_EL1 APIBKEYLO_EL1 APIBKEYHI_EL1 APDAKEYLO_EL1 APDAKEYHI_EL1 APDBKEYLO_EL1 APDBKEYHI_EL1 APGAKEYLO_EL1
APGAKEYHI_EL1 V<n> FPCR FPSR MDSCR_EL1 DBGBVR<n>_EL1 DBGBCR<n>_EL1 DBGWVR<n>_EL1 DBGWCR<n>_EL1 PMCR_EL0 PMCCNTR_EL0 PMCCFILTR_EL0
PMXEVTYPER_EL0 PMXEVCNTR_EL0 PMCNTENSET_EL0 PMINTENSET_EL1 PMOVSCLR_EL0 PMUSERENR_EL0 PMSELR_EL0""".split()

# EL2's own, in files that also switch a guest's: its timer, its interrupt interface, where it finds itself.
EL2S_OWN = r"CNTHP_\w+|ICC_\w+|TPIDR_EL2|VBAR_EL2"
REGISTERS_WITH_A_VALUE = ("CNTPCT_EL0", "MIDR_EL1")

WHEN = {"LOAD_PUT": "load, put", "LOAD": "load", "IN_USE": "load, put, while in use", "EXIT": "each exit and entry",
        "ENABLE": "percpu_enable()", "EMULATED": "never: emulated"}


def rows():
    """(name, bits, reset, who, when) of each row of the table."""
    found = []
    for kind, row in re.findall(r"^(SYSREG\w*)\((.*)\)$", TABLE.read_text(), re.MULTILINE):
        fields = row.split(", ")
        if kind == "SYSREG_OF":
            found.append(fields)
        else:
            found.append([fields[0], fields[1], fields[2] if kind == "SYSREG" else "0", "src/core/sysregs.c", "LOAD_PUT"])
    return found


def table():
    lines = ["| Register | bits | reset value | switched by | when |", "| --- | --- | --- | --- | --- |"]
    lines += [f"| `{name}` | {bits} | `{reset}` | `{who}` | {WHEN[when]} |" for name, bits, reset, who, when in rows()]
    return "\n".join(lines) + "\n"


def parts():
    before, _, rest = PAGE.read_text().partition(BEGIN)
    written, _, after = rest.partition(END)
    return before, written, after


def accessed(access, text):
    """Registers that the macro `access` has in this C file, with <n> for a number that is pasted in."""
    names = re.findall(rf"{access}\((\w+(?:##\w##\w+)?)", text)
    return {re.sub(r"##\w##|(?<=^ICH_LR)0", "<n>", name) for name in names}



def test_the_page_has_the_table():
    assert parts()[1] == table(), "run tests/unit/test_system_registers.py to write it again"


def test_every_row_is_read_once():
    names = [row[0] for row in rows()]
    assert len(names) == TABLE.read_text().count("\nSYSREG") and len(names) == len(set(names))
    assert all(len(row) == 5 and row[1] in ("64", "128") for row in rows())


@pytest.mark.parametrize("name", WANTED)
def test_the_plans_registers_are_there(name):
    assert name in [row[0] for row in rows()]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_who_switches_it(row):
    """The file that the row names writes the register, and reads it back where the row says so; an emulated one is never written."""
    name, _, _, who, when = row
    text = (ROOT / who).read_text()
    if who == "src/core/sysregs.c":
        assert '#include "core/sysregs.def"' in text
    elif name == "V<n>":
        assert "ldp\tq0, q1," in text and "stp\tq30, q31," in text
    elif who.endswith(".S"):
        assert re.search(rf"\bmsr\t{name.lower()},", text)
        assert re.search(rf"\bmrs\t\w+, {name.lower()}\b", text)
    elif when == "EMULATED":
        # EL2 itself reaches event counters through PMSELR_EL0.
        assert name == "PMSELR_EL0" or not [path for path in ROOT.glob("src/*/*.[ch]")
                                            if name in accessed("WRITE_SYSREG", path.read_text())]
    else:
        assert name in accessed("WRITE_SYSREG", text)
        assert when != "LOAD_PUT" or name in accessed("READ_SYSREG", text)


@pytest.mark.parametrize("path", sorted([*ROOT.glob("src/core/*.c"), *ROOT.glob("src/irq/*.[ch]")]), ids=lambda path: path.name)
def test_nothing_is_switched_unseen(path):
    """A register that these files write has a row, unless it is EL2's own; core/perf_pmu.c has the PMU of builds that measure EL2."""
    if path.name == "perf_pmu.c":
        return
    known = {row[0] for row in rows()} | {"name", "encoding"}
    assert {name for name in accessed("WRITE_SYSREG", path.read_text()) - known if not re.fullmatch(EL2S_OWN, name)} == set()


def test_reset_values_have_a_meaning():
    """A name in capitals is a constant of the core, or a register."""
    sources = "".join(path.read_text() for path in [*ROOT.glob("src/core/*.h"), *ROOT.glob("src/irq/*.h"), ROOT / "include/vitrine/vcpu.h"])
    for name, _, reset, _, _ in rows():
        for word in re.findall(r"[A-Za-z_]\w+", reset.replace("vcpu_setup.", "")):
            assert word in REGISTERS_WITH_A_VALUE or re.search(rf"#define {word}\b|\b{word}[;,]", sources), f"{name}: {word}"


if __name__ == "__main__":
    text = parts()
    PAGE.write_text(text[0] + BEGIN + table() + END + text[2])
