#!/usr/bin/python3
"""Writes docs/reference/figures.md from what `make bench` prints: `make bench-page`.

  make -s bench | tools/bench_page.py

Nothing is written when a figure is over its budget, or when the bench has ended early.
"""
import datetime
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/reference/figures.md"
TITLES = (("gdb_", "The debugger"), ("convert_", "`vtrace convert`"), ("event_", "One event of each class"),
          ("record_all_", "What recording everything adds"), ("record_", "What recording exits adds"),
          ("exit_", "By exit reason"),
          ("", "Exits, boots and memory"))
LAST = "gdb_condition_cost_software"


def first_line(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")[0]


def budgets():
    sys.dont_write_bytecode = True
    sys.path[:0] = [str(ROOT / "tests/bench")]
    import gdb  # pylint: disable=import-outside-toplevel
    import run  # pylint: disable=import-outside-toplevel
    return run.BUDGETS | gdb.BUDGETS


def page(figures, most):
    groups = {title: [] for _, title in reversed(TITLES)}
    for name, value, unit in figures:
        title = next(title for prefix, title in TITLES if name.startswith(prefix))
        groups[title].append(f"| `{name}` | {value} | {unit} | {most.get(name, '')} |\n")
    tables = "".join(f"\n## {title}\n\n| figure | measured | unit | at most |\n| --- | --- | --- | --- |\n{''.join(lines)}"
                     for title, lines in groups.items() if lines)
    return f"""# Figures

All that `make bench` printed on {datetime.date.today().isoformat()}, with {first_line('qemu-system-aarch64', '--version')} and
{first_line('aarch64-linux-gnu-gcc', '--version')}. What a figure means and how it is measured: [What an exit costs](costs.md).

Instructions and bytes are the same on every machine and in every run. Seconds, milliseconds and rates are this machine's. *At most* is what the bench,
and for exact figures the tests, take as a failure. Written by `make bench-page`; a test compares it with what it measures.
{tables}"""


def main():
    text = sys.stdin.read()
    figures = re.findall(r"^bench (\w+) (\S+) (\S+)$", text, re.MULTILINE)
    if LAST not in [name for name, _, _ in figures]:
        sys.exit(f"bench_page.py: {LAST} is not among the {len(figures)} figures: the bench has not ended; the page is as it was")
    most = budgets()
    over = [name for name, value, _ in figures if float(value) > most.get(name, float("inf"))]
    if over:
        sys.exit(f"bench_page.py: over budget: {' '.join(over)}; the page is as it was")
    PAGE.write_text(page(figures, most))


if __name__ == "__main__":
    main()
