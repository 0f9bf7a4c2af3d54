"""vtrace against synthetic recordings: what it writes is a sound Perfetto trace, and what it counts is true.

Recordings are made here, byte by byte, from the format in trace/format.h. Traces are decoded by protoc with our own
subset schema, so a field that the schema does not know shows up as a bare number and fails the test.
"""
import os
import random
import re
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CNTFRQ = 62_500_000
NS = 1_000_000_000 // CNTFRQ

REASONS = re.findall(r"^REASON\((\w+)", (ROOT / "src/core/exit_reasons.def").read_text(), re.M)
EVENTS = {name: int(n) for name, n in
          re.findall(r"^EVENT[0-3V]\((\w+),\s*(\d+)", (ROOT / "trace/events.def").read_text(), re.M)}
READY, RUNNING, BLOCKED, OFF = 1, 2, 3, 4
KERNEL = 0xFFFF800008010000
UARTDR = 0x09000000
LONG = 0xFFFFFFFF
NO_VCPU = 0xFF


# -- Making recordings ------------------------------------------------------------------------------------------


def sysreg_esr(op0, op1, crn, crm, op2, read):
    iss = op0 << 20 | op2 << 17 | op1 << 14 | crn << 10 | crm << 1 | int(read)
    return 0x18 << 26 | 1 << 25 | iss


def header(cpu, commit, seq=0, base=0, lost=0, magic=0x50525456, version=2):
    return struct.pack("<IHHIIQQQ", magic, version, cpu, commit, 0, seq, base, lost)


def metadata_page(*lines):
    text = "".join(line + "\n" for line in lines).encode()
    text += bytes(-len(text) % 8)
    return header(0xFFFF, len(text)) + text


class Cpu:
    """One CPU's ring: records go into pages of at most `page_bytes` of payload."""

    def __init__(self, index, page_bytes=4056):
        self.index, self.page_bytes = index, page_bytes
        self.pages, self.records, self.base = [], b"", None
        self.seq = self.lost = self.produced = self.exits = 0

    def add(self, event, time, vcpu=NO_VCPU, arg=0, words=()):
        if self.base is None:
            self.base = time
        size = 8 + 8 * len(words)
        if len(self.records) + size > self.page_bytes or time - self.base > LONG:
            self.flush()
            self.base = time
        word0 = EVENTS.get(event, event if isinstance(event, int) else 0) | (1 + len(words)) << 8 | vcpu << 16 | arg << 24
        self.records += struct.pack(f"<{1 + len(words)}Q", word0 | (time - self.base) << 32, *words)
        self.produced += 1
        self.exits += event == "EXIT"

    def exit(self, time, duration, vcpu, reason, esr=0, pc=KERNEL, values=()):
        long = duration >= LONG
        words = [(LONG if long else duration) | esr << 32, pc, *values] + [duration] * long
        self.add("EXIT", time, vcpu, REASONS.index(reason), words)

    def flush(self):
        if self.base is not None:
            self.pages.append(header(self.index, len(self.records), self.seq, self.base, self.lost) + self.records)
            self.seq += 1
        self.records, self.base = b"", None

    def lose(self, n):
        """n records found no room; the page after this says so."""
        self.flush()
        self.lost += n
        self.produced += n


def an_exit(cpu, rng, time, vcpu):
    """One random exit that begins at `time`; returns its end."""
    duration = rng.choice([1, 40, 90, 2500])
    kind = rng.randrange(9)
    end = time + duration
    if kind == 0:
        cpu.exit(end, duration, vcpu, "MMIO_WRITE", 0x93800046, KERNEL, [UARTDR, rng.randrange(256)])
    elif kind == 1:
        cpu.exit(end, duration, vcpu, "MMIO_READ", 0x93800006, KERNEL + 4, [0x08000104 + 4 * rng.randrange(3), 0])
    elif kind == 2:
        cpu.exit(end, duration, vcpu, "SYSREG_WRITE", sysreg_esr(3, 0, 12, 11, 5, False), KERNEL, [0x1000001])
    elif kind == 3:
        cpu.exit(end, duration, vcpu, "SYSREG_READ", sysreg_esr(3, 0, 1, 2, 3, True), KERNEL, [7])
    elif kind == 4:
        cpu.exit(end, duration, vcpu, "HYPERCALL", 0x5A000000, KERNEL, [0x84000000 | 0x10001 << 32])
    elif kind == 5:
        cpu.exit(end, duration, vcpu, "EXTERNAL_INTERRUPT", 0, KERNEL, [27])
    elif kind == 6:
        cpu.exit(end, duration, vcpu, "SEND_IPI", sysreg_esr(3, 0, 12, 11, 5, False), KERNEL, [0x3000001])
    elif kind == 7:
        cpu.exit(end, duration, vcpu, "NESTED_PAGE_FAULT", 0x93800047, KERNEL, [0x4_0000_0000])
    else:
        cpu.exit(end, duration, vcpu, rng.choice(REASONS), 0x5A000000, KERNEL, [0, 0][: rng.randrange(1, 3)])
    return end


def run_vcpu(cpu, rng, vcpu, begin, exits):
    """A vCPU alone on a CPU: exits, injections, marks, and now and then a WFI that blocks it for a while."""
    time = begin
    cpu.add("SCHED_IN", time, vcpu)
    for i in range(exits):
        time += rng.randrange(1, 5000)
        if i % 50 == 25:
            start = time
            cpu.add("VCPU_STATE", time + 10, vcpu, BLOCKED)
            cpu.add("SCHED_OUT", time + 11, vcpu, BLOCKED)
            time += rng.choice([20_000, 1_000_000, 5_000_000_000 if i == 75 else 30_000])
            cpu.add("VIRQ_INJECT", time - 5, vcpu, 1, [27])
            cpu.add("VCPU_STATE", time - 4, vcpu, READY)
            cpu.add("SCHED_IN", time - 3, vcpu)
            cpu.exit(time, time - start, vcpu, "HALT", 0x06000000 | 1 << 25, KERNEL, [0])
        else:
            time = an_exit(cpu, rng, time, vcpu)
        if i % 100 == 40:
            cpu.add("MARK", time, vcpu, 0, [i])
    cpu.add("SCHED_OUT", time + 1, vcpu, OFF)
    return time


class Recording:
    def __init__(self, cpus, first=(), last=None):
        self.cpus = cpus
        self.first = metadata_page(f"cntfrq={CNTFRQ}", f"cpus={len(cpus)}", "git=0123abc", "cpu_model=0x411fd070",
                                   "vm.0.name=linux", "vm.0.vcpus=4", "vm.0.first=0",
                                   "vm.1.name=hello", "vm.1.vcpus=1", "vm.1.first=4", *first)
        for cpu in cpus:
            cpu.flush()
        self.exits = sum(cpu.exits for cpu in cpus)
        self.lost = sum(cpu.lost for cpu in cpus)
        self.last = last if last is not None else metadata_page(
            f"total.exits={self.exits}",
            *(f"total.{key}.{cpu.index}={value}" for cpu in cpus
              for key, value in (("events", cpu.produced), ("lost", cpu.lost))))

    def bytes(self, seed=0):
        """Pages of one CPU in order, CPUs interleaved at random: the drain promises no more."""
        rng = random.Random(seed)
        queues = [list(cpu.pages) for cpu in self.cpus]
        body = []
        while any(queues):
            body.append(rng.choice([q for q in queues if q]).pop(0))
        return self.first + b"".join(body) + self.last


def ordinary(cpus=4, exits=400, seed=1):
    rng = random.Random(seed)
    rings = [Cpu(i) for i in range(cpus)]
    for i, ring in enumerate(rings):
        run_vcpu(ring, rng, i, 1_000_000 + 1000 * i, exits)
    return Recording(rings)


def lossy():
    rng = random.Random(5)
    ring, other = Cpu(0), Cpu(1)
    time = run_vcpu(ring, rng, 0, 1000, 60)
    ring.add("SCHED_IN", time + 10, 0)
    time = an_exit(ring, rng, time + 20, 0)
    ring.lose(7)
    time = an_exit(ring, rng, time + 90_000, 1)  # who runs now came in unseen
    ring.lose(5)
    run_vcpu(ring, rng, 0, time + 50_000, 60)
    ring.lose(3)  # after the last page: only the final count tells
    run_vcpu(other, rng, 4, 2000, 60)
    return Recording([ring, other])


# -- Running vtrace and reading what it wrote ---------------------------------------------------------------------


@pytest.fixture(scope="session")
def build():
    """The tree's own: each file that imports this would build another."""
    subprocess.run(["make", "-s", "-C", ROOT, "vtrace"], check=True)
    return Path(os.environ.get("VITRINE_BUILD") or ROOT / "build")


@pytest.fixture
def vtrace(build, tmp_path):
    def run(command, data, *options):
        raw = tmp_path / "raw"
        raw.write_bytes(data)
        done = subprocess.run([build / "host/vtrace", command, raw, *options], capture_output=True, text=True, timeout=60)
        assert done.returncode in (0, 1, 2), done
        return done

    return run


@pytest.fixture
def convert(vtrace, tmp_path):
    def run(data, status=0, symbols=None):
        out = tmp_path / "out.pftrace"
        done = vtrace("convert", data, "-o", out, *(["--symbols", symbols] if symbols else []))
        assert done.returncode == status, done.stderr
        return Trace(out, done.stderr)

    return run


def parse_text_proto(text):
    """protoc's text format as nested [(field, value)]; a field without a name fails."""
    root = []
    stack = [root]
    for line in text.splitlines():
        line = line.strip()
        assert not re.match(r"\d", line), f"field unknown to the schema: {line}"
        if line.endswith("{"):
            stack[-1].append((line[:-2], []))
            stack.append(stack[-1][-1][1])
        elif line == "}":
            stack.pop()
        else:
            field, value = line.split(": ", 1)
            stack[-1].append((field, value[1:-1] if value[0] == '"' else int(value) if value.lstrip("-").isdigit() else value))
    return root


def one(message, field, default=None):
    found = [value for name, value in message if name == field]
    assert len(found) <= 1, f"{field} given more than once"
    return found[0] if found else default


def every(message, field):
    return [value for name, value in message if name == field]


class Trace:
    """A decoded trace, with the rules that any reader relies on checked on the way."""

    def __init__(self, path, stderr=""):
        text = subprocess.run(["protoc", "--decode=perfetto.protos.Trace", "-I", ROOT / "trace/host",
                               "perfetto_subset.proto"], stdin=path.open("rb"), capture_output=True, text=True, check=True)
        self.path, self.stderr = path, stderr
        self.packets = every(parse_text_proto(text.stdout), "packet")
        self.begins, self.ends, self.instants, self.tasks, self.dropped = [], [], [], [], []
        self.counters, self.counter_tracks, self.samples = [], set(), []
        self.flows = {}  # id: [(time, track, name, terminates)]
        self.check_sequences()
        self.check_flows()
        self.slices = sorted(self.closed_slices())

    def check_sequences(self):
        tables = ("event_names", "event_categories", "debug_annotation_names", "debug_annotation_string_values",
                  "source_locations", "function_names", "frames", "callstacks")
        state = {}
        for packet in self.packets:
            sequence = one(packet, "trusted_packet_sequence_id")
            assert sequence, "a packet of no sequence"
            flags = one(packet, "sequence_flags", 0)
            timestamp = one(packet, "timestamp")
            if flags & 1:
                clocks = {one(c, "clock_id"): c for c in every(one(packet, "clock_snapshot"), "clocks")}
                assert one(clocks[64], "is_incremental") == "true"
                assert one(packet, "timestamp_clock_id") == 6
                assert one(clocks[64], "timestamp") == one(clocks[6], "timestamp") == timestamp
                assert one(one(packet, "trace_packet_defaults"), "timestamp_clock_id") == 64
                now, before = timestamp, state.get(sequence, {"now": 0})["now"]
                assert now >= before, "a sequence goes back in time"
                state[sequence] = {"now": now, **{table: {} for table in tables}}
                defaults = one(one(packet, "trace_packet_defaults"), "track_event_defaults", [])
                state[sequence]["track"] = one(defaults, "track_uuid")
            elif sequence in state:  # one with a delta clock: it has said so
                assert timestamp < 1 << 63, "a sequence goes back in time"
                state[sequence]["now"] += timestamp
            if one(packet, "previous_packet_dropped"):
                assert flags & 1, "a loss without cleared state drops what follows"
                self.dropped.append(sequence)
            mine = state.get(sequence)
            for table in tables:
                for entry in every(one(packet, "interned_data", []), table):
                    text = one(entry, "name", one(entry, "str", [pair for pair in entry if pair[0] != "iid"]))
                    assert mine[table].setdefault(one(entry, "iid"), text) == text
            self.take(packet, sequence, mine)

    def take(self, packet, sequence, mine):
        track = one(packet, "track_descriptor")
        if track and one(track, "counter"):
            self.counter_tracks.add(one(track, "uuid"))
        sample = one(packet, "stack_sample")
        if sample:
            frames = every(mine["callstacks"][one(sample, "callstack_iid")], "frame_ids")
            names = [mine["function_names"][one(mine["frames"][i], "function_name_id")] for i in frames]
            self.samples.append((mine["now"], one(one(sample, "task_context"), "tid"), names))
        task = one(packet, "generic_kernel_task_state_event")
        if task:
            assert {name for name, _ in task} == {"cpu", "tid", "state"}
            self.tasks.append((mine["now"], one(task, "tid"), one(task, "cpu"), one(task, "state")))
        event = one(packet, "track_event")
        if not event:
            return
        assert mine["track"], "an event on no track"
        now = mine["now"]
        kind = one(event, "type")
        if kind == "TYPE_COUNTER":
            assert one(event, "track_uuid") in self.counter_tracks, "a counter before its description"
            self.counters.append((one(event, "track_uuid"), now, one(event, "counter_value")))
            return
        name = one(event, "name") or mine["event_names"].get(one(event, "name_iid"))
        args = {}
        for arg in every(event, "debug_annotations"):
            key = mine["debug_annotation_names"][one(arg, "name_iid")]
            value = one(arg, "uint_value", one(arg, "pointer_value", one(arg, "string_value")))
            args[key] = value if value is not None else mine["debug_annotation_string_values"][one(arg, "string_value_iid")]
        location = one(event, "source_location_iid")
        if location:
            place = dict(mine["source_locations"][location])
            assert place["file_name"].startswith("0x")
            args["pc"] = place["function_name"]
        self.note_flows(event, now, mine["track"], name)
        category = [mine["event_categories"][iid] for iid in every(event, "category_iids")]
        if kind == "TYPE_SLICE_END":
            assert name is None
            self.ends.append((mine["track"], sequence, now))
            return
        assert name, "an interned name used before it was defined"
        entry = (mine["track"], sequence, now, name, category, args)
        (self.begins if kind == "TYPE_SLICE_BEGIN" else self.instants).append(entry)

    def note_flows(self, event, now, track, name):
        for field in ("flow_ids", "terminating_flow_ids"):
            for flow in every(event, field):
                self.flows.setdefault(flow, []).append((now, track, name, field[0] == "t"))

    def check_flows(self):
        """Each has two ends, in order of time."""
        for flow, ends in self.flows.items():
            ends.sort(key=lambda end: end[0])
            assert len(ends) >= 2, f"flow {flow} has one end: {ends}"
            assert [end[3] for end in ends].count(True) == 1, ends

    def closed_slices(self):
        """(track, begin, end, name, args): on each sequence BEGIN and END alternate, since exits never overlap."""
        for sequence in {begin[1] for begin in self.begins}:
            begins = [b for b in self.begins if b[1] == sequence]
            ends = [e for e in self.ends if e[1] == sequence]
            assert len(begins) == len(ends)
            for i, (begin, end) in enumerate(zip(begins, ends)):
                assert begin[2] <= end[2]
                assert i + 1 == len(begins) or end[2] <= begins[i + 1][2]
                yield begin[0], begin[2], end[2], begin[3], sorted(begin[5].items(), key=str)

    def names(self):
        return {s[3] for s in self.slices}

    def check_tasks(self):
        """RUNNING and not RUNNING alternate by thread, and a CPU runs one thread at a time."""
        running, on_cpu = {}, {}
        for _, tid, cpu, state in sorted(self.tasks, key=lambda task: task[0]):
            if state == "TASK_STATE_RUNNING":
                assert tid not in running and cpu not in on_cpu
                running[tid], on_cpu[cpu] = cpu, tid
            elif tid in running:
                assert running.pop(tid) == cpu, "taken off another CPU than it ran on"
                del on_cpu[cpu]


# -- Claims -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cpus,exits,seed", [(1, 10, 1), (2, 300, 2), (4, 400, 3), (4, 1000, 4)])
def test_every_exit_is_a_slice(convert, cpus, exits, seed):
    recording = ordinary(cpus, exits, seed)
    trace = convert(recording.bytes(seed))
    assert len(trace.slices) == recording.exits
    assert trace.stderr == ""
    trace.check_tasks()


def test_interleaving_of_pages_changes_nothing(convert):
    traces = [convert(ordinary().bytes(seed)) for seed in range(3)]
    assert traces[0].slices == traces[1].slices == traces[2].slices


def test_names_are_for_humans(convert):
    cpu = Cpu(0)
    expected = [
        ("MMIO_WRITE", 0x93800046, [UARTDR, 65], "MMIO write pl011 UARTDR"),
        ("MMIO_READ", 0x93800006, [UARTDR + 0x18, 0], "MMIO read pl011 UARTFR"),
        ("MMIO_READ", 0x93800006, [0x08000004, 0], "MMIO read GICD_TYPER"),
        ("MMIO_WRITE", 0x93800046, [0x08000104, 1], "MMIO write GICD_ISENABLER1"),
        ("MMIO_WRITE", 0x93800046, [0x08006108, 1], "MMIO write GICD_IROUTER"),
        ("MMIO_WRITE", 0x93800046, [0x080C0014, 0], "MMIO write GICR_WAKER"),
        ("MMIO_READ", 0x93800006, [0x080B0100, 0], "MMIO read GICR_ISENABLER0"),
        ("MMIO_READ", 0x93800006, [0x0A000123, 0], "MMIO read 0xa000000"),
        ("MMIO_READ", 0x93800006, [UARTDR + 0x800, 0], "MMIO read PL011+0x0800"),
        ("SYSREG_WRITE", sysreg_esr(3, 0, 12, 11, 5, False), [1], "sysreg ICC_SGI1R_EL1 write"),
        ("SYSREG_READ", sysreg_esr(3, 0, 0, 4, 0, True), [1], "sysreg ID_AA64PFR0_EL1 read"),
        ("SYSREG_READ", sysreg_esr(3, 0, 1, 2, 3, True), [1], "sysreg S3_0_C1_C2_3 read"),
        ("HYPERCALL", 0x5A000000, [0x84000000], "hypercall PSCI_VERSION"),
        ("HYPERCALL", 0x5A000000, [0xC4000004], "hypercall PSCI_AFFINITY_INFO"),
        ("HYPERCALL", 0x5A000000, [0xC6001234], "hypercall 0xc6001234"),
        ("CPU_UP", 0x5A000000, [0xC4000003], "PSCI CPU_ON"),
        ("EXTERNAL_INTERRUPT", 0, [27], "irq 27 vtimer"),
        ("EXTERNAL_INTERRUPT", 0, [2], "irq 2 sgi"),
        ("EXTERNAL_INTERRUPT", 0, [77], "irq 77"),
        ("HALT", 0x06000000, [0], "WFI"),
        ("HALT", 0x06000001, [0], "WFE"),
        ("SEND_IPI", sysreg_esr(3, 0, 12, 11, 5, False), [0x3000001], "SGI 3 sent"),
        ("NESTED_PAGE_FAULT", 0x93800047, [0x90000000], "stage-2 fault write"),
        ("NESTED_PAGE_FAULT", 0x80000007, [0x90000000], "stage-2 fault fetch"),
    ]
    for i, (reason, esr, values, _) in enumerate(expected):
        cpu.exit(1000 + 100 * i, 50, 0, reason, esr, KERNEL, values)
    trace = convert(Recording([cpu]).bytes())
    assert [s[3] for s in trace.slices] == [name for *_, name in expected]


def test_an_exit_carries_its_arguments_and_times(convert):
    cpu = Cpu(0)
    cpu.exit(10_000, 400, 4, "MMIO_WRITE", 0x93800046, KERNEL, [UARTDR, 0x41])
    cpu.exit(20_000, 400, 4, "EXTERNAL_INTERRUPT", 0, KERNEL, [27])
    write, interrupt = convert(Recording([cpu]).bytes()).slices
    assert write[1:4] == (9600 * NS, 10_000 * NS, "MMIO write pl011 UARTDR")
    assert dict(write[4]) == {
        "access": "ipa 0x9000000, esr 0x93800046 DABT write ISV=1 SAS=word SSE=0 SRT=w0 DFSC=(translation, level 2)",
        "pc": hex(KERNEL), "value": 0x41}
    assert dict(interrupt[4]) == {"pc": hex(KERNEL)}


def test_long_durations_keep_all_their_bits(convert, vtrace):
    cpu = Cpu(0)
    end = 100 + (1 << 33)
    cpu.add("SCHED_IN", 100, 0)
    cpu.flush()
    cpu.exit(end, end - 100, 0, "HALT", 0x06000000, KERNEL, [0])
    cpu.exit(end + 50, 7, 0, "MMIO_WRITE", 0x93800046, KERNEL, [UARTDR, 1])
    data = Recording([cpu]).bytes()
    assert convert(data).slices[0][1:3] == (100 * NS, end * NS)
    assert f"dur_ns={(1 << 33) * NS} name=\"WFI\"" in vtrace("dump", data).stdout


def test_a_long_duration_is_not_taken_for_a_value(convert):
    cpu = Cpu(0)
    cpu.exit(1 << 34, 1 << 33, 0, "SYSREG_READ", 0x93800006, KERNEL, [UARTDR])
    assert dict(convert(Recording([cpu]).bytes()).slices[0][4]).keys() == {"esr", "pc", "value"}


@pytest.mark.parametrize("frequency", [24_000_000, 1_000_000_000, 19_200_000])
def test_any_counter_frequency(convert, frequency):
    cpu = Cpu(0)
    ticks = (1 << 40) + 12345  # ticks * 10^9 needs more than 64 bits
    cpu.exit(ticks, 99, 0, "HYPERCALL", 0x5A000000, KERNEL, [0x84000000])
    begin, end = convert(Recording([cpu], [f"cntfrq={frequency}"]).bytes()).slices[0][1:3]
    assert (begin, end) == ((ticks - 99) * 10**9 // frequency, ticks * 10**9 // frequency)


def test_processes_and_threads(convert):
    trace = convert(ordinary().bytes())
    tracks = [one(p, "track_descriptor") for p in trace.packets if one(p, "track_descriptor")]
    assert all(one(t, "parent_uuid", 0x10) in {one(u, "uuid") for u in tracks} for t in tracks)
    assert [one(t, "process_ordering") for t in tracks if one(t, "uuid") == 0] == [1]
    processes = {one(one(t, "process"), "pid"): one(one(t, "process"), "process_name") for t in tracks if one(t, "process")}
    threads = {one(one(t, "thread"), "tid"): one(one(t, "thread"), "thread_name") for t in tracks if one(t, "thread")}
    assert processes == {1000: "linux", 1100: "hello", 1: "vitrine"}
    assert threads[1001] == "linux/0" and threads[1004] == "linux/3" and threads[1101] == "hello/0"
    assert threads[100] == "cpu0"
    uuids = [one(t, "uuid") for t in tracks]
    assert len(uuids) == len(set(uuids))
    assert {s[0] for s in trace.slices} <= set(uuids)
    assert all(one(t, "sibling_order_rank") is not None for t in tracks if one(t, "uuid"))


def test_the_trace_says_what_was_recorded(convert):
    trace = convert(ordinary().bytes())
    attributes = [one(p, "trace_attributes") for p in trace.packets if one(p, "trace_attributes")]
    pairs = {one(a, "key"): one(a, "string_value") for a in every(attributes[0], "attribute")}
    assert pairs["git"] == "0123abc" and pairs["cntfrq"] == str(CNTFRQ) and pairs["vm.1.name"] == "hello"
    info = next(one(p, "system_info") for p in trace.packets if one(p, "system_info"))
    assert one(info, "num_cpus") == 4 and one(one(info, "utsname"), "release") == "0123abc"


def test_two_vcpus_share_a_cpu(convert):
    cpu = Cpu(0)
    for turn in range(6):
        begin, vcpu = 10_000 * turn, turn % 2
        cpu.add("SCHED_IN", begin + 10, vcpu)
        cpu.exit(begin + 500, 100, vcpu, "HYPERCALL", 0x5A000000, KERNEL, [0x84000000])
        cpu.add("VCPU_STATE", begin + 9000, vcpu, READY)
        cpu.add("SCHED_OUT", begin + 9001, vcpu, READY)
    trace = convert(Recording([cpu]).bytes())
    trace.check_tasks()
    told = [(tid, state) for _, tid, _, state in trace.tasks]
    assert told == [(1001 + i // 2 % 2, "TASK_STATE_RUNNABLE" if i % 2 else "TASK_STATE_RUNNING") for i in range(12)]


def test_a_sleeper_is_woken_from_another_cpu(convert):
    here, there = Cpu(0), Cpu(1)
    here.add("SCHED_IN", 100, 0)
    here.add("SCHED_OUT", 200, 0, BLOCKED)
    there.add("VCPU_STATE", 300, 0, READY)
    here.add("SCHED_IN", 400, 0)
    trace = convert(Recording([here, there]).bytes())
    assert [(time // NS, cpu, state.removeprefix("TASK_STATE_")) for time, _, cpu, state in trace.tasks] == [
        (100, 0, "RUNNING"), (200, 0, "INTERRUPTIBLE_SLEEP"), (300, 0, "RUNNABLE"), (400, 0, "RUNNING")]


def test_a_vcpu_that_migrates_keeps_its_order(convert):
    one_, two = Cpu(0), Cpu(1)
    for i in range(20):
        cpu = (one_, two)[i % 2]
        cpu.add("SCHED_IN", 1000 * i + 1, 0)
        cpu.exit(1000 * i + 500, 300, 0, "HYPERCALL", 0x5A000000, KERNEL, [0x84000000])
        cpu.add("SCHED_OUT", 1000 * i + 900, 0, READY)
    trace = convert(Recording([one_, two]).bytes(7))
    assert len(trace.slices) == 20
    trace.check_tasks()


def test_a_vcpu_that_left_unseen_is_taken_off_its_cpu(convert):
    """No SCHED_OUT was recorded: the thread must rest before it runs elsewhere, and its CPU be free for another."""
    cpus = [Cpu(0), Cpu(1)]
    cpus[0].add("SCHED_IN", 100, 0)
    cpus[1].add("SCHED_IN", 200, 0)
    cpus[1].add("SCHED_IN", 300, 1)
    trace = convert(Recording(cpus).bytes())
    trace.check_tasks()
    assert [(tid, cpu) for _, tid, cpu, state in trace.tasks if state == "TASK_STATE_RUNNING"] == [
        (1001, 0), (1001, 1), (1002, 1)]


def test_an_exit_that_ends_after_its_vcpu_left_does_not_run_it(convert):
    cpu = Cpu(0)
    cpu.add("SCHED_IN", 100, 0)
    cpu.add("SCHED_OUT", 900, 0, OFF)
    cpu.exit(1000, 300, 0, "CPU_DOWN", 0x5A000000, KERNEL, [0x84000002])
    assert [task[3] for task in convert(Recording([cpu]).bytes()).tasks] == ["TASK_STATE_RUNNING", "TASK_STATE_STOPPED"]


def test_instants(convert):
    cpu = Cpu(0)
    cpu.add("VIRQ_INJECT", 100, 0, 1, [27])
    cpu.add("MARK", 200, 0, 0, [0xBEEF])
    cpu.add("MARK", 300, NO_VCPU, 0, [1])
    inject, mark, hyp, _ = convert(Recording([cpu]).bytes()).instants
    assert inject[3:] == ("virq inject 27 vtimer", ["virq"], {"intid": 27, "level": 1})
    assert mark[3:] == ("mark 0xbeef", ["mark"], {"value": 0xBEEF})
    assert inject[0] != mark[0] != hyp[0]


def test_losses_are_shown_and_counted(convert, vtrace):
    recording = lossy()
    data = recording.bytes()
    trace = convert(data)
    lost = [(s[3], dict(s[4])["records"]) for s in trace.slices if s[3].startswith("LOST")]
    assert lost == [("LOST 7 records", 7), ("LOST 5 records", 5), ("LOST 3 records", 3)]
    assert len(trace.slices) == recording.exits + 3
    assert [value for track, _, value in trace.counters if track == 0x20] == [7, 12, 15]
    assert {600, 10} <= set(trace.dropped) and 14 not in trace.dropped
    trace.check_tasks()
    stats = one(trace.packets[-1], "trace_stats")
    assert [one(b, "trace_writer_packet_loss") for b in every(stats, "buffer_stats")] == [15, 0]
    check = vtrace("check", data, "--pftrace", trace.path)
    assert (check.stdout, check.returncode) == (f"check: exits={recording.exits} lost=15 total={recording.exits} ok\n", 0)


@pytest.mark.parametrize("said,verdict", [(2, 0), (1, 1), (3, 1)])
def test_lost_exits_are_balanced_to_the_last_one(vtrace, said, verdict):
    """Of 5 lost records 2 were exits: 3 read of 5 produced. Any other number said is found out."""
    cpu = Cpu(0)
    for i in range(3):
        cpu.exit(1000 * i + 1000, 10, 0, "HYPERCALL", 0x5A000000, KERNEL, [0x84000000])
    cpu.lose(5)
    totals = metadata_page("total.exits=5", "total.events.0=8", "total.lost.0=5", f"total.lost_exits.0={said}")
    done = vtrace("check", Recording([cpu], last=totals).bytes())
    assert done.returncode == verdict and ("exits read" in done.stderr) == bool(verdict)


def test_stat(vtrace):
    recording = ordinary(2, 300)
    out = vtrace("stat", recording.bytes())
    assert out.returncode == 0 and out.stderr == ""
    counts = {m[1]: int(m[2]) for m in re.finditer(r"^(\S.*?) +(\d+) +[\d.]+% +[\d.]+ \w+ +[\d.]+% .*$", out.stdout, re.M)}
    assert counts.pop("all exits") == recording.exits == sum(counts.values())
    assert out.stdout.count(" balanced") == 2
    assert f"by the hypervisor's count {recording.exits} exits: they agree" in out.stdout


def test_stat_times(vtrace):
    cpu = Cpu(0)
    for duration in (100, 200, 600):
        cpu.exit(10_000 * duration, duration, 0, "HYPERCALL", 0x5A000000, KERNEL, [0x84000000])
    line = next(l for l in vtrace("stat", Recording([cpu]).bytes()).stdout.splitlines() if l.startswith("hypercall"))
    assert line.split() == ["hypercall", "3", "100.00%", "14.4", "us", "100.00%", "4.80", "us", "3.26", "us", "9.47", "us", "9.60", "us"]


def test_dump_is_one_line_an_event_in_order(vtrace):
    recording = ordinary(3, 200)
    lines = [l for l in vtrace("dump", recording.bytes()).stdout.splitlines() if not l.startswith("#")]
    assert len(lines) == sum(cpu.produced for cpu in recording.cpus)
    assert sum(" EXIT " in line for line in lines) == recording.exits
    times = [float(line.split()[0]) for line in lines]
    assert times == sorted(times)
    assert re.fullmatch(r"[\d.]+ cpu\d linux/\d \w+.*", lines[0])


def test_check_agrees_with_a_sound_recording(vtrace, convert):
    recording = ordinary()
    data = recording.bytes()
    done = vtrace("check", data, "--pftrace", convert(data).path)
    assert (done.stdout, done.stderr, done.returncode) == (
        f"check: exits={recording.exits} lost=0 total={recording.exits} ok\n", "", 0)


@pytest.mark.parametrize("totals,complaint", [
    (["total.exits=1"], "exits read, 1 counted"),
    (["total.events.0=1"], "is not the 1 produced"),
    (["total.lost.0=2", "total.events.0=3"], "is not the 3 produced"),
])
def test_check_refuses_counts_that_do_not_balance(vtrace, totals, complaint):
    recording = ordinary(1, 20)
    recording.last = metadata_page(*totals)
    done = vtrace("check", recording.bytes())
    assert done.returncode == 1 and done.stdout.endswith("FAILED\n") and complaint in done.stderr


def test_check_refuses_another_runs_trace(vtrace, convert):
    other = convert(ordinary(1, 20).bytes()).path
    kept = other.with_name("other.pftrace")
    shutil.copy(other, kept)
    done = vtrace("check", ordinary(1, 21).bytes(), "--pftrace", kept)
    assert done.returncode == 1 and "exits begin" in done.stderr


def test_check_refuses_a_cut_trace(vtrace, convert):
    data = ordinary(1, 20).bytes()
    path = convert(data).path
    path.write_bytes(path.read_bytes()[:-3])
    done = vtrace("check", data, "--pftrace", path)
    assert done.returncode == 1 and "not a whole trace packet" in done.stderr


def test_a_missing_page_is_told_and_the_rest_converted(convert, vtrace):
    recording = ordinary(2, 400)
    missing = recording.cpus[0].pages.pop(1)
    trace = convert(recording.bytes(), status=1)
    assert "CPU 0: 1 gap(s) in the page sequence" in trace.stderr
    assert 0 < len(trace.slices) < recording.exits and missing
    assert vtrace("check", recording.bytes()).returncode == 1


def test_time_that_goes_back_is_told(convert):
    cpu = Cpu(0)
    cpu.add("MARK", 5000, 0, 0, [1])
    cpu.flush()
    cpu.add("MARK", 100, 0, 0, [1])
    trace = convert(Recording([cpu]).bytes(), status=1)
    assert "goes back" in trace.stderr


def test_overlapping_exits_are_shortened(convert):
    cpu = Cpu(0)
    cpu.exit(1000, 100, 0, "HYPERCALL", 0, KERNEL, [0x84000000])
    cpu.exit(1050, 500, 0, "HYPERCALL", 0, KERNEL, [0x84000000])
    trace = convert(Recording([cpu]).bytes())
    assert "shortened" in trace.stderr
    assert [s[1:3] for s in trace.slices] == [(900 * NS, 1000 * NS), (1000 * NS, 1050 * NS)]


def test_a_cut_at_any_byte_is_a_warning(vtrace, build, tmp_path):
    recording = ordinary(1, 12)
    recording.last = b""
    data = recording.bytes()
    whole = vtrace("dump", data).stdout.splitlines()
    for cut in range(len(recording.first) + 1, len(data)):
        done = vtrace("dump", data[:cut])
        assert done.returncode == 0, (cut, done.stderr)
        assert ("warning: byte" in done.stderr) and done.stdout.splitlines() == whole[: done.stdout.count("\n")]
    assert vtrace("check", data[:-4]).returncode == 0


@pytest.mark.parametrize("damage,complaint", [
    (header(0, 8, magic=0xDEADBEEF), "bad magic"),
    (header(0, 8, version=9), "another format version"),
    (header(0, 12), "not a multiple of 8"),
    (header(0, 1 << 30), "longer than any ring page"),
    (header(999, 8), "impossible CPU"),
    (header(0, 8, 1) + struct.pack("<Q", 0), "event id 0"),
    (header(0, 8, 1) + struct.pack("<Q", 2), "size 0"),
    (header(0, 8, 1) + struct.pack("<Q", 1 | 4 << 8), "past the end of its page"),
    (header(0, 8, 1) + struct.pack("<Q", 1 | 1 << 8), "too short"),
    (header(0, 256, 1) + struct.pack("<32Q", 1 | 32 << 8, *[0] * 31), "longer than any event"),
    (header(0, 32, 1) + struct.pack("<4Q", 1 | 4 << 8, LONG, 0, 0), "no room"),
    (header(0, 32, 1) + struct.pack("<4Q", 1 | 4 << 8 | 0xFF << 16, 0, 0, 0), "no vCPU"),
    (b"\x07" * 11, "bad magic"),
])
def test_damage_is_told_with_its_offset_and_the_rest_converted(convert, vtrace, damage, complaint):
    cpu = Cpu(0)
    cpu.exit(1000, 100, 0, "HYPERCALL", 0, KERNEL, [0x84000000])
    sound = Recording([cpu], last=b"").bytes()
    trace = convert(sound + damage + sound, status=1)
    assert len(trace.slices) == 1
    offset = int(re.search(r"error: byte (\d+): .*" + re.escape(complaint), trace.stderr)[1])
    assert len(sound) <= offset < len(sound + damage)
    for command in ("stat", "dump", "check"):
        assert vtrace(command, sound + damage).returncode == 1


def test_unknown_events_and_reasons_are_carried(convert, vtrace):
    cpu = Cpu(0)
    cpu.add(200, 100, 0, 0, [1, 2, 3])
    cpu.add("EXIT", 2000, 0, 29, [10, KERNEL, 0])
    data = Recording([cpu]).bytes()
    trace = convert(data)
    assert trace.names() == {"exit 29"} and "1 record(s) of unknown events" in trace.stderr
    assert "UNKNOWN event=200" in vtrace("dump", data).stdout


def test_more_names_than_the_table_holds(convert):
    cpu = Cpu(0)
    for i in range(6000):
        cpu.exit(100 * i + 100, 10, 0, "MMIO_READ", 0, KERNEL, [0x1_0000_0000 + 4096 * i, 0])
    trace = convert(Recording([cpu]).bytes())
    assert len(trace.slices) == 6000 and len(trace.names()) < 2048 and "MMIO read" in trace.names()


def test_vcpus_of_no_vm(convert):
    cpu = Cpu(0)
    cpu.exit(1000, 100, 200, "HYPERCALL", 0, KERNEL, [0x84000000])
    trace = convert(Recording([cpu]).bytes())
    assert any(one(one(p, "track_descriptor", []), "process", []) == [("pid", 100000), ("process_name", "no VM")]
               for p in trace.packets)


def test_nothing_but_metadata(convert, vtrace):
    data = Recording([]).bytes()
    assert convert(data).slices == []
    assert vtrace("check", data).stdout == "check: exits=0 lost=0 total=0 ok\n"


@pytest.mark.parametrize("data,complaint", [(b"", "empty"), (b"not a recording at all", "byte 0: no page begins here")])
def test_no_recording(vtrace, tmp_path, data, complaint):
    done = vtrace("convert", data, "-o", tmp_path / "out")
    assert done.returncode == 1 and complaint in done.stderr


def test_no_counter_frequency_is_a_warning(convert):
    cpu = Cpu(0)
    cpu.exit(1000, 100, 0, "HYPERCALL", 0, KERNEL, [0x84000000])
    recording = Recording([cpu], last=b"")
    trace = convert(b"".join(cpu.pages))
    assert "no cntfrq" in trace.stderr and recording.exits == len(trace.slices)


def test_usage(build, tmp_path):
    def run(*args):
        return subprocess.run([build / "host/vtrace", *args], capture_output=True, text=True)

    assert run().returncode == run("frob").returncode == run("stat").returncode == run("convert", "x").returncode == 2
    assert run("stat", "--pftrace", "x", "y").returncode == run("stat", "x", "y").returncode == 2
    assert run("convert", "x", "-o").returncode == run("stat", "--top", "0", "x").returncode == 2
    for command in ("convert", "stat", "check", "dump"):
        done = run(command, "--help")
        assert done.returncode == 0 and done.stdout.startswith(f"usage: vtrace {command} RAW")
    assert run("--help").returncode == 0
    assert run("stat", tmp_path / "absent").returncode == 1
    assert run("stat", tmp_path).returncode == 1
    (tmp_path / "raw").write_bytes(ordinary(1, 5).bytes())
    assert run("convert", tmp_path / "raw", "-o", "/dev/full").returncode == 1
    assert run("convert", tmp_path / "raw", "-o", tmp_path / "no" / "such").returncode == 1


@pytest.mark.skipif(not shutil.which("clang"), reason="clang is not here")
def test_fuzz(build, tmp_path):
    """A bounded run from real recordings; the seed is fixed so that a failure can be seen again."""
    subprocess.run(["make", "-s", "-C", ROOT, "build/host/fuzz_vtrace"], check=True)
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for i, recording in enumerate((ordinary(1, 5), ordinary(2, 30), lossy())):
        (corpus / str(i)).write_bytes(recording.bytes())
    done = subprocess.run([build / "host/fuzz_vtrace", f"-runs={os.environ.get('FUZZ_RUNS', '1000')}", "-seed=1",
                           "-close_fd_mask=2", "-max_len=16384", corpus], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-4000:]


def test_the_picture_is_the_same_from_both_files(build, vtrace, convert, tmp_path):
    """render_trace.py draws a recording and its converted trace alike, and draws each exit of the stretch."""
    cpu = Cpu(0)
    cpu.add("SCHED_IN", 1000, 0)
    for i in range(20):
        cpu.exit(10_000 * (i + 1), 4000, 0, "HYPERCALL", 0x5A000000, KERNEL, [0x84000000])
    cpu.add("VIRQ_INJECT", 210_000, 0, 0, [27])
    cpu.add("SCHED_OUT", 220_000, 0, OFF)
    trace = convert(Recording([cpu]).bytes())
    pictures = []
    for source in (tmp_path / "raw", trace.path):
        picture = tmp_path / "picture.svg"
        subprocess.run([ROOT / "tools/render_trace.py", source, picture, "--vtrace", build / "host/vtrace"], check=True,
                       capture_output=True)
        pictures.append(picture.read_text())
    assert pictures[0] == pictures[1]
    assert pictures[0].count("<title>hypercall PSCI_VERSION</title>") == 20
    assert "20 exits in 4 ms" in pictures[0] and "hypercall  20" in pictures[0]
