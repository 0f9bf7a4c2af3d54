"""Tests of the tiers H and S: a host program's cases under the sanitizers, and what objdump shows of an object."""

import os
import pathlib
import re
import subprocess
import xml.etree.ElementTree as ElementTree

from . import build, jail
from .common import ROOT, STATUS_TODO, case_pattern, counts, run, shown, time_scale

PROGRAM_S, CASE_S = 30, 10
# The tests of a program stand in one array; each by a macro of cmocka's or of the program's own.
_CASES = re.compile(r"struct CMUnitTest \w+\[\] = \{(.*?)\};", re.DOTALL)
_CASE = re.compile(r"\b\w+\(\s*(\w+)")
# What a crash under a sanitizer is about.
_TELLING = re.compile(r"(ERROR: AddressSanitizer.*|.*runtime error.*|LAB \d\d: .*|unexpected panic.*|.*: broken: .*|    #[0-4] .*)")


def case_names(source):
    """The tests that a host program has."""
    return [name for table in _CASES.findall(source.read_text()) for name in _CASE.findall(table)]


class Programs:
    """The host programs of one grading, each compiled once and run once."""

    def __init__(self, lab, work, folder, objects):
        self.lab, self.work, self.folder, self.objects = lab, work, folder, objects
        self.done = {}

    def cases(self, program):
        """{case: None when it passed, else the words of its failure}"""
        if program not in self.done:
            self.done[program] = self._run(program)
        return self.done[program]

    def _run(self, program):
        output = self.folder / os.path.basename(program).replace(".c", "")
        source = build.host_program(self.lab, program, self.work, output, self.objects)
        names = case_names(source)
        verdicts = self._once(output, None)
        # One that crashes takes those after it along: then each by itself.
        for name in names:
            if name not in verdicts:
                verdicts[name] = self._once(output, name).get(name, "it did not run")
        return {name: verdicts[name] for name in names}

    def _once(self, output, case):
        report = self.folder / "cases.xml"
        report.unlink(missing_ok=True)
        environment = {**os.environ, "CMOCKA_MESSAGE_OUTPUT": "XML", "CMOCKA_XML_FILE": str(report), "ASAN_OPTIONS": "detect_leaks=0"}
        environment.update({"LAB_CASE": case} if case else {})
        try:
            seconds = (CASE_S if case else PROGRAM_S) * time_scale()
            done = run([*jail.prefix(), output], env=environment, timeout=seconds, preexec_fn=jail.limit,
                       cwd=self.folder)
        except subprocess.TimeoutExpired:
            return {case: f"not done after {seconds:.0f} s: a loop without end?"} if case else {}
        verdicts = _verdicts(report)
        if case and case not in verdicts:
            verdicts[case] = _why(done)
        return verdicts


def _why(done):
    if done.returncode == STATUS_TODO:
        return done.stderr.strip().splitlines()[-1]
    told = [line.strip() for line in done.stderr.splitlines() if _TELLING.match(line)]
    return "\n".join(told[:8]) or f"ended with status {done.returncode}"


def _verdicts(report):
    try:
        tree = ElementTree.parse(report)
    except (OSError, ElementTree.ParseError):
        return {}
    verdicts = {}
    for case in tree.iter("testcase"):
        failure = case.find("failure")
        verdicts[case.get("name")] = None if failure is None else _told((failure.text or "").strip())
    return verdicts


_WHERE = re.compile(r"^(/.*|\S+\.[ch]):(\d+): error: Failure!$", re.MULTILINE)
_UNEQUAL = re.compile(r"^(0x[0-9a-f]+|\d+) != (0x[0-9a-f]+|\d+)$", re.MULTILINE)


def _told(failure):
    """cmocka's words of a failure, and the assertion itself: our tests give what was seen first, what they expect second."""
    where = _WHERE.search(failure)
    if not where:
        return failure
    path = pathlib.Path(where[1])
    lines = (ROOT / path).read_text(errors="replace").splitlines() if (ROOT / path).is_file() else []
    text = "".join(lines[int(where[2]) - 1:int(where[2])]).strip()
    said = _UNEQUAL.sub(r"seen \1, expected \2", _WHERE.sub("", failure).strip())
    return f"{shown(ROOT / path)}:{where[2]}: {said}" + (f"\n    {text}" if text else "")


def grade(outcome, programs):
    """H: the share of the cases that pass."""
    test = outcome.test
    verdicts = programs.cases(test.program)
    for pattern in test.cases or ["*"]:
        matching = [name for name in verdicts if case_pattern(pattern).match(name)]
        if not matching:
            outcome.total += 1
            outcome.failures.append(f"{pattern}: {test.program} has no such case")
        for name in matching:
            outcome.total += 1
            if verdicts[name] is None:
                outcome.passed += 1
            else:
                outcome.failures.append(f"{name}: {verdicts[name]}")
    outcome.rerun = f"tools/lab grade {programs.lab.id} --only {test.id}"


_FUNCTION = re.compile(r"^[0-9a-f]+ <([^>]+)>:$")
_CALL = re.compile(r"R_AARCH64_(?:CALL|JUMP)26\t(?:\.text\.)?(\S+)")


def _functions(path):
    """{function: its instructions, and after each call (who is called,)}"""
    done = run(["aarch64-linux-gnu-objdump", "-dr", "--no-show-raw-insn", path])
    functions, lines = {}, []
    for line in done.stdout.splitlines():
        match, call = _FUNCTION.match(line), _CALL.search(line)
        if match:
            lines = functions.setdefault(match[1], [])
        elif call:
            lines.append((call[1],))
        elif ":\t" in line:
            lines.append(line.split(":\t", 1)[1].strip().replace("\t", " "))
    return functions


def instructions(path, function, deep=False):
    """The disassembly of one function, or of all: an instruction a line. `deep`: with the static functions that are called, each where
    it is called first: which of them the compiler has inlined is not the student's affair."""
    functions = _functions(path)
    inner = functions.keys() - build.symbols(path) if deep else set()

    def lines_of(name):
        for line in functions[name]:
            if isinstance(line, str):
                yield line
            elif line[0] in inner:
                inner.discard(line[0])
                yield from lines_of(line[0])

    chosen = [name for name in functions if not function or name.split(".")[0] == function]
    return [line for name in chosen for line in lines_of(name)]


def _readable(pattern):
    """A regular expression as a person would name the instruction."""
    return re.sub(r"\\b|[\^$]", "", pattern).replace(r"\s+", " ").replace("(st)?", "(st)")


def grade_object(outcome, lab, objects):
    """S: these instructions stand in this order, others may stand between them; and of some there are so many."""
    test = outcome.test
    names = [os.path.splitext(reference)[0] + ".o" for reference in lab.edit]
    lines = [line for name in names for line in instructions(objects / name, test.function, test.deep)]
    where = test.function or "the object"
    outcome.total = len(test.order) + len(test.count)
    at = 0
    for i, pattern in enumerate(test.order):
        found = next((i for i in range(at, len(lines)) if re.search(pattern, lines[i])), None)
        if found is None:
            before = ", ".join(_readable(before) for before in test.order[:i])
            outcome.failures.append(f"{where}: after {before} there is no {_readable(pattern)}" if before else
                                    f"{where}: there is no {_readable(pattern)}")
            break
        outcome.passed += 1
        at = found + 1
    for pattern, wanted, count, ok in counts(test.count, lines):
        outcome.passed += ok
        if not ok:
            outcome.failures.append(f"{where}: {count} times {_readable(pattern)}, expected {wanted}")
    outcome.rerun = f"aarch64-linux-gnu-objdump -d {objects / names[0]} | less"
