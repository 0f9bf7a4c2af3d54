"""The labs' grader, on lab 4: what it says of a skeleton, of the reference and of a solution that lets one VM see another's memory;
what is no student's fault; and the tree that students get. `make labs-verify` does all of this to all labs, with all mutants."""

import json
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

import harness
from lablib import build, common, config, release, skeleton, verify

pytestmark = pytest.mark.once
LAB = config.find(["04"])[0]


def lab(*arguments, **environment):
    return subprocess.run([harness.ROOT / "tools/lab", *arguments], capture_output=True, text=True, check=False, timeout=600,
                          env={**os.environ, **environment})


@pytest.fixture(name="solved", scope="module")
def solved_work(tmp_path_factory):
    work = tmp_path_factory.mktemp("solved")
    skeleton.write(LAB, work, solved=True)
    return work


def test_the_reference_scores_all_points_in_every_form(solved, tmp_path):
    files = {kind: tmp_path / kind for kind in ("json", "junit", "gradescope")}
    done = lab("grade", "04", "--work", str(solved), *[f"--{kind}={path}" for kind, path in files.items()])
    assert done.returncode == 0 and "100 of 100 points" in done.stdout, done.stdout + done.stderr
    graded = json.loads(files["json"].read_text())[0]
    assert graded["score"] == graded["max_score"] == 100 and all(test["status"] == "passed" for test in graded["tests"])
    cases = ElementTree.parse(files["junit"]).findall("./testsuite/testcase")
    assert len(cases) == len(LAB.test) and not any(list(case) for case in cases)
    scope = json.loads(files["gradescope"].read_text())
    assert scope["score"] == 100 and sum(test["max_score"] for test in scope["tests"]) == 100


def test_an_unwritten_function_says_who_called_it_and_which_task_it_is(tmp_path):
    skeleton.write(LAB, tmp_path)
    done = lab("grade", "04", "--work", str(tmp_path), "--only", "Q.corners")
    assert done.returncode == 1, done.stderr
    assert "LAB 04: stage2_init() is yours to write, called from vm_create+0x" in done.stdout and "see task 1" in done.stdout


def test_a_vm_that_sees_another_ones_memory_costs_half_of_the_points(tmp_path):
    mutant = next(m for m in verify.mutants_of(LAB) if m.name == "init: no VMID in VTTBR_EL2")
    verify.mutate(LAB, mutant, tmp_path)
    report = tmp_path / "report.json"
    done = lab("grade", "04", "--work", str(tmp_path), "--json", str(report))
    graded = json.loads(report.read_text())[0]
    walls = next(test for test in graded["tests"] if test["id"] == "Q.walls")
    assert done.returncode == 1 and graded["score"] <= 50, done.stdout
    assert walls["points"] == 0 and walls["failures"] and len(walls["events"]) == 20, done.stdout


def test_code_that_does_not_compile_is_shown_with_the_compilers_words(solved, tmp_path):
    shutil.copytree(solved, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "stage2.c"
    path.write_text(path.read_text() + "\nint stage2_extra(void)\n{\n\treturn 1;\n}\n")
    done = lab("grade", "04", "--work", str(tmp_path), "--only", "S.map")
    assert done.returncode == 1 and "stage2_extra" in done.stdout
    path.write_text("int x = ;\n")
    done = lab("grade", "04", "--work", str(tmp_path))
    assert done.returncode == 1 and "stage2.c:1:9: error" in done.stdout and ": 0 of 100" in done.stdout


def test_a_missing_tool_costs_no_points(solved, tmp_path):
    """An infrastructure error: a status of its own, and no report that somebody could take for a score."""
    broken = tmp_path / "bin"
    broken.mkdir()
    (broken / "qemu-system-aarch64").write_text("#!/bin/sh\necho 'no such machine' >&2\nexit 1\n")
    (broken / "qemu-system-aarch64").chmod(0o755)
    report = tmp_path / "report.json"
    done = lab("grade", "04", "--work", str(solved), "--only", "Q.walls", "--json", str(report), PATH=f"{broken}:{os.environ['PATH']}")
    assert done.returncode == 2 and "INFRASTRUCTURE" in done.stderr and not report.exists(), done.stdout + done.stderr


def test_only_the_labs_files_are_taken_from_a_submission(solved, tmp_path):
    shutil.copy(solved / "stage2.c", tmp_path / "stage2.c")
    (tmp_path / "lab.toml").write_text("not for us")
    done = lab("grade", "04", "--submission", str(tmp_path), "--only", "H.registers")
    assert done.returncode == 0, done.stdout + done.stderr
    (tmp_path / "stage2.c").unlink()
    (tmp_path / "stage2.c").symlink_to("/etc/passwd")
    done = lab("grade", "04", "--submission", str(tmp_path))
    assert done.returncode == 3 and "stage2.c was not handed in" in done.stderr


def test_a_boot_under_gdb_waits_for_it_and_goes_on():
    port = common.free_port()
    with subprocess.Popen([harness.ROOT / "tools/lab", "run", "04", "corners", "--reference", f"--gdb={port}"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as boot:
        said = "".join(iter(lambda: "" if "gdb-multiarch" in (line := boot.stdout.readline()) else line, ""))
        gdb = subprocess.run(["gdb-multiarch", "-batch", "-ex", "set architecture aarch64", "-ex", f"target remote 127.0.0.1:{port}",
                              "-ex", "tbreak first", "-ex", "continue", "-ex", "backtrace", "-ex", "detach"],
                             capture_output=True, text=True, check=False)
        said += boot.stdout.read()
    assert "in first (" in gdb.stdout and boot.returncode == 0 and "it ended well" in said, said + gdb.stdout + gdb.stderr


def test_the_course_tree_has_no_solution_and_builds_without_one(tmp_path):
    tree = tmp_path / "course"
    labs = release.release("course", tree)
    assert not [*tree.rglob("staff"), *tree.rglob("starter.toml")] and not any((tree / name).exists() for one in labs for name in one.edit)
    for one in labs:
        told = (tree / one.folder.relative_to(harness.ROOT) / "lab.toml").read_text()
        assert "hidden" not in re.findall(r"(?m)^(\w+) *=", told) and not [t.id for t in one.test if t.hidden and f'id = "{t.id}"' in told]
    only_hidden = ["labs/lab08-vgic/guests/keep.c", "labs/lab09-timer/tests/test_ptimer_model.c", "labs/lab12-gdb/wire/noise.txt"]
    assert all((harness.ROOT / name).exists() and not (tree / name).exists() for name in only_hidden)
    assert (tree / "labs/lab12-gdb/wire/session.txt").exists() and (tree / "labs/lab08-vgic/guests/few.c").exists()
    assert (tree / "labs/lab00-toolbox/start/session.gdb").exists() and (tree / "labs/lab00-toolbox/guests/safe.c").exists()
    assert all((tree / one.folder.relative_to(harness.ROOT) / "figure.svg").exists() for one in labs
               if "(figure.svg)" in (one.folder / "handout.md").read_text())
    assert (tree / ".devcontainer/devcontainer.json").exists() and (tree / ".github/workflows/classroom.yml").exists()
    (tree / "docs/leak.md").write_text(skeleton.cut(LAB, LAB.edit[0], keep_all=True))
    assert any("docs/leak.md" in leak for leak in release.leaks(labs, tree)), "a solution in the tree is not seen"


def test_all_labs_at_once_boot_linux(tmp_path):
    """A hypervisor whose every module of a lab is compiled as a student's is."""
    for one in config.all_labs():
        skeleton.write(one, tmp_path / "work", solved=True, force=True)
    with build.forgotten("all-test"):
        done = subprocess.run(["make", "-s", "build", "LABS=all", f"LAB_WORK={tmp_path / 'work'}", "LAB_TAG=all-test"], cwd=harness.ROOT, check=False,
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        run = harness.run(tmp_path, "--hypervisor", harness.BUILD / "vitrine-all-test.img", stdin=b"nproc\npoweroff -f\n", trace=False)
        assert run.status == 0 and "\n4\n" in run.console, run.report()
