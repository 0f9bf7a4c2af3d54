"""What the labs' files promise of each other: regions, tasks, test cases, mutants, handouts. Nothing is compiled here."""

import json
import pathlib
import re

import pytest

from lablib import boots, config, handout, host, main, report, skeleton, verify
from lablib.common import ROOT, LabError, case_pattern
from lablib.result import Graded, Outcome

LABS = config.all_labs()
each_lab = pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.id)


def regions_of(lab):
    for reference in lab.edit:
        for region in skeleton.regions(reference, (ROOT / reference).read_text().split("\n")):
            if region.lab == lab.id:
                yield region


@each_lab
def test_each_task_has_a_region_in_the_reference_for_each_of_its_functions(lab):
    found = {(region.task, region.name) for region in regions_of(lab)}
    wanted = {(task.n, function) for task in lab.task for function in task.functions}
    assert wanted <= found, wanted - found
    assert {task for task, name in found} <= {task.n for task in lab.task}


def test_each_region_belongs_to_a_lab_that_may_edit_its_file():
    owner = {reference: lab.id for lab in LABS for reference in lab.edit}
    assert len(owner) == sum(len(lab.edit) for lab in LABS), "a file of two labs"
    for folder in ("src", "asm", "trace", "gdbstub"):
        for path in (ROOT / folder).rglob("*.[cSh]"):
            name = str(path.relative_to(ROOT))
            for region in skeleton.regions(name, path.read_text(errors="replace").split("\n")):
                assert owner.get(name) == region.lab, f"{name}:{region.first + 1}"


@each_lab
def test_starter_texts_are_of_regions(lab):
    names = {region.name for region in regions_of(lab)}
    assert set(skeleton.starter_of(lab)) <= names, set(skeleton.starter_of(lab)) - names


@each_lab
def test_the_cases_that_a_test_names_exist(lab):
    for test in lab.test:
        if test.tier != "H":
            continue
        path = ROOT / test.program if test.program.startswith("tests/unit/") else lab.folder / test.program
        names = host.case_names(path)
        for pattern in test.cases or ["*"]:
            assert any(case_pattern(pattern).match(name) for name in names), f"{test.id}: {pattern}"


@each_lab
def test_mutants_fit_the_reference(lab, tmp_path):
    for mutant in verify.mutants_of(lab):
        verify.mutate(lab, mutant, tmp_path)


@each_lab
def test_other_solutions_have_bodies_for_regions_of_the_reference(lab, tmp_path):
    folders = list((lab.folder / "staff/alt").iterdir())
    assert folders
    for folder in folders:
        names = {f"{pathlib.Path(reference).name}.bodies" for reference in lab.edit} | set(lab.files)
        assert {path.name for path in folder.iterdir()} <= names
        skeleton.write(lab, tmp_path, solved=True, force=True, alternative=folder)
        assert any((tmp_path / name.removesuffix(".bodies")).read_text() != skeleton.cut(lab, reference, keep_all=True)
                   for reference in lab.edit for name in [f"{pathlib.Path(reference).name}.bodies"]) or \
            any((tmp_path / name).read_text() != (lab.folder / "staff/solution" / name).read_text() for name in lab.files)


@each_lab
def test_a_skeleton_has_nothing_of_the_solution(lab):
    for reference in lab.edit:
        text = skeleton.cut(lab, reference)
        assert "LAB-" not in text and "END LAB" not in text
        assert not re.search(r"/\* LAB \d\d\.", text)


def test_the_places_that_lab_13_has_changed_look_like_any_others():
    """Its students are to find them by their traces."""
    lab = config.find(["13"])[0]
    changed = [reference for reference in lab.edit if skeleton.cut(lab, reference) != skeleton.cut(lab, reference, keep_all=True)]
    assert 0 < len(changed) < len(lab.edit), "and one of its files is innocent"
    assert not any("LAB" in skeleton.cut(lab, reference) for reference in lab.edit)
    assert not any(task.functions for task in lab.task)


def test_what_a_guest_has_measured_is_on_the_leaderboard_of_those_who_have_all_points(tmp_path):
    nonce = "0123456789abcdef"
    (tmp_path / "mailbox").write_text(f"{nonce} ok cheap\n{nonce} figure hypercall 118\nfedcba9876543210 figure hypercall 1\n"
                                      f"{nonce} figure odd\n{nonce} done 0x1\n")
    booted = boots.Booted(tmp_path, None, 0, "")
    booted.read_mailbox({"guest": nonce})
    assert booted.figures == {"hypercall": 118}
    lab = config.find(["13"])[0]
    for passed in (0, 1):
        graded = Graded(lab, [Outcome(lab.test[0], passed, 1)], figures={"costs: hypercall": 118})
        report.write_gradescope(graded, tmp_path / "results.json")
        board = json.loads((tmp_path / "results.json").read_text()).get("leaderboard")
        assert board == ([{"name": "costs: hypercall", "value": 118, "order": "asc"}] if passed else None)


@each_lab
def test_each_file_of_a_task_has_a_beginning_and_a_solution_and_they_differ(lab, tmp_path):
    skeleton.write(lab, tmp_path / "start")
    skeleton.write(lab, tmp_path / "solved", solved=True)
    for name, task in lab.files.items():
        begun = (tmp_path / "start" / name).read_text()
        assert begun == (lab.folder / "start" / name).read_text() != (tmp_path / "solved" / name).read_text()
        skeleton.write(lab, tmp_path / "before", upto=task - 1, force=True)
        skeleton.write(lab, tmp_path / "behind", upto=task, force=True)
        assert (tmp_path / "before" / name).read_text() == begun != (tmp_path / "behind" / name).read_text()
    assert sorted(path.name for path in (tmp_path / "start").iterdir()) == sorted(lab.handed_in)


@each_lab
def test_handouts_are_whole(lab):
    text = (lab.folder / "handout.md").read_text()
    for heading in ("## Why", "## Background", "## Look first", "## Questions", "## How KVM and Xen do it", "## When it goes wrong", "## Challenges"):
        assert f"\n{heading}" in text, heading
    for task in lab.task:
        assert re.search(rf"^##+ Task {task.n}\b", text, re.MULTILINE), task.n
    assert handout.blocks(lab)
    assert (lab.folder / "staff/answers.md").exists()


def lab_with(tmp_path, monkeypatch, toml):
    monkeypatch.setattr(config, "ROOT", tmp_path)
    folder = tmp_path / "lab99-x"
    folder.mkdir()
    (folder / "lab.toml").write_text(toml)
    return config.load(folder)


@pytest.mark.parametrize("toml, complaint", [
    ('id = "99"\ntitle = "x"\n', "edit is missing"),
    ('id = "99"\ntitle = "x"\nedit = []\ncolour = "red"\n', "colour: there is no such key"),
    ('id = "99"\ntitle = "x"\nedit = ["src/none.c"]\n', "src/none.c"),
    ('id = "99"\ntitle = "x"\nedit = []\n[[test]]\nid = "H.a"\npoints = 100\n', "test H.a: program is missing"),
    ('id = "99"\ntitle = "x"\nedit = []\n[[test]]\nid = "Q.a"\npoints = 100\nboot = "b"\n', "boot b: there is no such boot"),
    ('id = "99"\ntitle = "x"\nedit = []\n[[test]]\nid = "H.a"\npoints = 99\nprogram = "p"\n', "the points are 99, not 100"),
    ('id = "99"\ntitle = "x"\nedit = []\n[[test]]\nid = "A.a"\npoints = 100\nanswer = "x"\n', "test A.a: boot is missing"),
    ('id = "99"\ntitle = "x"\nedit = []\n[[boot]]\nid = "b"\n[[test]]\nid = "A.a"\npoints = 100\nanswer = "x"\nboot = "b"\n',
     "test A.a: measure is missing"),
    ('id = "99"\ntitle = "x"\nedit = []\n[[test]]\nid = "G.a"\npoints = 100\nboot = "b"\n', "test G.a: printed is missing"),
    ('id = "99"\ntitle = "x"\nedit = []\n[[test]]\nid = "S.a"\npoints = 100\n', "test S.a: order or count is missing"),
    ('id = "99"\ntitle = "x"\nedit = []\n[[test]]\nid = "S.a"\npoints = 100\ncount = { isb = "many" }\n', "test S.a: 'many' is no bound"),
    ('id = \n', "lab99-x/lab.toml"),
])
def test_a_bad_lab_is_told_with_its_key(tmp_path, monkeypatch, toml, complaint):
    with pytest.raises(LabError, match=re.escape(complaint)):
        lab_with(tmp_path, monkeypatch, toml)


def regions(text):
    return skeleton.regions("x.c", text.split("\n"))


def test_regions_take_the_name_of_their_function():
    text = "static int one(void)\n{\n\t/* LAB 04.2 */\n\treturn 1;\n\t/* END LAB */\n}\n\n/* LAB 04.3 helpers */\nint x;\n/* END LAB */\n"
    assert [(r.name, r.task, r.indent) for r in regions(text)] == [("one", 2, "\t"), ("helpers", 3, "")]


@pytest.mark.parametrize("text, complaint", [
    ("\t/* LAB 04.1 */\n", "LAB without END LAB"),
    ("\t/* END LAB */\n", "END LAB without LAB"),
    ("\t/* LAB 04.1 */\n\t/* LAB 04.1 */\n\t/* END LAB */\n", "LAB inside LAB"),
])
def test_regions_that_do_not_close_are_told(text, complaint):
    with pytest.raises(LabError, match=complaint):
        regions(text)


@pytest.mark.parametrize("wanted, got, agree", [
    (["a 12 b"], ["a 0x7f b"], True),
    (["a 12 b"], ["a 12 c"], False),
    (["...", "end"], ["x", "y", "end"], True),
    (["one"], ["one", "two"], False),
    (["one", "..."], ["one", "two"], True),
    (["one", "two"], ["one"], False),
])
def test_quoted_output_agrees_but_for_numbers(wanted, got, agree):
    assert (handout.agrees(wanted, got) is None) == agree


def graded_object(monkeypatch, tmp_path, disassembly, globals_, **keys):
    lab = config.find(["04"])[0]
    monkeypatch.setattr(host, "run", lambda words: type("Done", (), {"stdout": disassembly}))
    monkeypatch.setattr(host.build, "symbols", lambda path: globals_)
    outcome = Outcome(config.Test(id="S.x", points=1, function="outer", **keys))
    host.grade_object(outcome, lab, tmp_path)
    return outcome


DISASSEMBLY = """\
0000000000000000 <outer>:
   0:\tdsb\tishst
   4:\tbl\t0 <outer>
\t\t\t4: R_AARCH64_CALL26\t.text.inner
   8:\tisb
   c:\tb\t0 <other>
\t\t\tc: R_AARCH64_JUMP26\tother

0000000000000000 <inner>:
   0:\tdsb\tishst
   4:\tbl\t0 <inner>
\t\t\t4: R_AARCH64_CALL26\t.text.inner

0000000000000000 <other>:
   0:\tdsb\tishst
"""


@pytest.mark.parametrize("deep, count, said", [
    (True, ">= 2", None),
    (True, ">= 3", "outer: 2 times dsb ishst, expected >= 3"),
    (False, ">= 2", "outer: 1 times dsb ishst, expected >= 2"),
])
def test_barriers_are_counted_where_they_stand_inlined_or_not(monkeypatch, tmp_path, deep, count, said):
    outcome = graded_object(monkeypatch, tmp_path, DISASSEMBLY, {"outer", "other"}, deep=deep, count={r"dsb ishst$": count})
    assert outcome.failures == ([said] if said else []) and outcome.ok == (said is None)


def test_an_instruction_that_is_missing_is_named_as_a_person_would(monkeypatch, tmp_path):
    outcome = graded_object(monkeypatch, tmp_path, DISASSEMBLY, {"outer", "other"}, order=[r"dsb ishst", r"\bisb\b", r"^eret\b"])
    assert (outcome.passed, outcome.total, outcome.failures) == (2, 3, ["outer: after dsb ishst, isb there is no eret"])


def test_a_failed_case_is_told_with_its_assertion_and_which_value_is_which():
    path = ROOT / "tests/unit/test_stage2.c"
    number = next(n for n, line in enumerate(path.read_text().splitlines(), 1) if "STAGE2_RWX), VT_EEXIST" in line)
    told = host._told(f"0 != 0x4\n{path}:{number}: error: Failure!")
    assert told == (f"tests/unit/test_stage2.c:{number}: seen 0, expected 0x4\n"
                    "    assert_int_equal(stage2_map(&s2, RAM, PA, 64 * MIB, STAGE2_RWX), VT_EEXIST);")
    assert host._told("no word of where") == "no word of where"


def test_a_crash_is_told_with_its_reason(tmp_path):
    (tmp_path / "vitrine.log").write_text("[    0.1] crash: vm guest vcpu 0: it can not be entered\n[    0.1]   exit: entry refused, esr 0x0\n"
                                          "[    0.1]   entry refused at pc 0x40080000: VMID 0 in VTTBR\n[    0.1]   x0  0\n")
    ended = boots.Booted(tmp_path, None, 3, "").how_it_ended()
    assert ended == "crash: vm guest vcpu 0: it can not be entered: entry refused at pc 0x40080000: VMID 0 in VTTBR"


@pytest.mark.parametrize("pattern, chosen", [("H.[au]*", "04"), ("H.vmid", "04"), ("S.regi?ters", "")])
def test_a_pattern_that_names_no_test_is_a_usage_error(pattern, chosen):
    labs = config.find(["04"])
    if chosen:
        assert [lab.id for lab in main._with_tests(labs, pattern)] == [chosen]
    else:
        with pytest.raises(LabError, match=r"--only S\.regi\?ters: no test has such an id; there are H\.attributes H\.registers"):
            main._with_tests(labs, pattern)
