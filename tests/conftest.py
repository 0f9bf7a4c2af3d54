"""Tests run two at a time (pytest-xdist, a file to a worker), and many of them build what they need: one make at a time."""

import os
import pathlib
import shutil
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = pathlib.Path(os.environ.get("VITRINE_BUILD") or ROOT / "build")

sys.path.insert(0, str(ROOT / "tools"))  # what the tools are made of: lablib

# A make that one of ours has started holds the lock already. The lock is of this tree only: elsewhere makes do not meet.
SHIM = """\
#!/bin/sh
[ -z "$VITRINE_MAKE_LOCKED" ] || exec {make} "$@"
export VITRINE_MAKE_LOCKED=1
exec flock {lock} {make} "$@"
"""


def pytest_configure(config):
    make, folder = shutil.which("make"), tempfile.mkdtemp(prefix="one-make-")
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    BUILD.mkdir(exist_ok=True)
    shim = pathlib.Path(folder) / "make"
    shim.write_text(SHIM.format(make=make, lock=BUILD / ".make.lock"))
    shim.chmod(0o755)
    os.environ["PATH"] = f"{folder}:{os.environ['PATH']}"
