"""The SQL package and the questions of docs/use/queries.md, on traces that vtrace makes (tables: perfetto_tables.py)."""
import re
import subprocess

import pytest

from perfetto_tables import PACKAGE, Database
from test_vtrace import BLOCKED, EVENTS, KERNEL, NS, READY, ROOT, Cpu, Recording, build, ordinary  # noqa: F401

MODULES = ["exits", "cpu", "interrupts"]
QUESTIONS = re.findall(r"^## (.*?)\n\n```sql\n(.*?)^```", (ROOT / "docs/use/queries.md").read_text(), re.M | re.S)


@pytest.fixture
def database(build, tmp_path):
    def make(recording):
        (tmp_path / "raw").write_bytes(recording.bytes())
        subprocess.run([build / "host/vtrace", "convert", tmp_path / "raw", "-o", tmp_path / "out"], check=True)
        tables = Database(tmp_path / "out")
        for module in MODULES:
            tables.include(f"vitrine.{module}")
        return tables

    return make


def test_the_exits_are_those_of_the_recording(database):
    recording = ordinary(2, 300)
    tables = database(recording)
    rows = tables.query("SELECT * FROM vitrine_exits")
    assert len(rows) == recording.exits and {row["vcpu"] for row in rows} == {"linux/0", "linux/1"}
    assert {row["vm"] for row in rows} == {"linux"}
    by_reason = tables.query("SELECT * FROM vitrine_by_reason")
    assert sum(row["exits"] for row in by_reason) == recording.exits
    assert sum(row["total_ns"] for row in by_reason) == sum(row["dur"] for row in rows)
    assert [row["total_ns"] for row in by_reason] == sorted((row["total_ns"] for row in by_reason), reverse=True)


def test_el2_and_the_guest_share_the_time_that_a_vcpu_runs(database):
    cpu = Cpu(0)
    cpu.add("SCHED_IN", 1000, 0)
    cpu.exit(3000, 500, 0, "HYPERCALL", 0x5A000000, KERNEL, [0x84000000])
    cpu.add("VCPU_STATE", 5000, 0, BLOCKED)
    cpu.add("SCHED_OUT", 5000, 0, BLOCKED)
    cpu.add("VCPU_STATE", 8900, 0, READY)
    cpu.add("SCHED_IN", 9000, 0)
    cpu.exit(9000, 4500, 0, "HALT", 0x06000000, KERNEL, [0])
    cpu.add("VCPU_STATE", 10_000, 0, READY)
    cpu.add("SCHED_OUT", 10_000, 0, READY)
    tables = database(Recording([cpu]))
    row, = tables.query("SELECT * FROM vitrine_el2_share")
    assert (row["running_ns"], row["el2_ns"], row["guest_ns"], row["share"]) == (5000 * NS, 500 * NS, 4500 * NS, 0.1)
    row, = tables.query("SELECT * FROM vitrine_wfi_idle")
    assert (row["vcpu"], row["sleeps"], row["idle_ns"]) == ("linux/0", 1, 4500 * NS) and row["share"] == 4500 / 6500


def test_flows_of_interrupts(database):
    """The arrows are put in by hand here: what the views make of them."""
    tables = database(ordinary(2, 3))
    (first,), (second,) = tables.sql.execute("SELECT id FROM thread_track WHERE utid IN (1001, 1002) ORDER BY utid")
    for number, ts, name, category, track in ((9001, 100, "sgi send 1 sgi", "sgi", first), (9002, 130, "virq inject 1 sgi", "virq", second),
                                              (9003, 190, "virq ack 1 sgi", "virq", second), (9004, 250, "virq eoi 1 sgi", "virq", second)):
        tables.sql.execute("INSERT INTO slice VALUES(?, ?, 0, ?, ?, ?, 0, NULL)", (number, ts, name, category, track))
    for out in (9001, 9002, 9003):
        tables.sql.execute("INSERT INTO flow VALUES(NULL, ?, ?, 'f')", (out, out + 1))
    latency, = [row for row in tables.query("SELECT * FROM vitrine_irq_latency") if row["flow_id"] == "f"]
    assert latency == {"flow_id": "f", "vcpu": "linux/1", "interrupt": "1 sgi", "injected_ts": 130, "until_ack_ns": 60, "until_eoi_ns": 120}
    sent, = [row for row in tables.query("SELECT * FROM vitrine_sgi_flows") if row["ts"] == 100]
    assert (sent["sender"], sent["receiver"], sent["latency_ns"]) == ("linux/0", "linux/1", 30)
    assert not [row for row in tables.query("SELECT * FROM vitrine_exits") if row["id"] > 9000], "none of these is an exit"


@pytest.mark.parametrize("title,question", QUESTIONS, ids=[title for title, _ in QUESTIONS])
def test_each_question_in_the_docs_can_be_asked(build, database, title, question):
    tables = database(ordinary(2, 100))
    tables.query(question)
    assert title and question.strip().endswith(";")


def test_every_view_is_in_the_docs_and_asked_for():
    page = (ROOT / "docs/use/queries.md").read_text()
    views = re.findall(r"CREATE PERFETTO VIEW (\w+)", "".join(path.read_text() for path in PACKAGE.glob("*.sql")))
    assert len(views) == 7 and {path.stem for path in PACKAGE.glob("*.sql")} == set(MODULES)
    for view in set(views) - {"vitrine_exit_classes"}:
        assert f"| `{view}` |" in page and any(view in question for _, question in QUESTIONS), view


def test_the_names_are_those_that_vtrace_writes():
    sql = (PACKAGE / "exits.sql").read_text()
    classes = set(re.findall(r"SELECT '(\w+)'", sql))
    assert classes == set(re.findall(r'\[REASON_\w+\] = "(\w+)"', (ROOT / "trace/host/names.c").read_text()))
    for words in re.findall(r"GLOB '(\w+ \w+) ?\*'", sql + (PACKAGE / "interrupts.sql").read_text()):
        assert words.upper().replace(" ", "_") in EVENTS, words
