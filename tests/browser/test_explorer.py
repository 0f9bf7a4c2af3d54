"""The exit explorer, decoder and trace reader in a browser: tests/browser/explorer.mjs."""

import pytest

import checks


@pytest.mark.parametrize("name", checks.names("explorer.mjs"))
def test_explorer(name):
    checks.expect("explorer.mjs", name)
