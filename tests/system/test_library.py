"""The library as somebody else would use it: outside this tree, with nothing but build/lib in view."""

import pathlib
import re
import shutil
import subprocess

import pytest

pytestmark = pytest.mark.once
ROOT = pathlib.Path(__file__).resolve().parents[2]
QEMU = ["qemu-system-aarch64", "-M", "virt,virtualization=on", "-nodefaults", "-display", "none", "-serial", "stdio"]
CPUS = ["cortex-a53", "cortex-a57", "cortex-a72", "cortex-a76", "neoverse-n1", "max,pauth-impdef=on"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """build/lib, moved to another place: it must not know where it was made."""
    subprocess.run(["make", "--no-print-directory", "lib"], cwd=ROOT, check=True, capture_output=True)
    return shutil.copytree(ROOT / "build/lib", tmp_path_factory.mktemp("installed") / "lib")


@pytest.fixture(scope="module")
def minimal(installed, tmp_path_factory):
    folder = shutil.copytree(ROOT / "examples/minimal", tmp_path_factory.mktemp("away") / "minimal",
                             ignore=shutil.ignore_patterns("*.elf"))
    done = subprocess.run(["make", f"VCPU={installed}"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in done.stderr
    assert str(ROOT) not in done.stdout, "the build looks into the tree"
    return folder / "minimal.elf"


def boot(elf, cpu, machine=()):
    """What it prints. It must end by powering off: a time-out is a failure."""
    done = subprocess.run([*QEMU, *machine, "-cpu", cpu, "-kernel", elf], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("cpu", CPUS)
def test_minimal_runs_its_guest(minimal, cpu):
    lines = boot(minimal, cpu)
    assert lines[0].startswith("cpu: implementer 0x")
    assert lines[1:] == ["guest: hello by hypercall", "guest: hello by a store that traps", "minimal: the guest is done"]


def test_minimal_reports_list_registers_of_gicv3(minimal):
    assert "list registers 4," in boot(minimal, "cortex-a57", ["-M", "gic-version=3"])[0]


def test_minimal_stays_small():
    files = [path for path in (ROOT / "examples/minimal").iterdir() if path.suffix in (".c", ".S", ".ld")]
    assert len(files) == 3
    assert sum(len(path.read_text().splitlines()) for path in files) <= 250


def test_clang_links_it_too(installed, tmp_path):
    folder = shutil.copytree(ROOT / "examples/minimal", tmp_path / "minimal", ignore=shutil.ignore_patterns("*.elf"))
    compiler = "clang --target=aarch64-linux-gnu -fuse-ld=lld"
    done = subprocess.run(["make", f"VCPU={installed}", f"CC={compiler}"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert boot(folder / "minimal.elf", "cortex-a57")[-1] == "minimal: the guest is done"


def program(installed, folder, name):
    """One of tests/system/library, with the boot code of the example."""
    example = ROOT / "examples/minimal"
    (folder / "Makefile").write_text(
        f"include {installed}/vcpu.mk\n"
        f"all:\n\taarch64-linux-gnu-gcc -std=gnu17 -O2 -Wall -Wextra -Werror $(VCPU_CFLAGS) $(VCPU_LDFLAGS) "
        f"-Wl,-T,{example}/minimal.ld -o {name}.elf {ROOT}/tests/system/library/{name}.c {example}/boot.S $(VCPU_LIBS)\n")
    subprocess.run(["make", "-s"], cwd=folder, check=True)
    return folder / f"{name}.elf"


@pytest.mark.parametrize("cpu", ["cortex-a53", "cortex-a57", "neoverse-n1"])
def test_disable_restores_what_enable_found(installed, tmp_path, cpu):
    assert boot(program(installed, tmp_path, "enable_disable"), cpu) == ["checked"]


@pytest.mark.parametrize("cpu", ["cortex-a57", "neoverse-n1"])
def test_a_guest_takes_serror_and_irq_when_it_unmasks_them(installed, tmp_path, cpu):
    assert boot(program(installed, tmp_path, "lines"), cpu) == ["asbic", "checked"]


@pytest.mark.parametrize("cpu, aarch32", [("cortex-a57", ["AArch32"]), ("max", ["AArch32"]), ("a64fx", [])])
def test_entries_that_are_refused_or_for_nothing(installed, tmp_path, cpu, aarch32):
    """FAIL_ENTRY, NOTHING; and an EL0 in AArch32 where the CPU has one."""
    gic = ["-M", "gic-version=3"] if cpu == "a64fx" else []  # its ID registers say GICv3 whatever the machine has
    assert boot(program(installed, tmp_path, "entry"), cpu, gic) == [*aarch32, "checked"]


@pytest.mark.parametrize("cpu", ["cortex-a53", "neoverse-n1"])
def test_interrupts_at_el2_leave_what_they_interrupt_as_it_was(installed, tmp_path, cpu):
    """A loop that ends only when interrupts are handled inside it; without them this is a time-out."""
    assert boot(program(installed, tmp_path, "el2_irq"), cpu) == ["checked"]


@pytest.mark.parametrize("std", ["c11", "c17"])
@pytest.mark.parametrize("compiler", ["aarch64-linux-gnu-gcc", "clang --target=aarch64-linux-gnu"])
def test_each_header_stands_alone(installed, tmp_path, compiler, std):
    headers = sorted((installed / "include/vitrine").glob("*.h"))
    assert len(headers) >= 6
    for header in headers:
        assert not re.search(r'^#include "', header.read_text(), re.M), f"{header.name} includes what is not installed"
        source = tmp_path / "one.c"
        source.write_text(f"#include <vitrine/{header.name}>\n#include <vitrine/{header.name}>\n")
        command = [*compiler.split(), f"-std={std}", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-ffreestanding",
                   "-mgeneral-regs-only", f"-I{installed}/include", "-fsyntax-only", source]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_the_archive_is_plain_objects(installed):
    """No LTO: those objects would belong to one compiler's one version."""
    listing = subprocess.run(["aarch64-linux-gnu-nm", "--print-file-name", installed / "libvcpu.a"], capture_output=True, text=True).stdout
    assert " T vcpu_run" in listing
    sections = subprocess.run(["aarch64-linux-gnu-objdump", "-h", installed / "libvcpu.a"], capture_output=True, text=True).stdout
    assert ".gnu.lto_" not in sections


def test_what_the_library_needs_is_in_it(installed):
    """Every function that the embedder may replace has a default: nothing is left open."""
    out = subprocess.run(["aarch64-linux-gnu-nm", installed / "libvcpu.a"], capture_output=True, text=True).stdout
    symbols = [line.split() for line in out.splitlines() if re.match(r"^[0-9a-f ]{16} \w ", line)]
    defined = {fields[2] for fields in symbols if len(fields) == 3}
    wanted = {fields[1] for fields in symbols if len(fields) == 2 and fields[0] == "U"}
    assert wanted - defined <= {"_GLOBAL_OFFSET_TABLE_"}
