"""Tests of the tiers H and S: a host program's cases under the sanitizers, and what objdump shows of an object."""

import os
import re
import subprocess
import xml.etree.ElementTree as ElementTree

from . import build, jail
from .common import STATUS_TODO, case_pattern, run, time_scale

CASE_S = 30
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
            done = run([*jail.prefix(), output], env=environment, timeout=CASE_S * time_scale(), preexec_fn=jail.limit,
                       cwd=self.folder)
        except subprocess.TimeoutExpired:
            return {case: f"not done after {CASE_S * time_scale():.0f} s"} if case else {}
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
        verdicts[case.get("name")] = None if failure is None else (failure.text or "").strip()
    return verdicts


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


def instructions(path, function):
    """The disassembly of one function, or of all: an instruction a line, with the relocations of its calls."""
    done = run(["aarch64-linux-gnu-objdump", "-dr", "--no-show-raw-insn", path])
    lines, inside = [], not function
    for line in done.stdout.splitlines():
        match = _FUNCTION.match(line)
        if match:
            inside = not function or match[1].split(".")[0] == function
        elif inside and ":\t" in line:
            lines.append(line.split(":\t", 1)[1].strip().replace("\t", " "))
    return lines


def grade_object(outcome, lab, objects):
    """S: these instructions stand in this order, others may stand between them."""
    test = outcome.test
    names = [os.path.splitext(reference)[0] + ".o" for reference in lab.edit]
    lines = [line for name in names for line in instructions(objects / name, test.function)]
    outcome.total = len(test.order)
    at = 0
    for pattern in test.order:
        found = next((i for i in range(at, len(lines)) if re.search(pattern, lines[i])), None)
        if found is None:
            outcome.failures.append(f"{test.function or 'the object'}: no instruction {pattern!r}" +
                                    (f" after {outcome.passed} of those before it" if outcome.passed else ""))
            break
        outcome.passed += 1
        at = found + 1
    outcome.rerun = f"aarch64-linux-gnu-objdump -d {objects / names[0]} | less"
