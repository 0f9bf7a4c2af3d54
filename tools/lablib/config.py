"""A lab as its lab.toml describes it. What is wrong in one is told with file and key."""

import dataclasses
import fnmatch
import pathlib
import tomllib
from dataclasses import dataclass, field

from .common import LABS, ROOT, LabError, bound


@dataclass
class Task:
    n: int
    title: str
    functions: list = field(default_factory=list)
    files: list = field(default_factory=list)  # work that is no module: how each begins is in the lab's start/


@dataclass
class Boot:
    id: str
    guest: str = ""
    how: str = ""
    vcpus: int = 1
    properties: dict = field(default_factory=dict)
    nodes: list = field(default_factory=list)
    args: list = field(default_factory=list)
    timeout: float = 20.0
    script: str = ""  # a file of the student's: what GDB is to do there (session.py). The guest waits for it
    wire: str = ""  # a file of the lab's: what a debugger says and must hear (wire.py). The guest waits for it
    until: str = ""  # a regular expression: when the console says this, the boot is over. For one that ends in no other way


@dataclass
class Test:
    id: str
    points: int
    task: int = 0
    program: str = ""
    cases: list = field(default_factory=list)
    boot: str = ""
    claims: list = None
    golden: str = ""
    events: dict = field(default_factory=dict)
    check: str = ""  # a regular expression: what `vtrace check` must say, beside finding nothing wrong
    answer: str = ""  # which of answers.toml
    measure: dict = field(default_factory=dict)  # {how: regular expression over `vtrace dump`}: what is right (answers.py)
    printed: str = ""  # what the guest tells under this name is what the script must have printed
    line: str = ""  # a regular expression: where it stands; default: NAME = VALUE
    function: str = ""
    order: list = field(default_factory=list)
    count: dict = field(default_factory=dict)  # {regular expression: how many such instructions, as in events}
    deep: bool = False  # a static function that is called there counts as if it stood there
    console: list = field(default_factory=list)  # regular expressions: what EL2 itself says, on the UART and in the log
    log: list = field(default_factory=list)
    parent: str = ""
    safety: bool = False
    hidden: bool = False
    hint: str = ""

    @property
    def tier(self):
        return self.id.split(".")[0]


@dataclass
class Lab:
    folder: pathlib.Path
    id: str
    title: str
    edit: list
    difficulty: str = "moderate"
    hours: float = 4
    gdb: bool = False
    baseline: int = 0
    task: list = field(default_factory=list)
    boot: list = field(default_factory=list)
    test: list = field(default_factory=list)

    @property
    def work(self):
        return self.folder / "work"

    @property
    def points(self):
        return sum(test.points for test in self.test)

    def boot_named(self, name):
        return next(boot for boot in self.boot if boot.id == name)

    def tests_like(self, only):
        """Those with such an id: *, ? and [..] stand for others. None: all."""
        return [test for test in self.test if not only or fnmatch.fnmatchcase(test.id, only)]

    @property
    def files(self):
        """Those of the tasks: {name: the first task that writes in it}"""
        return {name: task.n for task in reversed(self.task) for name in reversed(task.files)}

    @property
    def handed_in(self):
        """The names of all files that are the student's."""
        return [pathlib.Path(reference).name for reference in self.edit] + sorted(self.files)

    def work_file(self, reference, work=None):
        return pathlib.Path(work or self.work) / pathlib.Path(reference).name


def _made(kind, given, where):
    names = {f.name: f for f in dataclasses.fields(kind)}
    for key in given:
        if key not in names:
            raise LabError(f"{where}: {key}: there is no such key; known: {', '.join(n for n in names if n != 'folder')}")
    missing = [n for n, f in names.items()
               if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING and n not in given]
    if missing:
        raise LabError(f"{where}: {missing[0]} is missing")
    return kind(**given)


TIERS = "HQTSAG"
_NEEDS = {"H": "program", "Q": "boot", "T": "boot", "A": "answer", "G": "printed"}


def _check(lab, where):
    def wrong(what):
        raise LabError(f"{where}: {what}")

    ids = [test.id for test in lab.test]
    for test in lab.test:
        if test.tier not in TIERS or "." not in test.id:
            wrong(f"test {test.id}: an id begins with H., Q., T., S., A. or G.")
        if test.tier == "S" and not (test.order or test.count):
            wrong(f"test {test.id}: order or count is missing")
        for wanted in [*test.events.values(), *test.count.values()]:
            if not bound(wanted):
                wrong(f"test {test.id}: {wanted!r} is no bound such as \">= 10\"")
        if test.tier != "S" and not getattr(test, _NEEDS[test.tier]):
            wrong(f"test {test.id}: {_NEEDS[test.tier]} is missing")
        if ids.count(test.id) > 1:
            wrong(f"test {test.id}: twice")
        if test.parent and test.parent not in ids and not (ROOT / "prebuilt").exists():
            wrong(f"test {test.id}: parent {test.parent}: there is no such test")
        if test.boot and test.boot not in [boot.id for boot in lab.boot]:
            wrong(f"test {test.id}: boot {test.boot}: there is no such boot")
        if test.tier in "AG" and not test.boot:
            wrong(f"test {test.id}: boot is missing")
        if test.tier == "A" and len(test.measure) != 1:
            wrong(f"test {test.id}: measure is missing")
        if test.tier == "T" and not (test.golden or test.events or test.check):
            wrong(f"test {test.id}: golden, events or check is missing")
    for reference in lab.edit:
        if not (ROOT / reference).exists() and not (ROOT / "prebuilt").exists():
            wrong(f"edit: {reference}: there is no such file")
    # A student's tree lacks the hidden tests.
    if lab.test and lab.points != 100 and not (ROOT / "prebuilt").exists():
        wrong(f"the points are {lab.points}, not 100")


def load(folder):
    path = folder / "lab.toml"
    where = path.relative_to(ROOT)
    try:
        given = tomllib.loads(path.read_text())
    except OSError as error:
        raise LabError(f"{where}: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise LabError(f"{where}: {error}") from error
    for name, kind in (("task", Task), ("boot", Boot), ("test", Test)):
        given[name] = [_made(kind, row, f"{where}: {name} {row.get('id', row.get('n', '?'))}") for row in given.get(name, [])]
    lab = _made(Lab, {"folder": folder, **given}, where)
    _check(lab, where)
    return lab


def all_labs():
    return [load(path.parent) for path in sorted(LABS.glob("lab[0-9][0-9]-*/lab.toml"))]


def find(names):
    """Labs by number: "4", "04", "all"."""
    labs = {lab.id: lab for lab in all_labs()}
    if not names or "all" in names:
        return list(labs.values())
    found = []
    for name in names:
        if name.zfill(2) not in labs:
            raise LabError(f"lab {name}: there is none; known: {' '.join(labs) or 'none'}")
        found.append(labs[name.zfill(2)])
    return found
