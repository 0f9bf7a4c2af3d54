"""Permission faults: HPFAR_EL2 holds nothing then, and the IPA comes from the guest's own stage 1. On the library alone."""

import pathlib
import subprocess

import pytest

pytestmark = pytest.mark.once
ROOT = pathlib.Path(__file__).resolve().parents[2]
QEMU = ["qemu-system-aarch64", "-M", "virt,virtualization=on", "-nodefaults", "-display", "none", "-serial", "stdio"]


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    subprocess.run(["make", "--no-print-directory", "lib"], cwd=ROOT, check=True, capture_output=True)
    folder = tmp_path_factory.mktemp("fault")
    (folder / "Makefile").write_text(
        f"include {ROOT}/build/lib/vcpu.mk\n"
        f"fault_address.elf:\n\taarch64-linux-gnu-gcc -std=gnu17 -O2 -Wall -Wextra -Werror $(VCPU_CFLAGS) $(VCPU_LDFLAGS) "
        f"-Wl,-T,{ROOT}/examples/minimal/minimal.ld -o $@ {ROOT}/tests/system/library/fault_address.c "
        f"{ROOT}/examples/minimal/boot.S $(VCPU_LIBS)\n")
    subprocess.run(["make", "-s"], cwd=folder, check=True)
    return folder / "fault_address.elf"


@pytest.mark.parametrize("cpu", ["cortex-a53", "cortex-a57", "cortex-a72", "cortex-a76", "neoverse-n1", "max,pauth-impdef=on"])
def test_the_ipa_of_permission_faults(program, cpu):
    done = subprocess.run([*QEMU, "-cpu", cpu, "-kernel", program], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines() == ["checked"], done.stdout
