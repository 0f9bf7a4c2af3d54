"""Trees for students and for graders.

`open`: our tree as it is, without what only staff may see. `course`: also without the source of what the labs ask for: in its place
stand skeletons, and objects that the build links. No line of a solution may be in such a tree: that is looked for at the end.
"""

import collections
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from . import build, config, skeleton
from .common import BUILD, ROOT, Infrastructure, LabError, make, run

TELLING_CHARS = 28  # a shorter line of a body may stand anywhere
LEAK_LINES = 3  # so many lines of one body in one file give it away
SOURCE_FOLDERS = ("src/", "asm/", "trace/", "gdbstub/", "include/")
VARIANTS = {"": [], "-gdb": ["GDB=1"]}
TEMPLATES = ROOT / "labs/lib/course"


def _tracked():
    done = run(["git", "ls-files", "-z"], cwd=ROOT)
    if done.returncode:
        raise Infrastructure(f"git ls-files: {done.stderr.strip()}")
    return [name for name in done.stdout.split("\0") if name and (ROOT / name).exists()]


def _copy(names, target):
    for name in names:
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, place, follow_symlinks=False)


def _files_of(lab, tests):
    """What these tests are made of, from the tree's root: programs, golden sequences, and the boots that they look at."""
    boots = [lab.boot_named(test.boot) for test in tests if test.boot]
    names = {test.program for test in tests} | {test.golden for test in tests} | {boot.wire for boot in boots}
    for guest in [boot.guest for boot in boots] + [node["guest"] for boot in boots for node in boot.nodes]:
        if guest.startswith("lab:"):
            names |= {f"guests/{guest[4:]}.c", f"guests/{guest[4:]}-asm.S"}
    folder = lab.folder.relative_to(ROOT)
    return {name if name.startswith("tests/unit/") else str(folder / name) for name in names - {""}}


def _withhold(labs, target):
    """Take out the tests marked hidden, and what only they are made of. What they were worth: a student's 100 is then what is left,
    scaled by the grader."""
    hidden, seen = set(), set()
    for lab in labs:
        hidden |= _files_of(lab, [test for test in lab.test if test.hidden])
        seen |= _files_of(lab, [test for test in lab.test if not test.hidden])
        boots = {test.boot for test in lab.test if test.hidden} - {test.boot for test in lab.test if not test.hidden}
        path = target / lab.folder.relative_to(ROOT) / "lab.toml"
        blocks = re.split(r"(?m)^(?=\[\[)", path.read_text())
        path.write_text("".join(block for block in blocks
                                if not (block.startswith("[[test]]") and re.search(r"(?m)^hidden *= *true", block))
                                and not (block.startswith("[[boot]]") and re.search(r'(?m)^id *= *"(.*)"', block)[1] in boots)))
    for name in hidden - seen:
        (target / name).unlink(missing_ok=True)


def _prebuilt(labs, target):
    """Objects in place of the sources that the labs ask for: for the machine, and for host tests of other modules."""
    references = sorted({reference for lab in labs for reference in lab.edit})
    for suffix, options in VARIANTS.items():
        wanted = [r for r in references if suffix or not r.startswith("gdbstub/")]
        folder = f"aarch64-linux-gnu-gcc-O2{suffix}"
        done = make("MODE=O2", *options, *[f"build/{folder}/{os.path.splitext(r)[0]}.o" for r in wanted])
        if done.returncode:
            raise Infrastructure(f"the reference does not build: {done.stderr[-2000:]}")
        for reference in wanted:
            name = os.path.splitext(reference)[0] + ".o"
            place = target / f"prebuilt/target{suffix}" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            run(["aarch64-linux-gnu-objcopy", "--strip-debug", BUILD / folder / name, place])
    plain = [flag for flag in build.host_command() if not flag.startswith(("-fsanitize", "-fno-sanitize", "-g"))]
    for reference in references:
        if reference.endswith(".c"):
            place = target / "prebuilt/host" / (os.path.splitext(reference)[0] + ".o")
            place.parent.mkdir(parents=True, exist_ok=True)
            # One that cannot be compiled for the host is in no host test.
            run([*plain, "-c", "-o", place, reference], cwd=ROOT)


def _telling_lines(labs):
    """{line of a solution: the region where it stands}, without those that modules of no lab also have: idioms."""
    inside, outside = {}, set()
    withheld = {reference for lab in labs for reference in lab.edit}
    for name in _tracked():
        if name.startswith(SOURCE_FOLDERS) and name not in withheld:
            outside.update(line.strip() for line in (ROOT / name).read_text(errors="replace").split("\n"))
    for reference in withheld:
        lines = (ROOT / reference).read_text().split("\n")
        covered = set()
        for region in skeleton.regions(reference, lines):
            for number in range(region.first + 1, region.last):
                covered.add(number)
                text = lines[number].strip()
                if len(text) >= TELLING_CHARS and not text.startswith(("/*", "*")):
                    inside[text] = f"{reference}:{region.first + 1}"
        outside.update(line.strip() for number, line in enumerate(lines) if number not in covered)
    return {text: place for text, place in inside.items() if text not in outside}


def leaks(labs, target):
    """Files of this tree that hold a part of a solution: several telling lines of one body. One alone is a call in a test."""
    telling = _telling_lines(labs)
    telling_of = collections.Counter(telling.values())
    found = []
    for path in sorted(target.rglob("*")):
        if not path.is_file() or path.is_symlink():
            continue
        held = {line.strip() for line in path.read_bytes().decode(errors="replace").split("\n")} & telling.keys()
        for place, count in collections.Counter(telling[line] for line in held).items():
            if count >= min(LEAK_LINES, max(2, telling_of[place])):
                example = next(line for line in sorted(held) if telling[line] == place)
                found.append(f"{path.relative_to(target)}: {count} lines of the solution at {place}, such as: {example}")
    return found


def _draw(folder):
    """The figures of a handout, which our site draws when it is built: a student's machine may have no dot."""
    for source in sorted(folder.glob("*.dot")):
        done = run(["dot", "-Tsvg", "-o", source.with_suffix(".svg"), source])
        if done.returncode:
            raise Infrastructure(f"dot: {done.stderr.strip()}")


def release(mode, target, hidden_too=False):
    target = pathlib.Path(target)
    if target.exists() and any(target.iterdir()):
        raise LabError(f"{target}: is not empty")
    labs = config.all_labs()
    withheld = {reference for lab in labs for reference in lab.edit} if mode == "course" else set()
    # The skeletons are in a course's tree; what they were made of would tell where lab 13 has changed something.
    recipes = {f"{lab.folder.relative_to(ROOT)}/starter.toml" for lab in labs} if mode == "course" else set()
    _copy([name for name in _tracked() if name not in withheld | recipes and "/staff/" not in name and not name.startswith((".ci/",))],
          target)
    for lab in labs:
        folder = target / lab.folder.relative_to(ROOT)
        _draw(folder)
        if mode == "course":
            (folder / "skeleton").mkdir()
            for reference in lab.edit:
                (folder / "skeleton" / pathlib.Path(reference).name).write_text(skeleton.cut(lab, reference))
    if not hidden_too:
        _withhold(labs, target)
    shutil.copytree(TEMPLATES, target, dirs_exist_ok=True)
    if mode == "course":
        _prebuilt(labs, target)
        found = leaks(labs, target)
        if found:
            raise LabError("the tree would give solutions away:\n" + "\n".join(found[:20]))
    return labs


def gradescope(lab, output):
    """The zip that Gradescope's autograder is made of: setup.sh and run_autograder at its root, our tree beside them."""
    with tempfile.TemporaryDirectory(prefix="gradescope-") as made:
        tree = pathlib.Path(made) / "vitrine"
        release("course", tree, hidden_too=True)
        for name in ("setup.sh", "run_autograder"):
            text = (ROOT / "labs/lib/gradescope" / name).read_text().replace("@LAB@", lab.id)
            (pathlib.Path(made) / name).write_text(text)
            (pathlib.Path(made) / name).chmod(0o755)
        output = pathlib.Path(output).resolve()
        output.unlink(missing_ok=True)
        done = run(["zip", "-qry", output, "."], cwd=made)
        if done.returncode:
            raise Infrastructure(f"zip: {done.stderr.strip() or done.stdout.strip()}")


def verify_released(lab, work_of, made):
    """The solution, put into a released tree, scores 100 there. What is wrong, or nothing."""
    tree = made / "released"
    if not tree.exists():
        release("course", tree)
    shutil.copytree(work_of, tree / lab.folder.relative_to(ROOT) / "work", dirs_exist_ok=True)
    try:
        done = subprocess.run(["tools/lab", "grade", lab.id], cwd=tree, capture_output=True, text=True, check=False, timeout=1800,
                              env={k: v for k, v in os.environ.items() if k != "VITRINE_BUILD"})
    except subprocess.TimeoutExpired:
        return "in the released tree: no end"
    score = re.search(r": ([\d.]+) of (\d+) points", done.stdout)
    if done.returncode or not score or score[1] != score[2]:
        return f"in the released tree: {score[0] if score else ''} {(done.stdout + done.stderr)[-1500:]}"
    return ""


def _release(args):
    labs = release(args.mode, args.folder)
    print(f"{args.folder}: {len(labs)} labs, {args.mode} mode" + ("; no line of a solution is in it" if args.mode == "course" else ""))
    return 0


def _gradescope(args):
    lab = config.find([args.lab])[0]
    gradescope(lab, args.output)
    print(f"{args.output}: upload it as the autograder of lab {lab.id}")
    return 0


def add_commands(command):
    sub = command("release", "make the tree that students get", _release, None)
    sub.add_argument("mode", choices=("course", "open"), help="course: no source of what the labs ask for; open: all of it")
    sub.add_argument("folder", type=pathlib.Path, metavar="DIR", help="does not exist yet, or is empty")
    sub = command("gradescope", "make the zip file for Gradescope", _gradescope, None)
    sub.add_argument("lab", metavar="LAB")
    sub.add_argument("output", type=pathlib.Path, metavar="OUT.zip")
