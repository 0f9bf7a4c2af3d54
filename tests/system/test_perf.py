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


def chosen(folder, image, events):
    """A run that counts these events, too: its PERF records, each {name: count} and the reason; the recording's lines; the run."""
    (folder / "vms.dts").write_text(harness.manifest(f"\tperf-events = <{events}>;\n", harness.vm("hello", "hello.elf")))
    run = harness.run(folder, folder / "vms.dts", "--hypervisor", image, "--icount")
    assert run.status == 0, run.report()
    harness.check_trace(folder)
    dump = subprocess.run([harness.VTRACE, "dump", folder / "run.vtr"], capture_output=True, text=True, check=True).stdout
    records = [(dict((name, int(count)) for name, count in re.findall(r" ((?:el2|guest)_\w+)=(\d+)", line)), reason)
               for line, reason in re.findall(r" PERF (.*) reason=(\w+)$", dump.replace(" PERF ", " PERF  "), re.MULTILINE)]
    assert len(records) > 100
    return records, dict(re.findall(r"^# (perf\.\d)=(.*)$", dump, re.MULTILINE)), run


def test_a_chosen_event_is_split_by_the_pmu_itself(perf_image, tmp_path):
    """Instructions, counted twice: once as ever, once as the event that was asked for. Every exit has the same of both."""
    records, lines, _ = chosen(tmp_path, perf_image, "0x08")
    assert lines == {"perf.0": "0x11,pmu", "perf.1": "0x8,pmu", "perf.2": "0x8,pmu"}
    for counts, _ in records:
        assert counts["el2_INST_RETIRED"] == counts["el2_instructions"] > 100
        assert counts["guest_INST_RETIRED"] == counts["guest_instructions"]
    check_counters(tmp_path, ("el2 cycles", "guest instructions", "el2 INST_RETIRED", "guest INST_RETIRED"))


def test_four_events_share_the_counters(perf_image, tmp_path):
    """A Cortex-A57 has six. What has one is read as the exit begins, so the way there and back counts as the guest's; nothing is lost."""
    records, lines, _ = chosen(tmp_path, perf_image, "0x08 0x11 0x00 0x08")
    assert lines == {"perf.0": "0x11,read", "perf.1": "0x8,pmu", "perf.2": "0x8,read", "perf.3": "0x11,read", "perf.4": "0x0,read",
                     "perf.5": "0x8,read"}
    for counts, reason in records:
        assert counts["el2_SW_INCR"] == counts["guest_SW_INCR"] == 0
        by_pmu = counts["el2_instructions"] + counts["guest_instructions"]
        assert abs(counts["el2_INST_RETIRED"] + counts["guest_INST_RETIRED"] - by_pmu) < 30, (counts, reason)
        assert counts["guest_instructions"] <= counts["guest_INST_RETIRED"] < counts["guest_instructions"] + 400
    check_counters(tmp_path, ("el2 CPU_CYCLES", "guest SW_INCR"))


def check_counters(folder, names):
    """As counter tracks and as arguments of exits."""
    trace = (folder / "run.pftrace").read_bytes()
    for name in names:
        assert trace.count(name.encode()) >= 2, name


@pytest.mark.parametrize("events, complaint", [
    ("0x08 0x1d", "event 0x1d: this CPU does not count it"),
    ("0x10000", "event 0x10000: this CPU does not count it"),
    ("1 2 3 4 5", "1 to 4 event numbers wanted"),
])
def test_what_cannot_be_counted_is_named(perf_image, tmp_path, events, complaint):
    """And the VMs start all the same."""
    _, lines, run = chosen(tmp_path, perf_image, events)
    assert f"manifest: /: perf-events: {complaint}" in run.log, run.log
    assert len(lines) == (3 if events.startswith("0x08") else 2), "the one before it is counted"


def test_an_image_without_says_so(tmp_path):
    (tmp_path / "vms.dts").write_text(harness.manifest("\tperf-events = <0x08>;\n", harness.vm("hello", "hello.elf")))
    run = harness.run(tmp_path, tmp_path / "vms.dts", trace=False)
    assert run.status == 0 and "perf-events: event 0x8: nothing is counted in this build (PERF=1), or on this CPU" in run.log, run.log


def test_off_costs_nothing():
    """Not in the other image: neither the hooks nor their tables. vcpu_perf() stays, to answer that there is nothing."""
    subprocess.run(["make", "-s", "build/vitrine.img"], cwd=harness.ROOT, check=True, capture_output=True)
    elf = harness.ROOT / "build/vitrine.elf"
    out = subprocess.run(["aarch64-linux-gnu-nm", elf], capture_output=True, text=True, check=True).stdout
    names = {line.split()[-1] for line in out.splitlines()}
    assert "exit_sync" in names
    assert not {name for name in names if name.startswith(("perf_exit", "perf_run", "perf_enable", "perf_choose", "take_sample", "stats"))}
    code = subprocess.run(["aarch64-linux-gnu-objdump", "-d", "--no-show-raw-insn", elf], capture_output=True, text=True, check=True).stdout
    assert not re.search(r"\bmrs\s+x\d+, pmevcntr", code)
