"""The host test programs that the Makefile has built: cmocka units, and a bounded run of each fuzzer. fuzz_vtrace, which wants recordings to
begin with, has its run in test_vtrace.py."""

import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
NAMES = sorted(path.stem for path in (ROOT / "tests/unit").glob("test_*.c"))
FUZZERS = {"fuzz_manifest": 2000, "fuzz_decode": 200000, "fuzz_psci": 20000,
           "fuzz_gdbstub": 3000, "fuzz_agent": 20000}


@pytest.mark.parametrize("name", NAMES)
def test_unit(name):
    done = subprocess.run([ROOT / "build/host/tests" / name], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "[  PASSED  ]" in done.stdout + done.stderr


@pytest.mark.parametrize("name", FUZZERS)
def test_fuzz(name):
    command = [ROOT / "build/host" / name, f"-runs={FUZZERS[name]}", "-seed=1", "-close_fd_mask=2", "-max_len=16384"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr[-4000:]
