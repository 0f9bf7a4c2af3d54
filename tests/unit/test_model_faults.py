"""docs/reference/model-faults.md names real tests, and one at least for each fault of the plan."""

import re

import pytest
from test_core_rows import ROOT, functions_of, names

PAGE = ROOT / "docs/reference/model-faults.md"
ROWS = [[cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.read_text().splitlines() if re.match(r"\| (?!fault)", line)]


def test_there_are_as_many_as_are_known():
    assert len(ROWS) == len({fault for fault, _ in ROWS}) == 19


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_each_has_its_test(row):
    tests = names(row[1])
    assert tests
    for test in tests:
        file, _, function = test.partition(":")
        path = ROOT / file
        assert path.is_file() and path.stem.startswith("test_"), test
        assert not function or function in functions_of(path), test
