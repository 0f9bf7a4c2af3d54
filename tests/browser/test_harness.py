"""The browser harness sees what is wrong with a page: tests/browser/harness.mjs."""

import pytest

import checks


@pytest.mark.parametrize("name", checks.names("harness.mjs"))
def test_harness(name):
    checks.expect("harness.mjs", name)
