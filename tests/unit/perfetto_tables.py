"""Enough of Perfetto's tables, in sqlite3, to run our SQL package on a trace that vtrace has made.

The trace processor itself is not packaged by Debian. This fills slice, thread, process, thread_track, sched and flow from what
protoc decodes, by the importer's rules (nesting by track, tasks running until told otherwise, flows in order of their slices'
time), and turns the few words of PerfettoSQL that we use into sqlite's.
"""
import re
import sqlite3
import subprocess
from collections import defaultdict

from test_vtrace import ROOT, every, one, parse_text_proto

PACKAGE = ROOT / "trace/sql/vitrine"


def _packets(path):
    text = subprocess.run(["protoc", "--decode=perfetto.protos.Trace", "-I", ROOT / "trace/host", "perfetto_subset.proto"],
                          stdin=path.open("rb"), capture_output=True, text=True, check=True).stdout
    now, tracks, names, categories = {}, {}, defaultdict(dict), defaultdict(dict)
    for packet in every(parse_text_proto(text), "packet"):
        sequence, flags = one(packet, "trusted_packet_sequence_id"), one(packet, "sequence_flags", 0)
        stamp = one(packet, "timestamp", 0)
        if flags & 1:
            now[sequence] = stamp
            tracks[sequence] = one(one(one(packet, "trace_packet_defaults", []), "track_event_defaults", []), "track_uuid")
        elif sequence in now and one(packet, "timestamp_clock_id") is None and one(packet, "timestamp") is not None:
            now[sequence] += stamp  # in the sequence's own clock: since its packet before
        interned = one(packet, "interned_data", [])
        for table, key in ((names, "event_names"), (categories, "event_categories")):
            table[sequence].update((one(entry, "iid"), one(entry, "name")) for entry in every(interned, key))
        yield packet, now.get(sequence, stamp), tracks.get(sequence), names[sequence], categories[sequence]


class Database:
    def __init__(self, path):
        self.sql = sqlite3.connect(":memory:")
        self.sql.executescript("""
            CREATE TABLE process(upid, pid, name); CREATE TABLE thread(utid, tid, upid, name); CREATE TABLE thread_track(id, utid);
            CREATE TABLE slice(id, ts, dur, name, category, track_id, depth, arg_set_id);
            CREATE TABLE sched(ts, dur, utid, ucpu); CREATE TABLE flow(id, slice_out, slice_in, trace_id);""")
        self.loaded = set()
        parents, events, tasks = {}, [], []
        for packet, ts, track, names, categories in _packets(path):
            self._describe(one(packet, "track_descriptor"), parents)
            event, task = one(packet, "track_event"), one(packet, "generic_kernel_task_state_event")
            if event and one(event, "type") != "TYPE_COUNTER":
                events.append((ts, one(event, "track_uuid") or track, one(event, "type"),
                               one(event, "name") or names.get(one(event, "name_iid")),
                               ",".join(categories[iid] for iid in every(event, "category_iids")),
                               every(event, "flow_ids") + every(event, "terminating_flow_ids")))
            if task:
                tasks.append((ts, one(task, "cpu", 0), one(task, "tid"), one(task, "state")))
        self._slices(events)
        self._tasks(tasks)
        for track, parent in parents.items():  # a child of a thread's track is the thread's, too
            self.sql.execute("INSERT INTO thread_track SELECT ?, utid FROM thread_track WHERE id = ?", (track, parent))

    def _describe(self, track, parents):
        if not track:
            return
        uuid, process, thread = one(track, "uuid"), one(track, "process"), one(track, "thread")
        if process:
            pid = one(process, "pid")
            self.sql.execute("INSERT INTO process VALUES(?, ?, ?)", (pid, pid, one(process, "process_name")))
        elif thread:
            tid = one(thread, "tid")
            self.sql.execute("INSERT INTO thread VALUES(?, ?, ?, ?)", (tid, tid, one(thread, "pid"), one(thread, "thread_name")))
            self.sql.execute("INSERT INTO thread_track VALUES(?, ?)", (uuid, tid))
        elif one(track, "parent_uuid"):
            parents[uuid] = one(track, "parent_uuid")

    def _slices(self, events):
        open_slices, flows, number = defaultdict(list), defaultdict(list), 0
        for ts, track, kind, name, category, flow_ids in sorted(events, key=lambda event: event[0]):
            if kind == "TYPE_SLICE_END":
                begun = open_slices[track].pop()
                self.sql.execute("UPDATE slice SET dur = ? - ts WHERE id = ?", (ts, begun))
                continue
            number += 1
            self.sql.execute("INSERT INTO slice VALUES(?, ?, ?, ?, ?, ?, ?, NULL)",
                             (number, ts, 0 if kind == "TYPE_INSTANT" else -1, name, category, track, len(open_slices[track])))
            if kind == "TYPE_SLICE_BEGIN":
                open_slices[track].append(number)
            for flow in flow_ids:
                flows[flow].append(number)
        for flow, slices in flows.items():
            for out, into in zip(slices, slices[1:]):
                self.sql.execute("INSERT INTO flow VALUES(NULL, ?, ?, ?)", (out, into, str(flow)))

    def _tasks(self, tasks):
        since = {}
        for ts, cpu, tid, state in sorted(tasks, key=lambda task: task[0]):
            if tid in since:
                begin, on = since.pop(tid)
                self.sql.execute("INSERT INTO sched VALUES(?, ?, ?, ?)", (begin, ts - begin, tid, on))
            if state == "TASK_STATE_RUNNING":
                since[tid] = (ts, cpu)

    def include(self, module):
        package, _, name = module.partition(".")
        assert package == PACKAGE.name
        if module not in self.loaded:
            self.loaded.add(module)
            self.query((PACKAGE / f"{name}.sql").read_text())

    def query(self, text):
        """Statements one after the other; the last one's rows, as dicts."""
        rows = []
        text = re.sub(r"--[^\n]*", "", text)
        for statement in filter(None, map(str.strip, text.split(";"))):
            included = re.fullmatch(r"INCLUDE PERFETTO MODULE ([\w.]+)", statement)
            if included:
                self.include(included[1])
                continue
            cursor = self.sql.execute(re.sub(r"^CREATE PERFETTO VIEW", "CREATE VIEW", statement))
            rows = [dict(zip([column[0] for column in cursor.description], row)) for row in cursor] if cursor.description else []
        return rows
