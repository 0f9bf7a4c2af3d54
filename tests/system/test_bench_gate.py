"""Claims about what Vitrine costs: the budgets of tests/bench/run.py hold. Counts are exact, so this is a gate."""

import re
import sys
from pathlib import Path

import pytest

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench"))

import gdb  # noqa: E402
import run  # noqa: E402

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    return {name: value for name, value, _ in run.figures(str(tmp_path_factory.mktemp("bench")), quick=True)}


QUICK = [name for name in run.BUDGETS if not name.startswith("linux_")]


@pytest.mark.parametrize("name", QUICK)
def test_within_budget(figures, name):
    assert figures[name] <= run.BUDGETS[name]


@pytest.fixture(scope="module")
def of_gdb(tmp_path_factory):
    gdb.debugger.gdb_image()
    folder = tmp_path_factory.mktemp("gdb")
    return {name: value for part in (gdb.library, gdb.idle, gdb.traffic, gdb.conditions) for name, value, _ in part(folder)}


@pytest.mark.parametrize("name", gdb.BUDGETS)
def test_the_debugger_is_within_budget(of_gdb, name):
    assert of_gdb[name] <= gdb.BUDGETS[name]


def test_every_exit_is_measured_both_ways(figures):
    """Tracing on costs something, or it was not on."""
    for name in run.EXITS:
        assert 0 < figures[name] < figures[f"{name}_traced"]


def test_counts_repeat_exactly(figures, tmp_path):
    results, start = run.probe(str(tmp_path), "--no-trace")
    assert {name: results[name][1] for name in run.EXITS} == {name: figures[name] for name in run.EXITS}
    assert start == figures["boot_to_guest"]


def test_two_cpus_are_counted_exactly(tmp_path):
    """Each repetition of each part costs the same, and so does each run: nothing of one CPU is counted for the other."""
    first, again = run.pair(str(tmp_path)), run.pair(str(tmp_path))
    assert first == again
    assert len(first) == 6 and all(low == high for low, high, _ in first.values())


def test_the_costs_page_has_each_figure_as_measured(figures):
    """What the page says is at most 5 % off. Figures that it rounds (millions, KiB) are not looked at."""
    page = (Path(run.ROOT) / "docs" / "reference" / "costs.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \|[^|\n]*\| ([\d.]+) \|", page, re.MULTILINE))
    wrong = {name: (rows.get(name), value) for name, value in figures.items()
             if (name in run.BUDGETS or name in rows) and not name.endswith(("_bytes", "_guest", "_exit_cost"))
             and abs(float(rows.get(name, 0)) - value) > 0.05 * value}
    assert not wrong


def test_the_costs_page_has_what_recording_adds(figures):
    """Exits alone, and everything: one or 5 % off at most."""
    page = (Path(run.ROOT) / "docs" / "reference" / "costs.md").read_text(encoding="utf-8")
    rows = {name: (int(exits), int(everything))
            for name, exits, everything in re.findall(r"^\| `(\w+)` \|.*\| \+(\d+) \| \+(\d+) \|$", page, re.MULTILINE)}
    names = {f"exit_{reason}_{probe}": probe for reason, probe, _ in run.REASONS + run.REASONS_OF_MAX}
    assert rows.keys() == names.keys() | {"sgi_self_total", "vtimer_irq", "vtimer_wfi"}
    wrong = {name: said for name, said in rows.items()
             for value, measured in zip(said, (figures[f"record_{names.get(name, name)}"], figures[f"record_all_{names.get(name, name)}"]))
             if abs(value - measured) > max(1, 0.05 * measured)}
    assert not wrong


def test_the_page_of_figures_has_all_of_them(figures):
    """At most 5 % off, too; and those that this quick run leaves out stand there as numbers, with date and tools."""
    page = (Path(run.ROOT) / "docs" / "reference" / "figures.md").read_text(encoding="utf-8")
    rows = {name: float(value) for name, value in re.findall(r"^\| `(\w+)` \| ([\d.]+) \|", page, re.MULTILINE)}
    assert not {name: (rows.get(name), value) for name, value in figures.items() if abs(rows.get(name, 0) - value) > max(1, 0.05 * value)}
    assert {*run.BUDGETS, "convert_bytes_per_exit", "gdb_condition_rate"} <= set(rows)
    assert re.search(r"`make bench` printed on 20\d\d-\d\d-\d\d, with QEMU emulator version \d", page)


def test_a_figure_over_its_budget_fails_the_run(monkeypatch, capsys):
    monkeypatch.setattr(run, "figures", lambda folder, quick: [("idreg_read", 101, "instructions")])
    assert run.main(["--quick"]) == 1
    out = capsys.readouterr()
    assert out.out == "bench idreg_read 101 instructions\n"
    assert "idreg_read is over its budget of 100" in out.err


def test_what_is_missing_is_named(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(run, "BUILD", str(tmp_path))
    assert run.main(["--quick"]) == 6
    assert "bench.elf" in capsys.readouterr().err
