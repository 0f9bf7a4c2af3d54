#!/usr/bin/env python3
"""Draw a stretch of a trace as a picture: who ran on which CPU, and every exit of each vCPU.

  tools/render_trace.py out/run.vtr docs/trace.svg
  tools/render_trace.py out/run.pftrace trace.png --from 812.5 --to 816

A recording is read through `vtrace dump`; a .pftrace is read directly. Without --from and --to the liveliest stretch
of --ms milliseconds is chosen. A .png needs chromium. Uses Python's standard library only.
"""
import argparse
import collections
import html
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# What an exit is coloured by, in the legend's order.
CLASSES = {
    "mmio": ("#2f7ec2", "MMIO"), "sysreg": ("#e69f00", "system register"), "irq": ("#cf4257", "interrupt"),
    "sgi": ("#b455b0", "SGI sent"), "hypercall": ("#6f5bb0", "hypercall"), "psci": ("#0f9d76", "PSCI"),
    "fault": ("#8b1e1e", "fault"), "debug": ("#555b66", "debug"), "other": ("#8a93a0", "other"),
    "idle": ("#d5dbe3", "WFI/WFE, asleep"),
}
VM_COLOURS = ["#3e8f66", "#4c78b5", "#a8743c", "#7d6aa8", "#4b98a3", "#a25670"]
INK, FAINT, GRID, CARD, ROW = "#1f2733", "#677385", "#e3e8ee", "#ffffff", "#f5f7fa"
FONT = "-apple-system, 'Segoe UI', 'DejaVu Sans', Helvetica, Arial, sans-serif"

LEFT, RIGHT, WIDTH = 116, 24, 1480
CPU_ROW, VCPU_ROW, GAP = 24, 40, 8

Exit = collections.namedtuple("Exit", "begin end vcpu kind name")
Run = collections.namedtuple("Run", "begin end cpu vcpu")


class Events:
    """All of a trace that the picture needs. Times in nanoseconds."""

    def __init__(self):
        self.exits, self.runs, self.virqs, self.lost = [], [], [], []
        self.on_cpu = {}
        self.first, self.last = None, 0

    def see(self, begin, end):
        self.first = begin if self.first is None else min(self.first, begin)
        self.last = max(self.last, end)

    def exit(self, begin, end, vcpu, kind, name):
        self.see(begin, end)
        self.exits.append(Exit(begin, end, vcpu, kind if kind in CLASSES else "other", name))

    def runs_on(self, time, cpu, vcpu):
        """`vcpu` (None: nobody) has `cpu` from `time` on."""
        self.see(time, time)
        since = self.on_cpu.pop(cpu, None)
        if since:
            self.runs.append(Run(since[0], time, cpu, since[1]))
        if vcpu:
            self.on_cpu[cpu] = (time, vcpu)

    def finish(self):
        for cpu in list(self.on_cpu):
            self.runs_on(self.last, cpu, None)
        self.exits.sort()
        return self


# -- Reading ----------------------------------------------------------------------------------------------------

FIELD = re.compile(r'(\w+)=("[^"]*"|\S+)')


def nanoseconds(text):
    seconds, _, fraction = text.partition(".")
    return int(seconds) * 1_000_000_000 + int(fraction.ljust(9, "0"))


def read_recording(path, vtrace):
    events = Events()
    dump = subprocess.Popen([vtrace, "dump", path], stdout=subprocess.PIPE, text=True)
    has_runs = False
    for line in dump.stdout:
        if line[0] == "#":
            continue
        time, cpu, vcpu, event, rest = (line.rstrip("\n").split(" ", 4) + [""])[:5]
        time, cpu, field = nanoseconds(time), int(cpu[3:]), {k: v.strip('"') for k, v in FIELD.findall(rest)}
        if event == "EXIT":
            events.exit(time - int(field["dur_ns"]), time, vcpu, field["class"], field["name"])
            if not has_runs and cpu not in events.on_cpu:
                events.runs_on(time, cpu, vcpu)
        elif event == "SCHED_IN":
            has_runs = True
            events.runs_on(time, cpu, vcpu)
        elif event == "SCHED_OUT":
            events.runs_on(time, cpu, None)
        elif event == "VIRQ_INJECT":
            events.virqs.append((time, vcpu))
        elif event == "LOST":
            events.lost.append((time, cpu, int(field["records"])))
    if dump.wait() == 1:
        print(f"render_trace: {path} is damaged: the sound part is drawn", file=sys.stderr)
    return events.finish()


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def message(data):
    """A protobuf message's fields as {number: [values]}."""
    fields, at = collections.defaultdict(list), 0
    while at < len(data):
        tag, at = varint(data, at)
        if tag & 7 == 1:
            value, at = data[at:at + 8], at + 8
        else:
            value, at = varint(data, at)
        if tag & 7 == 2:
            value, at = data[at:at + value], at + value
        fields[tag >> 3].append(value)
    return fields


def first(fields, number, default=0):
    return fields[number][0] if number in fields else default


def packets(data):
    at = 0
    while at < len(data):
        length, at = varint(data, at + 1)
        yield message(data[at:at + length])
        at += length


def read_pftrace(path):
    """The field numbers are those of trace/host/perfetto_subset.proto."""
    events, threads, tids, state = Events(), {}, {}, {}
    starts, moves = {}, []
    for packet in packets(path.read_bytes()):
        sequence, flags, time = first(packet, 10), first(packet, 13), first(packet, 8)
        if 60 in packet:
            track = message(first(packet, 60))
            if 4 in track:
                thread = message(first(track, 4))
                threads[first(track, 1)] = tids[first(thread, 2)] = first(thread, 5).decode()
        if flags & 1:  # from here on its times count from the packet before
            defaults = message(first(message(first(packet, 59)), 11, b""))
            state[sequence] = {"now": time, "track": first(defaults, 11), 1: {}, 2: {}}
            continue
        if sequence not in state:
            continue
        mine = state[sequence]
        mine["now"] += time
        interned = message(first(packet, 12, b""))
        for table in (1, 2):
            mine[table].update((first(e, 1), first(e, 2).decode()) for e in map(message, interned[table]))
        if 117 in packet:
            task = message(first(packet, 117))
            moves.append((mine["now"], first(task, 4) == 3, first(task, 1), tids.get(first(task, 3), "?")))
        if 11 in packet:
            event, who = message(first(packet, 11)), threads.get(mine["track"], "?")
            name = mine[2].get(first(event, 10)) or first(event, 23, b"").decode()
            kind = first(event, 9)
            if kind == 1 and name.startswith("LOST"):
                events.lost.append((mine["now"], int(who[3:]), int(name.split()[1])))
            elif kind == 1:
                starts[sequence] = (mine["now"], name, mine[1].get(first(event, 3)))
            elif kind == 2 and sequence in starts:
                begin, name, category = starts.pop(sequence)
                events.exit(begin, mine["now"], who, category, name)
            elif kind == 3 and name.startswith("virq inject"):
                events.virqs.append((mine["now"], who))
    for time, running, cpu, who in sorted(moves):
        if running:
            events.runs_on(time, cpu, who)
        elif events.on_cpu.get(cpu, (0, None))[1] == who:
            events.runs_on(time, cpu, None)
    return events.finish()


# -- Choosing ---------------------------------------------------------------------------------------------------


def liveliest(events, length):
    """Begin of the stretch where the most vCPUs do the most different things: that is worth a look."""
    step = length // 2 or 1
    seen = collections.defaultdict(lambda: (collections.Counter(), set()))
    for e in events.exits:
        kinds, vcpus = seen[(e.end - events.first) // step]
        kinds[e.kind] += 1
        if e.kind != "idle":
            vcpus.add(e.vcpu)

    def score(bucket):
        kinds = seen[bucket][0] + seen[bucket + 1][0]
        vcpus = seen[bucket][1] | seen[bucket + 1][1]
        return len(vcpus) * 3 + len(kinds) * 2 + min(sum(kinds.values()), 600) / 100

    best = max(list(seen), key=lambda b: (score(b), -b), default=0)
    return events.first + best * step


# -- Drawing ----------------------------------------------------------------------------------------------------


def natural(text):
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", text)]


class Picture:
    def __init__(self, events, begin, end):
        self.events, self.begin, self.end = events, begin, end
        self.out = []
        self.scale = (WIDTH - LEFT - RIGHT) / (end - begin)
        self.exits = [e for e in events.exits if e.end > begin and e.begin < end]
        self.runs = [r for r in events.runs if r.end > begin and r.begin < end]
        self.cpus = sorted({r.cpu for r in events.runs} | {cpu for _, cpu, _ in events.lost})
        self.vcpus = sorted({e.vcpu for e in self.exits} | {r.vcpu for r in self.runs}, key=natural)
        vms = sorted({v.partition("/")[0] for v in self.vcpus}, key=natural)
        self.vm_colour = {vm: VM_COLOURS[i % len(VM_COLOURS)] for i, vm in enumerate(vms)}

    def x(self, time):
        return LEFT + (min(max(time, self.begin), self.end) - self.begin) * self.scale

    def add(self, text):
        self.out.append(text)

    def rect(self, x, y, width, height, fill, extra=""):
        self.add(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{fill}"{extra}/>')

    def text(self, x, y, words, size=12, fill=INK, extra=""):
        self.add(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{fill}"{extra}>{html.escape(words)}</text>')

    def label(self, x, y, width, words, fill, size=11):
        """Words inside a box, if they fit, perhaps without their beginning's detail."""
        room = int((width - 8) / (size * 0.58))
        if len(words) > room:
            words = words[: room - 1] + "…" if room >= 6 else ""
        if words:
            self.text(x + 5, y, words, size, fill)

    def nice_step(self):
        step = 1
        while True:
            for factor in (1, 2, 5):
                if step * factor * self.scale >= 110:
                    return step * factor
            step *= 10

    def axis(self, top, bottom):
        step = self.nice_step()
        units = ((10**9, "s"), (10**6, "ms"), (10**3, "µs"), (1, "ns"))
        unit, name = next((u, n) for u, n in units if self.end - self.begin >= u or u == 1)
        for i in range(int((self.end - self.begin) / step) + 1):
            x = self.x(self.begin + i * step)
            self.add(f'<line x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{bottom}" stroke="{GRID}"/>')
            if x < WIDTH - RIGHT - 60:
                words = f"+{i * step / unit:g} {name}" if i else f"{self.begin / 1e9:.6f} s"
                self.text(x + 3, top + 11, words, 11, FAINT)

    def cpu_row(self, y, cpu):
        self.text(16, y + 16, f"CPU {cpu}", 12, INK, ' font-weight="600"')
        self.rect(LEFT, y, WIDTH - LEFT - RIGHT, CPU_ROW, ROW)
        for run in self.runs:
            if run.cpu == cpu:
                x, width = self.x(run.begin), max(self.x(run.end) - self.x(run.begin), 0.8)
                self.rect(x, y, width, CPU_ROW, self.vm_colour[run.vcpu.partition("/")[0]], ' rx="2"')
                self.label(x, y + 16, width, run.vcpu, "#ffffff", 12)
        for time, lost_cpu, records in self.events.lost:
            if lost_cpu == cpu and self.begin <= time <= self.end:
                self.rect(self.x(time) - 1.5, y - 3, 3, CPU_ROW + 6, "#d00000")
                self.text(self.x(time) + 5, y + 16, f"LOST {records}", 11, "#d00000", ' font-weight="600"')

    def vcpu_row(self, y, vcpu):
        self.text(16, y + 20, vcpu, 12, INK, ' font-weight="600"')
        self.rect(LEFT, y, WIDTH - LEFT - RIGHT, VCPU_ROW - 8, ROW)
        drawn = {}  # the last box of each class: neighbours less than a pixel apart become one
        boxes = []
        for e in self.exits:
            if e.vcpu != vcpu:
                continue
            x, right = self.x(e.begin), self.x(e.end)
            last = drawn.get(e.kind)
            if last and boxes[-1] is last and x - last[1] < 0.3:
                last[1], last[3] = max(right, last[1]), "" if last[3] != e.name else e.name
                continue
            drawn[e.kind] = box = [x, right, e.kind, e.name]
            boxes.append(box)
        for x, right, kind, name in boxes:
            width = max(right - x, 1.1)
            title = f"<title>{html.escape(name)}</title>" if name else ""
            self.add(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{VCPU_ROW - 8}" '
                     f'fill="{CLASSES[kind][0]}">{title}</rect>')
            self.label(x, y + 20, width, name, FAINT if kind == "idle" else "#ffffff")
        for time, who in self.events.virqs:
            if who == vcpu and self.begin <= time <= self.end:
                x, base = self.x(time), y + VCPU_ROW - 3
                self.add(f'<path d="M{x:.1f} {base - 6:.1f} l3.5 6 h-7 z" fill="{INK}"/>')

    def legend(self, y):
        counts = collections.Counter(e.kind for e in self.exits)
        x = LEFT
        for kind, (colour, words) in CLASSES.items():
            if counts[kind]:
                words = f"{words}  {counts[kind]}"
                self.rect(x, y, 13, 13, colour, ' rx="2"')
                self.text(x + 19, y + 11, words, 12, INK)
                x += 19 + 6.7 * len(words) + 12
        if any(self.begin <= time <= self.end for time, _ in self.events.virqs):
            self.add(f'<path d="M{x + 6:.1f} {y + 3} l4.5 8 h-9 z" fill="{INK}"/>')
            self.text(x + 19, y + 11, "virtual interrupt", 12, INK)

    def svg(self):
        top = 62
        cpus_at = top + 20
        vcpus_at = cpus_at + len(self.cpus) * (CPU_ROW + 4) + GAP + 12
        legend_at = vcpus_at + len(self.vcpus) * VCPU_ROW + GAP
        height = legend_at + 34
        span = (self.end - self.begin) / 1e6
        self.add(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
                 f'font-family="{FONT}" role="img" aria-label="Exits of each vCPU over {span:g} ms">')
        self.rect(0.5, 0.5, WIDTH - 1, height - 1, CARD, f' rx="10" stroke="{GRID}"')
        self.text(16, 30, "Every exit, on every vCPU", 18, INK, ' font-weight="700"')
        self.text(16, 49, f"{len(self.exits):,} exits in {span:g} ms of guest time, "
                  f"{len(self.vcpus)} vCPUs on {len(self.cpus)} CPUs. Recorded by Vitrine.", 12, FAINT)
        self.axis(top, legend_at - GAP)
        for i, cpu in enumerate(self.cpus):
            self.cpu_row(cpus_at + i * (CPU_ROW + 4), cpu)
        line = vcpus_at - 10
        self.add(f'<line x1="16" y1="{line}" x2="{WIDTH - RIGHT}" y2="{line}" stroke="{GRID}"/>')
        for i, vcpu in enumerate(self.vcpus):
            self.vcpu_row(vcpus_at + i * VCPU_ROW, vcpu)
        self.legend(legend_at)
        self.add("</svg>")
        return "\n".join(self.out) + "\n", height


def write_png(svg, height, path):
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not browser:
        sys.exit("render_trace: a PNG needs chromium, which is not here; name an .svg instead")
    with tempfile.TemporaryDirectory() as scratch:
        page = Path(scratch) / "page.html"
        page.write_text(f"<!doctype html><meta charset=utf-8><body style='margin:0'>{svg}")
        done = subprocess.run(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             f"--user-data-dir={scratch}/profile", f"--window-size={WIDTH},{height}", f"--screenshot={path.resolve()}",
             page.as_uri()], capture_output=True, text=True, timeout=120)
    if done.returncode or not path.exists():
        sys.exit(f"render_trace: chromium failed: {done.stderr.strip()[-300:]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trace", type=Path, help="a recording, or a .pftrace made from one")
    parser.add_argument("picture", type=Path, help="what to write: .svg or .png")
    parser.add_argument("--from", dest="begin", type=float, metavar="MS", help="begin, in ms as the trace counts")
    parser.add_argument("--to", dest="end", type=float, metavar="MS", help="end, in ms")
    parser.add_argument("--ms", type=float, default=4, help="how much to show when --to is not given (default 4)")
    parser.add_argument("--png", action="store_true", help="write a PNG whatever the name ends with")
    parser.add_argument("--vtrace", default=ROOT / "build/host/vtrace", help="the vtrace command (default build/host/vtrace)")
    args = parser.parse_args()
    try:
        with args.trace.open("rb") as trace:
            converted = trace.read(1) == b"\x0a"
        events = read_pftrace(args.trace) if converted else read_recording(args.trace, args.vtrace)
    except OSError as error:
        sys.exit(f"render_trace: {error.filename}: {error.strerror}")
    except (IndexError, ValueError, KeyError):
        sys.exit(f"render_trace: {args.trace}: not a trace that vtrace wrote")
    if not events.exits:
        sys.exit(f"render_trace: {args.trace}: no exits to draw")
    length = int(args.ms * 1e6)
    if args.begin is not None:
        begin = int(args.begin * 1e6)
    elif args.end is not None:
        begin = int(args.end * 1e6) - length
    else:
        begin = liveliest(events, length)
    end = int(args.end * 1e6) if args.end is not None else begin + length
    if end <= begin:
        sys.exit("render_trace: --to must be later than --from")
    svg, height = Picture(events, begin, end).svg()
    if args.png or args.picture.suffix == ".png":
        write_png(svg, height, args.picture)
    else:
        args.picture.write_text(svg)
    print(f"{args.picture}: {begin / 1e6:g} to {end / 1e6:g} ms of {args.trace}")


if __name__ == "__main__":
    main()
