"""What a converted trace shows: flows, counters, console, debugger, samples, symbols. Recordings are made byte by byte."""
import random
import struct
import subprocess

import pytest

from test_vtrace import (BLOCKED, EVENTS, KERNEL, NO_VCPU, NS, READY, ROOT, UARTDR, Cpu, Recording, build, convert,  # noqa: F401
                         one, sysreg_esr, vtrace)

HVC, CPU_ON = 0x5A000000, 0xC4000003
BREAKPOINT, STEP, STOP, RESUME = 2, 4, 5, 6


def texts(text):
    """Words of a text, and the record's argument."""
    data = text.encode()
    words = struct.unpack(f"<{-(-len(data) // 8)}Q", data + bytes(-len(data) % 8))
    return len(data), words


def tracks_of(trace):
    return {one(t, "uuid"): t for t in (one(p, "track_descriptor") for p in trace.packets) if t}


def ends(trace, flow):
    return [(name, track) for _, track, name, _ in trace.flows[flow]]


# -- Any event ----------------------------------------------------------------------------------------------------


def test_every_event_of_the_table_is_shown(convert):
    """One of each, with all words set: nothing is dropped, and what has no show of its own carries its fields."""
    cpu = Cpu(0)
    for i, (name, number) in enumerate(EVENTS.items()):
        if name == "EXIT":
            continue
        cpu.add(number, 1000 * (i + 1), 0, 1, [0x10001 + i, 0x20002, 0x30003])
    trace = convert(Recording([cpu]).bytes())
    shown = {i[3].split()[0] + " " + i[3].split()[1] for i in trace.instants if " " in i[3]}
    assert {"stage2 map", "stage2 unmap", "stage2 fault", "timer set", "timer fire", "smc forward", "psci call"} <= shown
    fault = next(i for i in trace.instants if i[3] == "stage2 fault")
    assert fault[4:] == (["memory"], {"fault_status": 1, "ipa": 0x10001 + list(EVENTS).index("STAGE2_FAULT")})
    level = next(i for i in trace.instants if i[3].startswith("level"))
    assert level[5]["level"] == "counters" and level[4] == ["trace"]


def test_exits_tell_what_became_of_them(convert):
    cpu = Cpu(0)
    cpu.exit(1000, 10, 0, "HYPERCALL", HVC, KERNEL, [0x84000000])
    cpu.add("EXIT", 2000, 0, 1 | 3 << 5, [10 | HVC << 32, KERNEL, 0x84000000])
    plain, refused = convert(Recording([cpu]).bytes()).slices
    assert "became" not in dict(plain[4]) and dict(refused[4])["became"] == "refused"


def test_performance_counts_are_arguments_of_their_exit(convert):
    cpu = Cpu(0)
    cpu.add("PERF", 900, 0, 1, [100 | 2000 << 32, 50 | 1000 << 32])
    cpu.exit(1000, 10, 0, "HYPERCALL", HVC, KERNEL, [0x84000000])
    cpu.exit(2000, 10, 0, "HYPERCALL", HVC, KERNEL, [0x84000000])
    first, second = (dict(s[4]) for s in convert(Recording([cpu]).bytes()).slices)
    assert (first["el2 cycles"], first["guest cycles"], first["el2 instructions"], first["guest instructions"]) == (
        100, 2000, 50, 1000)
    assert "el2 cycles" not in second


def test_devices_are_named_by_the_recording(convert):
    cpu = Cpu(0)
    cpu.exit(1000, 10, 0, "MMIO_WRITE", 0x93800046, KERNEL, [0x1234_0000 | 1 << 32])
    cpu.exit(2000, 10, 0, "MMIO_READ", 0x93800006, KERNEL, [0x1235_0010])
    cpu.exit(3000, 10, 0, "MMIO_READ", 0x93800006, KERNEL, [UARTDR])
    cpu.exit(4000, 10, 4, "MMIO_READ", 0x93800006, KERNEL, [UARTDR])
    trace = convert(Recording([cpu], ["vm.0.device.0=pl011,0x12340000,0x1000",
                                      "vm.0.device.1=rtc,0x12350000,0x1000"]).bytes())
    assert [s[3] for s in trace.slices] == ["MMIO write pl011 UARTDR", "MMIO read rtc+0x0010", "MMIO read 0x9000000",
                                            "MMIO read pl011 UARTDR"]


@pytest.mark.parametrize("esr,expected", [
    (0x93C38047, "DABT write ISV=1 SAS=doubleword SSE=0 SRT=x3 DFSC=(translation, level 3)"),
    (0x9200000F, "DABT read ISV=0 DFSC=(permission, level 3)"),
    (0x8200000B, "IABT IFSC=(access flag, level 3)"),
    (0x5A00002A, "HVC64 imm16=0x2a"),
    (sysreg_esr(3, 0, 12, 11, 5, False) | 4 << 5, "MSR ICC_SGI1R_EL1 Rt=x4 (S3_0_C12_C11_5)"),
])
def test_syndromes_are_spelled_out(convert, esr, expected):
    cpu = Cpu(0)
    cpu.exit(1000, 10, 0, "EXCEPTION", esr, KERNEL, [0])
    assert dict(convert(Recording([cpu]).bytes()).slices[0][4])["esr"] == f"0x{esr:08x} {expected}"


# -- Flows --------------------------------------------------------------------------------------------------------


def test_an_interrupt_from_the_wire_to_the_guests_eoi(convert):
    cpu = Cpu(0)
    cpu.add("IRQ", 100, NO_VCPU, 0, [27])
    cpu.add("VIRQ_INJECT", 110, 0, 1, [27])
    cpu.add("VIRQ_LOAD", 120, 0, 0, [27])
    cpu.exit(130, 50, 0, "EXTERNAL_INTERRUPT", 0, KERNEL, [27])
    cpu.add("VIRQ_ACK", 300, 0, 0, [27])
    cpu.add("VIRQ_EOI", 300, 0, 0, [27])
    trace = convert(Recording([cpu]).bytes())
    (flow,) = trace.flows
    assert [name for name, _ in ends(trace, flow)] == ["irq 27 vtimer", "virq inject 27 vtimer", "virq load 27 vtimer",
                                                       "virq ack 27 vtimer", "virq eoi 27 vtimer"]


def test_a_physical_interrupt_that_no_guest_gets_has_no_flow(convert):
    cpu = Cpu(0)
    cpu.add("IRQ", 100, NO_VCPU, 0, [26])
    cpu.exit(130, 50, 0, "EXTERNAL_INTERRUPT", 0, KERNEL, [26])
    cpu.add("VIRQ_INJECT", 200, 0, 1, [27])
    cpu.add("VIRQ_EOI", 300, 0, 0, [27])
    trace = convert(Recording([cpu]).bytes())
    assert [[name for name, _ in ends(trace, flow)] for flow in trace.flows] == [["virq inject 27 vtimer", "virq eoi 27 vtimer"]]
    assert [i[2] for i in trace.instants if i[3] == "irq 26 hyp timer"] == [100 * NS]


def test_an_sgi_reaches_each_of_its_receivers(convert):
    sender, other = Cpu(0), Cpu(1)
    sender.add("SGI_SEND", 100, 0, 3, [0b110])
    sender.add("VIRQ_INJECT", 110, 1, 0, [3])
    sender.add("VIRQ_INJECT", 120, 2, 0, [3])
    other.add("VIRQ_ACK", 200, 1, 0, [3])
    other.add("VIRQ_EOI", 210, 1, 0, [3])
    trace = convert(Recording([sender, other]).bytes())
    assert sorted([name for name, _ in ends(trace, flow)] for flow in trace.flows) == [
        ["sgi send 3 sgi", "virq inject 3 sgi", "virq 3 sgi still on its way"],
        ["sgi send 3 sgi", "virq inject 3 sgi", "virq ack 3 sgi", "virq eoi 3 sgi"]]
    assert {track for flow in trace.flows for _, track in ends(trace, flow)} == {0x2000, 0x2001, 0x2002}


@pytest.mark.parametrize("before", [True, False], ids=["it runs before the call returns", "it runs later"])
def test_cpu_on_leads_to_the_first_run(convert, before):
    caller, target = Cpu(0), Cpu(1)
    caller.add("SCHED_IN", 10, 0)
    caller.add("PSCI_CALL", 290, 0, 2, [CPU_ON])
    caller.exit(300, 200, 0, "CPU_UP", HVC, KERNEL, [CPU_ON])
    target.add("SCHED_IN", 250 if before else 900, 2)
    target.add("SCHED_OUT", 950, 2, BLOCKED)
    target.add("SCHED_IN", 990, 2)
    trace = convert(Recording([caller, target]).bytes())
    assert trace.names() == {"PSCI CPU_ON vcpu2"}
    (flow,) = trace.flows
    assert ends(trace, flow) == [("PSCI CPU_ON vcpu2", 0x2000), ("vCPU starts", 0x2002)]
    assert sum(i[3] == "vCPU starts" for i in trace.instants) == 2  # the first vCPU's, too


def test_a_refused_cpu_on_leads_nowhere(convert):
    cpu = Cpu(0)
    cpu.add("PSCI_CALL", 290, 0, 2, [CPU_ON | 0xFFFFFFFE << 32])
    cpu.exit(300, 200, 0, "CPU_UP", HVC, KERNEL, [CPU_ON | 0xFFFFFFFE << 32])
    trace = convert(Recording([cpu]).bytes())
    assert not trace.flows and trace.names() == {"PSCI CPU_ON"}


def test_flows_that_records_were_lost_of_end_where_they_were_lost(convert, vtrace):
    cpu = Cpu(0)
    cpu.add("VIRQ_INJECT", 100, 0, 1, [27])
    cpu.lose(4)
    cpu.add("VIRQ_EOI", 900, 0, 0, [27])
    cpu.add("VIRQ_INJECT", 950, 0, 1, [27])
    cpu.exit(1000, 10, 0, "HYPERCALL", HVC, KERNEL, [0x84000000])
    data = Recording([cpu]).bytes()
    trace = convert(data)
    assert sorted([name for name, _ in ends(trace, flow)] for flow in trace.flows) == [
        ["virq inject 27 vtimer", "virq 27 vtimer lost sight of"],
        ["virq inject 27 vtimer", "virq 27 vtimer still on its way"]]
    assert vtrace("check", data, "--pftrace", trace.path).returncode == 0


def test_many_interrupts_and_losses_keep_every_flow_whole(convert, vtrace):
    rng = random.Random(3)
    cpus = [Cpu(i) for i in range(3)]
    for step in range(2000):
        cpu = rng.choice(cpus)
        name = rng.choice(["IRQ", "VIRQ_INJECT", "VIRQ_LOAD", "VIRQ_ACK", "VIRQ_EOI", "SGI_SEND"])
        if rng.randrange(100) == 0:
            cpu.lose(3)
        if name == "SGI_SEND":
            cpu.add(name, 100 * step, rng.randrange(4), rng.randrange(16), [rng.randrange(1 << 4)])
        else:
            cpu.add(name, 100 * step, rng.randrange(4), 0, [rng.choice([1, 27, 33, 1019, 5000])])
    data = Recording(cpus).bytes()
    trace = convert(data)
    assert len(trace.flows) > 50
    assert vtrace("check", data, "--pftrace", trace.path).returncode == 0


# -- Tracks -------------------------------------------------------------------------------------------------------


def test_console_lines_are_put_together_on_the_vms_console(convert):
    cpu = Cpu(0)
    long = "x" * 100
    size, words = texts(long)
    cpu.add("CONSOLE", 100, 0, size | 0x80, words)
    size, words = texts(" and its end")
    cpu.add("CONSOLE", 200, 0, size, words)
    size, words = texts("half a li")
    cpu.add("CONSOLE", 300, 1, size | 0x80, words)
    size, words = texts("begin\x1b[0m")
    cpu.add("MARK_TEXT", 400, 4, size, words)
    trace = convert(Recording([cpu]).bytes())
    assert [(i[2] // NS, i[3], i[0], i[4]) for i in trace.instants] == [
        (200, long + " and its end", 0x1800, ["console"]), (400, "begin[0m", 0x1801, ["mark"]),
        (400, "half a li", 0x1800, ["console"])]
    tracks = tracks_of(trace)
    assert [(one(tracks[t], "name"), one(tracks[t], "parent_uuid")) for t in (0x1800, 0x1801)] == [
        ("console", 0x1000), ("console", 0x1001)]


def test_a_debuggers_stops_are_slices(convert):
    cpu = Cpu(0)
    for time, kind in ((100, BREAKPOINT), (200, RESUME), (300, STOP), (400, STEP), (500, RESUME), (600, RESUME), (700, STOP)):
        cpu.add("DEBUGGER", time, 0, kind, [KERNEL])
    cpu.exit(900, 10, 0, "HYPERCALL", HVC, KERNEL, [0x84000000])
    stops = [(s[1] // NS, s[2] // NS, s[3]) for s in convert(Recording([cpu]).bytes()).slices if s[0] == 0x2800]
    assert stops == [(100, 200, "debugger breakpoint"), (300, 400, "debugger stop"), (400, 500, "debugger step"),
                     (700, 900, "debugger stop")]


def test_counters(convert):
    """100 exits of 1000 ticks in one millisecond bin each: 100,000 a second, and EL2's share."""
    cpu, other = Cpu(0), Cpu(1)
    for i in range(3000):
        cpu.exit(625 * (i + 1), 300, 0, "HYPERCALL", HVC, KERNEL, [0x84000000])
    other.add("SCHED_IN", 100, 1)
    other.add("SCHED_OUT", 62_500 * 10 + 7, 1, READY)
    other.add("SCHED_IN", 62_500 * 12 + 7, 1)
    trace = convert(Recording([cpu, other]).bytes())
    names = {uuid: one(t, "name") for uuid, t in tracks_of(trace).items() if one(t, "counter")}
    by_name = {}
    for track, time, value in trace.counters:
        by_name.setdefault(names[track], []).append((time, value))
    assert {value for _, value in by_name["hypercall"][1:-1]} <= {99_000, 100_000, 101_000}
    assert {value for _, value in by_name["EL2 on cpu0"]} <= {47, 48, 49}
    assert [value for _, value in by_name["waiting for cpu1"]] == [1, 0]
    assert by_name["waiting for cpu1"][1][0] - by_name["waiting for cpu1"][0][0] in (2_000_000, 3_000_000)


CNTFRQ_SECOND = 62_500_000


def test_a_long_recording_has_no_more_counter_values_than_a_short_one(convert):
    cpu = Cpu(0)
    for i in range(4000):
        cpu.exit(CNTFRQ_SECOND * (i + 1), 300, 0, "HYPERCALL", HVC, KERNEL, [0x84000000])
    assert 0 < len(convert(Recording([cpu]).bytes()).counters) < 1200


def test_samples_are_stacks_with_functions(convert, tmp_path):
    cpu = Cpu(0)
    cpu.add("PC_SAMPLE", 100, 0, 1, [KERNEL + 4, KERNEL + 0x104])
    cpu.add("PC_SAMPLE", 200, 0, 1, [KERNEL + 8, KERNEL + 0x108])
    cpu.add("PC_SAMPLE", 300, 0, 0, [0x400000])
    cpu.add("PC_SAMPLE", 400, 1, 2, [KERNEL + 4])
    (tmp_path / "map").write_text(f"{KERNEL:x} T leaf\n{KERNEL + 0x100:x} t caller\n")
    trace = convert(Recording([cpu]).bytes(), symbols=f"linux={tmp_path / 'map'}")
    assert trace.samples == [(100 * NS, 1001, ["EL1", "caller", "leaf"]), (200 * NS, 1001, ["EL1", "caller", "leaf"]),
                             (300 * NS, 1001, ["EL0", "0x400000"]), (400 * NS, 1002, ["not walked", "leaf"])]
    defaults = [one(one(p, "trace_packet_defaults", []), "stack_sample_defaults") for p in trace.packets]
    assert {one(d, "source") for d in defaults if d} == {"guest.pc"}


def test_samples_after_a_loss_are_defined_anew(convert, vtrace):
    cpu = Cpu(0)
    cpu.add("PC_SAMPLE", 100, 0, 1, [KERNEL])
    cpu.lose(1)
    cpu.add("PC_SAMPLE", 300, 0, 1, [KERNEL])
    cpu.add("PC_SAMPLE", 400, 0, 1, [KERNEL])
    data = Recording([cpu]).bytes()
    trace = convert(data)
    assert len(trace.samples) == 3 and vtrace("check", data, "--pftrace", trace.path).returncode == 0


# -- Symbols ------------------------------------------------------------------------------------------------------


def pcs(trace):
    return [dict(s[4])["pc"] for s in trace.slices]


def recorded(*addresses, reason="HYPERCALL"):
    cpu = Cpu(0)
    for i, pc in enumerate(addresses):
        cpu.exit(1000 * (i + 1), 10, 0, reason, HVC, pc, [0x84000000])
    return Recording([cpu]).bytes()


def test_symbols_from_text(convert, tmp_path):
    (tmp_path / "System.map").write_text(f"{KERNEL:016x} T first\n{KERNEL + 0x40:016x} D data\n{KERNEL + 0x80:016x} t second\n"
                                         f"{KERNEL + 0x80:016x} t $x\n{KERNEL + 0x1000:016x} t in_module\t[module]\n")
    data = recorded(KERNEL, KERNEL + 0x44, KERNEL + 0x84, KERNEL + 0x1004, KERNEL - 4, KERNEL + (1 << 30))
    assert pcs(convert(data, symbols=f"linux={tmp_path / 'System.map'}")) == [
        "first+0x0", "first+0x44", "second+0x4", "in_module+0x4", hex(KERNEL - 4), hex(KERNEL + (1 << 30))]


def test_symbols_from_elf(convert, tmp_path):
    source = tmp_path / "guest.s"
    source.write_text(".globl entry\n.type entry, @function\nentry: nop\nnop\n.type inner, @function\ninner: nop\n")
    subprocess.run(["cc", "-c", source, "-o", tmp_path / "guest.o"], check=True)
    subprocess.run(["ld", "-Ttext=0x80000", "-e", "entry", tmp_path / "guest.o", "-o", tmp_path / "guest.elf"], check=True)
    assert pcs(convert(recorded(0x80000, 0x80001, 0x80002), symbols=f"linux={tmp_path / 'guest.elf'}")) == [
        "entry+0x0", "entry+0x1", "inner+0x0"]


@pytest.mark.parametrize("slide", [0, 0x10000, 0x2_3456_0000, -0x50000])
def test_a_kernel_that_moved_itself_is_found_by_where_it_idles(convert, tmp_path, slide):
    (tmp_path / "map").write_text(f"{KERNEL:x} T _text\n{KERNEL + 0x9F4F0:x} T cpu_do_idle\n{KERNEL + 0x9F500:x} T next\n")
    cpu = Cpu(0)
    cpu.exit(1000, 10, 1, "HALT", 0x06000000, KERNEL + slide + 0x9F4F4, [0])
    cpu.exit(2000, 10, 0, "HYPERCALL", HVC, KERNEL + slide + 0x123, [0x84000000])
    assert pcs(convert(Recording([cpu]).bytes(), symbols=f"linux={tmp_path / 'map'}")) == ["_text+0x123", "cpu_do_idle+0x4"]


def kallsyms_image(names, base, modern):
    """A file with the tables of scripts/kallsyms.c, one token a character, as the kernel lays them out."""
    def padded(data):
        return data + bytes(-len(data) % 8)

    stream, markers = b"", []
    for i, (_, name) in enumerate(names):
        if i % 256 == 0:
            markers.append(len(stream))
        stream += bytes([len(name)]) + name.encode()
    tokens = b"".join((bytes([c]) if 32 < c < 127 else b"") + b"\0" for c in range(256))
    index, at = [], 0
    for c in range(256):
        index.append(at)
        at += 1 + (32 < c < 127)
    offsets = padded(struct.pack(f"<{len(names)}I", *(address - base for address, _ in names))) + struct.pack("<Q", base)
    head = bytes(0x38) + b"ARM\x64" + bytes(4)
    body = padded(struct.pack("<I", len(names))) + padded(stream) + padded(struct.pack(f"<{len(markers)}I", *markers))
    if not modern:  # 6.1 as Debian has it: with the names' order in the alphabet
        body = offsets + body + padded(bytes(3 * len(names)))
    body += padded(tokens) + padded(struct.pack("<256H", *index))
    return head + padded(random.Random(1).randbytes(4000)) + body + (offsets if modern else b"") + bytes(64)


@pytest.mark.parametrize("modern", [False, True], ids=["6.1", "6.4"])
def test_symbols_from_a_linux_image(convert, tmp_path, modern):
    names = [(KERNEL + 16 * i, f"Tfunction_{i:05}" if i % 3 else f"d_data{i}") for i in range(5000)]
    (tmp_path / "Image").write_bytes(kallsyms_image(names, KERNEL, modern))
    data = recorded(KERNEL + 16, KERNEL + 16 * 4999 + 4, KERNEL + 16 * 3)
    assert pcs(convert(data, symbols=f"linux={tmp_path / 'Image'}")) == ["function_00001+0x0", "function_04999+0x4",
                                                                          "function_00002+0x10"]


@pytest.mark.parametrize("content,complaint", [
    (b"", "empty"), (b"\x7fELF" + b"\1" * 100, "ELF file without"), (b"#!/bin/sh\n", "neither ELF"),
    (bytes(0x38) + b"ARM\x64" + bytes(4096), "Image without kallsyms"), (b"00000000 T a\n00000000 T b\n", "all zero"),
    (b"abc T\n", "not a list"),
])
def test_files_without_symbols_are_refused_by_name(vtrace, tmp_path, content, complaint):
    (tmp_path / "symbols").write_bytes(content)
    done = vtrace("convert", recorded(KERNEL), "-o", tmp_path / "out", "--symbols", f"linux={tmp_path / 'symbols'}")
    assert done.returncode == 1 and f"{tmp_path / 'symbols'}: " in done.stderr and complaint in done.stderr


def test_symbols_need_a_vm(vtrace, tmp_path):
    (tmp_path / "map").write_text(f"{KERNEL:x} T _text\n")
    for value, complaint in ((f"other={tmp_path / 'map'}", "no VM of this recording is called 'other'"),
                             (str(tmp_path / "map"), "say whose")):
        done = vtrace("convert", recorded(KERNEL), "-o", tmp_path / "out", "--symbols", value)
        assert done.returncode == 2 and complaint in done.stderr


# -- What check finds ---------------------------------------------------------------------------------------------


def packet_of(text):
    done = subprocess.run(["protoc", "--encode=perfetto.protos.Trace", "-I", ROOT / "trace/host", "perfetto_subset.proto"],
                          input=text.encode(), capture_output=True, check=True)
    return done.stdout


BEGIN = "packet { trusted_packet_sequence_id: 10 sequence_flags: 3 timestamp: 5 timestamp_clock_id: 6 }\n"


@pytest.mark.parametrize("added,complaint", [
    ("packet { trusted_packet_sequence_id: 10 track_event { type: TYPE_INSTANT name_iid: 3 } }", "before it is defined"),
    ("packet { trusted_packet_sequence_id: 10 track_event { type: TYPE_SLICE_END } }", "did not begin"),
    ("packet { trusted_packet_sequence_id: 10 track_event { type: TYPE_SLICE_BEGIN } }", "does not end"),
    ("packet { trusted_packet_sequence_id: 10 track_event { type: TYPE_INSTANT flow_ids: 7 } }", "two ends"),
    ("packet { trusted_packet_sequence_id: 10 track_event { type: TYPE_INSTANT terminating_flow_ids: 7 } }", "two ends"),
    ("packet { trusted_packet_sequence_id: 10 timestamp: 18446744073709551615 }", "back in time"),
    ("packet { trusted_packet_sequence_id: 11 track_event { type: TYPE_INSTANT } }", "never began"),
    ("packet { track_event { type: TYPE_INSTANT } }", "no sequence"),
    ("packet { trusted_packet_sequence_id: 10 stack_sample { callstack_iid: 1 } }", "before it is defined"),
])
def test_check_finds_traces_that_are_not_sound(vtrace, tmp_path, added, complaint):
    (tmp_path / "bad").write_bytes(packet_of(BEGIN + added))
    done = vtrace("check", recorded(), "--pftrace", tmp_path / "bad")
    assert done.returncode == 1 and complaint in done.stderr


def test_an_exit_takes_48_bytes_at_most_and_memory_stays(build):
    """The benchmark's figures that do not depend on the machine."""
    done = subprocess.run([ROOT / "tests/bench/convert.py", "--exits", "300000", "--vtrace", build / "host/vtrace"],
                          capture_output=True, text=True, check=True)
    figures = {line.split()[1]: float(line.split()[2]) for line in done.stdout.splitlines()}
    assert figures["convert_bytes_per_exit"] <= 48 and figures["convert_memory_mib"] <= 64
