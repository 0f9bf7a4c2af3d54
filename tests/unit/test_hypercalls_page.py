"""docs/reference/hypercalls.md lists what src/core/smccc_functions.def has: same rows, same forms, same answers."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_the_page_and_the_table_agree():
    table = re.findall(r"^FUNCTION\((0x[0-9a-f]+), *(\w+), *(W|X|WX), *(\w+), *\w+\)$",
                       (ROOT / "src/core/smccc_functions.def").read_text(), re.MULTILINE)
    page = re.findall(r"^\| (0x[0-9a-f]+) \| (\w+) \| (W|X|WX) \| (yes|no)\b",
                      (ROOT / "docs/reference/hypercalls.md").read_text(), re.MULTILINE)
    assert len(table) > 30
    assert page == [(number, name, forms, "no" if answer == "NONE" else "yes") for number, name, forms, answer in table]
