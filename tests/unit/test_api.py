"""The API reference is built from the public headers, and a mistake in them stops it."""

import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]

BAD = """/*
 * A header.
 */

/**
 * What it does.
 * @param cpu  there is none of that name
 */
int documented(int vcpu);

int undocumented(void);
"""


def test_it_is_built_without_a_warning():
    done = subprocess.run(["make", "-s", "api"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    for header in (ROOT / "include/vitrine").glob("*.h"):
        assert (ROOT / f"build/api/{header.stem.replace('_', '__')}_8h.html").is_file(), header.name
    assert "vcpu_run" in (ROOT / "build/api/vcpu_8h.html").read_text()


def test_what_would_stop_it(tmp_path):
    """A function without a comment, and a parameter that does not exist."""
    (tmp_path / "bad.h").write_text(BAD)
    settings = (ROOT / "docs/Doxyfile").read_text() + f"\nINPUT = {tmp_path}\nOUTPUT_DIRECTORY = {tmp_path}\n"
    done = subprocess.run(["doxygen", "-"], input=settings, cwd=ROOT, capture_output=True, text=True)
    assert "undocumented(void) (function)" in done.stderr, done.stderr
    assert "argument 'cpu'" in done.stderr, done.stderr
