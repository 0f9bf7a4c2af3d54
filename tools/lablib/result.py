"""What became of a test, and of a lab."""

from dataclasses import dataclass, field

SAFETY_CAP = 50  # of 100: what a lab whose safety test fails can still score


@dataclass
class Outcome:
    test: object
    passed: int = 0
    total: int = 0
    failures: list = field(default_factory=list)  # lines for the person
    not_run: str = ""  # why
    events: list = field(default_factory=list)  # the last of the trace
    rerun: str = ""

    @property
    def ok(self):
        return not self.not_run and self.total > 0 and self.passed == self.total

    @property
    def points(self):
        if self.not_run or not self.total:
            return 0
        if self.test.safety and not self.ok:
            return 0
        return round(self.test.points * self.passed / self.total, 1)


@dataclass
class Graded:
    lab: object
    outcomes: list
    seconds: float = 0.0
    problem: str = ""  # it did not build, or breaks a rule: no points, and this says why
    figures: dict = field(default_factory=dict)  # what guests have measured, less is better: {"BOOT: NAME": number}

    @property
    def score(self):
        score = 0 if self.problem else sum(outcome.points for outcome in self.outcomes)
        if any(outcome.test.safety and not outcome.ok for outcome in self.outcomes):
            score = min(score, SAFETY_CAP)
        return round(score, 1)

    @property
    def ok(self):
        return not self.problem and all(outcome.ok for outcome in self.outcomes)
