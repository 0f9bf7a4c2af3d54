"""The performance hooks: histograms in an image built with PERF=1, and not one instruction of them in the others."""

import re
import subprocess

import harness
import pytest

pytestmark = pytest.mark.once
LINE = re.compile(r"perf: cpu (\d+): ([^:]+): ([^:]+): count (\d+), mean (\d+), largest (\d+):(.*)$", re.M)


@pytest.fixture(scope="module")
def perf_image():
    subprocess.run(["make", "-s", "-j2", "PERF=1", "build/vitrine-perf.img"], cwd=harness.ROOT, check=True, capture_output=True)
    return harness.ROOT / "build/vitrine-perf.img"


def measured(folder, image):
    run = harness.run(folder, harness.ROOT / "vms/hello.dts", "--hypervisor", image, "--icount", trace=False)
    assert run.status == 0, run.report()
    return run, {(reason, measure): (int(count), int(mean), int(largest), buckets)
                 for _, reason, measure, count, mean, largest, buckets in LINE.findall(run.log)}


def test_each_exit_is_measured_once(perf_image, tmp_path):
    """As many as the summary counts, by every measure, and the buckets add up."""
    run, found = measured(tmp_path, perf_image)
    measures = {measure for _, measure in found}
    assert measures == {"ticks", "EL2 instructions", "EL2 cycles", "EL1 instructions", "EL1 cycles"}
    for (reason, measure), (count, mean, largest, buckets) in found.items():
        assert sum(int(number) for number in re.findall(r" (?:2\^\d+|0) (\d+)", buckets)) == count, (reason, measure)
        assert mean <= largest
        assert count == found[reason, "ticks"][0]
    said = {reason: int(count) for reason, count in re.findall(r"summary: (.+?) +(\d+) +[\d.]+%", run.log)}
    assert said == {reason: count for (reason, measure), (count, *_) in found.items() if measure == "ticks"}, run.report()


def test_the_levels_are_told_apart(perf_image, tmp_path):
    """hello prints a character by a load of UARTFR and a store: few instructions of its own for each of ours."""
    _, found = measured(tmp_path, perf_image)
    count, mean, _, _ = found["MMIO read", "EL2 instructions"]
    assert count > 50
    assert 100 < mean < 400
    assert found["MMIO read", "EL1 instructions"][1] < 30
    # Under -icount a cycle of QEMU's PMU is an instruction.
    assert found["MMIO read", "EL2 cycles"][1] == mean


def test_off_costs_nothing():
    """Not in the other image: neither the hooks nor their tables. vcpu_perf() stays, to answer that there is nothing."""
    subprocess.run(["make", "-s", "build/vitrine.img"], cwd=harness.ROOT, check=True, capture_output=True)
    elf = harness.ROOT / "build/aarch64-linux-gnu-gcc-release/vitrine.elf"
    out = subprocess.run(["aarch64-linux-gnu-nm", elf], capture_output=True, text=True, check=True).stdout
    names = {line.split()[-1] for line in out.splitlines()}
    assert "exit_sync" in names
    assert not {name for name in names if name.startswith(("perf_exit", "perf_run", "perf_enable", "stats", "begin_ticks"))}
    code = subprocess.run(["aarch64-linux-gnu-objdump", "-d", "--no-show-raw-insn", elf], capture_output=True, text=True, check=True).stdout
    assert not re.search(r"\bmrs\s+x\d+, pmevcntr", code)
