"""Claims about what Vitrine costs: the budgets of tests/bench/run.py hold. Counts are exact, so this is a gate."""

import importlib.util
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once
RUNNER = Path(__file__).resolve().parents[1] / "bench" / "run.py"


def load_runner():
    sys.dont_write_bytecode = True
    spec = importlib.util.spec_from_file_location("bench_run", RUNNER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


run = load_runner()


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    return {name: value for name, value, _ in run.figures(str(tmp_path_factory.mktemp("bench")), quick=True)}


QUICK = [name for name in run.BUDGETS if not name.startswith("linux_")]


@pytest.mark.parametrize("name", QUICK)
def test_within_budget(figures, name):
    assert figures[name] <= run.BUDGETS[name]


def test_every_exit_is_measured_both_ways(figures):
    """Tracing on costs something, or it was not on."""
    for name in run.EXITS:
        assert 0 < figures[name] < figures[f"{name}_traced"]


def test_counts_repeat_exactly(figures, tmp_path):
    results, start = run.probe(str(tmp_path), "--no-trace")
    assert {name: high for name, (_, high, _) in results.items()} == {name: figures[name] for name in run.EXITS}
    assert start == figures["boot_to_guest"]


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
