#!/usr/bin/python3
"""Makes docs/reference/trace-events.md of trace/events.def: `tools/trace_events.py > docs/reference/trace-events.md`."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
HEAD = """# Trace events

Made from `trace/events.def` by `tools/trace_events.py`: change that, not this. What a record looks like as bytes says
[the format](trace-format.md); how to choose what is recorded, [Traces](../use/traces.md).

| class | bit | what it is about |
|---|---|---|
"""
EVENTS = """
Sizes are in bytes, with the 8 of word 0. A pair shares one word, its first half lowest.

| event | id | class | bytes | argument | words | what has happened |
|---|---|---|---|---|---|---|
"""


def field(text):
    """`(PAIR, a, HEX, b, HEX)` as a person reads it."""
    kind, *rest = [part.strip() for part in text.strip("()").split(",")]
    named = [f"{name} ({unit})" for name, unit in zip(rest[::2], rest[1::2])]
    return {"NONE": "", "PAIR": " and ".join(named), "WORDS": f"{named[0]}..." if named else ""}.get(kind, ", ".join(named))


def page(table):
    classes = re.findall(r'^CLASS\((\w+), +(\d+), "(.*)"\)$', table, re.MULTILINE)
    events = re.findall(r'^EVENT([0-3V])\((\w+), +(\d+), (\w+), (\([^)]*\)), ((?:\([^)]*\), )*)"(.*)"\)$', table, re.MULTILINE)
    text = HEAD + "".join(f"| {name} | {bit} | {what} |\n" for name, bit, what in classes) + EVENTS
    for kind, name, number, group, argument, words, what in sorted(events, key=lambda row: int(row[2])):
        size = "16 to 128" if kind == "V" else str(8 + 8 * int(kind))
        if name == "EXIT":
            size += ", more when a value is large"
        fields = "; ".join(field(word) for word in re.findall(r"\([^)]*\)", words))
        text += f"| {name} | {number} | {group} | {size} | {field(argument)} | {fields} | {what} |\n"
    return text


if __name__ == "__main__":
    sys.stdout.write(page((ROOT / "trace/events.def").read_text(encoding="utf-8")))
