"""docs/reference/trace-events.md is what tools/trace_events.py makes of trace/events.def, and no row is missing."""

import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_the_page_is_made_of_the_table():
    made = subprocess.run([ROOT / "tools/trace_events.py"], capture_output=True, text=True, check=True).stdout
    assert made == (ROOT / "docs/reference/trace-events.md").read_text()


def test_every_row_is_on_the_page():
    rows = re.findall(r"^(?:EVENT[0-9V]|CLASS)\((\w+),", (ROOT / "trace/events.def").read_text(), re.MULTILINE)
    page = re.findall(r"^\| (\w+) \| \d+ \|", (ROOT / "docs/reference/trace-events.md").read_text(), re.MULTILINE)
    assert len(rows) > 30 and sorted(rows) == sorted(page)
