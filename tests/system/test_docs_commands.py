"""Every command that the pages tell people to type is typed here, in a copy of the tree, and what the pages quote is what it prints.

A block of commands is fenced as `console`: lines that begin with `$ ` are typed, what follows is what they print. There, numbers count
as alike, words do not; a line `...` stands for any number of lines, `...` at a line's end for the rest of it. A line that begins with the
prompt of a guest's shell or of GDB is typed, too, when that prompt has come. A comment over the fence says what is special:

  <!-- not run: REASON -->                        allowed, with a reason
  <!-- run: in the background, ... -->            goes on while the next block runs
  <!-- run: beside the block above -->            then the one in the background is ended
  <!-- run: the first line is compared, ... -->   of each command; or "no line": it has to succeed
  <!-- output of COMMAND -->                      over a `text` block: what the COMMAND before it prints

Nothing that looks like a command may stand in any other fence. Labs' handouts are not looked at: their commands are a student's.
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field

import pytest

import harness

pytestmark = pytest.mark.once
ROOT = harness.ROOT
# In this order: what a page leaves in out/ the next may look at. The first boots Linux, whose recording the others read.
FIRST = ["docs/index.md", "docs/learn/index.md"]
LAST = ["README.md", "docs/use/running.md", "docs/learn/debugging.md", "docs/use/debugging.md"]
FENCE = re.compile(r"^(?:<!-- (?P<note>(?:run|not run|output of)\b.*?) -->\n)?```(?P<kind>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
KINDS = {"console", "text", "c", "json", "make", "dts", "sql"}
PROMPTS = ("vitrine:/# ", "(gdb) ")
NUMBER = re.compile(r"0x[0-9a-f]+|\b[0-9a-f]{16}\b|\d[\d.,]*(?: ?(?:ns|us|µs|ms|s|KiB|MiB|kB|%)(?![a-z]))?")


def pages():
    found = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("docs/**/*.md")) + ["CONTRIBUTING.md", "gdbstub/README.md"]
    return FIRST + [page for page in found if page not in FIRST + LAST] + LAST


@dataclass
class Command:
    line: str
    expected: list = field(default_factory=list)
    note: str = ""

    def dialogue(self):
        """Before the first prompt; then (prompt, what is typed there, what comes of it)."""
        before, turns = [], []
        for line in self.expected:
            prompt = next((p for p in PROMPTS if line.startswith(p)), None)
            if prompt:
                turns.append((prompt, line[len(prompt):], []))
            else:
                (turns[-1][2] if turns else before).append(line)
        return before, turns


def commands_of(page):
    found = []
    for fence in FENCE.finditer((ROOT / page).read_text()):
        note, kind, body = fence["note"] or "", fence["kind"].strip(), fence["body"].splitlines()
        if kind == "text" and note.startswith("output of "):
            last = [c for c in found if note.removeprefix("output of ") == c.line]
            if last:
                last[-1].expected += body
        if kind != "console" or note.startswith("not run"):
            continue
        for line in body:
            if line.startswith("$ "):
                found.append(Command(line[2:], note=note))
            else:
                found[-1].expected.append(line)
    return found


def masked(line):
    return re.sub(r"\s+", " ", NUMBER.sub("#", line)).strip()


def pattern(expected):
    """What the lines of a page allow, as a regular expression for masked lines."""
    parts = []
    for line in expected:
        if line.strip() == "...":
            parts.append(r"(?:.*\n)*?")
        elif line.rstrip().endswith("..."):
            parts.append(re.escape(masked(line.rstrip()[:-3])) + r".*\n")
        else:
            parts.append(re.escape(masked(line)) + r"\n")
    return "".join(parts)


def plain(text):
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\r", "")


def without_prompts(line):
    """A shell may show its prompt anew, and GDB's last one stands behind the last thing it says."""
    while line.startswith(PROMPTS):
        line = line[len(next(p for p in PROMPTS if line.startswith(p))):]
    return line


def assert_printed(command, expected, printed, what):
    if not expected or "no line is compared" in command.note:
        return
    lines = [masked(without_prompts(line)) for line in plain(printed).splitlines()]
    lines = [line for line in lines if line]
    wanted = [line for line in expected if line.strip()]
    if "the first line is compared" in command.note:
        lines, wanted = lines[:1], wanted[:1]
    assert re.fullmatch(pattern(wanted), "".join(f"{line}\n" for line in lines)), \
        f"{what}\n--- the page\n" + "\n".join(wanted) + f"\n--- printed\n{plain(printed)[-6000:]}"


class Terminal:
    """One command in a shell, its two outputs in one, as a person sees them."""

    def __init__(self, tree, line):
        self.line = line
        self.child = subprocess.Popen(["bash", "-c", line], cwd=tree, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, start_new_session=True,
                                      env={**os.environ, "LC_ALL": "C.UTF-8", "TERM": "dumb", "VITRINE_BUILD": "", "VITRINE_OUT": "",
                                           "MAKEFLAGS": "", "MAKELEVEL": "", "DEBUGINFOD_URLS": ""})

    def until(self, prompt, so_far=""):
        """What is printed before the next prompt."""
        end, text = time.monotonic() + harness.BACKSTOP_S, so_far
        while not plain(text).endswith(prompt):
            data = os.read(self.child.stdout.fileno(), 65536)
            assert data and time.monotonic() < end, f"{self.line}: no {prompt!r} after:\n{plain(text)[-3000:]}"
            text += data.decode(errors="replace")
        return plain(text)[:-len(prompt)]

    def type(self, text):
        self.child.stdin.write(f"{text}\n".encode())
        self.child.stdin.flush()

    def rest(self):
        self.child.stdin.close()
        text = self.child.stdout.read().decode(errors="replace")
        return text, self.child.wait(timeout=harness.BACKSTOP_S)

    def end(self):
        if self.child.poll() is None:
            os.killpg(self.child.pid, signal.SIGTERM)
        self.child.wait(timeout=harness.BACKSTOP_S)
        self.child.stdin.close()
        self.child.stdout.close()


# A boot takes long: pages that type the same get what it printed the first time.
SAID = {}


def run(tree, command):
    before, turns = command.dialogue()
    key = (command.line, *(typed for _, typed, _ in turns))
    if key not in SAID or command.line != "make run":
        SAID[key] = said(tree, command, turns)
    for what, expected, printed in zip([command.line, *key[1:]], [before, *(turn[2] for turn in turns)], SAID[key]):
        assert_printed(command, expected, printed, f"{command.line}: {what}")


def said(tree, command, turns):
    """What a command prints before the first prompt, and after each thing that is typed at one."""
    terminal = Terminal(tree, command.line)
    printed = []
    try:
        for prompt, typed, _ in turns:
            printed.append(terminal.until(prompt))
            terminal.type(typed)
            # A guest's terminal gives the line back; what counts is what comes after it.
            if prompt == PROMPTS[0]:
                terminal.until(typed + "\n")
        last, status = terminal.rest()
        assert status == 0, f"{command.line}: status {status}\n{plain(last)[-3000:]}"
        return [*printed, last]
    finally:
        terminal.end()


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the tree with what is built in it, so that `make` finds all done."""
    copy = tmp_path_factory.mktemp("docs") / "vitrine"
    left_out = {ROOT: ["out"], ROOT / "build": ["site", "docs", "npm", "api"]}
    shutil.copytree(ROOT, copy, symlinks=True,
                    ignore=lambda folder, _: ["work"] if (path := pathlib.Path(folder)).parent == ROOT / "labs" else left_out.get(path, []))
    (copy / "out").mkdir()
    return copy


def is_the_clone(command):
    """The first page's first command: the tree is the clone, since building it anew takes minutes."""
    return re.fullmatch(r"git clone {{ repository }} vitrine && cd vitrine", command.line)


@pytest.mark.parametrize("page", [page for page in pages() if commands_of(page)])
def test_commands(page, tree):
    beside = None
    try:
        for command in commands_of(page):
            if is_the_clone(command):
                continue
            if "in the background" in command.note:
                beside = Terminal(tree, command.line)
                wait_for_it(beside, tree)
                continue
            run(tree, command)
            if beside and "beside" in command.note:
                beside.end()
                beside = None
    finally:
        if beside:
            beside.end()


def wait_for_it(terminal, tree):
    """A run in the background is there when its debugger's port or its trace's socket is."""
    end = time.monotonic() + harness.BACKSTOP_S
    log = tree / "out/vitrine.log"
    log.unlink(missing_ok=True)
    while not (tree / "out/trace.socket").exists() and not (log.exists() and "gdb: port ready" in log.read_text(errors="replace")):
        assert terminal.child.poll() is None and time.monotonic() < end, terminal.line
        time.sleep(0.1)


def test_the_first_page_needs_two_commands():
    commands = commands_of("docs/index.md")
    assert is_the_clone(commands[0]) and commands[1].line == "make run"
    assert "vitrine: trace: out/run.pftrace" in commands[1].expected


@pytest.mark.parametrize("page", pages())
def test_no_command_is_hidden(page):
    """Fences are of a kind that is known, and only console has commands: a reason stands where one is not run."""
    text = (ROOT / page).read_text()
    fences = list(FENCE.finditer(text))
    assert len(fences) == len(re.findall(r"^```", text, re.MULTILINE)) // 2
    for fence in fences:
        kind, note = fence["kind"].strip(), fence["note"] or ""
        assert kind in KINDS, f"{page}: a fence of the kind {kind!r}"
        if kind != "console":
            assert not re.search(r"^(\$|\(gdb\)) ", fence["body"], re.MULTILINE), f"{page}: commands in a fence of kind {kind}"
        assert not note.startswith("not run") or re.fullmatch(r"not run: .{12,}", note), f"{page}: no reason"


def test_few_commands_are_not_run():
    notes = [fence["note"] for page in pages() for fence in FENCE.finditer((ROOT / page).read_text()) if (fence["note"] or "").startswith("not run")]
    assert len(notes) <= 8, notes


@pytest.mark.parametrize("expected, printed, alike", [
    (["count 13", "..."], "count 9\nmore\n", True), (["count 13"], "counts 13\n", False), (["count 13"], "count 13\nmore\n", False),
    (["a 0x12 b ..."], "a 0xff b c d\n", True), (["1.42 us x"], "980 ns x\n", True), (["..."], "", True), (["word"], "ward\n", False),
])
def test_the_comparison_itself(expected, printed, alike):
    command = Command("itself")
    if alike:
        assert_printed(command, expected, printed, "")
    else:
        with pytest.raises(AssertionError):
            assert_printed(command, expected, printed, "")
