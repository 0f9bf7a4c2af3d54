"""vtrace stat: groups, quantiles, the hypervisor's own counters, live."""
import json
import os
import pty
import random
import signal
import socket
import subprocess
import threading

import pytest

from test_vtrace import KERNEL, NS, Cpu, Recording, build, metadata_page, ordinary, vtrace  # noqa: F401

HVC = 0x5A000000
PSCI_VERSION = 0x84000000


def stat(vtrace, data, *options):
    done = vtrace("stat", data, "--json", *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def timed(durations, vcpu=0, reason="HYPERCALL"):
    cpu = Cpu(0)
    time = 1000
    for duration in durations:
        time += duration + 5
        cpu.exit(time, duration, vcpu, reason, HVC, KERNEL, [PSCI_VERSION])
    return Recording([cpu])


@pytest.mark.parametrize("durations", [
    [31], [5, 6, 7], list(range(1, 101)), [random.Random(1).randrange(1, 1 << 30) for _ in range(999)], [2, 1 << 40]])
def test_quantiles_are_near_the_exact_ones(vtrace, durations):
    """Against the nearest-rank definition, within the error that stat states."""
    group = stat(vtrace, timed(durations).bytes())["groups"][0]
    ranked = sorted(durations)
    for name, share in (("p50", 50), ("p99", 99)):
        exact = ranked[-(-len(ranked) * share // 100) - 1]
        assert group[f"{name}_ns"] == pytest.approx(exact * NS, rel=0.032, abs=0.1), name
        if exact < 32:
            assert group[f"{name}_ns"] == exact * NS
    assert group["min_ns"] == ranked[0] * NS and group["max_ns"] == ranked[-1] * NS
    assert group["total_ns"] == sum(ranked) * NS and group["count"] == len(ranked)


def test_groups_add_up_whatever_they_are_made_by(vtrace):
    recording = ordinary(3, 300)
    data = recording.bytes()
    for by in ("reason", "name", "vcpu", "pc", "vcpu,reason", "name,pc"):
        result = stat(vtrace, data, "--by", by, "--top", "65536")
        assert sum(group["count"] for group in result["groups"]) == recording.exits, by
        assert len({group["what"] for group in result["groups"]}) == len(result["groups"]), by
        counts = [group["count"] for group in result["groups"]]
        assert counts == sorted(counts, reverse=True)
    assert {group["what"] for group in stat(vtrace, data, "--by", "vcpu")["groups"]} == {"linux/0", "linux/1", "linux/2"}
    assert {group["what"] for group in stat(vtrace, data, "--by", "pc")["groups"]} == {f"{KERNEL:#x}", f"{KERNEL + 4:#x}"}
    assert len(stat(vtrace, data, "--by", "name", "--top", "2")["groups"]) == 2


def test_names_are_those_of_the_recordings_devices(vtrace):
    """Per VM; and what has one name is one group, be it the same register of two redistributors."""
    cpu = Cpu(0)
    for i, (vcpu, ipa) in enumerate([(0, 0x1234_0000), (0, 0x2001_0100), (1, 0x2003_0100), (1, 0x2002_0104), (4, 0x1234_0000)]):
        cpu.exit(1000 * (i + 1), 10, vcpu, "MMIO_WRITE", 0x93800046, KERNEL, [ipa | 1 << 32])
    recording = Recording([cpu], ["vm.0.device.0=pl011,0x12340000,0x1000", "vm.0.device.1=gicr,0x20000000,0x40000",
                                  "vm.1.device.0=rtc,0x12340000,0x1000"])
    groups = {group["what"]: group["count"] for group in stat(vtrace, recording.bytes(), "--by", "name")["groups"]}
    assert groups == {"MMIO write pl011 UARTDR": 1, "MMIO write gicr+0x0104": 1, "MMIO write GICR_ISENABLER0": 2,
                      "MMIO write rtc+0x0000": 1}


def test_more_groups_than_there_is_room_for(vtrace):
    """What is new when the table is full is one group, and still counted."""
    cpu = Cpu(0)
    for i in range(70_000):
        cpu.exit(100 * i + 100, 10 + i % 3, 0, "HYPERCALL", HVC, KERNEL + 4 * i, [PSCI_VERSION])
    for i in range(3):
        cpu.exit(10_000_000 + 100 * i, 10, 0, "HYPERCALL", HVC, KERNEL, [PSCI_VERSION])
    groups = stat(vtrace, Recording([cpu]).bytes(), "--by", "pc", "--top", "65536")["groups"]
    assert sum(group["count"] for group in groups) == 70_003
    assert groups[0]["what"] == "others" and groups[0]["count"] > 4000
    assert groups[1] == {**groups[1], "what": f"{KERNEL:#x}", "count": 4, "p50_ns": 10 * NS}


@pytest.mark.parametrize("by", ["", "colour", "reason,", "reason,colour", "reasons"])
def test_unknown_groups(vtrace, by):
    done = vtrace("stat", b"", "--by", by)
    assert done.returncode == 2 and f"--by: '{by}' is not of" in done.stderr


def counters(recording, *more):
    """Totals as the hypervisor writes them, with its counters by vCPU and reason."""
    return metadata_page(f"total.exits={recording.exits}", *more)


def test_the_hypervisors_counters_must_agree_to_the_last_exit(vtrace):
    recording = timed([10, 20, 30])
    recording.last = counters(recording, "exits.0.HYPERCALL=3,60,10,30", "hist.0.HYPERCALL=0,0,0,1,2")
    out = vtrace("stat", recording.bytes())
    assert "1 counters of exits by vCPU and reason: they agree to the last exit" in out.stdout
    assert vtrace("check", recording.bytes()).returncode == 0

    for wrong in ("exits.0.HYPERCALL=2,60,10,30", "exits.0.HYPERCALL=4,60,10,30", "exits.1.HYPERCALL=3,60,10,30",
                  "exits.0.HALT=3,60,10,30"):
        recording.last = counters(recording, wrong)
        assert "THEY DO NOT AGREE" in vtrace("stat", recording.bytes()).stdout, wrong
        done = vtrace("check", recording.bytes())
        assert done.returncode == 1 and "hypervisor" in done.stderr, wrong


def test_exits_lost_are_missing_from_the_counters_and_no_others(vtrace):
    cpu = Cpu(0)
    cpu.exit(1000, 10, 0, "HYPERCALL", HVC, KERNEL, [PSCI_VERSION])
    cpu.lose(2)
    lines = ["total.exits=3", "total.events.0=3", "total.lost.0=2", "total.lost_exits.0=2"]
    for counted, status in ((3, 0), (2, 1), (4, 1)):
        last = metadata_page(*lines, f"exits.0.HYPERCALL={counted},60,10,30")
        assert vtrace("check", Recording([cpu], last=last).bytes()).returncode == status


def test_counters_alone(vtrace):
    """At the level `counters` nothing is recorded, and the table comes from what the hypervisor counted."""
    last = metadata_page("level=counters", "total.exits=7", "exits.0.HYPERCALL=4,400,10,300", "hist.0.HYPERCALL=0,0,0,2,1,0,0,0,1",
                         "exits.1.HALT=3,9000,1000,5000")
    data = Recording([], last=last).bytes()
    result = stat(vtrace, data)
    assert result["from_counters"] and result["counted_exits"] == 7 and result["exits"] == 0
    hypercall, halt = result["groups"]
    assert (hypercall["count"], hypercall["total_ns"], hypercall["max_ns"]) == (4, 400 * NS, 300 * NS)
    assert hypercall["p50_ns"] == 12 * NS and hypercall["p99_ns"] == 300 * NS
    assert (halt["what"], halt["count"], halt["p50_ns"]) == ("WFI/WFE", 3, None)
    assert "these are the hypervisor's counters" in vtrace("stat", data).stdout
    assert vtrace("check", data).returncode == 0


def test_classes_balance(vtrace):
    cpu = Cpu(0)
    cpu.exit(1000, 10, 0, "HYPERCALL", HVC, KERNEL, [PSCI_VERSION])
    cpu.add("VIRQ_INJECT", 2000, 0, 1, [27])
    for irqs, lost, status in ((1, 0, 0), (2, 1, 0), (2, 0, 1), (0, 0, 1)):
        last = metadata_page(f"total.class.0.IRQ={irqs}", "total.class.0.EXIT=1", *[f"lost.class.0.IRQ={lost}"] * (lost > 0))
        done = vtrace("check", Recording([cpu], last=last).bytes())
        assert done.returncode == status and ("class IRQ" in done.stderr) == bool(status)


def test_a_flight_recording_begins_later(vtrace):
    """Pages that were overwritten are no gap: their records are counted as lost."""
    cpu = Cpu(0)
    for i in range(4):
        cpu.exit(1000 * i + 1000, 10, 0, "HYPERCALL", HVC, KERNEL, [PSCI_VERSION])
        cpu.flush()
    recording = Recording([cpu])

    def flight(page, lost):
        return page[:12] + (1).to_bytes(4, "little") + page[16:32] + lost.to_bytes(8, "little") + page[40:]

    kept = [flight(page, 2) for page in cpu.pages[2:]]
    last = metadata_page("mode=flight", "total.exits=4", "total.events.0=4", "total.lost.0=2", "total.lost_exits.0=2")
    data = recording.first + b"".join(kept) + last
    assert vtrace("check", data).stdout == "check: exits=2 lost=2 total=4 ok\n"
    assert " LOST records=2" in vtrace("dump", data).stdout
    stream = recording.first + b"".join(cpu.pages[2:]) + last
    assert "gap(s) in the page sequence" in vtrace("check", stream).stderr


def test_long_work_shows_a_bar_on_a_terminal_only(build, tmp_path):
    raw = tmp_path / "raw"
    raw.write_bytes(ordinary(2, 400).bytes())
    ours, theirs = pty.openpty()
    shown = []
    for errors, least in ((theirs, "1"), (theirs, "999999999"), (subprocess.PIPE, "1")):
        done = subprocess.run([build / "host/vtrace", "stat", raw], stdout=subprocess.PIPE, stderr=errors, check=True,
                              env={**os.environ, "VTRACE_PROGRESS_BYTES": least})
        os.set_blocking(ours, False)
        try:
            shown.append(os.read(ours, 65536) if errors == theirs else done.stderr)
        except BlockingIOError:
            shown.append(b"")
    os.close(ours)
    os.close(theirs)
    assert b"reading [####" in shown[0] and shown[0].endswith(b"\r\x1b[K") and shown[1:] == [b"", b""]


# -- Live -------------------------------------------------------------------------------------------------------


def live(build, name, *options):
    return subprocess.Popen([build / "host/vtrace", "stat", "--live", "--json", name, *options], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def test_live_on_a_file_that_grows(build, tmp_path):
    """Written in pieces that end anywhere; each table is one of what was there, the last one is that of the whole."""
    recording = ordinary(2, 400)
    data = recording.bytes()
    raw = tmp_path / "raw"
    raw.write_bytes(data[:len(data) // 2])
    child = live(build, raw)
    tables = [json.loads(child.stdout.readline())]
    with raw.open("ab", buffering=0) as file:
        for at in range(len(data) // 2, len(data), 7001):
            file.write(data[at:at + 7001])
    out, errors = child.communicate(timeout=60)
    assert child.returncode == 0 and errors == ""
    tables += [json.loads(line) for line in out.splitlines()]
    exits = [table["exits"] for table in tables]
    assert len(tables) > 1 and exits == sorted(exits) and exits[0] < exits[-1] == recording.exits
    assert tables[-1]["agree"] and [g["count"] for g in tables[-1]["groups"]] == [
        g["count"] for g in json.loads(subprocess.run([build / "host/vtrace", "stat", "--json", raw], capture_output=True,
                                                      text=True, check=True).stdout)["groups"]]


def test_live_on_a_socket(build, tmp_path):
    recording = ordinary(2, 400)
    data = recording.bytes()
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "socket"))
    server.listen(1)
    child = live(build, tmp_path / "socket")
    peer, _ = server.accept()

    def feed():
        for at in range(0, len(data), 4999):
            peer.sendall(data[at:at + 4999])
        peer.close()

    feeder = threading.Thread(target=feed)
    feeder.start()
    out, errors = child.communicate(timeout=60)
    feeder.join()
    server.close()
    assert child.returncode == 0 and errors == ""
    assert json.loads(out.splitlines()[-1])["exits"] == recording.exits


def test_live_ends_with_a_table_when_interrupted(build, tmp_path):
    recording = ordinary(1, 50)
    recording.last = b""
    raw = tmp_path / "raw"
    raw.write_bytes(recording.bytes())
    child = live(build, raw)
    assert json.loads(child.stdout.readline())["exits"] == recording.exits
    child.send_signal(signal.SIGINT)
    out, _ = child.communicate(timeout=60)
    assert child.returncode == 0 and json.loads(out.splitlines()[-1])["exits"] == recording.exits


def test_live_on_nobody(build, tmp_path):
    server = socket.socket()
    server.bind(("127.0.0.1", 0))  # a port that nobody listens on
    child = live(build, f"127.0.0.1:{server.getsockname()[1]}")
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=60)
    assert child.returncode in (1, -signal.SIGINT)
    assert child.returncode != 1 or "Connection refused" in errors
    server.close()
