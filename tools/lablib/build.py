"""Building what is graded: the image with a student's modules, his objects, host tests, guests."""

import contextlib
import functools
import os
import pathlib
import re
import shutil
import threading
import zlib

from .common import BUILD, ROOT, Infrastructure, LabError, make, run


class BuildFailed(Exception):
    """The student's file does not compile or link, or breaks a rule of the lab: the compiler's words."""


def _options(lab, work, tag):
    options = [f"LAB={lab.id}", f"LAB_WORK={work}", f"LAB_TAG={tag}"]
    if lab.gdb:
        options.append("GDB=1")
    return options


def tag_of(lab, work):
    """The name of the image made from this folder of work: objects of two folders must not meet."""
    work = pathlib.Path(work).resolve()
    return f"lab{lab.id}" if work == lab.work else f"lab{lab.id}-{zlib.crc32(os.fsencode(work)):08x}"


def _forget(tag):
    for path in BUILD.glob(f"vitrine*-{tag}.img"):
        path.unlink()
    for path in BUILD.glob(f"*/{tag}"):
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def forgotten(tag):
    """What is built under this tag does not stay, nor does what a run has left that was killed."""
    _forget(tag)
    try:
        yield
    finally:
        _forget(tag)


def check_files(lab, work):
    for name in lab.handed_in:
        if not lab.work_file(name, work).exists():
            raise LabError(f"{lab.work_file(name, work)}: not there; `tools/lab start {lab.id}` makes it")


def image(lab, work, tag):
    """The hypervisor's image, and its folder of objects. One image for all, where no module is the student's."""
    if not lab.edit:
        with _one_at_a_time:
            return _image(lab, work, f"lab{lab.id}")
    return _image(lab, work, tag)


_one_at_a_time = threading.Lock()


def _image(lab, work, tag):
    done = make(*_options(lab, work, tag), "build")
    suffix = "-gdb" if lab.gdb else ""
    if done.returncode:
        said = done.stderr or done.stdout
        if str(work) not in said and f"/{tag}/" not in said:
            raise Infrastructure(f"the reference does not build: {said[-2000:]}")
        raise BuildFailed(_shortened(said))
    return BUILD / f"vitrine{suffix}-{tag}.img", BUILD / f"aarch64-linux-gnu-gcc-O2{suffix}/{tag}"


def reference_image(lab):
    """The finished hypervisor."""
    done = make(*(["GDB=1"] if lab.gdb else []), "build")
    if done.returncode:
        raise Infrastructure(f"the reference does not build: {done.stderr[-2000:]}")
    return BUILD / f"vitrine{'-gdb' if lab.gdb else ''}.img"


def _shortened(text):
    lines = [line for line in text.splitlines() if not line.startswith("make")]
    return "\n".join(lines[:40]) or text


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
    gdb = "-gdb" if objects.parent.name.endswith("-gdb") else ""
    built, shipped = objects.parent / name, ROOT / f"prebuilt/target{gdb}" / name
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


class HostObjects:
    """What host tests are made of, compiled once: all but the student's own files. Made in a folder that nobody else has."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.made, self.lock = {}, threading.Lock()

    def get(self, source, flags):
        with self.lock:
            key = (str(source), *flags)
            if key not in self.made:
                output = self.folder / f"{len(self.made)}.o"
                _compile(source, flags, output)
                self.made[key] = output
            return self.made[key]


def _compile(source, flags, output):
    done = run([*host_command(), *flags, "-c", "-o", output, source], cwd=ROOT)
    if done.returncode:
        raise BuildFailed("\n".join(done.stderr.splitlines()[:40]))


def host_source(lab, program):
    """A host test's file, what it tests, and how that is compiled."""
    path = ROOT / program if program.startswith("tests/unit/") else lab.folder / program
    head = path.read_text().split("\n", 3)[:3]
    sources, flags = _SOURCES.match(head[1]), _FLAGS.match(head[2])
    if not sources:
        raise LabError(f"{path}: its second line does not name the sources")
    return path, _sources(sources[1], lab), flags[1].split() if flags else []


def _including(program, source, work_file):
    """How to compile a test that includes the student's file for what is static in it: by the name LAB_FILE; or nothing."""
    if not re.search(r"^#include LAB_FILE$", program.read_text(), re.MULTILINE):
        return None
    return [f'-DLAB_FILE="{work_file}"', f"-I{os.path.dirname(source)}", "-include", "src/lib/lab.h", "-Itests/unit"]


def _sources(text, lab):
    """The only variable that stands there names a whole folder, of which a course's tree lacks what its labs ask for."""
    there = [str(path.relative_to(ROOT)) for path in ROOT.glob("gdbstub/*.c")]
    there += [f"gdbstub/{path.stem}.c" for path in ROOT.glob("prebuilt/host/gdbstub/*.o")]
    there += [reference for reference in lab.edit if reference.startswith("gdbstub/")]
    return text.replace("$(GDBSTUB_SOURCES)", " ".join(sorted(set(there)))).split()


def host_program(lab, program, work, output, objects):
    """Link one host test with the student's files in the reference's place. The test's source."""
    path, sources, given = host_source(lab, program)
    inside = _including(path, lab.edit[0], lab.work_file(lab.edit[0], work))
    chosen = [objects.get("labs/lib/host.c", tuple(given))]
    if inside:
        chosen.append(output.with_suffix(".test.o"))
        _compile(path, [*given, *inside], chosen[-1])
    else:
        chosen.append(objects.get(path, (*given, "-Itests/unit")))
    for source in sources:
        if inside and source == lab.edit[0]:
            continue
        if source in lab.edit:
            made = output.with_suffix(f".{len(chosen)}.o")
            _compile(lab.work_file(source, work), [*given, f"-I{os.path.dirname(source)}", "-include", "src/lib/lab.h"], made)
            chosen.append(made)
        elif (ROOT / source).exists():
            chosen.append(objects.get(source, tuple(given)))
        else:
            chosen.append(ROOT / f"prebuilt/host/{os.path.splitext(source)[0]}.o")
    done = run([*host_command(), *given, "-o", output, *chosen, "-lcmocka", "-lfdt", "-lz"], cwd=ROOT)
    if done.returncode:
        raise BuildFailed("\n".join(done.stderr.splitlines()[:40]))
    return path
