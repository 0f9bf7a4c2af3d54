"""docs/reference/core-rows.md names real files and real tests, and calls nothing done that has none."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/reference/core-rows.md"
ROWS = [[cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.read_text().splitlines() if re.match(r"\| \d", line)]


def names(cell):
    return re.findall(r"`([^`]+)`", cell)


def functions_of(path):
    """Test functions: cmocka's or pytest's. One that no table of tests lists is not run, so it does not count."""
    text = path.read_text()
    if path.suffix == ".py":
        return set(re.findall(r"^def (test_\w+)\(", text, re.M))
    defined = set(re.findall(r"^static void (\w+)\(void \*\*\w+\)", text, re.M))
    listed = set(re.findall(r"(?:TEST|WITH_\w+|cmocka_unit_test\w*)\(\s*(\w+)", text))
    return defined & listed


def test_each_row_of_the_plan_is_there_once():
    assert [int(row[0]) for row in ROWS] == list(range(1, 19))
    assert all(len(row) == 5 for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_row(row):
    _, _, sources, tests, state = row
    for name in names(sources):
        assert (ROOT / name).is_file(), f"{name} is not there"
    for name in names(tests):
        file, _, function = name.partition(":")
        path = ROOT / file
        assert path.is_file(), f"{file} is not there"
        assert path.stem.startswith("test_"), f"{file} is not run as a test"
        if function:
            assert function in functions_of(path), f"{file} has no test {function}"
        else:
            assert functions_of(path), f"{file} has no test"

    kind = re.fullmatch(r"done|in part: .+|not yet(: .+)?", state)
    assert kind, f"state: {state}"
    if not state.startswith("not yet"):
        assert names(sources) and names(tests), "neither source nor test, but not \"not yet\""
