"""Can the grader be trusted? The reference scores 100, a skeleton its baseline, other right solutions 100, and mutants of the
reference are found. A row a lab, and each bar that does not hold."""

import pathlib
import shutil
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from . import build, config, grade, release, skeleton
from .common import EXIT_FAILED, EXIT_GRADED, LabError

MUTANTS_WANTED, SHARE_KILLED = 20, 0.95
JOBS = 2


@dataclass
class Row:
    lab: object
    mutants: int = 0
    killed: int = 0
    seconds: float = 0.0
    broken: list = field(default_factory=list)  # bars that do not hold
    survivors: list = field(default_factory=list)


@dataclass
class Mutant:
    name: str
    old: str
    new: str
    file: str = ""
    nth: int = 0
    survives: str = ""


def mutants_of(lab):
    path = lab.folder / "staff/mutants.toml"
    if not path.exists():
        return []
    return [Mutant(**row) for row in tomllib.loads(path.read_text()).get("mutant", [])]


def mutate(lab, mutant, work):
    """The reference with one fault."""
    skeleton.write(lab, work, solved=True, force=True)
    path = work / (mutant.file or lab.handed_in[0])
    if not path.exists():
        raise LabError(f"lab {lab.id}: mutant {mutant.name!r}: {path.name} is no file of the lab")
    text = path.read_text()
    count = text.count(mutant.old)
    if count == 0 or (count > 1 and not 1 <= mutant.nth <= count):
        raise LabError(f"lab {lab.id}: mutant {mutant.name!r}: its old text occurs {count} times in {path.name}")
    parts = text.split(mutant.old)
    at = max(mutant.nth, 1)
    path.write_text(mutant.old.join(parts[:at]) + mutant.new + mutant.old.join(parts[at:]))


def _describe(graded):
    bad = [f"{o.test.id}: {o.not_run or '; '.join(o.failures[:2])}" for o in graded.outcomes if not o.ok]
    return graded.problem.splitlines()[0] if graded.problem else " | ".join(bad[:4])


def _graded(lab, work, tag, folder, objects=None, **how):
    with build.forgotten(tag):
        return grade.Grading(lab, work, tag, folder / "run", objects).all(**how)


def _reference(lab, row, made, repeat):
    work = made / "reference"
    skeleton.write(lab, work, solved=True)
    for turn in range(repeat):
        folder = made / f"reference-{turn}"
        graded = _graded(lab, work, f"verify{lab.id}", folder)
        if graded.score != 100 or not graded.ok:
            row.broken.append(f"the reference scores {graded.score:g} in run {turn + 1}: {_describe(graded)}")
            return


def _skeleton(lab, row, made):
    work = made / "skeleton"
    skeleton.write(lab, work)
    graded = _graded(lab, work, f"verify{lab.id}s", made / "skeleton-run")
    if graded.problem:
        row.broken.append(f"the skeleton does not build: {graded.problem.splitlines()[0]}")
    elif graded.score != lab.baseline:
        row.broken.append(f"the skeleton scores {graded.score:g}, not {lab.baseline}: " +
                          ", ".join(o.test.id for o in graded.outcomes if o.points))


def _alternatives(lab, row, made):
    folders = sorted(path for path in (lab.folder / "staff/alt").glob("*") if path.is_dir())
    if not folders:
        row.broken.append("no alternative solution in staff/alt")
    for folder in folders:
        work = made / f"alt-{folder.name}"
        skeleton.write(lab, work, solved=True, alternative=folder)
        graded = _graded(lab, work, f"verify{lab.id}a", made / f"alt-{folder.name}-run")
        if graded.score != 100:
            row.broken.append(f"the solution staff/alt/{folder.name} scores {graded.score:g}: {_describe(graded)}")


def _one_mutant(lab, number, mutant, made, objects, verbose):
    folder = made / f"mutant-{number}"
    mutate(lab, mutant, folder / "work")
    name = mutant.file or lab.handed_in[0]
    changed = next((reference for reference in lab.edit if pathlib.Path(reference).name == name), None)
    graded = _graded(lab, folder / "work", f"verify{lab.id}m{number}", folder, objects, stop_at_first=True, changed=changed)
    shutil.rmtree(folder, ignore_errors=True)
    if graded.problem:
        raise LabError(f"lab {lab.id}: mutant {mutant.name!r} does not build: {graded.problem.splitlines()[0]}")
    if verbose:
        by = next((o.test.id for o in graded.outcomes if not o.ok), "SURVIVES")
        print(f"    {by:<20} {mutant.name}", flush=True)
    return not graded.ok


def _mutants(lab, row, made, verbose, only):
    mutants = [m for m in mutants_of(lab) if not only or only in m.name]
    objects = build.HostObjects(made / "objects")
    with ThreadPoolExecutor(JOBS) as pool:
        killed = list(pool.map(lambda pair: _one_mutant(lab, *pair, made, objects, verbose), enumerate(mutants)))
    row.mutants, row.killed = len(mutants), sum(killed)
    for mutant, dead in zip(mutants, killed):
        if dead and mutant.survives:
            row.broken.append(f"mutant {mutant.name!r} is said to survive, and is killed")
        if not dead:
            row.survivors.append(f"{mutant.name}: {mutant.survives or 'NO REASON GIVEN'}")
            if not mutant.survives:
                row.broken.append(f"mutant {mutant.name!r} survives, and no reason is given")
    if only:
        return
    if row.mutants < MUTANTS_WANTED:
        row.broken.append(f"{row.mutants} mutants, not {MUTANTS_WANTED}")
    if row.mutants and row.killed < SHARE_KILLED * row.mutants:
        row.broken.append(f"{row.killed} of {row.mutants} mutants killed: less than {SHARE_KILLED:.0%}")


def _released(lab, row, tree):
    work = tree / f"work{lab.id}"
    skeleton.write(lab, work, solved=True)
    problem = release.verify_released(lab, work, tree)
    if problem:
        row.broken.append(problem)


def verify(lab, args, tree):
    begin = time.monotonic()
    row = Row(lab)
    build.reference_objects(lab)
    with tempfile.TemporaryDirectory(prefix=f"verify{lab.id}-") as made:
        made = pathlib.Path(made)
        if not args.only_mutants:
            _reference(lab, row, made, args.repeat)
            _skeleton(lab, row, made)
            _alternatives(lab, row, made)
            if args.release:
                _released(lab, row, tree)
        if args.verbose:
            print("\n".join(f"    BROKEN: {broken}" for broken in row.broken) or "    reference, skeleton, other solutions: as they should be",
                  flush=True)
        if args.mutants:
            _mutants(lab, row, made, args.verbose, args.only_mutants)
    row.seconds = time.monotonic() - begin
    return row


HEADING = f"{'lab':<32} {'points':>6} {'tests':>6} {'mutants':>8} {'killed':>7} {'seconds':>8}"


def _rows(args, tree):
    rows = []
    for lab in config.find(args.lab):
        row = verify(lab, args, tree)
        rows.append(row)
        print(f"{lab.id + ' ' + lab.title:<32} {lab.points:>6} {len(lab.test):>6} {row.mutants:>8} {row.killed:>7} {row.seconds:>8.0f}",
              flush=True)
        for survivor in row.survivors:
            print(f"    survives: {survivor}")
        for broken in row.broken:
            print(f"    BROKEN: {broken}")
    return rows


def _verify(args):
    print(HEADING)
    with tempfile.TemporaryDirectory(prefix="release-") as tree:
        rows = _rows(args, pathlib.Path(tree))
    broken = sum(len(row.broken) for row in rows)
    print(f"{len(rows)} labs, {sum(row.mutants for row in rows)} mutants, {sum(row.killed for row in rows)} killed; " +
          (f"{broken} bars do not hold" if broken else "every bar holds"))
    return EXIT_FAILED if broken else EXIT_GRADED


def add_command(command):
    sub = command("verify", "is the grader right? reference, skeleton, other solutions, mutants", _verify)
    sub.add_argument("--release", action="store_true", help="also the solution in the tree that students get")
    sub.add_argument("--mutants", action="store_true", help="also the mutants")
    sub.add_argument("--only-mutants", metavar="TEXT", help="with --mutants: only mutants whose names hold this text, and nothing else")
    sub.add_argument("--repeat", type=int, default=1, metavar="N", help="mark the reference so many times")
    sub.add_argument("-v", "--verbose", action="store_true", help="say which test killed which mutant")
