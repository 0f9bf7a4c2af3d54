"""The command line of tools/lab."""

import argparse
import pathlib
import sys
import tempfile

from vitrine_cli.options import DEFAULT_GDB_PORT

from . import boots, build, config, grade, handout, release, report, skeleton, submission, verify
from .common import EXIT_FAILED, EXIT_GRADED, EXIT_INFRASTRUCTURE, EXIT_USAGE, ROOT, Infrastructure, LabError, shown

EPILOG = """\
exit status:
  0  done; graded, and every test passed
  1  graded, and some test failed (the score is in the output, never in the status)
  2  infrastructure: a tool is missing, QEMU did not start. Nothing is known about the student's work
  3  usage error
"""


def _start(args):
    for lab in config.find(args.lab):
        folder = pathlib.Path(args.work or lab.work)
        skeleton.write(lab, folder, args.upto, args.solved, args.force, args.alternative)
        for reference in lab.edit:
            print(f"{shown(lab.work_file(reference, folder))}: yours, in place of {reference}")
        for name in sorted(lab.files):
            print(f"{shown(lab.work_file(name, folder))}: yours")
        print(f"next: {lab.folder.relative_to(ROOT)}/handout.md; then make LAB={lab.id} grade")
    return EXIT_GRADED


def _with_tests(labs, only):
    """Those that have a test of such an id."""
    chosen = [lab for lab in labs if not only or lab.tests_like(only)]
    if not chosen:
        known = f"; there are {' '.join(test.id for test in labs[0].test)}" if len(labs) == 1 else ""
        raise LabError(f"--only {only}: no test has such an id{known}")
    return chosen


def _grade(args):
    gradeds = []
    for lab in _with_tests(config.find(args.lab), args.only):
        print(f"lab {lab.id}: {lab.title}", flush=True)
        with submission.work_of(lab, args) as work:
            graded = grade.grade(lab, work, only=args.only, say=report.test_line)
        report.summary(graded)
        gradeds.append(graded)
    if args.json:
        report.write_json(gradeds, args.json)
    if args.junit:
        report.write_junit(gradeds, args.junit)
    if args.gradescope:
        report.write_gradescope(gradeds[0], args.gradescope)
    return EXIT_GRADED if all(graded.ok for graded in gradeds) else EXIT_FAILED


def _map(args):
    """For the Makefile: which file stands in for which."""
    pairs = []
    for lab in config.find(args.lab):
        build.check_files(lab, args.work or lab.work)
        pairs += [f"{reference}={lab.work_file(reference, args.work)}" for reference in lab.edit]
    print(" ".join(pairs))
    return EXIT_GRADED


def _run(args):
    """One boot of a lab, for a person to look at."""
    lab = config.find([args.lab])[0]
    if args.boot not in [boot.id for boot in lab.boot]:
        raise LabError(f"boot {args.boot}: lab {lab.id} has {', '.join(boot.id for boot in lab.boot)}")
    work = pathlib.Path(args.work or lab.work).resolve()
    lab.gdb |= bool(args.gdb)  # the debugger is in an image of its own
    if args.reference:
        image = build.reference_image(lab)
    else:
        build.check_files(lab, work)
        image, _ = build.image(lab, work, build.tag_of(lab, work))
    folder = ROOT / "out" / f"lab{lab.id}"
    with tempfile.TemporaryDirectory(prefix="lab-") as made:
        made = boots.Boots(lab, image, pathlib.Path(made), work)
        booted = made.debug(args.boot, args.gdb) if args.gdb else made.get(args.boot)
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("run.vtr", "run.pftrace", "vitrine.log", "mailbox", "wire"):
            if (booted.folder / name).exists():
                (folder / name).write_bytes((booted.folder / name).read_bytes())
    print(booted.console, end="")
    print(f"{booted.how_it_ended() if booted.status else 'it ended well'}; log and trace are in {folder.relative_to(ROOT)}")
    return EXIT_GRADED if booted.status == 0 else EXIT_FAILED


def _golden(args):
    """Write the golden sequences of a lab from the reference."""
    lab = config.find([args.lab])[0]
    with tempfile.TemporaryDirectory(prefix="lab-") as made:
        work = pathlib.Path(made) / "work"
        skeleton.write(lab, work, solved=True)
        with build.forgotten(f"golden{lab.id}"):
            booted, _ = grade.Grading(lab, work, f"golden{lab.id}", pathlib.Path(made) / "run").objects()
            for test in lab.test:
                if test.golden:
                    path = lab.folder / test.golden
                    path.parent.mkdir(exist_ok=True)
                    path.write_text(boots.golden_text(booted.get(test.boot)))
                    print(path.relative_to(ROOT))
    return EXIT_GRADED


def _handout(args):
    problems = [problem for lab in config.find(args.lab) for problem in handout.check(lab)]
    print("\n".join(problems) if problems else "every command does what the handout says")
    return EXIT_FAILED if problems else EXIT_GRADED


def _list(_):
    for lab in config.all_labs():
        print(f"{lab.id}  {lab.title:<40} {lab.difficulty:<10} {lab.hours:g} h")
    return EXIT_GRADED


def _parser():
    parser = argparse.ArgumentParser(prog="lab", description="The labs of Vitrine.", epilog=EPILOG,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name, what, function, many=True):
        sub = commands.add_parser(name, help=what, description=what)
        if many is not None:
            sub.add_argument("lab", nargs="*" if many else None, metavar="LAB", help="a number such as 04; none: all of them" if many else "")
            sub.add_argument("--work", type=pathlib.Path, help="the folder of your files (default: work/ in the lab's folder)")
        sub.set_defaults(function=function)
        return sub

    command("list", "what labs there are", _list, None)
    start = command("start", "put the files to write into the lab's work/", _start)
    start.add_argument("--force", action="store_true", help="write over what is there")
    start.add_argument("--upto", type=int, default=0, metavar="TASK", help="with the reference's bodies up to this task")
    start.set_defaults(solved=False, alternative=None)
    solve = command("solve", "put the reference's files there, as if all were written", _start)
    solve.add_argument("--force", action="store_true", help="write over what is there")
    solve.add_argument("--alternative", type=pathlib.Path, metavar="DIR", help="a folder of the lab's staff/alt: its bodies instead")
    solve.set_defaults(solved=True, upto=0)
    marking = command("grade", "mark what is in work/", _grade)
    marking.add_argument("--submission", type=pathlib.Path, metavar="DIR", help="take the lab's files, and nothing else, out of this folder")
    marking.add_argument("--only", metavar="TEST", help="only tests with such an id; *, ? and [..] stand for others")
    marking.add_argument("--json", type=pathlib.Path, metavar="FILE")
    marking.add_argument("--junit", type=pathlib.Path, metavar="FILE")
    marking.add_argument("--gradescope", type=pathlib.Path, metavar="FILE")
    running = command("run", "boot one of the lab's guests, to look at it", _run, False)
    running.add_argument("boot", metavar="BOOT")
    running.add_argument("--reference", action="store_true", help="in the finished hypervisor instead of yours")
    running.add_argument("--gdb", nargs="?", type=int, const=DEFAULT_GDB_PORT, metavar="PORT", help="stop at the guest's first instruction, wait for GDB")
    command("handout", "run the commands of the handout, compare what they print", _handout)
    command("golden", "write the golden event sequences from the reference", _golden, False)
    command("map", "which files stand in for which (for the Makefile)", _map)
    verify.add_command(command)
    release.add_commands(command)
    return parser


def main(arguments):
    args = _parser().parse_args(arguments)
    try:
        return args.function(args)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return EXIT_USAGE
    except build.BuildFailed as error:
        print(f"lab: it does not build:\n{error}", file=sys.stderr)
        return EXIT_FAILED
    except Infrastructure as error:
        print(f"lab: INFRASTRUCTURE, nothing was marked: {error}", file=sys.stderr)
        return EXIT_INFRASTRUCTURE
