"""The contract between C and assembly, with what may break it unseen: another compiler, another optimisation.

The guests of tests/system/test_guests.py say whether each register comes through each kind of exit; here they do it on images by gcc
and clang at -O0, -O2, -Os and with link-time optimisation (release: -O2 -flto). `make matrix` builds all eight; otherwise one far from
a release is enough for each compiler, as a build takes half a minute.
"""

import itertools
import os
import subprocess

import harness
import pytest

pytestmark = pytest.mark.once
COMPILERS = ["aarch64-linux-gnu-gcc", "clang"]
MODES = ["release", "O0", "O2", "Os"]
FEW = [("aarch64-linux-gnu-gcc", "release"), ("aarch64-linux-gnu-gcc", "O0"), ("clang", "release"), ("clang", "Os")]
BUILDS = [*itertools.product(COMPILERS, MODES)] if os.environ.get("VITRINE_ALL_BUILDS") else FEW


@pytest.fixture(scope="module", params=BUILDS, ids="-".join)
def image(request):
    compiler, mode = request.param
    path = f"build/{compiler}-{mode}/vitrine.img"
    done = subprocess.run(["make", "-s", "-j2", f"CC={compiler}", f"MODE={mode}", path], cwd=harness.ROOT,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in done.stderr
    return harness.ROOT / path


def test_hello(image, tmp_path):
    done = harness.run(tmp_path, harness.ROOT / "vms/hello.dts", "--hypervisor", image)
    assert (done.status, done.exit_line()) == (0, (0, "poweroff")), done.report()
    assert "hello from EL1 on vCPU 0" in done.console


@pytest.mark.parametrize("trace", [False, True], ids=["untraced", "traced"])
def test_registers_survive_exits_and_another_vm(image, tmp_path, trace):
    """Both sets of vectors: x0-x30, SP, FP and EL1 registers, with two VMs taking turns on one CPU."""
    nodes = [harness.test_guest("one", "registers", "seed=1"), harness.test_guest("two", "registers", "seed=2")]
    done = harness.run(tmp_path, "--pcpus", "1", "--hypervisor", image, nodes=nodes, trace=trace)
    done.assert_passed("one")
    done.assert_passed("two")


@pytest.mark.parametrize("guest", ["mmio", "irq", "sysregs"])
def test_exits(image, tmp_path, guest):
    harness.run(tmp_path, "--hypervisor", image, nodes=[harness.test_guest(guest, guest)]).assert_passed()
