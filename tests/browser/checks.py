"""The checks of a script for the browser, as tests: each script runs once, each of its checks is a test of its own.

    NAMES = checks.names("explorer.mjs")

    @pytest.mark.parametrize("name", NAMES)
    def test_explorer(name):
        checks.expect("explorer.mjs", name)
"""

import functools
import json
import pathlib
import re
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# Far beyond what any takes: it is there for a browser that hangs.
LIMIT_SECONDS = 600


def names(script):
    """The names of a script's checks, which must stand at the beginning of a line."""
    return re.findall(r'^check\("([^"]+)"', (HERE / script).read_text(), re.M)


@functools.lru_cache(maxsize=None)
def outcomes(script):
    """Name of each check -> what the script said of it; and how the script ended."""
    done = subprocess.run(["node", HERE / script], cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_SECONDS)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {line["name"]: line for line in lines}, f"{script} ended with status {done.returncode}\n{done.stderr}"


def expect(script, name):
    """The check has passed; its note is shown by pytest -s and in a failure."""
    found, end = outcomes(script)
    assert name in found, end
    print(f"{name}: {found[name]['note']} ({found[name]['seconds']} s)")
    assert found[name]["ok"], found[name]["note"]
