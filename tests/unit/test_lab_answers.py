"""Work that is no module: answers against a trace, and a script for GDB against what a guest tells. No machine is booted here."""

import types

import pytest

from lablib import answers, config, result, session, skeleton
from lablib.common import Infrastructure, LabError

TRACE = """\
0.1 cpu0 guest/0 EXIT reason=HYPERCALL class=hypercall dur_ns=10 name="hypercall PSCI_VERSION" esr=0x5a000000 pc=0x1004
0.2 cpu0 guest/0 EXIT reason=MMIO_READ class=mmio dur_ns=900 name="MMIO read 0x70000000" esr=0x93810006 pc=0x1010 ipa=0x70000010
0.3 cpu0 guest/0 EXIT reason=HYPERCALL class=hypercall dur_ns=12 name="hypercall PSCI_VERSION" esr=0x5a000000 pc=0x1004
0.4 cpu0 guest/0 EXIT reason=HALT class=idle dur_ns=7000 name="WFI" esr=0x07e00000 became=blocked pc=0x2008
""".splitlines()


class Functions:
    """Two functions: hall from 0x1000 on, attic from 0x2000 on."""

    addresses = [0x1000, 0x2000]

    @staticmethod
    def at(pc):
        return "attic" if pc >= 0x2000 else "hall"


@pytest.mark.parametrize("measure, right", [
    ({"count": " reason=HYPERCALL "}, {2}),
    ({"count": " reason=SERROR "}, {0}),
    ({"first": r" ipa=(0x\w+)"}, {0x70000010}),
    ({"first": r"MMIO.* pc=(?P<pc>\w+)"}, {"hall"}),
    ({"longest": r' reason=(\w+) .* name="(\w+)"'}, {"halt", "wfi"}),
    ({"longest": r" pc=(?P<pc>\w+)"}, {"attic"}),
    ({"most": r" reason=(\w+)"}, {"hypercall"}),
])
def test_what_is_right_is_what_the_trace_says(measure, right):
    assert answers.measured(measure, TRACE, Functions) == right


def test_a_trace_without_the_event_is_not_the_students_fault():
    with pytest.raises(Infrastructure, match="SERROR"):
        answers.measured({"first": " reason=(SERROR)"}, TRACE, Functions)


@pytest.mark.parametrize("one, other", [(18, "0x12"), (18, " 18 "), (18, "0X12"), ("attic", "Attic()"), ("attic", "attic+0x8"), (7, "007"),
                                        ("attic", "attic + 8 in section .text")])
def test_notation_is_the_students_choice(one, other):
    assert answers.plain(one) == answers.plain(other)


@pytest.mark.parametrize("one, other", [(18, 12), (18, "12"), ("attic", "cellar"), (1, "1x"), (0x70000010, "0x70000000")])
def test_another_value_is_another_answer(one, other):
    assert answers.plain(one) != answers.plain(other)


class Boots:
    """What a test asks of the grader's boots."""

    def __init__(self, work, printed="", values=None, refused=""):
        self.work, self.asked = work, 0
        self.booted = types.SimpleNamespace(elf=None, debugger=printed, values=values or {}, refused=refused,
                                            vtrace=lambda *_: "\n".join(TRACE), how_it_ended=lambda: "it was still running")

    def get(self, _):
        self.asked += 1
        return self.booted

    @staticmethod
    def rerun(_):
        return "again"


@pytest.fixture(name="marked")
def marking(monkeypatch):
    """Marks one test: (passed, the failure)."""
    monkeypatch.setattr("lablib.golden.Functions", lambda elf: Functions)

    def mark(grade, boots, **test):
        outcome = result.Outcome(config.Test(points=5, boot="b", **test))
        grade(outcome, boots)
        assert outcome.total == 1 and outcome.ok != bool(outcome.failures)
        return outcome.ok, "".join(outcome.failures)

    return mark


def answer(marked, tmp_path, text):
    path = tmp_path / "answers.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return marked(answers.grade, Boots(tmp_path), id="A.calls", answer="calls", measure={"count": " reason=HYPERCALL "})


@pytest.mark.parametrize("value", ["2", '"2"', "0x2", '"0b"', "3", '"two"'])
def test_an_answer_is_right_or_not(marked, tmp_path, value):
    ok, failure = answer(marked, tmp_path, f'name = "x"\ncalls = {value}\n')
    assert ok == (value in ("2", '"2"', "0x2"))
    assert ok or "answers.toml: calls" in failure and " 2 " not in failure, "what is right is told"


@pytest.mark.parametrize("text, complaint", [
    ("name = \n", "Invalid value (at line 1, column 8)"),
    ('name = "x"\nname = "y"\n', "answers.toml:"),
    (b'name = "\xff"\n', "answers.toml: 'utf-8' codec"),
    ("a = " + "[" * 5000, "answers.toml:"),
    ("calls = " + "9" * 5000, "answers.toml:"),
    ('name = ["x"]\n', "answers.toml: name: is no text"),
    ('calls = 2\n', "name: is empty"),
    ('name = " "\ncalls = 2\n', "name: is empty"),
    ('name = "x"\n', "calls: no answer yet"),
    ('name = "x"\ncalls = ""\n', "calls: no answer yet"),
    ('name = "x"\ncalls = true\n', "calls: is neither a number nor a text"),
    ('name = "x"\ncalls = 2.0\n', "calls: is neither a number nor a text"),
    ('name = "x"\ncalls = [2]\n', "calls: is neither a number nor a text"),
])
def test_a_file_that_is_wrong_costs_its_points_and_is_told_in_one_line(marked, tmp_path, text, complaint):
    ok, failure = answer(marked, tmp_path, text)
    assert not ok and complaint in failure and "\n" not in failure


def test_a_file_that_is_not_there_is_told(marked, tmp_path):
    assert "No such file" in marked(answers.grade, Boots(tmp_path), id="A.a", answer="a", measure={"count": "x"})[1]


def test_each_name_has_its_guest_however_it_is_written(tmp_path):
    def seed(name):
        (tmp_path / "answers.toml").write_text(f'name = "{name}"\n')
        return answers.seed(tmp_path)

    assert seed("Ada  Lovelace") == seed(" ada lovelace") != seed("Ada")
    assert answers.seed(tmp_path / "nowhere") == answers.seed(None) == 0
    (tmp_path / "answers.toml").write_text("name")
    with pytest.raises(LabError, match="answers.toml:"):
        answers.seed(tmp_path)


@pytest.mark.parametrize("line", ["break open_safe", "b *turn", "  stepi 3  ", "printf \"key = %#lx\\n\", key", "p/x $x0", "x/4gx $sp", "commands 1",
                                  "set $n = 3", "set var money = 1", "set variable money = 1", "# shell ls", "", "monitor exits",
                                  "while $n > 0", "info symbol $pc", "info registers x0", "thread 1", "frame", "echo dial =\\ ", "echo a\\\nb"])
def test_what_a_script_is_for_it_may_say(tmp_path, line):
    (tmp_path / "session.gdb").write_text(f"{line}\n")
    assert session.refused(tmp_path / "session.gdb") == ""


@pytest.mark.parametrize("line", [
    "shell ls", "she ls", "!ls", "| p 1 | sh", "|p 1|sh", "pipe p 1 | sh", "make", "python print(1)", "py print(1)", "pi 1", "guile 1", "source x",
    "eval \"shell ls\"", "alias q = shell", "define x", "dump memory x 0 1", "restore x", "load", "generate-core-file", "gcore", "save breakpoints x",
    "cd /", "file x", "target exec x", "symbol-file x", "add-symbol-file x", "set logging enabled on", "set logging file x", "set exec-wrapper x",
    "set environment A=b", "set", "SHELL ls", "p $_shell(\"ls\")", "  shell ls", "\tshell ls", "kill", "run", "tar ext :1", "-target-select",
    "compile code 1", "set startup-with-shell on", "p\\\ni print(1)", "p\\\r\ni print(1)", "thread apply 1 shell ls", "thread a 1 shell ls", "f app 1 shell ls",
    "frame function x", "\x0bshell ls", "maint print", "edit 1"])
def test_what_starts_programs_or_opens_files_is_refused_with_its_line(tmp_path, line):
    (tmp_path / "session.gdb").write_text(f"# mine\n{line}\n")
    assert session.refused(tmp_path / "session.gdb").startswith("session.gdb:2: ")


def session_of(marked, printed, told="0x9a", name="key", **test):
    boots = Boots(None, printed, {name: f"seen {told} expected {told}"} if told else {})
    return marked(session.grade, boots, id="G.x", printed=name, **test)


@pytest.mark.parametrize("printed", ["key = 0x9a\n", "key = 154\n", "Breakpoint 1, x\nkey=0x9A \nmore\n", "key = 1\nkey = 0x9a\n"])
def test_what_is_printed_last_counts_in_any_notation(marked, printed):
    assert session_of(marked, printed) == (True, "")


@pytest.mark.parametrize("printed, complaint", [
    ("key = 0x9b\n", "printed 0x9b, in this boot it is 0x9a"), ("key = 0x9a\nkey = 1\n", "printed 1"), ("monkey = 0x9a\n", "has not printed it"),
    ("0x9a\n", "has not printed it"), ("key = \n", "has not printed it"), ("key = $1\n", "printed $1"),
])
def test_what_is_not_there_or_wrong_is_told(marked, printed, complaint):
    ok, failure = session_of(marked, printed)
    assert not ok and complaint in failure


@pytest.mark.parametrize("printed, ok", [("0x2000", True), ("0x2008", True), ("attic", True), ("attic + 8 in section .text", True), ("0x1008", False),
                                         ("hall", False)])
def test_a_place_in_a_function_is_as_good_as_its_name(marked, printed, ok):
    assert session_of(marked, f"key = {printed}\n", told="0x2000")[0] == ok


def test_a_table_of_the_monitors_is_read_where_it_stands(marked):
    table = "MMIO write                         37\nhypercall                          7\n"
    assert session_of(marked, table, told="0x7", name="calls", line=r"^hypercall +(\d+)")[0]
    assert not session_of(marked, table, told="0x25", name="calls", line=r"^hypercall +(\d+)")[0]


def test_a_guest_that_did_not_come_to_its_end_and_a_script_that_is_refused_are_told(marked):
    assert "has not come to where it tells it: it was still running" in session_of(marked, "key = 1\n", told="")[1]
    boots = Boots(None, refused="session.gdb:2: shell: not a command of this lab")
    assert marked(session.grade, boots, id="G.x", printed="key") == (False, "session.gdb:2: shell: not a command of this lab")


def test_a_file_is_written_over_only_when_asked(tmp_path):
    lab = config.find(["00"])[0]
    skeleton.write(lab, tmp_path)
    with pytest.raises(LabError, match="is there already"):
        skeleton.write(lab, tmp_path)
