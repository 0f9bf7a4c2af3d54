"""Marking one lab: build, then its tests in order, cheap ones first where the lab lists them so."""

import pathlib
import tempfile
import time

from . import answers
from . import boots as boots_of
from . import build, host, session
from .result import Graded, Outcome


class Grading:
    """One marking of one folder of work."""

    def __init__(self, lab, work=None, tag=None, folder=None, objects=None):
        self.lab = lab
        self.work = pathlib.Path(work or lab.work).resolve()
        self.tag = tag or build.tag_of(lab, self.work)
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.programs = host.Programs(lab, self.work, self.folder, objects or build.HostObjects(self.folder / "objects"))
        self.built = None

    def objects(self):
        """The image and its objects, made when a test first asks for them."""
        if self.built is None:
            image, objects = build.image(self.lab, self.work, self.tag)
            build.reference_objects(self.lab)
            problems = build.interface(self.lab, objects)
            if problems:
                raise build.BuildFailed("\n".join(problems))
            self.built = (boots_of.Boots(self.lab, image, self.folder, self.work), objects)
        return self.built

    def one(self, test):
        outcome = Outcome(test)
        if test.tier == "H":
            host.grade(outcome, self.programs)
        elif test.tier == "S":
            host.grade_object(outcome, self.lab, self.objects()[1])
        elif test.tier == "Q":
            boots_of.grade_claims(outcome, self.objects()[0])
        elif test.tier == "A":
            answers.grade(outcome, self.objects()[0])
        elif test.tier == "G":
            session.grade(outcome, self.objects()[0])
        else:
            grade = boots_of.grade_golden if test.golden else boots_of.grade_events
            grade(outcome, self.objects()[0])
        return outcome

    def all(self, only=None, stop_at_first=False, say=lambda outcome: None, changed=None):
        """The outcomes of the tests that `only` names; a test whose parent failed is not run. `changed`: one reference file, where host
        tests that do not have it say nothing new."""
        begin = time.monotonic()
        graded = Graded(self.lab, [])
        failed = set()
        try:
            for test in self.lab.tests_like(only):
                if changed and test.tier == "H" and changed not in build.host_source(self.lab, test.program)[1]:
                    continue
                if test.parent in failed:
                    outcome = Outcome(test, not_run=f"{test.parent} comes first")
                else:
                    outcome = self.one(test)
                graded.outcomes.append(outcome)
                say(outcome)
                if not outcome.ok:
                    failed.add(test.id)
                    if stop_at_first:
                        break
        except build.BuildFailed as problem:
            graded.problem = str(problem)
        if self.built:
            graded.figures = self.built[0].figures()
        graded.seconds = time.monotonic() - begin
        return graded


def grade(lab, work=None, folder=None, **how):
    build.check_files(lab, work or lab.work)
    if folder:
        return Grading(lab, work, folder=folder).all(**how)
    with tempfile.TemporaryDirectory(prefix=f"lab{lab.id}-") as made:
        return Grading(lab, work, folder=made).all(**how)
