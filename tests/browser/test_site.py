"""The site in a browser: tests/browser/site.mjs."""

import pytest

import checks


@pytest.mark.parametrize("name", checks.names("site.mjs"))
def test_site(name):
    checks.expect("site.mjs", name)

