"""The protocol by which a debugger stops a VM, in every interleaving of three CPUs and the server: tests/model/stop_the_world.pml.
spin finds nothing wrong in it, and finds each fault that is put in on purpose."""

import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "tests/model/stop_the_world.pml"
SOURCES = [ROOT / "src/debug" / name for name in ("world.c", "step.c", "control.c", "over.c")]
BACKSTOP_S = 300
# From its start on, or from a stop at its first instruction on: how often the debugger lets the VM go, how often it attaches or
# interrupts, and how often a vCPU is taken over the breakpoint.
RUNNING = ["-DRESUMES=2", "-DINTERRUPTS=1", "-DOVERS=0"]
HALTED = ["-DHALTED", "-DRESUMES=1", "-DINTERRUPTS=1", "-DOVERS=1"]
SMALL = ["-DRESUMES=1", "-DINTERRUPTS=1", "-DOVERS=1"]


def look(folder, *defines):
    """What the verifier says of the model."""
    subprocess.run(["spin", *defines, "-a", MODEL], cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=BACKSTOP_S)
    subprocess.run(["cc", "-w", "-O2", "-DSAFETY", "-DCOLLAPSE", "-o", "pan", "pan.c"], cwd=folder, check=True, timeout=BACKSTOP_S)
    return subprocess.run(["./pan", "-m100000", "-w22"], cwd=folder, capture_output=True, text=True, check=True, timeout=BACKSTOP_S).stdout


def test_every_interleaving_keeps_the_rules(tmp_path):
    """A stop is lost, a vCPU runs while the VM is stopped, two stops are one, somebody waits in vain: never."""
    unreached = []
    for bounds in (RUNNING, HALTED):
        said = look(tmp_path, *bounds)
        assert "errors: 0" in said and "max search depth too small" not in said, said
        unreached.append(set(re.findall(r"stop_the_world\.pml:(\d+), state \d+, \"(.*)\"", said)))
    # And there is no step that the model never takes: it would prove nothing.
    assert {step for _, step in set.intersection(*unreached)} <= {"-end-"}


@pytest.mark.parametrize("fault", sorted(set(re.findall(r"#ifn?def (FAULT_\w+)", MODEL.read_text()))))
def test_a_fault_is_found(tmp_path, fault):
    assert any("errors: 1" in look(tmp_path, *bounds, f"-D{fault}") for bounds in (SMALL, HALTED, RUNNING))


def test_the_steps_stand_in_the_source():
    labels = {label for label in re.findall(r"^(\w+):$", MODEL.read_text(), re.M)} - {"end_idle", "end_guest"}
    marks = re.findall(r"model: (\w+)", "".join(source.read_text() for source in SOURCES))
    assert labels and set(marks) == labels
