"""The GDB library compiles for the target with both compilers, needs nothing but five functions, and stays small."""

import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIMIT_BYTES = 14 * 1024
NEEDS = {"memcpy", "memmove", "memset", "memcmp", "strlen"}


def build(compiler):
    done = subprocess.run(["make", "-s", f"CC={compiler}", "gdbstub-size"], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return int(re.search(r"^\.text (\d+)$", done.stdout, re.MULTILINE).group(1))


@pytest.mark.parametrize("compiler", ["aarch64-linux-gnu-gcc", "clang"])
def test_text_stays_small(compiler):
    assert 0 < build(compiler) <= LIMIT_BYTES + (1024 if compiler == "clang" else 0)


def test_it_needs_nothing_else():
    """It has been linked with these five alone; and all that others could see is called gdb_something."""
    build("aarch64-linux-gnu-gcc")
    folder = ROOT / "build/aarch64-linux-gnu-gcc-release/gdbstub"
    objects = [folder / f"{source.stem}.o" for source in (ROOT / "gdbstub").glob("*.c")]
    names = subprocess.run(["aarch64-linux-gnu-gcc-nm", *objects], capture_output=True, text=True, check=True).stdout
    defined = set(re.findall(r"^[0-9a-f]+ [TDRB] (\w+)$", names, re.MULTILINE))
    undefined = set(re.findall(r"^ +U (\w+)$", names, re.MULTILINE))
    assert "gdb_rx" in defined and undefined - defined <= NEEDS
    assert all(name.startswith("gdb_") for name in defined), defined
