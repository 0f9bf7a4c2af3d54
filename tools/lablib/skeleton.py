"""From the reference to what a student starts with.

The reference has regions, `/* LAB 04.3 */` to `/* END LAB */`. One inside a function becomes LAB_TODO("04", 3), with the starter
text of that function before it; one at the left margin becomes its starter text or nothing. The starter texts are in the lab's
starter.toml, by the function's name, or by the name that stands in the marker.
"""

import re
import textwrap
import tomllib
from dataclasses import dataclass

from .common import ROOT, LabError

BEGIN = re.compile(r"^(?P<indent>\s*)/\* LAB (?P<lab>\d\d)\.(?P<task>\d+)(?: (?P<name>[\w.]+))? \*/\s*$")
END = re.compile(r"^\s*/\* END LAB \*/\s*$")
# A function's first line stands at the left margin and has its name before the first parenthesis.
DEFINED = re.compile(r"^[A-Za-z_][^;=]*?\b(\w+)\(")
WIDTH = 92


@dataclass
class Region:
    first: int  # line numbers from 0: the marker
    last: int  # the end marker
    lab: str
    task: int
    name: str
    indent: str


def regions(path, lines):
    """The regions of a file, in order."""
    found, begin, function = [], None, None
    for number, line in enumerate(lines):
        match = BEGIN.match(line)
        if match:
            if begin:
                raise LabError(f"{path}:{number + 1}: LAB inside LAB")
            begin = (number, match)
        elif END.match(line):
            if not begin:
                raise LabError(f"{path}:{number + 1}: END LAB without LAB")
            first, match = begin
            name = match["name"] or (function if match["indent"] else "")
            found.append(Region(first, number, match["lab"], int(match["task"]), name or "", match["indent"]))
            begin = None
        elif not begin and DEFINED.match(line):
            function = DEFINED.match(line)[1]
    if begin:
        raise LabError(f"{path}:{begin[0] + 1}: LAB without END LAB")
    return found


def _comment(text, indent):
    """A block comment of the kernel's kind."""
    width = WIDTH - len(indent.expandtabs(8))
    lines = []
    for paragraph in text.strip().split("\n\n"):
        lines += textwrap.wrap(" ".join(paragraph.split()), width) + [""]
    lines.pop()
    if len(lines) == 1 and len(lines[0]) < width - 6:
        return [f"{indent}/* {lines[0]} */"]
    return [f"{indent}/*"] + [f"{indent} * {line}".rstrip() for line in lines] + [f"{indent} */"]


def _replacement(region, starter, assembly):
    given = starter.get(region.name, {})
    lines = []
    if given.get("comment"):
        lines += _comment(given["comment"], region.indent)
    if given.get("code"):
        lines += [region.indent + line if line else "" for line in textwrap.dedent(given["code"]).strip("\n").split("\n")]
    if region.indent and not assembly and given.get("todo", True):
        lines.append(f'{region.indent}LAB_TODO("{region.lab}", {region.task});')
    return lines


def starter_of(lab):
    path = lab.folder / "starter.toml"
    return tomllib.loads(path.read_text()) if path.exists() else {}


def bodies_of(path, names):
    """{name: lines} of another right solution: it holds no more than the bodies, each in its region."""
    lines = path.read_text().split("\n")
    found = {region.name: lines[region.first + 1:region.last] for region in regions(path, lines)}
    for name in found:
        if name not in names:
            raise LabError(f"{path}: {name}: the reference has no such region")
    return found


def cut(lab, reference, upto=0, keep_all=False, alternative=None):
    """The text of one file: skeleton of what `lab` asks for beyond task `upto`, or with all bodies, an alternative's where it has
    one; no marker of any lab remains."""
    path = ROOT / reference
    lines = path.read_text().split("\n")
    starter = starter_of(lab)
    bodies = {}
    if alternative and (alternative / f"{path.name}.bodies").exists():
        bodies = bodies_of(alternative / f"{path.name}.bodies", {region.name for region in regions(reference, lines)})
    out, at = [], 0
    for region in regions(reference, lines):
        out += lines[at:region.first]
        body = lines[region.first + 1:region.last]
        if keep_all or region.lab != lab.id or region.task <= upto:
            out += bodies.get(region.name, body)
        else:
            out += _replacement(region, starter, reference.endswith(".S"))
        at = region.last + 1
    return "\n".join(out + lines[at:])


def _write_file(lab, name, folder, solved, force, alternative):
    """Work that is no module, whole: as it begins, as the reference has it, or as an alternative."""
    target = folder / name
    if target.exists() and not force:
        raise LabError(f"{target}: is there already; --force writes over it")
    source = lab.folder / ("staff/solution" if solved else "start") / name
    if solved and alternative and (alternative / name).exists():
        source = alternative / name
    if not source.exists():
        raise LabError(f"{source}: is not there: this tree has no solution of lab {lab.id}")
    target.write_text(source.read_text())


def write(lab, folder, upto=0, solved=False, force=False, alternative=None):
    """Fill a folder with the files of a lab; `alternative`: a folder of staff/alt."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in lab.files:
        _write_file(lab, name, folder, solved or lab.files[name] <= upto, force, alternative)
    for reference in lab.edit:
        target = lab.work_file(reference, folder)
        if target.exists() and not force:
            raise LabError(f"{target}: is there already; --force writes over it")
        if (lab.folder / "skeleton").exists() and not solved and not upto:  # a student's tree has no reference to cut from
            text = (lab.folder / "skeleton" / target.name).read_text()
        elif not (ROOT / reference).exists():
            raise LabError(f"{reference}: this tree has no reference source of lab {lab.id}")
        else:
            text = cut(lab, reference, upto, solved, alternative)
        target.write_text(text)
