"""A marking, told: to a person, as JSON, as JUnit's XML, as Gradescope's results.json."""

import json
import sys
import xml.etree.ElementTree as ElementTree

TIERS = {"H": "on the host", "Q": "in QEMU", "T": "in the trace", "S": "in the object code", "A": "an answer", "G": "in the debugger"}
MOST_TOLD = 8  # failures of a test
_GREEN, _RED, _DIM, _PLAIN = "\033[32m", "\033[31m", "\033[2m", "\033[0m"


def _coloured(colour, text):
    return f"{colour}{text}{_PLAIN}" if sys.stdout.isatty() else text


def _indented(text, by=10):
    return "\n".join(" " * by + line for line in text.splitlines())


def test_line(outcome):
    """One test, as it ends; and what was expected where it failed."""
    test = outcome.test
    word = _coloured(_GREEN, "ok    ") if outcome.ok else _coloured(_DIM, "not run") if outcome.not_run else _coloured(_RED, "FAILED")
    count = "" if outcome.total <= 1 or outcome.not_run else f" ({outcome.passed} of {outcome.total})"
    task = f"task {test.task}, " if test.task else ""
    print(f"  {word} {test.id:<22} {outcome.points:g}/{test.points}  {task}{TIERS[test.tier]}{count}", flush=True)
    if outcome.not_run:
        print(_indented(outcome.not_run))
        return
    told, alike = [], 0
    for failure in outcome.failures:  # many with one reason are told once
        reason = failure.partition(": ")[2] or failure
        if reason in told:
            alike += 1
        elif len(told) < MOST_TOLD:
            print(_indented(failure))
            told.append(reason)
    if alike or len(outcome.failures) > alike + len(told):
        print(_indented(f"... and {len(outcome.failures) - len(told)} more" + (", for the same reason" if len(told) == 1 else "")))
    if outcome.events:
        print(_indented("the last events of its trace:"))
        print(_indented("\n".join(outcome.events), 12))
    if not outcome.ok:
        if test.hint:
            print(_indented(f"hint: the handout, {test.hint}"))
        print(_indented(f"again: {outcome.rerun}"))


def summary(graded):
    lab = graded.lab
    if graded.problem:
        print(f"  {_coloured(_RED, 'it is not marked:')} the lab's files do not build, or break a rule of the lab")
        print(_indented(graded.problem, 4))
    if graded.figures:
        print("  measured, less is better:")
        for name, value in graded.figures.items():
            print(f"    {name:<40} {value:>9}")
    print(f"lab {lab.id}, {lab.title}: {graded.score:g} of {lab.points} points, {graded.seconds:.0f} s")


def as_data(graded):
    return {
        "lab": graded.lab.id,
        "title": graded.lab.title,
        "score": graded.score,
        "max_score": graded.lab.points,
        "seconds": round(graded.seconds, 1),
        "problem": graded.problem,
        "figures": graded.figures,
        "tests": [{
            "id": o.test.id, "tier": o.test.tier, "task": o.test.task, "points": o.points, "max_points": o.test.points,
            "status": "not run" if o.not_run else "passed" if o.ok else "failed", "passed": o.passed, "total": o.total,
            "failures": o.failures, "events": o.events, "hidden": o.test.hidden, "rerun": o.rerun,
        } for o in graded.outcomes],
    }


def write_json(gradeds, path):
    path.write_text(json.dumps([as_data(graded) for graded in gradeds], indent=1) + "\n")


def write_junit(gradeds, path):
    suites = ElementTree.Element("testsuites")
    for graded in gradeds:
        suite = ElementTree.SubElement(suites, "testsuite", name=f"lab{graded.lab.id}", tests=str(len(graded.outcomes)),
                                       failures=str(sum(not o.ok and not o.not_run for o in graded.outcomes)),
                                       skipped=str(sum(bool(o.not_run) for o in graded.outcomes)), time=f"{graded.seconds:.1f}")
        for outcome in graded.outcomes:
            case = ElementTree.SubElement(suite, "testcase", classname=f"lab{graded.lab.id}", name=outcome.test.id)
            if outcome.not_run:
                ElementTree.SubElement(case, "skipped", message=outcome.not_run)
            elif not outcome.ok:
                element = ElementTree.SubElement(case, "failure", message=(outcome.failures or ["failed"])[0].splitlines()[0])
                element.text = "\n".join(outcome.failures + outcome.events)
        if graded.problem:
            case = ElementTree.SubElement(suite, "testcase", classname=f"lab{graded.lab.id}", name="build")
            ElementTree.SubElement(case, "failure", message="the lab's files do not build").text = graded.problem
    ElementTree.ElementTree(suites).write(path, encoding="unicode", xml_declaration=True)


def write_gradescope(graded, path):
    """The shape of https://gradescope-autograders.readthedocs.io/en/latest/specs/ : score, tests, visibility."""
    tests = [{
        "name": o.test.id,
        "score": o.points,
        "max_score": o.test.points,
        "status": "passed" if o.ok else "failed",
        "output": o.not_run or "\n".join(o.failures + o.events) or "ok",
        "output_format": "text",
        "visibility": "after_due_date" if o.test.hidden else "visible",
        "tags": [f"tier-{o.test.tier}", f"task-{o.test.task}"],
    } for o in graded.outcomes]
    # On the board stands who is fast and has broken nothing.
    board = [{"name": name, "value": value, "order": "asc"} for name, value in graded.figures.items()] if graded.ok else []
    path.write_text(json.dumps({
        "score": graded.score,
        "execution_time": round(graded.seconds),
        "output": graded.problem or f"Lab {graded.lab.id}: {graded.lab.title}",
        "output_format": "text",
        "stdout_visibility": "hidden",
        "visibility": "visible",
        "tests": tests,
        **({"leaderboard": board} if board else {}),
    }, indent=1) + "\n")
