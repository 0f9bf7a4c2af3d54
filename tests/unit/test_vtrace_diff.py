"""vtrace diff: two runs compared, by kind of exit and event by event; and the text without time that makes the latter possible."""
import random
import re
import subprocess

import pytest

from test_vtrace import BLOCKED, CNTFRQ, KERNEL, READY, UARTDR, Cpu, Recording, build, lossy, ordinary  # noqa: F401

HVC = 0x5A000000
PSCI_VERSION = 0x84000000


@pytest.fixture
def diff(build, tmp_path):
    def run(a, b, *options):
        for name, data in (("a", a), ("b", b)):
            (tmp_path / name).write_bytes(data if isinstance(data, bytes) else data.encode())
        return subprocess.run([build / "host/vtrace", "diff", *options, tmp_path / "a", tmp_path / "b"], capture_output=True,
                              text=True, timeout=60)

    return run


@pytest.fixture
def without_time(build, tmp_path):
    def run(data):
        (tmp_path / "raw").write_bytes(data)
        return subprocess.run([build / "host/vtrace", "dump", "--no-time", tmp_path / "raw"], capture_output=True, text=True,
                              check=True).stdout

    return run


def exits(counts, frequency=CNTFRQ):
    """counts: (reason, how many, ticks each)"""
    cpu, time = Cpu(0), 1000
    for reason, count, ticks in counts:
        for _ in range(count):
            time += ticks + 10
            cpu.exit(time, ticks, 0, reason, HVC, KERNEL, [PSCI_VERSION])
    return Recording([cpu], [f"cntfrq={frequency}"]).bytes()


def rows(done):
    assert done.returncode == 0, done.stderr
    return [re.split(r"  +", line) for line in done.stdout.splitlines()[1:-1]]


def test_what_changed_most_is_first_and_waiting_last(diff):
    a = exits([("HYPERCALL", 100, 50), ("MMIO_READ", 10, 100), ("HALT", 1, 1_000_000), ("SYSREG_READ", 5, 10)])
    b = exits([("HYPERCALL", 100, 60), ("MMIO_READ", 40, 100), ("HALT", 1, 9_000_000), ("SERROR", 1, 20)])
    table = rows(diff(a, b))
    assert [row[0] for row in table] == ["MMIO read", "hypercall", "system register read", "SError", "WFI/WFE"]
    assert table[0][1:4] == ["10", "40", "+30"] and table[0][-1] == "+48.0 us"
    assert table[1][4:6] == ["800 ns", "960 ns"] and table[1][-1] == "+16.0 us"
    assert table[2][2:4] == ["0", "-5"] and table[2][-1] == "-800 ns" and "-" in table[2][4:]
    assert len(rows(diff(a, b, "--top", "2"))) == 3  # and how many more there are


def test_times_are_compared_as_times_not_ticks(diff):
    """The same run on a machine whose counter is twice as fast."""
    slow, fast = exits([("HYPERCALL", 10, 50)]), exits([("HYPERCALL", 10, 100)], 2 * CNTFRQ)
    assert rows(diff(slow, fast))[0][-1] == "+0.00 ns"


def test_a_run_does_not_differ_from_itself(diff):
    data = ordinary(2, 200).bytes()
    for by in ("reason", "name", "vcpu", "pc", "vcpu,reason"):
        assert all(row[-1] == "+0.00 ns" and row[3] == "+0" for row in rows(diff(data, data, "--by", by, "--top", "999")))
    done = diff(data, data, "--golden")
    assert done.returncode == 0 and re.fullmatch(r"golden: \d+ events, the same\n", done.stdout)


def shifted(seed, pcpu_of_vcpu):
    """The same work at other times, on other CPUs."""
    rng = random.Random(seed)
    cpus = [Cpu(0), Cpu(1)]
    for vcpu in range(2):
        cpu, time = cpus[pcpu_of_vcpu[vcpu]], rng.randrange(1000, 5000)
        for i in range(40):
            time += rng.randrange(1000, 5000)
            cpu.add("VIRQ_INJECT", time, vcpu, 1, [27])
            cpu.add("TIMER_SET", time + 1, vcpu, 0, [time + rng.randrange(9999)])
            cpu.exit(time + 900, rng.randrange(10, 800), vcpu, "MMIO_WRITE", 0x93800046, KERNEL + 4 * i, [UARTDR, i])
            cpu.exit(time + 950, 5, vcpu, "EXTERNAL_INTERRUPT", 0, KERNEL + rng.randrange(999) * 4, [27])
            cpu.add("PC_SAMPLE", time + 960, vcpu, 1, [KERNEL + rng.randrange(999)])
            cpu.add("VCPU_STATE", time + 970, vcpu, BLOCKED if i % 2 else READY)
        if vcpu == 0 and pcpu_of_vcpu[0] == pcpu_of_vcpu[1]:
            cpu.flush()
    return cpus


def test_time_is_removed_and_nothing_else(diff, without_time):
    a, b = Recording(shifted(1, [0, 1])).bytes(), Recording(shifted(2, [1, 0])).bytes()
    assert without_time(a) == without_time(b)
    assert diff(a, b, "--golden").returncode == 0 and diff(without_time(a), b, "--golden").returncode == 0
    text = without_time(a)
    assert text.count(" EXIT ") == 160 and "PC_SAMPLE" not in text and "dur_ns" not in text
    assert text.index("linux/1") > text.rindex("linux/0"), "a vCPU's events stand together"
    assert "linux/0 TIMER_SET timer=virtual\n" in text


def test_the_first_difference_is_shown_with_what_came_before(diff):
    cpu, other = Cpu(0), Cpu(0)
    for i in range(9):
        cpu.exit(1000 * i + 1000, 10, 0, "HYPERCALL", HVC, KERNEL + 4 * i, [PSCI_VERSION])
        other.exit(1000 * i + 1000, 10, 0, "HYPERCALL", HVC, KERNEL + 4 * i + 0x1000 * (i == 6), [PSCI_VERSION])
    done = diff(Recording([cpu]).bytes(), Recording([other]).bytes(), "--golden")
    lines = done.stdout.splitlines()
    assert done.returncode == 1 and lines[0] == "golden: differ at line 7 of A, line 7 of B"
    assert [line[:2] for line in lines[1:]] == ["  "] * 3 + ["A ", "B "] + ["A "] * 2 + ["B "] * 2
    assert f"pc={KERNEL + 12:#x}" in lines[1] and f"pc={KERNEL + 24:#x}" in lines[4] and f"pc={KERNEL + 0x1018:#x}" in lines[5]


def test_a_run_that_stops_early_differs(diff, without_time):
    data = ordinary(1, 30).bytes()
    text = without_time(data)
    short = "".join(text.splitlines(True)[:-1])
    for a, b in ((text, short), (short, text)):
        done = diff(a, b, "--golden")
        assert done.returncode == 1 and "(end)" in done.stdout
    assert diff("# a comment\n\n" + text, data, "--golden").returncode == 0


def test_what_can_not_be_read(diff, tmp_path, build):
    data = ordinary(1, 5).bytes()
    assert diff(b"", data).returncode == diff(data, b"junk").returncode == 1
    assert diff(data, data[:-30] + b"x" * 90).returncode == 1
    assert diff(data, data, "--by", "x").returncode == diff(data, data, "--top", "0").returncode == 2
    assert diff(lossy().bytes(), lossy().bytes(), "--golden").returncode == 0
    done = subprocess.run([build / "host/vtrace", "diff", "--golden", tmp_path / "absent", tmp_path / "a"], capture_output=True,
                          text=True)
    assert done.returncode == 1 and "absent: No such file" in done.stderr
    assert subprocess.run([build / "host/vtrace", "diff", tmp_path / "a"], capture_output=True).returncode == 2


def test_every_event_of_the_table_is_shown_by_its_fields(build, tmp_path):
    cpu = Cpu(0)
    cpu.add("VIRQ_ACK", 100, 0, 3, [27])
    cpu.add("SGI_SEND", 200, 0, 5, [0b110])
    cpu.add("STAGE2_MAP", 300, 0, 0, [0x40000000, 0x200000])
    cpu.add("PSCI_CALL", 400, 0, 1, [0xC4000003 | 0xFFFFFFFE << 32])
    cpu.add("DEBUGGER", 500, 0, 2, [KERNEL])
    cpu.add("CONSOLE", 600, 0, 12 | 0x80, [int.from_bytes(text, "little") for text in (b'hi "\\\x01 t', b"here")])
    cpu.add("LEVEL", 700, 0xFF, 1, [0b101])
    cpu.add("PC_SAMPLE", 800, 0, 1, [KERNEL, KERNEL + 8])
    cpu.add("VCPU_STATE", 900, 0, 3)
    (tmp_path / "raw").write_bytes(Recording([cpu]).bytes())
    out = subprocess.run([build / "host/vtrace", "dump", tmp_path / "raw"], capture_output=True, text=True, check=True).stdout
    shown = [line.split(" ", 3)[3] for line in out.splitlines() if not line.startswith("#")]
    assert shown == [
        'VIRQ_ACK intid=27 name="27 vtimer" list_register=3', "SGI_SEND targets=0x6 intid=5 name=\"5 sgi\"",
        "STAGE2_MAP ipa=0x40000000 bytes=2097152", "PSCI_CALL function=0xc4000003 result=-2 target=linux/1",
        f"DEBUGGER pc={KERNEL:#x} kind=breakpoint", 'CONSOLE text="hi \\"\\\\\\x01 there" more=1', "LEVEL classes=EXIT,IRQ level=counters",
        f"PC_SAMPLE stack={KERNEL:#x} stack={KERNEL + 8:#x} el=1", "VCPU_STATE state=BLOCKED"]
