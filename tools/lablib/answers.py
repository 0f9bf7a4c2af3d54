"""Tests of the tier A: what a student has found out, in answers.toml, against what the grader measures in a boot of its own.

A test's `measure` is one row: how, and a regular expression over the lines of `vtrace dump`. `count`: how many lines match. `first`,
`longest` (by dur_ns), `most` (what stands there most often): the groups of that line are what is right, each of them. A group of the
name `pc` is the function that it lies in.
"""

import collections
import re
import tomllib
import zlib

from . import golden
from .common import Infrastructure, LabError

FILE = "answers.toml"
_DURATION = re.compile(r" dur_ns=(\d+)")


def read(work):
    """What was handed in. Whatever is wrong with the file is told in one line, and costs its own points only."""
    try:
        given = tomllib.loads((work / FILE).read_text())
    except OSError as error:
        raise LabError(f"{FILE}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # no TOML, no UTF-8, a number of 5000 digits
        raise LabError(f"{FILE}: {str(error).splitlines()[0]}") from error
    if not isinstance(given.get("name", ""), str):
        raise LabError(f"{FILE}: name: is no text")
    return given


def seed(work):
    """Of the student's name, so that no two guests do the same; of no name where there is no file yet."""
    name = read(work).get("name", "") if work and (work / FILE).exists() else ""
    return zlib.crc32(" ".join(name.lower().split()).encode())


def plain(value):
    """A value as it is compared: a number whatever its notation; a name without what GDB and C put behind it."""
    if isinstance(value, int):
        return value
    text = value.strip().lower().split("+")[0].strip().removesuffix("()")
    try:
        return int(text, 0 if text.startswith("0x") else 10)
    except ValueError:
        return text


_CHOOSE = {
    "first": lambda found: found[0],
    "longest": lambda found: max(found, key=lambda match: int(_DURATION.search(match.string)[1])),
    "most": lambda found: next(match for match in found if match.groups() ==
                               collections.Counter(match.groups() for match in found).most_common(1)[0][0]),
}


def measured(measure, lines, functions):
    """All that is right, plain."""
    (how, pattern), = measure.items()
    found = [match for line in lines if (match := re.search(pattern, line))]
    if how == "count":
        return {len(found)}
    if how not in _CHOOSE:
        raise LabError(f"measure: {how}: there is no such way; known: count, {', '.join(_CHOOSE)}")
    if not found:
        raise Infrastructure(f"no event {pattern!r} in the grader's own boot")
    chosen = _CHOOSE[how](found)
    if "pc" in chosen.re.groupindex:
        return {plain(functions.at(int(chosen["pc"], 16)))}
    return {plain(text) for text in chosen.groups()}


def _answer(test, work):
    """(answer, why there is none)"""
    try:
        given = read(work)
    except LabError as problem:
        return None, str(problem)
    if not given.get("name", "").strip():
        return None, f"{FILE}: name: is empty: your guest does what your name says"
    answer = given.get(test.answer, "")
    if isinstance(answer, bool) or not isinstance(answer, (int, str)):
        return None, f"{FILE}: {test.answer}: is neither a number nor a text"
    if answer == "":
        return None, f"{FILE}: {test.answer}: no answer yet"
    return answer, ""


def grade(outcome, boots):
    """A: one answer. What would be right is not told."""
    test = outcome.test
    outcome.total, outcome.rerun = 1, boots.rerun(test.boot)
    answer, problem = _answer(test, boots.work)
    if problem:
        outcome.failures.append(problem)
        return
    booted = boots.get(test.boot)
    if plain(answer) in measured(test.measure, booted.vtrace("dump").splitlines(), golden.Functions(booted.elf)):
        outcome.passed = 1
    else:
        outcome.failures.append(f"{FILE}: {test.answer} = {answer!r}: your guest has done something else")
