#!/usr/bin/env python3
"""Draw the figures of docs/use/reading-a-trace.md and docs/learn from a recording of a Linux boot: `make docs-figures`.

  tools/trace_figures.py out/figures.vtr docs/figures

Standard library only. The choice of what is shown is made from the recording: the same questions can be asked of any boot.
"""
import bisect
import collections
import html
import re
import statistics
import subprocess
import sys
from pathlib import Path

from render_trace import CARD, CLASSES, FAINT, FIELD, FONT, GRID, INK, ROOT, ROW, VM_COLOURS, nanoseconds

WIDTH, LEFT, RIGHT = 760, 84, 18
VTIMER = "27"
Event = collections.namedtuple("Event", "time vcpu name field")


def read(path):
    """All events; a timer's deadline in nanoseconds, as their times are."""
    frequency = 0
    dump = subprocess.run([ROOT / "build/host/vtrace", "dump", path], capture_output=True, text=True, check=True).stdout
    for line in dump.splitlines():
        if line.startswith("# "):
            key, _, value = line[2:].partition("=")
            frequency = int(value) if key == "cntfrq" else frequency
            yield Event(0, "-", "META", {"key": key, "value": value})
        elif not line.startswith("#"):
            time, _, vcpu, name, rest = (line.split(" ", 4) + [""])[:5]
            field = {key: value.strip('"') for key, value in FIELD.findall(rest)}
            if "deadline" in field:
                field["deadline"] = int(field["deadline"]) * 1_000_000_000 // frequency
            yield Event(nanoseconds(time), vcpu, name, field)


def duration(ns):
    for unit, name in ((1e9, "s"), (1e6, "ms"), (1e3, "µs")):
        if ns >= unit:
            return f"{ns / unit:.3g} {name}"
    return f"{ns:.0f} ns"


class Drawing:
    """An SVG on a card of its own, so that it reads on a light page and on a dark one."""

    def __init__(self, title, subtitle, height):
        self.out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
                    f'font-family="{FONT}" role="img" aria-label="{html.escape(title)}">',
                    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
                    f'<path d="M0 0 8 4 0 8z" fill="{INK}"/></marker></defs>']
        self.rect(0.5, 0.5, WIDTH - 1, height - 1, CARD, f' rx="8" stroke="{GRID}"')
        self.text(16, 27, title, 16, INK, ' font-weight="700"')
        self.text(16, 46, subtitle, 12, FAINT)

    def rect(self, x, y, width, height, fill, extra=""):
        self.out.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{fill}"{extra}/>')

    def text(self, x, y, words, size=12, fill=INK, extra=""):
        self.out.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{fill}"{extra}>{html.escape(words)}</text>')

    def line(self, x1, y1, x2, y2, colour=GRID, extra=""):
        self.out.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{extra}/>')

    def legend(self, y, rows):
        x = LEFT
        for colour, words in rows:
            self.rect(x, y, 11, 11, colour, ' rx="2"')
            self.text(x + 16, y + 10, words, 12)
            x += 30 + 6.6 * len(words)

    def save(self, path):
        path.write_text("\n".join(self.out + ["</svg>", ""]), encoding="utf-8")
        print(f"{path}: {path.stat().st_size} bytes")


class Timeline(Drawing):
    """Rows of boxes over one axis of time, from `begin` to `end`."""

    def __init__(self, title, subtitle, rows, begin, end, row_height=64, below=0):
        super().__init__(title, subtitle, 92 + len(rows) * row_height + (4 if len(rows) > 1 else 14) + below)
        self.begin, self.end, self.row_height = begin, end, row_height
        self.scale = (WIDTH - LEFT - RIGHT) / (end - begin)
        self.rows = {row: 92 + i * row_height for i, row in enumerate(rows)}
        self.bottom = 92 + len(rows) * row_height
        step = next(s * f for s in (10 ** i for i in range(12)) for f in (1, 2, 5) if s * f * self.scale >= 84)
        for i in range(int((end - begin) / step) + 1):
            x = LEFT + i * step * self.scale
            self.line(x, 66, x, self.bottom)
            if x < WIDTH - RIGHT - 50:
                self.text(x + 3, 76, "+" + duration(i * step) if i else "0", 11, FAINT)
        for row, y in self.rows.items():
            self.text(16, y + 18, row, 12, INK, ' font-weight="600"')
            self.rect(LEFT, y, WIDTH - LEFT - RIGHT, 28, ROW)

    def x(self, time):
        return LEFT + (min(max(time, self.begin), self.end) - self.begin) * self.scale

    def box(self, row, begin, end, kind, words):
        x, y, width = self.x(begin), self.rows[row], max(self.x(end) - self.x(begin), 1.2)
        self.rect(x, y, width, 28, CLASSES[kind][0])
        if len(words) * 6.8 + 6 <= width:
            self.text(x + 4, y + 18, words, 11, FAINT if kind == "idle" else "#ffffff")

    def running(self, row, begin, end):
        if row in self.rows and end > self.begin and begin < self.end:
            self.rect(self.x(begin), self.rows[row] - 5, self.x(end) - self.x(begin), 5, VM_COLOURS[0])

    def mark(self, row, time, words, below=0, anchor="middle"):
        x, y = self.x(time), self.rows[row] + 28
        self.line(x, y, x, y + 6 + 13 * below, INK)
        self.text(x, y + 17 + 13 * below, words, 11, INK, f' text-anchor="{anchor}"')

    def arrow(self, a, at, b, to):
        x1, y1, x2, y2 = self.x(at), self.rows[a], self.x(to), self.rows[b]
        y1, y2 = (y1 + 28, y2 - 1) if y1 < y2 else (y1, y2 + 29)
        self.out.append(f'<path d="M{x1:.1f} {y1} C{x1:.1f} {(y1 + y2) / 2}, {x2:.1f} {(y1 + y2) / 2}, {x2:.1f} {y2}" fill="none" '
                        f'stroke="{INK}" stroke-width="1.4" marker-end="url(#tip)"/>')


# -- Figures --------------------------------------------------------------------------------------------------------


def span(event):
    return event.time - int(event.field["dur_ns"])


def figure_overview(events, exits):
    """Exits over the whole run, by kind; what the console said when."""
    first, last, columns = span(exits[0]), exits[-1].time, 110
    first = next(e.time for e in events if e.name == "SCHED_IN")
    step = (last - first) / columns
    bins = [collections.Counter() for _ in range(columns)]
    for e in exits:
        bins[min(max(int((e.time - first) / step), 0), columns - 1)][e.field["class"]] += 1
    top = max(sum(b.values()) for b in bins)
    total = collections.Counter(e.field["class"] for e in exits)
    kinds = [kind for kind in CLASSES if total[kind]]
    d = Drawing(f"{len(exits):,} exits from power-on to power-off",
                f"Each column is {duration(step)}. The console is most of it.", 352)
    base, height, width = 268, 190, (WIDTH - LEFT - RIGHT) / columns
    rate = top / (step / 1e9)
    unit = next(s * f for s in (10 ** i for i in range(9)) for f in (1, 2, 5) if rate / (s * f) <= 5)
    for i in range(int(rate / unit) + 1):
        y = base - height * i * unit / rate
        self_words = f"{i * unit / 1000:g} k/s" if i else "0"
        d.line(LEFT, y, WIDTH - RIGHT, y)
        d.text(LEFT - 8, y + 4, self_words, 11, FAINT, ' text-anchor="end"')
    for i, column in enumerate(bins):
        y = base
        for kind in kinds:
            tall = height * column[kind] / top
            y -= tall
            if tall >= 0.1:
                d.rect(LEFT + i * width, y, width - 0.8, tall, CLASSES[kind][0])
    for seconds in range(int((last - first) / 1e9) + 1):
        d.text(LEFT + seconds * 1e9 / step * width, base + 16, f"{seconds} s", 11, FAINT)
    said = [(e.time, e.field.get("text", "")) for e in events if e.name == "CONSOLE"]
    drawn = -1e9
    for words, shown in (("Booting Linux", "kernel starts"), ("Brought up", "4 CPUs up"), ("enabled", "console on"),
                         ("Freeing unused", "init"), ("poweroff", "power off")):
        at = next((t for t, text in said if words in text), None)
        if at is not None and (at - first) / step * width - drawn > 70:
            drawn = (at - first) / step * width
            x = LEFT + drawn
            d.line(x, 62, x, base, INK, ' stroke-dasharray="2 3"')
            near_end = x > WIDTH - 90
            d.text(x - 4 if near_end else x + 4, 70, shown, 11, INK, ' text-anchor="end"' if near_end else "")
    d.legend(300, [(CLASSES[kind][0], f"{CLASSES[kind][1]} {total[kind]:,}") for kind in kinds[:5]])
    d.legend(322, [(CLASSES[kind][0], f"{CLASSES[kind][1]} {total[kind]:,}") for kind in kinds[5:]])
    return d


def figure_console(_events, exits):
    """Characters of one line: what is the guest's time and what is EL2's."""
    prints = [e for e in exits if e.field["name"].startswith("MMIO") and e.field["name"].endswith(("UARTDR", "UARTFR"))]
    wanted = 12
    runs = [prints[i:i + wanted] for i in range(0, len(prints) - wanted, 4)]
    runs = [r for r in runs if len({e.vcpu for e in r}) == 1 and sum(e.field["name"].endswith("write pl011 UARTDR") for e in r) == wanted // 2]
    lengths = sorted(r[-1].time - span(r[0]) for r in runs)
    usual = lengths[len(lengths) // 2]
    shown = min(runs, key=lambda r: abs(r[-1].time - span(r[0]) - usual))
    begin, end = span(shown[0]), shown[-1].time
    margin = (end - begin) // 20
    inside = sum(e.time - span(e) for e in shown)
    d = Timeline(f"Six characters to the console: {duration(end - begin)}",
                 f"{100 * inside / (end - begin):.0f} % of it at EL2, answering {wanted} accesses to the emulated PL011; the rest is the guest's.",
                 [shown[0].vcpu], begin - margin, end + margin, 86)
    for e in shown:
        d.box(e.vcpu, span(e), e.time, "mmio" if "write" in e.field["name"] else "sysreg", duration(e.time - span(e)))
        if "write" in e.field["name"]:
            letter = chr(int(e.field.get("value", "0x20"), 16) & 0x7f)
            d.mark(e.vcpu, span(e), f"“{letter}”" if letter.isprintable() else "↵")
    d.legend(d.bottom - 18, [(CLASSES["sysreg"][0], "UARTFR read: is there room?"), (CLASSES["mmio"][0], "UARTDR write: the character")])
    return d


def timer_stories(events):
    """For each virtual timer interrupt: (deadline, seen by EL2, pending, in a list register, guest goes on), asleep or not."""
    stories, begun = [], {}
    for e in events:
        about_timer = e.field.get("intid") == VTIMER
        if e.name == "TIMER_FIRE" and e.field.get("timer") == "virtual":
            begun.setdefault(e.vcpu, {})["deadline"] = e.field["deadline"]
        elif e.name == "IRQ" and about_timer:
            begun[e.vcpu] = {"irq": e.time, "asleep": e.field["in_el2"] == "1"}
        elif e.name == "VIRQ_INJECT" and about_timer and "irq" in begun.get(e.vcpu, {}):
            begun[e.vcpu]["inject"] = e.time
        elif e.name == "VIRQ_LOAD" and about_timer and "inject" in begun.get(e.vcpu, {}):
            begun[e.vcpu]["load"] = e.time
        elif e.name == "EXIT" and "load" in begun.get(e.vcpu, {}):
            story = begun.pop(e.vcpu)
            if story.get("deadline", story["irq"] + 1) <= story["irq"]:
                stories.append(([story["deadline"], story["irq"], story["inject"], story["load"], e.time], story["asleep"]))
    return stories


def figure_timer(events, _exits):
    stories = timer_stories(events)
    steps = ("until EL2 acknowledges it", "EL2 makes it pending", "into a list register", "EL2 returns to the guest")
    colours = ("#c3cad4", "#e69f00", "#b455b0", "#cf4257")
    inside = sorted(s[4] - s[1] for s, _ in stories)
    d = Drawing(f"The timer's interrupt, {len(stories):,} times",
                f"At EL2 half of them take less than {duration(statistics.median(inside))}, from its acknowledge to the guest's next instruction.", 360)
    parts = [statistics.median(s[i + 1] - s[i] for s, _ in stories) for i in range(4)]
    whole, x = sum(parts), LEFT
    d.text(16, 88, "median", 12, INK, ' font-weight="600"')
    for part, colour in zip(parts, colours):
        width = (WIDTH - LEFT - RIGHT) * part / whole
        d.rect(x, 68, max(width - 1, 1), 30, colour)
        x += width
    for i, (part, colour, words) in enumerate(zip(parts, colours, steps)):
        column, row = divmod(i, 2)
        d.rect(LEFT + 330 * column, 110 + 19 * row, 11, 11, colour, ' rx="2"')
        d.text(LEFT + 17 + 330 * column, 120 + 19 * row, f"{words}: {duration(part)}", 12)
    edges = [125 * 2 ** i for i in range(17)]
    for index, (what, value) in enumerate((("deadline to guest", lambda s: s[4] - s[0]), ("of that at EL2", lambda s: s[4] - s[1]))):
        left, room, base = LEFT + index * 340, 300, 318
        counts = collections.Counter(bisect.bisect(edges, value(s)) for s, _ in stories)
        high, width = max(counts.values()), room / (len(edges) + 1)
        d.text(left, 178, what, 12, INK, ' font-weight="600"')
        d.line(left, base, left + room, base, FAINT)
        for bucket, count in counts.items():
            tall = 120 * count / high
            d.rect(left + bucket * width, base - tall, width - 1.5, tall, "#2f7ec2")
            if count == high:
                d.text(left + bucket * width + width / 2, base - tall - 4, str(count), 11, INK, ' text-anchor="middle"')
        for bucket in (0, 3, 6, 9, 12, 15):
            d.text(left + (bucket + 1) * width, base + 16, duration(edges[bucket]), 11, FAINT, ' text-anchor="middle"')
    d.text(LEFT, 350, "Each column is twice as long a time as the one before.", 11, FAINT)
    return d


def sgi_stories(events):
    """SGIs for one vCPU that had no CPU then: when the sender trapped, sent and went on; when the receiver got it, ran and was done."""
    stories, sent = [], {}
    for e in events:
        if e.name == "SGI_SEND" and bin(int(e.field["targets"], 0)).count("1") == 1:
            receiver = f"{e.vcpu.partition('/')[0]}/{int(e.field['targets'], 0).bit_length() - 1}"
            sent[receiver] = {"sender": e.vcpu, "send": e.time, "intid": e.field["intid"]}
        story = sent.get(e.vcpu)
        if story and e.field.get("intid") == story["intid"]:
            if e.name == "VIRQ_LOAD":
                story["load"] = e.time
            elif e.name == "VIRQ_ACK" and "go" in story:
                story["ack"] = e.time
            elif e.name == "VIRQ_EOI" and "ack" in story:
                stories.append({**story, "receiver": e.vcpu, "eoi": e.time})
                sent.pop(e.vcpu)
                continue
        if story and e.name == "SCHED_IN" and "load" in story:
            story.setdefault("go", e.time)
        if e.name == "EXIT":
            for other in sent.values():
                if other["sender"] == e.vcpu and "sent" not in other and e.field["class"] == "sgi":
                    other["trap"], other["sent"] = span(e), e.time
    return [s for s in stories if "sent" in s]


def figure_sgi(events, exits):
    stories = sgi_stories(events)
    usual = statistics.median(s["go"] - s["send"] for s in stories)
    s = min(stories, key=lambda s: abs(s["go"] - s["send"] - usual) + abs(s["eoi"] - s["go"]))
    begin, end = s["trap"], s["eoi"] if s["eoi"] - s["go"] < 8 * usual else s["go"] + 4 * usual
    margin = (end - begin) // 8
    d = Timeline(f"{s['sender']} wakes {s['receiver']}: {duration(s['go'] - s['send'])} from the SGI to its next instruction",
                 f"Half of the {len(stories)} SGIs that woke a vCPU took {duration(usual)} at most. Green: the vCPU has the CPU.",
                 [s["sender"], s["receiver"]], begin - margin, end + margin, 86)
    since = {}
    for e in events:
        if e.name == "SCHED_IN":
            since[e.vcpu] = e.time
        elif e.name == "SCHED_OUT" and e.vcpu in since:
            d.running(e.vcpu, since.pop(e.vcpu), e.time)
    for vcpu, time in since.items():
        d.running(vcpu, time, d.end)
    for e in exits:
        if e.vcpu in d.rows and e.time > d.begin and span(e) < d.end:
            d.box(e.vcpu, span(e), e.time, e.field["class"] if e.field["class"] in CLASSES else "other", e.field["name"])
    d.mark(s["sender"], s["send"], "SGI sent", 0, "end")
    d.arrow(s["sender"], s["send"], s["receiver"], s["load"])
    d.mark(s["receiver"], s["load"], "into a list register", 0, "end")
    d.mark(s["receiver"], s["go"], "runs", 0, "start")
    d.mark(s["receiver"], s["eoi"], "handled, seen at the next exit", 0, "end")
    return d


# What an interrupt is doing, in the order in which it does it.
STEPS = {"waiting": ("#e69f00", "pending, waits for the vCPU"), "pending": ("#2f7ec2", "pending in a list register"),
         "active": ("#cf4257", "acknowledged: the guest's handler runs")}


def lives(events):
    """Lives of interrupts that are seen whole: vcpu, intid, register, and when each was injected, loaded, acknowledged, ended."""
    begun, whole = {}, []
    for e in events:
        key = (e.vcpu, e.field.get("intid"))
        if e.name == "VIRQ_INJECT":
            begun.setdefault(key, {"vcpu": e.vcpu, "intid": e.field["intid"], "inject": e.time})
        elif e.name in ("VIRQ_LOAD", "VIRQ_ACK", "VIRQ_EOI") and key in begun:
            begun[key].setdefault(e.name[5:].lower(), e.time)
            begun[key].setdefault("register", e.field["list_register"])
            if e.name == "VIRQ_EOI":
                life = begun.pop(key)
                if {"load", "ack"} <= life.keys():
                    whole.append(life)
    return whole


def figure_list_registers(events, _exits):
    """The busiest short stretch of one vCPU's list registers."""
    whole = lives(events)
    length = 120_000

    def within(first):
        return [l for l in whole if l["vcpu"] == first["vcpu"] and first["inject"] <= l["inject"] and l["eoi"] < first["inject"] + length]

    def worth(first):
        inside = within(first)
        return (len({l["register"] for l in inside}), len({l["intid"] for l in inside}), min(len(inside), 6))

    first = max(whole, key=worth)
    shown = within(first)
    begin, end = shown[0]["inject"], max(l["eoi"] for l in shown)
    margin = (end - begin) // 16
    registers = sorted({l["register"] for l in shown})
    d = Timeline(f"List registers of {first['vcpu']}: {len(shown)} interrupts in {duration(end - begin)}",
                 "Acknowledge and end are seen when EL2 next looks: the guest does both without an exit.",
                 [f"LR {r}" for r in registers], begin - margin, end + margin, 58, 18)
    for life in shown:
        row = f"LR {life['register']}"
        x, y = d.x(life["inject"]), d.rows[row]
        for step, a, b in (("waiting", "inject", "load"), ("pending", "load", "ack"), ("active", "ack", "eoi")):
            left, right = d.x(life[a]), d.x(life[b])
            d.rect(left, y if step != "waiting" else y + 18, max(right - left, 1.2), 28 if step != "waiting" else 10, STEPS[step][0])
        d.text(x, y + 43, INTERRUPTS.get(life["intid"], f"interrupt {life['intid']}"), 11)
    d.legend(d.bottom + 2, STEPS.values())
    return d


INTERRUPTS = {"27": "27, timer", "33": "33, console", "1": "1, from another CPU", "0": "0, from another CPU"}


def figure_turns(events, _exits):
    """Four vCPUs take turns on one CPU: the stretch with most switches in which all have run."""
    turns, since = [], {}
    for e in events:
        if e.name == "SCHED_IN":
            since[e.vcpu] = e.time
        elif e.name == "SCHED_OUT" and e.vcpu in since:
            turns.append((since.pop(e.vcpu), e.time, e.vcpu, e.field.get("state", "")))
    vcpus = sorted({t[2] for t in turns})
    length = 16_000_000

    def worth(i):
        inside = [t for t in turns[i:i + 60] if t[0] < turns[i][0] + length]
        full = sum(1 for t in inside if t[3] == "READY" and t[1] - t[0] > 1_500_000)
        return (len({t[2] for t in inside}), min(full, 4), sum(t[1] - t[0] for t in inside))

    at = max(range(len(turns)), key=worth)
    begin = turns[at][0]
    d = Timeline(f"{len(vcpus)} vCPUs, one CPU: {duration(length)}", "Each box: the vCPU has the CPU. At the end of a slice of 2 ms it is the next one's turn.",
                 vcpus, begin, begin + length, 40, 18)
    for a, b, vcpu, state in turns:
        if b > begin and a < d.end:
            x, y = d.x(a), d.rows[vcpu]
            d.rect(x, y, max(d.x(b) - x, 1.2), 28, VM_COLOURS[0] if state == "BLOCKED" else "#2f7ec2")
    d.legend(d.bottom, [(VM_COLOURS[0], "until it waits (WFI)"), ("#2f7ec2", "until another one's turn")])
    return d


def figure_stage2(events, exits):
    """A guest's physical addresses, what stage 2 has for them, and the way of one that it refuses."""
    windows = []
    for e in events:
        if e.name == "META" and re.fullmatch(r"vm\.0\.device\.\d+", e.field["key"]):
            name, base, size = e.field["value"].split(",")
            windows.append((int(base, 0), int(size, 0), name, False))
        elif e.name == "STAGE2_MAP":
            windows.append((int(e.field["ipa"], 0), int(e.field["bytes"], 0), "RAM", True))
    windows.sort()
    d = Drawing("What stage 2 has for a guest's physical addresses", "Of this boot: mapped memory is the guest's at full speed; what is not mapped "
                "exits to EL2.", 344)
    width, base = (WIDTH - 32) / len(windows), 92
    for i, (address, size, name, mapped) in enumerate(windows):
        x = 16 + i * width
        d.rect(x, base, width - 8, 44, VM_COLOURS[0] if mapped else "#2f7ec2", ' rx="4"')
        d.text(x + 10, base + 19, name, 13, "#ffffff", ' font-weight="600"')
        d.text(x + 10, base + 35, f"{size // 2**20} MiB, mapped" if mapped else f"{size // 1024} KiB, traps", 11, "#ffffff")
        d.text(x, base - 8, f"{address:#x}", 11, FAINT)
    e = next(e for e in exits if e.field["name"] == "MMIO write pl011 UARTDR")
    address, esr = int(e.field["ipa"], 0), int(e.field["esr"], 0)
    ram = next(a for a, _, _, mapped in windows if mapped) + 0x80000
    columns = ((16, 180, "level 1: bits 38:30", 30, 511), (206, 180, "level 2: bits 29:21", 21, 511), (396, 348, "offset in 2 MiB: bits 20:0", 0, 0x1FFFFF))
    for row, (what, ipa, end, colour) in enumerate((("a store to UARTDR", address, f"no entry: translation fault, level {esr & 3}, and an exit", "#2f7ec2"),
                                                    ("a fetch from RAM", ram, "a block of 2 MiB: its address and this offset, no exit", VM_COLOURS[0]))):
        y = 190 + 78 * row
        d.text(16, y - 8, f"{what}, IPA {ipa:#x}", 12, INK, ' font-weight="600"')
        for x, wide, words, shift, mask in columns:
            d.rect(x, y, wide, 26, ROW, f' stroke="{GRID}" rx="3"')
            value = ipa >> shift & mask
            d.text(x + 8, y + 17, f"{words} = {value if mask == 511 else hex(value)}", 11)
        x, wide, *_ = columns[(esr & 3) - 1 if row == 0 else 1]
        d.rect(x, y + 26, wide, 4, colour)
        d.text(x, y + 45, end, 12, INK)
    return d


FIGURES = {"boot": figure_overview, "console": figure_console, "timer": figure_timer, "sgi": figure_sgi,
           "list-registers": figure_list_registers, "turns": figure_turns, "stage2": figure_stage2}


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: trace_figures.py RECORDING FOLDER")
    events = list(read(sys.argv[1]))
    exits = [e for e in events if e.name == "EXIT"]
    for name, figure in FIGURES.items():
        figure(events, exits).save(Path(sys.argv[2]) / f"{name}.svg")


if __name__ == "__main__":
    main()
