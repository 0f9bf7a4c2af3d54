"""The pages of docs/reference that are made of tables are what tools/docs_reference.py makes of them, and leave no row out."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from test_vtrace import build  # noqa: F401

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def reference(build):
    """tools/docs_reference.py as a module, with the vtrace that this test run has built."""
    sys.dont_write_bytecode = True
    spec = importlib.util.spec_from_file_location("docs_reference", ROOT / "tools/docs_reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.BUILD = Path(build)
    return module


def page(name):
    return (ROOT / name).read_text()


@pytest.mark.parametrize("name", ["docs/reference/manifest.md", "docs/reference/exit-reasons.md", "docs/reference/syndrome.md", "docs/reference/gdb.md",
                                  "docs/reference/errors.md", "docs/reference/make.md", "docs/reference/command-line.md",
                                  "docs/contribute/lock-order.md"])
def test_the_page_is_made_of_its_tables(reference, name):
    assert reference.PAGES[name]() == page(name), "make docs-reference writes it again"


def test_each_page_that_is_made_is_compared(reference):
    parameters = re.findall(r'"(docs/[^"]+\.md)"', Path(__file__).read_text())
    assert set(reference.PAGES) <= set(parameters)


def test_every_property_the_parser_takes_is_on_the_page():
    """By the preprocessor's account of what the parser compares with, not by the script's."""
    out = subprocess.run(["cc", "-E", "-P", "-I.", "-Isrc", "-Iinclude", "src/vm/manifest_node.c", "src/vm/manifest.c", "src/vm/manifest_cpu.c"],
                         cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = re.findall(r'\[PROP_\w+\] = \{"([^"]+)", SHAPE_', out)
    trace = re.search(r'words\[\w+\]\[10\] =\s*\{(.*?)\}', out, re.DOTALL)[1]
    root = re.search(r'allowed\[\]\[16\] =\s*\{(.*?)\}', out, re.DOTALL)[1]
    traps = re.search(r'\} traps\[\] =\s*\{(.*?)\n?\};', out, re.DOTALL)[1]
    names += [f"trace-{word}" for word in re.findall(r'"([^"]+)"', trace)] + re.findall(r'"([^"]+)"', root) + re.findall(r'"([^"]+)"', traps)
    told = re.findall(r"^\| `([^`]+)` \|", page("docs/reference/manifest.md"), re.MULTILINE)
    assert len(names) == 39 and sorted(names) == sorted(told)


@pytest.mark.parametrize("name, source, pattern", [
    ("docs/reference/exit-reasons.md", "src/core/exit_reasons.def", r"^REASON\("),
    ("docs/reference/exit-reasons.md", "src/core/exception_classes.def", r"^CLASS\("),
    ("docs/reference/exit-reasons.md", "src/core/fault_types.def", r"^FAULT_TYPE\("),
    ("docs/reference/gdb.md", "gdbstub/packets.def", r"^PACKET\("),
    ("docs/reference/gdb.md", "src/debug/monitor.c", r'^\t\{"\w+", "'),
    ("docs/reference/errors.md", "include/vitrine/err.h", r"^\tVT_"),
    ("docs/contribute/lock-order.md", "src/lib/spinlock.h", r"^\tLOCK_(?!RANKS)"),
])
def test_no_row_is_left_out(name, source, pattern):
    """As many rows as in the source, whatever the script has understood of it."""
    wanted = len(re.findall(pattern, (ROOT / source).read_text(), re.MULTILINE))
    tables = [len(re.findall(r"^\|", table, re.MULTILINE)) - 2 for table in re.findall(r"(?:^\|.*\n)+", page(name), re.MULTILINE)]
    assert wanted > 3 and wanted in tables, f"{source}: {wanted} rows, the page's tables have {tables}"


def test_every_field_and_value_of_the_syndrome_registers_is_on_the_page():
    source, told = (ROOT / "src/core/syndrome_fields.def").read_text(), page("docs/reference/syndrome.md")

    def count(pattern, text):
        return len(re.findall(pattern, text, re.MULTILINE))

    assert count(r"^LAYOUT\(", source) == count("^## ", told) > 20
    assert count(r"^FIELD(?:_IF)?\(", source) == count(r"^\| \d+(?::\d+)? \|", told) > 100
    assert count(r"^VALUES?\(", source) == told.count("<br>") > 50
