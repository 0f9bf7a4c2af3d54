"""Building what is graded: the image with a student's modules, his objects, host tests, guests."""

import functools
import os
import re

from .common import BUILD, ROOT, Infrastructure, LabError, make, run


class BuildFailed(Exception):
    """The student's file does not compile or link, or breaks a rule of the lab: the compiler's words."""


def _options(lab, work, tag):
    options = [f"LAB={lab.id}", f"LAB_WORK={work}", f"LAB_TAG={tag}"]
    if lab.gdb:
        options.append("GDB=1")
    return options


def check_files(lab, work):
    for reference in lab.edit:
        if not lab.work_file(reference, work).exists():
            raise LabError(f"{lab.work_file(reference, work)}: not there; `tools/lab start {lab.id}` makes it")


def image(lab, work, tag):
    """The hypervisor's image, and its folder of objects."""
    done = make(*_options(lab, work, tag), "build")
    suffix = "-gdb" if lab.gdb else ""
    if done.returncode:
        said = done.stderr or done.stdout
        if str(work) not in said and f"/{tag}/" not in said:
            raise Infrastructure(f"the reference does not build: {said[-2000:]}")
        raise BuildFailed(_shortened(said))
    return BUILD / f"vitrine{suffix}-{tag}.img", BUILD / f"aarch64-linux-gnu-gcc-O2{suffix}/{tag}"


def _shortened(text):
    lines = [line for line in text.splitlines() if not line.startswith("make")]
    return "\n".join(lines[:40])


def interface(lab, objects):
    """What another lab's file may see of this one: the same symbols as the reference has. Problems, one line each."""
    problems = []
    for reference in lab.edit:
        name = os.path.splitext(reference)[0] + ".o"
        mine, theirs = symbols(objects / name), symbols(_reference_object(objects, name))
        file = os.path.basename(reference)
        problems += [f"{file}: {symbol} is missing" for symbol in sorted(theirs - mine)]
        problems += [f"{file}: {symbol} is new: make it static" for symbol in sorted(mine - theirs)]
        problems += [f"{file}: a section {section}: not in this lab" for section in _odd_sections(objects / name)]
    return problems


def _reference_object(objects, name):
    built, shipped = objects.parent / name, ROOT / "prebuilt/target" / name
    return built if built.exists() else shipped


def reference_objects(lab):
    """Built once: what interface() compares with."""
    if lab.id in reference_objects.done:
        return
    names = [f"{BUILD}/aarch64-linux-gnu-gcc-O2{'-gdb' if lab.gdb else ''}/{os.path.splitext(r)[0]}.o" for r in lab.edit
             if (ROOT / r).exists()]
    if names:
        done = make("MODE=O2", *(["GDB=1"] if lab.gdb else []), *[os.path.relpath(name, ROOT) for name in names])
        if done.returncode:
            raise Infrastructure(f"the reference does not build: {done.stderr[-2000:]}")
    reference_objects.done.add(lab.id)


reference_objects.done = set()


def symbols(path):
    done = run(["aarch64-linux-gnu-nm", "-g", "--defined-only", path])
    if done.returncode:
        raise Infrastructure(done.stderr.strip())
    return {line.split()[-1] for line in done.stdout.splitlines() if line}


def _odd_sections(path):
    done = run(["aarch64-linux-gnu-objdump", "-h", path])
    return [name for name in re.findall(r"^\s+\d+ (\S+)", done.stdout, re.MULTILINE) if name.startswith((".init", ".fini", ".ctors"))]


def guest(name, lab):
    """A guest with a mailbox, as an ELF file."""
    return _guest(f"{lab.folder.name}/{name[4:]}.elf" if name.startswith("lab:") else f"labs/{name}.elf")


@functools.lru_cache(maxsize=None)
def _guest(path):
    """No student's file is in it, so that it is built once."""
    target = BUILD / "guests" / path
    done = make(os.path.relpath(target, ROOT))
    if done.returncode:
        raise Infrastructure(f"guest {path} does not build: {done.stderr[-2000:]}")
    return target


def host_command():
    if not host_command.words:
        done = make("lab-host-command")
        if done.returncode:
            raise Infrastructure(done.stderr.strip())
        host_command.words = done.stdout.split()
    return host_command.words


host_command.words = []

_SOURCES = re.compile(r"/\* sources: *(.*?) *\*/")
_FLAGS = re.compile(r"/\* flags: *(.*?) *\*/")


def host_program(lab, program, work, output):
    """Compile one host test with the student's files in the reference's place."""
    path = ROOT / program if program.startswith("tests/unit/") else lab.folder / program
    head = path.read_text().split("\n", 3)[:3]
    sources = _SOURCES.match(head[1])
    flags = _FLAGS.match(head[2])
    if not sources:
        raise LabError(f"{path}: its second line does not name the sources")
    chosen, include = [], []
    for source in sources[1].split():
        if source in lab.edit:
            chosen.append(lab.work_file(source, work))
            include.append(f"-I{os.path.dirname(source)}")
        elif (ROOT / source).exists():
            chosen.append(source)
        else:
            chosen.append(f"prebuilt/host/{os.path.splitext(source)[0]}.o")
    command = [*host_command(), *(flags[1].split() if flags else []), *include, "-Itests/unit", "-include", "src/lib/lab.h", "-o", output, path,
               *chosen, "labs/lib/host.c", "-lcmocka", "-lfdt", "-lz"]
    done = run(command, cwd=ROOT)
    if done.returncode:
        raise BuildFailed("\n".join(done.stderr.splitlines()[:40]))
    return path
