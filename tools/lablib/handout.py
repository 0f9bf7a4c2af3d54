"""A handout's commands are run, and what they print is compared with what it quotes: numbers may differ, words may not.

A block ```console has lines `$ COMMAND`, each followed by its output; `...` on a line of its own stands for any lines. The comment
`<!-- state: S -->` before a block says what is in the lab's work/: `start` (the skeleton), `task N` (the reference's bodies up to
task N), `solved`, `reference` (nothing; also when there is no comment), `keep` (what the block before left). `<!-- not run: WHY -->`
leaves a block out.
"""

import os
import re
import shutil
import subprocess

from . import skeleton
from .common import ROOT, LabError, time_scale

COMMAND_S = 120
_BLOCK = re.compile(r"(?P<notes>(?:^<!--[^\n]*-->\n)*)^```console\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_STATE = re.compile(r"<!-- state: (start|solved|reference|keep|task (\d+)) -->")
_NOT_RUN = re.compile(r"<!-- not run: \S.*-->")
_NUMBER = re.compile(r"0x[0-9a-f]+|\d+(\.\d+)?|\b[0-9a-f]{7,}\b")


def _masked(line):
    return " ".join(_NUMBER.sub("N", line.rstrip()).split())


def blocks(lab):
    """[(line, state, [(command, [output])])]"""
    text = (lab.folder / "handout.md").read_text()
    found = []
    for match in _BLOCK.finditer(text):
        if _NOT_RUN.search(match["notes"]):
            continue
        state = _STATE.search(match["notes"])
        commands = []
        for line in match["text"].split("\n")[:-1]:
            if line.startswith("$ "):
                commands.append((line[2:], []))
            elif commands:
                commands[-1][1].append(line)
            else:
                raise LabError(f"{lab.folder.name}/handout.md: a console block begins without a command: {line!r}")
        found.append((text.count("\n", 0, match.start("text")), state[1] if state else "reference", commands))
    return found


def _enter(lab, state):
    if state == "keep":
        return
    shutil.rmtree(lab.work, ignore_errors=True)
    if state == "solved":
        skeleton.write(lab, lab.work, solved=True)
    elif state != "reference":
        skeleton.write(lab, lab.work, upto=int(state.split()[1]) if state.startswith("task") else 0)


def agrees(wanted, got):
    """Does the output agree with what is quoted? The first quoted line that does not, or None."""
    got = [_masked(line) for line in got if line.strip()]
    at, anywhere = 0, False
    for line in wanted:
        if line.strip() == "...":
            anywhere = True
            continue
        if not line.strip():
            continue
        masked = _masked(line)
        if anywhere:
            while at < len(got) and got[at] != masked:
                at += 1
        if at >= len(got) or got[at] != masked:
            return line
        at, anywhere = at + 1, False
    return None if at == len(got) or anywhere else f"(nothing more), but it goes on: {got[at]}"


def check(lab):
    """Run all commands of a handout. Problems, one line each. The lab's work/ must be free."""
    if lab.work.exists():
        raise LabError(f"{lab.work}: is in the way: a handout's commands write there")
    problems = []
    try:
        for line, state, commands in blocks(lab):
            _enter(lab, state)
            for command, wanted in commands:
                problems += _one(lab, line, command, wanted)
    finally:
        shutil.rmtree(lab.work, ignore_errors=True)
    return problems


def _one(lab, line, command, wanted):
    where = f"{lab.folder.name}/handout.md:{line + 1}: $ {command}"
    environment = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "LAB", "LABS")}
    try:
        done = subprocess.run(["bash", "-c", command], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace", check=False, timeout=COMMAND_S * time_scale(), env=environment)
    except subprocess.TimeoutExpired:
        return [f"{where}: no end"]
    got = done.stdout.replace("\r", "").replace(f"{ROOT}/", "").split("\n")
    missing = agrees(wanted, got)
    return [f"{where}: not as quoted: {missing}\n    it says:\n      " + "\n      ".join(got[-25:])] if missing else []
