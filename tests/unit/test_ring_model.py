"""The trace ring's algorithm, over every interleaving: tests/model/ring.pml under spin."""

import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "tests/model/ring.pml"


def explore(folder, *defines):
    """Does every run of the model keep its claims? And how many states that took."""
    options = [f"-D{define}" for define in defines]
    subprocess.run(["spin", "-a", *options, MODEL], cwd=folder, check=True, capture_output=True, text=True)
    subprocess.run(["cc", "-O1", "-w", "-DSAFETY", "-o", "pan", "pan.c"], cwd=folder, check=True)
    out = subprocess.run([folder / "pan", "-m100000"], cwd=folder, capture_output=True, text=True, check=True).stdout
    assert "max search depth too small" not in out, out
    return "errors: 0" in out, int(float(re.search(r"([\d.e+]+) states, stored", out)[1])), out


@pytest.mark.parametrize("flight", [0, 1])
def test_every_interleaving_keeps_the_claims(tmp_path, flight):
    holds, states, out = explore(tmp_path, f"FLIGHT={flight}")
    assert holds and states > 1000, out


@pytest.mark.parametrize("flight", [0, 1])
def test_the_writer_never_waits(tmp_path, flight):
    """With nobody to drain it still comes to its end: a wait would be an invalid end state."""
    holds, _, out = explore(tmp_path, f"FLIGHT={flight}", "STALLED")
    assert holds, out


@pytest.mark.parametrize("flight, mutation", [(1, 1), (1, 2), (0, 3), (1, 3)])
def test_a_broken_ring_breaks_a_claim(tmp_path, flight, mutation):
    holds, _, out = explore(tmp_path, f"FLIGHT={flight}", f"MUTATION={mutation}")
    assert not holds and "assertion violated" in out, out


def test_the_steps_have_the_names_of_the_source():
    named = set()
    for source in ("trace/ring.c", "asm/vectors.S"):
        named |= set(re.findall(r"(?:label: |/\* )([A-Z]{4,})\b", (ROOT / source).read_text()))
    steps = {"OPEN", "PUBLISH", "SEAL", "OFFER", "ROOM", "OVERWRITE", "DROP", "JUMP"}
    assert steps <= named
    assert steps <= set(re.findall(r"\b[A-Z]{4,}\b", MODEL.read_text()))
