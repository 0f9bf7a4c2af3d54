"""Claims about recording: levels, modes and filters, and that produced = read + lost whatever happens."""

import re
import socket
import subprocess
import threading
import time

import harness
import pytest
from lablib.common import addresses

BENCH = harness.GUESTS / "bench.elf"


def check(folder):
    """What `vtrace check` finds: exits read, records lost, exits produced. It must find nothing wrong."""
    done = subprocess.run([harness.VTRACE, "check", folder / "run.vtr"], capture_output=True, text=True, check=False)
    found = re.search(r"check: exits=(\d+) lost=(\d+) total=(\d+) ok", done.stdout)
    assert done.returncode == 0 and found, done.stdout + done.stderr
    return tuple(int(number) for number in found.groups())


def events(folder):
    """The names of all events, in order of time, and the metadata."""
    out = subprocess.run([harness.VTRACE, "dump", folder / "run.vtr"], capture_output=True, text=True, check=True).stdout
    metadata = dict(re.findall(r"^# ([^=\s]+)=(.*)$", out, re.MULTILINE))
    return re.findall(r"^[\d.]+ cpu\d+ \S+ (\w+)(.*)$", out, re.MULTILINE), metadata


def run(folder, guest, *arguments, how=None, **properties):
    return harness.run(folder, *arguments, nodes=[harness.test_guest("guest", guest, f"how={how}" if how else "", **properties)])


def bench(folder, *words):
    """The guest of the figures: a thousand exits of each kind."""
    return harness.run(folder, "--icount", *(argument for word in words for argument in ("--hv-append", word)),
                       nodes=[harness.vm("bench", BENCH)])


def test_everything_is_recorded_by_default(tmp_path):
    assert bench(tmp_path).status == 0
    exits, lost, total = check(tmp_path)
    names = {name for name, _ in events(tmp_path)[0]}
    assert lost == 0 and exits == total > 6000
    assert {"EXIT", "SCHED_IN", "VCPU_STATE", "VIRQ_INJECT", "VIRQ_LOAD", "VIRQ_ACK", "VIRQ_EOI", "IRQ", "SGI_SEND", "TIMER_FIRE",
            "STAGE2_MAP", "PSCI_CALL", "CONSOLE", "CLOCK", "LEVEL"} <= names


def test_each_interrupt_lives_its_life(tmp_path):
    """An interrupt is injected, loaded, acknowledged and ended, in this order, as often as the guest sent one to itself."""
    assert bench(tmp_path).status == 0
    seen = [name for name, rest in events(tmp_path)[0] if name.startswith(("VIRQ", "SGI_SEND"))]
    text = " ".join(seen)
    assert text.count("SGI_SEND VIRQ_INJECT VIRQ_LOAD") > 1000
    assert abs(seen.count("VIRQ_ACK") - seen.count("VIRQ_EOI")) <= 1
    assert 0 <= seen.count("VIRQ_INJECT") - seen.count("VIRQ_EOI") <= 1


def test_the_flight_recorder_keeps_the_newest(tmp_path):
    assert bench(tmp_path, "trace=flight").status == 0
    exits, lost, total = check(tmp_path)
    assert lost > 1000 and 0 < exits < total
    last = [name for name, _ in events(tmp_path)[0]][-8:]
    assert "PSCI_CALL" in last


def test_counters_count_and_record_nothing(tmp_path):
    assert bench(tmp_path, "trace=counters").status == 0
    exits, lost, total = check(tmp_path)
    assert exits == lost == total == 0
    said = subprocess.run([harness.VTRACE, "stat", tmp_path / "run.vtr"], capture_output=True, text=True, check=True).stdout
    assert re.search(r"MMIO read +\d{4}\b", said), said


def test_off_is_off(tmp_path):
    assert bench(tmp_path, "trace=off").status == 0
    assert check(tmp_path) == (0, 0, 0)
    assert events(tmp_path)[0] == []


def test_a_class_alone(tmp_path):
    assert bench(tmp_path, "trace-classes=exit").status == 0
    exits, lost, total = check(tmp_path)
    assert lost == 0 and exits == total > 6000
    assert {name for name, _ in events(tmp_path)[0]} == {"EXIT"}


def labels(guest, prefix):
    """{label: address} of a test guest."""
    there = addresses(harness.GUESTS / f"tests/{guest}.elf")
    return {name.removeprefix(prefix): address for name, address in there.items() if name.startswith(prefix)}


def test_each_shape_of_a_record(tmp_path):
    """What the vectors write, at once or when the VMM is done with the exit, and what they leave to C."""
    done = harness.run(tmp_path, "--icount", "--hv-append", "trace-classes=exit", nodes=[harness.test_guest("guest", "recorded")])
    done.assert_passed()
    exits, lost, total = check(tmp_path)
    assert lost == 0 and exits == total
    at = labels("recorded", "recorded_")
    records = {}
    for name, rest in events(tmp_path)[0]:
        for label, address in at.items():
            # An HVC's PC is behind it.
            if name == "EXIT" and f" pc={address + 4 * (label == 'call'):#x}" in rest:
                assert label not in records, f"{label}: two records"
                records[label] = rest
    assert records.keys() == at.keys()

    typer = re.search(r"value=(\w+)", records["load"])[1]
    for label, expected in {
        "load": r"reason=MMIO_READ .* esr=0x93[0-9a-f]{6} pc=\S+ ipa=0x8000004 ",
        "load_high": rf"reason=MMIO_READ .* esr=0x93[0-9a-f]{{6}} pc=\S+ ipa=0x8000004 value={typer}$",
        "store": r"reason=MMIO_WRITE .* esr=0x93[0-9a-f]{6} pc=\S+ ipa=0x8000420 value=0x80808080$",
        "store_nowhere": r"reason=MMIO_WRITE .* esr=0x93[0-9a-f]{6} became=injected pc=\S+ ipa=0x70000000 value=0x11223344$",
        "store_wide": r"reason=MMIO_WRITE .* esr=0x93[0-9a-f]{6} became=injected pc=\S+ ipa=0x70000000 value=0x1122334455667788$",
        "call": r"reason=HYPERCALL .* esr=0x5a000000 became=refused pc=\S+ function=0xc600ffff result=0xffffffff$",
        "wait": r"reason=HALT .* dur_ns=1000\d{3} .* esr=0x07[0-9a-f]{6} became=blocked pc=\S+$",
        "wait_long": r"reason=HALT .* dur_ns=5000\d{6} .* esr=0x07[0-9a-f]{6} became=blocked pc=\S+$",
    }.items():
        assert re.search(expected, records[label]), (label, records[label])


def test_exits_that_leave_are_counted(tmp_path):
    """At level counters the histogram of each reason has each of its exits, whoever has answered it."""
    done = harness.run(tmp_path, "--icount", "--hv-append", "trace=counters", nodes=[harness.test_guest("guest", "recorded")])
    done.assert_passed()
    metadata = dict(re.findall(r"^((?:exits|hist)\.0\.\w+)=(.*)$", (tmp_path / "run.vtr").read_text(errors="replace"), re.MULTILINE))
    for reason in ("HYPERCALL", "HALT", "MMIO_WRITE", "MMIO_READ"):
        count, ticks, least, most = (int(number) for number in metadata[f"exits.0.{reason}"].split(","))
        assert count == sum(int(n) for n in metadata[f"hist.0.{reason}"].split(",")), reason
        assert 0 < least <= most <= ticks
    assert int(metadata["exits.0.HALT"].split(",")[3]) > 5_000_000_000


def test_timers_alone_are_recorded_without_the_interrupts_that_they_make(tmp_path):
    assert bench(tmp_path, "trace-classes=timer").status == 0
    check(tmp_path)
    seen = [name for name, _ in events(tmp_path)[0]]
    assert set(seen) == {"TIMER_FIRE"} and len(seen) > 2000


def test_a_manifest_chooses(tmp_path):
    (tmp_path / "vms.dts").write_text(
        harness.manifest('\ttrace-classes = "sched,clock";\n\ttrace-mode = "flight";\n', harness.vm("bench", BENCH)))
    assert harness.run(tmp_path, "--icount", tmp_path / "vms.dts").status == 0
    check(tmp_path)
    seen, metadata = events(tmp_path)
    assert {name for name, _ in seen} == {"SCHED_IN", "SCHED_OUT", "VCPU_STATE", "CLOCK"}
    assert metadata["mode"] == "flight"


def test_a_strange_wish_is_named(tmp_path):
    assert bench(tmp_path, "trace=loud").status == 0
    log = (tmp_path / "vitrine.log").read_text()
    assert "trace: level loud: not understood" in log


@pytest.mark.parametrize("how, level", [(1, "off"), (3, "counters")])
def test_a_guest_switches_the_level(tmp_path, how, level):
    done = run(tmp_path, "trace", how=how, trace_control="yes")
    done.assert_passed()
    assert f"trace: vm guest: level={level}" in done.log
    exits, lost, total = check(tmp_path)
    assert lost == 0 and exits == total
    seen, _ = events(tmp_path)
    marks = [rest for name, rest in seen if name == "MARK"]
    assert len(marks) == 2, "the mark between has not been left out"
    assert "here we are" in " ".join(rest for name, rest in seen if name == "MARK_TEXT")
    assert [name for name, _ in seen].count("LEVEL") == 3


def test_only_a_trusted_guest_may(tmp_path):
    run(tmp_path, "trace", how=2).assert_passed()
    check(tmp_path)


def test_the_balance_holds_when_a_guest_crashes(tmp_path):
    assert run(tmp_path, "crash", how=1).status == 3
    exits, lost, total = check(tmp_path)
    assert lost == 0 and exits == total > 0


def test_the_balance_holds_over_resets(tmp_path):
    done = harness.run(tmp_path, nodes=[harness.test_guest("guest", "reset")], stdin=b"rrq")
    assert done.status == 0
    exits, lost, total = check(tmp_path)
    assert lost == 0 and exits == total > 0
    assert [name for name, _ in events(tmp_path)[0]].count("CLOCK") >= 3, "one snapshot a start"


@pytest.mark.parametrize("mode", ["stream", "flight"])
def test_the_balance_holds_when_el2_panics(tmp_path, mode):
    done = harness.run(tmp_path, "--hv-append", f"trace-mode={mode}", "--hv-append", "panic-test=null",
                       nodes=[harness.vm("bench", BENCH)])
    assert done.status == 4
    check(tmp_path)
    assert "STAGE2_MAP" in {name for name, _ in events(tmp_path)[0]}


def test_samples_show_where_the_guest_is(tmp_path):
    assert bench(tmp_path, "trace-sample=1000").status == 0
    check(tmp_path)
    samples = [rest for name, rest in events(tmp_path)[0] if name == "PC_SAMPLE"]
    assert samples


def test_a_host_that_does_not_read_loses_records_and_is_told(tmp_path):
    """The ring overflows: the guest goes on, and every record that nobody read is counted."""
    path = tmp_path / "trace.sock"
    (tmp_path / "vms.dts").write_text(harness.manifest(*(harness.vm(f"bench{i}", BENCH) for i in range(3))))
    argv = [harness.VITRINE, "run", str(tmp_path / "vms.dts"), "--icount", "--trace-socket", path,
            "--log", tmp_path / "vitrine.log"]
    child = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             cwd=tmp_path)
    try:
        with socket.socket(socket.AF_UNIX) as sock:
            end = time.monotonic() + harness.BACKSTOP_S
            while sock.connect_ex(str(path)):
                assert time.monotonic() < end, "QEMU does not listen"
                time.sleep(0.05)
            console = []
            reader = threading.Thread(target=lambda: console.append(child.stdout.read()))
            reader.start()
            log = tmp_path / "vitrine.log"
            while not (log.exists() and "summary: trace:" in log.read_text(errors="replace")):
                assert time.monotonic() < end, "the guest has not come to its end"
                time.sleep(0.05)
            with open(tmp_path / "run.vtr", "wb") as out:
                while data := sock.recv(65536):
                    out.write(data)
        child.wait(timeout=harness.BACKSTOP_S)
        reader.join()
    finally:
        child.kill()
        child.wait()
    exits, lost, total = check(tmp_path)
    assert lost > 0 and exits < total
