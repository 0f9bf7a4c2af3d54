"""What a trace of Debian's kernel on four vCPUs shows: the names, tracks, arrows, counters and symbols that docs/use/traces.md promises."""

import collections
import json
import re
import subprocess

import harness
import pytest

from test_linux import check_schema, linux

pytestmark = pytest.mark.once
WORK = b"""dd if=/dev/zero bs=64k count=64 2>/dev/null | sha256sum
for cpu in 0 1 2 3; do taskset -c $cpu sh -c 'cat /proc/interrupts >/dev/null'; done
poweroff -f
"""
SAMPLES_HZ = 499


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """One boot; the recording as text, and the trace as protoc reads it."""
    folder = tmp_path_factory.mktemp("run")
    done = harness.run(folder, "--hv-append", f"trace-sample={SAMPLES_HZ}", nodes=[linux(4)], stdin=WORK)
    assert done.status == 0, done.report()
    harness.check_trace(folder)
    check_schema(folder / "run.pftrace")
    dump = subprocess.run([harness.VTRACE, "dump", folder / "run.vtr"], capture_output=True, text=True, check=True).stdout
    return done, dump, (folder / "run.txt").read_text(errors="replace")


def packets(trace, kind):
    return [packet for packet in trace.split("\npacket {\n") if re.search(rf"^  {kind}\b", packet, re.MULTILINE)]


def total_exits(done):
    return re.search(r"^vitrine: total +(\d+)", done.said, re.MULTILINE)[1]


def test_totals_are_the_hypervisors_to_the_last_exit(run):
    done, _, _ = run
    table = subprocess.run([harness.VTRACE, "stat", done.folder / "run.vtr"], capture_output=True, text=True, check=True).stdout
    counted = dict(re.findall(r"^vitrine: (\S.*?)  +(\d+) +[\d.]+%", done.said, re.MULTILINE))
    read = dict(re.findall(r"^(\S.*?)  +(\d+) +[\d.]+%", table, re.MULTILINE))
    assert len(counted) > 6 and read == {**counted, "all exits": total_exits(done)}
    assert re.search(r"exits by vCPU and reason: they agree to the last exit$", table, re.MULTILINE), table
    assert ", records lost 0, " in table


def test_exits_have_names_for_people(run):
    _, _, trace = run
    names = set(re.findall(r'^ {6}name: "([^"]*)"', trace, re.MULTILINE))
    assert {"MMIO write pl011 UARTDR", "MMIO read GICR_TYPER", "sysreg ID_AA64PFR0_EL1 read", "WFI", "irq 27 vtimer", "SGI 1 sent",
            "hypercall PSCI_VERSION", "PSCI CPU_ON vcpu1", "PSCI CPU_ON vcpu3", "PSCI SYSTEM_OFF"} <= names
    assert re.search(r'str: "DABT write ISV=1|DABT write ISV=1 SAS=', trace), "a syndrome field by field"


def test_each_vcpu_and_cpu_has_its_track(run):
    _, _, trace = run
    assert re.findall(r'thread_name: "(linux/\d)"', trace) == [f"linux/{i}" for i in range(4)]
    running = collections.Counter(re.findall(r"generic_kernel_task_state_event {\s*cpu: (\d)", trace))
    assert len(running) >= 3, "CPU 0 may be left out as the default"
    assert {"TASK_STATE_RUNNING", "TASK_STATE_INTERRUPTIBLE_SLEEP"} <= set(re.findall(r"state: (TASK_STATE_\w+)", trace))


def test_arrows_have_two_ends(run):
    """Each flow is in two events at least, and one of them ends it: an interrupt's, an SGI's, a CPU's start."""
    _, dump, trace = run
    begins, ends = collections.Counter(), collections.Counter()
    for packet in packets(trace, "track_event"):
        begins.update(re.findall(r"^    flow_ids: (\d+)", packet, re.MULTILINE))
        ends.update(re.findall(r"^    terminating_flow_ids: (\d+)", packet, re.MULTILINE))
    assert begins.keys() == ends.keys() and set(ends.values()) == {1}
    assert len(ends) > dump.count(" VIRQ_INJECT ") * 0.9
    assert trace.count('name: "vCPU starts"') >= 1


def test_interrupts_live_their_lives(run):
    _, dump, _ = run
    count = {name: len(re.findall(rf" {name} ", dump)) for name in ("VIRQ_INJECT", "VIRQ_LOAD", "VIRQ_ACK", "VIRQ_EOI", "SGI_SEND")}
    assert count["VIRQ_INJECT"] >= count["VIRQ_LOAD"] >= count["VIRQ_ACK"] >= count["VIRQ_EOI"] > 100, count
    assert count["VIRQ_INJECT"] - count["VIRQ_EOI"] <= 40 and count["SGI_SEND"] > 50, count


def test_the_console_and_the_counters(run):
    _, dump, trace = run
    said = re.findall(r' CONSOLE text="(.*)"$', dump, re.MULTILINE)
    assert any("Linux 6." in line and "on 4 CPUs" in line for line in said), said
    assert any(line.startswith("vitrine:/# poweroff -f") for line in said)
    for name in ("MMIO write", "EL2 on cpu3", "records lost"):
        assert re.search(rf'^ {{4}}name: "{name}"', trace, re.MULTILINE), name
    assert trace.count("type: TYPE_COUNTER") > 100


def test_what_the_run_was_is_told(run):
    _, _, trace = run
    attributes = dict(re.findall(r'key: "([^"]*)"\s*string_value: "([^"]*)"', trace))
    assert attributes.keys() >= {"git", "board", "cpu_model", "cntfrq", "cpus", "level", "mode", "classes", "vm.0.name", "vm.0.ram", "vm.0.device.2"}
    assert attributes["board"] == "qemu-virt" and attributes["level"] == "events" and attributes["vm.0.vcpus"] == "4"


def test_samples_are_stacks_of_kernel_functions(run):
    _, dump, trace = run
    assert len(re.findall(" PC_SAMPLE ", dump)) > 20
    assert len(packets(trace, "stack_sample")) == len(re.findall(" PC_SAMPLE ", dump))
    functions = set(re.findall(r'^ {6}str: "(\w+)"', trace, re.MULTILINE))
    assert functions & {"default_idle_call", "cpu_do_idle", "start_kernel", "kernel_init", "kernel_init_freeable", "do_idle"}, functions
    assert len(functions) > 20


def perfetto(trace, *queries):
    """What Perfetto's trace processor answers to each query, as a list of rows."""
    done = subprocess.run(["node", harness.ROOT / "tests/browser/trace_processor.mjs", trace], input=json.dumps(queries), capture_output=True,
                          text=True, timeout=harness.BACKSTOP_S)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_perfettos_own_trace_processor_reads_it(run):
    """Nothing in it is wrong for the engine behind the UI, and that has each exit of each vCPU, with its name, place and length."""
    done, dump, _ = run
    faults, threads, exits, places, counters, console = perfetto(
        done.folder / "run.pftrace",
        "SELECT name, value FROM stats WHERE severity IN ('error', 'data_loss') AND value != 0",
        "SELECT process.name process, thread.name thread FROM thread JOIN process USING(upid) WHERE thread.name IS NOT NULL ORDER BY 1, 2",
        "SELECT thread.name || ' ' || slice.name name, COUNT(*) count, MIN(dur) shortest FROM slice JOIN thread_track ON track_id = "
        "thread_track.id JOIN thread USING(utid) JOIN args USING(arg_set_id) WHERE flat_key = 'source.function_name' GROUP BY 1",
        "SELECT DISTINCT string_value FROM args WHERE flat_key = 'source.function_name'",
        "SELECT counter_track.name, COUNT(*) count FROM counter JOIN counter_track ON track_id = counter_track.id GROUP BY 1",
        "SELECT slice.name line FROM slice JOIN process_track track ON track_id = track.id WHERE track.name = 'console' ORDER BY ts")
    assert faults == []
    assert threads == [{"process": "linux", "thread": f"linux/{i}"} for i in range(4)] + [{"process": "vitrine", "thread": f"cpu{i}"} for i in range(4)]
    assert sum(row["count"] for row in exits) == int(total_exits(done))
    assert all(row["shortest"] >= 0 for row in exits)
    assert {"linux/0 PSCI CPU_ON vcpu3", "linux/1 WFI", "linux/2 irq 27 vtimer", "linux/3 SGI 1 sent"} <= {row["name"] for row in exits}
    assert any(row["string_value"].startswith("cpu_do_idle+0x") for row in places), "the kernel's functions name the exits' places"
    assert {"EL2 on cpu0", "MMIO write", "waiting for cpu0"} <= {row["name"] for row in counters}
    assert [row["line"] for row in console] == re.findall(r' CONSOLE text="(.*)"$', dump, re.MULTILINE)


def test_perfettos_own_trace_processor_draws_the_arrows(run, tmp_path):
    """The flow ids of its version have other numbers and another type: the trace is written again with those, and nothing else changed."""
    _, _, trace = run
    schema = (harness.ROOT / "trace/host/perfetto_subset.proto").read_text()
    older, changed = re.subn(r"fixed64 (flow_ids|terminating_flow_ids) = \d+;",
                             lambda line: f"uint64 {line[1]} = {36 if line[1] == 'flow_ids' else 42};", schema)
    assert changed == 2
    (tmp_path / "older.proto").write_text(older)
    made = subprocess.run(["protoc", "--encode=perfetto.protos.Trace", "-I", tmp_path, "older.proto"], input=trace.encode(),
                          capture_output=True, check=True)
    (tmp_path / "older.pftrace").write_bytes(made.stdout)
    [flows] = perfetto(
        tmp_path / "older.pftrace",
        "SELECT before.name || ' -> ' || after.name arrow, COUNT(*) count, SUM(before.track_id = after.track_id) same_track, "
        "MIN(after.ts - before.ts) shortest FROM flow JOIN slice before ON slice_out = before.id JOIN slice after ON slice_in = after.id "
        "GROUP BY 1")
    arrows = {row["arrow"]: row for row in flows}
    timer = [arrows[f"{out} 27 vtimer -> {into} 27 vtimer"]["count"] for out, into in
             (("irq", "virq inject"), ("virq inject", "virq load"), ("virq load", "virq ack"), ("virq ack", "virq eoi"))]
    assert timer == sorted(timer, reverse=True) and timer[-1] > 100, arrows
    assert arrows["irq 27 vtimer -> virq inject 27 vtimer"]["same_track"] == 0, "from the CPU's track to the vCPU's"
    assert arrows["sgi send 1 sgi -> virq inject 1 sgi"]["same_track"] == 0, "from one vCPU to another"
    assert all(arrows[f"PSCI CPU_ON vcpu{i} -> vCPU starts"]["count"] == 1 for i in (1, 2, 3))
    assert all(row["shortest"] >= 0 for row in flows), "none goes back in time"
